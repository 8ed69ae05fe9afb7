"""The tables of those who come from other tools: each call in them can be made."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import hyperkit

DOCS = Path(__file__).parent.parent.parent / "docs"
SURFACE = Path(__file__).parent.parent / "surface"
PAGES = ("from-cli.rst", "from-hyperkit.rst", "from-pylxd.rst")
# The right column of a table: what stands in the last cell of a row.
CELL = re.compile(r"^     - (.*)$", re.MULTILINE)
LITERAL = re.compile(r"``([^`]+)``")


def calls(page):
    """Find the calls of this library in the right column: as text, and taken apart."""
    for cell in CELL.findall((DOCS / page).read_text()):
        for literal in LITERAL.findall(cell):
            if re.match(r"(with )?(client|hyperkit)\.\w+\(", literal):
                for node in ast.walk(ast.parse(literal)):
                    if isinstance(node, ast.Call):
                        yield literal, node


@pytest.mark.parametrize("page", PAGES)
def test_calls_can_be_made(page):
    found = 0
    for literal, call in calls(page):
        if isinstance(call.func, ast.Name):
            assert call.func.id == "where"
            continue
        called = getattr(hyperkit, call.func.attr)
        keywords = {keyword.arg: None for keyword in call.keywords}
        try:
            inspect.signature(called).bind(*call.args, **keywords)
        except TypeError as error:
            pytest.fail(f"{literal}: {error}")
        found += 1
    assert found >= (6 if page == "from-hyperkit.rst" else 40)


def test_all_of_hyperkit_is_named():
    text = (DOCS / "from-hyperkit.rst").read_text()
    names = [line.split()[0] for line in (SURFACE / "hyperkit.txt").read_text().splitlines()]
    assert [name for name in names if f"~hyperkit.Client.{name}`" not in text] == []
