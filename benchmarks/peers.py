"""The others: plain sockets, requests on a unix socket, pylxd, the servers' own command."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING, Any

from requests import Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection

from .rows import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .setting import Setting

CHUNK = 1 << 18
BASE = "http://unix.socket"


def unix_socket(path: str) -> socket.socket:
    """Open a unix socket."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return connection


def tls_context(setting: Setting) -> ssl.SSLContext:
    """Read the certificates and the key."""
    context = ssl.create_default_context(cafile=setting.lab["server_certificate"])
    context.load_cert_chain(setting.lab["client_certificate"], setting.lab["client_key"])
    return context


def tls_address(setting: Setting) -> tuple[str, int]:
    """Tell where the server listens."""
    return "127.0.0.1", int(setting.lab["https_url"].rpartition(":")[2])


class Raw:
    """A socket with nothing in between.

    It is opened by the first question: LXD 5.0 serves nobody else while an open connection
    to its unix socket is silent.

    Args:
        connect: opens it.
    """

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self.connect = connect
        self.socket: socket.socket | None = None

    def get(self, path: str) -> Any:
        """GET a JSON document whose length the server tells, or that ends a line."""
        if self.socket is None:
            self.socket = self.connect()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: unix.socket\r\n\r\n".encode())
        answer = bytearray()
        while b"\r\n\r\n" not in answer:
            answer += self.receive()
        head, _, body = bytes(answer).partition(b"\r\n\r\n")
        name, _, rest = head.lower().partition(b"\r\ncontent-length:")
        if name == head.lower():
            return json.loads(self._chunks(body))
        size, parts, count = int(rest.split(b"\r", 1)[0]), [body], len(body)
        while count < size:
            parts.append(self.receive())
            count += len(parts[-1])
        return json.loads(b"".join(parts))

    def receive(self) -> bytes:
        """Read some."""
        data = self.socket.recv(CHUNK) if self.socket else b""
        if not data:
            message = "the server hung up"
            raise ConnectionError(message)
        return data

    def _chunks(self, body: bytes) -> bytes:
        """Read a body whose length nobody knew: chunks."""
        rest, whole = bytearray(body), bytearray()
        while True:
            while b"\r\n" not in rest:
                rest += self.receive()
            line, _, rest = rest.partition(b"\r\n")
            size = int(line, 16)
            while len(rest) < size + 2:
                rest += self.receive()
            if not size:
                return bytes(whole)
            whole += rest[:size]
            del rest[: size + 2]

    def close(self) -> None:
        """Close it."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None


class UnixHTTPConnection(http.client.HTTPConnection):
    """The standard library over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("unix.socket")
        self.path = path

    def connect(self) -> None:
        """Connect to the path."""
        self.sock = unix_socket(self.path)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request, and give the metadata of its answer."""
        self.request(method, path, None if body is None else json.dumps(body))
        answer = json.loads(self.getresponse().read())
        if answer["type"] == "error":
            raise OSError(answer["error"])
        return answer["metadata"]


class PlainUnixAdapter(HTTPAdapter):
    """What anybody would write to reach a unix socket by requests."""

    def __init__(self, path: str) -> None:
        super().__init__()

        class Connection(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return unix_socket(path)

        self.pool = HTTPConnectionPool("unix.socket", maxsize=10)
        self.pool.ConnectionCls = Connection

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        """Use the one pool."""
        return self.pool


def unix_session(path: str) -> Session:
    """Make a session of requests that reaches a unix socket."""
    session = Session()
    session.mount(BASE, PlainUnixAdapter(path))
    return session


def pylxd_client(path: str) -> Any:
    """Connect pylxd to a unix socket."""
    return pylxd(endpoint="http+unix://" + path.replace("/", "%2F"))


def pylxd(**options: Any) -> Any:
    """Make a client of pylxd, if that is installed."""
    try:
        from pylxd import Client
    except ImportError as error:
        message = "pylxd is not installed"
        raise Missing(message) from error
    return Client(**options)


def offered(
    missing: dict[str, str], peers: Mapping[str, Callable[[], Callable[..., object]]]
) -> dict[str, Callable[..., object]]:
    """Prepare the peers that are here.

    Args:
        missing: gets the reason why a peer is not.
        peers: each makes what is called in every round.
    """
    from .rows import reason

    calls: dict[str, Callable[..., object]] = {}
    for name, prepare in peers.items():
        try:
            calls[name] = prepare()
        except Exception as error:
            missing[name] = reason(error)
    return calls


def cli(setting: Setting, *words: str, at: str | None = None) -> int:
    """Run the server's own command; tell how many bytes it wrote.

    Args:
        setting: says which it is.
        words: its arguments.
        at: another socket than the server's.
    """
    with subprocess.Popen(
        command(setting, *words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(setting, at),
    ) as process:
        count = 0
        while process.stdout and (block := process.stdout.read1(CHUNK)):  # type: ignore[attr-defined]
            count += len(block)
        said = process.stderr.read().decode() if process.stderr else ""
    if process.returncode:
        message = f"{words} ended with {process.returncode}: {said}"
        raise OSError(message)
    return count


def command(setting: Setting, *words: str) -> list[str]:
    """Write a call of the server's own command, if it is installed."""
    if setting.lab["client"] is None:
        message = "the embedded server has no command of its own"
        raise Missing(message)
    return [setting.lab["client"], *words]


def environment(setting: Setting, at: str | None = None) -> dict[str, str]:
    """Tell the server's own command where its server is."""
    given: dict[str, str] = os.environ | setting.lab["client_environment"]
    if at is not None:
        given |= {"LXD_SOCKET": at, "INCUS_SOCKET": at}
    return given
