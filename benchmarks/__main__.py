"""Measure hyperkit beside its peers, on real servers, in one run.

    python -m benchmarks [FAMILY...] [--server lxd] [--server incus] [--rounds N]
    python -m benchmarks --smallest     on the embedded server: a minute, no root
    python -m benchmarks --page         only write the tables and plots anew

It brings up the servers of ``tests/lab`` (root, Debian), measures family by family, keeps
each at once in ``benchmarks/results.json``, and writes the tables and plots of
``docs/performance.md``, and the table of ``README.md``. A run of some families leaves the
others as they were. What fails is reported as failed, and the rest goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hyperkit

from . import page, results
from .family import FAMILIES, measure, works
from .results import ALONE, SERVERS
from .setting import Setting, embedded, lab, quiet, sweep
from .tables import show

if TYPE_CHECKING:
    from collections.abc import Sequence

# Seconds that a family gets.
PATIENCE = 600


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=", ".join(FAMILIES))
    parser.add_argument("--server", action="append", choices=SERVERS, help="both, if not given")
    parser.add_argument("--rounds", type=int, metavar="N", help="no more than these")
    parser.add_argument("--smallest", action="store_true", help="keep and write nothing")
    parser.add_argument("--page", action="store_true", help="measure nothing")
    options = parser.parse_args()
    if unknown := set(options.families) - set(FAMILIES):
        parser.error(f"there is no family {sorted(unknown)}: {', '.join(FAMILIES)}")
    return options


def main() -> int:
    """Measure and write; 1 if something has failed."""
    options = arguments()
    quiet()
    # Whoever ends this ends what it has started, and finds the page as far as it came.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.page:
        page.write(results.load())
        return 0
    families: Sequence[str] = options.families or FAMILIES
    if options.smallest:
        return smallest(families)
    begin = time.monotonic()
    failed = 0
    try:
        for number, kind in enumerate(options.server or SERVERS):
            try:
                with lab(kind) as description:
                    if not number:
                        failed += measure_all(families, ALONE, description, options.rounds)
                    failed += measure_all(families, kind, description, options.rounds)
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"{kind}: {error}", file=sys.stderr)
                failed += 1
    finally:
        page.write(results.load())
    print(f"{time.monotonic() - begin:.0f} s in all, {failed} failed")
    return 1 if failed else 0


def measure_all(
    families: Sequence[str], where: str, description: dict[str, Any], rounds: int | None
) -> int:
    """Measure families on a server; tell how many rows have failed."""
    failed = 0
    with tempfile.TemporaryDirectory(prefix="hk-bench-") as folder:
        described, output = Path(folder, "lab.json"), Path(folder, "rows")
        described.write_text(json.dumps(description))
        for name in families:
            if not works(name, alone=where == ALONE):
                continue
            words = [sys.executable, "-m", "benchmarks.family", name, described, output]
            words += ["--alone"] if where == ALONE else []
            words += ["--rounds", str(rounds)] if rounds else []
            begin = time.monotonic()
            fault = run(words)
            if fault:
                clean(description["socket"])
            lines = output.read_text().splitlines() if output.exists() else []
            output.unlink(missing_ok=True)
            found: dict[str, Any] = {
                "when": datetime.now(UTC).isoformat(timespec="seconds"),
                "seconds": round(time.monotonic() - begin, 1),
                "version": description["version"] if where != ALONE else "",
                "failed": fault,
                "rows": [json.loads(line) for line in lines],
            }
            results.keep(where, name, found)
            faults = [fault, *[row["failed"] for row in found["rows"]]]
            failed += sum(bool(one) for one in faults)
            print(f"{where} {name}, {found['seconds']} s: {'; '.join(filter(None, faults))}")
            for row in found["rows"]:
                show(row)
    return failed


def clean(socket: str) -> None:
    """Remove what a family that was ended has left on the server."""
    with (
        contextlib.suppress(hyperkit.Error, ExceptionGroup),
        hyperkit.Client(api_endpoint=socket) as client,
    ):
        sweep(client)


def run(words: list[Any]) -> str:
    """Run a family; say what went wrong with it as a whole."""
    # A group of its own: whatever it has started ends with it.
    process = subprocess.Popen(words, start_new_session=True)
    fault = f"it took more than {PATIENCE} seconds"
    try:
        code = process.wait(PATIENCE)
        fault = f"it ended with {code}" if code else ""
    except subprocess.TimeoutExpired:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return fault


def smallest(families: Sequence[str]) -> int:
    """Run everything once, small, on the embedded server; nothing is kept."""
    failed = 0
    for name in families:
        with embedded() as description:
            setting = Setting(description, full=False)
            for alone in (True, False):
                for row in measure(name, setting, alone=alone):
                    show(row.plain())
                    failed += bool(row.failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
