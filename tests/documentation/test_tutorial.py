"""The tutorial shows what its programs print."""

import re
from pathlib import Path

from documentation.pages import PROGRAM, programs
from documentation.world import FLAVOURS, world

PAGE = Path(__file__).parent.parent.parent / "docs" / "tutorial.rst"
SHOWN = re.compile(r"\.\. code-block:: text\n\n((?:(?:   .*)?\n)+)")


def test_tutorial(capsys):
    text = PAGE.read_text()
    checked = 0
    with world(FLAVOURS[0], text) as here:
        known = dict(here.known)
        places = PROGRAM[".rst"].finditer(text)
        for place, program in zip(places, programs(PAGE), strict=True):
            exec(compile(here.adapt(program), PAGE, "exec"), known)
            printed = capsys.readouterr().out
            shown = SHOWN.match(text, place.end())
            wanted = re.sub("^   ", "", shown[1], flags=re.MULTILINE).strip() if shown else ""
            assert printed.strip() == wanted
            checked += bool(shown)
    assert checked == text.count(".. code-block:: text")
    assert checked >= 10
