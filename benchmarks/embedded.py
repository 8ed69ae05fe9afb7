"""How fast the embedded server is: its start, and a container's life; beside a real server."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hyperkit.testing import FLAVOURS, Server

from .rows import Row, milliseconds, take_turns
from .setting import NAME, sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    import hyperkit

    from .setting import Setting

REAL = "real server"


def start_and_stop(flavour: str) -> None:
    """Start a server and stop it."""
    with Server(flavour):
        pass


def cycle(client: hyperkit.Client) -> None:
    """Create, start, run a command, delete."""
    client.create_container(NAME, alias="busybox")
    client.start_container(NAME)
    client.run(NAME, ["true"])
    client.stop_container(NAME, force=True)
    client.delete_container(NAME)


def starting(setting: Setting) -> Row:
    """Start and stop the embedded server."""
    row = Row("embedded server: start and stop", "ms")
    calls: dict[str, Callable[[], object]] = {
        flavour: partial(start_and_stop, flavour) for flavour in FLAVOURS
    }
    # Certificates and tables are made once in a process.
    take_turns(row, calls, setting.turns(10), warm_up=1, shown=milliseconds)
    return row


def living(setting: Setting) -> Row:
    """Walk a container through its life on the embedded server and on the real one."""
    row = Row("create, start, run, stop, delete: embedded server", "ms")
    flavour = {"lxd": "lxd-5.0", "incus": "incus-6.0"}[setting.lab["server"]]
    with setting.client() as real, Server(flavour) as server, server.client() as client:
        sweep(real)
        calls: dict[str, Callable[[], object]] = {
            flavour: partial(cycle, client),
            REAL: partial(cycle, real),
        }
        try:
            take_turns(row, calls, setting.turns(5), warm_up=1, shown=milliseconds)
        finally:
            sweep(real)
    return row


ALONE = (starting,)
ROWS = (living,)
