"""One family of rows, in a process of its own: a row that fails does not end the others.

    python -m benchmarks.family NAME DESCRIPTION OUTPUT [--alone] [--rounds N]

DESCRIPTION is a file with what ``tests/lab up`` prints. A line of OUTPUT is a row.
"""

from __future__ import annotations

import argparse
import importlib
import json
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .rows import Row, reason
from .setting import Setting, quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAMILIES = (
    "startup",
    "roundtrip",
    "threads",
    "lists",
    "events",
    "files",
    "images",
    "commands",
    "waiting",
    "containers",
    "embedded",
)


def works(name: str, *, alone: bool) -> tuple[Callable[[Setting], Row], ...]:
    """List what a family measures.

    Args:
        name: of the module.
        alone: True for what no server is needed for, False for the rest.
    """
    module: Any = importlib.import_module(f"benchmarks.{name}")
    found: tuple[Callable[[Setting], Row], ...] = getattr(module, "ALONE" if alone else "ROWS", ())
    return found


def measure(name: str, setting: Setting, *, alone: bool) -> Iterator[Row]:
    """Measure row by row; one that fails says so in the place of its figures."""
    for work in works(name, alone=alone):
        try:
            yield work(setting)
        except Exception as error:
            traceback.print_exc()
            title = (work.__doc__ or work.__name__).partition("\n")[0].rstrip(".")
            yield Row(title, failed=reason(error))


def main() -> None:
    """Measure, and write each row at once."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", choices=FAMILIES)
    parser.add_argument("description", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    quiet()
    setting = Setting(json.loads(options.description.read_text()), rounds=options.rounds)
    with options.output.open("w") as output:
        for row in measure(options.name, setting, alone=options.alone):
            print(json.dumps(row.plain()), file=output, flush=True)


if __name__ == "__main__":
    main()
