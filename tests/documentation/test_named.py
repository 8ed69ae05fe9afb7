"""What pages name of the repository is there: files, folders, and the tests of promises."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("examples/*.md"), *ROOT.glob("docs/*.[mr][ds]*")]
FOLDERS = "benchmarks|changelog.d|docs|examples|src|tests|tools"
NAMED = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)`")
LINKED = re.compile(r"\]\((?!https?:)([^)#]+)\)")
TEST = re.compile(r"(?<!\*)\*([^*\n]+)\*(?!\*)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_are_there(page):
    text = page.read_text()
    named = [ROOT / name for name in NAMED.findall(text)]
    named += [page.parent / name for name in LINKED.findall(text)]
    assert [path for path in named if not path.exists()] == []


def test_promises_are_tested():
    """The page on security calls tests by their names, with blanks and without the first word."""
    tests = "".join(path.read_text() for path in (ROOT / "tests" / "faults").glob("test_*.py"))
    named = TEST.findall((ROOT / "docs" / "security.md").read_text())
    assert len(named) > 20
    for name in named:
        words = re.findall(r"[a-z0-9]+", name.replace("'", ""))
        assert re.search(rf"def test_\w*{'_'.join(words)}", tests), name
