"""The server and what goes on there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._resource import Resource

if TYPE_CHECKING:
    from datetime import datetime


class Event(Resource):
    """Something that has happened on the server.

    ``type`` is ``"operation"`` (``metadata`` is the operation), ``"lifecycle"`` (``action``,
    ``source``, ``context``, ``requestor``), ``"logging"`` (``message``, ``level``,
    ``context``) or another of the server's; or ``"gap"``: the connection was lost, and
    what happened meanwhile is not known (``metadata["reason"]``).
    """

    __slots__ = ()

    location: str
    metadata: Any
    project: str
    timestamp: datetime | None
    type: str


class HostResources(Resource):
    """The hardware of the server's machine."""

    __slots__ = ()

    cpu: Resource
    memory: Resource
    gpu: Resource
    network: Resource
    storage: Resource
    usb: Resource
    pci: Resource
    system: Resource


class Operation(Resource):
    """Work that the server does in the background.

    ``status_code`` is below 200 while it goes on, then 200 (success), 400
    (failure) or 401 (cancelled). An operation with an empty ``id`` was finished
    before the server answered.
    """

    __slots__ = ()

    id: str
    class_: str
    description: str
    created_at: datetime | None
    updated_at: datetime | None
    status: str
    status_code: int
    resources: dict[str, list[str]] | None
    metadata: Any
    may_cancel: bool
    err: str
    location: str


class Server(Resource):
    """The server itself: ``GET /1.0``."""

    __slots__ = ()

    api_extensions: list[str] | None
    api_status: str
    api_version: str
    auth: str
    auth_methods: list[str]
    config: dict[str, Any]
    environment: Resource
    public: bool
