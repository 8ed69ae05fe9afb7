"""A large file into a container and out of it: hyperkit, pylxd, the CLI, a raw socket.

    python benchmarks/files.py [--lab FILE] [--rounds N] [--size MiB]

Medians in MiB/s, and the memory that each needed beyond what it had before the
first byte. Every transfer runs in a process of its own, over the unix socket.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import arguments, lab_of, take_turns, unix_socket

import hyperkit

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "hyperkit-bench"
PLACE = "/root/large"
BLOCK = 1 << 18


def raw_push(lab: dict[str, Any], file: Path) -> None:
    """Send the file over a socket with nothing in between."""
    head = (
        f"POST /1.0/instances/{NAME}/files?path={PLACE} HTTP/1.1\r\nHost: unix.socket\r\n"
        f"Content-Length: {file.stat().st_size}\r\nConnection: close\r\n\r\n"
    )
    with unix_socket(lab["socket"]) as connection, file.open("rb") as source:
        connection.sendall(head.encode())
        while block := source.read(BLOCK):
            connection.sendall(block)
        while connection.recv(BLOCK):
            pass


def raw_pull(lab: dict[str, Any], file: Path) -> None:
    """Fetch the file over a socket with nothing in between."""
    head = (
        f"GET /1.0/instances/{NAME}/files?path={PLACE} HTTP/1.1\r\nHost: unix.socket\r\n"
        "Connection: close\r\n\r\n"
    )
    with unix_socket(lab["socket"]) as connection, file.open("wb") as target:
        connection.sendall(head.encode())
        target.write(connection.recv(BLOCK).partition(b"\r\n\r\n")[2])
        while block := connection.recv(BLOCK):
            target.write(block)


def hyperkit_push(lab: dict[str, Any], file: Path) -> None:
    """Send the file by hyperkit."""
    with hyperkit.Client(api_endpoint=lab["socket"]) as client:
        client.push_file(file, NAME, PLACE)


def hyperkit_pull(lab: dict[str, Any], file: Path) -> None:
    """Fetch the file by hyperkit."""
    with hyperkit.Client(api_endpoint=lab["socket"]) as client:
        client.pull_file(NAME, PLACE, file)


def pylxd_push(lab: dict[str, Any], file: Path) -> None:
    """Send the file by pylxd, which wants all of it in memory."""
    files = pylxd_client(lab).instances.get(NAME).files
    files.put(PLACE, file.read_bytes())


def pylxd_pull(lab: dict[str, Any], file: Path) -> None:
    """Fetch the file by pylxd, which gives all of it in memory."""
    files = pylxd_client(lab).instances.get(NAME).files
    file.write_bytes(files.get(PLACE))


def pylxd_client(lab: dict[str, Any]) -> Any:
    """Connect."""
    from pylxd import Client

    return Client(endpoint="http+unix://" + lab["socket"].replace("/", "%2F"))


def cli_push(lab: dict[str, Any], file: Path) -> None:
    """Send the file by lxc or incus."""
    cli(lab, "push", "--quiet", str(file), f"{NAME}{PLACE}")


def cli_pull(lab: dict[str, Any], file: Path) -> None:
    """Fetch the file by lxc or incus."""
    cli(lab, "pull", "--quiet", f"{NAME}{PLACE}", str(file))


def cli(lab: dict[str, Any], *words: str) -> None:
    """Run the server's own command."""
    environment = os.environ | lab["client_environment"]
    subprocess.run([lab["client"], "file", *words], check=True, env=environment)


CONTENDERS = {
    "raw socket": (raw_push, raw_pull),
    "hyperkit": (hyperkit_push, hyperkit_pull),
    "pylxd": (pylxd_push, pylxd_pull),
    "CLI": (cli_push, cli_pull),
}


def most(who: int) -> float:
    """Tell the most memory that this process, or a child of it, ever held, in MiB."""
    return resource.getrusage(who).ru_maxrss / 1024


def alone(work: Callable[[], None], report: Any) -> None:
    """Work, and tell how much memory that took: here, or in a command."""
    before = most(resource.RUSAGE_SELF)
    work()
    report.value = max(
        most(resource.RUSAGE_SELF) - before,
        most(resource.RUSAGE_CHILDREN),
    )


def memory_of(work: Callable[[], None]) -> float:
    """Run work in a process of its own; tell what memory it took, in MiB."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["files"])
    held = context.Value("d", -1)
    process = context.Process(target=alone, args=(work, held))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)
    value: float = held.value
    return value


def measure(
    lab: dict[str, Any], folder: Path, size: int, rounds: int
) -> dict[str, tuple[float, float, float, float]]:
    """Push and pull by each in turns: seconds and MiB of memory, both ways."""
    source = folder / "source"
    with source.open("wb") as file:
        for _ in range(size):
            file.write(os.urandom(1 << 20))
    memory: dict[tuple[str, str], float] = {}

    def transfer(name: str, way: str, work: Callable[..., None], file: Path) -> None:
        memory[way, name] = max(memory.get((way, name), 0), memory_of(partial(work, lab, file)))
        if way == "pull":
            file.unlink()

    seconds = {}
    for number, way in enumerate(("push", "pull")):
        calls = {
            name: partial(
                transfer, name, way, works[number], source if way == "push" else folder / "target"
            )
            for name, works in CONTENDERS.items()
        }
        seconds[way] = take_turns(calls, rounds)
    return {
        name: (
            seconds["push"][name],
            memory["push", name],
            seconds["pull"][name],
            memory["pull", name],
        )
        for name in CONTENDERS
    }


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--size", type=int, default=1024, metavar="MiB")
    options = parser.parse_args()
    lab = lab_of(options)
    client = hyperkit.Client(api_endpoint=lab["socket"])
    client.create_container(NAME, alias=lab["image_alias"])
    begin = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows = measure(lab, Path(folder), options.size, options.rounds or 3)
    finally:
        client.delete_container(NAME)
        client.close()
    print(f"{options.size} MiB, {time.perf_counter() - begin:.0f} s")
    print(f"{'':12} {'push MiB/s':>12} {'memory MiB':>12} {'pull MiB/s':>12} {'memory MiB':>12}")
    for name, (push, push_memory, pull, pull_memory) in rows.items():
        figures = (options.size / push, push_memory, options.size / pull, pull_memory)
        print(f"{name:12} " + " ".join(f"{figure:12.0f}" for figure in figures))


if __name__ == "__main__":
    main()
