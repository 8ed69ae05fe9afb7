"""How bytes reach the server: requests adapters over one pool of connections."""

from __future__ import annotations

import math
import os
import socket
import time
from http.client import HTTPResponse, RemoteDisconnected, parse_headers
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Any, cast

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies, select_proxy
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import parse_url

from ._endpoint import Endpoint, parse, socket_failure
from ._log import mask_urllib3
from ._remotes import expand
from ._trust import Trust, check_validity, trust
from ._turn import Lock
from .errors import InvalidResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._options import ClientOptions

# The servers close a connection after 30 idle seconds. One that is about to be
# closed is not used again, lest a POST meet the end of it.
MAX_IDLE = 20.0
# An answer that has begun has to bring so many bytes, or its end, within the timeout.
STRIDE = 64 * 1024
# Between two attempts to be let in by a socket.
_PAUSE = 0.01
_EMPTY = {b"\r\n", b"\n"}
_SWITCHED = 101
# So many interim answers (100 Continue, 103 Early Hints) may come before the one that counts.
_MAX_INTERIM = 10


class Patient(RawIOBase):
    """Reads an answer, and loses patience with one that comes by drops.

    The socket's timeout is one for each time that something comes; a server that sends a
    byte now and then would never be given up.
    """

    def __init__(self, raw: RawIOBase, timeout: float | None) -> None:
        super().__init__()
        self._raw = raw
        self.timeout = timeout
        self._deadline = math.inf
        self._left = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        if time.monotonic() > self._deadline:
            message = "it came too slowly"
            raise TimeoutError(message)
        count: int | None = self._raw.readinto(buffer)
        self._left -= count or 0
        if self._left <= 0:
            self._left = STRIDE
            self._deadline = time.monotonic() + (
                math.inf if self.timeout is None else self.timeout
            )
        return count

    def take_time(self) -> None:
        self.timeout, self._deadline = None, math.inf

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Lines(BufferedReader):
    """Remembers the last line that was read."""

    last = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        self.last = super().readline(size)
        return self.last


class Answer(HTTPResponse):
    """An answer that has to come at a certain pace, once it has begun, and whole.

    The standard library takes a head that breaks off for a complete one: a file would be
    as long as the digits of its length that have come.
    """

    def __init__(self, sock: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        reader: Any = self.fp
        self._patient = Patient(reader.detach(), sock.gettimeout())
        self._lines = _Lines(self._patient)
        self.fp: Any = self._lines

    def _read_status(self) -> tuple[str, int, str]:
        """Read the first line of the answer that counts: interim ones come before it.

        The standard library reads over 100 for ever, and takes all others for the answer.
        """
        parent: Any = super()
        for _ in range(_MAX_INTERIM):
            line: tuple[str, int, str] = parent._read_status()
            if not 100 <= line[1] < 200 or line[1] == _SWITCHED:
                return line
            parse_headers(self.fp)
        message = f"The server sent {_MAX_INTERIM} interim answers, and was read no further."
        raise InvalidResponse(message)

    def begin(self) -> None:
        """Read the head, to the empty line at its end."""
        super().begin()
        if self._lines.last not in _EMPTY:
            message = "the server hung up in the middle of the headers"
            raise RemoteDisconnected(message)

    @property
    def is_endless(self) -> bool:
        """Whether nothing but the end of the connection tells the end of the body."""
        return self.length is None and not self.chunked

    def take_time(self) -> None:
        """Let the rest come at any pace."""
        self._patient.take_time()


class _Fresh:
    """Makes a connection that has been idle for long count as dropped."""

    last_used = 0.0
    response_class: Any = Answer

    def request(self, *args: Any, **kwargs: Any) -> None:
        self.last_used = time.monotonic()
        super().request(*args, **kwargs)  # type: ignore[misc]

    @property
    def is_connected(self) -> bool:
        if self.last_used and time.monotonic() - self.last_used > MAX_IDLE:
            return False
        return bool(super().is_connected)  # type: ignore[misc]


class PlainConnection(_Fresh, HTTPConnection):
    """HTTP over TCP."""


class SocketConnection(_Fresh, HTTPConnection):
    """HTTP over a unix socket."""

    socket_path = ""

    def _new_conn(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        timeout: Any = self.timeout
        connection.settimeout(timeout if isinstance(timeout, (int, float)) else None)
        try:
            self._wait_in_line(connection)
        except OSError as error:
            connection.close()
            if isinstance(error, TimeoutError):
                raise
            raise socket_failure(self.socket_path, error.strerror or error) from error
        return connection

    def _wait_in_line(self, connection: socket.socket) -> None:
        """Connect, and again where too many wait to be let in: sockets with a timeout do not wait.

        Raises:
            TimeoutError: nobody was let in within the timeout.
        """
        deadline = time.monotonic() + (connection.gettimeout() or math.inf)
        while True:
            try:
                return connection.connect(self.socket_path)
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise TimeoutError(*error.args) from error
                time.sleep(_PAUSE)


class TLSConnection(_Fresh, HTTPSConnection):
    """HTTP over TLS."""

    def connect(self) -> None:
        """Connect, and look at the dates of a pinned certificate too."""
        super().connect()
        peer: Any = self.sock
        if self.assert_fingerprint:
            check_validity(peer.getpeercert(binary_form=True))
        # Whoever turned verification off need not be warned of it on every connection.
        self.is_verified = True


class SocketPool(HTTPConnectionPool):
    """The connections to one unix socket."""

    def __init__(self, path: str, **options: Any) -> None:
        kind: Any = type("SocketConnectionTo", (SocketConnection,), {"socket_path": path})
        self.ConnectionCls = kind
        super().__init__("unix.socket", **options)


class PlainPool(HTTPConnectionPool):
    """The connections to one server without TLS."""

    ConnectionCls: Any = PlainConnection


class TLSPool(HTTPSConnectionPool):
    """The connections to one server with TLS."""

    ConnectionCls: Any = TLSConnection


class Transport(HTTPAdapter):
    """A requests adapter for one server; one pool, kept open.

    Threads share it. A child process gets a pool of its own, since a connection
    that two processes read would mix up their answers.

    Args:
        endpoint: where the server is.
        options: the client's; read at the first request, not before.
        trusted: how the server is checked; None for what the options say.
    """

    def __init__(
        self, endpoint: Endpoint, options: ClientOptions, trusted: Trust | None = None
    ) -> None:
        super().__init__()
        self.endpoint = endpoint
        self.project: str | None = None
        self._options = options
        self._trusted = trusted
        self._pool: HTTPConnectionPool | None = None
        mask_urllib3()
        self._process = 0
        self._lock = Lock()

    @property
    def pool(self) -> HTTPConnectionPool:
        """The pool of this process."""
        pool = self._pool
        if pool is not None and self._process == os.getpid():
            return pool
        with self._lock.held:
            if self._pool is None or self._process != os.getpid():
                _forsake(self._pool)
                self._pool = _open_pool(self.endpoint, self._options, self._trusted)
                self._process = os.getpid()
            return self._pool

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT002 - the signature is requests'
        timeout: Any = None,
        verify: Any = True,  # noqa: ARG002, FBT002
        cert: Any = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> Response:
        """Send one request. The body of the answer is not read yet."""
        if not isinstance(timeout, Timeout):
            pair: Any = timeout
            connect, read = pair if isinstance(timeout, tuple) else (pair, pair)
            timeout = Timeout(connect=connect, read=read)
        body: Any = request.body
        headers: Any = request.headers
        answer = self.pool.urlopen(
            request.method or "GET",
            request.path_url,
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=timeout,
            preload_content=False,
            decode_content=False,
        )
        return self.build_response(request, answer)

    def open_socket(self, timeout: Timeout) -> socket.socket:
        """Open a connection of the caller's own: reached and verified as all others are."""
        pool: Any = self.pool
        connection = pool._new_conn()
        connection.timeout = timeout.connect_timeout
        try:
            if pool.proxy is not None:
                pool._prepare_proxy(connection)
            if connection.sock is None:
                connection.connect()
        except BaseException:
            connection.close()
            raise
        opened: Any = connection.sock
        connection.sock = None
        opened.settimeout(None)
        return cast("socket.socket", opened)

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Make the response: as requests does, without cookies and guesses at the encoding."""
        response = Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers.itermerged())
        response.encoding = "utf-8"
        response.raw = resp
        response.reason = resp.reason
        response.url = req.url or ""
        response.request = req
        return response

    def close(self) -> None:
        """Close the connections of this process."""
        if self._pool is not None and self._process == os.getpid():
            self._pool.close()
        self._pool = None
        super().close()


def _forsake(pool: HTTPConnectionPool | None) -> None:
    """Leave a pool to the parent process: here, a thread that is gone may hold its lock."""
    queue: Any = pool.pool if pool is not None else None
    if queue is not None:
        for connection in filter(None, queue.queue):
            connection.close()
        queue.__init__(queue.maxsize)


def _open_pool(
    endpoint: Endpoint, options: ClientOptions, trusted: Trust | None
) -> HTTPConnectionPool:
    size: dict[str, Any] = {"maxsize": 32, "block": False}
    if endpoint.socket is not None:
        return SocketPool(endpoint.socket, **size)
    url = parse_url(endpoint.base)
    secure = url.scheme == "https"
    if secure:
        context, fingerprint = trusted or trust(options)
        size.update(
            ssl_context=context, cert_reqs=context.verify_mode, assert_fingerprint=fingerprint
        )
    proxy = chosen_proxy(endpoint.base, options) if secure else None
    if proxy is None:
        kind = TLSPool if secure else PlainPool
        return kind(url.host or "", url.port, **size)
    manager = ProxyManager(proxy, proxy_headers=HTTPAdapter().proxy_headers(proxy), **size)
    classes: Any = {"http": PlainPool, "https": TLSPool}
    manager.pool_classes_by_scheme = classes
    return manager.connection_from_host(url.host, url.port, url.scheme)


def chosen_proxy(url: str, options: ClientOptions) -> str | None:
    """Choose the proxy: the one given, ``""`` for none, else the environment's.

    Args:
        url: of the server.
        options: the client's.
    """
    if options.proxy is not None:
        return options.proxy or None
    return select_proxy(url, get_environ_proxies(url, None))


def adapter_for(options: ClientOptions) -> Transport:
    """Make the adapter that a client with these options sends through.

    Args:
        options: a client, or any other set of options.
    """
    expanded = expand(options)
    adapter = Transport(parse(expanded.api_endpoint), expanded)
    if options.default_project is None:
        adapter.project = expanded.default_project
    return adapter


def read_endpoint(options: ClientOptions) -> Endpoint:
    """Find where a client with these options sends to; opens nothing.

    Args:
        options: a client, or any other set of options.
    """
    return parse(expand(options).api_endpoint)
