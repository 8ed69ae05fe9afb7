"""The examples of the manual run, on the embedded server."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent.parent / "docs"


def blocks(file):
    """List the programs in a page."""
    text = (DOCS / file).read_text()
    found = re.findall(r"\.\. code-block:: python\n\n((?:(?:   .*)?\n)+)", text)
    return [re.sub("(?m)^   ", "", block) for block in found]


@pytest.mark.parametrize("number", range(len(blocks("testing.rst"))))
def test_the_page_on_testing(number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(blocks("testing.rst")[number], "testing.rst", "exec"), {})
