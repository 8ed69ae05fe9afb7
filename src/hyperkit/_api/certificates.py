"""Certificates: whom the server trusts, and the tokens that make others trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import editing
from .._nested import texts
from .._request import der_base64, given, path
from .._shape import entries, fields_of
from .._token import encode_token
from .._trust import certificate_text
from ..errors import ArgumentError
from ..types import Certificate, Operation
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

_RUNNING = 103
# What can be changed of a certificate.
_FIELDS = ("certificate", "description", "name", "projects", "restricted", "type")


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
        return self._object(path("certificates", fingerprint), Certificate)

    def certificate_token(self, token: Mapping[str, Any] | str) -> str:
        """Write a token as the text that a newcomer redeems.

        That is what `create_certificate` takes as ``trust_token``, and what the command
        ``lxc remote add`` or ``incus remote add`` asks for. Whoever has it becomes trusted:
        hand it over as you would a password. Of an operation's UUID or URL,
        ``GET /1.0/operations/<uuid>`` is asked.

        Args:
            token: the operation that issued it, its UUID or its URL; or a `TrustToken`.

        Raises:
            ArgumentError: this operation has issued no token.
            NotFound: there is no such operation: the token was redeemed or revoked.

        Example:
            >>> token = client.create_certificate(name="laptop", token=True)
            >>> client.certificate_token(token)[:8]
            'eyJjbGll'
        """
        issued = token if isinstance(token, Mapping) else self.operation(token)
        return encode_token((issued.get("metadata") or {}) if "class" in issued else issued)

    def certificate_tokens(self) -> list[Operation]:
        """List the tokens that nobody has redeemed yet: ``GET /1.0/operations``.

        They are running operations: `certificate_token` writes one as text,
        `cancel_operation` revokes it. Tokens of LXD's identities are not among them: those
        are pending identities.

        Returns:
            The operations; the newcomer's name is ``metadata.request.name``.

        Example:
            >>> [token.metadata.request.name for token in client.certificate_tokens()]
            ['laptop']
        """
        # They belong to no project, and are listed in the default one.
        found = entries(self._flat_operations(recursion=1, project="default"), Operation)
        return [one for one in found if _is_pending_token(one)]

    @overload
    def certificates(
        self, *, filter: str | None = None, recursion: Literal[0] = 0
    ) -> list[str]: ...

    @overload
    def certificates(
        self, *, filter: str | None = None, recursion: Literal[1]
    ) -> list[Certificate]: ...

    def certificates(
        self, *, filter: str | None = None, recursion: Literal[0, 1] = 0
    ) -> list[str] | list[Certificate]:
        """List whom the server trusts: ``GET /1.0/certificates``.

        Args:
            filter: such as ``"name eq laptop"`` (Incus); see "Filtering" in the manual.
            recursion: 0 for fingerprints, 1 for the certificates themselves.

        Example:
            >>> [certificate.name for certificate in client.certificates(recursion=1)]
            ['laptop']
        """
        return self._list(path("certificates"), Certificate, recursion, filter=filter)

    def create_certificate(
        self,
        cert: str | bytes | None = None,
        *,
        description: str | None = None,
        name: str | None = None,
        password: str | None = None,
        projects: Sequence[str] | None = None,
        restricted: bool | None = None,
        token: bool | None = None,
        trust_token: str | None = None,
        type: Literal["client", "metrics"] = "client",
    ) -> Operation:
        """Trust a certificate, issue a token, or become trusted: ``POST /1.0/certificates``.

        A trusted client adds ``cert``, or issues a one-use token for somebody
        (``token=True``). A stranger becomes trusted with ``trust_token`` or, on
        older LXD, with ``password``; without ``cert`` the one it connected with
        is added. On LXD 6, a token of `create_tls_identity_token` is redeemed by
        `create_tls_identity`.

        Args:
            cert: PEM as text or bytes, or the path of such a file.
            description: for people (Incus).
            name: what the server calls it, such as ``"laptop"``.
            password: the trust password of LXD before 6.
            projects: the only ones that the client may use, if ``restricted``.
            restricted: True keeps the client from all but ``projects``.
            token: True issues a token instead; ``name`` is required by most servers.
            trust_token: a token that was issued by the server.
            type: ``"client"``, or ``"metrics"`` for what may read the metrics only.

        Returns:
            With ``token``, the operation that ends when the token is redeemed: it
            is never waited for, and `certificate_token` writes the token as text. Else
            a finished one.

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
            type=type,
            name=name,
            certificate=None if cert is None else der_base64(certificate_text(cert)),
            description=description,
            password=password,
            projects=texts("projects", projects),
            restricted=restricted,
            token=token,
        )
        self._can_have(body)
        if trust_token is not None:
            body[self._capabilities().trust_token_field] = trust_token
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

    def edit_certificate(self, fingerprint: str) -> AbstractContextManager[Certificate]:
        """Change an entry in a ``with`` block: ``PUT /1.0/certificates/<fingerprint>``.

        It is read first, and written back when the block ends, with its ETag: what
        somebody else has changed meanwhile is not lost. Nothing is written if the block
        raises, or changes nothing. API extension ``certificate_update``.

        Args:
            fingerprint: SHA-256 in lower-case hex.

        Returns:
            A context manager that gives the certificate.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: no such certificate is trusted.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_certificate(client.certificates()[0]) as certificate:
            ...     certificate["name"] = "desk"
        """

        def write(certificate: Certificate, etag: str | None) -> None:
            body = {key: certificate[key] for key in _FIELDS if key in certificate}
            self._put(self._entry(fingerprint), body, etag=etag)

        return editing(
            self, lambda: self._object(self._entry(fingerprint), Certificate), write, _FIELDS
        )

    def patch_certificate(
        self,
        fingerprint: str,
        *,
        cert: str | bytes | None = None,
        description: str | None = None,
        etag: str | None = None,
        name: str | None = None,
        projects: Sequence[str] | None = None,
        restricted: bool | None = None,
        type: Literal["client", "metrics"] | None = None,
    ) -> None:
        """Change what is known of a certificate: ``PATCH /1.0/certificates/<fingerprint>``.

        API extension ``certificate_update``.

        Args:
            fingerprint: SHA-256 in lower-case hex.
            cert: a new certificate in its place: PEM as text or bytes, or a path.
            description: for people (Incus).
            etag: of the certificate that was read; another one is refused.
            name: what the server calls it, such as ``"laptop"``.
            projects: the only ones that the client may use, if ``restricted``: all of them.
            restricted: True keeps the client from all but ``projects``.
            type: as it is: no server lets it change.

        Raises:
            NotFound: no such certificate is trusted.
            PreconditionFailed: it has changed since.

        Example:
            >>> fingerprint = client.certificates()[0]
            >>> client.patch_certificate(fingerprint, restricted=True, projects=["blue"])
        """
        body = _writable(cert, description, name, projects, restricted, type)
        url = self._entry(fingerprint)
        self._can_have(body)
        self._patch(url, body, etag=etag)

    def update_certificate(
        self,
        fingerprint: str,
        *,
        cert: str | bytes | None = None,
        description: str | None = None,
        etag: str | None = None,
        name: str,
        projects: Sequence[str] | None = None,
        restricted: bool,
        type: Literal["client", "metrics"] = "client",
    ) -> None:
        """Replace what is known of a certificate: ``PUT /1.0/certificates/<fingerprint>``.

        What is not given becomes empty; to change some only, use `patch_certificate` or
        `edit_certificate`. ``restricted`` must be said: nobody is to lose their bounds by
        an omission. API extension ``certificate_update``.

        Args:
            fingerprint: SHA-256 in lower-case hex.
            cert: a new certificate in its place: PEM as text or bytes, or a path; the one
                that is there stays if not given.
            description: for people (Incus).
            etag: of the certificate that was read; another one is refused.
            name: what the server calls it, such as ``"laptop"``.
            projects: the only ones that the client may use, if ``restricted``.
            restricted: True keeps the client from all but ``projects``.
            type: as it is: no server lets it change.

        Raises:
            NotFound: no such certificate is trusted.
            PreconditionFailed: it has changed since.
            APIError: it is of the other type.

        Example:
            >>> fingerprint = client.certificates()[0]
            >>> client.update_certificate(fingerprint, name="desk", restricted=False)
        """
        body = _writable(cert, description, name, projects or (), restricted, type)
        url = self._entry(fingerprint)
        self._can_have(body)
        self._put(url, body, etag=etag)

    def _can_have(self, body: Mapping[str, Any]) -> None:
        """Refuse what the server would leave out without a word: a bound above all."""
        if body.get("token"):
            self._need("certificate_token", "token=True")
        if "description" in body:
            self._need("certificate_description", "description")
        if body.get("restricted") or body.get("projects"):
            self._need("certificate_project", "restricted")
        if body.get("type") == "metrics":
            self._need("metrics", 'type="metrics"')

    def _entry(self, fingerprint: str) -> str:
        url = path("certificates", fingerprint)
        self._need("certificate_update", "changing a certificate")
        return url


def _writable(
    cert: str | bytes | None,
    description: str | None,
    name: str | None,
    projects: Sequence[str] | None,
    restricted: bool | None,
    type: str | None,
) -> dict[str, Any]:
    """Write what can be changed."""
    return given(
        certificate=pem(cert),
        description=description,
        name=name,
        projects=texts("projects", projects),
        restricted=restricted,
        type=type,
    )


def pem(certificate: str | bytes | None) -> str | None:
    """Read a certificate where servers take PEM, and refuse what is none."""
    if certificate is None:
        return None
    text = certificate_text(certificate)
    der_base64(text)
    return text


def _is_pending_token(operation: Operation) -> bool:
    metadata = fields_of(operation.get("metadata"))
    return (
        operation.class_ == "token"
        and operation.status_code == _RUNNING
        and bool(metadata.get("request"))
        and bool(metadata.get("secret"))
    )
