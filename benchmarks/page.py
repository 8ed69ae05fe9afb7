"""What is written from the results: the tables and plots of docs/performance.md, README's table.

The words around them are written by hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from . import plots, tables

if TYPE_CHECKING:
    from .tables import Row

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGE = DOCS / "performance.md"
README = ROOT / "README.md"


def write(found: Row) -> None:
    """Write each part between its markers, and the plots."""
    parts = {
        "aims": tables.aims(found),
        "machine": tables.machine(found),
        "times": tables.times(found),
        "counts": tables.counts(found),
        "growth": tables.growth(found),
        "embedded": tables.embedded(found),
    }
    fill(PAGE, parts)
    fill(README, {"peers": tables.highlights(found)})
    plots.draw(found, DOCS)


def fill(file: Path, parts: dict[str, list[str]]) -> None:
    """Put lines between the markers that are named after each part."""
    text = file.read_text()
    for name, lines in parts.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        before, found, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if not (found and ended):
            message = f"{file} has no place for {name!r}"
            raise ValueError(message)
        text = "\n".join([f"{before}{begin}", *lines, "", f"{end}{after}"])
    file.write_text(text)
