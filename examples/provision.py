"""Make many instances at once, as a table says: profiles first, then what is missing.

    python examples/provision.py examples/provision.toml
    python examples/provision.py examples/provision.toml --remove

It can be run again and again: profiles become what the table says, instances that are
there already stay as they are, and those that do not run are started. The bar needs
``pip install 'pyhyperkit[tqdm]'``; ``--quiet`` does without.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

import hyperkit

PROFILE = {"config", "description", "devices"}
INSTANCE = {"config", "count", "description", "devices", "image", "profiles", "type"}


def check(kind: str, entries: dict[str, dict[str, Any]], known: set[str]) -> None:
    """Refuse keys that mean nothing: a misspelt one would be left out without a word."""
    for name, entry in entries.items():
        for key in entry.keys() - known:
            message = (
                f"[{kind}.{name}] has the unknown key {key!r}: use {', '.join(sorted(known))}."
            )
            raise ValueError(message)


def names_of(instances: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Find the entry of each instance: with ``count = 3``, web is web-1, web-2 and web-3."""
    wanted: dict[str, dict[str, Any]] = {}
    for name, entry in instances.items():
        count: int | None = entry.get("count")
        numbered = [f"{name}-{number}" for number in range(1, (count or 0) + 1)]
        wanted |= dict.fromkeys([name] if count is None else numbered, entry)
    return wanted


def provide(client: hyperkit.Client, table: dict[str, Any], *, progress: bool) -> None:
    """Make what is missing, and start what does not run."""
    profiles = set(client.profiles())
    for name, entry in table.get("profiles", {}).items():
        if name in profiles:
            client.update_profile(name, **entry)
        else:
            client.create_profile(name, **entry)
    wanted = names_of(table.get("instances", {}))
    status = {one.name: one.status for one in client.instances(recursion=1)}
    with client.batch(progress=progress) as batch:
        for name in [one for one in wanted if one not in status]:
            fields = {key: value for key, value in wanted[name].items() if key != "count"}
            image = fields.pop("image", table.get("image"))
            try:
                batch.create_instance(name, alias=image, **fields)
            except hyperkit.Error as error:  # LXD refuses at once what Incus refuses later
                message = f"{name}: {error}"
                raise hyperkit.Error(message) from error
        made = len(batch.wait())
        for name in wanted:
            if status.get(name) != "Running":
                batch.start_instance(name)
        started = len(batch.wait())
    print(f"{made} made, {started} started, {len(wanted)} in all")


def remove(client: hyperkit.Client, table: dict[str, Any], *, progress: bool) -> None:
    """Take away what the table speaks of, with all that is in it."""
    wanted = names_of(table.get("instances", {}))
    there = [one for one in client.instances(recursion=1) if one.name in wanted]
    with client.batch(progress=progress) as batch:
        for one in there:
            if one.status != "Stopped":
                batch.stop_instance(one.name, force=True)
        batch.wait()
        for one in there:
            batch.delete_instance(one.name)
    for name in set(client.profiles()).intersection(table.get("profiles", {})):
        client.delete_profile(name)
    print(f"{len(there)} removed")


def main() -> int:
    """Read the command line and the table, and do it."""
    parser = argparse.ArgumentParser(description="Make many instances at once.")
    parser.add_argument("table", type=Path, help="a TOML file, such as provision.toml")
    parser.add_argument("--quiet", action="store_true", help="draw no bar")
    parser.add_argument("--remove", action="store_true", help="take all of it away again")
    parser.add_argument("--server", metavar="URL", help="the local one if not given")
    options = parser.parse_args()
    work = remove if options.remove else provide
    try:
        table = tomllib.loads(options.table.read_text())
        check("profiles", table.get("profiles", {}), PROFILE)
        check("instances", table.get("instances", {}), INSTANCE)
        with hyperkit.Client(api_endpoint=options.server) as client:
            work(client, table, progress=not options.quiet)
    except ExceptionGroup as group:  # of a batch: all that failed
        for error in group.exceptions:
            print(f"provision: {error}", file=sys.stderr)
        return 1
    except (hyperkit.Error, ImportError, OSError, ValueError) as error:
        print(f"provision: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
