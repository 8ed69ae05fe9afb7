"""The client: its options, and the chapters that it is composed of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _options
from ._api.certificates import CertificatesMixin
from ._api.containers import ContainersMixin
from ._api.copying import CopyingMixin
from ._api.directories import DirectoriesMixin
from ._api.files import FilesMixin
from ._api.image_aliases import ImageAliasesMixin
from ._api.image_files import ImageFilesMixin
from ._api.images import ImagesMixin
from ._api.instance_backups import InstanceBackupsMixin
from ._api.instance_debug import InstanceDebugMixin
from ._api.instance_firmware import InstanceFirmwareMixin
from ._api.instance_metadata import InstanceMetadataMixin
from ._api.instances import InstancesMixin
from ._api.logs import LogsMixin
from ._api.migration import MigrationMixin
from ._api.networks import NetworksMixin
from ._api.operations import OperationsMixin
from ._api.profiles import ProfilesMixin
from ._api.readiness import ReadinessMixin
from ._api.scopes import ScopesMixin
from ._api.server import ServerMixin
from ._api.sftp import SftpMixin
from ._api.snapshots import SnapshotsMixin
from ._api.storage_bucket_backups import StorageBucketBackupsMixin
from ._api.storage_buckets import StorageBucketsMixin
from ._api.terminals import TerminalsMixin
from ._api.verbs import VerbsMixin

if TYPE_CHECKING:
    from requests import Session


class _NotGiven:
    """For options, where None is a value of its own."""

    def __repr__(self) -> str:
        return "<not given>"


NOT_GIVEN: Any = _NotGiven()


class Client(
    CertificatesMixin,
    ContainersMixin,
    CopyingMixin,
    DirectoriesMixin,
    FilesMixin,
    ImageFilesMixin,
    ImagesMixin,
    ImageAliasesMixin,
    InstanceBackupsMixin,
    InstanceDebugMixin,
    InstanceFirmwareMixin,
    InstanceMetadataMixin,
    LogsMixin,
    MigrationMixin,
    NetworksMixin,
    ProfilesMixin,
    ReadinessMixin,
    SftpMixin,
    SnapshotsMixin,
    ScopesMixin,
    StorageBucketBackupsMixin,
    TerminalsMixin,
    VerbsMixin,
    InstancesMixin,
    StorageBucketsMixin,
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
            or ``"remote:NAME"`` of the command-line client; None finds the local
            server.
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
        api_endpoint: str | None = NOT_GIVEN,
        auto_sync: bool = NOT_GIVEN,
        client_cert: str | None = NOT_GIVEN,
        client_key: str | None = NOT_GIVEN,
        client_key_password: str | None = NOT_GIVEN,
        default_media_type: str = NOT_GIVEN,
        default_project: str | None = NOT_GIVEN,
        operation_timeout: float | None = NOT_GIVEN,
        proxy: str | None = NOT_GIVEN,
        server_cert: str | None = NOT_GIVEN,
        session: Session | None = NOT_GIVEN,
        target: str | None = NOT_GIVEN,
        timeout: float | tuple[float | None, float | None] | None = NOT_GIVEN,
        token: str | None = NOT_GIVEN,
        user_agent: str = NOT_GIVEN,
        verify_ssl: bool | str = NOT_GIVEN,
    ) -> None:
        here = locals()
        options = {name: here[name] for name in _options.OPTIONS}
        explicit = {name: value for name, value in options.items() if value is not NOT_GIVEN}
        super().__init__(_options.start() | explicit)
