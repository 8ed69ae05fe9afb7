"""Make many instances at once, as a table says: profiles first, then what is missing.

    python examples/provision.py examples/provision.toml
    python examples/provision.py examples/provision.toml --remove

It can be run again and again: profiles become what the table says, instances that are
there already stay as they are, and those that do not run are started. The bar needs the extra
``pyhyperkit[tqdm]``; ``--quiet`` does without.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

import hyperkit

KEYS = {
    "profiles": {"config", "description", "devices"},
    "instances": {"config", "count", "description", "devices", "image", "profiles", "type"},
}


def read(path: Path) -> dict[str, Any]:
    """Read the table, and refuse what means nothing: it would be left out without a word."""
    table: dict[str, Any] = tomllib.loads(path.read_text())
    parts: list[tuple[str, Any, set[str]]] = [("the file", table, {"image", *KEYS})]
    for kind, keys in KEYS.items():
        for name, entry in dict(table.setdefault(kind, {})).items():
            parts.append((f"[{kind}.{name}]", entry, keys))
    for where, part, keys in parts:
        if not hasattr(part, "keys") or not isinstance(part.get("count", 0), int):
            message = f"{where} has to be a table, its count a number."
            raise TypeError(message)
        for key in part.keys() - keys:
            message = f"{where} has the unknown key {key!r}: use {', '.join(sorted(keys))}."
            raise ValueError(message)
    return table


def names_of(instances: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Find the entry of each instance: with ``count = 3``, web is web-1, web-2 and web-3."""
    wanted: dict[str, dict[str, Any]] = {}
    for name, entry in instances.items():
        numbered = [f"{name}-{number + 1}" for number in range(entry.get("count", 0))]
        wanted |= dict.fromkeys(numbered if "count" in entry else [name], entry)
    return wanted


def provide(client: hyperkit.Client, table: dict[str, Any], *, progress: bool) -> None:
    """Make what is missing, and start what does not run."""
    profiles = set(client.profiles())
    for name, entry in table["profiles"].items():
        if name in profiles:
            client.update_profile(name, **entry)
        else:
            client.create_profile(name, **entry)
    wanted = names_of(table["instances"])
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
    wanted = names_of(table["instances"])
    there = [one for one in client.instances(recursion=1) if one.name in wanted]
    with client.batch(progress=progress) as batch:
        for one in there:
            if one.status != "Stopped":
                batch.stop_instance(one.name, force=True)
        batch.wait()
        for one in there:
            batch.delete_instance(one.name)
    for name in set(client.profiles()).intersection(table["profiles"]):
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
        table = read(options.table)
        with hyperkit.Client(api_endpoint=options.server) as client:
            work(client, table, progress=not options.quiet)
    except hyperkit.ErrorGroup as group:  # of a batch: all that failed
        for error in group.exceptions:
            print(f"provision: {error}", file=sys.stderr)
        return 1
    except (hyperkit.Error, ImportError, OSError, TypeError, ValueError) as error:
        print(f"provision: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
