"""The page on coverage says what the runs have left, and the excuses are needed."""

from surface import coverage
from surface.endpoints import ENDPOINTS


def test_the_page_is_current():
    hint = "PYTHONPATH=tests python -m surface.coverage writes it"
    assert coverage.PAGE.read_text() == coverage.page(), hint


def test_every_excuse_is_one():
    known = {str(one): one for one in ENDPOINTS}
    for column, server in coverage.COLUMNS.items():
        if server is not None:
            for endpoint in coverage.excuses(server):
                assert known[endpoint].served_by(server), f"{endpoint} is not served by {column}"
                assert endpoint not in coverage.reached(column), f"{endpoint} was reached"


def test_live_runs_have_reached_everything():
    for column in coverage.COLUMNS:
        assert coverage.missed(column, coverage.reached(column)) == []
