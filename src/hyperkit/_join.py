"""Joining a cluster: its join token, checked against the certificate that it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._contact import shown_certificate
from ._trust import pin
from .errors import ConnectionFailed, RequestTimeout, TLSError, UntrustedServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._connection import Connection
    from .types import TrustToken


def check_certificate(token: TrustToken, certificate: str, where: str) -> None:
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
    client: Connection, token: TrustToken, addresses: Sequence[str]
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
            certificate = shown_certificate(client, f"https://{address}")
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
