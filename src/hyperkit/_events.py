"""The stream of events: listening, and coming back after the connection was lost."""

from __future__ import annotations

import math
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ._resource import Resource, decode
from ._shape import shaped
from ._wait import AWAY
from ._websocket import Websocket
from .errors import ConnectionFailed, InvalidResponse, RequestTimeout, ServerError, TLSError
from .types import Event

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from ._connection import Connection

# Seconds between two attempts to come back: the first, and the longest.
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
GAP = "gap"


class Events:
    """What happens on the server, as it happens: an iterator of `Event`.

    It is a context manager: from the moment that the block is entered, nothing is
    missed. Events that nobody takes wait on the server; one that holds too many of them
    closes the connection, which is a gap as any other.

    Args:
        client: of the server.
        query: parameters of ``GET /1.0/events``.
        timeout: seconds to wait for the next event.
        reconnect: True comes back after the connection was lost.
    """

    def __init__(
        self,
        client: Connection,
        query: Mapping[str, str],
        timeout: float | None,
        *,
        reconnect: bool,
    ) -> None:
        self._client = client
        self._query = query
        self._timeout = timeout
        self._reconnect = reconnect
        self._closed = threading.Event()
        self._websocket: Websocket | None = None

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Listen no more."""
        self.close()

    def __iter__(self) -> Self:
        """Iterate over the events."""
        return self

    def __next__(self) -> Event:
        """Wait for the next event.

        Raises:
            StopIteration: none has come for ``timeout`` seconds, or this was closed.
            ConnectionFailed: the connection broke, and ``reconnect`` is false; or the
                server has been away for a minute.
        """
        event = self.next(self._timeout)
        if event is None:
            raise StopIteration
        return event

    def next(self, timeout: float | None = None) -> Event | None:
        """Wait for the next event.

        Args:
            timeout: seconds; None for no limit.

        Returns:
            The event; None if none has come in time, or this was closed.

        Raises:
            ConnectionFailed: the connection broke, and ``reconnect`` is false; or the
                server has been away for a minute.
        """
        if self._closed.is_set():
            return None
        websocket = self._listen()
        try:
            message = self._receive(websocket, timeout)
            return None if message is None else _event(message)
        except (EOFError, ConnectionFailed) as lost:
            if self._closed.is_set():
                return None
            if not self._reconnect:
                message = "The connection that events come by is lost."
                raise ConnectionFailed(message) from lost
            return self._come_back(lost)

    def close(self) -> None:
        """Listen no more; any thread may call this, and ends the iteration by it."""
        self._closed.set()
        websocket, self._websocket = self._websocket, None
        if websocket is not None:
            websocket.drop()

    def _listen(self) -> Websocket:
        """Connect, if that has not happened."""
        websocket = self._websocket
        if websocket is None:
            websocket = self._websocket = Websocket(self._client, "/1.0/events", self._query)
            if self._closed.is_set():
                self.close()
        return websocket

    def _receive(self, websocket: Websocket, timeout: float | None) -> str | bytes | None:
        """Wait for a message, and see to it that there is somebody who could send one.

        Args:
            websocket: what it comes by.
            timeout: seconds; None for no limit.

        Returns:
            The message; None if none has come in time.

        Raises:
            ConnectionFailed: the server was asked whether it is there, and did not answer
                within the client's own ``timeout``.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        patience = self._client._timeouts(None)[1]
        while True:
            left = deadline - time.monotonic()
            slice_ = left if patience is None else min(left, patience)
            try:
                return websocket.receive(None if slice_ == math.inf else max(0.0, slice_))
            except TimeoutError:
                if patience is not None:
                    websocket.check(patience)
                if slice_ == left:
                    return None

    def _come_back(self, lost: Exception) -> Event | None:
        """Connect again, and say that something may have been missed."""
        reason = str(lost) or "the server closed the connection"
        if self._websocket is not None:
            self._websocket.drop()
            self._websocket = None
        pause, begun = FIRST_PAUSE, time.monotonic()
        while not self._closed.wait(pause):
            try:
                self._listen()
            except TLSError:
                raise
            except (ConnectionFailed, RequestTimeout, ServerError):
                if time.monotonic() - begun > AWAY:
                    raise
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                now = datetime.now(UTC).isoformat()
                return Event(type=GAP, timestamp=now, metadata=Resource(reason=reason))
        return None


def _event(text: str | bytes) -> Event:
    """Read a message.

    Raises:
        InvalidResponse: it is no event.
    """
    try:
        found = decode(text)
    except ValueError:
        found = None
    if not isinstance(found, Resource) or not isinstance(found.get("type"), str):
        message = "The server sent something that is no event."
        raise InvalidResponse(message)
    return shaped(found, Event)
