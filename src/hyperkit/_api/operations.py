"""Operations: the work that servers do in the background, and waiting for it."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Literal, overload

from .._connection import Connection
from .._progress import Meter, of_operation
from .._request import given, name_of, path, uuid_of
from .._resource import Resource
from ..errors import (
    APIError,
    ArgumentError,
    ConnectionFailed,
    InvalidResponse,
    NotFound,
    OperationCancelled,
    OperationFailed,
    OperationGone,
    OperationTimeout,
    RequestTimeout,
    ServerError,
    TLSError,
)
from ..types import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._progress import OnProgress

# One question to the server lasts this long at most; proxies cut longer ones.
SLICE = 30.0
# How much later than it was asked to a server may answer, in seconds.
GRACE = 10.0
# How long a server may be away (a restart) before a wait gives up.
AWAY = 60.0
# Between two questions to a server that is away, or that answers at once.
PAUSE = 0.25

SUCCESS = 200
CANCELLED = 401


class OperationsMixin(Connection):
    """Chapter "operations" of the API."""

    def cancel_operation(self, uuid: Mapping[str, Any] | str) -> None:
        """Cancel an operation: ``DELETE /1.0/operations/<uuid>``.

        Only those whose ``may_cancel`` is true can be; ``cancel_operation`` does
        not wait until they have ended.

        Args:
            uuid: of the operation; its URL, or an `Operation`, will do as well.

        Raises:
            BadRequest: the operation cannot be cancelled.
            NotFound: there is no such operation, or not any more.

        Example:
            >>> token = client.create_certificate(name="laptop", token=True)
            >>> client.cancel_operation(token)
        """
        self._delete(path("operations", uuid_of(uuid)))

    def operation(self, uuid: Mapping[str, Any] | str) -> Operation:
        """Read an operation: ``GET /1.0/operations/<uuid>``.

        It never raises for the operation's own failure: look at ``status_code``
        and ``err``. Servers forget an operation five seconds after its end.

        Args:
            uuid: of the operation; its URL, or an `Operation`, will do as well.

        Raises:
            NotFound: there is no such operation, or not any more.

        Example:
            >>> started = client.start_instance("web", sync=False)
            >>> client.operation(started).status
            'Running'
        """
        return Operation(self._get(path("operations", uuid_of(uuid))))

    @overload
    def operations(
        self, *, all_projects: bool | None = None, recursion: Literal[0] = 0
    ) -> list[str]: ...

    @overload
    def operations(
        self, *, all_projects: bool | None = None, recursion: Literal[1]
    ) -> list[Operation]: ...

    def operations(
        self, *, all_projects: bool | None = None, recursion: Literal[0, 1] = 0
    ) -> list[str] | list[Operation]:
        """List the operations that go on, wait or have just ended: ``GET /1.0/operations``.

        Args:
            all_projects: True lists those of every project; None and False those
                of one.
            recursion: 0 for UUIDs, 1 for the operations themselves.

        Returns:
            One flat list; the server's order by status is kept.

        Example:
            >>> [operation.description for operation in client.operations(recursion=1)]
            ['Executing command']
        """
        query = given(recursion=recursion or None)
        if all_projects:
            query["all-projects"] = "true"
        groups: dict[str, list[Any]] = self._get(path("operations"), **query) or {}
        found = [entry for group in groups.values() for entry in group or ()]
        if recursion:
            return [Operation(entry) for entry in found]
        return [name_of(url) for url in found]

    def wait_for_operation(
        self,
        uuid: Mapping[str, Any] | str,
        timeout: float | None = None,
        *,
        on_progress: OnProgress | None = None,
        progress: bool = False,
    ) -> Operation:
        """Wait until an operation has ended: ``GET /1.0/operations/<uuid>/wait``.

        The wait is cut into slices, so that no proxy cuts it; it rides over
        dropped connections, and over a restart of the server where the
        operation survives that.

        Args:
            uuid: of the operation; its URL, or an `Operation`, will do as well.
            timeout: seconds; fractions count, 0 asks once, None means the
                option ``operation_timeout``, and no limit if that is None.
            on_progress: called about once a second, if the operation tells how far it
                has come: with percent, 100 (or None), and the server's words.
            progress: True draws a bar of that (the extra ``pyhyperkit[tqdm]``).

        Returns:
            The finished operation.

        Raises:
            OperationFailed: it ended in failure.
            OperationCancelled: it was cancelled.
            OperationTimeout: it has not ended in time; it goes on.
            OperationGone: the server does not know it (any more).

        Example:
            >>> started = client.stop_instance("web", sync=False)
            >>> client.wait_for_operation(started, timeout=30).status
            'Success'
        """
        known = uuid if isinstance(uuid, Operation) else None
        if known is not None and _born_finished(known):
            return known
        name = uuid_of(uuid)
        if timeout is None:
            timeout = self.operation_timeout
        if timeout is not None and not timeout >= 0:
            message = f"timeout must be 0 seconds or more, not {timeout!r}."
            raise ArgumentError(message)
        if on_progress is None and not progress:
            return _Wait(self, name, timeout, known, None).run()
        text = known.description if known is not None else name
        with Meter(on_progress, progress=progress, text=text) as meter:
            return _Wait(self, name, timeout, known, meter).run()

    def _handle_async(
        self,
        operation: Operation,
        sync: bool | None,
        on_progress: OnProgress | None = None,
        *,
        progress: bool = False,
    ) -> Operation:
        """Wait for an operation, if ``sync`` or else ``auto_sync`` says so.

        A token is an operation that ends when somebody redeems it: it is never
        waited for.
        """
        wanted = self.auto_sync if sync is None else sync
        if not wanted or operation.get("class") == "token":
            return operation
        if on_progress is None and not progress:
            return self.wait_for_operation(operation)
        return self.wait_for_operation(operation, on_progress=on_progress, progress=progress)


class _Wait:
    """One wait for one operation."""

    def __init__(
        self,
        client: OperationsMixin,
        uuid: str,
        timeout: float | None,
        known: Operation | None,
        meter: Meter | None,
    ) -> None:
        self.meter = meter
        self.slice = SLICE if meter is None else 1.0
        self.client = client
        self.uuid = uuid
        self.timeout = timeout
        self.known = known
        self.deadline = math.inf if timeout is None else time.monotonic() + timeout
        self.heard = time.monotonic()

    def run(self) -> Operation:
        """Ask until there is an end, or no time left."""
        while True:
            asked = time.monotonic()
            found = self._ask()
            if found is not None:
                self.known = found
                self._tell(found)
                if found.get("status_code", 0) >= SUCCESS:
                    return _result(found)
            if time.monotonic() >= self.deadline:
                raise self._too_late()
            if time.monotonic() - asked < PAUSE:
                time.sleep(min(PAUSE, max(0.0, self.deadline - time.monotonic())))

    def _ask(self) -> Operation | None:
        """Ask once; None where no answer came that says anything."""
        left = max(0.0, self.deadline - time.monotonic())
        # Servers count whole seconds; the read timeout cuts the last one short.
        slice_ = math.ceil(min(self.slice, left))
        read_timeout = min(slice_ + GRACE, max(left, 0.05)) if left else GRACE
        try:
            answer = self.client._envelope(  # noqa: SLF001
                "GET",
                path("operations", self.uuid, "wait"),
                query={"timeout": slice_},
                read_timeout=read_timeout,
            )
        except RequestTimeout:
            if self.deadline <= time.monotonic():
                return self._look(None)
            self._bear(None)
            return None
        except TLSError:
            raise
        except ConnectionFailed as error:
            self._bear(error)
            return None
        except APIError as error:
            if error.status_code == 503:
                self._bear(error)
                return None
            return self._look(error)
        self.heard = time.monotonic()
        metadata = answer.get("metadata")
        if not isinstance(metadata, Resource):
            message = f"The wait for operation {self.uuid} was answered without an operation."
            raise InvalidResponse(message)
        return Operation(metadata)

    def _tell(self, found: Operation) -> None:
        """Hand on how far the operation has come, if it says so."""
        progress = of_operation(found)
        if self.meter is not None and progress is not None:
            done, total, text = progress
            self.meter.expect(total)
            self.meter.set(done, text)

    def _look(self, said: APIError | None) -> Operation | None:
        """Read the operation itself: half of the servers answer a wait with an error.

        Args:
            said: the error that the wait was answered with.
        """
        try:
            found = self.client.operation(self.uuid)
        except NotFound as error:
            raise self._gone(said) from error
        except (ConnectionFailed, RequestTimeout, ServerError) as error:
            self._bear(error)
            return None
        self.heard = time.monotonic()
        # Refused, though the operation goes on: asking again would never end.
        if said is not None and said.status_code in {401, 403} and found.status_code < SUCCESS:
            raise said
        return found

    def _bear(self, error: Exception | None) -> None:
        """Bear with a server that is away; for a while."""
        if time.monotonic() - self.heard > AWAY:
            raise error or self._too_late()

    def _gone(self, said: APIError | None) -> Exception:
        if said is not None and not isinstance(said, NotFound):
            return OperationFailed(said.reason, self.known)
        return OperationGone(
            "the server does not know it (any more), so its outcome is unknown: operations are "
            "forgotten five seconds after their end, and when the server restarts.",
            self.known or Operation(id=self.uuid),
        )

    def _too_late(self) -> OperationTimeout:
        return OperationTimeout(
            f"it has not ended within {self.timeout:g} seconds, and goes on."
            if self.timeout is not None
            else "the server has not answered for a long time.",
            self.known or Operation(id=self.uuid),
        )


def _born_finished(operation: Operation) -> bool:
    return not operation.get("id") and operation.get("status_code") == SUCCESS


def _result(operation: Operation) -> Operation:
    """Return a finished operation, or raise what became of it."""
    code = operation.get("status_code")
    if code == SUCCESS:
        return operation
    reason = operation.get("err") or operation.get("status") or "it failed without a reason"
    if code == CANCELLED:
        raise OperationCancelled(reason, operation)
    raise OperationFailed(reason, operation)
