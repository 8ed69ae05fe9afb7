"""Identities: whom LXD knows, however they show who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import editing
from .._nested import texts
from .._request import given, name_of, path
from .._shape import fields_of, listed
from ..types import Identity, IdentityInfo
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager


class IdentitiesMixin(OperationsMixin):
    """Chapter "identities" of the API: LXD only."""

    def current_identity(self) -> IdentityInfo:
        """Read who this client is to the server: ``GET /1.0/auth/identities/current``.

        Over HTTPS only: a unix socket has no identity. API extension ``access_management``.

        Returns:
            Groups and permissions, those from identity providers included.

        Raises:
            BadRequest: this client is connected over a unix socket.

        Example:
            >>> client.current_identity().authentication_method
            'tls'
        """
        return self._object(self._identity("current"), IdentityInfo)

    @overload
    def identities(self, *, recursion: Literal[0] = 0) -> list[str]: ...

    @overload
    def identities(self, *, recursion: Literal[1]) -> list[Identity]: ...

    def identities(self, *, recursion: Literal[0, 1] = 0) -> list[str] | list[Identity]:
        """List everybody whom the server knows: ``GET /1.0/auth/identities``.

        API extension ``access_management``.

        Args:
            recursion: 0 for names, 1 for the identities themselves.

        Returns:
            One flat list. A name has two parts: the authentication method and, after a
            slash, the identifier, such as ``"oidc/jane@example.net"``.

        Example:
            >>> [identity.partition("/")[0] for identity in client.identities()]
            ['tls', 'oidc']
            >>> [identity.name for identity in client.identities(recursion=1)]
            ['laptop', 'Jane']
        """
        url = self._identity()
        if recursion:
            return self._identity_list(url, recursion)
        groups = fields_of(self._get(url))
        return [
            f"{method}/{name_of(url)}" for method, urls in groups.items() for url in listed(urls)
        ]

    # What the kinds of identities have in common.

    def _identity(self, *segments: str, extension: str = "access_management") -> str:
        url = path("auth", "identities", *segments)
        self._need(extension, "identities")
        return url

    def _identity_list(self, url: str, recursion: Literal[0, 1]) -> list[str] | list[Identity]:
        return self._list(url, Identity, recursion)

    def _edit_identity(self, url: str) -> AbstractContextManager[Identity]:
        """Read an identity, and write back what can be changed of it."""

        def write(identity: Identity, etag: str | None) -> None:
            # Only an identity of TLS has a certificate; others refuse one, even if empty.
            certificate = identity.get("tls_certificate") or None
            self._put(url, membership(identity.get("groups") or (), certificate), etag=etag)

        return editing(
            self, lambda: self._object(url, Identity), write, ("groups", "tls_certificate")
        )


def membership(groups: Sequence[str] | None, tls_certificate: str | None = None) -> dict[str, Any]:
    """Write what can be changed of an identity."""
    return given(groups=texts("groups", groups), tls_certificate=tls_certificate)
