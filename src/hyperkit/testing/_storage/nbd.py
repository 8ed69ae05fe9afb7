"""Blocks of a volume, by the protocol of network block devices (NBD)."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING

from aiohttp import web

from .._engine.wire import connection_of, switch

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._engine.call import Call
    from .._guest.tree import Node

_GREETING = b"NBDMAGICIHAVEOPT" + struct.pack(">H", 3)
_OPTION = b"IHAVEOPT"
_REPLY, _REQUEST, _DONE = 0x3E889045565A9, 0x25609513, 0x67446698
_EXPORT_NAME, _ABORT, _LIST, _INFO, _GO = 1, 2, 3, 6, 7
_ACK, _SERVER, _ABOUT, _UNSUPPORTED = 1, 2, 3, 0x80000001
_READ, _WRITE, _DISCONNECT, _FLUSH = 0, 1, 2, 3
_HAS_FLAGS, _READ_ONLY, _SEND_FLUSH = 1, 2, 4
_NOT_PERMITTED, _INVALID, _NO_SPACE = 1, 22, 28
# What is kept of a volume, from its beginning: it is in memory.
_KEPT = 64 << 20


class _Session:
    """One client.

    Args:
        node: the blocks, as far as they have been written; the rest is zeros.
        size: of the volume, in bytes.
        send: to the client.
        writable: whether it may write.
    """

    def __init__(
        self, node: Node, size: int, send: Callable[[bytes], object], *, writable: bool
    ) -> None:
        self._node, self._size, self._send = node, size, send
        self._writable = writable
        self._received = bytearray()
        self._step: Callable[[], bool] = self._begin
        self._no_zeroes = False
        self.ended = asyncio.Event()

    def greet(self) -> None:
        """Say what is spoken here."""
        self._send(_GREETING)

    def receive(self, data: bytes) -> None:
        """Take what the client sends; nothing at the end."""
        if not data:
            self.ended.set()
        self._received += data
        while not self.ended.is_set() and self._step():
            pass

    def _take(self, count: int) -> bytes:
        found = bytes(self._received[:count])
        del self._received[:count]
        return found

    def _begin(self) -> bool:
        if len(self._received) < 4:
            return False
        self._no_zeroes = bool(int.from_bytes(self._take(4), "big") & 2)
        self._step = self._option
        return True

    @property
    def _export(self) -> bytes:
        flags = _HAS_FLAGS | _SEND_FLUSH | (0 if self._writable else _READ_ONLY)
        return struct.pack(">QH", self._size, flags)

    def _option(self) -> bool:
        """Answer one question of those before the blocks."""
        if len(self._received) < 16:
            return False
        option, length = struct.unpack_from(">II", self._received, 8)
        if len(self._received) < 16 + length:
            return False
        if self._take(16 + length)[:8] != _OPTION:
            self.ended.set()
            return False
        if option == _EXPORT_NAME:
            self._send(self._export + (b"" if self._no_zeroes else bytes(124)))
            self._step = self._request
        elif option in {_INFO, _GO}:
            self._reply(option, _ABOUT, struct.pack(">H", 0) + self._export)
            self._reply(option, _ACK)
            self._step = self._request if option == _GO else self._option
        elif option == _LIST:
            self._reply(option, _SERVER, struct.pack(">I", 0))
            self._reply(option, _ACK)
        elif option == _ABORT:
            self._reply(option, _ACK)
            self.ended.set()
        else:
            self._reply(option, _UNSUPPORTED)
        return True

    def _reply(self, option: int, kind: int, data: bytes = b"") -> None:
        self._send(struct.pack(">QIII", _REPLY, option, kind, len(data)) + data)

    def _request(self) -> bool:
        """Read or write."""
        if len(self._received) < 28:
            return False
        magic, _, kind, cookie, begin, length = struct.unpack_from(">IHHQQI", self._received)
        coming = length if kind == _WRITE else 0
        if len(self._received) < 28 + coming:
            return False
        data = self._take(28 + coming)[28:]
        if magic != _REQUEST or kind == _DISCONNECT:
            self.ended.set()
            return False
        fault, content = self._do(kind, begin, length, data)
        self._send(struct.pack(">IIQ", _DONE, fault, cookie) + content)
        return True

    def _do(self, kind: int, begin: int, length: int, data: bytes) -> tuple[int, bytes]:
        if kind == _FLUSH:
            return 0, b""
        if kind not in {_READ, _WRITE} or begin + length > self._size:
            return _INVALID, b""
        before = self._node.data
        if kind == _READ:
            return 0, before[begin : begin + length].ljust(length, b"\0")
        if not self._writable:
            return _NOT_PERMITTED, b""
        if begin + length > _KEPT:
            return _NO_SPACE, b""
        head = before[:begin].ljust(begin, b"\0")
        self._node.write(head + data + before[begin + length :])
        return 0, b""


async def serve(call: Call, node: Node, size: int, *, writable: bool) -> web.StreamResponse:
    """Speak NBD in the place of HTTP, to the end.

    Args:
        call: the request.
        node: the blocks, as far as they have been written; the rest is zeros.
        size: of the volume, in bytes.
        writable: whether the client may write.
    """
    send = connection_of(call.request).send
    session = _Session(node, size, send, writable=writable)
    connection = switch(call.request, "nbd", session.receive)
    session.greet()
    await session.ended.wait()
    connection.cut()
    return web.Response()
