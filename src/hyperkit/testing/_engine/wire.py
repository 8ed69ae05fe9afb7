"""Connections, between the socket and the web server: TLS, and what can be done to them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiohttp import web

_BLOCK = 256 * 1024


class Gate:
    """Where connections come in.

    Attributes:
        connections: those that are open.
    """

    def __init__(self, web_server: web.Server) -> None:
        self._web = web_server
        self.connections: set[Connection] = set()

    def plain(self) -> Connection:
        """Make the protocol of a connection without TLS."""
        return Connection(self, self._web(), None)

    def secure(self, context: SSL.Context) -> Connection:
        """Make the protocol of a connection with TLS."""
        tls = SSL.Connection(context, None)
        tls.set_accept_state()
        return Connection(self, self._web(), tls)

    def hang_up(self) -> None:
        """Cut all connections."""
        for connection in list(self.connections):
            connection.cut()


class Connection(asyncio.Protocol):
    """One connection.

    TLS is done here, since the standard library cannot ask a client for a certificate without
    also refusing the ones that it does not know.

    Attributes:
        peer: the client's certificate in PEM, or empty.
        secure: whether it speaks TLS.
    """

    def __init__(self, gate: Gate, inner: asyncio.Protocol, tls: SSL.Connection | None) -> None:
        self._gate = gate
        self._inner = inner
        self._tls = tls
        self._raw: asyncio.Transport | None = None
        self._open = False
        self._left: int | None = None
        self._receive: Callable[[bytes], object] | None = None
        self.outgoing = Outgoing(self)
        self.secure = tls is not None
        self.peer = ""

    @property
    def raw(self) -> asyncio.Transport:
        """The transport of the socket."""
        if self._raw is None:
            raise ConnectionResetError
        return self._raw

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._raw = transport  # type: ignore[assignment]
        self._gate.connections.add(self)
        if self._tls is None:
            self._begin()

    def _begin(self) -> None:
        self._open = True
        self._inner.connection_made(self.outgoing)

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        if self._tls is None:
            self._deliver(data)
            return
        self._tls.bio_write(data)
        try:
            if not self._open:
                self._tls.do_handshake()
                self._flush()
                certificate = self._tls.get_peer_certificate(as_cryptography=True)
                if certificate is not None:
                    self.peer = certificate.public_bytes(Encoding.PEM).decode()
                self._begin()
            while True:
                self._deliver(self._tls.recv(_BLOCK))
        except SSL.WantReadError:
            self._flush()
        except SSL.ZeroReturnError:
            self.raw.close()
        except SSL.Error:
            self._flush()
            self.raw.close()

    def _deliver(self, data: bytes) -> None:
        if self._receive is not None:
            self._receive(data)
        else:
            self._inner.data_received(data)

    def _flush(self) -> None:
        """Send what TLS has to say."""
        if self._tls is None:
            return
        while True:
            try:
                self.raw.write(self._tls.bio_read(_BLOCK))
            except SSL.WantReadError:
                return

    def eof_received(self) -> bool | None:
        """The client has nothing more to say."""
        if self._receive is not None:
            self._receive(b"")
            return None
        return self._inner.eof_received() if self._open and self._tls is None else None

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._gate.connections.discard(self)
        if self._receive is not None:
            self._receive(b"")
        if self._open:
            self._open = False
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Let the web server wait for a slow client."""
        if self._open:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Let it go on."""
        if self._open:
            self._inner.resume_writing()

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """Send, unless it was decided that no more shall come."""
        if self.raw.is_closing():
            return
        if self._left is not None:
            data = bytes(data)[: self._left]
            self._left -= len(data)
        if self._tls is None:
            if data:
                self.raw.write(data)
        elif data:
            self._tls.sendall(bytes(data))
            self._flush()
        if self._left == 0:
            # Without TLS's goodbye, as a connection breaks.
            self.raw.close()

    def cut_after(self, count: int) -> None:
        """Send only so many bytes more, and close then."""
        self._left = count
        if not count:
            self.raw.close()

    def cut(self) -> None:
        """Close at once."""
        self.raw.abort()

    def close(self) -> None:
        """Close when what was sent is on its way."""
        if self._tls is not None and self._open and not self.raw.is_closing():
            try:
                self._tls.shutdown()
                self._flush()
            except SSL.Error:
                pass
        self.raw.close()

    def take_over(self, receive: Callable[[bytes], object]) -> None:
        """Give what comes to someone else than the web server.

        Args:
            receive: gets the bytes, and none at the end.
        """
        self._receive = receive


class Outgoing(asyncio.Transport):
    """What the web server takes for the socket."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self.connection = connection

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Send."""
        self.connection.send(data)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview[Any]]) -> None:
        """Send all of these."""
        self.connection.send(b"".join(list_of_data))

    def close(self) -> None:
        """Close when what was sent is on its way."""
        self.connection.close()

    def abort(self) -> None:
        """Close at once."""
        self.connection.cut()

    def is_closing(self) -> bool:
        """Tell whether it is closed, or will be."""
        return self.connection.raw.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell something about the socket."""
        return self.connection.raw.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Read nothing for a while."""
        if not self.is_closing():
            self.connection.raw.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        if not self.is_closing():
            self.connection.raw.resume_reading()

    def is_reading(self) -> bool:
        """Tell whether it reads."""
        return self.connection.raw.is_reading()

    def can_write_eof(self) -> bool:
        """Tell that a half of a connection cannot be closed."""
        return False

    def get_write_buffer_size(self) -> int:
        """Tell how much is not on its way yet."""
        return self.connection.raw.get_write_buffer_size()


def switch(
    request: web.BaseRequest, protocol: str, receive: Callable[[bytes], object]
) -> Connection:
    """Answer that the connection speaks another protocol than HTTP from now on.

    Args:
        request: that has asked for it.
        protocol: such as ``"sftp"``.
        receive: gets what comes, and nothing at the end.
    """
    connection = connection_of(request)
    connection.take_over(receive)
    head = (
        f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: {protocol}\r\nConnection: Upgrade\r\n\r\n"
    )
    connection.send(head.encode())
    return connection


def connection_of(request: web.BaseRequest) -> Connection:
    """Find the connection that a request came by."""
    transport: Any = request.transport
    if transport is None:
        raise ConnectionResetError
    found: Connection = transport.connection
    return found
