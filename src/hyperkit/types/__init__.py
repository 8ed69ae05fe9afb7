"""The objects of the API: names and types of their fields, no behaviour.

A server may leave out fields that its release does not know, and add others;
``get()`` reads what may be missing.
"""

from __future__ import annotations

from .._resource import Resource
from ._auth import Certificate
from ._buckets import StorageBucket, StorageBucketBackup, StorageBucketKey
from ._images import Image, ImageAlias
from ._instances import (
    AccessEntry,
    ExecOutput,
    FileInfo,
    Instance,
    InstanceBackup,
    InstanceMetadata,
    InstanceState,
    InstanceStateCPU,
    InstanceStateDisk,
    InstanceStateMemory,
    InstanceStateNetwork,
    InstanceStateNetworkAddress,
    InstanceStateNetworkCounters,
    InstanceStateOS,
    InstanceTemplate,
    MigrationSource,
    NvramVariable,
    Snapshot,
    UefiVariable,
    UefiVariables,
)
from ._networks import Network
from ._projects import Profile
from ._server import Event, HostResources, Operation, Server

__all__ = [
    "AccessEntry",
    "Certificate",
    "Event",
    "ExecOutput",
    "FileInfo",
    "HostResources",
    "Image",
    "ImageAlias",
    "Instance",
    "InstanceBackup",
    "InstanceMetadata",
    "InstanceState",
    "InstanceStateCPU",
    "InstanceStateDisk",
    "InstanceStateMemory",
    "InstanceStateNetwork",
    "InstanceStateNetworkAddress",
    "InstanceStateNetworkCounters",
    "InstanceStateOS",
    "InstanceTemplate",
    "MigrationSource",
    "Network",
    "NvramVariable",
    "Operation",
    "Profile",
    "Resource",
    "Server",
    "Snapshot",
    "StorageBucket",
    "StorageBucketBackup",
    "StorageBucketKey",
    "UefiVariable",
    "UefiVariables",
]

# They are known by this module's name: in pickles, in the manual, and in messages.
for _name in __all__:
    globals()[_name].__module__ = __name__
