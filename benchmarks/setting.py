"""Where a benchmark runs: a server of the lab, or the embedded one; and how large it is."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import hyperkit

if TYPE_CHECKING:
    from collections.abc import Generator

LAB = Path(__file__).parent.parent / "tests" / "lab"
# What everything that a benchmark makes on a server is called by.
NAME = "hk-bench"
# Where files lie that only the work itself should be slow at.
MEMORY = Path("/dev/shm")
# What would overrule the certificates that the peers are told.
OVERRULING = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy")

Value = TypeVar("Value")


@dataclass(frozen=True)
class Setting:
    """A server, as ``tests/lab`` describes it, and the size of the work.

    Attributes:
        lab: the description: ``socket``, ``https_url``, ``client`` and so on; ``client`` is
            None where there is no such command.
        full: False is the smallest size at which the same things happen.
        rounds: how many, in the place of each benchmark's own number.
    """

    lab: dict[str, Any]
    full: bool = True
    rounds: int | None = None

    @property
    def socket(self) -> str:
        """The path of the server's socket."""
        path: str = self.lab["socket"]
        return path

    def pick(self, full: Value, smallest: Value) -> Value:
        """Choose by the size."""
        return full if self.full else smallest

    def turns(self, full: int, smallest: int = 1) -> int:
        """Choose the number of rounds."""
        return min(self.rounds or full, full) if self.full else smallest

    def client(self, **options: Any) -> hyperkit.Client:
        """Make a client on the unix socket."""
        return hyperkit.Client(**({"api_endpoint": self.socket} | options))

    @contextlib.contextmanager
    def container(self, *, start: bool = True) -> Generator[hyperkit.Client]:
        """Make a container for the time of a block."""
        with self.client() as client:
            sweep(client)
            client.create_container(NAME, alias=self.lab["image_alias"])
            try:
                if start:
                    client.start_container(NAME)
                yield client
            finally:
                sweep(client)


def sweep(client: hyperkit.Client) -> None:
    """Remove what a benchmark has made, or left."""
    names = [name for name in client.instances() if name.startswith(NAME)]
    with contextlib.suppress(ExceptionGroup), client.batch() as batch:
        for name in names:
            batch.stop_container(name, force=True)
    with client.batch() as batch:
        for name in names:
            batch.delete_container(name)


@contextlib.contextmanager
def scratch() -> Generator[Path]:
    """Make a folder, in memory if there is room."""
    place = None
    with contextlib.suppress(OSError):
        found = os.statvfs(MEMORY)
        place = MEMORY if found.f_bavail * found.f_frsize > 6 << 30 else None
    with tempfile.TemporaryDirectory(prefix="hk-bench-", dir=place) as folder:
        yield Path(folder)


def quiet() -> None:
    """Keep the environment, and the peers, from having their say."""
    for variable in OVERRULING:
        os.environ.pop(variable, None)
    os.environ["PYLXD_WARNINGS"] = "none"


@contextlib.contextmanager
def lab(kind: str) -> Generator[dict[str, Any]]:
    """Bring up a server; it is taken down at the end, unless it ran already."""
    run = [sys.executable, str(LAB)]
    before = subprocess.run([*run, "list"], check=True, capture_output=True, text=True).stdout
    up = subprocess.run([*run, "up", kind], check=True, stdout=subprocess.PIPE, text=True).stdout
    description: dict[str, Any] = json.loads(up)
    try:
        yield description
    finally:
        if description["name"] not in before.split():
            subprocess.run([*run, "down", description["name"]], check=False)


@contextlib.contextmanager
def embedded(flavour: str = "lxd-5.0", **options: Any) -> Generator[dict[str, Any]]:
    """Start the embedded server, and describe it as the lab does."""
    from hyperkit.testing import Server

    with (
        tempfile.TemporaryDirectory(prefix="hk-bench-") as folder,
        Server(flavour, tls=True, **options) as server,
    ):
        client = server.client()
        files = {
            "server_certificate": client.server_cert,
            "client_certificate": client.client_cert,
            "client_key": client.client_key,
        }
        for name, text in files.items():
            Path(folder, name).write_text(text or "")
        yield {
            "server": server.flavour.partition("-")[0],
            "version": "embedded",
            "socket": server.socket,
            "https_url": server.url,
            "image_alias": "busybox",
            "client": None,
            "client_environment": {},
            **{name: str(Path(folder, name)) for name in files},
        }
