"""Events: what the server tells those who listen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from .answers import Json, in_project, to_json

if TYPE_CHECKING:
    from .daemon import Daemon


class Listener(NamedTuple):
    """Someone who listens.

    Attributes:
        types: of events that are heard.
        project: whose events are heard; None hears of all projects.
        queue: what has not been told yet.
    """

    types: frozenset[str]
    project: str | None
    queue: asyncio.Queue[bytes]


class Events:
    """Hands out what happens to all who listen."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._listeners: list[Listener] = []

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
        text = to_json(event)
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

    def add(self, types: set[str], project: str | None) -> Listener:
        """Let someone listen."""
        listener = Listener(frozenset(types), project, asyncio.Queue())
        self._listeners.append(listener)
        return listener

    def remove(self, listener: Listener) -> None:
        """Listen no more."""
        self._listeners.remove(listener)
