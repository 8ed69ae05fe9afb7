"""Instances and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .._resource import Resource

if TYPE_CHECKING:
    from datetime import datetime

    from ._server import Operation


class AccessEntry(Resource):
    """Somebody who may use something, and as what.

    ``identifier`` is a certificate's fingerprint or a user's name, ``role`` such as
    ``"admin"`` or ``"view"``, ``provider`` such as ``"tls"`` or ``"openfga"``.
    """

    __slots__ = ()

    identifier: str
    provider: str
    role: str


class ExecOutput(NamedTuple):
    """What a recorded command wrote."""

    stdout: bytes
    stderr: bytes


class FileInfo(NamedTuple):
    """What is at a path in an instance.

    ``mode`` has the permission bits (``0o644``), ``size`` is in bytes and None
    where the server does not tell it. ``modified`` is the server's text, such as
    ``"2026-11-23 09:53:43 +0000 UTC"``, which is no form of ISO 8601.
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
    ``backups`` are there in lists with ``recursion=2``, and of one instance with
    ``recursion=1``.
    """

    __slots__ = ()

    access_entitlements: list[str] | None
    architecture: str
    backups: list[InstanceBackup] | None
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
    snapshots: list[Snapshot] | None
    state: InstanceState | None
    stateful: bool
    status: str
    status_code: int
    type: str


class InstanceBackup(Resource):
    """A backup of an instance that is kept on the server."""

    __slots__ = ()

    created_at: datetime | None
    expires_at: datetime | None
    instance_only: bool
    name: str
    optimized_storage: bool


class InstanceMetadata(Resource):
    """What the image said of itself that an instance was made from.

    ``creation_date`` and ``expiry_date`` are in seconds since 1970, the latter 0 for
    never; ``templates`` are by the paths of the files that are written from them.
    """

    __slots__ = ()

    architecture: str
    creation_date: int
    expiry_date: int
    properties: dict[str, str]
    templates: dict[str, InstanceTemplate]


class InstanceState(Resource):
    """What an instance is doing now: processes, memory and disks in bytes."""

    __slots__ = ()

    cpu: InstanceStateCPU
    disk: dict[str, InstanceStateDisk] | None
    memory: InstanceStateMemory
    network: dict[str, InstanceStateNetwork] | None
    os_info: InstanceStateOS | None
    pid: int
    processes: int
    started_at: datetime | None
    status: str
    status_code: int


class InstanceStateCPU(Resource):
    """The processor time of an instance, in nanoseconds.

    ``usage`` is what it has used, ``allocated_time`` what it may use in each second.
    """

    __slots__ = ()

    allocated_time: int
    usage: int


class InstanceStateDisk(Resource):
    """How full a disk of an instance is, in bytes; 0 where that is not known."""

    __slots__ = ()

    total: int
    usage: int


class InstanceStateMemory(Resource):
    """The memory of an instance, in bytes."""

    __slots__ = ()

    swap_usage: int
    swap_usage_peak: int
    total: int
    usage: int
    usage_peak: int


class InstanceStateNetwork(Resource):
    """A network interface of an instance."""

    __slots__ = ()

    addresses: list[InstanceStateNetworkAddress]
    counters: InstanceStateNetworkCounters
    host_name: str
    hwaddr: str
    mtu: int
    state: str
    type: str


class InstanceStateNetworkAddress(Resource):
    """An address of a network interface; ``netmask`` is the length of the prefix, as text."""

    __slots__ = ()

    address: str
    family: str
    netmask: str
    scope: str


class InstanceStateNetworkCounters(Resource):
    """What has gone through a network interface."""

    __slots__ = ()

    bytes_received: int
    bytes_sent: int
    errors_received: int
    errors_sent: int
    packets_dropped_inbound: int
    packets_dropped_outbound: int
    packets_received: int
    packets_sent: int


class InstanceStateOS(Resource):
    """The operating system of a virtual machine, as its agent tells it (Incus)."""

    __slots__ = ()

    fqdn: str
    hostname: str
    kernel_version: str
    os: str
    os_version: str


class InstanceTemplate(Resource):
    """When and how a file of an instance is written from a template.

    ``when`` has ``"create"``, ``"copy"``, ``"rename"`` or ``"start"``; ``template`` is
    the name of the template's file. ``uid``, ``gid`` and ``mode`` are text (Incus).
    """

    __slots__ = ()

    create_only: bool
    gid: str
    mode: str
    properties: dict[str, str]
    template: str
    uid: str
    when: list[str]


class NvramVariable(Resource):
    """A variable of a virtual machine's firmware, as Incus has it.

    ``binary`` is its content in base64, ``data`` what that means where Incus knows it;
    ``attributes`` are names such as ``"NON_VOLATILE"``.
    """

    __slots__ = ()

    attributes: list[str]
    binary: str
    data: Any
    timestamp: datetime | None


class UefiVariable(Resource):
    """A variable of a virtual machine's firmware, as LXD has it: all text is hexadecimal."""

    __slots__ = ()

    attr: int
    data: str
    digest: str
    timestamp: str


class UefiVariables(Resource):
    """The variables of a virtual machine's firmware; keys are ``<name>-<GUID>``."""

    __slots__ = ()

    variables: dict[str, UefiVariable]


class Snapshot(Resource):
    """An instance as it was at a moment; ``size`` is in bytes, -1 where that is not known."""

    __slots__ = ()

    architecture: str
    config: dict[str, str]
    created_at: datetime | None
    description: str
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
