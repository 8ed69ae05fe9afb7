"""A batch: a client whose calls start operations, which are waited for together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._client import Client
from ._options import values
from ._progress import Meter, check_progress
from ._wait import born_finished
from ._watch import Watch
from .errors import ErrorGroup

if TYPE_CHECKING:
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
        """Wait for all that has been started since the last time.

        Args:
            timeout: seconds; None for the batch's own.

        Returns:
            The finished operations, in the order of their calls.

        Raises:
            ErrorGroup: of the errors of those that did not succeed.
            RuntimeError: the block has not begun, or is over.
        """
        if not self._watch.listens:
            message = "A batch waits within its with block, and at the end of it."
            raise RuntimeError(message)
        keys = self._keys[:]
        self._keys.clear()
        progress = self._progress and bool(keys)
        with Meter(self._on_progress, progress=progress, total=len(keys), unit="") as meter:

            def done(operation: Operation) -> None:
                meter.set(meter.done + 1, operation.get("description", ""))

            patience = self._patience if timeout is None else timeout
            try:
                return self._watch.wait(keys, patience, done)
            except KeyboardInterrupt:
                if self._cancel_on_interrupt:
                    self._watch.cancel()
                raise

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
