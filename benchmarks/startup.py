"""Importing, and a whole script: what a command line pays before its first answer."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

from .peers import cli, command, offered
from .rows import CLI, FLOOR, OURS, PYLXD, REQUESTS, Row, milliseconds, take_turns
from .setting import NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from .setting import Setting

# Names and states, as `lxc list` has them.
_RAW = """
import http.client, json, socket
c = http.client.HTTPConnection("unix.socket")
c.sock = socket.socket(socket.AF_UNIX)
c.sock.connect({socket!r})
c.request("GET", "/1.0/instances?recursion=1")
for one in json.loads(c.getresponse().read())["metadata"]:
    print(one["name"], one["status"], sep=",")
"""
_OURS = """
import hyperkit
for one in hyperkit.instances(recursion=1):
    print(one.name, one.status, sep=",")
"""
_PYLXD = """
import pylxd
client = pylxd.Client(endpoint="http+unix://" + {socket!r}.replace("/", "%2F"))
for one in client.instances.all(recursion=1):
    print(one.name, one.status, sep=",")
"""


def python(code: str, **environment: str) -> None:
    """Run a program in an interpreter of its own; modules are compiled, as installed ones are."""
    given = os.environ | environment
    given.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env=given,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def importing(setting: Setting) -> Row:
    """Import each; the floor is an interpreter that imports nothing."""
    row = Row("import, whole process", "ms")
    calls: dict[str, Callable[[], object]] = {
        FLOOR: partial(python, "pass"),
        OURS: partial(python, "import hyperkit"),
        REQUESTS: partial(python, "import requests"),
        PYLXD: partial(python, "import pylxd"),
    }
    take_turns(row, calls, setting.turns(15), warm_up=1, shown=milliseconds)
    row.at_most("≤ 1.15 × import requests", row.ratio(OURS, REQUESTS), 1.15)
    row.at_most("below import pylxd", row.ratio(OURS, PYLXD), 1)
    return row


def listing(setting: Setting) -> Row:
    """List names and states by a script of each."""
    row = Row("script that lists instances, whole process", "ms")
    with setting.container(start=False):
        fill = {"socket": setting.socket}
        calls: dict[str, Callable[[], object]] = {
            FLOOR: partial(python, _RAW.format(**fill)),
            OURS: partial(python, _OURS, HYPERKIT_API_ENDPOINT=f"unix://{setting.socket}"),
            PYLXD: partial(python, _PYLXD.format(**fill)),
        }

        def by_cli() -> Callable[[], object]:
            command(setting)
            return partial(cli, setting, "list", "--format", "csv", "-c", "ns", NAME)

        calls |= offered(row.missing, {CLI: by_cli})
        take_turns(row, calls, setting.turns(15), warm_up=1, shown=milliseconds)
    ours, theirs = row.median(OURS), row.median(CLI)
    above = None if ours is None or theirs is None else ours - theirs
    row.at_most("ms above the CLI: below 150", above, 150)
    row.at_most("≤ 1/2 of pylxd", row.ratio(OURS, PYLXD), 0.5)
    return row


ALONE = (importing,)
ROWS = (listing,)
