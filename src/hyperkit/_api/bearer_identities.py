"""Identities that show a bearer token, and the tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._request import check_names, given
from .._shape import fields_of
from ..types import Identity
from .identities import IdentitiesMixin, membership

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

_CLIENT = "Client token bearer"


class BearerIdentitiesMixin(IdentitiesMixin):
    """Chapter "identities" of the API, as far as those with a bearer token go: LXD only."""

    @overload
    def bearer_identities(self, *, recursion: Literal[0] = 0) -> list[str]: ...

    @overload
    def bearer_identities(self, *, recursion: Literal[1]) -> list[Identity]: ...

    def bearer_identities(self, *, recursion: Literal[0, 1] = 0) -> list[str] | list[Identity]:
        """List the identities that show a bearer token: ``GET /1.0/auth/identities/bearer``.

        API extension ``auth_bearer`` (``auth_bearer_devlxd`` for guests).

        Args:
            recursion: 0 for UUIDs, 1 for the identities themselves.

        Example:
            >>> [identity.name for identity in client.bearer_identities(recursion=1)]
            ['ci']
        """
        return self._identity_list(self._bearer(), recursion)

    def bearer_identity(self, name: str) -> Identity:
        """Read an identity with a token: ``GET /1.0/auth/identities/bearer/<name>``.

        API extension ``auth_bearer`` (``auth_bearer_devlxd`` for guests).

        Args:
            name: or identifier: a UUID, such as ``"ci"``.

        Raises:
            NotFound: there is no such identity.

        Example:
            >>> client.bearer_identity("ci").groups
            ['operators']
        """
        return self._object(self._bearer(name), Identity)

    def create_bearer_identity(
        self,
        name: str,
        *,
        groups: Sequence[str] | None = None,
        type: Literal["Client token bearer", "DevLXD token bearer"] = "Client token bearer",
    ) -> None:
        """Make an identity that shows a token: ``POST /1.0/auth/identities/bearer``.

        It has none yet: see `create_bearer_token`. API extension ``auth_bearer``
        (``auth_bearer_devlxd`` for guests).

        Args:
            name: such as ``"ci"``.
            groups: that it belongs to, such as ``["operators"]``.
            type: ``"Client token bearer"``, or ``"DevLXD token bearer"`` for a program in a
                guest.

        Raises:
            Conflict: the name is taken.

        Example:
            >>> client.create_bearer_identity("ci", groups=["operators"])
        """
        check_names(name)
        body = {"name": name, "type": type, **membership(groups)}
        if type == _CLIENT:
            self._need("auth_bearer", f'type="{_CLIENT}"')
        self._post(self._bearer(), body)

    def create_bearer_token(self, name: str, *, expiry: str | None = None) -> str:
        """Issue a token: ``POST /1.0/auth/identities/bearer/<name>/token``.

        The one that there was opens nothing any more. API extension ``auth_bearer``
        (``auth_bearer_devlxd`` for guests).

        Args:
            name: or identifier of the identity: a UUID, such as ``"ci"``.
            expiry: how long it is good for, such as ``"30d"`` or ``"12H"``; the server's
                own limit if not given.

        Returns:
            The token, for the option ``token`` of a client; the server tells it only now.

        Raises:
            NotFound: there is no such identity.

        Example:
            >>> token = client.create_bearer_token("ci", expiry="30d")
            >>> hyperkit.Client(api_endpoint="https://host:8443", token=token).instances()
            ['web']
        """
        issued = self._post(self._bearer(name, "token"), given(expiry=expiry))
        return str(fields_of(issued.get("metadata"))["token"])

    def delete_bearer_identity(self, name: str) -> None:
        """Delete an identity with a token: ``DELETE /1.0/auth/identities/bearer/<name>``.

        Its token opens nothing any more. API extension ``auth_bearer``
        (``auth_bearer_devlxd`` for guests).

        Args:
            name: or identifier: a UUID, such as ``"ci"``.

        Raises:
            NotFound: there is no such identity.

        Example:
            >>> client.delete_bearer_identity("ci")
        """
        self._delete(self._bearer(name))

    def delete_bearer_token(self, name: str) -> None:
        """Revoke a token: ``DELETE /1.0/auth/identities/bearer/<name>/token``.

        The identity stays. API extension ``auth_bearer`` (``auth_bearer_devlxd`` for
        guests).

        Args:
            name: or identifier of the identity: a UUID, such as ``"ci"``.

        Raises:
            NotFound: there is no such identity, or it has no token.

        Example:
            >>> client.delete_bearer_token("ci")
        """
        self._delete(self._bearer(name, "token"))

    def edit_bearer_identity(self, name: str) -> AbstractContextManager[Identity]:
        """Change an identity in a ``with`` block: ``PUT /1.0/auth/identities/bearer/<name>``.

        It is read first, and written back when the block ends, with its ETag: what
        somebody else has changed meanwhile is not lost. Nothing is written if the block
        raises, or changes nothing. API extension ``auth_bearer`` (``auth_bearer_devlxd``
        for guests).

        Args:
            name: or identifier: a UUID, such as ``"ci"``.

        Returns:
            A context manager that gives the identity.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such identity.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_bearer_identity("ci") as identity:
            ...     identity.groups.append("operators")
        """
        return self._edit_identity(self._bearer(name))

    def patch_bearer_identity(
        self,
        name: str,
        *,
        etag: str | None = None,
        groups: Sequence[str] | None = None,
    ) -> None:
        """Add an identity with a token to groups: ``PATCH /1.0/auth/identities/bearer/<name>``.

        API extension ``auth_bearer`` (``auth_bearer_devlxd`` for guests).

        Args:
            name: or identifier: a UUID, such as ``"ci"``.
            etag: of the identity that was read; another one is refused.
            groups: to add it to, such as ``["operators"]``; it stays in the others.

        Raises:
            NotFound: there is no such identity or group.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_bearer_identity("ci", groups=["operators"])
        """
        body = membership(groups)
        self._patch(self._bearer(name), body, etag=etag)

    def update_bearer_identity(
        self,
        name: str,
        *,
        etag: str | None = None,
        groups: Sequence[str] | None = None,
    ) -> None:
        """Replace an identity's groups: ``PUT /1.0/auth/identities/bearer/<name>``.

        API extension ``auth_bearer`` (``auth_bearer_devlxd`` for guests).

        Args:
            name: or identifier: a UUID, such as ``"ci"``.
            etag: of the identity that was read; another one is refused.
            groups: all of them; none if not given.

        Raises:
            NotFound: there is no such identity or group.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_bearer_identity("ci", groups=["operators"])
        """
        body = membership(groups or ())
        self._put(self._bearer(name), body, etag=etag)

    def _bearer(self, *segments: str) -> str:
        check_names(*segments)
        # The tokens of guests came first.
        guests = "auth_bearer_devlxd"
        known = guests if self.has_extension(guests) else "auth_bearer"
        return self._identity("bearer", *segments, extension=known)
