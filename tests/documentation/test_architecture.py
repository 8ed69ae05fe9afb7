"""``docs/architecture.md`` is true: every file and folder has a line, and calls go that way."""

import re
import sys
from pathlib import Path

import hyperkit
from hyperkit.testing import Server

ROOT = Path(__file__).parent.parent.parent
LIBRARY = ROOT / "src" / "hyperkit"
TEXT = (ROOT / "docs" / "architecture.md").read_text()
TREE = re.compile(r"^```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^\d\. `([\w/.]+)`: `(\w+)`", re.MULTILINE)


def drawn(section):
    """List the names in the trees of a section, in no order."""
    text = TEXT.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    trees = "".join(TREE.findall(text))
    return sorted(line.split("  ")[0] for line in trees.splitlines())


def there(folder):
    """List what is in a folder: files by their names, folders with a slash."""
    return sorted(
        f"{path.name}/" if path.is_dir() else path.name
        for path in folder.iterdir()
        if not path.name.startswith((".", "__pycache__"))
    )


def test_repository():
    for line in drawn("The repository"):
        assert (ROOT / line).is_dir()
    kept = {f"{path.parent.name}/" for path in ROOT.glob("*/*.py")} | {"changelog.d/", "tests/"}
    assert kept - {"tests/"} <= set(drawn("The repository"))


def test_library():
    assert drawn("The library") == there(LIBRARY)


def test_embedded_server():
    assert drawn("The embedded server") == there(LIBRARY / "testing")


def test_tests():
    assert drawn("The tests") == [name for name in there(ROOT / "tests") if name.endswith("/")]


def test_the_path_of_one_call():
    went = []
    installed = Path(hyperkit.__file__).parent

    def note(frame, event, argument):
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(installed):
            went.append((path.relative_to(installed).as_posix(), frame.f_code.co_name))

    # One that answers by an operation.
    with Server("lxd-6") as server:
        try:
            hyperkit.api_endpoint = server.url
            hyperkit.has_extension("network")  # what the first call asks
            sys.setprofile(note)
            hyperkit.create_network("br0")
        finally:
            sys.setprofile(None)
            hyperkit.reset()
    steps = STEP.findall(TEXT)
    assert len(steps) >= 8
    for step in steps:
        assert step in went, step
    # Each of them is first reached from the one before.
    assert [went.index(step) for step in steps] == sorted(went.index(step) for step in steps)
