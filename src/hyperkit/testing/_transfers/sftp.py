"""SFTP to the files of an instance, or of a volume."""

from __future__ import annotations

import asyncio
import posixpath
import struct
from typing import TYPE_CHECKING

from aiohttp import web

from .._engine.wire import connection_of, switch
from .._guest.tree import Node

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._engine.call import Call
    from .._guest.tree import Tree

_OK, _EOF, _MISSING, _DENIED, _FAILURE, _UNSUPPORTED = 0, 1, 2, 3, 4, 8
_FOLDER, _FILE, _LINK = 0o040000, 0o100000, 0o120000
_WRITE, _APPEND, _CREATE, _TRUNCATE, _EXCLUSIVE = 2, 4, 8, 16, 32
_HANDLE, _DATA, _NAME, _ATTRIBUTES, _STATUS = 102, 103, 104, 105, 101


class _Reader:
    """Reads the fields of a packet."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, kind: str = "I") -> int:
        size = struct.calcsize(">" + kind)
        [value] = struct.unpack_from(">" + kind, self._data, self._at)
        self._at += size
        return int(value)

    def octets(self) -> bytes:
        size = self.number()
        self._at += size
        return self._data[self._at - size : self._at]

    def text(self) -> str:
        return self.octets().decode(errors="replace")

    def attributes(self, node: Node) -> None:
        """Read attributes, and give them to a file."""
        flags = self.number()
        if flags & 1:
            size = self.number("Q")
            if size < len(node.data):
                node.write(node.data[:size])
            elif node.kind == "file":
                node.write(node.data + bytes(size - len(node.data)))
        if flags & 2:
            node.uid, node.gid = self.number(), self.number()
        if flags & 4:
            node.mode = self.number() & 0o7777
        if flags & 8:
            self.number()
            node.modified = float(self.number())


def _text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(data)) + data


def _attributes(node: Node) -> bytes:
    kind = {"directory": _FOLDER, "symlink": _LINK}.get(node.kind, _FILE)
    moment = int(node.modified)
    return struct.pack(
        ">IQIIIII", 15, node.size, node.uid, node.gid, kind | node.mode, moment, moment
    )


class _Session:
    """One client, and the files that it has open."""

    def __init__(self, tree: Tree, send: Callable[[bytes], object]) -> None:
        self._tree = tree
        self._send = send
        self._received = bytearray()
        self._open: dict[bytes, Node] = {}
        self._listed: set[bytes] = set()
        self._count = 0
        self.ended = asyncio.Event()
        self._known: dict[int, Callable[[_Reader], bytes]] = {
            3: self._open_file,
            4: self._close,
            5: self._read,
            6: self._write,
            7: self._lstat,
            8: self._fstat,
            9: self._setstat,
            10: self._fsetstat,
            11: self._open_folder,
            12: self._read_folder,
            13: self._remove,
            14: self._make_folder,
            15: self._remove,
            16: self._real_path,
            17: self._stat,
            18: self._rename,
            19: self._read_link,
            20: self._make_link,
        }

    def receive(self, data: bytes) -> None:
        """Take what the client sends; nothing at the end."""
        if not data:
            self.ended.set()
        self._received += data
        while len(self._received) >= 4:
            size = int.from_bytes(self._received[:4], "big")
            if len(self._received) < 4 + size:
                return
            packet = bytes(self._received[4 : 4 + size])
            del self._received[: 4 + size]
            self._answer(packet)

    def _answer(self, packet: bytes) -> None:
        if packet[0] == 1:
            self._packet(struct.pack(">BI", 2, 3))
            return
        reader = _Reader(packet[1:])
        number = struct.pack(">I", reader.number())
        handler = self._known.get(packet[0])
        try:
            found = self._status(_UNSUPPORTED) if handler is None else handler(reader)
        except (FileNotFoundError, KeyError):
            found = self._status(_MISSING)
        except OSError:
            found = self._status(_FAILURE)
        self._packet(found[:1] + number + found[1:])

    def _packet(self, data: bytes) -> None:
        self._send(struct.pack(">I", len(data)) + data)

    @staticmethod
    def _status(code: int) -> bytes:
        return struct.pack(">BI", _STATUS, code) + _text("") + _text("")

    def _handle(self, node: Node) -> bytes:
        self._count += 1
        handle = str(self._count).encode()
        self._open[handle] = node
        return bytes([_HANDLE]) + _text(handle)

    def _names(self, found: list[tuple[str, Node | None]]) -> bytes:
        parts = [struct.pack(">BI", _NAME, len(found))]
        for name, node in found:
            shown = _attributes(node) if node is not None else struct.pack(">I", 0)
            parts.append(_text(name) + _text(name) + shown)
        return b"".join(parts)

    def _open_file(self, reader: _Reader) -> bytes:
        path, flags = reader.text(), reader.number()
        there = self._tree.exists(path)
        if there and flags & _EXCLUSIVE:
            return self._status(_FAILURE)
        if not there:
            if not flags & _CREATE:
                return self._status(_MISSING)
            self._tree.write(path, b"")
        node = self._tree.find(path, follow=True)
        if node.kind == "directory":
            return self._status(_FAILURE)
        if not there:
            reader.attributes(node)
        if flags & _TRUNCATE:
            node.write(b"")
        return self._handle(node)

    def _close(self, reader: _Reader) -> bytes:
        handle = reader.octets()
        self._listed.discard(handle)
        del self._open[handle]
        return self._status(_OK)

    def _read(self, reader: _Reader) -> bytes:
        node, begin, size = self._open[reader.octets()], reader.number("Q"), reader.number()
        data = node.data[begin : begin + size]
        return bytes([_DATA]) + _text(data) if data else self._status(_EOF)

    def _write(self, reader: _Reader) -> bytes:
        node, begin, data = self._open[reader.octets()], reader.number("Q"), reader.octets()
        before = node.data
        if begin == len(before):
            node.write(data, append=True)
        else:
            head = before[:begin].ljust(begin, b"\0")
            node.write(head + data + before[begin + len(data) :])
        return self._status(_OK)

    def _lstat(self, reader: _Reader) -> bytes:
        return bytes([_ATTRIBUTES]) + _attributes(self._tree.find(reader.text()))

    def _stat(self, reader: _Reader) -> bytes:
        return bytes([_ATTRIBUTES]) + _attributes(self._tree.find(reader.text(), follow=True))

    def _fstat(self, reader: _Reader) -> bytes:
        return bytes([_ATTRIBUTES]) + _attributes(self._open[reader.octets()])

    def _setstat(self, reader: _Reader) -> bytes:
        reader.attributes(self._tree.find(reader.text(), follow=True))
        return self._status(_OK)

    def _fsetstat(self, reader: _Reader) -> bytes:
        reader.attributes(self._open[reader.octets()])
        return self._status(_OK)

    def _open_folder(self, reader: _Reader) -> bytes:
        node = self._tree.find(reader.text(), follow=True)
        return self._handle(node) if node.kind == "directory" else self._status(_FAILURE)

    def _read_folder(self, reader: _Reader) -> bytes:
        handle = reader.octets()
        node = self._open[handle]
        if handle in self._listed:
            return self._status(_EOF)
        self._listed.add(handle)
        return self._names([(name, child) for name, child in node.children.items()])

    def _remove(self, reader: _Reader) -> bytes:
        self._tree.remove(reader.text())
        return self._status(_OK)

    def _make_folder(self, reader: _Reader) -> bytes:
        path = reader.text()
        if self._tree.exists(path):
            return self._status(_FAILURE)
        reader.attributes(self._tree.add(path, Node("directory", mode=0o755)))
        return self._status(_OK)

    def _real_path(self, reader: _Reader) -> bytes:
        path = posixpath.normpath(posixpath.join("/", reader.text()))
        return self._names([(path, None)])

    def _rename(self, reader: _Reader) -> bytes:
        old, new = reader.text(), reader.text()
        if self._tree.exists(new):
            return self._status(_FAILURE)
        node = self._tree.find(old)
        self._tree.place(new)
        self._tree.remove(old, force=True)
        self._tree.add(new, node)
        return self._status(_OK)

    def _read_link(self, reader: _Reader) -> bytes:
        return self._names([(self._tree.find(reader.text()).target, None)])

    def _make_link(self, reader: _Reader) -> bytes:
        # As in OpenSSH, the target comes first.
        target, path = reader.text(), reader.text()
        self._tree.add(path, Node("symlink", target=target, mode=0o777))
        return self._status(_OK)


async def serve(call: Call, tree: Tree) -> web.StreamResponse:
    """Speak SFTP in the place of HTTP, to the end."""
    session = _Session(tree, connection_of(call.request).send)
    connection = switch(call.request, "sftp", session.receive)
    await session.ended.wait()
    connection.cut()
    return web.Response()
