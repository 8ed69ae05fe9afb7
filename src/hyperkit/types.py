"""The objects of the API: names and types of their fields, no behaviour.

A server may leave out fields that its release does not know, and add others;
``get()`` reads what may be missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ._resource import Resource

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "Certificate",
    "Event",
    "ExecOutput",
    "FileInfo",
    "HostResources",
    "Image",
    "ImageAlias",
    "Instance",
    "InstanceState",
    "MigrationSource",
    "Network",
    "Operation",
    "Profile",
    "Resource",
    "Server",
    "Snapshot",
]


class ExecOutput(NamedTuple):
    """What a recorded command wrote."""

    stdout: bytes
    stderr: bytes


class FileInfo(NamedTuple):
    """What is at a path in an instance.

    ``mode`` has the permission bits (``0o644``), ``size`` is in bytes and None
    where the server does not tell it, ``modified`` is the server's text.
    """

    type: str
    mode: int
    uid: int
    gid: int
    size: int | None
    modified: str


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


class Certificate(Resource):
    """A certificate that the server trusts."""

    __slots__ = ()

    certificate: str
    fingerprint: str
    name: str
    projects: list[str] | None
    restricted: bool
    type: str


class Instance(Resource):
    """A container or a virtual machine.

    ``config`` and ``devices`` are its own, ``expanded_config`` and
    ``expanded_devices`` include its profiles'. ``state``, ``snapshots`` and
    ``backups`` are there in lists with ``recursion=2``.
    """

    __slots__ = ()

    architecture: str
    backups: list[Resource] | None
    config: dict[str, str]
    created_at: datetime | None
    description: str
    devices: dict[str, dict[str, str]]
    ephemeral: bool
    expanded_config: dict[str, str]
    expanded_devices: dict[str, dict[str, str]]
    last_used_at: datetime | None
    location: str
    name: str
    profiles: list[str]
    project: str
    snapshots: list[Resource] | None
    state: InstanceState | None
    stateful: bool
    status: str
    status_code: int
    type: str


class InstanceState(Resource):
    """What an instance is doing now: processes, memory and disks in bytes."""

    __slots__ = ()

    cpu: Resource
    disk: dict[str, Resource] | None
    memory: Resource
    network: dict[str, Resource] | None
    pid: int
    processes: int
    status: str
    status_code: int


class Snapshot(Resource):
    """An instance as it was at a moment."""

    __slots__ = ()

    architecture: str
    config: dict[str, str]
    created_at: datetime | None
    devices: dict[str, dict[str, str]]
    ephemeral: bool
    expanded_config: dict[str, str]
    expanded_devices: dict[str, dict[str, str]]
    expires_at: datetime | None
    last_used_at: datetime | None
    name: str
    profiles: list[str]
    size: int
    stateful: bool


class Image(Resource):
    """An image; ``size`` is in bytes, ``fingerprint`` the SHA-256 of its file or files."""

    __slots__ = ()

    aliases: list[ImageAlias]
    architecture: str
    auto_update: bool
    cached: bool
    created_at: datetime | None
    expires_at: datetime | None
    filename: str
    fingerprint: str
    last_used_at: datetime | None
    profiles: list[str]
    properties: dict[str, str]
    public: bool
    size: int
    type: str
    update_source: Resource
    uploaded_at: datetime | None


class ImageAlias(Resource):
    """A name of an image; ``target`` is its fingerprint."""

    __slots__ = ()

    description: str
    name: str
    target: str
    type: str


class Profile(Resource):
    """Configuration and devices that instances share."""

    __slots__ = ()

    config: dict[str, str]
    description: str
    devices: dict[str, dict[str, str]]
    name: str
    project: str
    used_by: list[str]


class Network(Resource):
    """A network: a bridge of the server's, or an interface of its machine."""

    __slots__ = ()

    config: dict[str, str]
    description: str
    locations: list[str]
    managed: bool
    name: str
    project: str
    status: str
    type: str
    used_by: list[str]


class MigrationSource(Resource):
    """What a target needs to fetch an instance: ``init_migration`` makes it, ``migrate`` takes it.

    ``websocket`` holds ``url``, ``urls`` (all addresses of the source) and ``secrets``.
    """

    __slots__ = ()

    architecture: str
    certificate: str
    config: dict[str, str]
    description: str
    devices: dict[str, dict[str, str]]
    ephemeral: bool
    name: str
    operation: Operation
    profiles: list[str]
    snapshot: bool
    stateful: bool
    type: str
    websocket: Resource
