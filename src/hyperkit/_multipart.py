"""Multipart bodies, written and read in pieces: images come in two files."""

from __future__ import annotations

import re
import secrets
from typing import IO, TYPE_CHECKING, Any, Protocol

from ._payload import BLOCK
from .errors import InvalidResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_FIELD = re.compile(r'[; ]name="?([^";\r\n]*)"?', re.IGNORECASE)
_FILE = re.compile(r'filename="?([^";\r\n]*)"?', re.IGNORECASE)
_MAX_HEAD = 16 * 1024


class Source(Protocol):
    """Something that bytes come from."""

    def read(self, count: int, /) -> bytes:
        """Read so many bytes; fewer only at the end."""
        ...


def form(files: dict[str, tuple[str, IO[Any]]]) -> tuple[str, list[bytes | IO[Any]]]:
    """Write a form of files.

    Args:
        files: field names, each with a file's name and the open file.

    Returns:
        The content type, and the parts of the body in their order.
    """
    boundary = secrets.token_hex(16)
    parts: list[bytes | IO[Any]] = []
    for field, (name, file) in files.items():
        safe = re.sub(r'["\r\n\\]', "_", name)
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{safe}"'
            "\r\nContent-Type: application/octet-stream\r\n\r\n"
        )
        parts += [head.encode(), file, b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", parts


class Form:
    """A form of files, read as it comes.

    Args:
        content_type: the header, which tells the boundary.
        source: the body.

    Raises:
        InvalidResponse: there is no boundary; later, that the body is no such form.
    """

    def __init__(self, content_type: str, source: Source) -> None:
        match = _BOUNDARY.search(content_type)
        if match is None:
            message = "The server sends a form without a boundary."
            raise InvalidResponse(message)
        self._mark = f"\r\n--{match[1]}".encode()
        self._source = source
        # The first boundary stands at the very beginning.
        self._buffer = b"\r\n"

    def parts(self) -> Iterator[tuple[str, str, Iterator[bytes]]]:
        """Read field after field; each must be read before the next.

        Returns:
            The field's name, the file's name, and its content in pieces.
        """
        for _ in self._until(self._mark):
            self._broken()
        while True:
            end = self._take(2)
            if end == b"--":
                return
            if end != b"\r\n":
                self._broken()
            head = self._head()
            field, name = _FIELD.search(head), _FILE.search(head)
            yield (
                field[1] if field else "",
                name[1] if name else "",
                self._until(self._mark),
            )

    def _head(self) -> str:
        head = b""
        for piece in self._until(b"\r\n\r\n"):
            head += piece
            if len(head) > _MAX_HEAD:
                self._broken()
        return head.decode("utf-8", "replace")

    def _until(self, mark: bytes) -> Iterator[bytes]:
        """Read up to a mark, and beyond it."""
        while True:
            found = self._buffer.find(mark)
            if found >= 0:
                piece, self._buffer = self._buffer[:found], self._buffer[found + len(mark) :]
                if piece:
                    yield piece
                return
            # The end of the buffer may be the beginning of the mark.
            keep = len(mark) - 1
            if len(self._buffer) > keep:
                piece, self._buffer = self._buffer[:-keep], self._buffer[-keep:]
                yield piece
            self._fill()

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._fill()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _fill(self) -> None:
        block = self._source.read(BLOCK)
        if not block:
            self._broken()
        self._buffer += block

    def _broken(self) -> None:
        message = "The server sends a form that breaks off or is malformed."
        raise InvalidResponse(message)
