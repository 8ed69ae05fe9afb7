"""Watching many operations at once, over one websocket."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ._request import uuid_of
from ._shape import shaped
from ._wait import SUCCESS, born_finished, result
from .errors import (
    APIError,
    ConnectionFailed,
    Error,
    ErrorGroup,
    NotFound,
    OperationError,
    OperationGone,
    OperationTimeout,
    RequestTimeout,
    ServerError,
)
from .types import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from ._api.events import EventsMixin

# Servers forget an operation five seconds after its end: so often, in seconds, they are
# asked what has become of all that no event has told of.
LOOK = 2.0
# The same, where events may not be listened to.
OFTEN = 1.0
# How many operations that nobody has asked for yet are remembered.
_REMEMBERED = 10_000
# Seconds that the thread gets to end.
_SOON = 5.0


class Watch:
    """Learns in the background what becomes of operations, from their first moment.

    A context manager: it listens until the end of the block.

    Args:
        client: of their server.
    """

    def __init__(self, client: EventsMixin) -> None:
        self._client = client
        self._events = client.events(types="operation")
        self._listening = True
        self._closed = threading.Event()
        self._changed = threading.Condition()
        self._known: dict[str, Operation] = {}
        self._pending: set[str] = set()
        self._errors: dict[str, Exception] = {}
        self._recent: OrderedDict[str, Operation] = OrderedDict()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="hyperkit-watch")

    def __enter__(self) -> Self:
        """Begin to listen."""
        try:
            self._events.__enter__()
        except APIError:  # this client may not listen
            self._listening = False
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Listen no more."""
        self._closed.set()
        self._events.close()
        self._thread.join(_SOON)

    @property
    def listens(self) -> bool:
        """Whether the block has begun, and is not over."""
        return self._thread.ident is not None and not self._closed.is_set()

    @property
    def idle(self) -> bool:
        """Whether nothing is waited for."""
        return not self._pending

    def add(self, one: Mapping[str, Any] | str) -> str:
        """Watch one more.

        Args:
            one: an operation, its UUID or its URL; tokens are not waited for.

        Returns:
            The key to `wait` for it.

        Raises:
            ArgumentError: it is no operation.
        """
        operation = one if isinstance(one, Operation) else None
        with self._changed:
            if operation is not None and born_finished(operation):
                key = f"finished-{len(self._known)}"
                self._known[key] = operation
                return key
            key = uuid_of(one)
            self._known.setdefault(key, operation or Operation(id=key))
            if key in self._recent:
                self._end(self._recent.pop(key))
            elif operation is None or operation.get("class") != "token":
                self._pending.add(key)
        return key

    def wait(
        self,
        keys: Sequence[str],
        timeout: float | None,
        on_done: Callable[[Operation], object] | None,
    ) -> list[Operation]:
        """Wait until some have ended.

        Args:
            keys: of `add`.
            timeout: seconds; None for no limit.
            on_done: called, in this thread, with each one that has ended.

        Raises:
            ErrorGroup: of what became of those that did not succeed.
            ConnectionFailed: the server has been away for too long.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        waiting = dict.fromkeys(keys)
        while waiting:
            with self._changed:
                ended = [key for key in waiting if key not in self._pending]
                left = deadline - time.monotonic()
                if not ended:
                    if self._failure is not None:
                        raise self._failure
                    if left <= 0:
                        break
                    self._changed.wait(None if left == math.inf else left)
            for key in ended:
                del waiting[key]
                operation = self._known[key]
                if on_done is not None and operation.get("class") != "token":
                    on_done(operation)
        return self._results(keys, waiting, timeout)

    def cancel(self) -> None:
        """Cancel those that go on, where they may be cancelled."""
        for key in list(self._pending):
            with suppress(Error):
                self._client.cancel_operation(key)

    def _results(
        self, keys: Sequence[str], late: Mapping[str, None], timeout: float | None
    ) -> list[Operation]:
        errors: list[Exception] = []
        for key in dict.fromkeys(keys):
            if key in late:
                reason = f"it has not ended within {timeout or 0:g} seconds, and goes on."
                errors.append(OperationTimeout(reason, self._known[key]))
            elif key in self._errors:
                errors.append(self._errors[key])
        if errors:
            message = f"{len(errors)} of {len(keys)} operations did not succeed"
            raise ErrorGroup(message, errors)
        return [self._known[key] for key in keys]

    def _run(self) -> None:
        """Follow the events; ask now and then, where none came."""
        looked = -math.inf
        pause = LOOK if self._listening else OFTEN
        try:
            while not self._closed.is_set():
                if self._pending and time.monotonic() - looked >= pause:
                    self._look()
                    looked = time.monotonic()
                if not self._listening:
                    self._closed.wait(pause)
                    continue
                event = self._events.next(pause)
                if event is None:
                    continue
                if event.type == "operation":
                    self._take(shaped(event.get("metadata"), Operation))
                else:
                    looked = -math.inf  # a gap
        except Error as error:
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _look(self) -> None:
        """Ask what has become of all of them."""
        try:
            found = {one["id"]: one for one in self._client.operations(recursion=1)}
            for key in list(self._pending):
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
        """Note what has become of an operation."""
        with self._changed:
            key = operation.get("id", "")
            if operation.get("status_code", 0) < SUCCESS:
                if key in self._pending:
                    self._known[key] = operation
            elif key in self._pending:
                self._end(operation)
            elif key not in self._known:
                self._recent[key] = operation
                if len(self._recent) > _REMEMBERED:
                    self._recent.popitem(last=False)

    def _end(self, operation: Operation) -> None:
        key = operation["id"]
        self._known[key] = operation
        self._pending.discard(key)
        try:
            result(operation)
        except OperationError as error:
            self._errors[key] = error
        self._changed.notify_all()

    def _gone(self, key: str, error: NotFound) -> None:
        reason = "the server does not know it (any more), so its outcome is unknown."
        with self._changed:
            if key not in self._pending:
                return
            gone = OperationGone(reason, self._known[key])
            gone.__cause__ = error
            self._errors[key] = gone
            self._pending.discard(key)
            self._changed.notify_all()
