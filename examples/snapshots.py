"""Take a snapshot of instances, and keep the last few of them: for cron, or a timer.

    python examples/snapshots.py --keep 7 --days 14
    python examples/snapshots.py web db --keep 24 --prefix hourly

A snapshot gets the name ``auto-20260131-235959`` (in UTC), and the day when the server
itself deletes it: should this program never run again, nothing piles up. Older ones
that it has taken are deleted where there are more than ``--keep``; snapshots of any
other name are left alone.
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime, timedelta

import hyperkit

LONGEST = 36500  # days


def roll(client: hyperkit.Client, name: str, prefix: str, keep: int, days: float) -> None:
    """Take a snapshot of an instance, then delete those that are too many."""
    now = datetime.now(UTC)
    taken = f"{prefix}-{now:%Y%m%d-%H%M%S}"
    expires_at = now + timedelta(days=days) if days else None
    client.create_snapshot(name, taken, expires_at=expires_at)
    print(f"{name}: took {taken}")
    ours = re.compile(re.escape(prefix) + r"-\d{8}-\d{6}")
    for old in sorted(filter(ours.fullmatch, client.snapshots(name)))[:-keep]:
        client.delete_snapshot(name, old)
        print(f"{name}: deleted {old}")


def main() -> int:
    """Read the command line, and do one instance after the other."""
    parser = argparse.ArgumentParser(description="Take snapshots, and keep the last few.")
    parser.add_argument("instances", nargs="*", help="their names; all if not given")
    parser.add_argument("--days", type=float, default=30, help="until they expire; 0: never")
    parser.add_argument("--keep", type=int, default=7, help="how many of each instance")
    parser.add_argument("--prefix", default="auto", help="of their names")
    parser.add_argument("--server", metavar="URL", help="the local one if not given")
    options = parser.parse_args()
    if options.keep < 1:
        parser.error("--keep must be 1 or more")
    if not 0 <= options.days <= LONGEST:
        parser.error(f"--days must be from 0 to {LONGEST}")
    failed = 0
    try:
        with hyperkit.Client(api_endpoint=options.server) as client:
            for name in options.instances or client.instances():
                try:
                    roll(client, name, options.prefix, options.keep, options.days)
                except (hyperkit.APIError, hyperkit.OperationError) as error:
                    failed += 1  # the others still get theirs
                    print(f"snapshots: {name}: {error}", file=sys.stderr)
    except hyperkit.Error as error:
        print(f"snapshots: {error}", file=sys.stderr)
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
