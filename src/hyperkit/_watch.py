"""Waiting for many operations at once, over one websocket."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ._request import uuid_of
from ._wait import SUCCESS, born_finished, result
from .errors import (
    APIError,
    ConnectionFailed,
    Error,
    NotFound,
    OperationError,
    OperationGone,
    OperationTimeout,
    RequestTimeout,
    ServerError,
)
from .types import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ._api.events import EventsMixin
    from ._events import Events

# Servers forget an operation five seconds after its end: so often, in seconds, they are
# asked what has become of all that no event has told of.
LOOK = 2.0


class Watch:
    """One wait for many operations.

    Args:
        client: of their server.
        operations: that are waited for.
        timeout: seconds; None for no limit.
        on_done: called with each operation that has ended.
    """

    def __init__(
        self,
        client: EventsMixin,
        operations: Iterable[Mapping[str, Any] | str],
        timeout: float | None,
        on_done: Callable[[Operation], object] | None,
    ) -> None:
        self._client = client
        self._deadline = math.inf if timeout is None else time.monotonic() + timeout
        self._timeout = timeout
        self._on_done = on_done
        self._keys: list[str] = []
        self._known: dict[str, Operation] = {}
        self._errors: dict[str, Exception] = {}
        self.pending: set[str] = set()
        for number, one in enumerate(operations):
            operation = one if isinstance(one, Operation) else None
            if operation is not None and born_finished(operation):
                key = f"finished-{number}"
                self._known[key] = operation
                self._done(operation)
            else:
                key = uuid_of(one)
                self._known[key] = operation or Operation(id=key)
                if operation is None or operation.get("class") != "token":
                    self.pending.add(key)
            self._keys.append(key)

    def run(self) -> list[Operation]:
        """Wait until all have ended.

        Raises:
            ExceptionGroup: of what became of those that did not succeed.
        """
        if self.pending:
            self._listen()
        for key in self.pending:
            reason = f"it has not ended within {self._timeout:g} seconds, and goes on."
            self._errors[key] = OperationTimeout(reason, self._known[key])
        if self._errors:
            message = f"{len(self._errors)} of {len(self._keys)} operations did not succeed"
            order = {key: None for key in self._keys if key in self._errors}
            raise ExceptionGroup(message, [self._errors[key] for key in order])
        return [self._known[key] for key in self._keys]

    def cancel(self) -> None:
        """Cancel those that go on, where they may be cancelled."""
        for key in self.pending:
            with suppress(Error):
                self._client.cancel_operation(key)

    def _listen(self) -> None:
        """Follow the events of operations; where that is not allowed, ask again and again."""
        events = self._client.events(types="operation")
        try:
            try:
                events.__enter__()
            except APIError:
                self._ask_again()
            else:
                self._follow(events)
        finally:
            events.close()

    def _follow(self, events: Events) -> None:
        looked = -math.inf
        while self.pending and time.monotonic() < self._deadline:
            if time.monotonic() - looked >= LOOK:
                self._look()
                looked = time.monotonic()
                continue
            until = min(looked + LOOK, self._deadline)
            event = events.next(max(0.0, until - time.monotonic()))
            if event is None:
                continue
            if event.type == "operation":
                self._take(Operation(event.metadata))
            else:
                looked = -math.inf  # a gap

    def _ask_again(self) -> None:
        while self.pending:
            self._look()
            left = self._deadline - time.monotonic()
            if left <= 0:
                return
            if self.pending:
                time.sleep(min(1.0, left))

    def _look(self) -> None:
        """Ask what has become of all of them."""
        try:
            found = {one["id"]: one for one in self._client.operations(recursion=1)}
            for key in list(self.pending):
                if key in found:
                    self._take(found[key])
                    continue
                try:
                    self._take(self._client.operation(key))
                except NotFound as error:
                    self._gone(key, error)
        except (ConnectionFailed, RequestTimeout, ServerError):
            # Away for a moment; the events bear with that, and tell when it is too long.
            return

    def _take(self, operation: Operation) -> None:
        """Note what has become of an operation, if it is one that is waited for."""
        key = operation.get("id", "")
        if key not in self.pending:
            return
        self._known[key] = operation
        if operation.get("status_code", 0) < SUCCESS:
            return
        self.pending.discard(key)
        try:
            result(operation)
        except OperationError as error:
            self._errors[key] = error
        self._done(operation)

    def _gone(self, key: str, error: NotFound) -> None:
        self.pending.discard(key)
        reason = "the server does not know it (any more), so its outcome is unknown."
        gone = OperationGone(reason, self._known[key])
        gone.__cause__ = error
        self._errors[key] = gone
        self._done(self._known[key])

    def _done(self, operation: Operation) -> None:
        if self._on_done is not None:
            self._on_done(operation)
