"""How fast the embedded server is: its start, and a container's life; beside real servers.

The command line takes the URLs of real ones.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING

import hyperkit
from hyperkit.testing import FLAVOURS, Server

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 30


def median(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Measure some rounds, in milliseconds."""
    took: list[float] = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        took.append(time.perf_counter() - begin)
    return statistics.median(took) * 1000


def cycle(client: hyperkit.Client) -> None:
    """Create, start, run a command, delete."""
    client.create_container("bench", alias="busybox")
    client.start_container("bench")
    client.run("bench", ["true"])
    client.stop_container("bench", force=True)
    client.delete_container("bench")


def start_and_stop(flavour: str) -> None:
    """Start a server and stop it."""
    with Server(flavour):
        pass


def main() -> None:
    """Print a line for each server."""
    for flavour in FLAVOURS[1:]:
        start_and_stop(flavour)  # certificates and tables are made once in a process
        start = median(lambda flavour=flavour: start_and_stop(flavour))
        with Server(flavour) as server, server.client() as client:
            print(f"{flavour:10} start and stop {start:6.1f} ms", end="  ")
            print(f"create, start, exec, stop, delete {median(lambda: cycle(client)):6.1f} ms")
    for url in sys.argv[1:]:
        with hyperkit.Client(api_endpoint=url) as client:
            name = client.server().environment.server
            took = median(lambda: cycle(client), 5)
            print(f"{name:10} (real){'':18}  create, start, exec, stop, delete {took:6.1f} ms")


if __name__ == "__main__":
    main()
