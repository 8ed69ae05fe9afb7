"""A way to one server: what sends, and what its failures mean."""

from __future__ import annotations

import ssl
from collections import OrderedDict
from functools import partial
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import urllib3.exceptions as transport_errors
from requests import PreparedRequest, Request, RequestException, Response
from requests import exceptions as session_errors
from urllib3 import Timeout

from ._envelope import masked
from ._payload import BLOCK
from ._transport import Answer, Transport, adapter_for
from ._trust import now
from .errors import (
    ConnectionFailed,
    Error,
    InvalidResponse,
    RequestTimeout,
    TLSError,
    UntrustedServer,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator

    from requests import Session

    from ._endpoint import Endpoint
    from ._options import ClientOptions
    from ._payload import Payload
    from ._server import Capabilities


# No answer that is held in memory is longer than this: thousands of instances with all that
# is known of them are some 10 MB. Files, images and backups are never held.
MAX_ANSWER = 256 << 20
# What OpenSSL calls a certificate that is not valid yet, and one that is not valid any more.
_DATES = {9, 10}
_STARTING = b"daemon setup in progress"
# As many has no length of a file.
_DIGITS = 20


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
        "token",
        "verify_ssl",
    )

    def __init__(self, options: ClientOptions) -> None:
        self._key = self._key_of(options)
        self.transport: Transport = adapter_for(options)
        self.endpoint: Endpoint = self.transport.endpoint
        # That of a remote of the command-line client; a project that was given wins.
        self.project: str | None = self.transport.project
        self.session: Session | None = options.session
        self.capabilities: Capabilities | None = None

    def _key_of(self, options: ClientOptions) -> tuple[object, ...]:
        return tuple([getattr(options, name) for name in self._NAMES])

    def made_for(self, options: ClientOptions) -> bool:
        """Tell whether these options still lead here."""
        return self._key == self._key_of(options)

    def send(
        self,
        request: PreparedRequest,
        timeout: tuple[float | None, float | None],
        payload: Payload | None = None,
        *,
        stream: bool = False,
    ) -> Response:
        """Send once; every exception becomes one of this library.

        Args:
            request: what to send.
            timeout: seconds to connect and to read.
            payload: the body, if it is sent in pieces.
            stream: True leaves the answer's body unread.
        """
        response: Response | None = None
        try:
            if payload is not None:
                pieces: Any = payload.blocks()
                request.body = pieces
            if self.session is None:
                response = self.transport.send(request, timeout=timeout)
            else:
                response = _send_by_session(self._view(self.session), request, timeout)
            if not stream:
                fill(response)
        except BaseException as error:
            if response is not None:
                response.close()
            if isinstance(error, Error) or not isinstance(error, _FAULTS):
                raise
            if payload is not None and payload.fault is not None:
                raise payload.fault from None
            raise self.translate(error, request) from error
        return response

    def open_socket(self, timeout: tuple[float | None, float | None]) -> socket.socket:
        """Open a connection for something else than requests: a websocket."""
        request = PreparedRequest()
        request.method, request.url = "GET", self.endpoint.base + "/"
        try:
            return self.transport.open_socket(Timeout(connect=timeout[0], read=timeout[1]))
        except Error:
            raise
        except _FAULTS as error:
            failure = self.translate(error, request)
            raise (failure.failure if isinstance(failure, Dropped) else failure) from error

    def _view(self, session: Session) -> Session:
        """See the user's session with our way to send in it, unless it has one of its own.

        The session itself stays as it is: other clients may have it too, with another
        server, another pin or another key behind the same URL.
        """
        view = object.__new__(type(session))
        # Redirects are not the session's to look at: it would read all of their bodies.
        own = {"adapters": OrderedDict(session.adapters), "get_redirect_target": _no_target}
        view.__dict__.update(session.__dict__, **own)
        if self.endpoint.base not in session.adapters:
            view.mount(self.endpoint.base, self.transport)
        return view

    def translate(self, error: Exception, request: PreparedRequest) -> Exception:
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
        hint = " Does it speak https://?" if where.startswith("http://") else ""
        return Dropped(
            ConnectionFailed(f"{what}: the connection to {where} broke: {reason}.{hint}")
        )

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
            reason = text
            if verify is not None:
                reason = verify.verify_message
                if verify.verify_code in _DATES:
                    reason += f" (by the clock of this machine it is {now()})"
            return UntrustedServer(
                f"{where} cannot be verified: {reason}. Pin its certificate with server_cert, "
                "or name its authority with verify_ssl."
            )
        return TLSError(f"No TLS connection to {where} could be made: {text}.")


class Download:
    """The body of an answer, read piece by piece.

    Args:
        response: the answer, with its body unread.
        link: what it came by.
    """

    def __init__(self, response: Response, link: Link) -> None:
        self.response = response
        self._link = link
        self.headers = response.headers
        original = getattr(response.raw, "_original_response", None)
        self._answer = original if isinstance(original, Answer) else None
        self._endless = self._answer is not None and self._answer.is_endless

    @property
    def length(self) -> int | None:
        """How many bytes are to come; None where the server does not tell it."""
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isdecimal() and len(text) < _DIGITS else None

    def read(self, count: int) -> bytes:
        """Read so many bytes; fewer only at the end.

        Raises:
            ConnectionFailed: the connection broke before the end.
            RequestTimeout: nothing came for too long.
        """
        if self._answer is not None:
            # What is made as it is sent comes as fast as it is made.
            self._answer.take_time()
        return self._read(count)

    def _read(self, count: int) -> bytes:
        try:
            return bytes(self.response.raw.read(count, decode_content=True))
        except _FAULTS as error:
            failure = self._link.translate(error, self.response.request)
            if isinstance(failure, Dropped):
                failure = failure.failure
            raise failure from error

    def check(self) -> None:
        """Refuse what could be cut without anybody noticing.

        Raises:
            InvalidResponse: neither a length nor a last piece tells where it ends.
        """
        if self._endless:
            request: Any = self.response.request
            message = (
                f"{request.method} {masked(request.path_url)}: the answer does not say where "
                "it ends, so nobody could tell whether all of it has come."
            )
            raise InvalidResponse(message)

    def blocks(self) -> Iterator[bytes]:
        """Read all of it, in pieces."""
        while block := self.read(BLOCK):
            yield block

    def fill(self) -> None:
        """Read all of it into the response, where it has an envelope after all.

        Raises:
            RequestTimeout: it came by drops.
        """
        _hold(self.response, iter(partial(self._read, BLOCK), b""))

    def close(self) -> None:
        """Give the connection back, or close it if there is more to read."""
        raw = self.response.raw
        if not raw.closed:
            raw.close()
        raw.release_conn()


def fill(response: Response) -> None:
    """Read the body of an answer, which a hook of the user's session may have done already.

    Raises:
        InvalidResponse: it is more than any answer of the API.
    """
    if not _is_unread(response):
        return
    raw = response.raw
    if "Content-Encoding" in response.headers or not hasattr(raw, "stream"):
        _hold(response, response.iter_content(BLOCK))
    else:
        # In one piece, and once more for the end of it: the servers send lists in chunks of
        # a few KiB, each of which would cost more than what is in it.
        _hold(response, iter(lambda: raw.read(MAX_ANSWER + 1, decode_content=False), b""))


def _is_unread(response: Response) -> bool:
    content: Any = response._content
    return content is False


def _hold(response: Response, blocks: Iterable[bytes]) -> None:
    held: list[bytes] = []
    size = 0
    for block in blocks:
        held.append(block)
        size += len(block)
        if size > MAX_ANSWER:
            response.close()
            request: Any = response.request
            message = (
                f"{request.method} {masked(request.path_url)}: the answer is longer than "
                f"{MAX_ANSWER} bytes, and was read no further."
            )
            raise InvalidResponse(message)
    content: Any = b"".join(held)
    response._content = content


def is_starting(response: Response, link: Link) -> bool:
    """Tell whether a server refuses everything because it has only just been started."""
    if response.status_code != 503:
        return False
    if _is_unread(response):
        Download(response, link).fill()
    return _STARTING in response.content


_FAULTS = (RequestException, transport_errors.HTTPError, HTTPException, OSError, ValueError)
_TIMEOUTS = (transport_errors.TimeoutError, session_errors.Timeout, TimeoutError)
_TLS = (transport_errors.SSLError, session_errors.SSLError, ssl.SSLError)
_UNREACHED = (transport_errors.NewConnectionError, transport_errors.ProxyError)


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
            auth=session.auth or _no_auth,
        )
    )
    # The body and its length are ours: a session would measure them anew.
    prepared.body = request.body
    for name in ("Content-Length", "Transfer-Encoding"):
        prepared.headers.pop(name, None)
        if name in request.headers:
            prepared.headers[name] = request.headers[name]
    return session.send(prepared, timeout=timeout, proxies={}, allow_redirects=False, stream=True)


def _no_auth(request: PreparedRequest) -> PreparedRequest:
    return request


def _no_target(response: Response) -> None:
    """Lead nowhere."""


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
    what = f"{request.method} {masked(request.path_url)}: the server redirects to"
    try:
        there = urljoin(here, response.headers.get("Location", ""))
        server = urlsplit(there)[:2]
    except ValueError as error:
        message = f"{what} something that is no address."
        raise InvalidResponse(message) from error
    if server != urlsplit(here)[:2]:
        message = f"{what} {server[1]!r}, which is another server; it was not followed."
        raise InvalidResponse(message)
    return there
