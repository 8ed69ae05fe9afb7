"""What commands read from and write to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from .jobs import Job
    from .tree import Tree

_ROOM = 256 * 1024
# Standard input, output and error of a command, and what else it has open.
Files = dict[int, Any]


def octets(data: bytes | str) -> bytes:
    """Write text as UTF-8; bytes stay as they are."""
    return data.encode() if isinstance(data, str) else data


class Writer(Protocol):
    """What a command writes to."""

    def write(self, data: bytes | str, /) -> object:
        """Take all of it; waits while there is no room."""
        ...


class Reader(Protocol):
    """What a command reads from."""

    def read(self, size: int = -1, /) -> bytes:
        """Read so many bytes, or all; fewer at the end."""
        ...

    def read1(self, size: int = -1, /) -> bytes:
        """Read what is there, or wait for something; empty at the end."""
        ...

    def readline(self) -> bytes:
        """Read a line; empty at the end."""
        ...


class Pipe:
    """Bytes on their way from one command to the next, or from the client.

    Args:
        job: that it belongs to.
        on_room: called, in the reader's thread, when there is room again.
    """

    def __init__(self, job: Job, on_room: Callable[[], object] | None = None) -> None:
        self._job = job
        self._on_room = on_room
        self._data = bytearray()
        self._ended = False
        self._unread = False

    @property
    def full(self) -> bool:
        """Tell whether there is no more room."""
        return len(self._data) >= _ROOM

    def write(self, data: bytes | str) -> None:
        """Write; waits for room.

        Raises:
            BrokenPipeError: nobody reads any more.
        """
        with self._job.changed:
            self._job.wait(lambda: not self.full or self._unread)
            self._put(octets(data))

    def feed(self, data: bytes) -> None:
        """Write, and wait for nothing.

        Raises:
            BrokenPipeError: nobody reads any more.
        """
        with self._job.changed:
            self._put(data)

    def _put(self, data: bytes) -> None:
        if self._unread:
            raise BrokenPipeError
        self._data += data
        self._job.changed.notify_all()

    def close(self) -> None:
        """Say that there will be no more."""
        with self._job.changed:
            self._ended = True
            self._job.changed.notify_all()

    def hang_up(self) -> None:
        """Read no more."""
        with self._job.changed:
            self._unread = True
            self._data.clear()
            self._job.changed.notify_all()
        if self._on_room is not None:
            self._on_room()

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or all; fewer at the end."""
        blocks: list[bytes] = []
        while size:
            block = self.read1(size)
            if not block:
                break
            blocks.append(block)
            size -= len(block) if size > 0 else 0
        return b"".join(blocks)

    def read1(self, size: int = -1) -> bytes:
        """Read what is there, or wait for something; empty at the end."""
        with self._job.changed:
            self._job.wait(lambda: bool(self._data) or self._ended)
            return self._take(len(self._data) if size < 0 else size)

    def readline(self) -> bytes:
        """Read a line; empty at the end."""
        with self._job.changed:
            self._job.wait(lambda: b"\n" in self._data or self._ended or self.full)
            end = self._data.find(b"\n") + 1
            return self._take(end or len(self._data))

    def _take(self, size: int) -> bytes:
        was_full = self.full
        data = bytes(self._data[:size])
        del self._data[:size]
        self._job.changed.notify_all()
        if was_full and not self.full and self._on_room is not None:
            self._on_room()
        return data


class Kept:
    """Keeps what is written, in memory."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes | str) -> None:
        """Keep it."""
        self.data += octets(data)


class Nowhere:
    """Throws away what is written, and has nothing to read."""

    def write(self, data: bytes | str) -> None:
        """Throw it away."""

    def read(self, size: int = -1) -> bytes:
        """Read nothing."""
        del size
        return b""

    read1 = read

    def readline(self) -> bytes:
        """Read nothing."""
        return b""


class IntoFile:
    """Writes to a file in the tree."""

    def __init__(self, tree: Tree, path: str, *, append: bool) -> None:
        self._tree, self._path = tree, path
        tree.write(path, b"", append=append)

    def write(self, data: bytes | str) -> None:
        """Add to it."""
        self._tree.write(self._path, octets(data), append=True)


class FromBytes:
    """Reads bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """Read so many, or all."""
        end = len(self._data) if size < 0 else self._at + size
        block = self._data[self._at : end]
        self._at += len(block)
        return block

    read1 = read

    def readline(self) -> bytes:
        """Read a line."""
        end = self._data.find(b"\n", self._at) + 1
        return self.read((end or len(self._data)) - self._at)


class IntoConsole:
    """Writes to the console's log."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def write(self, data: bytes | str) -> None:
        """Add to it."""
        self._job.instance.console += octets(data).replace(b"\n", b"\r\n")
