"""The server and what goes on there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .._resource import Resource

if TYPE_CHECKING:
    from datetime import datetime


class Event(Resource):
    """Something that has happened on the server.

    ``type`` is ``"operation"`` (``metadata`` is the operation), ``"lifecycle"`` (``action``,
    ``source``, ``context``, ``requestor``), ``"logging"`` (``message``, ``level``,
    ``context``) or another of the server's; or ``"gap"``: the connection was lost, and
    what happened meanwhile is not known (``metadata["reason"]``).
    """

    __slots__ = ()

    location: str
    metadata: Any
    project: str
    timestamp: datetime | None
    type: str


class MetadataConfiguration(Resource):
    """Which configuration keys the server knows, and what they mean.

    ``configs`` maps a kind of object (``"instance"``) to groups of keys; each key has a type,
    a default and a description. ``entities`` maps a kind of object to the permissions that
    there are for it (LXD).
    """

    __slots__ = ()

    configs: dict[str, dict[str, Resource]]
    entities: dict[str, Resource]


class MetricSample(NamedTuple):
    """One measured value: ``labels`` say of what, such as ``{"name": "web", "cpu": "0"}``."""

    name: str
    labels: dict[str, str]
    value: float


class Operation(Resource):
    """Work that the server does in the background.

    ``status_code`` is below 200 while it goes on, then 200 (success), 400
    (failure) or 401 (cancelled). An operation with an empty ``id`` was finished
    before the server answered. ``child_count``, ``children``, ``err_code`` and
    ``requestor`` are there on LXD 6.
    """

    __slots__ = ()

    child_count: int
    children: list[Operation] | None
    class_: str
    created_at: datetime | None
    description: str
    err: str
    err_code: int
    id: str
    location: str
    may_cancel: bool
    metadata: Any
    requestor: OperationRequestor | None
    resources: dict[str, list[str]] | None
    status: str
    status_code: int
    updated_at: datetime | None


class OperationRequestor(Resource):
    """Who has started an operation (LXD 6): ``protocol`` is how they were known."""

    __slots__ = ()

    address: str
    protocol: str
    username: str


class Server(Resource):
    """The server itself: ``GET /1.0``.

    Strangers get no ``environment``, and from Incus no ``api_extensions``.
    ``client_certificate`` tells whether one was sent (LXD 6).
    """

    __slots__ = ()

    access_entitlements: list[str] | None
    api_extensions: list[str] | None
    api_status: str
    api_version: str
    auth: str
    auth_methods: list[str]
    auth_user_method: str
    auth_user_name: str
    client_certificate: bool
    config: dict[str, Any]
    environment: ServerEnvironment
    public: bool


class ServerEnvironment(Resource):
    """What a server is and runs on: ``server`` is ``"lxd"`` or ``"incus"``.

    ``backup_metadata_version_range``, ``instance_types`` and ``server_lts`` are there on
    LXD 6.
    """

    __slots__ = ()

    addresses: list[str]
    architectures: list[str]
    backup_metadata_version_range: list[int]
    certificate: str
    certificate_fingerprint: str
    driver: str
    driver_version: str
    firewall: str
    instance_types: list[str]
    kernel: str
    kernel_architecture: str
    kernel_features: dict[str, str]
    kernel_version: str
    lxc_features: dict[str, str]
    os_name: str
    os_version: str
    project: str
    server: str
    server_clustered: bool
    server_event_mode: str
    server_lts: bool
    server_name: str
    server_pid: int
    server_version: str
    storage: str
    storage_supported_drivers: list[ServerStorageDriver]
    storage_version: str


class ServerStorageDriver(Resource):
    """A kind of storage pool that the server can make."""

    __slots__ = ()

    Name: str
    Remote: bool
    Version: str


class ServerWarning(Resource):
    """Something that the server's administrator should know.

    ``status`` is ``"new"``, ``"acknowledged"`` or ``"resolved"``, ``severity`` ``"low"``,
    ``"moderate"`` or ``"high"``.
    """

    __slots__ = ()

    count: int
    entity_url: str
    first_seen_at: datetime | None
    last_message: str
    last_seen_at: datetime | None
    location: str
    project: str
    severity: str
    status: str
    type: str
    uuid: str
