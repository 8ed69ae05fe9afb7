"""Recordings, and reasons why a test does not run, are of tests that are there."""

import re
from pathlib import Path

from conformance.embedded import NOT_YET
from conformance.recording import FOLDER

TESTS = {
    f"{file.stem}.{name}"
    for file in Path(__file__).parent.glob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
}


def test_every_recording_is_of_a_test():
    recorded = {file.stem for file in FOLDER.rglob("*.json")}
    assert recorded
    assert recorded - TESTS == set()


def test_every_reason_is_of_a_test_or_of_a_file():
    files = {test.partition(".")[0] for test in TESTS}
    assert {row.partition("[")[0] for row in NOT_YET} - TESTS - files == set()
