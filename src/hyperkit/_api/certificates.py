"""Certificates: whom the server trusts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._request import der_base64, given, path
from .._trust import certificate_text
from ..errors import ArgumentError
from ..types import Certificate, Operation
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Sequence


class CertificatesMixin(OperationsMixin):
    """Chapter "certificates" of the API."""

    def certificate(self, fingerprint: str) -> Certificate:
        """Read a trusted certificate: ``GET /1.0/certificates/<fingerprint>``.

        Args:
            fingerprint: SHA-256 in lower-case hex; a unique beginning will do.

        Raises:
            NotFound: no such certificate is trusted.

        Example:
            >>> client.certificate(client.certificates()[0]).type
            'client'
        """
        return Certificate(self._get(path("certificates", fingerprint)))

    @overload
    def certificates(self, *, recursion: Literal[0] = 0) -> list[str]: ...

    @overload
    def certificates(self, *, recursion: Literal[1]) -> list[Certificate]: ...

    def certificates(self, *, recursion: Literal[0, 1] = 0) -> list[str] | list[Certificate]:
        """List whom the server trusts: ``GET /1.0/certificates``.

        Args:
            recursion: 0 for fingerprints, 1 for the certificates themselves.

        Example:
            >>> [certificate.name for certificate in client.certificates(recursion=1)]
            ['laptop']
        """
        if recursion:
            return [Certificate(entry) for entry in self._get(path("certificates"), recursion=1)]
        return self._names(path("certificates"))

    def create_certificate(
        self,
        cert: str | bytes | None = None,
        *,
        name: str | None = None,
        password: str | None = None,
        projects: Sequence[str] | None = None,
        restricted: bool | None = None,
        token: bool | None = None,
        trust_token: str | None = None,
    ) -> Operation:
        """Trust a certificate, issue a token, or become trusted: ``POST /1.0/certificates``.

        A trusted client adds ``cert``, or issues a one-use token for somebody
        (``token=True``). A stranger becomes trusted with ``trust_token`` or, on
        older LXD, with ``password``; without ``cert`` the one it connected with
        is added.

        Args:
            cert: PEM as text or bytes, or the path of such a file.
            name: what the server calls it, such as ``"laptop"``.
            password: the trust password of LXD before 6.
            projects: the only ones that the client may use, if ``restricted``.
            restricted: True keeps the client from all but ``projects``.
            token: True issues a token instead; ``name`` is required by most servers.
            trust_token: a token that was issued by the server.

        Returns:
            With ``token``, the operation that ends when the token is redeemed: it
            is never waited for. Else a finished one.

        Raises:
            ArgumentError: arguments that exclude each other, or ``cert`` is no PEM.
            CertificateError: ``cert`` names a file that cannot be read.
            Forbidden: the password or the token is wrong.
            BadRequest: the certificate is trusted already.

        Example:
            >>> client.create_certificate("~/laptop.crt", name="laptop").status
            'Success'
        """
        if token and (cert is not None or password is not None or trust_token is not None):
            message = "token=True issues a token: cert, password and trust_token go without it."
            raise ArgumentError(message)
        if password is not None and trust_token is not None:
            message = "Give password or trust_token, not both."
            raise ArgumentError(message)
        body = given(
            type="client",
            name=name,
            certificate=None if cert is None else der_base64(certificate_text(cert)),
            password=password,
            projects=None if projects is None else list(projects),
            restricted=restricted,
            token=token,
        )
        if trust_token is not None:
            # LXD before 5.21.2 takes the token where it takes the password.
            explicit = self.has_extension("explicit_trust_token") or self._is_incus()
            body["trust_token" if explicit else "password"] = trust_token
        return self._post(path("certificates"), body)

    def delete_certificate(self, fingerprint: str) -> None:
        """Trust a certificate no more: ``DELETE /1.0/certificates/<fingerprint>``.

        Args:
            fingerprint: SHA-256 in lower-case hex, whole.

        Raises:
            NotFound: no such certificate is trusted.

        Example:
            >>> client.delete_certificate(client.certificates()[0])
        """
        self._delete(path("certificates", fingerprint))

    def _is_incus(self) -> bool:
        return self._capabilities().product.name == "incus"
