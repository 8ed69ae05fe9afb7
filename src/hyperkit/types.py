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
    "ExecOutput",
    "HostResources",
    "Instance",
    "InstanceState",
    "Operation",
    "Resource",
    "Server",
]


class ExecOutput(NamedTuple):
    """What a recorded command wrote."""

    stdout: bytes
    stderr: bytes


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
