"""Websockets of operations: the same socket, the same trust as for requests."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from .errors import ConnectionFailed, Error

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

    from ._connection import Connection


def connect(client: Connection, operation: str, secret: str) -> ClientConnection:
    """Connect to ``GET /1.0/operations/<uuid>/websocket``.

    Args:
        client: of the server; its socket or TLS, its pin and its key are used.
        operation: UUID.
        secret: of this websocket, from the operation's metadata.

    Raises:
        ConnectionFailed: the server cannot be reached, or refuses.
        UntrustedServer: its certificate is not the expected one.
    """
    # Slow to import, and few programs need it.
    from websockets.exceptions import WebSocketException  # noqa: PLC0415
    from websockets.sync.client import connect as upgrade  # noqa: PLC0415

    path = f"/1.0/operations/{quote(operation, safe='')}/websocket"
    raw = client._open_socket()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    headers = client._headers(None)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    try:
        # ws, not wss: the socket speaks TLS already, so that trust is checked in one place.
        return upgrade(
            f"ws://unix.socket{path}?secret={quote(secret, safe='')}",
            sock=raw,
            additional_headers=headers,
            user_agent_header=None,
            compression=None,
            max_size=None,
            proxy=None,
        )
    except Error:
        raise
    except (OSError, WebSocketException) as error:
        raw.close()
        message = f"No websocket to {path} could be opened: {error}."
        raise ConnectionFailed(message) from error
