"""Many events, from a server that says all of them at once."""

from __future__ import annotations

import json
import struct
import subprocess
from functools import partial
from typing import TYPE_CHECKING, Any

import hyperkit

from .peers import CHUNK, command, environment, offered, pylxd_client, unix_socket
from .replay import Replay, events
from .rows import CLI, FLOOR, OURS, PYLXD, Row, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from .setting import Setting

LIBRARY = "websockets"
_ASK = (
    b"GET /1.0/events HTTP/1.1\r\nHost: unix.socket\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)


def raw(path: str) -> int:
    """Take frames apart by hand: no more than these events need."""
    count = 0
    with unix_socket(path) as connection:
        connection.sendall(_ASK)
        buffer = b""
        while b"\r\n\r\n" not in buffer:
            buffer += connection.recv(CHUNK)
        buffer = buffer.partition(b"\r\n\r\n")[2]
        while True:
            begin = 0
            while len(buffer) - begin >= 4:
                first, size = buffer[begin], buffer[begin + 1]
                head = 2
                if size == 126:
                    head, (size,) = 4, struct.unpack_from("!H", buffer, begin + 2)
                if len(buffer) - begin < head + size:
                    break
                if first == 0x88:
                    return count
                json.loads(buffer[begin + head : begin + head + size])
                count += 1
                begin += head + size
            data = connection.recv(CHUNK)
            if not data:
                return count
            buffer = buffer[begin:] + data


def by_library(path: str) -> int:
    """Loop over a connection of the library websockets."""
    from websockets.sync.client import unix_connect

    count = 0
    with unix_connect(path, "ws://unix.socket/1.0/events", compression=None) as connection:
        for message in connection:
            json.loads(message)
            count += 1
    return count


def by_hyperkit(client: hyperkit.Client) -> int:
    """Iterate until the server closes it."""
    count = 0
    try:
        with client.events(reconnect=False) as stream:
            for _ in stream:
                count += 1
    except hyperkit.ConnectionFailed:
        return count
    return count


def by_pylxd(client: Any) -> int:
    """Let pylxd collect them."""
    stream = client.events()
    stream.connect()
    stream.run()
    return len(stream.messages)


def by_cli(setting: Setting, path: str) -> int:
    """Let the server's own command print them; it writes one to a line."""
    words = command(setting, "monitor", "--format", "json")
    given = environment(setting, path)
    done = subprocess.run(
        words, capture_output=True, env=given, check=False, stdin=subprocess.DEVNULL, timeout=60
    )
    return done.stdout.count(b"\n")


def many(setting: Setting) -> Row:
    """Read many events, decoded."""
    count = setting.pick(10_000, 50)
    row = Row(f"{count:,} events, replayed", "events/s")

    def checked(work: Callable[[], int]) -> None:
        found = work()
        if found < count:
            message = f"{count - found} of {count} events did not come"
            raise OSError(message)

    with Replay({}, events(count)) as server, hyperkit.Client(api_endpoint=server.socket) as mine:
        path = server.socket
        works: dict[str, Any] = {
            FLOOR: partial(raw, path),
            OURS: partial(by_hyperkit, mine),
            LIBRARY: partial(by_library, path),
        }

        def pylxd() -> Callable[[], int]:
            theirs = pylxd_client(path)
            return partial(by_pylxd, theirs)

        def own() -> Callable[[], int]:
            command(setting)
            return partial(by_cli, setting, path)

        works |= offered(row.missing, {PYLXD: pylxd, CLI: own})
        calls = {name: partial(checked, work) for name, work in works.items()}
        take_turns(row, calls, setting.turns(5), warm_up=1, shown=lambda seconds: count / seconds)
        before = server.requests
        by_hyperkit(mine)
        row.counts[OURS] = {"requests": server.requests - before, "events": count}
    row.at_least("≥ 0.7 × a loop over websockets", row.ratio(OURS, LIBRARY), 0.7)
    row.at_least("≥ 0.7 × a socket read by hand", row.ratio(OURS, FLOOR), 0.7)
    return row


ALONE = (many,)
