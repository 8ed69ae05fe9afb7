"""Becoming trusted, and letting others become it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .._newcomer import Newcomer
from .._oidc import log_in
from .._request import check_names
from .._turn import turn
from ..errors import ArgumentError
from .certificates import CertificatesMixin
from .server import ServerMixin
from .tls_identities import TLSIdentitiesMixin

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from .._oidc import OnPrompt
    from ..types import OIDCTokens

_EXPIRY = "core.remote_token_expiry"


class TrustMixin(CertificatesMixin, TLSIdentitiesMixin, ServerMixin):
    """Chapter "trust": what takes several calls of the API."""

    def create_trust_token(
        self,
        name: str,
        *,
        description: str | None = None,
        expires_in: float | timedelta | None = None,
        groups: Sequence[str] | None = None,
        projects: Sequence[str] | None = None,
        restricted: bool | None = None,
    ) -> str:
        """Issue a token that makes somebody trusted, once: ``POST /1.0/certificates``.

        The text is what `trust` takes, and the commands ``lxc remote add NAME TOKEN`` and
        ``incus remote add NAME TOKEN``. Whoever has it becomes trusted: hand it over as you
        would a password. With ``groups`` it is the token of one of LXD's identities:
        ``POST /1.0/auth/identities/tls``.

        Args:
            name: of the newcomer, such as ``"laptop"``.
            description: for people (Incus).
            expires_in: seconds that the token is good for, such as ``3600``, or a
                ``timedelta``. Servers know one time for all tokens: their setting
                ``core.remote_token_expiry`` is changed for the moment, and set back; the
                threads of one program take turns. None leaves it to that setting.
            groups: that the newcomer will belong to, such as ``["operators"]``. API extension
                ``access_management_tls``.
            projects: the only ones that the newcomer may use, such as ``["blue"]``.
            restricted: True keeps the newcomer from all but ``projects``; None means True
                where ``projects`` is given.

        Returns:
            The token, as text.

        Raises:
            ArgumentError: arguments that exclude each other; or the server does not listen on
                the network, so that the token leads nowhere.

        Example:
            >>> token = client.create_trust_token("laptop", projects=["blue"], expires_in=3600)
            >>> token[:8]
            'eyJjbGll'
        """
        check_names(name)
        if groups is not None and (projects is not None or restricted or description is not None):
            message = "groups say what an identity may do: projects, restricted go without them."
            raise ArgumentError(message)
        if projects is not None and restricted is False:
            message = "restricted=False lets the newcomer use every project, whatever projects is."
            raise ArgumentError(message)
        if projects is not None:
            restricted = True
        endpoint = self._connected().endpoint
        alone = turn(f"{endpoint.socket or endpoint.base} {_EXPIRY}")
        with alone, self._token_expiry(expires_in):
            if groups is not None:
                issued = self.create_tls_identity_token(name, groups=groups)
                return self.certificate_token(issued)
            operation = self.create_certificate(
                description=description,
                name=name,
                projects=projects,
                restricted=restricted,
                token=True,
            )
            return self.certificate_token(operation)

    def log_in(
        self,
        *,
        on_prompt: OnPrompt | None = None,
        refresh_token: str | None = None,
        timeout: float | None = None,
    ) -> OIDCTokens:
        """Log in at the server's identity provider, by OpenID Connect: asks ``GET /1.0``.

        It is the device flow (RFC 8628): somebody opens a page in a browser, anywhere, and
        enters a code; this call waits for that. The client's ``token`` is the access token
        then, and each call sends it. Needs ``pyhyperkit[oidc]``.

        Args:
            on_prompt: called with the page's URL, and the code; None prints them.
            refresh_token: of an earlier login: nobody is asked while it is good.
            timeout: seconds to wait for somebody, such as ``300``; None waits as long as the
                code is good.

        Returns:
            The tokens; keep ``refresh_token`` as you would a password.

        Raises:
            ArgumentError: the extra is not installed, or this endpoint is a socket.
            Unauthorized: somebody said no, or nobody entered the code in time.
            NotImplementedByServer: the server has no identity provider, or that has no
                device flow.
            ConnectionFailed: the identity provider cannot be reached.

        Example:
            >>> tokens = client.log_in()
            Open https://id.example.net/device and enter ABCD-EFGH.
            >>> client.server().auth
            'trusted'
        """
        tokens = log_in(self, on_prompt, refresh_token, timeout)
        self.token = tokens.access_token
        return tokens

    def trust(
        self,
        token: str | None = None,
        *,
        name: str | None = None,
        password: str | None = None,
    ) -> bool:
        """Become trusted by a server: ``POST /1.0/certificates``.

        The token says where the server is and what its certificate is. The client's own
        endpoint is asked, if it has one, else each of the token's addresses. The certificate
        is compared before anything is sent; then the client's own is shown and the token
        sent, once: if the answer is lost, the server is asked whether it trusts the client
        by now. From then on the client is connected with that server: ``api_endpoint`` and
        ``server_cert`` are set. If the server trusts this client already, the token is not
        sent, and stays good. A token of one of LXD's identities goes to
        ``POST /1.0/auth/identities/tls``.

        Args:
            token: as `create_trust_token`, ``lxc config trust add`` or ``incus config trust
                add`` gives it.
            name: what the server calls this client, such as ``"laptop"``, where there is a
                ``password``; a token says it itself.
            password: the trust password, in the place of a token: LXD before 6. It says nothing
                of the server, which so has to be verified by ``server_cert`` or an authority.

        Returns:
            True if the server did not trust this client before, False if it did.

        Raises:
            ArgumentError: this is no token, or the client's endpoint is a socket.
            CertificateError: the client has no certificate; see `generate_key_pair`.
            UntrustedServer: the token is of another server; nothing was sent.
            ConnectionFailed: nobody answers at any address (all are named), or the answer
                was lost and the server does not trust this client.
            Forbidden: the token is wrong, has expired, or was redeemed or revoked.

        Example:
            >>> client = hyperkit.Client(client_cert="laptop.crt", client_key="laptop.key")
            >>> client.trust(token)
            True
            >>> client.instances()
            ['web']
        """
        if (token is None) == (password is None):
            message = "Give a token, or a password."
            raise ArgumentError(message)
        newcomer = Newcomer(self)
        if token is not None:
            if name is not None:
                message = "A token says what the client is called: name goes with password."
                raise ArgumentError(message)
            return newcomer.redeem(token)
        return newcomer.say(password or "", name)

    @contextmanager
    def _token_expiry(self, expires_in: float | timedelta | None) -> Generator[None]:
        """Let the tokens that are issued meanwhile be good for so long, and no longer."""
        if expires_in is None:
            yield
            return
        span = expires_in
        seconds = span.total_seconds() if isinstance(span, timedelta) else span
        if not 1 <= seconds < 1e9:
            message = f"expires_in is at least one second, and finite, not {expires_in!r}."
            raise ArgumentError(message)
        wanted = f"{round(seconds)}S"
        before = self._told_expiry()
        self.patch_server({_EXPIRY: wanted})
        try:
            yield
        finally:
            # Somebody else may have changed it meanwhile, and meant it.
            if self._told_expiry() == wanted:
                self.patch_server({_EXPIRY: before})

    def _told_expiry(self) -> str:
        config: Mapping[str, Any] = self.server().get("config") or {}
        return str(config.get(_EXPIRY) or "")
