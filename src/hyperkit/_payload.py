"""What goes up and comes down in pieces: bodies that need not fit into memory."""

from __future__ import annotations

import io
import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from .errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from ._progress import Meter

    PathLike = str | os.PathLike[str]
    Content = bytes | str | IO[bytes] | IO[str]

# How much is read and sent at once: large enough to be fast, small enough to hold.
BLOCK = 256 * 1024
# What bytes are called that have no envelope.
BYTES = "application/octet-stream"


class Payload:
    """The body of an upload: several sources, one after the other.

    Args:
        parts: bytes, or readable files; these are read from where they stand.
        content_type: of the whole.
        meter: told of every block that was sent.

    Attributes:
        length: how many bytes there are; None where a part cannot tell. No more than these
            are sent: what a file grows by meanwhile would be read as the next request.
        fault: what went wrong with a source while it was sent.

    Raises:
        ArgumentError: a part is a pipe that does not wait for what is to come.
    """

    def __init__(
        self,
        *parts: bytes | IO[Any],
        content_type: str = BYTES,
        meter: Meter | None = None,
    ) -> None:
        self.content_type = content_type
        self.fault: Exception | None = None
        self._parts = [io.BytesIO(part) if isinstance(part, bytes) else part for part in parts]
        for part in self._parts:
            check_blocking(part)
        self._starts = [_position(part) for part in self._parts]
        self._sizes = [
            None if start is None else _size(part, start)
            for part, start in zip(self._parts, self._starts, strict=True)
        ]
        known = [size for size in self._sizes if size is not None]
        self.length = sum(known) if len(known) == len(self._sizes) else None
        self._meter = meter
        self._sent = False

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent again: every part can be rewound."""
        return None not in self._starts

    def blocks(self) -> Iterator[bytes]:
        """Read the body, from its beginning.

        Raises:
            ArgumentError: it is asked for again, and cannot be rewound; later, that a
                source ends before its length.
        """
        if self._sent:
            for part, start in zip(self._parts, self._starts, strict=True):
                if start is None:
                    message = "The upload cannot be sent again: its source cannot be rewound."
                    self.fault = ArgumentError(message)
                    raise self.fault
                part.seek(start)
        self._sent = True
        return self._read()

    def _read(self) -> Iterator[bytes]:
        for part, size in zip(self._parts, self._sizes, strict=True):
            yield from self._read_part(part, None if self.length is None else size)

    def _read_part(self, part: IO[Any], left: int | None) -> Iterator[bytes]:
        """Read a part to its end; where its length was announced, exactly so much."""
        while left is None or left > 0:
            block = self._read_block(part, BLOCK if left is None else min(BLOCK, left))[:left]
            if not block:
                if left is None:
                    return
                message = f"The upload broke off: its source ended {left} bytes too early."
                self.fault = ArgumentError(message)
                raise self.fault
            yield block
            if self._meter is not None:
                self._meter.advance(len(block))
            if left is not None:
                left -= len(block)

    def _read_block(self, part: IO[Any], count: int) -> bytes:
        """Read on; a fault of the source's is kept, lest it be taken for the server's."""
        try:
            block: bytes | str = part.read(count)
            return block.encode() if isinstance(block, str) else block
        except Exception as error:
            self.fault = error
            raise


def _position(part: IO[Any]) -> int | None:
    try:
        return part.tell() if part.seekable() else None
    except (AttributeError, OSError):
        return None


def _size(part: IO[Any], start: int) -> int | None:
    """Measure what is left of a file, which stays where it stands.

    Text cannot be measured before it is encoded; and most files of the kernel's own cannot
    be measured, or say that they are empty.
    """
    try:
        sample = part.read(1)
        end = part.seek(0, os.SEEK_END)
    except (OSError, ValueError):
        sample, end = b"", None
    part.seek(start)
    if end is None or isinstance(sample, str) or (sample and end == start):
        return None
    return end - start


def content_of(content: Content) -> bytes | IO[Any]:
    """Take content as users give it.

    Args:
        content: bytes, text (sent as UTF-8) or a readable file.

    Raises:
        ArgumentError: it is none of these.
    """
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, (bytes, bytearray, memoryview)):
        return bytes(content)
    if not hasattr(content, "read"):
        message = f"Content must be bytes, text or a readable file, not {content!r}."
        raise ArgumentError(message)
    return content


def check_blocking(file: Any) -> None:
    """Refuse a pipe that does not wait for what is to come: that looks like its end.

    Args:
        file: bytes, text or a readable file.

    Raises:
        ArgumentError: it is such a pipe, below a file object for text or not.
    """
    for below in ("buffer", "raw"):
        file = getattr(file, below, file)
    if not isinstance(file, io.FileIO) or file.seekable() or os.get_blocking(file.fileno()):
        return
    message = (
        f"{file!r} does not wait for what is to come (O_NONBLOCK), so that its end cannot be "
        "told: os.set_blocking(file.fileno(), True) mends that."
    )
    raise ArgumentError(message)


@contextmanager
def opened(source: PathLike | IO[Any]) -> Generator[IO[Any]]:
    """Open a local file to read it; a file that is open already stays so.

    Args:
        source: a path or a readable file.

    Raises:
        ArgumentError: it is bytes, which might be a path or content.
        OSError: it is missing, unreadable or a folder; nothing was sent.
    """
    if isinstance(source, (bytes, bytearray)):
        message = (
            "A file is given by its path, as text or a Path, or as an open file, not by bytes: "
            "content that is in memory goes in io.BytesIO."
        )
        raise ArgumentError(message)
    if isinstance(source, (str, os.PathLike)):
        with Path(source).expanduser().open("rb") as file:
            yield file
    else:
        yield source


@contextmanager
def replacing(place: Path, mode: int | None = None) -> Generator[IO[bytes]]:
    """Write a file that gets its name when it is complete.

    What is half written when something goes wrong is removed; a file of that name
    stays as it was.

    Args:
        place: where it is to be.
        mode: its permissions, which it gets with its name; until then only its owner reads
            it. None leaves them to the system.

    Raises:
        OSError: it cannot be written there; the disk is full.
    """
    if place.is_dir():
        raise IsADirectoryError(21, "This is a folder, where a file was meant", str(place))
    # As long as it may be, the name has no room for more.
    part = place.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with open(part, "xb", opener=None if mode is None else _private) as file:
            yield file
        if mode is not None:
            part.chmod(mode)
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def _private(place: str, flags: int) -> int:
    return os.open(place, flags, 0o600)
