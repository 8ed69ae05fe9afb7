"""Commands in a container, and many containers: hyperkit, pylxd, the CLI, raw websockets.

    python benchmarks/exec.py [--lab FILE] [--rounds N] [--size MiB] [--containers N]

The time of ``true``, the speed of its standard output, and the time from creation to
deletion of many containers; medians, over the unix socket.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import struct
import subprocess
import time
from contextlib import ExitStack, closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from common import arguments, lab_of, take_turns, unix_socket

import hyperkit

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

NAME = "hyperkit-bench"
CHUNK = 1 << 18
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

    def __init__(self, lab: dict[str, Any]) -> None:
        self.socket = lab["socket"]
        self.http = http.client.HTTPConnection("unix.socket")
        self.http.sock = unix_socket(self.socket)
        # LXD 5.0 serves nobody else while an opened connection is silent.
        self.ask("GET", "/1.0")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request over the connection that is kept."""
        self.http.request(method, path, None if body is None else json.dumps(body))
        return json.loads(self.http.getresponse().read())["metadata"]

    def run(self, words: list[str]) -> int:
        """Run a command to its end; tell how many bytes it wrote."""
        body = {
            "command": words,
            "environment": {},
            "interactive": False,
            "wait-for-websocket": True,
        }
        operation = self.ask("POST", f"/1.0/instances/{NAME}/exec", body)
        path = f"/1.0/operations/{operation['id']}"
        with ExitStack() as opened:
            secrets = operation["metadata"]["fds"]
            sockets = {
                name: opened.enter_context(closing(self.open(path, secrets[name])))
                for name in ("control", "2", "1", "0")
            }
            sockets["0"].sendall(END_OF_INPUT)
            count = read_to_end(sockets["1"])
            self.ask("GET", f"{path}/wait")
        return count

    def open(self, path: str, secret: str) -> socket.socket:
        """Open a websocket; the server says nothing before the answer has been read."""
        connection = unix_socket(self.socket)
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
    while True:
        while len(buffer) < 2:
            buffer += connection.recv(CHUNK)
        opcode, size = buffer[0] & 15, buffer[1] & 127
        head = {126: 4, 127: 10}.get(size, 2)
        while len(buffer) < head:
            buffer += connection.recv(CHUNK)
        if head > 2:
            form = "!H" if head == 4 else "!Q"
            (size,) = struct.unpack(form, buffer[2:head])
        if opcode == TEXT and not size:
            return count
        del buffer[:head]
        while len(buffer) < size:
            buffer += connection.recv(CHUNK)
        del buffer[:size]
        count += size if opcode == 2 else 0


def pylxd_client(lab: dict[str, Any]) -> Any:
    """Connect."""
    from pylxd import Client

    return Client(endpoint="http+unix://" + lab["socket"].replace("/", "%2F"))


def cli(lab: dict[str, Any], *words: str) -> int:
    """Run the server's own command; tell how many bytes it wrote."""
    environment = os.environ | lab["client_environment"]
    count = 0
    with subprocess.Popen(
        [lab["client"], *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as process:
        while process.stdout and (block := process.stdout.read1(CHUNK)):  # type: ignore[attr-defined]
            count += len(block)
    if process.returncode:
        message = f"{words} ended with {process.returncode}"
        raise SystemExit(message)
    return count


def latency(lab: dict[str, Any], client: hyperkit.Client, rounds: int) -> dict[str, float]:
    """Run ``true`` by each in turns: seconds."""
    raw = RawExec(lab)
    theirs = pylxd_client(lab).instances.get(NAME)
    nothing = subprocess.DEVNULL
    calls: dict[str, Callable[[], object]] = {
        "raw websockets": partial(raw.run, ["true"]),
        "hyperkit": partial(client.run, NAME, ["true"]),
        "hyperkit, no output": partial(client.run, NAME, ["true"], stdout=nothing, stderr=nothing),
        "pylxd": partial(theirs.execute, ["true"]),
        "CLI": partial(cli, lab, "exec", NAME, "--", "true"),
    }
    return take_turns(calls, rounds, warm_up=2)


def throughput(
    lab: dict[str, Any], client: hyperkit.Client, size: int, rounds: int
) -> tuple[dict[str, float], dict[str, int]]:
    """Read standard output by each in turns: seconds, and bytes that did not come."""
    words = ["dd", "if=/dev/zero", "bs=1M", f"count={size}"]
    raw = RawExec(lab)
    theirs = pylxd_client(lab).instances.get(NAME)
    missing: dict[str, int] = {}

    def by_hyperkit() -> int:
        counter = Counter()
        client.run(NAME, words, stdout=counter, stderr=subprocess.DEVNULL)
        return counter.count

    def by_pylxd() -> int:
        counter = Counter()
        theirs.execute(words, stdout_handler=counter.write, decode=None)
        return counter.count

    def checked(name: str, work: Callable[[], int]) -> None:
        missing[name] = max(missing.get(name, 0), (size << 20) - work())

    works: dict[str, Callable[[], int]] = {
        "raw websockets": partial(raw.run, words),
        "hyperkit": by_hyperkit,
        "pylxd": by_pylxd,
        "CLI": partial(cli, lab, "exec", NAME, "-T", "--", *words),
    }
    calls = {name: partial(checked, name, work) for name, work in works.items()}
    return take_turns(calls, rounds), missing


def one_by_one(client: hyperkit.Client, image: str, names: list[str]) -> None:
    """Walk containers through their lives, one after another."""
    for name in names:
        client.create_container(name, alias=image)
        client.start_container(name)
        client.stop_container(name, force=True)
        client.delete_container(name)


def in_a_batch(client: hyperkit.Client, image: str, names: list[str]) -> None:
    """Walk containers through their lives together, in four waves."""
    with client.batch() as batch:
        for name in names:
            batch.create_container(name, alias=image)
        batch.wait()
        for name in names:
            batch.start_container(name)
        batch.wait()
        for name in names:
            batch.stop_container(name, force=True)
        batch.wait()
        for name in names:
            batch.delete_container(name)


def by_pylxd(theirs: Any, image: str, names: list[str]) -> None:
    """Walk containers through their lives by pylxd."""
    source = {"type": "image", "alias": image}
    for name in names:
        body = {"name": name, "source": source, "type": "container"}
        made = theirs.instances.create(body, wait=True)
        made.start(wait=True)
        made.stop(force=True, wait=True)
        made.delete(wait=True)


def by_cli(lab: dict[str, Any], image: str, names: list[str]) -> None:
    """Walk containers through their lives by lxc or incus."""
    for name in names:
        cli(lab, "launch", image, name)
        cli(lab, "stop", "--force", name)
        cli(lab, "delete", name)


def containers(lab: dict[str, Any], client: hyperkit.Client, count: int) -> dict[str, float]:
    """Create, start, stop and delete containers by each: seconds."""
    work = lab["image_alias"], [f"{NAME}-{number}" for number in range(count)]
    calls: dict[str, Callable[[], object]] = {
        "hyperkit": partial(one_by_one, client, *work),
        "hyperkit, batch": partial(in_a_batch, client, *work),
        "pylxd": partial(by_pylxd, pylxd_client(lab), *work),
        "CLI": partial(by_cli, lab, *work),
    }
    return take_turns(calls, 1)


def remove(client: hyperkit.Client) -> None:
    """Remove what an interrupted run has left."""
    for name in client.instances():
        if name.startswith(f"{NAME}-"):
            with suppress(hyperkit.Error):
                client.stop_container(name, force=True)
            client.delete_container(name)


def table(title: str, seconds: dict[str, float], shown: Callable[[float], str]) -> None:
    """Print what each took, and its time with hyperkit's as 1."""
    print(f"\n{title:20} {'':12} {'time':>8}")
    for name, value in seconds.items():
        print(f"{name:20} {shown(value):>12} {value / seconds['hyperkit']:8.2f}")


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--size", type=int, default=256, metavar="MiB")
    parser.add_argument("--containers", type=int, default=50, metavar="N")
    options = parser.parse_args()
    lab = lab_of(options)
    begin = time.perf_counter()
    with (
        hyperkit.Client(api_endpoint=lab["socket"]) as client,
        client.temporary_container(NAME, alias=lab["image_alias"]),
    ):
        times = latency(lab, client, options.rounds or 30)
        table("true, ms", times, lambda value: f"{value * 1000:.1f}")
        times, missing = throughput(lab, client, options.size, min(options.rounds or 3, 3))
        table(f"{options.size} MiB of output, MiB/s", times, lambda v: f"{options.size / v:.0f}")
        for name, lost in missing.items():
            if lost:
                print(f"{name} lost {lost} bytes")
        pool = client._link.transport.pool  # noqa: SLF001
        before = pool.num_connections
        try:
            times = containers(lab, client, options.containers)
        finally:
            remove(client)
        table(f"{options.containers} containers, s", times, lambda value: f"{value:.1f}")
        print(f"\nhyperkit opened {pool.num_connections - before} connections for these")
    print(f"{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
