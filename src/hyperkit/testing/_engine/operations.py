"""Operations: what goes on in the background, and is forgotten soon after its end."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from typing import TYPE_CHECKING, Any

from .._clock import passed
from .answers import Json, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from .daemon import Daemon

    Work = Callable[["Operation"], Awaitable[None]]

RUNNING, PENDING, SUCCESS, FAILURE, CANCELLED = 103, 105, 200, 400, 401
_WORDS = {
    RUNNING: "Running",
    PENDING: "Pending",
    SUCCESS: "Success",
    FAILURE: "Failure",
    CANCELLED: "Cancelled",
}
# Seconds that the servers remember an operation after its end.
_REMEMBERED = 5.0


class Operation:
    """One operation.

    Attributes:
        id: its UUID.
        project: that it belongs to.
        metadata: what the API shows of it, and None where there is nothing.
        sockets: who may connect to its websockets: gets the websocket, by its secret.
        secret: opens ``/wait`` to strangers; empty if nothing does.
        err_code: the HTTP status that its failure amounts to.
    """

    def __init__(
        self,
        daemon: Daemon,
        description: str,
        *,
        class_: str = "task",
        resources: Json | None = None,
        metadata: Json | None = None,
        may_cancel: bool = False,
        project: str = "default",
    ) -> None:
        self.daemon = daemon
        self.id = str(uuid.uuid4())
        self.class_ = class_
        self.description = description
        self.created_at = self.updated_at = daemon.clock.text()
        self.status_code = PENDING
        self.resources = resources
        self.metadata = metadata
        self.requestor: Json = {"username": "root", "protocol": "unix", "address": "@"}
        self.may_cancel = may_cancel
        self.project = project
        self.err = ""
        self.err_code = 0
        self.secret = ""
        self.expires_at: str | None = None
        self.sockets: dict[str, Callable[[web.WebSocketResponse], Awaitable[None]]] = {}
        self.forget_at: float | None = None
        self.ended = asyncio.Event()
        self.at_cancel: Callable[[], object] | None = None
        self._task: asyncio.Task[None] | None = None

    def shown(self) -> Json:
        """Write it as the API does."""
        flavour = self.daemon.flavour
        none: Json | None = None if flavour.lxd else {}
        found: Json = {
            "id": self.id,
            "class": self.class_,
            "description": self.description,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "status": _WORDS[self.status_code],
            "status_code": self.status_code,
            "resources": self.resources or none,
            "metadata": self.metadata,
            "may_cancel": self.may_cancel,
            "err": self.err,
            "location": self.daemon.location,
        }
        if flavour.lxd2:
            del found["description"], found["location"]
        if flavour.lxd6:
            found |= {
                "err_code": self.err_code,
                "child_count": 0,
                "requestor": self.requestor,
            }
        return found

    def answered(self) -> Json:
        """Write it as the API answers; LXD 6 tells of progress by events only."""
        found = self.shown()
        if self.daemon.flavour.lxd6 and found["metadata"]:
            kept = {
                key: value
                for key, value in found["metadata"].items()
                if not key.endswith("progress")
            }
            found["metadata"] = kept
        return found

    @property
    def url(self) -> str:
        """Its path."""
        return f"/1.0/operations/{self.id}"

    def tell(self) -> None:
        """Let those who listen to events know."""
        self.daemon.events.publish("operation", self.shown(), self.project)

    def update(self, **metadata: Any) -> None:
        """Change its metadata, and tell."""
        self.metadata = {**(self.metadata or {}), **metadata}
        self.updated_at = self.daemon.clock.text()
        self.tell()

    def begin(self, work: Work | None) -> None:
        """Start the work; an operation without work ends when someone ends it."""
        self.tell()
        self.status_code = RUNNING
        self.tell()
        if work is not None:
            self._task = self.daemon.spawn(self._run(work))

    async def _run(self, work: Work) -> None:
        try:
            if self.daemon.pace:
                await asyncio.sleep(self.daemon.pace)
            planned = self.daemon.faults.failure_of(self.description)
            if planned:
                raise Refused(500, planned)  # noqa: TRY301 - it is what the work would say
            await work(self)
        except Refused as refusal:
            self.end(FAILURE, refusal.text, refusal.code)
        except asyncio.CancelledError:
            self.end(CANCELLED)
            raise
        except Exception as fault:
            self.end(FAILURE, f"{type(fault).__name__}: {fault}", 500)
            raise
        else:
            self.end(SUCCESS)

    def end(self, code: int, err: str = "", err_code: int = 0) -> None:
        """Say what has become of it."""
        if self.status_code >= SUCCESS:
            return
        self.status_code, self.err, self.err_code = code, err, err_code
        self.forget_at = self.daemon.clock.now() + _REMEMBERED
        self.ended.set()
        self.tell()

    def cancel(self) -> None:
        """End it before its time."""
        self.end(CANCELLED)
        if self.at_cancel is not None:
            self.at_cancel()
        if self._task is not None:
            self._task.cancel()


class Operations:
    """All operations that the server still knows."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._known: dict[str, Operation] = {}

    def known(self) -> list[Operation]:
        """List them, and forget what is old."""
        now = self._daemon.clock.now()
        for operation in list(self._known.values()):
            if passed(operation.expires_at, now) and not operation.ended.is_set():
                operation.end(CANCELLED)
            if operation.forget_at is not None and operation.forget_at <= now:
                del self._known[operation.id]
        return list(self._known.values())

    def find(self, id_: str) -> Operation:
        """Find one.

        Raises:
            Refused: there is none (any more).
        """
        for operation in self.known():
            if operation.id == id_:
                return operation
        raise Refused(404, "Operation not found")

    def start(self, operation: Operation, work: Work | None) -> Operation:
        """Begin one."""
        self._known[operation.id] = operation
        operation.begin(work)
        return operation

    def token(self, description: str, metadata: Json, resources: Json | None = None) -> Operation:
        """Make one that never ends by itself; whoever has its secret may do something once."""
        secret = secrets.token_hex(32)
        operation = Operation(
            self._daemon,
            description,
            class_="token",
            metadata={**metadata, "secret": secret},
            resources=resources,
            may_cancel=True,
        )
        operation.secret = secret
        return self.start(operation, None)

    def forget(self, *, ended_only: bool = True) -> None:
        """Forget all that has ended, or all."""
        for operation in list(self._known.values()):
            if operation.ended.is_set() or not ended_only:
                del self._known[operation.id]
