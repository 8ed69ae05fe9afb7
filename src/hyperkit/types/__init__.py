"""The objects of the API: names and types of their fields, no behaviour.

A server may leave out fields that its release does not know, and add others;
``get()`` reads what may be missing.
"""

from __future__ import annotations

from .._resource import Resource
from ._auth import Certificate
from ._images import Image, ImageAlias
from ._instances import ExecOutput, FileInfo, Instance, InstanceState, MigrationSource, Snapshot
from ._networks import Network
from ._projects import Profile
from ._server import Event, HostResources, Operation, Server
from ._storage import (
    StoragePool,
    StoragePoolResources,
    StorageSpace,
    StorageVolume,
    StorageVolumeBackup,
    StorageVolumeBitmap,
    StorageVolumeFull,
    StorageVolumeOffer,
    StorageVolumeSnapshot,
    StorageVolumeState,
)

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
    "StoragePool",
    "StoragePoolResources",
    "StorageSpace",
    "StorageVolume",
    "StorageVolumeBackup",
    "StorageVolumeBitmap",
    "StorageVolumeFull",
    "StorageVolumeOffer",
    "StorageVolumeSnapshot",
    "StorageVolumeState",
]

# They are known by this module's name: in pickles, in the manual, and in messages.
for _name in __all__:
    globals()[_name].__module__ = __name__
