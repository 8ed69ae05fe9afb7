"""Run a command in many instances at the same time, and say how it ended in each.

    python examples/fleet.py -- uname -a
    python examples/fleet.py --match 'web-*' --jobs 20 --timeout 300 -- sh -c 'df -h | tail -1'

Each line of output begins with the name of its instance. What the command writes to
standard error goes to standard error, and so does what went wrong. It ends with 0 if the
command did so everywhere.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from contextlib import suppress
from fnmatch import fnmatchcase
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NamedTuple, TextIO

import hyperkit

if TYPE_CHECKING:
    from collections.abc import Iterator


class Result(NamedTuple):
    """What became of the command in one instance; without a code, why there is none."""

    name: str
    code: int | None
    stdout: str
    stderr: str


def run(client: hyperkit.Client, name: str, command: list[str], timeout: float | None) -> Result:
    """Run the command in one instance; a client may be used by many threads."""
    try:
        done = client.run(
            name, command, capture_output=True, text=True, errors="replace", timeout=timeout
        )
    except hyperkit.Error as error:
        return Result(name, None, "", f"{error}\n")
    return Result(name, done.returncode, done.stdout, done.stderr)


def show(prefix: str, text: str, file: TextIO) -> None:
    """Write lines, each with a prefix."""
    for line in text.splitlines():
        print(f"{prefix}: {line}", file=file)
    file.flush()


def run_everywhere(client: hyperkit.Client, options: argparse.Namespace) -> Iterator[Result]:
    """Run the command in all instances that are meant, and give results as they come."""
    waiting: SimpleQueue[str] = SimpleQueue()
    results: SimpleQueue[Result] = SimpleQueue()
    names = [
        one.name
        for one in client.instances(recursion=1)
        if one.status == "Running" and fnmatchcase(one.name, options.match)
    ]
    for name in names:
        waiting.put(name)

    def work() -> None:
        with suppress(Empty):
            while True:
                name = waiting.get_nowait()
                results.put(run(client, name, options.command, options.timeout))

    for _ in range(min(options.jobs, len(names))):
        # Ctrl-C waits for nobody: what still runs is killed by its server.
        threading.Thread(target=work, daemon=True).start()
    for _ in names:
        yield results.get()


def main() -> int:
    """Read the command line, run the command everywhere, and show results as they come."""
    parser = argparse.ArgumentParser(description="Run a command in many instances.")
    parser.add_argument("command", nargs="+", help="after a --, if it has options of its own")
    parser.add_argument("--jobs", type=int, default=8, help="how many at the same time")
    parser.add_argument("--match", default="*", metavar="PATTERN", help="of names, as web-*")
    parser.add_argument("--server", metavar="URL", help="the local one if not given")
    parser.add_argument("--timeout", type=float, help="seconds until it is killed")
    options = parser.parse_args()
    if options.jobs < 1:
        parser.error("--jobs must be 1 or more")
    if options.timeout is not None and options.timeout <= 0:
        parser.error("--timeout must be above 0")
    results: list[Result] = []
    try:
        with hyperkit.Client(api_endpoint=options.server) as client:
            for result in run_everywhere(client, options):
                results.append(result)
                show(result.name, result.stdout, sys.stdout)
                show(result.name, result.stderr, sys.stderr)
    except hyperkit.Error as error:
        print(f"fleet: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read it has seen enough, and wants no traceback
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if not results:
        print(f"fleet: no instance that runs has a name like {options.match}", file=sys.stderr)
        return 1
    failed = sorted(result for result in results if result.code != 0)
    for result in failed:
        code = "did not end" if result.code is None else f"ended with {result.code}"
        print(f"fleet: {result.name}: {code}", file=sys.stderr)
    print(f"fleet: {len(results) - len(failed)} of {len(results)} succeeded", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
