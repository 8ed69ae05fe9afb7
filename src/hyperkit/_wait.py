"""Waiting for one operation: every dialect of ``/wait``, whatever happens in between."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from ._progress import of_operation
from ._request import path
from ._resource import Resource
from ._shape import shaped
from .errors import (
    APIError,
    ConnectionFailed,
    Forbidden,
    InvalidResponse,
    NotFound,
    OperationCancelled,
    OperationConflict,
    OperationFailed,
    OperationGone,
    OperationTimeout,
    RequestTimeout,
    ServerError,
    TLSError,
    is_taken,
)
from .types import Operation

if TYPE_CHECKING:
    from ._api.operations import OperationsMixin
    from ._progress import Meter

# One question to the server lasts this long at most; proxies cut longer ones.
SLICE = 30.0
# How much later than it was asked to a server may answer, in seconds.
GRACE = 10.0
# How long a server may take at least to tell what has become of an operation, though the time
# of the wait is over.
LAST = 1.0
# How long a server may be away (a restart) before a wait gives up.
AWAY = 60.0
# Between two questions to a server that is away, or that answers at once.
PAUSE = 0.25

SUCCESS = 200
CANCELLED = 401


class Wait:
    """One wait for one operation."""

    def __init__(
        self,
        client: OperationsMixin,
        uuid: str,
        timeout: float | None,
        known: Operation | None,
        meter: Meter | None,
        secret: str | None = None,
    ) -> None:
        self.meter = meter
        self.secret = secret
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
                    return result(found)
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
            answer = self.client._envelope(
                "GET",
                path("operations", self.uuid, "wait"),
                query={"timeout": slice_, "secret": self.secret},
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
        return shaped(metadata, Operation)

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
        url = path("operations", self.uuid)
        try:
            answer = self.client._envelope("GET", url, read_timeout=self._patience())
        except NotFound as error:
            raise self._gone(said) from error
        except Forbidden:
            # A stranger with a secret may wait, but not look.
            if self.secret is None or (said is not None and said.status_code in {401, 403}):
                raise
            if said is None or "deadline exceeded" in said.reason:
                return None
            raise failed(said.reason, self.known) from said
        except (ConnectionFailed, RequestTimeout, ServerError) as error:
            self._bear(error)
            return None
        found = shaped(answer.get("metadata"), Operation)
        self.heard = time.monotonic()
        # Refused, though the operation goes on: asking again would never end.
        if said is not None and said.status_code in {401, 403} and found.status_code < SUCCESS:
            raise said
        return found

    def _patience(self) -> float | None:
        """Say how long a look may take: as any call, but hardly longer than the wait."""
        own = self.client._timeouts(None)[1]
        if self.timeout is None:
            return own
        left = max(LAST, self.deadline - time.monotonic())
        return left if own is None else min(left, own)

    def _bear(self, error: Exception | None) -> None:
        """Bear with a server that is away; for a while."""
        if time.monotonic() - self.heard > AWAY:
            raise error or self._too_late()

    def _gone(self, said: APIError | None) -> Exception:
        if said is not None and not isinstance(said, NotFound):
            return failed(said.reason, self.known)
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


def born_finished(operation: Operation) -> bool:
    """Tell whether the server had done the work before it answered."""
    return not operation.get("id") and operation.get("status_code") == SUCCESS


def result(operation: Operation) -> Operation:
    """Return a finished operation, or raise what became of it.

    Raises:
        OperationFailed: it ended in failure.
        OperationCancelled: it was cancelled.
    """
    code = operation.get("status_code")
    if code == SUCCESS:
        return operation
    reason = operation.get("err") or operation.get("status") or "it failed without a reason"
    if code == CANCELLED:
        raise OperationCancelled(reason, operation)
    raise failed(reason, operation)


def failed(reason: str, operation: Operation | None) -> OperationFailed:
    """Make the exception for an operation that ended in failure."""
    kind = OperationConflict if is_taken(reason) else OperationFailed
    return kind(reason, operation)
