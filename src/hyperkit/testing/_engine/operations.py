"""Operations: what goes on in the background, and is forgotten soon after its end."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .._clock import passed
from .answers import Json, Refused, body, error, respond, sync

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .call import Call
    from .daemon import Daemon

    Work = Callable[["Operation"], Awaitable[None]]

RUNNING, SUCCESS, FAILURE, CANCELLED = 103, 200, 400, 401
_WORDS = {105: "Pending", RUNNING: "Running", SUCCESS: "Success", FAILURE: "Failure"}
_WORDS[CANCELLED] = "Cancelled"
# Seconds that the servers remember an operation after its end.
KEPT = 5.0


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
        self.status_code = 105
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
        self.forget_at = self.daemon.clock.now() + KEPT
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


async def list_operations(call: Call) -> web.StreamResponse:
    """``GET /1.0/operations``."""
    found: dict[str, list[Any]] = {}
    for operation in call.daemon.operations.known():
        if operation.project != call.project and not call.all_projects:
            continue
        status = operation.shown()["status"].lower()
        entry = operation.answered() if call.recursion else operation.url
        found.setdefault(status, []).append(entry)
    return call.sync(found)


async def get_operation(call: Call) -> web.StreamResponse:
    """``GET /1.0/operations/<id>``."""
    return call.sync(call.daemon.operations.find(call.names["id"]).answered())


async def cancel_operation(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/operations/<id>``."""
    operation = call.daemon.operations.find(call.names["id"])
    if operation.ended.is_set() and call.flavour.lxd6:
        raise Refused(400, "Only running operations can be cancelled")
    if not operation.may_cancel or operation.ended.is_set():
        raise Refused(400, "This operation can't be cancelled")
    operation.cancel()
    return call.sync({})


async def wait_for_operation(call: Call) -> web.StreamResponse:
    """``GET /1.0/operations/<id>/wait``, in the dialect of the server."""
    operation = call.daemon.operations.find(call.names["id"])
    secret = call.query.get("secret")
    if secret is not None and secret != operation.secret:
        raise Refused(403, "Forbidden" if call.flavour.lxd else "not authorized")
    if secret is None and not call.trusted:
        raise Refused(403, call.forbidden)
    text = call.query.get("timeout") or "-1"
    try:
        timeout = int(text)
    except ValueError:
        quoted = f'strconv.Atoi: parsing "{text}": invalid syntax'
        raise Refused(500, quoted) from None
    dialect = call.flavour.dialect
    response = None
    if dialect in {"body", "streamed"}:
        # The headers go at once, so that only the body can say how it ended.
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(call.request)
    with suppress(TimeoutError):
        async with asyncio.timeout(None if timeout < 0 else timeout):
            await operation.ended.wait()
    answer, status = _outcome(operation, dialect)
    if response is None:
        return respond(answer, status)
    await response.write(body(answer))
    await response.write_eof()
    return response


def _outcome(operation: Operation, dialect: str) -> tuple[Json, int]:
    """Say what has become of an operation, or that it goes on."""
    if operation.status_code == SUCCESS or dialect in {"operation", "streamed"}:
        return sync(operation.answered()), 200
    if operation.status_code == CANCELLED and operation.class_ == "token":
        return sync(operation.answered()), 200
    if operation.status_code < SUCCESS:
        answer = error(500, "context deadline exceeded")
    elif operation.status_code == CANCELLED:
        answer = error(500, "context canceled")
    else:
        answer = error(operation.err_code or 500, operation.err)
    return answer, answer["error_code"] if dialect == "status" else 200


async def connect(call: Call) -> web.StreamResponse:
    """``GET /1.0/operations/<id>/websocket``."""
    operation = call.daemon.operations.find(call.names["id"])
    secret = call.query.get("secret")
    if not secret:
        raise Refused(400, "missing secret")
    # Whoever knows the secret may connect; another secret is as good as none.
    attach = operation.sockets.get(secret)
    if attach is None:
        if call.flavour.lxd and not call.flavour.has("operation_wait"):
            raise Refused(500, "permission denied")
        raise Refused(403, "Forbidden")
    websocket = await call.websocket()
    await attach(websocket)
    return websocket


ROUTES = {
    "GET /1.0/operations": list_operations,
    "GET /1.0/operations/{id}": get_operation,
    "DELETE /1.0/operations/{id}": cancel_operation,
    "GET /1.0/operations/{id}/wait": wait_for_operation,
    "GET /1.0/operations/{id}/websocket": connect,
}
UNTRUSTED = {"GET /1.0/operations/{id}/wait", "GET /1.0/operations/{id}/websocket"}
