"""A large file into a container and out of it, in a process of its own: speed and memory."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

import hyperkit

from .peers import CHUNK, cli, command, offered, pylxd_client, unix_session, unix_socket
from .processes import in_own_process
from .rows import CLI, FLOOR, OURS, PYLXD, REQUESTS, Row, Seconds, take_turns
from .setting import NAME, scratch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .setting import Setting

PLACE = "/root/large"
URL = f"/1.0/instances/{NAME}/files?path={PLACE}"
MOST = 40  # MiB


def raw_push(socket: str, file: Path) -> None:
    """Send the file over a socket with nothing in between."""
    upload(socket, URL, file)


def upload(socket: str, url: str, file: Path, *headers: str) -> bytes:
    """POST a file over a socket; give the whole answer."""
    lines = [
        f"POST {url} HTTP/1.1",
        "Host: unix.socket",
        f"Content-Length: {file.stat().st_size}",
        "Connection: close",
        *headers,
    ]
    answer = b""
    with unix_socket(socket) as connection, file.open("rb") as source:
        connection.sendall("\r\n".join([*lines, "\r\n"]).encode())
        while block := source.read(CHUNK):
            connection.sendall(block)
        while block := connection.recv(CHUNK):
            answer += block
    status = answer.partition(b"\r\n")[0]
    if b" 20" not in status:
        raise OSError(status.decode())
    return answer


def raw_pull(socket: str, file: Path) -> None:
    """Fetch the file over a socket with nothing in between."""
    with file.open("wb") as target:
        download(socket, URL, target.write)


def download(socket: str, url: str, write: Callable[[bytes], object]) -> None:
    """GET over a socket."""
    head = f"GET {url} HTTP/1.1\r\nHost: unix.socket\r\nConnection: close\r\n\r\n"
    with unix_socket(socket) as connection:
        connection.sendall(head.encode())
        start = b""
        while b"\r\n\r\n" not in start:
            start += connection.recv(CHUNK)
        head_, _, rest = start.partition(b"\r\n\r\n")
        size = int(head_.lower().partition(b"content-length:")[2].split(b"\r", 1)[0])
        write(rest)
        size -= len(rest)
        while block := connection.recv(CHUNK):
            write(block)
            size -= len(block)
    if size:
        message = f"{size} bytes did not come"
        raise OSError(message)


def hyperkit_push(socket: str, file: Path) -> None:
    """Send the file by hyperkit."""
    with hyperkit.Client(api_endpoint=socket) as client:
        client.push_file(file, NAME, PLACE)


def hyperkit_pull(socket: str, file: Path) -> None:
    """Fetch the file by hyperkit."""
    with hyperkit.Client(api_endpoint=socket) as client:
        client.pull_file(NAME, PLACE, file)


def requests_push(socket: str, file: Path) -> None:
    """Send the file by requests, as its manual says: a file object."""
    with unix_session(socket) as session, file.open("rb") as source:
        session.post("http://unix.socket" + URL, data=source).raise_for_status()


def requests_pull(socket: str, file: Path) -> None:
    """Fetch the file by requests, in pieces."""
    with (
        unix_session(socket) as session,
        file.open("wb") as target,
        session.get("http://unix.socket" + URL, stream=True) as response,
    ):
        response.raise_for_status()
        for block in response.iter_content(CHUNK):
            target.write(block)


def pylxd_push(socket: str, file: Path) -> None:
    """Send the file by pylxd, which wants all of it in memory."""
    pylxd_client(socket).instances.get(NAME).files.put(PLACE, file.read_bytes())


def pylxd_pull(socket: str, file: Path) -> None:
    """Fetch the file by pylxd, which gives all of it in memory."""
    file.write_bytes(pylxd_client(socket).instances.get(NAME).files.get(PLACE))


def transfer(
    setting: Setting,
    title: str,
    works: dict[str, Callable[..., object]],
    cli_words: list[str],
    size: int,
    prepare: Callable[[], object] = lambda: None,
    clean: Callable[[], object] = lambda: None,
) -> Row:
    """Let each transfer a file in turns, in a process of its own.

    Args:
        setting: where.
        title: of the row.
        works: by contender: called with nothing, elsewhere.
        cli_words: what the server's own command does.
        size: MiB.
        prepare: called before each, outside of the time.
        clean: called after each, likewise.
    """
    row = Row(title, "MiB/s")
    memory: dict[str, float] = {}

    def once(name: str, work: Callable[..., object]) -> Seconds:
        prepare()
        os.sync()  # what others have written is not this one's burden
        try:
            found = in_own_process(work)
        finally:
            clean()
        memory[name] = max(memory.get(name, 0.0), found.memory)
        return found.seconds

    def by_cli() -> Callable[[], object]:
        command(setting)
        return partial(cli, setting, *cli_words)

    calls: dict[str, Any] = {**works, **offered(row.missing, {CLI: by_cli})}
    take_turns(
        row,
        {name: partial(once, name, work) for name, work in calls.items()},
        setting.turns(3),
        shown=lambda seconds: size / seconds,
    )
    row.counts = {name: {"memory MiB": memory[name]} for name in row.figures}
    row.at_least("≥ 0.9 × the floor", row.ratio(OURS, FLOOR), 0.9)
    row.at_most("memory: ≤ 40 MiB", memory[OURS], MOST)
    return row


def pushing(setting: Setting) -> Row:
    """Push a large file."""
    size = setting.pick(1024, 64)
    with scratch() as folder, setting.container(start=False):
        file = folder / "source"
        fill(file, size)
        works = {
            FLOOR: raw_push,
            OURS: hyperkit_push,
            REQUESTS: requests_push,
            PYLXD: pylxd_push,
        }
        row = transfer(
            setting,
            f"push of {size:,} MiB",
            {name: partial(work, setting.socket, file) for name, work in works.items()},
            ["file", "push", "--quiet", str(file), f"{NAME}{PLACE}"],
            size,
        )
    row.at_least("≥ lxc file push", row.ratio(OURS, CLI), 1)
    return row


def pulling(setting: Setting) -> Row:
    """Pull a large file."""
    size = setting.pick(1024, 64)
    with scratch() as folder, setting.container(start=False):
        file = folder / "target"
        fill(file, size)
        hyperkit_push(setting.socket, file)
        works = {
            FLOOR: raw_pull,
            OURS: hyperkit_pull,
            REQUESTS: requests_pull,
            PYLXD: pylxd_pull,
        }

        def check() -> None:
            if file.stat().st_size != size << 20:
                message = "the file is not whole"
                raise OSError(message)

        row = transfer(
            setting,
            f"pull of {size:,} MiB",
            {name: partial(work, setting.socket, file) for name, work in works.items()},
            ["file", "pull", "--quiet", f"{NAME}{PLACE}", str(file)],
            size,
            prepare=lambda: file.unlink(missing_ok=True),
            clean=check,
        )
    row.at_least("≥ lxc file pull", row.ratio(OURS, CLI), 1)
    return row


def fill(file: Path, size: int) -> None:
    """Write a file that cannot be compressed.

    Args:
        file: to write.
        size: MiB.
    """
    with file.open("wb") as opened:
        for _ in range(size):
            opened.write(os.urandom(1 << 20))


ROWS = (pushing, pulling)
