"""One warm GET, by a raw socket, http.client, requests, pylxd and hyperkit, in turns.

    python benchmarks/roundtrip.py [--lab FILE] [--rounds N]

FILE is what ``python tests/lab up lxd`` prints; without it, that server is brought
up. Medians in microseconds, and the time above the raw socket's as a ratio to
that of requests. What is measured is the whole way to a decoded answer.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import statistics
import subprocess
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

import requests
from common import arguments, lab_of, take_turns, unix_socket
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection

import hyperkit

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/1.0/profiles"


def raw(connect: Callable[[], socket.socket]) -> Callable[[], object]:
    """Ask over a socket with nothing in between.

    It is opened by the first question: LXD 5.0 serves nobody else while an open
    connection to its unix socket is silent.
    """
    connections: list[socket.socket] = []
    question = f"GET {PATH} HTTP/1.1\r\nHost: unix.socket\r\n\r\n".encode()

    def call() -> object:
        if not connections:
            connections.append(connect())
        [connection] = connections
        connection.sendall(question)
        answer = b""
        while not answer.endswith(b"}\n"):
            answer += connection.recv(65536)
        return json.loads(answer.partition(b"\r\n\r\n")[2])

    return call


def by_http_client(connection: http.client.HTTPConnection) -> Callable[[], object]:
    """Ask with the standard library."""

    def call() -> object:
        connection.request("GET", PATH)
        return json.loads(connection.getresponse().read())

    return call


class UnixHTTPConnection(http.client.HTTPConnection):
    """The standard library over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("unix.socket")
        self.path = path

    def connect(self) -> None:
        """Connect to the path."""
        self.sock = unix_socket(self.path)


class PlainUnixAdapter(HTTPAdapter):
    """What anybody would write to reach a unix socket by requests."""

    def __init__(self, path: str) -> None:
        super().__init__()

        class Connection(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return unix_socket(path)

        self.pool = HTTPConnectionPool("unix.socket")
        self.pool.ConnectionCls = Connection

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        """Use the one pool."""
        return self.pool


def over_socket(lab: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """Make the competitors on the unix socket."""
    session = requests.Session()
    session.mount("http://unix.socket", PlainUnixAdapter(lab["socket"]))
    client = hyperkit.Client(api_endpoint=lab["socket"])
    calls = {
        "raw socket": raw(lambda: unix_socket(lab["socket"])),
        "http.client": by_http_client(UnixHTTPConnection(lab["socket"])),
        "requests": lambda: session.get(f"http://unix.socket{PATH}").json(),
        "hyperkit": lambda: client.get(PATH),
    }
    return calls | peer(endpoint="http+unix://" + lab["socket"].replace("/", "%2F"))


def over_tls(lab: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """Make the competitors over HTTPS."""
    context = ssl.create_default_context(cafile=lab["server_certificate"])
    context.load_cert_chain(lab["client_certificate"], lab["client_key"])
    host, port = "127.0.0.1", int(lab["https_url"].rpartition(":")[2])

    def connect() -> socket.socket:
        plain = socket.create_connection((host, port))
        return context.wrap_socket(plain, server_hostname=host)

    session = requests.Session()
    session.verify = lab["server_certificate"]
    session.cert = (lab["client_certificate"], lab["client_key"])
    client = hyperkit.Client(
        api_endpoint=lab["https_url"],
        client_cert=lab["client_certificate"],
        client_key=lab["client_key"],
        server_cert=lab["server_certificate"],
    )
    calls = {
        "raw socket": raw(connect),
        "http.client": by_http_client(http.client.HTTPSConnection(host, port, context=context)),
        "requests": lambda: session.get(lab["https_url"] + PATH).json(),
        "hyperkit": lambda: client.get(PATH),
    }
    return calls | peer(endpoint=lab["https_url"], verify=session.verify, cert=session.cert)


def peer(**options: Any) -> dict[str, Callable[[], object]]:
    """Make pylxd's, if it is installed."""
    try:
        from pylxd import Client
    except ImportError:
        return {}
    try:
        client = Client(**options)
    except Exception as error:
        print(f"pylxd is left out: {error!r}")
        return {}
    return {"pylxd": lambda: client.api.profiles.get().json()}


def measure_import(rounds: int) -> tuple[float, float]:
    """Import requests and hyperkit in fresh interpreters, in turns; milliseconds."""
    times: dict[str, list[float]] = {"requests": [], "hyperkit": []}
    environment = dict(os.environ)
    # Installed packages are compiled; so are those measured here.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    for _ in range(rounds):
        for name, series in times.items():
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", f"import {name}"], check=True, env=environment)
            series.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times["requests"]), statistics.median(times["hyperkit"])


def report(title: str, medians: dict[str, float]) -> None:
    """Print medians and ratios."""
    print(f"\n{title}: GET {PATH}")
    floor = medians["raw socket"]
    above = medians["requests"] - floor
    for name, median in medians.items():
        ratio = (median - floor) / above
        print(
            f"  {name:12} {median * 1e6:8.0f} us   above the raw socket: {ratio:5.2f} x requests"
        )


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__).parse_args()
    rounds = options.rounds or 500
    warnings.simplefilter("ignore")
    lab = lab_of(options)
    report("unix socket", take_turns(over_socket(lab), rounds, warm_up=20))
    report("TLS", take_turns(over_tls(lab), rounds, warm_up=20))
    alone, ours = measure_import(15)
    print(f"\nimport requests {alone:.0f} ms, import hyperkit {ours:.0f} ms: {ours / alone:.2f} x")


if __name__ == "__main__":
    main()
