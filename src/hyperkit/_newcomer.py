"""How a stranger becomes trusted: by a token, or by LXD's trust password."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from ._contact import ServerCertificate, shown_certificate, url_of
from ._options import values
from ._remotes import expand
from ._server import INCUS
from ._token import decode_token
from ._transport import read_endpoint
from ._trust import client_pair, pin
from .errors import (
    APIError,
    ArgumentError,
    BadRequest,
    CertificateError,
    Conflict,
    ConnectionFailed,
    Error,
    Forbidden,
    InvalidResponse,
    RequestTimeout,
    ServerError,
    TLSError,
    UntrustedServer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._api.trust import TrustMixin
    from .types import TrustToken

# An address that leads nowhere often says nothing at all.
_PATIENCE = 10.0
# How often, and in what intervals, a server that did not answer is asked what became of it.
ASKED = 5
PAUSE = 1.0


class Newcomer:
    """A client that its server does not trust yet.

    Args:
        client: whose certificate is to be trusted.

    Raises:
        CertificateError: it has none.
    """

    def __init__(self, client: TrustMixin) -> None:
        self._settled = expand(client)
        if client_pair(self._settled) is None:
            message = (
                "This client has no certificate that a server could trust: make one with "
                "hyperkit.generate_key_pair(folder), and give its paths as client_cert and "
                "client_key."
            )
            raise CertificateError(message)
        self._client = client

    def redeem(self, text: str) -> bool:
        """Become trusted by a token.

        Args:
            text: the token.

        Returns:
            False if the server trusts this client already.
        """
        token = decode_token(text)
        text = "".join(text.split())
        if not token.get("client_name"):
            message = "This is the token of a cluster member: join_cluster takes it."
            raise ArgumentError(message)
        settled = self._settled
        self._check_pin(settled.server_cert, token)
        url, certificate, known, twin = self._find(token)
        with twin:
            fresh = not known and self._present(twin, lambda: _redeem(twin, token, text))
        self._client.__dict__.update(values(settled))
        self._client.api_endpoint = url
        if settled.server_cert is None:
            self._client.server_cert = str(certificate)
        # What the server tells strangers is less than what it tells those that it trusts.
        self._client.close()
        return fresh

    def say(self, password: str, name: str | None) -> bool:
        """Become trusted by the trust password.

        Args:
            password: the server's.
            name: what the server is to call this client.

        Returns:
            False if the server trusts this client already.
        """
        _check_secure(self._client)
        with self._twin() as twin:
            if _is_trusted(twin):
                return False
            if twin._capabilities().product is INCUS:
                message = "Incus has no trust password: ask for a token. It was not sent."
                raise ArgumentError(message)
            fresh = self._present(
                twin, lambda: twin.create_certificate(name=name, password=password), "password"
            )
        self._client.close()
        return fresh

    @staticmethod
    def _check_pin(server_cert: str | None, token: TrustToken) -> None:
        if server_cert is not None and pin(server_cert) != token.fingerprint.lower():
            message = (
                "The token is of another server than the one that server_cert pins: "
                f"its certificate is {token.fingerprint}. Nothing was sent."
            )
            raise UntrustedServer(message)

    def _find(self, token: TrustToken) -> tuple[str, ServerCertificate, bool, TrustMixin]:
        """Find an address at which the token's own server answers.

        Returns:
            The address, the certificate, whether the client is trusted there, and a client
            that talks to just this server.
        """
        urls = self._urls(token)
        tried: list[str] = []
        others: list[str] = []
        for url, shown in urls:
            if url is None:
                tried.append(f"{shown!r} is no address.")
                continue
            twin = None
            try:
                certificate = shown_certificate(self._brief(), url)
                if certificate.fingerprint != token.fingerprint.lower():
                    others.append(
                        f"{url} shows another certificate than the token names: it is another "
                        "server, or somebody stands between."
                    )
                    continue
                twin = self._twin(api_endpoint=url, server_cert=str(certificate))
                return url, certificate, _is_trusted(twin), twin
            except Error as error:
                if twin is not None:
                    twin.close()
                if not isinstance(error, (ConnectionFailed, RequestTimeout)):
                    raise
                tried.append(str(error))
        told = " ".join([*others, *tried])
        if others:
            message = f"The server that issued the token was not found. {told} Nothing was sent."
            raise UntrustedServer(message)
        message = (
            f"The server that issued the token cannot be reached from here. {told} Give "
            "api_endpoint the address by which this machine reaches it: the token is good there "
            "too. It was not sent."
        )
        raise ConnectionFailed(message)

    def _urls(self, token: TrustToken) -> list[tuple[str | None, str]]:
        """List where to look: at the client's own endpoint, else where the token says."""
        if self._client.api_endpoint is None and not os.environ.get("HYPERKIT_API_ENDPOINT"):
            return [(url_of(str(one)), str(one)) for one in token.addresses]
        url = _check_secure(self._client)
        return [(url, url)]

    def _brief(self) -> TrustMixin:
        """Make a client that is not patient."""
        connect, read = self._client._timeouts(None)
        brief = [_PATIENCE if one is None else min(one, _PATIENCE) for one in (connect, read)]
        return self._twin(timeout=tuple(brief))

    def _twin(self, **options: Any) -> TrustMixin:
        """Make a client that shows its certificate, and nothing else."""
        return self._client._narrowed(**{**values(self._settled), "token": None, **options})

    def _present(self, twin: TrustMixin, send: Callable[[], Any], what: str = "token") -> bool:
        """Send what makes the client trusted: once, whatever becomes of the answer."""
        try:
            send()
        except (BadRequest, Conflict):
            # The server's way of saying that it knows this certificate.
            if not _is_trusted(twin):
                raise
            return False
        except Forbidden as error:
            raise _refused(error, what) from error
        except TLSError:
            raise
        except (ConnectionFailed, InvalidResponse, RequestTimeout, ServerError) as error:
            if isinstance(error, APIError) and "expired" in error.reason:
                # Servers call that a failure of their own.
                raise _refused(error, what) from error
            if not _asked_again(twin, error, what):
                raise
            return True
        if not _is_trusted(twin):
            message = (
                f"The server has taken the {what}, and still does not trust this client with "
                "anything. A token for the metrics only does that."
            )
            raise Forbidden(message)
        return True


def _check_secure(client: TrustMixin) -> str:
    """Refuse an endpoint where nobody asks for a certificate."""
    endpoint = read_endpoint(client)
    if endpoint.socket is not None or not endpoint.base.startswith("https:"):
        where = endpoint.socket or endpoint.base
        message = (
            f"{where} asks for no certificate: trust is for clients that come by https://. "
            "Whoever may open a socket is trusted there."
        )
        raise ArgumentError(message)
    return endpoint.base


def _redeem(twin: TrustMixin, token: TrustToken, text: str) -> None:
    """Send a token where it belongs."""
    if token.get("type"):
        twin.create_tls_identity(trust_token=text)
    else:
        twin.create_certificate(trust_token=text)


def _is_trusted(client: TrustMixin) -> bool:
    answer: dict[str, Any] = client._get("/1.0")
    return answer.get("auth") == "trusted"


def _refused(error: APIError, what: str) -> Forbidden:
    hint = "The password is wrong, or the server has none."
    if what == "token":
        hint = (
            "The token is wrong, has expired, or was redeemed or revoked: whoever issued it can "
            "issue another one."
        )
    return Forbidden(
        error.reason,
        status_code=error.status_code,
        method=error.method,
        url=error.url,
        hint=hint,
    )


def _asked_again(client: TrustMixin, lost: Error, what: str) -> bool:
    """See whether the server trusts the client, since its answer did not come.

    Returns:
        False if it does not, and has said why.

    Raises:
        ConnectionFailed: it does not, or nobody knows.
    """
    for number in range(ASKED):
        if number:
            time.sleep(PAUSE)
        try:
            if _is_trusted(client):
                return True
        except (ConnectionFailed, RequestTimeout, ServerError):
            continue
        if isinstance(lost, APIError):
            return False
    message = (
        f"{lost} The {what} was sent, once, and the server does not trust this client so far. "
        "trust() may be called again: it asks first whether it does by now."
    )
    raise ConnectionFailed(message) from lost
