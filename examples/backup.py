"""Save instances to files, see that the files are whole, and keep the last few of each.

    python examples/backup.py /srv/backups --keep 7
    python examples/backup.py /srv/backups web db --instance-only

A file is streamed from the server in pieces, under a name that begins with a dot, and
read to its end: gzip's checksums must be right, and a backup must be in it. Only then it
becomes ``web-20260131T235959Z.tar.gz``, and only then older ones are deleted. To have one
back: ``hyperkit.import_instance("/srv/backups/web-20260131T235959Z.tar.gz", name="web-2")``.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import sys
import tarfile
import zlib
from datetime import UTC, datetime
from pathlib import Path

import hyperkit

INDEX = "backup/index.yaml"
BLOCK = 1 << 20
# What Python says of a file that is not whole.
BROKEN = (EOFError, gzip.BadGzipFile, tarfile.TarError, zlib.error)


def verify(path: Path) -> int:
    """Read a backup to its end, and count what is in it."""
    with gzip.open(path) as stream:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            names = archive.getnames()
        while stream.read(BLOCK):  # what comes after it: the last checksum
            pass
    if INDEX not in names:
        message = f"there is no {INDEX} in it"
        raise tarfile.TarError(message)
    return len(names)


def save(client: hyperkit.Client, name: str, folder: Path, *, instance_only: bool) -> None:
    """Save an instance to a file, which gets its name when it is known to be whole."""
    final = folder / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz"
    part = final.with_name(f".{final.name}")
    try:
        client.export_instance(
            name, part, compression_algorithm="gzip", instance_only=instance_only
        )
        entries = verify(part)
        part.rename(final)
    finally:
        part.unlink(missing_ok=True)
    print(f"{final}: {final.stat().st_size} bytes, {entries} entries")


def prune(name: str, folder: Path, keep: int) -> None:
    """Delete all backups of an instance but the last few."""
    ours = re.compile(re.escape(name) + r"-\d{8}T\d{6}Z\.tar\.gz")
    for old in sorted(one for one in folder.iterdir() if ours.fullmatch(one.name))[:-keep]:
        old.unlink()
        print(f"{old}: deleted")


def main() -> int:
    """Read the command line, and save one instance after the other."""
    parser = argparse.ArgumentParser(description="Save instances to files.")
    parser.add_argument("folder", type=Path, help="where the files go")
    parser.add_argument("instances", nargs="*", help="their names; all if not given")
    parser.add_argument("--instance-only", action="store_true", help="without snapshots")
    parser.add_argument("--keep", type=int, default=7, help="how many of each instance")
    parser.add_argument("--server", metavar="URL", help="the local one if not given")
    options = parser.parse_args()
    if options.keep < 1:
        parser.error("--keep must be 1 or more")
    os.umask(0o077)  # a backup holds every secret of its instance
    failed = 0
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        with hyperkit.Client(api_endpoint=options.server) as client:
            for name in options.instances or client.instances():
                try:
                    save(client, name, options.folder, instance_only=options.instance_only)
                    prune(name, options.folder, options.keep)
                except (hyperkit.Error, *BROKEN) as error:
                    failed += 1  # the others are still saved
                    print(f"backup: {name}: {error}", file=sys.stderr)
    except (hyperkit.Error, OSError) as error:
        print(f"backup: {error}", file=sys.stderr)
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
