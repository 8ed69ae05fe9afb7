"""The caller's terminal, while somebody works in an instance."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from .errors import ArgumentError, ConnectionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

# How soon a new size of the window is seen, in seconds.
_GLANCE = 0.2
_DEFAULT_SIZE = (80, 24)
# Ctrl-a, then q: as the servers' own commands have it.
_PREFIX, _DETACH = b"\x01", b"q"


class Terminal:
    """Standard input and output, where they are a terminal.

    Raises:
        ArgumentError: they are none.
    """

    def __init__(self) -> None:
        try:
            self.input, self.output = sys.stdin.fileno(), sys.stdout.fileno()
        except (OSError, ValueError, AttributeError):
            self.input = self.output = -1
        if self.input < 0 or not os.isatty(self.input) or not os.isatty(self.output):
            message = (
                "Standard input and output are no terminal: use run or popen for a command, and "
                "console_log for what a console has shown."
            )
            raise ArgumentError(message)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        found = os.get_terminal_size(self.output)
        return (found.columns, found.lines) if found.columns else _DEFAULT_SIZE

    @contextmanager
    def raw(self) -> Generator[None]:
        """Hand on every key as it is; what was set before is set again, whatever happens."""
        import termios  # noqa: PLC0415 - not on every system
        import tty  # noqa: PLC0415

        before = termios.tcgetattr(self.input)
        with _mortal():
            try:
                tty.setraw(self.input)
                yield
            finally:
                termios.tcsetattr(self.input, termios.TCSADRAIN, before)

    def converse(
        self,
        output: Iterable[bytes],
        send: Callable[[bytes], object],
        resize: Callable[[int, int], object],
        *,
        detach: bool = False,
    ) -> bool:
        """Show what comes, send what is typed, and tell of a new size of the window.

        Args:
            output: what is to be shown; at its end, this ends.
            send: takes what was typed.
            resize: takes columns and lines.
            detach: True ends this on Ctrl-a, q.

        Returns:
            Whether all output has come; else somebody has detached, or hung up.

        Raises:
            ConnectionFailed: the connection broke.
        """
        failures: list[ConnectionFailed] = []
        woken, waker = os.pipe()

        def show() -> None:
            try:
                for block in output:
                    self._write(block)
            except ConnectionFailed as error:
                failures.append(error)
            finally:
                os.close(waker)

        thread = threading.Thread(target=show, daemon=True, name="hyperkit-terminal")
        thread.start()
        try:
            ended = self._listen(woken, send, resize, Keys() if detach else None)
        except ConnectionFailed:
            # It has ended while somebody typed; the output tells whether it ended well.
            ended = True
        finally:
            os.close(woken)
        if ended:
            thread.join(1)
        if failures:
            raise failures[0]
        return ended and not thread.is_alive()

    def _listen(
        self,
        woken: int,
        send: Callable[[bytes], object],
        resize: Callable[[int, int], object],
        keys: Keys | None,
    ) -> bool:
        """Send what is typed; tell whether the output has ended."""
        size = self.size
        while True:
            ready, _, _ = select.select([self.input, woken], [], [], _GLANCE)
            if woken in ready:
                return True
            if self.size != size:
                size = self.size
                resize(*size)
            if self.input not in ready:
                continue
            typed = os.read(self.input, 4096)
            if not typed:
                return False
            if keys is not None:
                typed = keys.filter(typed)
            if typed:
                send(typed)
            if keys is not None and keys.detached:
                return False

    def _write(self, block: bytes) -> None:
        while block:
            block = block[os.write(self.output, block) :]


class Keys:
    """Watches for Ctrl-a, q; Ctrl-a twice sends one."""

    def __init__(self) -> None:
        self.detached = False
        self._prefixed = False

    def filter(self, typed: bytes) -> bytes:
        """Give what is to be sent of what was typed."""
        kept = bytearray()
        for number in typed:
            key = bytes([number])
            if not self._prefixed and key == _PREFIX:
                self._prefixed = True
                continue
            if self._prefixed and key == _DETACH:
                self.detached = True
                break
            if self._prefixed and key != _PREFIX:
                kept += _PREFIX
            self._prefixed = False
            kept += key
        return bytes(kept)


@contextmanager
def _mortal() -> Generator[None]:
    """Let a signal that would end the program at once end it in good order."""
    changed: list[signal.Signals] = []
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _leave)
                changed.append(number)
    try:
        yield
    finally:
        for changed_one in changed:
            with suppress(ValueError):
                signal.signal(changed_one, signal.SIG_DFL)


def _leave(number: int, frame: object) -> None:  # noqa: ARG001 - the signature is signal's
    raise SystemExit(128 + number)
