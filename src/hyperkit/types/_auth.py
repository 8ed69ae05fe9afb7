"""Whom the server trusts, and with what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._resource import Resource

if TYPE_CHECKING:
    from datetime import datetime


class AuthGroup(Resource):
    """A group of identities, and what its members may do (LXD).

    ``identities`` maps an authentication method (``"tls"``, ``"oidc"``, ``"bearer"``) to
    identifiers.
    """

    __slots__ = ()

    access_entitlements: list[str] | None
    description: str
    identities: dict[str, list[str]]
    identity_provider_groups: list[str]
    name: str
    permissions: list[Permission]


class Certificate(Resource):
    """A certificate that the server trusts: ``certificate`` is PEM.

    ``projects`` count where ``restricted`` is true. ``description`` is there on Incus.
    """

    __slots__ = ()

    access_entitlements: list[str] | None
    certificate: str
    description: str
    fingerprint: str
    name: str
    projects: list[str] | None
    restricted: bool
    type: str


class Identity(Resource):
    """Somebody whom the server knows (LXD).

    ``id`` is a certificate's fingerprint, an e-mail address or a UUID, as
    ``authentication_method`` says: ``"tls"``, ``"oidc"`` or ``"bearer"``. ``expires_at`` is
    the end of the certificate or token. ``tls_certificate`` is PEM.
    """

    __slots__ = ()

    access_entitlements: list[str] | None
    authentication_method: str
    expires_at: datetime | None
    groups: list[str]
    id: str
    name: str
    tls_certificate: str
    type: str


class IdentityInfo(Identity):
    """Who asks, with what that comes to: groups and permissions, however they were given.

    Where ``fine_grained`` is false, permissions do not count: the identity may do all, or
    what its restricted certificate says.
    """

    __slots__ = ()

    effective_groups: list[str]
    effective_permissions: list[Permission]
    fine_grained: bool


class IdentityProviderGroup(Resource):
    """A group of an identity provider's, and the server's groups that it stands for (LXD)."""

    __slots__ = ()

    access_entitlements: list[str] | None
    groups: list[str]
    name: str


class OIDCSession(Resource):
    """Somebody's session, opened through an identity provider (LXD); ``ip`` is its address."""

    __slots__ = ()

    created_at: datetime | None
    email: str
    expires_at: datetime | None
    ip: str
    user_agent: str
    username: str
    uuid: str


class OIDCTokens(Resource):
    """What an identity provider has given: secrets, all of them.

    ``expires_at`` is when the access token ends, by this machine's clock, or None if the
    provider does not tell; ``refresh_token`` gets another one without asking anybody, where
    the provider gives any.
    """

    __slots__ = ()

    access_token: str
    expires_at: datetime | None
    refresh_token: str
    token_type: str


class Permission(Resource):
    """That somebody may do something to something (LXD).

    ``entitlement`` is what, such as ``"can_view"``; ``url`` and ``entity_type`` are to what,
    such as ``"/1.0/projects/default"`` and ``"project"``.
    """

    __slots__ = ()

    entitlement: str
    entity_type: str
    url: str


class PermissionInfo(Permission):
    """A permission, and the groups that have it (LXD)."""

    __slots__ = ()

    groups: list[str] | None


class TrustToken(Resource):
    """What a newcomer needs to become trusted: one use, and a secret.

    ``fingerprint`` is the server certificate's, ``addresses`` where the server listens.
    ``client_name`` is there in a token for a client, ``server_name`` in one for a member of
    a cluster; ``type`` in one that makes an identity (LXD).
    """

    __slots__ = ()

    addresses: list[str]
    client_name: str
    expires_at: datetime | None
    fingerprint: str
    secret: str
    server_name: str
    type: str
