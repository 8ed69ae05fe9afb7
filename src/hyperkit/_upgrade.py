"""Connections that stop speaking HTTP: what comes after ``101 Switching Protocols``."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse
from io import BufferedReader
from typing import TYPE_CHECKING, Any

from ._envelope import masked, read_envelope
from ._link import MAX_ANSWER
from ._log import noted
from ._transport import Patient
from .errors import ConnectionFailed, InvalidResponse, RequestTimeout

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from ._connection import Connection

_SWITCHED = 101


class _Answer(HTTPResponse):
    """An answer whose head is read to its end and no further; it has to come at a pace.

    What comes behind it belongs to the other protocol, in which the server may be the
    first to speak.
    """

    def __init__(self, sock: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp: Any = Patient(sock.makefile("rb", buffering=0), sock.gettimeout())

    def content(self) -> bytes:
        """Read the body of an answer that has not switched."""
        self.fp = BufferedReader(self.fp)
        return self.read(MAX_ANSWER)


def upgrade(
    client: Connection,
    path: str,
    protocol: str,
    *,
    body: Mapping[str, Any] | None = None,
    method: str = "GET",
    query: Mapping[str, Any] | None = None,
) -> socket.socket:
    """Ask the server to speak something else on a connection of its own.

    Args:
        client: of the server; its socket or TLS, its pin and its key are used.
        path: quoted.
        protocol: such as ``"sftp"``.
        body: sent as JSON, if there is one.
        method: ``"GET"`` or ``"POST"``.
        query: parameters; the client's own project and target are added.

    Returns:
        The socket, after the server's answer.

    Raises:
        APIError: the server refuses.
        ConnectionFailed: it cannot be reached, or hung up.
    """
    path += client._query(path, query, client._connected())
    wanted = {"Connection": "Upgrade", "Upgrade": protocol}
    content = None if body is None else json.dumps(body).encode()
    if content is not None:
        wanted["Content-Type"] = "application/json"
    headers = client._headers(wanted)
    timeout = client._timeouts(None)[1]
    raw: Any = client._open_socket()
    begun = time.monotonic()
    what = f"{method} {masked(path)}"
    try:
        raw.settimeout(timeout)
        connection = HTTPConnection("unix.socket")
        connection.response_class = _Answer
        connection.sock = raw
        connection.request(method, path, body=content, headers=headers)
        answer: Any = connection.getresponse()
        noted(method, path, answer.status, begun)
        if answer.status != _SWITCHED:
            kind = answer.headers.get("Content-Type", "")
            _refused(answer.status, kind, answer.content(), method, path)
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


def _refused(status: int, kind: str, content: bytes, method: str, path: str) -> None:
    """Raise what an answer says that came in the place of another protocol."""
    read_envelope(status, kind, content, method=method, url=path)
    message = f"{method} {masked(path)} was answered, but the protocol was not switched."
    raise InvalidResponse(message)
