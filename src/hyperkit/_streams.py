"""The streams of a command: websockets as file objects, and what moves bytes between them."""

from __future__ import annotations

import codecs
import io
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from ._payload import BLOCK
from .errors import ArgumentError, ConnectionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from queue import SimpleQueue
    from typing import Self

    from ._websocket import Websocket

# How servers mark the end of a stream: an empty text message; the websocket stays open.
END = ""
# How a terminal is told so.
END_OF_TRANSMISSION = b"\x04"


class Writable(Protocol):
    """A file object that output goes to."""

    def write(self, data: Any, /) -> object:
        """Take some of it: bytes, or text where the file object is one for text."""
        ...


class Input(io.RawIOBase):
    """Standard input, as a file object: what is written is sent at once.

    Args:
        websocket: what it goes by.
        end: the message that says that there is no more.
        whose: what reads it, for messages.
    """

    def __init__(
        self, websocket: Websocket, end: str | bytes = END, *, whose: str = "The command"
    ) -> None:
        super().__init__()
        self._websocket = websocket
        self._end = end
        self._whose = whose

    def writable(self) -> bool:
        """Tell that this can be written to."""
        return True

    def write(self, data: Any, /) -> int:
        """Send bytes.

        Raises:
            ConnectionFailed: the command has ended, or the connection broke.
        """
        if self.closed:
            message = "standard input is closed"
            raise ValueError(message)
        with memoryview(data) as view, view.cast("B") as octets:
            try:
                for begin in range(0, len(octets), BLOCK):
                    self._websocket.send(octets[begin : begin + BLOCK])
            except ConnectionFailed as error:
                message = f"{self._whose} reads no more: it has ended, or the connection broke."
                raise ConnectionFailed(message) from error
            return len(octets)

    def close(self) -> None:
        """Say that there is no more: the command reads the end of its input."""
        if self.closed:
            return
        super().close()
        if sys.is_finalizing():
            return  # with the program, the connection ends too
        try:
            self._websocket.send(self._end)
        except ConnectionFailed:
            return  # the command has ended without waiting for it


class Output(io.RawIOBase):
    """Standard output or standard error, as a file object.

    Args:
        websocket: what it comes by.
        at_end: called once, when the end has come.
        whose: what writes it, for messages.

    Attributes:
        was_read: whether it has been read as a file object, which may hold more than it
            has given.
    """

    def __init__(
        self,
        websocket: Websocket,
        at_end: Callable[[], object] | None = None,
        *,
        whose: str = "The command",
    ) -> None:
        super().__init__()
        self._websocket = websocket
        self._at_end = at_end
        self._whose = whose
        self._rest = memoryview(b"")
        self._ended = False
        self.was_read = False

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read what has come, or wait for more; 0 at the end.

        Raises:
            ConnectionFailed: the connection broke before the end.
        """
        self.was_read = True
        if not self._rest:
            self._rest = memoryview(self.receive())
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def receive(self) -> bytes:
        """Wait for some more; empty at the end.

        Raises:
            ConnectionFailed: the connection broke before the end.
        """
        while not self._ended:
            try:
                message = self._websocket.receive()
            except EOFError:
                code = self._websocket.close_code
                if code != 1000:
                    reason = f"the server closed it ({code})."
                    raise self._broken(reason) from None
                self._end()
                break
            except ConnectionFailed as error:
                raise self._broken(str(error)) from error
            if message == END:
                self._end()
            elif message:
                return message.encode() if isinstance(message, str) else message
        return b""

    def _broken(self, reason: str) -> ConnectionFailed:
        return ConnectionFailed(f"{self._whose}: the output broke off: {reason}")

    def _end(self) -> None:
        self._ended = True
        if self._at_end is not None:
            self._at_end()

    def blocks(self) -> Iterator[bytes]:
        """Read all of it, as it comes."""
        while block := self.receive():
            yield block


def acknowledge(terminal: Websocket) -> None:
    """Answer the end mark of a terminal: the server waits for that, if it is still there."""
    with suppress(ConnectionFailed):
        terminal.send(END)


class Pump(threading.Thread):
    """Moves blocks in the background, and says when it is done.

    Args:
        blocks: what to move.
        write: where to; an empty block says that it was the last.
        done: gets the pump when it has ended.
    """

    error: BaseException | None = None

    def __init__(
        self,
        blocks: Iterable[Any],
        write: Callable[[Any], object],
        done: SimpleQueue[Pump],
    ) -> None:
        super().__init__(daemon=True, name="hyperkit-pump")
        self._blocks = blocks
        self._write = write
        self._done = done
        self.start()

    def run(self) -> None:
        """Move all of it."""
        try:
            for block in self._blocks:
                self._write(block)
            self._write(b"")
        except BaseException as error:  # noqa: BLE001 - raised where the pump is waited for
            self.error = error
        finally:
            self._done.put(self)


class Captured:
    """Keeps what it is called with: bytes, and lines that have been decoded already."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.lines: list[str] = []

    def __call__(self, block: bytes | str) -> None:
        """Keep a block."""
        if isinstance(block, str):
            self.lines.append(block)
        else:
            self.data.extend(block)


class Decoding(NamedTuple):
    """Whether a command speaks text, and how that is written in bytes."""

    text: bool
    encoding: str
    errors: str

    @classmethod
    def of(cls, text: bool | None, encoding: str | None, errors: str | None) -> Self:
        """Read what the caller said: an encoding means text, as in ``subprocess``.

        Raises:
            ArgumentError: there is no such encoding, or no such way to handle errors.
        """
        try:
            codecs.lookup(encoding or "utf-8")
            codecs.lookup_error(errors or "strict")
        except LookupError as error:
            raise ArgumentError(str(error)) from error
        return cls(bool(text or encoding or errors), encoding or "utf-8", errors or "strict")

    def decoder(self) -> codecs.IncrementalDecoder:
        """Make what turns bytes into text, block by block."""
        return codecs.getincrementaldecoder(self.encoding)(self.errors)

    def encoder(self) -> codecs.IncrementalEncoder:
        """Make what turns text into bytes, block by block."""
        return codecs.getincrementalencoder(self.encoding)(self.errors)


def sink(file: Any, decoding: Decoding) -> Callable[[bytes], object]:
    """Find how to write bytes to a file object, whether it is one for bytes or for text.

    Args:
        file: opened by the caller; it is not closed.
        decoding: what to do where it is one for text. Where text is not asked for, and it
            has a file object for bytes below it, that one gets them as they are.
    """
    if not isinstance(file, io.TextIOBase):
        return _flushing(file, file.write)
    binary: Any = getattr(file, "buffer", None)
    if binary is not None and not decoding.text:

        def write(data: bytes) -> None:
            file.flush()
            binary.write(data)

        return _flushing(binary, write)
    decoder = decoding.decoder()
    return _flushing(file, lambda data: file.write(decoder.decode(data, final=not data)))


def _flushing(file: Any, write: Callable[[bytes], object]) -> Callable[[bytes], object]:
    """Flush after each block: others see what the command has written, as with its own file."""
    flush: Callable[[], object] = getattr(file, "flush", bool)

    def write_and_flush(data: bytes) -> None:
        write(data)
        flush()

    return write_and_flush


def source(given: Any, decoding: Decoding) -> Iterator[bytes]:
    """Read what a command is to get: bytes, text, or a file object of either, in pieces."""
    file = io.StringIO(given) if isinstance(given, str) else given
    if isinstance(file, (bytes, bytearray, memoryview)):
        file = io.BytesIO(cast("bytes", file))
    # What comes bit by bit, as from a pipe, goes on bit by bit.
    read = getattr(file, "read1", file.read)
    # One for all of it: some encodings begin with a mark, and not each piece of them does.
    encoder = decoding.encoder()
    while block := read(BLOCK):
        octets = encoder.encode(block) if isinstance(block, str) else block
        if octets:
            yield octets
