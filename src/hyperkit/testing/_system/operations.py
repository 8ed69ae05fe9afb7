"""Operations: lists, waiting for one, ending it, and its websockets."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .._engine.answers import Json, Refused, error, respond, sync, to_json
from .._engine.operations import CANCELLED, SUCCESS

if TYPE_CHECKING:
    from .._engine.call import Call
    from .._engine.operations import Operation


async def list_operations(call: Call) -> web.StreamResponse:
    """``GET /1.0/operations``."""
    found: dict[str, list[Any]] = {}
    for operation in call.daemon.operations.known():
        wanted = call.may_see if call.all_projects else call.project.__eq__
        if not wanted(operation.project):
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
    await response.write(to_json(answer))
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
    attached = asyncio.ensure_future(attach(websocket))
    ended = asyncio.ensure_future(operation.ended.wait())
    try:
        await asyncio.wait([attached, ended], return_when=asyncio.FIRST_COMPLETED)
    finally:
        # Nobody is to wait for more of an operation that has failed.
        attached.cancel()
        ended.cancel()
    await asyncio.gather(attached, return_exceptions=True)
    return websocket


ROUTES = {
    "GET /1.0/operations": list_operations,
    "GET /1.0/operations/{id}": get_operation,
    "DELETE /1.0/operations/{id}": cancel_operation,
    "GET /1.0/operations/{id}/wait": wait_for_operation,
    "GET /1.0/operations/{id}/websocket": connect,
}
UNTRUSTED = {"GET /1.0/operations/{id}/wait", "GET /1.0/operations/{id}/websocket"}
