"""Instances and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .._resource import Resource

if TYPE_CHECKING:
    from datetime import datetime

    from ._server import Operation


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
