"""A batch: a client whose calls start operations, which are waited for together."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from ._client import Client
from ._options import values
from ._progress import Meter, check_progress
from ._wait import SUCCESS, born_finished
from ._watch import Watch
from .errors import Error, ErrorGroup, OperationTimeout

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Literal, Self

    from ._connection import Connection
    from ._progress import OnProgress
    from .types import Operation


class Batch(Client):
    """A client that does not wait for each of its calls, but for all of them at once.

    `batch` makes one; it shares the connections of the client that made it. Calls return
    their operation at once, unless they say ``sync=True``. The end of the block waits for
    all of them.
    """

    _takes_steps = True

    def __init__(
        self,
        client: Connection,
        *,
        cancel_on_interrupt: bool,
        on_error: Literal["wait", "cancel"],
        on_progress: OnProgress | None,
        progress: bool,
        timeout: float | None,
    ) -> None:
        check_progress(progress)
        super().__init__()
        self.__dict__.update(values(client) | {"auto_sync": False})
        self._borrow(client)
        self._watch = Watch(self)
        self._keys: list[str] = []
        self._steps: dict[str, Callable[[], Operation]] = {}
        self._cancel_on_interrupt = cancel_on_interrupt
        self._on_error = on_error
        self._on_progress = on_progress
        self._progress = progress
        self._patience = timeout

    def __enter__(self) -> Self:
        """Begin to listen: servers forget operations before a long block has ended."""
        self._watch.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for all that was started; if the block raised, cancel it if that was asked for."""
        try:
            if error is None:
                self.wait()
            else:
                self._end_badly(error)
        finally:
            self._watch.__exit__(kind, error, traceback)

    def wait(self, timeout: float | None = None) -> list[Operation]:
        """Wait for all that has been started since the last time, or was late then.

        Args:
            timeout: seconds; None for the batch's own.

        Returns:
            The finished operations, in the order of their calls; where a call takes two of
            them, the second ones come last.

        Raises:
            ErrorGroup: of the errors of those that did not succeed.
            RuntimeError: the block has not begun, or is over.
        """
        if not self._watch.listens:
            message = "A batch waits within its with block, and at the end of it."
            raise RuntimeError(message)
        patience = self._patience if timeout is None else timeout
        deadline = math.inf if patience is None else time.monotonic() + patience
        total = len(self._keys) + len(self._steps)
        progress = self._progress and bool(total)
        found: list[Operation] = []
        errors: list[Exception] = []
        with Meter(self._on_progress, progress=progress, total=total, unit="") as meter:

            def done(operation: Operation) -> None:
                meter.set(meter.done + 1, operation.get("description", ""))
                self._go_on(operation, errors)

            while self._keys:
                # Copies of this client that have another project, say, add to the same list.
                keys = self._keys[:]
                del self._keys[: len(keys)]
                left = None if patience is None else max(0.0, deadline - time.monotonic())
                try:
                    found += self._watch.wait(keys, left, done)
                except ErrorGroup as group:
                    errors += group.exceptions
                except KeyboardInterrupt:
                    if self._cancel_on_interrupt:
                        self._watch.cancel()
                    raise
        late = [one.operation for one in errors if isinstance(one, OperationTimeout)]
        self._keys += [operation["id"] for operation in late if operation]
        if errors:
            message = f"{len(errors)} of {total} operations did not succeed"
            raise ErrorGroup(message, errors)
        return found

    def _go_on(self, operation: Operation, errors: list[Exception]) -> None:
        """Take the second step of a call, when the first one has succeeded."""
        step = self._steps.pop(operation.get("id", ""), None)
        if step is not None and operation.get("status_code") == SUCCESS:
            try:
                step()
            except Error as error:
                errors.append(error)

    def _end_badly(self, error: BaseException) -> None:
        """Cancel or not, as asked; wait; and note what else has failed."""
        interrupted = isinstance(error, KeyboardInterrupt)
        if self._on_error == "cancel" or (interrupted and self._cancel_on_interrupt):
            self._watch.cancel()
        try:
            self.wait()
        except ErrorGroup as group:
            for one in group.exceptions:
                error.add_note(f"In the batch: {one}")
        except Error as other:
            error.add_note(f"In the batch: {other}")

    def _after(
        self, operation: Operation, step: Callable[[], Operation], sync: bool | None
    ) -> Operation:
        """Keep the second step of a call for when the first one has ended."""
        if self._waits(sync) or born_finished(operation):
            return super()._after(operation, step, sync)
        self._steps[operation["id"]] = step
        return operation

    def _handle_async(
        self,
        operation: Operation,
        sync: bool | None,
        on_progress: OnProgress | None = None,
        *,
        progress: bool = False,
    ) -> Operation:
        """Note down what has been started, unless the call wants to wait for it."""
        if sync:
            return super()._handle_async(operation, sync, on_progress, progress=progress)
        if not born_finished(operation) and operation.get("class") != "token":
            self._keys.append(self._watch.add(operation))
        return operation
