"""Logging in by OpenID Connect: the device flow (RFC 8628)."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import requests

from ._extra import extra
from ._request import NEVER
from ._server import INCUS, LXD
from ._transport import read_endpoint
from .errors import (
    APIError,
    ArgumentError,
    ConnectionFailed,
    InvalidResponse,
    NotImplementedByServer,
    RequestTimeout,
    Unauthorized,
)
from .types import OIDCTokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests.structures import CaseInsensitiveDict

    from ._connection import Connection

    OnPrompt = Callable[[str, str], object]

# What RFC 8628 says where the provider says nothing, and what "slow down" means.
_INTERVAL, _SLOWER = 5.0, 5.0
_LARGEST = 1 << 20
_YEAR = 31_536_000.0
_SCOPES = ["openid", "offline_access"]


class Provider(NamedTuple):
    """An identity provider, as the server names it.

    Attributes:
        issuer: its URL.
        client_id: what the server is called there.
        audience: whom the tokens are for; empty where that is not told.
        scopes: what is asked for.
    """

    issuer: str
    client_id: str
    audience: str
    scopes: list[str]


def log_in(
    client: Connection,
    on_prompt: OnPrompt | None,
    refresh_token: str | None,
    timeout: float | None,
) -> OIDCTokens:
    """Get tokens from the identity provider of a server.

    Args:
        client: of the server.
        on_prompt: called with a URL and a code.
        refresh_token: of an earlier login.
        timeout: seconds to wait for somebody.
    """
    oauth2 = extra("oidc", "oauthlib.oauth2", "Logging in")
    if timeout is not None and not timeout > 0:
        message = f"timeout must be above 0 seconds, not {timeout!r}."
        raise ArgumentError(message)
    provider = find_provider(client)
    device = oauth2.DeviceClient(provider.client_id)
    flow = _Flow(client, provider, device, oauth2.OAuth2Error)
    if refresh_token is not None:
        tokens = flow.refresh(refresh_token)
        if tokens is not None:
            return tokens
    return flow.ask(on_prompt or _print_prompt, timeout)


def find_provider(client: Connection) -> Provider:
    """Ask a server who vouches for its users.

    Args:
        client: whose server is asked, as a stranger.

    Raises:
        NotImplementedByServer: nobody does.
    """
    if read_endpoint(client).socket is not None:
        message = "Whoever may open a socket is trusted there: logging in is for https://."
        raise ArgumentError(message)
    stranger = client._narrowed(token=None)
    # With these the server says who is to be asked, in the place of what strangers may know.
    asked = {f"{one.header_prefix}authenticated": "true" for one in (LXD, INCUS)}
    try:
        stranger._envelope("GET", "/1.0", headers=asked)
    except APIError as error:
        if error.status_code not in {401, 403}:
            raise
    response: Any = stranger.last_response
    stranger.close()
    for prefix in (LXD.header_prefix, INCUS.header_prefix):
        found = _read_headers(response.headers, f"{prefix}OIDC-")
        if found is not None:
            return found
    message = "This server names no identity provider: oidc.issuer and oidc.client.id are unset."
    raise NotImplementedByServer(message)


def _read_headers(headers: CaseInsensitiveDict[str], prefix: str) -> Provider | None:
    issuer, client_id = headers.get(f"{prefix}issuer"), headers.get(f"{prefix}clientid")
    if not issuer or not client_id:
        return None
    try:
        listed: Any = json.loads(headers.get(f"{prefix}scopes") or "null")
    except ValueError:
        listed = (headers.get(f"{prefix}scopes") or "").replace(",", " ").split()
    named: list[Any] = listed if isinstance(listed, list) else []  # pyright: ignore[reportUnknownVariableType]
    scopes = [one for one in named if isinstance(one, str)]
    return Provider(
        issuer.rstrip("/"), client_id, headers.get(f"{prefix}audience") or "", scopes or _SCOPES
    )


class _Flow:
    """A conversation with an identity provider.

    Args:
        client: whose time limits, proxy and user agent count.
        provider: whom to ask.
        device: oauthlib's, which writes the requests and reads the answers.
        refused: what it raises for an answer that is none.
    """

    def __init__(
        self, client: Connection, provider: Provider, device: Any, refused: type[Exception]
    ) -> None:
        self._client = client
        self._provider = provider
        self._device = device
        self._refused = refused
        self._endpoints = self._discover()

    def refresh(self, refresh_token: str) -> OIDCTokens | None:
        """Get new tokens without asking anybody; None if that is over."""
        body = self._device.prepare_refresh_body(
            refresh_token=refresh_token, client_id=self._provider.client_id
        )
        answer = self._post(self._endpoint("token_endpoint"), body)
        if answer.get("error") == "invalid_grant":
            return None
        tokens = self._tokens(answer)
        tokens.setdefault("refresh_token", refresh_token)
        return tokens

    def ask(self, on_prompt: OnPrompt, timeout: float | None) -> OIDCTokens:
        """Have somebody enter a code, and wait for that."""
        where = self._endpoint("device_authorization_endpoint")
        extra = {"audience": self._provider.audience} if self._provider.audience else {}
        # oauthlib writes what is asked for as a query; the RFC wants it in the body.
        uri = self._device.prepare_request_uri(where, self._provider.scopes, **extra)
        answer = self._post(where, uri.partition("?")[2])
        code = str(answer.get("device_code") or "")
        page = str(answer.get("verification_uri") or "")
        if not code or not page.startswith(("https://", "http://")):
            raise self._unreadable(answer, "starts no device flow")
        ends = time.monotonic() + min(
            _seconds(answer.get("expires_in"), 600.0), timeout or float("inf")
        )
        on_prompt(
            str(answer.get("verification_uri_complete") or page), str(answer.get("user_code"))
        )
        return self._poll(code, _seconds(answer.get("interval"), _INTERVAL), ends)

    def _poll(self, code: str, interval: float, ends: float) -> OIDCTokens:
        body = self._device.prepare_request_body(code, include_client_id=True)
        while time.monotonic() + interval < ends:
            time.sleep(interval)
            answer = self._post(self._endpoint("token_endpoint"), body)
            error = answer.get("error")
            if error == "slow_down":
                interval += _SLOWER
            elif error != "authorization_pending":
                return self._tokens(answer)
        message = "Nobody entered the code in time: call log_in() again for another one."
        raise Unauthorized(message)

    def _tokens(self, answer: Mapping[str, Any]) -> OIDCTokens:
        """Read tokens, or say why there are none."""
        try:
            found = self._device.parse_request_body_response(json.dumps(answer))
        except (self._refused, TypeError, ValueError) as error:
            told = answer.get("error_description") or answer.get("error") or "no token came"
            message = f"The identity provider {self._provider.issuer} refuses: {told}."
            raise Unauthorized(message) from error
        seconds = _seconds(answer.get("expires_in"), 0.0)
        ends = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=min(seconds, _YEAR))
        kept = ("access_token", "refresh_token", "token_type")
        return OIDCTokens(
            {key: found[key] for key in kept if key in found},
            expires_at=ends.isoformat() if seconds else NEVER,
        )

    def _discover(self) -> dict[str, Any]:
        return self._fetch("GET", f"{self._provider.issuer}/.well-known/openid-configuration")

    def _endpoint(self, name: str) -> str:
        url = self._endpoints.get(name)
        if not isinstance(url, str) or not url.startswith("https://"):
            message = (
                f"The identity provider {self._provider.issuer} has no device flow "
                f"(no {name} with https:// is named): it has to be turned on there."
            )
            raise NotImplementedByServer(message)
        return url

    def _post(self, url: str, body: str) -> dict[str, Any]:
        return self._fetch("POST", url, body)

    def _fetch(self, method: str, url: str, body: str | None = None) -> dict[str, Any]:
        """Talk to the provider: verified by the known authorities, never by the server's pin."""
        if not url.startswith("https://"):
            message = f"The identity provider's address {url!r} is no https:// URL."
            raise InvalidResponse(message)
        headers = {"Accept": "application/json", "User-Agent": self._client.user_agent}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        proxy = self._client.proxy
        try:
            with requests.Session() as session:
                # A .netrc that knows the provider's host is none of its business.
                session.auth = _no_auth
                session.trust_env = proxy is None
                with session.request(
                    method,
                    url,
                    data=body,
                    headers=headers,
                    timeout=self._client._timeouts(None),
                    proxies={"https": proxy} if proxy else None,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    content = response.raw.read(_LARGEST, decode_content=True)
        except requests.Timeout as error:
            message = f"The identity provider {self._provider.issuer} did not answer in time."
            raise RequestTimeout(message) from error
        except (requests.RequestException, OSError, ValueError) as error:
            message = f"The identity provider {self._provider.issuer} cannot be reached."
            raise ConnectionFailed(message) from error
        try:
            answer: Any = json.loads(content)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise self._unreadable({}, f"answers {method} with status {response.status_code}")
        return cast("dict[str, Any]", answer)

    def _unreadable(self, answer: Mapping[str, Any], what: str) -> InvalidResponse | Unauthorized:
        told = answer.get("error_description") or answer.get("error")
        if told:
            return Unauthorized(f"The identity provider {self._provider.issuer} refuses: {told}.")
        return InvalidResponse(f"The identity provider {self._provider.issuer} {what}.")


def _seconds(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, (int, float)) and value > 0 else otherwise


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _print_prompt(url: str, code: str) -> None:
    print(f"Open {url} and enter {code}.", flush=True)  # noqa: T201 - somebody has to read it
