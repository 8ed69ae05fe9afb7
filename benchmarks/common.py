"""What the benchmarks share: the server to measure on, turns, and plain sockets."""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LAB = Path(__file__).parent.parent / "tests" / "lab"


def arguments(doc: str | None) -> argparse.ArgumentParser:
    """Begin a command line; every benchmark takes ``--lab`` and ``--rounds``."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--lab", type=Path, metavar="FILE", help="what tests/lab printed")
    parser.add_argument("--rounds", type=int)
    return parser


def lab_of(options: argparse.Namespace) -> dict[str, Any]:
    """Read the description of the server, or bring up an LXD."""
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        os.environ.pop(variable, None)  # the peers let them overrule a pinned certificate
    if options.lab:
        text = options.lab.read_text()
    else:
        up = [sys.executable, str(LAB), "up", "lxd"]
        text = subprocess.run(up, check=True, capture_output=True, text=True).stdout
    description: dict[str, Any] = json.loads(text)
    return description


def unix_socket(path: str) -> socket.socket:
    """Open a unix socket."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return connection


def take_turns(
    calls: dict[str, Callable[[], object]], rounds: int, warm_up: int = 0
) -> dict[str, float]:
    """Call each in every round, and give the medians in seconds."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + warm_up):
        for name, call in calls.items():
            begin = time.perf_counter()
            call()
            if number >= warm_up:
                times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(series) for name, series in times.items()}
