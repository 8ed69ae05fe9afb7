"""What can be done from the command line: ``python -m hyperkit demo``, ``doctor``, ``trust``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from . import _demo, _doctor, _trust_command
from ._options import VERSION


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, and do what it says.

    Args:
        arguments: without the program's name; None takes those that it was started with.

    Returns:
        What the program ends with.
    """
    started = Path(sys.argv[0]).name
    name = "python -m hyperkit" if started == "__main__.py" else started
    parser = argparse.ArgumentParser(prog=name, description="A client of LXD and Incus.")
    parser.add_argument("--version", action="version", version=f"hyperkit {VERSION}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for command in (_demo, _doctor, _trust_command):
        command.add_to(commands)
    parser.set_defaults(run=None)
    options = parser.parse_args(arguments)
    if options.run is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return 130  # as shells have it
    except BrokenPipeError:
        # Whoever read it has seen enough; what is left shall not be written at the end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
