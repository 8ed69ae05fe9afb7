"""Every benchmark runs at its smallest size, and what it counts is what it should be.

Nothing here depends on time; pylxd, matplotlib and the servers' commands need not be there.
"""

import json
import sys

import pytest

from benchmarks import __main__ as main
from benchmarks import page, results, tables
from benchmarks.family import FAMILIES, works
from benchmarks.rows import CLI, FLOOR, OURS, PYLXD, REQUESTS, Aim, Missing, Row, take_turns
from benchmarks.setting import OVERRULING, Setting, embedded

WORKS = [
    pytest.param(work, id=f"{name}-{number}-{work.__name__}")
    for name in FAMILIES
    for alone in (True, False)
    for number, work in enumerate(works(name, alone=alone))
]
OPTIONAL = {CLI, PYLXD}
MIB_HELD = 40
# What hyperkit may need for one call, or for all of a row: by the beginning of its name.
COUNTED = {
    "warm GET": {"requests per call": 1, "connections": 1},
    "10 instances": {"requests": 1},
    "2 real instances": {"requests": 1},
    "8 threads": {"connections": 8, "requests": 40},
    "push": {"memory MiB": MIB_HELD},
    "pull": {"memory MiB": MIB_HELD},
    "image": {"memory MiB": MIB_HELD},
    "run true": {"connections": 5, "requests": 6},
    "wait for 5": {"connections": 2, "requests": 4},
    "3 containers": {"connections": 2, "requests": 25},
    "50 events": {"requests": 1, "events": 50},
}


@pytest.fixture(scope="module", params=["lxd-5.0", "incus-6.0"])
def setting(request):
    with pytest.MonkeyPatch.context() as patch, embedded(request.param) as description:
        for name in OVERRULING:
            patch.delenv(name, raising=False)
        yield Setting(description, full=False)


@pytest.mark.filterwarnings("ignore")  # the peers'
@pytest.mark.parametrize("work", WORKS)
def test_smallest(setting, work):
    row = work(setting)
    assert row.figures
    assert all(figure["median"] > 0 for figure in row.figures.values())
    assert set(row.missing) <= OPTIONAL, row.missing
    for beginning, limits in COUNTED.items():
        if row.work.startswith(beginning):
            for kind, most in limits.items():
                assert row.counts[OURS][kind] <= most, kind
    json.dumps(row.plain())


def test_a_batch_needs_few_connections(setting):
    from benchmarks.containers import BATCH, lives

    counted = lives(setting).counts
    # Calls, events, and looks, which may come while a call is on its way.
    assert counted[BATCH]["connections"] <= 3
    # Four calls for each of three containers, the events, and some looks at what has become.
    assert counted[BATCH]["requests"] <= 4 * 3 + 4


def test_waiting_does_not_grow_with_what_is_waited_for(setting):
    from benchmarks.waiting import waiting

    found = waiting(setting)
    assert found.counts[FLOOR]["requests"] == 5
    assert found.counts[OURS]["requests"] < 5


def test_lists_of_any_length_are_one_request(setting):
    from benchmarks.lists import growing

    counts = growing(setting).counts
    assert [by["requests"] for by in counts.values()] == [1, 1]


# The harness itself.


def test_a_peer_that_fails_is_missing():
    def broken():
        raise OSError("no such thing")

    def absent():
        raise Missing("not installed")

    row = Row("work", "s")
    take_turns(row, {OURS: int, PYLXD: broken, CLI: absent}, rounds=3)
    assert set(row.figures) == {OURS}
    assert row.figures[OURS]["rounds"] == 3
    assert row.missing == {PYLXD: "OSError: no such thing", CLI: "not installed"}


def test_every_round_begins_with_another():
    began = []
    calls = {name: lambda name=name: began.append(name) for name in "abc"}
    take_turns(Row("work"), calls, rounds=3)
    assert "".join(began) == "abcbcacab"


def test_a_row_fails_with_hyperkit():
    def broken():
        raise OSError("no such thing")

    with pytest.raises(OSError, match="no such thing"):
        take_turns(Row("work"), {OURS: broken}, rounds=1)


@pytest.mark.parametrize(
    ("value", "at_least", "met"),
    [(1, False, True), (3, False, False), (1, True, False), (3, True, True), (None, True, None)],
)
def test_aims(value, at_least, met):
    assert Aim("two", value, 2, at_least).met is met


def test_a_family_that_hangs_or_dies_is_reported(monkeypatch):
    monkeypatch.setattr(main, "PATIENCE", 0.2)
    assert main.run([sys.executable, "-c", "while True: pass"]) == "it took more than 0.2 seconds"
    monkeypatch.setattr(main, "PATIENCE", 60)
    assert main.run([sys.executable, "-c", "exit(3)"]) == "it ended with 3"
    assert main.run([sys.executable, "-c", ""]) == ""


def test_every_file_is_a_family_or_none_of_its_own():
    parts = {"family", "page", "peers", "plots", "processes", "relay", "replay", "results"}
    parts |= {"rows", "setting", "tables", "__init__", "__main__"}
    files = {file.stem for file in results.FILE.parent.glob("*.py")}
    assert files == {*FAMILIES, *parts}


def measured(work, unit="ms", **figures):
    row = Row(work, unit)
    for name, median in figures.items():
        row.figures[name] = {"median": median, "low": median, "high": median, "rounds": 3}
    row.at_most("below requests", row.ratio(OURS, REQUESTS), 1)
    return {
        "when": "2026-01-02T03:04:05+00:00",
        "seconds": 1.0,
        "version": "5.0",
        "failed": "",
        "rows": [row.plain()],
    }


def test_a_part_is_put_in_the_place_of_what_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FILE", tmp_path / "results.json")
    results.keep("lxd", "startup", measured("one", hyperkit=1.0, requests=2.0))
    results.keep("lxd", "files", measured("two", hyperkit=1.0))
    results.keep("lxd", "startup", measured("one", hyperkit=3.0, requests=2.0))
    found = results.load()["measured"]["lxd"]
    assert [aim["met"] for aim in found["startup"]["rows"][0]["aims"]] == [False]
    assert [row["work"] for row in found["files"]["rows"]] == ["two"]


def test_the_page_says_what_was_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FILE", tmp_path / "results.json")
    monkeypatch.setattr(page, "DOCS", tmp_path)
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(page, "README", tmp_path / "README.md")
    names = ("aims", "machine", "times", "counts", "growth", "embedded")
    text = "".join(f"Words.\n\n<!-- begin {name} -->\n<!-- end {name} -->\n\n" for name in names)
    page.PAGE.write_text(text)
    page.README.write_text("<!-- begin peers -->\n<!-- end peers -->\n")
    results.keep("lxd", "startup", measured("one", hyperkit=1.5, requests=1234.0))
    results.keep("incus", "startup", {**measured("one"), "rows": [], "failed": "it died"})
    for _ in range(2):  # what is there is put in the place of what was there
        page.write(results.load())
    written = page.PAGE.read_text()
    assert written.count("Words.") == len(names)
    assert "| one | below requests | 0.00, met |  |" in written
    assert "| one | ms | – | 1.50 (1.50–1.50) | 1,234 (1,234–1,234) | – | – |  |" in written
    assert written.count("failed: it died") == 1
    assert page.README.read_text().count("| on LXD 5.0 | hyperkit | pylxd") == 1


def test_a_page_without_a_place_for_a_part_is_left_alone(tmp_path):
    (tmp_path / "page.md").write_text("<!-- begin one -->\n<!-- end two -->\n")
    with pytest.raises(ValueError, match="no place for 'one'"):
        page.fill(tmp_path / "page.md", {"one": ["1"]})


def test_the_page_is_the_results():
    """What stands in docs/performance.md was generated from results.json."""
    text = page.PAGE.read_text()
    found = results.load()
    for part in ("aims", "machine", "times", "counts", "growth", "embedded"):
        assert "\n".join(getattr(tables, part)(found)) in text, part


# The table of README.md.


def test_the_readme_is_the_results():
    lines = tables.highlights(results.load())
    assert len(lines) == 2 + len(tables.HIGHLIGHTS)
    assert "\n".join(["<!-- begin peers -->", "", *lines, "", "<!-- end peers -->"]) in (
        page.README.read_text()
    )


def test_the_readme_compares_times_and_counts():
    pushed = measured("push of 1,024 MiB", "MiB/s", hyperkit=200.0, pylxd=100.0)
    pushed["rows"][0]["counts"] = {OURS: {"memory MiB": 4.72}, PYLXD: {"memory MiB": 1026.1}}
    events = measured("10,000 events, replayed", "events/s", hyperkit=900.0, pylxd=300.0, CLI=9e4)
    failed = measured("run true")
    failed["rows"][0]["failed"] = "it died"
    found = {
        "machine": {"libraries": {"pylxd": "2.4.2"}},
        "measured": {
            "lxd": {"files": pushed, "commands": failed},
            "incus": {"startup": measured("script that lists instances, whole process")},
            "alone": {"events": events},
        },
    }
    assert tables.highlights(found)[2:] == [
        "| 10,000 events | 1 | 3.0 | 0.01 | time |",
        "| push a file of 1 GiB | 5 | 1,026 | – | MiB of memory |",
    ]


def test_the_readme_waits_for_a_first_measurement():
    assert tables.highlights({}) == ["Nothing has been measured yet."]
