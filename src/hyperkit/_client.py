"""The client: its options, and the chapters that it is composed of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _options
from ._api.auth_groups import AuthGroupsMixin
from ._api.bearer_identities import BearerIdentitiesMixin
from ._api.certificates import CertificatesMixin
from ._api.cluster import ClusterMixin
from ._api.cluster_groups import ClusterGroupsMixin
from ._api.cluster_links import ClusterLinksMixin
from ._api.cluster_members import ClusterMembersMixin
from ._api.containers import ContainersMixin
from ._api.copying import CopyingMixin
from ._api.directories import DirectoriesMixin
from ._api.events import EventsMixin
from ._api.exec import ExecMixin
from ._api.files import FilesMixin
from ._api.identities import IdentitiesMixin
from ._api.identity_provider_groups import IdentityProviderGroupsMixin
from ._api.image_aliases import ImageAliasesMixin
from ._api.image_files import ImageFilesMixin
from ._api.images import ImagesMixin
from ._api.instance_backups import InstanceBackupsMixin
from ._api.instance_debug import InstanceDebugMixin
from ._api.instance_firmware import InstanceFirmwareMixin
from ._api.instance_metadata import InstanceMetadataMixin
from ._api.instance_state import InstanceStateMixin
from ._api.instances import InstancesMixin
from ._api.logs import LogsMixin
from ._api.metrics import MetricsMixin
from ._api.migration import MigrationMixin
from ._api.network_acls import NetworkACLsMixin
from ._api.network_address_sets import NetworkAddressSetsMixin
from ._api.network_allocations import NetworkAllocationsMixin
from ._api.network_forwards import NetworkForwardsMixin
from ._api.network_integrations import NetworkIntegrationsMixin
from ._api.network_load_balancer_pools import NetworkLoadBalancerPoolsMixin
from ._api.network_load_balancers import NetworkLoadBalancersMixin
from ._api.network_peers import NetworkPeersMixin
from ._api.network_zone_records import NetworkZoneRecordsMixin
from ._api.network_zones import NetworkZonesMixin
from ._api.networks import NetworksMixin
from ._api.oidc_identities import OIDCIdentitiesMixin
from ._api.operations import OperationsMixin
from ._api.placement_groups import PlacementGroupsMixin
from ._api.processes import ProcessesMixin
from ._api.profiles import ProfilesMixin
from ._api.projects import ProjectsMixin
from ._api.readiness import ReadinessMixin
from ._api.replicators import ReplicatorsMixin
from ._api.scopes import ScopesMixin
from ._api.server import ServerMixin
from ._api.sftp import SftpMixin
from ._api.snapshots import SnapshotsMixin
from ._api.storage_bucket_backups import StorageBucketBackupsMixin
from ._api.storage_buckets import StorageBucketsMixin
from ._api.storage_pools import StoragePoolsMixin
from ._api.storage_volume_backups import StorageVolumeBackupsMixin
from ._api.storage_volume_blocks import StorageVolumeBlocksMixin
from ._api.storage_volume_copies import StorageVolumeCopiesMixin
from ._api.storage_volume_files import StorageVolumeFilesMixin
from ._api.storage_volume_snapshots import StorageVolumeSnapshotsMixin
from ._api.storage_volumes import StorageVolumesMixin
from ._api.terminals import TerminalsMixin
from ._api.tls_identities import TLSIdentitiesMixin
from ._api.trust import TrustMixin
from ._api.verbs import VerbsMixin
from ._api.waiting import WaitingMixin
from ._api.warnings import WarningsMixin
from ._hint import did_you_mean
from ._remotes import PREFIX, expand

if TYPE_CHECKING:
    import os
    from typing import Self

    from requests import Session


class _NotGiven:
    """For options, where None is a value of its own."""

    def __repr__(self) -> str:
        return "<not given>"


NOT_GIVEN: Any = _NotGiven()


class Client(
    AuthGroupsMixin,
    BearerIdentitiesMixin,
    ClusterGroupsMixin,
    ClusterLinksMixin,
    ClusterMembersMixin,
    ClusterMixin,
    ContainersMixin,
    CopyingMixin,
    DirectoriesMixin,
    IdentityProviderGroupsMixin,
    ImageAliasesMixin,
    ImageFilesMixin,
    InstanceBackupsMixin,
    InstanceDebugMixin,
    InstanceFirmwareMixin,
    InstanceMetadataMixin,
    LogsMixin,
    MetricsMixin,
    MigrationMixin,
    NetworkACLsMixin,
    NetworkAddressSetsMixin,
    NetworkAllocationsMixin,
    NetworkForwardsMixin,
    NetworkIntegrationsMixin,
    NetworkLoadBalancerPoolsMixin,
    NetworkLoadBalancersMixin,
    NetworkPeersMixin,
    NetworkZoneRecordsMixin,
    NetworkZonesMixin,
    NetworksMixin,
    OIDCIdentitiesMixin,
    PlacementGroupsMixin,
    ProfilesMixin,
    ProjectsMixin,
    ReadinessMixin,
    ReplicatorsMixin,
    ScopesMixin,
    SftpMixin,
    SnapshotsMixin,
    StorageBucketBackupsMixin,
    StorageVolumeBackupsMixin,
    StorageVolumeBlocksMixin,
    StorageVolumeCopiesMixin,
    StorageVolumeFilesMixin,
    StorageVolumeSnapshotsMixin,
    TerminalsMixin,
    TrustMixin,
    VerbsMixin,
    WarningsMixin,
    # What these stand on, in the order that Python's method resolution takes.
    CertificatesMixin,
    FilesMixin,
    ImagesMixin,
    ProcessesMixin,
    ExecMixin,
    InstancesMixin,
    InstanceStateMixin,
    StorageBucketsMixin,
    StorageVolumesMixin,
    StoragePoolsMixin,
    TLSIdentitiesMixin,
    IdentitiesMixin,
    WaitingMixin,
    EventsMixin,
    OperationsMixin,
    ServerMixin,
):
    """A client of one LXD or Incus server.

    It starts from the module's options (``hyperkit.auto_sync`` and the rest) as
    they are at this moment; what is given here wins. Options are attributes, and
    can be changed at any time. Nothing is opened or read here. One client serves
    many threads; after a fork, the child gets connections of its own.

    Args:
        api_endpoint: ``"https://host:8443"``, ``"unix:///path"``, a socket's path,
            or ``"remote:NAME"`` of the command-line client (``"remote:"`` is its
            default one); None finds the local server.
        auto_sync: whether calls wait for their operations.
        client_cert: path or PEM text of the client's certificate; None finds that
            of the command-line client.
        client_key: path or PEM text of its key.
        client_key_password: of an encrypted key.
        default_media_type: the ``Accept`` header.
        default_project: the project of all calls.
        operation_timeout: seconds that a wait may last; None for no limit.
        proxy: URL of a proxy, ``""`` for none; None asks the environment. A socket
            is never reached by one.
        server_cert: the pin: path or PEM text of the server's certificate, or its
            SHA-256 fingerprint.
        session: a ``requests.Session`` of your own: its hooks, headers and adapters
            count.
        target: the cluster member that all calls name.
        timeout: seconds to connect and to read, or a pair of them; None for no
            limit. It never cuts a wait for an operation.
        token: a bearer token.
        user_agent: the ``User-Agent`` header.
        verify_ssl: False trusts any server, a path names a CA file.

    Example:
        >>> client = Client(api_endpoint="https://host:8443", server_cert="server.crt")
        >>> client.instances()
        ['web']
    """

    def __init__(
        self,
        *,
        api_endpoint: str | os.PathLike[str] | None = NOT_GIVEN,
        auto_sync: bool = NOT_GIVEN,
        client_cert: str | os.PathLike[str] | None = NOT_GIVEN,
        client_key: str | os.PathLike[str] | None = NOT_GIVEN,
        client_key_password: str | None = NOT_GIVEN,
        default_media_type: str = NOT_GIVEN,
        default_project: str | None = NOT_GIVEN,
        operation_timeout: float | None = NOT_GIVEN,
        proxy: str | None = NOT_GIVEN,
        server_cert: str | os.PathLike[str] | None = NOT_GIVEN,
        session: Session | None = NOT_GIVEN,
        target: str | None = NOT_GIVEN,
        timeout: float | tuple[float | None, float | None] | None = NOT_GIVEN,
        token: str | None = NOT_GIVEN,
        user_agent: str = NOT_GIVEN,
        verify_ssl: bool | str | os.PathLike[str] = NOT_GIVEN,
    ) -> None:
        here = locals()
        options = {name: here[name] for name in _options.OPTIONS}
        explicit = {name: value for name, value in options.items() if value is not NOT_GIVEN}
        super().__init__(_options.start() | _options.checked(explicit))

    # Hidden from checkers, so that they know of no other attributes.
    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: object) -> None:
            """Set an option; one that is misspelt would change nothing, and nobody be told."""
            if name in _options.OPTIONS:
                value = _options.checked({name: value})[name]
            # Classes of others may have attributes that sound like options.
            elif type(self) is Client and name[0] != "_" and name not in self.__dict__:
                _options.check_name("Client", name, value, getattr(Client, name, None))
            super().__setattr__(name, value)

        def __getattr__(self, name: str) -> object:
            """Say what was probably meant by a name that there is not."""
            names = () if name[0] == "_" else dir(self)
            hint = did_you_mean(name, [one for one in names if one[0] != "_"])
            message = f"{type(self).__name__!r} object has no attribute {name!r}{hint}"
            raise AttributeError(message)

    @classmethod
    def from_remote(cls, name: str | None = None) -> Self:
        """Make a client of a remote of the ``lxc`` or ``incus`` command.

        It reads what the command would read: the remote's address, its project, the
        certificate pinned for it, the key pair; from the folders of LXD (also the snap's) and
        of Incus. Nothing is written there. ``Client(api_endpoint="remote:NAME")`` is the same,
        with further options, and reads the files with the first request. Needs
        ``pyhyperkit[remotes]``.

        Args:
            name: such as ``"backup"``; None is the command's default remote.

        Raises:
            ArgumentError: there is no such remote, or it is a server of images only.

        Example:
            >>> client = hyperkit.Client.from_remote("backup")
            >>> client.instances()
            ['web']
        """
        client = cls(api_endpoint=f"{PREFIX}{name or ''}")
        expand(client)
        return client
