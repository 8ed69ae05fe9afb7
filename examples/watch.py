"""Print what happens on a server, as it happens.

    python examples/watch.py
    python examples/watch.py --action 'instance-*' --source '*/web-*'
    python examples/watch.py --types operation logging --json | jq .metadata

After a lost connection, or a restart of the server, it comes back by itself, and prints a
line that says "gap": what happened meanwhile is not known. When the server is away for
more than a minute, it gives up: let systemd start it again. ``--count 1`` waits for one
event, for shell scripts.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING

import hyperkit

if TYPE_CHECKING:
    from hyperkit.types import Event


def matches(event: Event, action: str, source: str) -> bool:
    """Tell whether an event is wanted; a gap always is."""
    if event.type == "gap":
        return True
    found = event.metadata
    return fnmatchcase(found.get("action", ""), action) and fnmatchcase(
        found.get("source", ""), source
    )


def line_of(event: Event) -> str:
    """Write an event in one line."""
    found = event.metadata
    texts = {
        "gap": ["something may have been missed:", found.get("reason")],
        "lifecycle": [found.get("action"), found.get("source")],
        "logging": [found.get("level"), found.get("message")],
        "operation": [found.get("description"), found.get("status"), found.get("err")],
    }
    when = f"{event.timestamp.astimezone():%H:%M:%S}" if event.timestamp else "--:--:--"
    words = [when, event.get("project"), event.type, *texts.get(event.type, [])]
    return " ".join(word for word in words if word)


def main() -> int:
    """Read the command line, and print events until that is enough."""
    parser = argparse.ArgumentParser(description="Print what happens on a server.")
    parser.add_argument("--action", default="*", metavar="PATTERN", help="as instance-*")
    parser.add_argument("--all-projects", action="store_true", help="not just the default one")
    parser.add_argument("--count", type=int, metavar="N", help="end after so many")
    parser.add_argument("--json", action="store_true", help="print whole events, one a line")
    parser.add_argument("--server", metavar="URL", help="the local one if not given")
    parser.add_argument("--source", default="*", metavar="PATTERN", help="as */instances/web")
    parser.add_argument("--timeout", type=float, help="end after so many quiet seconds")
    parser.add_argument(
        "--types", nargs="+", default=["lifecycle"], help="lifecycle, operation, logging"
    )
    options = parser.parse_args()
    if options.count is not None and options.count < 1:
        parser.error("--count must be 1 or more")
    try:
        with (
            hyperkit.Client(api_endpoint=options.server) as client,
            client.events(
                all_projects=options.all_projects, timeout=options.timeout, types=options.types
            ) as events,
        ):
            print("watch: listening", file=sys.stderr)
            wanted = (one for one in events if matches(one, options.action, options.source))
            for event in islice(wanted, options.count):
                print(json.dumps(event) if options.json else line_of(event), flush=True)
    except hyperkit.Error as error:
        print(f"watch: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # whoever read it has seen enough, and wants no traceback
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
