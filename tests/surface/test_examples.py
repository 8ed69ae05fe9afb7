"""What the examples call, there is, with arguments that it takes: also in those that do not run.

`tests/documentation` runs the examples; where one ends early, for want of a cluster of several
members, what comes after it is seen by these tests alone.
"""

import ast
import doctest
import inspect
import re
import textwrap
from pathlib import Path

import pytest
from surface.methods import METHODS

import hyperkit

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs").glob("*.rst")),
]
# What the examples call the clients in them.
CLIENTS = {"batch", "blue", "client", "member", "other", "there"}


def calls(code):
    """Find the calls of methods of clients, and of functions of the module."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node


def fits(method, call):
    """Bind the arguments of a call, whatever they are."""
    if any(isinstance(one, ast.Starred) for one in call.args) or any(
        one.arg is None for one in call.keywords
    ):
        return
    keywords = {one.arg: None for one in call.keywords}
    inspect.signature(method).bind(None, *[None] * len(call.args), **keywords)


def check(code):
    for name, call in calls(code):
        owner = call.func.value.id if isinstance(call.func.value, ast.Name) else ""
        if owner in CLIENTS or (owner == "hyperkit" and name in METHODS):
            fits(getattr(hyperkit.Batch, name), call)


@pytest.mark.parametrize("name", METHODS)
def test_what_docstrings_call_is_there(name):
    code = "".join(
        example.source
        for example in doctest.DocTestParser().get_examples(inspect.getdoc(METHODS[name]))
    )
    assert code
    check(code)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_pages_call_is_there(page):
    text = page.read_text()
    pattern = (
        r"```python\n(.*?)```"
        if page.suffix == ".md"
        else r"\.\. code-block:: python\n\n(.*?)(?=\n\S|\Z)"
    )
    for block in re.findall(pattern, text, re.DOTALL):
        check(textwrap.dedent(block))
