"""Identities that show a TLS certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._request import check_names
from .._shape import shaped
from ..errors import ArgumentError
from ..types import Identity, TrustToken
from .certificates import pem
from .identities import IdentitiesMixin, membership

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager


class TLSIdentitiesMixin(IdentitiesMixin):
    """Chapter "identities" of the API, as far as those with a certificate go: LXD only."""

    def create_tls_identity(
        self,
        name: str | None = None,
        *,
        certificate: str | bytes | None = None,
        groups: Sequence[str] | None = None,
        trust_token: str | None = None,
    ) -> None:
        """Make an identity of a certificate: ``POST /1.0/auth/identities/tls``.

        A trusted client gives ``name`` and ``certificate``. A stranger who has got a token
        of `create_tls_identity_token` gives that alone, and the certificate that it is
        connected with becomes the identity's. API extension ``access_management_tls``.

        Args:
            name: such as ``"laptop"``.
            certificate: PEM as text or bytes, or the path of such a file.
            groups: that it belongs to, such as ``["operators"]``.
            trust_token: the token, as text.

        Raises:
            ArgumentError: arguments that exclude each other, or ``certificate`` is no PEM.
            CertificateError: ``certificate`` names a file that cannot be read.
            Conflict: the name or the certificate is taken.
            Forbidden: the token is wrong, was redeemed or has expired.

        Example:
            >>> client.create_tls_identity("laptop", certificate="~/laptop.crt", groups=["ops"])
            >>> token = client.create_tls_identity_token("desk")
            >>> stranger.create_tls_identity(trust_token=client.certificate_token(token))
        """
        if trust_token is not None:
            if name is not None or certificate is not None or groups is not None:
                message = "trust_token says who it is for: the rest goes without it."
                raise ArgumentError(message)
            body: dict[str, Any] = {"trust_token": trust_token}
        else:
            if name is None or certificate is None:
                message = "Give a name and a certificate, or trust_token alone."
                raise ArgumentError(message)
            check_names(name)
            body = {"name": name, "certificate": pem(certificate), **membership(groups)}
        self._post(self._tls(extension="access_management_tls"), body)

    def create_tls_identity_token(
        self, name: str, *, groups: Sequence[str] | None = None
    ) -> TrustToken:
        """Issue a token for a newcomer's certificate: ``POST /1.0/auth/identities/tls``.

        The identity is pending until somebody redeems the token with
        `create_tls_identity`; `delete_tls_identity` revokes it. API extension
        ``access_management_tls``.

        Args:
            name: of the newcomer, such as ``"laptop"``.
            groups: that it will belong to, such as ``["operators"]``.

        Returns:
            The token; `certificate_token` writes it as text.

        Raises:
            Conflict: the name is taken.

        Example:
            >>> token = client.create_tls_identity_token("laptop", groups=["operators"])
            >>> text = client.certificate_token(token)
        """
        check_names(name)
        body = {"name": name, "token": True, **membership(groups)}
        issued = self._post(self._tls(extension="access_management_tls"), body)
        return shaped(issued.get("metadata"), TrustToken)

    def delete_tls_identity(self, name: str) -> None:
        """Delete an identity with a certificate: ``DELETE /1.0/auth/identities/tls/<name>``.

        Its certificate is trusted no more, or its token, if it is pending. API extension
        ``access_management_tls``.

        Args:
            name: or identifier: the certificate's SHA-256, such as ``"laptop"``.

        Raises:
            NotFound: there is no such identity.

        Example:
            >>> client.delete_tls_identity("laptop")
        """
        self._delete(self._tls(name, extension="access_management_tls"))

    def edit_tls_identity(self, name: str) -> AbstractContextManager[Identity]:
        """Change an identity in a ``with`` block: ``PUT /1.0/auth/identities/tls/<name>``.

        It is read first, and written back when the block ends, with its ETag: what
        somebody else has changed meanwhile is not lost. Nothing is written if the block
        raises, or changes nothing. API extension ``access_management``.

        Args:
            name: or identifier: the certificate's SHA-256, such as ``"laptop"``.

        Returns:
            A context manager that gives the identity.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such identity.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_tls_identity("laptop") as identity:
            ...     identity.groups.append("operators")
        """
        return self._edit_identity(self._tls(name))

    def patch_tls_identity(
        self,
        name: str,
        *,
        etag: str | None = None,
        groups: Sequence[str] | None = None,
        tls_certificate: str | bytes | None = None,
    ) -> None:
        """Add an identity with a certificate to groups: ``PATCH /1.0/auth/identities/tls/<name>``.

        API extension ``access_management``.

        Args:
            name: or identifier: the certificate's SHA-256, such as ``"laptop"``.
            etag: of the identity that was read; another one is refused.
            groups: to add it to, such as ``["operators"]``; it stays in the others.
            tls_certificate: a new certificate in its place: PEM as text or bytes, or a path.

        Raises:
            NotFound: there is no such identity or group.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_tls_identity("laptop", groups=["operators"])
        """
        body = membership(groups, pem(tls_certificate))
        self._patch(self._tls(name), body, etag=etag)

    @overload
    def tls_identities(self, *, recursion: Literal[0] = 0) -> list[str]: ...

    @overload
    def tls_identities(self, *, recursion: Literal[1]) -> list[Identity]: ...

    def tls_identities(self, *, recursion: Literal[0, 1] = 0) -> list[str] | list[Identity]:
        """List the identities that have a certificate: ``GET /1.0/auth/identities/tls``.

        API extension ``access_management``.

        Args:
            recursion: 0 for fingerprints (pending ones have UUIDs), 1 for the identities.

        Example:
            >>> [identity.name for identity in client.tls_identities(recursion=1)]
            ['laptop']
        """
        return self._identity_list(self._tls(), recursion)

    def tls_identity(self, name: str) -> Identity:
        """Read an identity with a certificate: ``GET /1.0/auth/identities/tls/<name>``.

        API extension ``access_management``.

        Args:
            name: or identifier: the certificate's SHA-256, such as ``"laptop"``.

        Raises:
            NotFound: there is no such identity.

        Example:
            >>> client.tls_identity("laptop").groups
            ['operators']
        """
        return self._object(self._tls(name), Identity)

    def update_tls_identity(
        self,
        name: str,
        *,
        etag: str | None = None,
        groups: Sequence[str] | None = None,
        tls_certificate: str | bytes | None = None,
    ) -> None:
        """Replace an identity's groups: ``PUT /1.0/auth/identities/tls/<name>``.

        API extension ``access_management``.

        Args:
            name: or identifier: the certificate's SHA-256, such as ``"laptop"``.
            etag: of the identity that was read; another one is refused.
            groups: all of them; none if not given.
            tls_certificate: a new certificate in its place: PEM as text or bytes, or a path.

        Raises:
            NotFound: there is no such identity or group.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_tls_identity("laptop", groups=["operators"])
        """
        body = membership(groups or (), pem(tls_certificate))
        self._put(self._tls(name), body, etag=etag)

    def _tls(self, *segments: str, extension: str = "access_management") -> str:
        return self._identity("tls", *segments, extension=extension)
