"""Operations: the work that servers do in the background, and waiting for it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, overload

from .._connection import Connection
from .._progress import Meter
from .._request import check_timeout, given, name_of, path, uuid_of
from .._shape import entries, fields_of, listed
from .._wait import Wait, born_finished
from ..errors import Error
from ..types import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .._progress import OnProgress


class OperationsMixin(Connection):
    """Chapter "operations" of the API."""

    def cancel_operation(self, uuid: Mapping[str, Any] | str) -> None:
        """Cancel an operation: ``DELETE /1.0/operations/<uuid>``.

        Only those whose ``may_cancel`` is true can be; ``cancel_operation`` does
        not wait until they have ended.

        Args:
            uuid: of the operation; its URL, or an `Operation`, will do as well.

        Raises:
            ArgumentError: it was done at once, so that the server keeps none.
            BadRequest: the operation cannot be cancelled.
            NotFound: there is no such operation, or not any more.

        Example:
            >>> token = client.create_certificate(name="laptop", token=True)
            >>> client.cancel_operation(token)
        """
        self._delete(path("operations", uuid_of(uuid)))

    def operation(
        self, uuid: Mapping[str, Any] | str, *, recursion: Literal[0, 1] = 0
    ) -> Operation:
        """Read an operation: ``GET /1.0/operations/<uuid>``.

        It never raises for the operation's own failure: look at ``status_code``
        and ``err``. Servers forget an operation five seconds after its end.

        Args:
            uuid: of the operation; its URL, or an `Operation`, will do as well.
            recursion: 1 includes its ``children`` (LXD 6: API extension
                ``bulk_operations``).

        Raises:
            ArgumentError: it was done at once, so that the server keeps none.
            NotFound: there is no such operation, or not any more.

        Example:
            >>> started = client.start_instance("web", sync=False)
            >>> client.operation(started).description
            'Starting instance'
        """
        url = path("operations", uuid_of(uuid))
        if recursion:
            self._need("bulk_operations", "recursion=1")
        return self._object(url, Operation, recursion=recursion or None)

    @overload
    def operations(
        self, *, all_projects: bool | None = None, recursion: Literal[0] = 0
    ) -> list[str]: ...

    @overload
    def operations(
        self, *, all_projects: bool | None = None, recursion: Literal[1, 2]
    ) -> list[Operation]: ...

    def operations(
        self, *, all_projects: bool | None = None, recursion: Literal[0, 1, 2] = 0
    ) -> list[str] | list[Operation]:
        """List the operations that go on, wait or have just ended: ``GET /1.0/operations``.

        Args:
            all_projects: True lists those of every project (Incus, LXD 6); None and
                False those of one.
            recursion: 0 for UUIDs, 1 for the operations themselves, 2 with their
                ``children`` (LXD 6: API extension ``bulk_operations``).

        Returns:
            One flat list; the server's order by status is kept.

        Example:
            >>> [operation.description for operation in client.operations(recursion=1)]
            ['Executing command']
        """
        query = given(recursion=recursion or None)
        if recursion == 2:
            self._need("bulk_operations", "recursion=2")
        if all_projects:
            self._need("operations_get_query_all_projects", "all_projects")
            query["all-projects"] = "true"
        found = self._flat_operations(**query)
        if recursion:
            return entries(found, Operation)
        return [name_of(url) for url in listed(found)]

    def wait_for_operation(
        self,
        uuid: Mapping[str, Any] | str,
        timeout: float | None = None,
        *,
        cancel_on_interrupt: bool = False,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        secret: str | None = None,
    ) -> Operation:
        """Wait until an operation has ended: ``GET /1.0/operations/<uuid>/wait``.

        The wait is cut into slices, so that no proxy cuts it; it rides over
        dropped connections, and over a restart of the server where the
        operation survives that.

        Args:
            uuid: of the operation; its URL, or an `Operation`, will do as well.
            timeout: seconds; fractions count, 0 asks once, None means the
                option ``operation_timeout``, and no limit if that is None.
            cancel_on_interrupt: True cancels the operation, if it may be cancelled, when
                the wait is interrupted (Ctrl-C).
            on_progress: called about once a second, if the operation tells how far it
                has come: with percent, 100 (or None), and the server's words.
            progress: True draws a bar of that (the extra ``pyhyperkit[tqdm]``).
            secret: ``metadata.secret`` of the operation: with it a stranger may wait too.

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
        if known is not None and born_finished(known):
            return known
        name = uuid_of(uuid)
        if timeout is None:
            timeout = self.operation_timeout
        check_timeout(timeout)
        text = known.get("description", name) if known is not None else name
        try:
            if on_progress is None and not progress:
                return Wait(self, name, timeout, known, None, secret).run()
            with Meter(on_progress, progress=progress, text=text) as meter:
                return Wait(self, name, timeout, known, meter, secret).run()
        except KeyboardInterrupt:
            if cancel_on_interrupt:
                with suppress(Error):
                    self.cancel_operation(name)
            raise

    def _flat_operations(self, **query: Any) -> list[Any]:
        """GET the operations, which the server groups by status, as one list."""
        groups = fields_of(self._get(path("operations"), **query))
        return [entry for group in groups.values() for entry in listed(group, object)]

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
        if not self._waits(sync) or operation.get("class") == "token":
            return operation
        if on_progress is None and not progress:
            return self.wait_for_operation(operation)
        return self.wait_for_operation(operation, on_progress=on_progress, progress=progress)

    # Whether a call that takes two steps may come back before the second one.
    _takes_steps = False

    def _after(
        self,
        operation: Operation,  # noqa: ARG002 - a batch keeps the step by it
        step: Callable[[], Operation],
        sync: bool | None,  # noqa: ARG002
    ) -> Operation:
        """Take the second step of a call, which has waited for the first."""
        return step()

    def _waits(self, sync: bool | None) -> bool:
        """Tell whether a call is to wait: as ``sync`` says, or else ``auto_sync``."""
        return self.auto_sync if sync is None else sync
