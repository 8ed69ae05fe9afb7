"""Identities that a provider vouches for, by OpenID Connect, and their sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._request import path
from ..types import Identity, OIDCSession
from .identities import IdentitiesMixin, membership

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager


class OIDCIdentitiesMixin(IdentitiesMixin):
    """Chapter "identities" of the API, as far as those of identity providers go: LXD only."""

    def delete_oidc_identity(self, name: str) -> None:
        """Delete an identity of a provider's: ``DELETE /1.0/auth/identities/oidc/<name>``.

        Who logs in again is known again, but in no group. API extension
        ``access_management_tls``.

        Args:
            name: or identifier: an e-mail address, such as ``"jane@example.net"``.

        Raises:
            NotFound: there is no such identity.

        Example:
            >>> client.delete_oidc_identity("jane@example.net")
        """
        self._delete(self._oidc(name, extension="access_management_tls"))

    def delete_oidc_session(self, uuid: str) -> None:
        """End somebody's session: ``DELETE /1.0/auth/oidc-sessions/<uuid>``.

        API extension ``auth_oidc_sessions``.

        Args:
            uuid: of the session.

        Raises:
            NotFound: there is no such session.

        Example:
            >>> client.delete_oidc_session(client.oidc_sessions(email="jane@example.net")[0])
        """
        self._delete(self._oidc_session(uuid))

    def edit_oidc_identity(self, name: str) -> AbstractContextManager[Identity]:
        """Change an identity in a ``with`` block: ``PUT /1.0/auth/identities/oidc/<name>``.

        It is read first, and written back when the block ends, with its ETag: what
        somebody else has changed meanwhile is not lost. Nothing is written if the block
        raises, or changes nothing. API extension ``access_management``.

        Args:
            name: or identifier: an e-mail address, such as ``"jane@example.net"``.

        Returns:
            A context manager that gives the identity.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such identity.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_oidc_identity("jane@example.net") as identity:
            ...     identity.groups.append("operators")
        """
        return self._edit_identity(self._oidc(name))

    @overload
    def oidc_identities(self, *, recursion: Literal[0] = 0) -> list[str]: ...

    @overload
    def oidc_identities(self, *, recursion: Literal[1]) -> list[Identity]: ...

    def oidc_identities(self, *, recursion: Literal[0, 1] = 0) -> list[str] | list[Identity]:
        """List whom identity providers vouch for: ``GET /1.0/auth/identities/oidc``.

        API extension ``access_management``.

        Args:
            recursion: 0 for e-mail addresses, 1 for the identities themselves.

        Example:
            >>> [identity.name for identity in client.oidc_identities(recursion=1)]
            ['Jane']
        """
        return self._identity_list(self._oidc(), recursion)

    def oidc_identity(self, name: str) -> Identity:
        """Read an identity of a provider's: ``GET /1.0/auth/identities/oidc/<name>``.

        API extension ``access_management``.

        Args:
            name: or identifier: an e-mail address, such as ``"jane@example.net"``.

        Raises:
            NotFound: there is no such identity.

        Example:
            >>> client.oidc_identity("jane@example.net").groups
            ['operators']
        """
        return self._object(self._oidc(name), Identity)

    def oidc_session(self, uuid: str) -> OIDCSession:
        """Read what is known of a session: ``GET /1.0/auth/oidc-sessions/<uuid>``.

        API extension ``auth_oidc_sessions``.

        Args:
            uuid: of the session.

        Raises:
            NotFound: there is no such session.

        Example:
            >>> client.oidc_session(client.oidc_sessions()[0]).email
            'jane@example.net'
        """
        return self._object(self._oidc_session(uuid), OIDCSession)

    @overload
    def oidc_sessions(
        self, *, email: str | None = None, recursion: Literal[0] = 0
    ) -> list[str]: ...

    @overload
    def oidc_sessions(
        self, *, email: str | None = None, recursion: Literal[1]
    ) -> list[OIDCSession]: ...

    def oidc_sessions(
        self, *, email: str | None = None, recursion: Literal[0, 1] = 0
    ) -> list[str] | list[OIDCSession]:
        """List the sessions that go on: ``GET /1.0/auth/oidc-sessions``.

        API extension ``auth_oidc_sessions``.

        Args:
            email: whose sessions, such as ``"jane@example.net"``; everybody's if not given.
            recursion: 0 for UUIDs, 1 for the sessions themselves.

        Example:
            >>> [session.ip for session in client.oidc_sessions(recursion=1)]
            ['127.0.0.1']
        """
        return self._list(self._oidc_session(), OIDCSession, recursion, email=email)

    def patch_oidc_identity(
        self,
        name: str,
        *,
        etag: str | None = None,
        groups: Sequence[str] | None = None,
    ) -> None:
        """Add an identity of a provider's to groups: ``PATCH /1.0/auth/identities/oidc/<name>``.

        API extension ``access_management``.

        Args:
            name: or identifier: an e-mail address, such as ``"jane@example.net"``.
            etag: of the identity that was read; another one is refused.
            groups: to add it to, such as ``["operators"]``; it stays in the others.

        Raises:
            NotFound: there is no such identity or group.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_oidc_identity("jane@example.net", groups=["operators"])
        """
        body = membership(groups)
        self._patch(self._oidc(name), body, etag=etag)

    def update_oidc_identity(
        self,
        name: str,
        *,
        etag: str | None = None,
        groups: Sequence[str] | None = None,
    ) -> None:
        """Replace an identity's groups: ``PUT /1.0/auth/identities/oidc/<name>``.

        API extension ``access_management``.

        Args:
            name: or identifier: an e-mail address, such as ``"jane@example.net"``.
            etag: of the identity that was read; another one is refused.
            groups: all of them; none if not given.

        Raises:
            NotFound: there is no such identity or group.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_oidc_identity("jane@example.net", groups=["operators"])
        """
        body = membership(groups or ())
        self._put(self._oidc(name), body, etag=etag)

    def _oidc(self, *segments: str, extension: str = "access_management") -> str:
        return self._identity("oidc", *segments, extension=extension)

    def _oidc_session(self, *segments: str) -> str:
        url = path("auth", "oidc-sessions", *segments)
        self._need("auth_oidc_sessions", "sessions of identity providers")
        return url
