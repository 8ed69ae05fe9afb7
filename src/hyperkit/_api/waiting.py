"""Waiting for many operations: all of a list, or all that a block has started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .._request import check_timeout
from .._watch import Watch
from ..errors import ArgumentError
from .events import EventsMixin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .._batch import Batch
    from .._progress import OnProgress
    from ..types import Operation


class WaitingMixin(EventsMixin):
    """Chapter "operations" of the API, as far as many of them are waited for."""

    def batch(
        self,
        *,
        cancel_on_interrupt: bool = False,
        on_error: Literal["wait", "cancel"] = "wait",
        on_progress: OnProgress | None = None,
        progress: bool = False,
        timeout: float | None = None,
    ) -> Batch:
        """Start many operations, and wait for all of them at the end of a block.

        What is started runs at the same time, however the server orders it: calls that
        need what others make stand after a ``batch.wait()``.

        Args:
            cancel_on_interrupt: True cancels what may be cancelled, when a wait is
                interrupted (Ctrl-C).
            on_error: what happens to what was started, if the block raises: ``"wait"``
                for it, or ``"cancel"`` what may be cancelled, and wait for the rest.
            on_progress: called with how many operations of a wait have ended, how many
                there are, and the description of the last one.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            timeout: seconds that each wait may last; None for no limit.

        Returns:
            A client, and a context manager: its calls return their operations at once, its
            ``wait()`` waits for those that were started so far. Failures come as one
            `ErrorGroup` of `OperationError`, when all have ended.

        Raises:
            ArgumentError: ``on_error`` is neither.
            MissingExtra: ``progress`` without the extra ``pyhyperkit[tqdm]``.

        Example:
            >>> names = ["web-1", "web-2", "web-3"]
            >>> with client.batch() as batch:
            ...     for name in names:
            ...         batch.create_container(name, alias="busybox")
            ...     batch.wait()
            ...     for name in names:
            ...         batch.start_container(name)
        """
        from .._batch import Batch  # noqa: PLC0415 - it is a client itself

        if on_error not in {"wait", "cancel"}:
            message = f'on_error must be "wait" or "cancel", not {on_error!r}.'
            raise ArgumentError(message)
        return Batch(
            self,
            cancel_on_interrupt=cancel_on_interrupt,
            on_error=on_error,
            on_progress=on_progress,
            progress=progress,
            timeout=timeout,
        )

    def wait_for_operations(
        self,
        operations: Iterable[Mapping[str, Any] | str],
        *,
        cancel_on_interrupt: bool = False,
        on_done: Callable[[Operation], object] | None = None,
        timeout: float | None = None,
    ) -> list[Operation]:
        """Wait until all of some operations have ended.

        One websocket tells of all of them (``GET /1.0/events``), however many there are;
        now and then ``GET /1.0/operations`` makes sure that nothing was missed.

        Args:
            operations: operations, their UUIDs or their URLs. Tokens are not waited for.
            cancel_on_interrupt: True cancels what may be cancelled, when the wait is
                interrupted (Ctrl-C).
            on_done: called with each operation that has ended, however it did.
            timeout: seconds; None for no limit.

        Returns:
            The finished operations, in the order given.

        Raises:
            ErrorGroup: when all have ended, of the errors of those that did not
                succeed: each an `OperationError` that has its operation.

        Example:
            >>> started = [client.stop_instance(name, sync=False) for name in ("a", "b")]
            >>> [ended.status for ended in client.wait_for_operations(started, timeout=60)]
            ['Success', 'Success']
        """
        check_timeout(timeout)
        watch = Watch(self)
        keys = [watch.add(one) for one in operations]
        if watch.idle:
            return watch.wait(keys, timeout, on_done)
        with watch:
            try:
                return watch.wait(keys, timeout, on_done)
            except KeyboardInterrupt:
                if cancel_on_interrupt:
                    watch.cancel()
                raise
