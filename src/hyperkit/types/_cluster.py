"""Clusters: their members, groups and links, and what is placed and replicated over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._resource import Resource

if TYPE_CHECKING:
    from datetime import datetime


class Cluster(Resource):
    """Whether the server is part of a cluster, and as which member.

    ``member_config`` lists what a server that joins has to say of itself.
    """

    __slots__ = ()

    enabled: bool
    member_config: list[ClusterMemberConfigKey]
    server_name: str


class ClusterGroup(Resource):
    """Some members of a cluster. ``config`` and ``used_by`` are Incus'."""

    __slots__ = ()

    config: dict[str, str]
    description: str
    members: list[str]
    name: str
    used_by: list[str]


class ClusterLink(Resource):
    """A trusted connection to another cluster (LXD 6); ``type`` such as ``"bidirectional"``."""

    __slots__ = ()

    access_entitlements: list[str] | None
    config: dict[str, str]
    description: str
    name: str
    type: str
    used_by: list[str]


class ClusterLinkCertificate(Resource):
    """What another cluster has shown, for people to compare before they trust it.

    ``certificate`` is PEM, ``fingerprint`` its SHA-256.
    """

    __slots__ = ()

    certificate: str
    fingerprint: str


class ClusterLinkMember(Resource):
    """A member of a linked cluster; ``status`` such as ``"Active"`` or ``"Unreachable"``."""

    __slots__ = ()

    address: str
    server_name: str
    status: str


class ClusterLinkState(Resource):
    """Which members of a linked cluster can be reached."""

    __slots__ = ()

    cluster_link_members: list[ClusterLinkMember]


class ClusterMember(Resource):
    """A server of a cluster.

    ``status`` is such as ``"Online"``, ``"Offline"`` or ``"Evacuated"``, with more of it in
    ``message``. ``database`` says whether it keeps a copy of the database.
    """

    __slots__ = ()

    architecture: str
    config: dict[str, str]
    database: bool
    description: str
    failure_domain: str
    groups: list[str]
    message: str
    roles: list[str]
    server_name: str
    status: str
    url: str


class ClusterMemberConfigKey(Resource):
    """A key that each member of a cluster has a value of its own for.

    ``entity`` is ``"storage-pool"`` or ``"network"``, ``name`` that of the pool or network.
    """

    __slots__ = ()

    description: str
    entity: str
    key: str
    name: str
    value: str


class ClusterMemberPool(Resource):
    """What is used of a storage pool on one member; ``space`` in bytes, ``inodes`` a number."""

    __slots__ = ()

    inodes: ClusterMemberPoolUse
    space: ClusterMemberPoolUse


class ClusterMemberPoolUse(Resource):
    """How much of something there is, and how much of it is used."""

    __slots__ = ()

    total: int
    used: int


class ClusterMemberState(Resource):
    """How loaded a member of a cluster is; ``storage_pools`` by name."""

    __slots__ = ()

    storage_pools: dict[str, ClusterMemberPool]
    sysinfo: ClusterMemberSysInfo


class ClusterMemberSysInfo(Resource):
    """The machine of a member: memory and swap in bytes, ``uptime`` in seconds.

    ``load_averages`` are those of the last 1, 5 and 15 minutes; ``logical_cpus`` is LXD's.
    """

    __slots__ = ()

    buffered_ram: int
    free_ram: int
    free_swap: int
    load_averages: list[float]
    logical_cpus: int
    processes: int
    shared_ram: int
    total_ram: int
    total_swap: int
    uptime: int


class PlacementGroup(Resource):
    """How instances are spread over the members of a cluster (LXD 6).

    ``config`` has ``policy`` (``"spread"`` or ``"compact"``) and ``rigor`` (``"strict"`` or
    ``"permissive"``).
    """

    __slots__ = ()

    config: dict[str, str]
    description: str
    name: str
    project: str
    used_by: list[str]


class Replicator(Resource):
    """Copies a project to a linked cluster, now and then (LXD 6).

    ``last_run_status`` is ``"Pending"``, ``"Completed"`` or ``"Failed"``.
    """

    __slots__ = ()

    access_entitlements: list[str] | None
    config: dict[str, str]
    description: str
    last_run_at: datetime | None
    last_run_status: str
    name: str
    project: str


class ReplicatorState(Resource):
    """What a replicator does: ``status`` such as ``"Pending"``."""

    __slots__ = ()

    status: str
