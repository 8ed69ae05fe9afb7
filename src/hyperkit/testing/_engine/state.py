"""What the server holds: projects, and what is in them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .._clock import EPOCH, NEVER
from .answers import Json, Refused

if TYPE_CHECKING:
    from .._guest.jobs import Job
    from .._guest.tree import Tree

STOPPED, RUNNING, FROZEN, ERROR = 102, 103, 110, 112
WORDS = {STOPPED: "Stopped", RUNNING: "Running", FROZEN: "Frozen", ERROR: "Error"}


@dataclass
class Image:
    """An image.

    Attributes:
        parts: the files it came as: one, or metadata and root file system.
        metadata: what its ``metadata.yaml`` says.
        templates: its templates by name.
        tree: its root file system.
        source: where it came from, for ``update_source``.
    """

    fingerprint: str
    parts: list[bytes]
    metadata: Json
    tree: Tree
    filename: str
    uploaded_at: str
    type: str = "container"
    architecture: str = "x86_64"
    auto_update: bool = False
    created_at: str = EPOCH
    expires_at: str = NEVER
    last_used_at: str = NEVER
    profiles: list[str] = field(default_factory=lambda: ["default"])
    properties: dict[str, str] = field(default_factory=dict[str, str])
    public: bool = False
    source: Json | None = None
    templates: dict[str, bytes] = field(default_factory=dict[str, bytes])


@dataclass
class Alias:
    """Another name of an image."""

    target: str
    description: str = ""
    type: str = "container"


@dataclass
class Snapshot:
    """What an instance was at some moment."""

    name: str
    created_at: str
    config: dict[str, str]
    devices: Json
    profiles: list[str]
    tree: Tree
    ephemeral: bool = False
    expires_at: str = NEVER
    last_used_at: str = EPOCH
    stateful: bool = False


@dataclass
class Backup:
    """An instance, a volume or a bucket, packed.

    Attributes:
        alone: whether its snapshots were left out.
    """

    name: str
    created_at: str
    data: bytes
    expires_at: str = NEVER
    alone: bool = False
    optimized_storage: bool = False


@dataclass
class Instance:
    """A container.

    Attributes:
        status: `STOPPED`, `RUNNING` or `FROZEN`.
        console: what has been written to its console.
        jobs: the commands that run in it.
        output: what commands have written, by the file's name.
        address: its address in the network, while it runs.
    """

    name: str
    project: str
    created_at: str
    config: dict[str, str]
    devices: Json
    profiles: list[str]
    tree: Tree
    type: str = "container"
    architecture: str = "x86_64"
    ephemeral: bool = False
    stateful: bool = False
    description: str = ""
    last_used_at: str = EPOCH
    started_at: str = NEVER
    status: int = STOPPED
    pid: int = 0
    address: str = ""
    empty: bool = False
    metadata: Json = field(default_factory=dict[str, Any])
    templates: dict[str, bytes] = field(default_factory=dict[str, bytes])
    snapshots: dict[str, Snapshot] = field(default_factory=dict[str, Snapshot])
    backups: dict[str, Backup] = field(default_factory=dict[str, Backup])
    logs: dict[str, bytes] = field(default_factory=dict[str, bytes])
    output: dict[str, bytes] = field(default_factory=dict[str, bytes])
    console: bytearray = field(default_factory=bytearray)
    jobs: list[Job] = field(default_factory=list["Job"])

    @property
    def running(self) -> bool:
        """Tell whether it runs, frozen or not."""
        return self.status in {RUNNING, FROZEN}


@dataclass
class Profile:
    """Settings for many instances."""

    name: str
    config: dict[str, str] = field(default_factory=dict[str, str])
    devices: Json = field(default_factory=dict[str, Any])
    description: str = ""


@dataclass
class Network:
    """A network.

    Attributes:
        pending: whether it is defined on a member of a cluster, and not created yet.
        balancers: its load balancers by the addresses that they listen at.
        balancer_pools: the pools of instances that those lead to.
        forwards: its forwards by the addresses that they listen at.
        peers: its ways to other networks.
    """

    name: str
    type: str = "bridge"
    managed: bool = True
    config: dict[str, str] = field(default_factory=dict[str, str])
    description: str = ""
    hwaddr: str = ""
    pending: bool = False
    balancers: dict[str, Json] = field(default_factory=dict[str, Json])
    balancer_pools: dict[str, Json] = field(default_factory=dict[str, Json])
    forwards: dict[str, Json] = field(default_factory=dict[str, Json])
    peers: dict[str, Json] = field(default_factory=dict[str, Json])


@dataclass
class VolumeSnapshot:
    """What a volume was at some moment."""

    name: str
    created_at: str
    config: dict[str, str]
    tree: Tree
    description: str = ""
    expires_at: str | None = None

    def copy(self) -> VolumeSnapshot:
        """Copy it, with its files."""
        return replace(self, config=dict(self.config), tree=self.tree.copy())


@dataclass
class Volume:
    """A volume.

    Attributes:
        tree: what is in it, if it holds files; of a disc its one image.
        type: ``"custom"``, or what the instance is that it belongs to.
    """

    name: str
    pool: str
    created_at: str
    tree: Tree
    config: dict[str, str] = field(default_factory=dict[str, str])
    content_type: str = "filesystem"
    description: str = ""
    snapshots: dict[str, VolumeSnapshot] = field(default_factory=dict[str, VolumeSnapshot])
    backups: dict[str, Backup] = field(default_factory=dict[str, Backup])
    type: str = "custom"


@dataclass
class Bucket:
    """A bucket, without the objects in it.

    Attributes:
        keys: as the API shows them, by name.
    """

    name: str
    pool: str
    config: dict[str, str] = field(default_factory=dict[str, str])
    description: str = ""
    keys: dict[str, Json] = field(default_factory=dict[str, Json])
    backups: dict[str, Backup] = field(default_factory=dict[str, Backup])


@dataclass
class Pool:
    """A storage pool.

    Attributes:
        pending: whether it is defined on a member of a cluster, and not created yet.
    """

    name: str
    driver: str
    config: dict[str, str] = field(default_factory=dict[str, str])
    description: str = ""
    pending: bool = False


@dataclass
class Certificate:
    """A client that is trusted."""

    fingerprint: str
    pem: str
    name: str = ""
    type: str = "client"
    restricted: bool = False
    projects: list[str] = field(default_factory=list[str])
    description: str = ""


@dataclass
class Cluster:
    """The cluster that the server is in.

    Attributes:
        name: of its only member.
        roles: those that somebody has given it.
    """

    name: str
    config: dict[str, str] = field(default_factory=dict[str, str])
    description: str = ""
    failure_domain: str = "default"
    roles: list[str] = field(default_factory=list[str])
    evacuated: bool = False


@dataclass
class Project:
    """A project."""

    name: str
    config: dict[str, str] = field(default_factory=dict[str, str])
    description: str = ""
    address_sets: dict[str, Json] = field(default_factory=dict[str, Json])
    replica_mode: str = ""
    aliases: dict[str, Alias] = field(default_factory=dict[str, Alias])
    buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict[tuple[str, str], Bucket])
    images: dict[str, Image] = field(default_factory=dict[str, Image])
    instances: dict[str, Instance] = field(default_factory=dict[str, Instance])
    networks: dict[str, Network] = field(default_factory=dict[str, Network])
    network_acls: dict[str, Json] = field(default_factory=dict[str, Json])
    network_zones: dict[str, Json] = field(default_factory=dict[str, Json])
    zone_records: dict[str, dict[str, Json]] = field(default_factory=dict[str, dict[str, Json]])
    profiles: dict[str, Profile] = field(default_factory=dict[str, Profile])
    volumes: dict[tuple[str, str], Volume] = field(default_factory=dict[tuple[str, str], Volume])


@dataclass
class State:
    """All that there is on the server.

    Attributes:
        cluster: that the server is in, if it is in one.
        families: objects of the kinds that are alike, by the path of the kind.
        identities: whom LXD 6 knows beside its certificates, by what identifies them.
        sessions: which of them are logged in, by UUID.
    """

    certificates: dict[str, Certificate] = field(default_factory=dict[str, Certificate])
    cluster: Cluster | None = None
    families: dict[str, dict[tuple[str, str], Json]] = field(
        default_factory=dict[str, dict[tuple[str, str], Json]]
    )
    identities: dict[str, Json] = field(default_factory=dict[str, Json])
    sessions: dict[str, Json] = field(default_factory=dict[str, Json])
    config: dict[str, str] = field(default_factory=dict[str, str])
    integrations: dict[str, Json] = field(default_factory=dict[str, Json])
    pools: dict[str, Pool] = field(default_factory=dict[str, Pool])
    projects: dict[str, Project] = field(default_factory=dict[str, Project])
    warnings: dict[str, Json] = field(default_factory=dict[str, Json])

    def project(self, name: str) -> Project:
        """Find a project.

        Raises:
            Refused: there is none of that name.
        """
        try:
            return self.projects[name]
        except KeyError:
            raise Refused(404, "Project not found") from None

    def home(self, name: str, feature: str) -> Project:
        """Find the project that has a project's images, profiles, networks, ...

        Args:
            name: of the project.
            feature: such as ``"images"``.

        Raises:
            Refused: there is no such project.
        """
        if name not in self.projects:
            raise Refused(404, f'Failed loading project "{name}": Project not found')
        own = self.projects[name].config.get(f"features.{feature}") == "true"
        return self.projects[name if own else "default"]

    def expanded(self, project: str, one: Instance | Snapshot) -> tuple[dict[str, str], Json]:
        """Put together the configuration and devices that something has, profiles included.

        Args:
            project: that it is in.
            one: an instance, or a snapshot of one.
        """
        config: dict[str, str] = {}
        devices: Json = {}
        known = self.home(project, "profiles").profiles
        for profile in [known[name] for name in one.profiles if name in known]:
            config |= profile.config
            devices |= profile.devices
        return config | one.config, devices | one.devices

    def devices(self, instance: Instance) -> Json:
        """List the devices that an instance has, those of its profiles included."""
        return self.expanded(instance.project, instance)[1]

    def instances(self) -> list[Instance]:
        """List the instances of all projects."""
        return [one for project in self.projects.values() for one in project.instances.values()]


def mac_address(lxd: bool) -> str:
    """Make the address of a network card."""
    rest = secrets.token_hex(3)
    pairs = ":".join(rest[index : index + 2] for index in (0, 2, 4))
    return f"{'00:16:3e' if lxd else '10:66:6a'}:{pairs}"
