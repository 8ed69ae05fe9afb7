"""Notes which fault a test is about, for the table in the manual."""

import pytest


@pytest.fixture(autouse=True)
def fault_is_recorded(request, record_property):
    for mark in request.node.iter_markers("fault"):
        record_property("fault", mark.args[0])
        record_property("seen", mark.args[1])
