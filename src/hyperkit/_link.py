"""A way to one server: what sends, and what its failures mean."""

from __future__ import annotations

import ssl
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import urllib3.exceptions as transport_errors
from requests import PreparedRequest, Request, RequestException, Response
from requests import exceptions as session_errors

from ._envelope import masked
from ._transport import Transport, adapter_for
from .errors import (
    ConnectionFailed,
    Error,
    InvalidResponse,
    RequestTimeout,
    TLSError,
    UntrustedServer,
)

if TYPE_CHECKING:
    from requests import Session

    from ._endpoint import Endpoint
    from ._options import ClientOptions
    from ._server import Capabilities


class Dropped(Exception):
    """The connection broke before an answer came; never leaves the library."""

    def __init__(self, failure: ConnectionFailed) -> None:
        self.failure = failure


class Link:
    """A way to one server: where it is, what sends, and what is known of it."""

    _NAMES = (
        "api_endpoint",
        "client_cert",
        "client_key",
        "client_key_password",
        "proxy",
        "server_cert",
        "session",
        "verify_ssl",
    )

    def __init__(self, options: ClientOptions) -> None:
        self._key = self._key_of(options)
        self.transport: Transport = adapter_for(options)
        self.endpoint: Endpoint = self.transport.endpoint
        self.session: Session | None = options.session
        self.capabilities: Capabilities | None = None
        if self.session is not None and self.endpoint.base not in self.session.adapters:
            self.session.mount(self.endpoint.base, self.transport)

    def _key_of(self, options: ClientOptions) -> tuple[object, ...]:
        return tuple([getattr(options, name) for name in self._NAMES])

    def made_for(self, options: ClientOptions) -> bool:
        """Tell whether these options still lead here."""
        return self._key == self._key_of(options)

    def send(
        self, request: PreparedRequest, timeout: tuple[float | None, float | None]
    ) -> Response:
        """Send once; every exception becomes one of this library."""
        try:
            if self.session is None:
                response = self.transport.send(request, timeout=timeout)
            else:
                response = self._send_by_session(self.session, request, timeout)
            response.content  # noqa: B018 - reads the body
        except Error:
            raise
        except (
            RequestException,
            transport_errors.HTTPError,
            HTTPException,
            OSError,
            ValueError,
        ) as error:
            raise self._translate(error, request) from error
        return response

    @staticmethod
    def _send_by_session(
        session: Session, request: PreparedRequest, timeout: tuple[float | None, float | None]
    ) -> Response:
        """Send through the user's session: its hooks, headers and adapters count."""
        # An auth that does nothing keeps the session from looking into .netrc.
        prepared = session.prepare_request(
            Request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.body,
                auth=session.auth or _no_auth,
            )
        )
        return session.send(prepared, timeout=timeout, proxies={}, allow_redirects=False)

    def _translate(self, error: Exception, request: PreparedRequest) -> Exception:
        """Find this library's exception for one of the libraries below."""
        what = f"{request.method} {masked(request.path_url)}"
        chain = _causes(error)
        for cause in chain:
            if isinstance(cause, Error):
                return cause
        where = self.endpoint.socket or self.endpoint.base
        refused = any(isinstance(cause, _UNREACHED) for cause in chain)
        if not refused and any(isinstance(cause, _TIMEOUTS) for cause in chain):
            return RequestTimeout(f"{what}: {where} did not answer in time.")
        secure = [cause for cause in chain if isinstance(cause, _TLS)]
        if secure:
            return self._translate_tls(secure[-1], where)
        reason = _innermost(chain)
        if any(isinstance(cause, transport_errors.ProxyError) for cause in chain):
            return ConnectionFailed(f"{where} cannot be reached through the proxy: {reason}.")
        if refused:
            return ConnectionFailed(
                f"{where} cannot be reached: {reason}.{self.endpoint.explain()}"
            )
        return Dropped(ConnectionFailed(f"{what}: the connection to {where} broke: {reason}."))

    def _translate_tls(self, error: BaseException, where: str) -> TLSError:
        text = str(error)
        if "Fingerprints did not match" in text:
            return UntrustedServer(
                f"{where} shows another certificate than the one pinned by server_cert."
            )
        verify = next(
            (cause for cause in _causes(error) if isinstance(cause, ssl.SSLCertVerificationError)),
            None,
        )
        if verify is not None or "doesn't match" in text:
            reason = verify.verify_message if verify is not None else text
            return UntrustedServer(
                f"{where} cannot be verified: {reason}. Pin its certificate with server_cert, "
                "or name its authority with verify_ssl."
            )
        return TLSError(f"No TLS connection to {where} could be made: {text}.")


_TIMEOUTS = (transport_errors.TimeoutError, session_errors.Timeout, TimeoutError)
_TLS = (transport_errors.SSLError, session_errors.SSLError, ssl.SSLError)
_UNREACHED = (transport_errors.NewConnectionError, transport_errors.ProxyError)


def _no_auth(request: PreparedRequest) -> PreparedRequest:
    return request


def _causes(error: BaseException) -> list[BaseException]:
    """List an exception and everything that it was made of, outermost first."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or cause in found:
            continue
        found.append(cause)
        waiting += [
            *cause.args,
            getattr(cause, "reason", None),
            cause.__cause__,
            cause.__context__,
        ]
    return found


def _innermost(chain: list[BaseException]) -> str:
    """Take the plainest words: those of the operating system, else the last."""
    for cause in chain:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return str(chain[-1]) or type(chain[-1]).__name__


def redirected(request: PreparedRequest, response: Response) -> str:
    """Read where a redirect leads; it may not lead to another server."""
    here = str(request.url)
    there = urljoin(here, response.headers.get("Location", ""))
    if urlsplit(there)[:2] != urlsplit(here)[:2]:
        message = (
            f"{request.method} {masked(request.path_url)}: the server redirects to "
            f"{urlsplit(there).netloc!r}, which is another server; it was not followed."
        )
        raise InvalidResponse(message)
    return there
