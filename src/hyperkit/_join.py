"""Join tokens of clusters: written, read, and checked against what the cluster shows."""

from __future__ import annotations

import base64
import json
import ssl
from typing import TYPE_CHECKING, Any, NamedTuple

from ._link import Link
from ._transport import Transport
from ._trust import pin, stranger
from .errors import ArgumentError, ConnectionFailed, RequestTimeout, TLSError, UntrustedServer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._connection import Connection

# What a token is made of, and what the operation that issued it calls that.
_PARTS = {
    "server_name": "serverName",
    "fingerprint": "fingerprint",
    "addresses": "addresses",
    "secret": "secret",
    "expires_at": "expiresAt",
}


class JoinToken(NamedTuple):
    """A join token, read.

    Attributes:
        server_name: the name that the new member will have.
        fingerprint: the SHA-256 of the cluster's certificate, in lower-case hex.
        addresses: of the cluster's members, such as ``"10.0.0.1:8443"``.
    """

    server_name: str
    fingerprint: str
    addresses: list[str]


def token_text(parts: Mapping[str, Any]) -> str:
    """Write a token as the servers and their clients do: base64 of JSON."""
    return base64.b64encode(json.dumps(parts).encode()).decode()


def join_token_text(operation: Mapping[str, Any]) -> str:
    """Write the join token of the operation that issued it.

    Raises:
        ArgumentError: the operation is of another kind.
    """
    metadata: Mapping[str, Any] = operation.get("metadata") or {}
    parts = {part: metadata[key] for part, key in _PARTS.items() if metadata.get(key)}
    if set(_PARTS) - set(parts) - {"expires_at"}:
        message = "The operation has issued no join token: create_cluster_join_token does."
        raise ArgumentError(message)
    return token_text(parts)


def read_join_token(text: str) -> JoinToken:
    """Read a join token.

    Raises:
        ArgumentError: it is none. The text is not repeated: it is a secret.
    """
    try:
        parts: dict[str, Any] = json.loads(base64.b64decode(text, validate=True))
        token = JoinToken(parts["server_name"], parts["fingerprint"], parts["addresses"])
        if all(token) and parts["secret"]:
            return token
    except (ValueError, TypeError, KeyError):
        pass
    message = "The text is no join token of a cluster: create_cluster_join_token issues one."
    raise ArgumentError(message)


def check_certificate(token: JoinToken, certificate: str, where: str) -> None:
    """Refuse a certificate that is not the one that a token was issued with.

    Args:
        token: the join token.
        certificate: PEM text.
        where: who shows it, for people.

    Raises:
        UntrustedServer: the fingerprints differ.
    """
    if pin(certificate) != token.fingerprint.lower():
        message = (
            f"{where} shows another certificate than the join token names: it is another "
            "cluster, or somebody stands between. Nothing was sent."
        )
        raise UntrustedServer(message)


def find_cluster(
    client: Connection, token: JoinToken, addresses: Sequence[str]
) -> tuple[str, str]:
    """Find a member that answers, and take the cluster's certificate from it.

    Args:
        client: whose time limits and proxy count.
        token: the join token.
        addresses: to try, in this order.

    Returns:
        The address, and the certificate as PEM text.

    Raises:
        UntrustedServer: somebody else answers there.
        ConnectionFailed: nobody answers at any of them.
    """
    silent: Exception | None = None
    for address in addresses:
        try:
            certificate = shown_certificate(client, address)
        except TLSError:
            raise
        except (ConnectionFailed, RequestTimeout) as error:
            silent = error
            continue
        check_certificate(token, certificate, address)
        return address, certificate
    message = (
        f"No member of the cluster can be reached from here, at {', '.join(addresses)}: {silent} "
        "Where only the server itself reaches them, give cluster_certificate."
    )
    raise ConnectionFailed(message) from silent


def shown_certificate(client: Connection, address: str) -> str:
    """Read the certificate that a server shows, as PEM. It is not trusted, and sent nothing.

    Args:
        client: whose time limits and proxy count.
        address: host and port.
    """
    narrow = client._narrowed(api_endpoint=f"https://{address}", session=None)
    link = Link(narrow)
    link.transport = Transport(link.endpoint, narrow, stranger())
    try:
        with link.open_socket(narrow._timeouts(None)) as peer:
            secured: Any = peer
            return ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True))
    finally:
        link.transport.close()
