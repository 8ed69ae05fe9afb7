"""Events: what the server tells those who listen."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import WSMsgType, web

from .answers import Json, Refused, body, in_project

if TYPE_CHECKING:
    from .call import Call
    from .daemon import Daemon

_TYPES = ["logging", "operation", "lifecycle"]


class _Listener(NamedTuple):
    types: frozenset[str]
    project: str | None  # None hears of all projects
    queue: asyncio.Queue[bytes]


class Events:
    """Hands out what happens to all who listen."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._listeners: list[_Listener] = []

    def publish(self, type_: str, metadata: Json, project: str = "default") -> None:
        """Tell what has happened.

        Args:
            type_: ``"operation"``, ``"lifecycle"`` or ``"logging"``.
            metadata: what the event is about.
            project: that it happened in; empty if in none.
        """
        if not self._listeners:
            return
        event = {
            "type": type_,
            "timestamp": self._daemon.clock.text(),
            "metadata": metadata,
            "location": self._daemon.location,
        }
        if project:
            event["project"] = project
        text = body(event)
        for listener in self._listeners:
            if type_ in listener.types and listener.project in {None, project}:
                listener.queue.put_nowait(text)

    def lifecycle(
        self, action: str, source: str, project: str = "default", **context: Any
    ) -> None:
        """Tell that an object has been made, changed or removed.

        Args:
            action: such as ``"instance-created"``.
            source: the object's path.
            project: that it is in.
            context: whatever else there is to say.
        """
        metadata: Json = {"action": action, "source": in_project(source, project)}
        if context:
            metadata["context"] = {key.replace("_", "-"): value for key, value in context.items()}
            if "old-name" in metadata["context"]:
                metadata["context"]["old_name"] = metadata["context"].pop("old-name")
        metadata["requestor"] = {"username": "root", "protocol": "unix", "address": "@"}
        parts = source.split("/")
        if not self._daemon.flavour.lxd and parts[2:3] == ["instances"] and len(parts) == 4:
            metadata |= {"name": parts[3], "project": project}
        self.publish("lifecycle", metadata, project)

    def log(self, message: str, level: str = "info", **context: str) -> None:
        """Tell what the server notes in its log."""
        entry = {"message": message, "level": level, "context": context}
        self.publish("logging", entry, "")

    def add(self, types: set[str], project: str | None) -> _Listener:
        """Let someone listen."""
        listener = _Listener(frozenset(types), project, asyncio.Queue())
        self._listeners.append(listener)
        return listener

    def remove(self, listener: _Listener) -> None:
        """Listen no more."""
        self._listeners.remove(listener)


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


async def _tell(websocket: web.WebSocketResponse, listener: _Listener) -> None:
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
