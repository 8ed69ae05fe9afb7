"""Storage: pools, volumes and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._resource import Resource

if TYPE_CHECKING:
    from datetime import datetime

    from ._server import Operation


class StoragePool(Resource):
    """A place where volumes are kept: a folder, a file system, a cluster of disks.

    ``driver`` is such as ``"dir"`` or ``"zfs"``, ``status`` such as ``"Created"``;
    ``used_by`` lists the URLs of what is kept there, ``locations`` the cluster members
    that have the pool.
    """

    __slots__ = ()

    access_entitlements: list[str] | None
    config: dict[str, str]
    description: str
    driver: str
    locations: list[str]
    name: str
    status: str
    used_by: list[str] | None


class StorageSpace(Resource):
    """How much there is of something, and how much of it is used."""

    __slots__ = ()

    total: int
    used: int


class StoragePoolResources(Resource):
    """What a pool has left: ``space`` is in bytes, ``inodes`` counts files."""

    __slots__ = ()

    inodes: StorageSpace
    space: StorageSpace


class StorageVolume(Resource):
    """A volume: a file system, a block device or an ISO image in a pool.

    ``type`` is ``"custom"`` for those that users make, else ``"container"``,
    ``"virtual-machine"`` or ``"image"``. In lists, a snapshot is called
    ``"volume/snapshot"``. ``pool`` is there on LXD 6.
    """

    __slots__ = ()

    access_entitlements: list[str] | None
    config: dict[str, str]
    content_type: str
    created_at: datetime | None
    description: str
    location: str
    name: str
    pool: str
    project: str
    type: str
    used_by: list[str] | None


class StorageVolumeFull(StorageVolume):
    """A volume with all that belongs to it."""

    __slots__ = ()

    backups: list[StorageVolumeBackup] | None
    snapshots: list[StorageVolumeSnapshot] | None
    state: StorageVolumeState | None


class StorageVolumeState(Resource):
    """How full a volume is.

    ``usage`` is in bytes: a ``total`` of 0 means that the volume may fill its pool. It
    is None, or has no ``used``, where the pool's driver does not count.
    """

    __slots__ = ()

    usage: StorageSpace | None


class StorageVolumeSnapshot(Resource):
    """A volume as it was at a moment; in lists its name is ``"volume/snapshot"``."""

    __slots__ = ()

    config: dict[str, str]
    content_type: str
    created_at: datetime | None
    description: str
    expires_at: datetime | None
    name: str


class StorageVolumeBackup(Resource):
    """A volume in a file that the server keeps until it is fetched or expires."""

    __slots__ = ()

    created_at: datetime | None
    expires_at: datetime | None
    name: str
    optimized_storage: bool
    volume_only: bool


class StorageVolumeBitmap(Resource):
    """What has been written to a block volume since a moment.

    ``count`` and ``granularity`` are in bytes: what has changed, and the smallest part
    that is told apart.
    """

    __slots__ = ()

    busy: bool
    count: int
    granularity: int
    inconsistent: bool
    name: str
    persistent: bool
    recording: bool


class StorageVolumeOffer(Resource):
    """What another server needs to fetch a volume.

    ``init_storage_volume_migration`` makes it, ``migrate_storage_volume`` takes it.
    ``websocket`` holds ``urls`` (all addresses of the source) and ``secrets``.
    """

    __slots__ = ()

    certificate: str
    config: dict[str, str]
    content_type: str
    description: str
    name: str
    operation: Operation
    websocket: Resource
