"""Events, by a websocket."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from .._engine.answers import Refused

if TYPE_CHECKING:
    from .._engine.call import Call
    from .._engine.events import Listener

_TYPES = ["logging", "operation", "lifecycle"]


async def listen(call: Call) -> web.StreamResponse:
    """``GET /1.0/events``."""
    flavour = call.flavour
    known = _TYPES[:2] if flavour.lxd2 else _TYPES
    if flavour.lxd6:
        known = [*known, "ovn", "security"]
    if not flavour.lxd:
        known = [*known, "network-acl"]
    asked = call.query.get("type")
    types = set(asked.split(",")) if asked else set(known)
    for one in sorted(types - set(known)):
        code = 400 if flavour.recent else 500
        raise Refused(code, f'"{one}" isn\'t a supported event type')
    if call.request.headers.get("Upgrade", "").lower() != "websocket":
        return web.Response(status=400, text="Bad Request\n")
    project = None if call.all_projects else call.project
    websocket = await call.websocket()
    listener = call.daemon.events.add(types, project)
    # Nothing is expected of the listener but that he goes.
    reading = asyncio.ensure_future(_until_closed(websocket))
    telling = asyncio.ensure_future(_tell(websocket, listener))
    try:
        await asyncio.wait([telling, reading], return_when=asyncio.FIRST_COMPLETED)
    finally:
        reading.cancel()
        telling.cancel()
        call.daemon.events.remove(listener)
    return websocket


async def _tell(websocket: web.WebSocketResponse, listener: Listener) -> None:
    with suppress(ConnectionError):
        while True:
            await websocket.send_str((await listener.queue.get()).decode())


async def _until_closed(websocket: web.WebSocketResponse) -> None:
    while (await websocket.receive()).type not in {
        WSMsgType.CLOSE,
        WSMsgType.CLOSING,
        WSMsgType.CLOSED,
        WSMsgType.ERROR,
    }:
        pass


ROUTES = {"GET /1.0/events": listen}
