"""Relaying: websockets of two servers, joined in this program."""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from ._websocket import connect
from .errors import ConnectionFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._connection import Connection
    from ._websocket import Websocket


class Relay:
    """Joins the websockets of two operations that belong together.

    Every message goes on as it is, text as text: servers mark the end of a stream
    by an empty one.

    Args:
        source: client of the one server, and the UUID and secrets of its operation.
        target: those of the other.

    Raises:
        ConnectionFailed: a websocket could not be opened.
    """

    def __init__(
        self,
        source: tuple[Connection, str, Mapping[str, str]],
        target: tuple[Connection, str, Mapping[str, str]],
    ) -> None:
        self._threads: list[threading.Thread] = []
        here, operation, secrets = source
        there, other_operation, other_secrets = target
        # The control socket comes last: with it, the servers begin.
        names = sorted(set(secrets) & set(other_secrets), key=lambda name: name == "control")
        with ExitStack() as opened:
            pairs = [
                (
                    opened.enter_context(closing(connect(here, operation, secrets[name]))),
                    opened.enter_context(
                        closing(connect(there, other_operation, other_secrets[name]))
                    ),
                )
                for name in names
            ]
            self._open = opened.pop_all()
        for one, other in pairs:
            for source_socket, target_socket in ((one, other), (other, one)):
                thread = threading.Thread(
                    target=_pump, args=(source_socket, target_socket), daemon=True
                )
                thread.start()
                self._threads.append(thread)

    def close(self) -> None:
        """Close all websockets, and wait for the threads."""
        self._open.close()
        for thread in self._threads:
            thread.join(5)


def _pump(source: Websocket, target: Websocket) -> None:
    """Hand on every message, and the end in the way that it came.

    A server that drops a data socket after its last message means success; one that
    is told so by a closing message calls it a failure.
    """
    try:
        while True:
            target.send(source.receive())
    except (EOFError, ConnectionFailed):
        if source.close_code is None:
            target.drop()
        else:
            target.close(source.close_code)
