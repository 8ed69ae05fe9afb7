"""Run a command in many instances at the same time, and say how it ended in each.

    python examples/fleet.py -- uname -a
    python examples/fleet.py --match 'web-*' --jobs 20 --timeout 300 -- sh -c 'df -h | tail -1'

Each line of output begins with the name of its instance. What the command writes to
standard error goes to standard error, and so does what went wrong. It ends with 0 if the
command did so everywhere.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from fnmatch import fnmatchcase
from typing import NamedTuple, TextIO

import hyperkit


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
    results: list[Result] = []
    try:
        with (
            hyperkit.Client(api_endpoint=options.server) as client,
            ThreadPoolExecutor(options.jobs) as pool,
        ):
            names = [
                one.name
                for one in client.instances(recursion=1)
                if one.status == "Running" and fnmatchcase(one.name, options.match)
            ]
            started = [
                pool.submit(run, client, name, options.command, options.timeout) for name in names
            ]
            for future in as_completed(started):
                result = future.result()
                results.append(result)
                show(result.name, result.stdout, sys.stdout)
                show(result.name, result.stderr, sys.stderr)
    except hyperkit.Error as error:
        print(f"fleet: {error}", file=sys.stderr)
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
