"""Print the oldest releases that the package allows, as constraints for pip.

python tools/lowest.py > constraints.txt
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent.parent / "pyproject.toml"
REQUIREMENT = re.compile(r"([\w.-]+)>=([\d.]+)")


def lowest(project: dict[str, Any]) -> list[str]:
    """Turn the lower bounds of dependencies and extras into constraints.

    Args:
        project: the table of that name in ``pyproject.toml``.

    Raises:
        ValueError: a requirement is not a name and a lower bound.
    """
    needed: list[str] = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        needed += extra
    found: set[str] = set()
    for text in needed:
        bound = REQUIREMENT.fullmatch(text)
        if bound is None:
            message = f"{text!r} has no lower bound, or more than that."
            raise ValueError(message)
        found.add(f"{bound[1]}=={bound[2]}")
    return sorted(found, key=str.lower)


def main() -> int:
    """Print them."""
    print("\n".join(lowest(tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
