"""The objects of the API: names and types of their fields, no behaviour.

A server may leave out fields that its release does not know, and add others;
``get()`` reads what may be missing.
"""

from __future__ import annotations

from .._resource import Resource
from ._auth import Certificate
from ._cluster import (
    Cluster,
    ClusterGroup,
    ClusterLink,
    ClusterLinkCertificate,
    ClusterLinkMember,
    ClusterLinkState,
    ClusterMember,
    ClusterMemberConfigKey,
    ClusterMemberPool,
    ClusterMemberPoolUse,
    ClusterMemberState,
    ClusterMemberSysInfo,
    PlacementGroup,
    Replicator,
    ReplicatorState,
)
from ._images import Image, ImageAlias
from ._instances import ExecOutput, FileInfo, Instance, InstanceState, MigrationSource, Snapshot
from ._network_parts import (
    NetworkACL,
    NetworkACLRule,
    NetworkAddressSet,
    NetworkForward,
    NetworkForwardPort,
    NetworkIntegration,
    NetworkLoadBalancer,
    NetworkLoadBalancerBackend,
    NetworkLoadBalancerBackendHealth,
    NetworkLoadBalancerPool,
    NetworkLoadBalancerPoolInstance,
    NetworkLoadBalancerPoolState,
    NetworkLoadBalancerPoolTarget,
    NetworkLoadBalancerPort,
    NetworkLoadBalancerPortHealth,
    NetworkLoadBalancerState,
    NetworkPeer,
    NetworkZone,
    NetworkZoneRecord,
    NetworkZoneRecordEntry,
)
from ._networks import (
    Network,
    NetworkAllocation,
    NetworkLease,
    NetworkState,
    NetworkStateAddress,
    NetworkStateBond,
    NetworkStateBridge,
    NetworkStateCounters,
    NetworkStateOVN,
    NetworkStateVLAN,
)
from ._projects import AccessEntry, Profile, Project, ProjectResource, ProjectState
from ._server import Event, HostResources, Operation, Server

__all__ = [
    "AccessEntry",
    "Certificate",
    "Cluster",
    "ClusterGroup",
    "ClusterLink",
    "ClusterLinkCertificate",
    "ClusterLinkMember",
    "ClusterLinkState",
    "ClusterMember",
    "ClusterMemberConfigKey",
    "ClusterMemberPool",
    "ClusterMemberPoolUse",
    "ClusterMemberState",
    "ClusterMemberSysInfo",
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
    "NetworkACL",
    "NetworkACLRule",
    "NetworkAddressSet",
    "NetworkAllocation",
    "NetworkForward",
    "NetworkForwardPort",
    "NetworkIntegration",
    "NetworkLease",
    "NetworkLoadBalancer",
    "NetworkLoadBalancerBackend",
    "NetworkLoadBalancerBackendHealth",
    "NetworkLoadBalancerPool",
    "NetworkLoadBalancerPoolInstance",
    "NetworkLoadBalancerPoolState",
    "NetworkLoadBalancerPoolTarget",
    "NetworkLoadBalancerPort",
    "NetworkLoadBalancerPortHealth",
    "NetworkLoadBalancerState",
    "NetworkPeer",
    "NetworkState",
    "NetworkStateAddress",
    "NetworkStateBond",
    "NetworkStateBridge",
    "NetworkStateCounters",
    "NetworkStateOVN",
    "NetworkStateVLAN",
    "NetworkZone",
    "NetworkZoneRecord",
    "NetworkZoneRecordEntry",
    "Operation",
    "PlacementGroup",
    "Profile",
    "Project",
    "ProjectResource",
    "ProjectState",
    "Replicator",
    "ReplicatorState",
    "Resource",
    "Server",
    "Snapshot",
]

# They are known by this module's name: in pickles, in the manual, and in messages.
for _name in __all__:
    globals()[_name].__module__ = __name__
