"""Waiting for many operations: how many connections and requests that takes."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from .peers import UnixHTTPConnection, offered, pylxd_client
from .relay import Relay
from .rows import FLOOR, OURS, PYLXD, Row, Seconds, take_turns
from .setting import NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    import hyperkit
    from hyperkit.types import Operation

    from .setting import Setting


def waiting(setting: Setting) -> Row:
    """Start many commands that sleep, then wait for all; only the wait counts."""
    count, seconds = setting.pick(200, 5), setting.pick("3", "0.2")
    row = Row(f"wait for {count} operations", "s")
    with (
        setting.container() as starter,
        Relay(setting.socket) as relay,
        setting.client(api_endpoint=relay.socket) as client,
        closing(UnixHTTPConnection(relay.socket)) as connection,
    ):
        client.has_extension("event_lifecycle")

        def once(name: str, wait: Callable[[list[Operation]], object]) -> Seconds:
            begun = start(starter, count, seconds)
            relay.restart()
            begin = time.perf_counter()
            wait(begun)
            took = time.perf_counter() - begin
            row.counts[name] = relay.counts
            return Seconds(took)

        def raw(operations: list[Operation]) -> None:
            for one in operations:
                connection.ask("GET", f"/1.0/operations/{one.id}/wait")

        def pylxd() -> Callable[[list[Operation]], object]:
            theirs: Any = pylxd_client(relay.socket)
            return lambda operations: [
                theirs.operations.wait_for_operation(one.id) for one in operations
            ]

        works: dict[str, Any] = {FLOOR: raw, OURS: client.wait_for_operations}
        works |= offered(row.missing, {PYLXD: pylxd})
        calls = {name: partial(once, name, work) for name, work in works.items()}
        take_turns(row, calls, setting.turns(2))
    row.at_most("connections: at most 2", row.counted(OURS, "connections"), 2)
    row.at_most("requests: at most 10", row.counted(OURS, "requests"), 10)
    return row


def start(client: hyperkit.Client, count: int, seconds: str) -> list[Operation]:
    """Start commands that sleep."""
    return [client.execute_command(NAME, ["sleep", seconds], sync=False) for _ in range(count)]


ROWS = (waiting,)
