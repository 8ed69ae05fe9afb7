"""Commands that run in instances: what they read, write, wait for, and die of."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .._engine.daemon import Daemon
    from .._engine.state import Instance
    from .tty import Terminal

_ROOM = 256 * 1024
_pids = itertools.count(100)


class Killed(BaseException):
    """A signal has ended the command."""


class Interrupted(Exception):
    """Somebody has typed Ctrl-C."""


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


class Job:
    """One command, with all that it starts.

    Attributes:
        changed: what everybody waits for who waits for anything.
        signal: that has ended it, or 0.
        traps: what its shell does when a signal comes, by number.
        pending: signals that its shell has not looked at yet.
        title: the command, as ``ps`` shows it.
        terminal: that it runs on, if it does.
    """

    def __init__(self, daemon: Daemon, instance: Instance, title: Sequence[str]) -> None:
        self.daemon = daemon
        self.instance = instance
        self.pid = next(_pids)
        self.title = list(title)
        self.changed = threading.Condition()
        self.signal = 0
        self.traps: dict[int, str] = {}
        self.pending: deque[int] = deque()
        self.terminal: Terminal | None = None
        self.interrupted = False

    def deliver(self, number: int) -> None:
        """Send it a signal."""
        with self.changed:
            if number in self.traps and number != signal.SIGKILL:
                self.pending.append(number)
            elif number not in {signal.SIGCONT, signal.SIGWINCH, signal.SIGCHLD, 0}:
                self.signal = self.signal or number
            self.changed.notify_all()

    def interrupt(self) -> None:
        """End what is in front, as Ctrl-C does."""
        with self.changed:
            self.interrupted = True
            self.changed.notify_all()

    def abandon(self) -> None:
        """Kill it: nobody is there any more who would wait for it."""
        self.deliver(signal.SIGKILL)

    def check(self) -> None:
        """End here if a signal says so.

        Raises:
            Killed: it does.
            Interrupted: what is in front is to end.
        """
        if self.signal:
            raise Killed
        if self.interrupted:
            self.interrupted = False
            raise Interrupted

    def wait(self, ready: Callable[[], bool], seconds: float | None = None) -> None:
        """Wait for something; the lock is held already.

        Args:
            ready: whether it has come.
            seconds: how long at most.
        """
        until = None if seconds is None else time.monotonic() + seconds
        while not ready():
            self.check()
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return
            self.changed.wait(left)
        self.check()

    def sleep(self, seconds: float) -> None:
        """Wait for so long."""
        with self.changed:
            self.wait(lambda: False, seconds)


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
            self._put(data.encode() if isinstance(data, str) else data)

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
        self.data += data.encode() if isinstance(data, str) else data


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


class Command:
    """A command that runs: what a Python function gets that stands for one.

    Attributes:
        args: the command and its arguments.
        env: its environment.
        cwd: the folder it runs in.
        user: its user's number.
        group: its group's number.
        stdin: what it can read: ``read()``, ``read1()``, ``readline()``, or line by line.
        stdout: what it can ``write()`` to, text or bytes.
        stderr: likewise.
    """

    def __init__(
        self,
        job: Job,
        args: list[str],
        *,
        cwd: str,
        env: dict[str, str],
        group: int,
        stderr: Writer,
        stdin: Reader,
        stdout: Writer,
        user: int,
    ) -> None:
        self._job = job
        self.args = args
        self.cwd = cwd
        self.env = env
        self.group = group
        self.stderr = stderr
        self.stdin = stdin
        self.stdout = stdout
        self.user = user

    @property
    def instance(self) -> str:
        """The name of the instance that it runs in."""
        return self._job.instance.name

    def sleep(self, seconds: float) -> None:
        """Wait; a signal ends the command meanwhile.

        Args:
            seconds: how long, such as ``0.5``.
        """
        self._job.sleep(seconds)

    def __iter__(self) -> Iterator[bytes]:
        """Read standard input line by line."""
        while line := self.stdin.readline():
            yield line


def result_of(command: Command, answer: Any) -> int:
    """Write what a function has returned, or take it for the code that it ends with."""
    if isinstance(answer, (str, bytes)):
        command.stdout.write(answer)
        return 0
    return int(answer or 0)
