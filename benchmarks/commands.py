"""Commands in a container: how soon one is over, and how fast its output comes."""

from __future__ import annotations

import base64
import os
import struct
import subprocess
from contextlib import ExitStack, closing
from functools import partial
from typing import TYPE_CHECKING, Any

from .peers import CHUNK, UnixHTTPConnection, cli, command, offered, pylxd_client, unix_socket
from .relay import Relay
from .rows import CLI, FLOOR, OURS, PYLXD, Row, milliseconds, take_turns
from .setting import NAME

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from .setting import Setting

END_OF_INPUT = b"\x81\x80" + bytes(4)  # an empty text frame
TEXT = 1


class Counter:
    """A file object that counts what is written to it."""

    def __init__(self) -> None:
        self.count = 0

    def write(self, data: bytes | str) -> None:
        """Count some."""
        self.count += len(data)


class RawExec:
    """The floor: websockets with nothing around them, on plain sockets."""

    def __init__(self, path: str) -> None:
        self.socket = path
        self.http = UnixHTTPConnection(path)

    def run(self, words: list[str]) -> int:
        """Run a command to its end; tell how many bytes it wrote."""
        body = {
            "command": words,
            "environment": {},
            "interactive": False,
            "wait-for-websocket": True,
        }
        operation = self.http.ask("POST", f"/1.0/instances/{NAME}/exec", body)
        path = f"/1.0/operations/{operation['id']}"
        with ExitStack() as opened:
            secrets = operation["metadata"]["fds"]
            sockets = {
                name: opened.enter_context(closing(open_websocket(self.socket, path, secret)))
                for name, secret in sorted(secrets.items(), reverse=True)
            }
            sockets["0"].sendall(END_OF_INPUT)
            count = read_to_end(sockets["1"])
            self.http.ask("GET", f"{path}/wait")
        return count


def open_websocket(socket: str, path: str, secret: str) -> socket.socket:
    """Open a websocket; the server says nothing before the answer has been read."""
    connection = unix_socket(socket)
    key = base64.b64encode(os.urandom(16)).decode()
    head = (
        f"GET {path}/websocket?secret={secret} HTTP/1.1\r\nHost: unix.socket\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    connection.sendall(head.encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += connection.recv(1)
    return connection


def read_to_end(connection: socket.socket) -> int:
    """Count the bytes of binary frames until an empty text frame."""
    count, buffer = 0, bytearray()

    def more() -> bytes:
        data = connection.recv(CHUNK)
        if not data:
            message = "the server hung up"
            raise ConnectionError(message)
        return data

    while True:
        while len(buffer) < 2:
            buffer += more()
        opcode, size = buffer[0] & 15, buffer[1] & 127
        head = {126: 4, 127: 10}.get(size, 2)
        while len(buffer) < head:
            buffer += more()
        if head > 2:
            form = "!H" if head == 4 else "!Q"
            (size,) = struct.unpack(form, buffer[2:head])
        if opcode == TEXT and not size:
            return count
        del buffer[:head]
        while len(buffer) < size:
            buffer += more()
        del buffer[:size]
        count += size if opcode == 2 else 0


def latency(setting: Setting) -> Row:
    """Run ``true``."""
    row = Row("run true", "ms")
    with setting.container() as client, Relay(setting.socket) as relay:
        calls = short(row, setting, setting.socket, client)
        rounds, before = setting.turns(30), setting.pick(2, 1)
        take_turns(row, calls, rounds, warm_up=before, shown=milliseconds)
        with setting.client(api_endpoint=relay.socket) as counted:
            calls = short(row, setting, relay.socket, counted)
            for name in row.figures:
                calls[name]()  # what is found out once does not count
                relay.restart()
                calls[name]()
                row.counts[name] = relay.counts
    row.at_most("below lxc exec", row.ratio(OURS, CLI), 1)
    row.at_most("≤ 1/2 of pylxd", row.ratio(OURS, PYLXD), 0.5)
    return row


def short(row: Row, setting: Setting, socket: str, client: Any) -> dict[str, Callable[[], object]]:
    """Prepare each to run ``true``."""
    nothing = subprocess.DEVNULL
    raw = RawExec(socket)
    calls: dict[str, Callable[[], object]] = {
        FLOOR: lambda: raw.run(["true"]),
        OURS: lambda: client.run(NAME, ["true"]),
        f"{OURS}, output thrown away": lambda: client.run(
            NAME, ["true"], stdout=nothing, stderr=nothing
        ),
    }

    def by_pylxd() -> Callable[[], object]:
        theirs = pylxd_client(socket).instances.get(NAME)
        return lambda: theirs.execute(["true"])

    def by_cli() -> Callable[[], object]:
        command(setting)
        return partial(cli, setting, "exec", NAME, "--", "true", at=socket)

    return calls | offered(row.missing, {PYLXD: by_pylxd, CLI: by_cli})


def throughput(setting: Setting) -> Row:
    """Read standard output, and count it."""
    size = setting.pick(256, 1)
    row = Row(f"{size} MiB of standard output", "MiB/s")
    words = ["dd", "if=/dev/zero", "bs=1M", f"count={size}"]

    def checked(name: str, work: Callable[[], int]) -> None:
        lost = (size << 20) - work()
        if lost:
            row.counts.setdefault(name, {})["bytes lost"] = lost
            if name == OURS:
                message = f"{lost} bytes were lost"
                raise OSError(message)

    with setting.container() as client:
        raw = RawExec(setting.socket)

        def ours() -> int:
            counter = Counter()
            client.run(NAME, words, stdout=counter, stderr=subprocess.DEVNULL)
            return counter.count

        def by_pylxd() -> Callable[[], int]:
            theirs = pylxd_client(setting.socket).instances.get(NAME)

            def call() -> int:
                counter = Counter()
                theirs.execute(words, stdout_handler=counter.write, decode=None)
                return counter.count

            return call

        def by_cli() -> Callable[[], int]:
            command(setting)
            return partial(cli, setting, "exec", NAME, "-T", "--", *words)

        works: dict[str, Any] = {FLOOR: partial(raw.run, words), OURS: ours}
        works |= offered(row.missing, {PYLXD: by_pylxd, CLI: by_cli})
        take_turns(
            row,
            {name: partial(checked, name, work) for name, work in works.items()},
            setting.turns(5),
            shown=lambda seconds: size / seconds,
        )
    row.at_least("≥ lxc exec", row.ratio(OURS, CLI), 1)
    return row


ROWS = (latency, throughput)
