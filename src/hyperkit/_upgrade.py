"""Connections that stop speaking HTTP: what comes after ``101 Switching Protocols``."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from io import BufferedReader
from typing import TYPE_CHECKING, Any, Literal

from ._envelope import masked, read_envelope
from .errors import ConnectionFailed, InvalidResponse, RequestTimeout

if TYPE_CHECKING:
    import socket
    from http.client import HTTPResponse

    from ._connection import Connection

_SWITCHED = 101


def upgrade(client: Connection, path: str, protocol: str) -> socket.socket:
    """Ask the server to speak something else on a connection of its own.

    Args:
        client: of the server; its socket or TLS, its pin and its key are used.
        path: quoted, with its query.
        protocol: such as ``"sftp"``.

    Returns:
        The socket, after the server's answer.

    Raises:
        APIError: the server refuses.
        ConnectionFailed: it cannot be reached, or hung up.
    """
    headers = client._headers({"Connection": "Upgrade", "Upgrade": protocol})
    timeout = client._timeouts(None)[1]
    raw: Any = client._open_socket()
    what = f"GET {masked(path)}"
    try:
        raw.settimeout(timeout)
        connection = HTTPConnection("unix.socket")
        connection.sock = _Unhurried(raw)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        if answer.status != _SWITCHED:
            kind = answer.headers.get("Content-Type", "")
            _refused(answer.status, kind, _whole(answer), path)
        raw.settimeout(None)
    except TimeoutError as error:
        raw.close()
        message = f"{what} was not answered in time."
        raise RequestTimeout(message) from error
    except (OSError, HTTPException) as error:
        raw.close()
        message = f"{what}: the connection broke: {error}."
        raise ConnectionFailed(message) from error
    except BaseException:
        raw.close()
        raise
    opened: socket.socket = raw
    return opened


class _Unhurried:
    """A socket that is read no further than HTTP reads.

    What comes after the answer is the other protocol's: where the server speaks first,
    it may have come along with it.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self.sendall = connected.sendall

    def makefile(self, mode: Literal["rb"]) -> Any:
        return self._socket.makefile(mode, buffering=0)

    def close(self) -> None:
        """Leave that to whoever has opened it."""


def _whole(answer: HTTPResponse) -> bytes:
    """Read a refusal, which comes in pieces; nothing of it is lost by a buffer."""
    unbuffered: Any = answer.fp
    answer.fp = BufferedReader(unbuffered)
    return answer.read()


def _refused(status: int, kind: str, content: bytes, path: str) -> None:
    """Raise what an answer says that came in the place of another protocol."""
    read_envelope(status, kind, content, method="GET", url=path)
    message = f"GET {masked(path)} was answered, but the protocol was not switched."
    raise InvalidResponse(message)
