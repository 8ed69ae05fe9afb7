"""The tests that the manual says hold the library to its promises are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROWS = [
    line
    for line in (ROOT / "docs" / "security.md").read_text().splitlines()
    if line.startswith("|")
]
TESTS = [
    name
    for file in (ROOT / "tests" / "faults").glob("test_*.py")
    for name in re.findall(r"^def test_(\w+)", file.read_text(), re.MULTILINE)
]


@pytest.mark.parametrize("words", re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", "\n".join(ROWS)))
def test_what_the_page_on_security_cites_is_a_test(words):
    cited = re.sub(r"\W+", "_", words.lower().replace("'", "")).strip("_")
    assert any(cited in name for name in TESTS)


def test_the_files_of_tests_that_the_manual_cites_are_there():
    pages = "".join(page.read_text() for page in (ROOT / "docs").glob("*.md"))
    cited = set(re.findall(r"`(tests/[\w/]+(?:\.py)?)`", pages))
    assert cited
    assert [path for path in cited if not (ROOT / path).exists()] == []
