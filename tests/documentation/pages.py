"""The programs in the manual and in README.md.

``python tests/documentation/pages.py FOLDER`` writes them as modules, for mypy to check: one for
each page, in which every line has the number that it has in the page.
"""

import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs").glob("*.rst")),
]
PROGRAM = {
    ".md": re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL),
    ".rst": re.compile(r"^\.\. code-block:: python\n\n((?:(?:   .*)?\n)+)", re.MULTILINE),
}
# What pages presuppose.
PRESUPPOSED = """\
import hyperkit as hyperkit

access_key: str
client: hyperkit.Client
east: hyperkit.Client
fingerprint: str
other: hyperkit.Client
secret_key: str
token: str
west: hyperkit.Client

def connect(url: str, access_key: str, secret_key: str) -> object: ...
"""


def programs(page):
    """List the programs in a page, with empty lines before, so that they are at their place."""
    text = page.read_text()
    return [
        "\n" * text.count("\n", 0, found.start(1)) + textwrap.dedent(found[1])
        for found in PROGRAM[page.suffix].finditer(text)
    ]


def module(page):
    """Write the programs of a page as one module; its first line is never a program's."""
    lines = ["from presupposed import *"]
    for program in programs(page):
        lines += program.splitlines()[len(lines) :]
    return "\n".join(lines) + "\n"


def write(folder):
    """Write a module for each page into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "presupposed.pyi").write_text(PRESUPPOSED)
    for page in filter(programs, PAGES):
        name = page.name.replace("-", "_").replace(".", "_")
        (folder / f"{name}.py").write_text(module(page))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
