"""Tables in notebooks: lists of the API's objects, shown as rows and columns.

``%load_ext hyperkit.notebook`` turns that on, in Jupyter and wherever else IPython shows HTML;
nothing is imported or changed before. Lists stay what they are: only how a notebook shows them
is another.

>>> print(table([Resource(name="web", status="Running", config={})]))
<table><thead><tr><th>name</th><th>status</th></tr></thead><tbody>
<tr><td>web</td><td>Running</td></tr>
</tbody></table>
"""

from __future__ import annotations

from datetime import datetime
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any

from ._resource import Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

# More rows than this nobody reads; a notebook keeps all that it shows.
ROWS = 200
# What tells an object from its neighbours, where it has that.
_FIRST = ("project", "location", "pool", "name", "fingerprint", "id", "type", "status")
# What the server says in words as well, and what may be hundreds of URLs.
_LEFT_OUT = {"status_code", "used_by"}


def table(objects: Sequence[Resource], *, columns: Sequence[str] | None = None) -> str:
    """Write objects as an HTML table.

    Args:
        objects: what a list gave, such as ``client.instances(recursion=1)``; the first 200 are
            shown.
        columns: the fields to show, in this order; None is each field that is a line of text,
            a number, true or false, or a list of such texts, and is not empty in all of them.

    Returns:
        HTML in which nothing that the server sent means anything to a browser.

    Example:
        >>> print(table(client.profiles(recursion=1), columns=["name", "description"]))
        <table><thead><tr><th>name</th><th>description</th></tr></thead><tbody>
        <tr><td>default</td><td>Default Incus profile</td></tr>
        </tbody></table>
    """
    shown = list(islice(objects, ROWS))
    fields = _columns(shown) if columns is None else columns
    head = "".join(f"<th>{escape(field)}</th>" for field in fields)
    rows = [
        "<tr>" + "".join(f"<td>{escape(_text(one, field))}</td>" for field in fields) + "</tr>"
        for one in shown
    ]
    more = len(objects) - len(shown)
    rest = f"<p>and {more} more</p>" if more else ""
    body = "\n".join(rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>{rest}"


def load_ipython_extension(shell: Any) -> None:
    """Show lists of the API's objects as tables from now on: ``%load_ext hyperkit.notebook``.

    Args:
        shell: IPython's, which calls this.
    """
    shell.display_formatter.formatters["text/html"].for_type(list, _table_of)


def unload_ipython_extension(shell: Any) -> None:
    """Show them as all other lists again: ``%unload_ext hyperkit.notebook``.

    Args:
        shell: IPython's, which calls this.
    """
    shell.display_formatter.formatters["text/html"].pop(list, None)


def _table_of(found: list[Any]) -> str | None:
    """Write a list as a table; None leaves any other list to IPython."""
    if found and all(isinstance(one, Resource) for one in found):
        return table(found)
    return None


def _columns(objects: Sequence[Resource]) -> list[str]:
    """Choose the fields that fit into a cell, and say something."""
    fields = dict.fromkeys(field for one in objects for field in one)
    fitting = [
        field
        for field in fields
        if field not in _LEFT_OUT
        and all(_fits(one.get(field)) for one in objects)
        and any(_text(one, field) for one in objects)
    ]
    return sorted(
        fitting, key=lambda field: _FIRST.index(field) if field in _FIRST else len(_FIRST)
    )


def _fits(value: Any) -> bool:
    """Tell whether a value is for a cell: no object, no certificate."""
    if isinstance(value, list):
        entries: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        return all(isinstance(entry, str) for entry in entries)
    if isinstance(value, str):
        return "\n" not in value
    return value is None or isinstance(value, (int, float))


def _text(one: Resource, field: str) -> str:
    """Write a field: true and false as the server does, times to the second, lists in a line."""
    value: Any = getattr(one, field, None)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list):
        entries: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        return ", ".join(map(str, entries))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
