"""First contact: the certificate that a server shows, before anything is sent to it."""

from __future__ import annotations

import hashlib
import ssl
from typing import TYPE_CHECKING, Any

from ._endpoint import parse
from ._link import Link
from ._transport import Transport
from ._trust import stranger
from .errors import ArgumentError

if TYPE_CHECKING:
    from ._connection import Connection


class ServerCertificate(str):
    """A certificate as PEM text, that knows its fingerprint.

    It can be given as ``server_cert`` as it is.
    """

    __slots__ = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 in lower-case hex, as the servers' own commands show it."""
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self)).hexdigest()


def server_certificate(url: str, *, timeout: float = 10.0) -> ServerCertificate:
    """Read the certificate that a server shows, unverified.

    **Nobody vouches for it**: whoever answers at this address may show anything, be it the
    server or somebody who stands between. So compare the fingerprint with what you know
    from elsewhere, such as ``lxc info`` or ``incus info`` on the server itself, or ask somebody
    who can, before you give it to a client as ``server_cert``. Nothing is sent, the client's
    own certificate neither. With a token this is not needed: `Client.trust` compares by itself.

    Args:
        url: ``"https://host:8443"``, or ``"remote:NAME"`` of the command-line client.
        timeout: seconds to connect in, and to shake hands.

    Returns:
        PEM text; its ``fingerprint`` is the SHA-256 in lower-case hex.

    Raises:
        ArgumentError: it is no address of this kind.
        ConnectionFailed: nobody answers there.
        RequestTimeout: nobody answers in time.
        TLSError: what answers does not speak TLS.

    Example:
        >>> certificate = hyperkit.server_certificate("https://host:8443")
        >>> certificate.fingerprint == known
        True
        >>> client = hyperkit.Client(api_endpoint="https://host:8443", server_cert=certificate)
    """
    from ._client import Client  # noqa: PLC0415 - the client is made of chapters that use this

    return shown_certificate(Client(api_endpoint=url, timeout=timeout))


def shown_certificate(client: Connection, url: str | None = None) -> ServerCertificate:
    """Read the certificate that a server shows. It is not trusted, and sent nothing.

    Args:
        client: whose time limits and proxy count.
        url: of the server; None is the client's own.

    Raises:
        ArgumentError: it is no address of a server with TLS.
    """
    options: dict[str, Any] = {"session": None}
    if url is not None:
        options["api_endpoint"] = url
    narrow = client._narrowed(**options)
    link = Link(narrow)
    if not link.endpoint.base.startswith("https:"):
        message = f"{url or narrow.api_endpoint!r} has no certificate: only https:// does."
        raise ArgumentError(message)
    link.transport = Transport(link.endpoint, narrow, stranger())
    try:
        with link.open_socket(narrow._timeouts(None)) as peer:
            secured: Any = peer
            shown = secured.getpeercert(binary_form=True)
            return ServerCertificate(ssl.DER_cert_to_PEM_cert(shown))
    finally:
        link.transport.close()


def url_of(address: str) -> str | None:
    """Write an address of a token, such as ``"10.0.0.2:8443"``, as a URL.

    Returns:
        None if it is none: tokens come from elsewhere.
    """
    try:
        return parse(f"https://{address}").base
    except ArgumentError:
        return None
