"""Commands that run in instances: what they wait for, what they die of, what they are given."""

from __future__ import annotations

import itertools
import signal
import threading
import time
import traceback
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .._engine.daemon import Daemon
    from .._engine.state import Instance
    from .streams import Reader, Writer
    from .tty import Terminal

_pids = itertools.count(100)


SIGNALS = {one.name.removeprefix("SIG"): one.value for one in signal.Signals}
NOT_EXECUTABLE, NOT_FOUND = 126, 127


class Killed(BaseException):
    """A signal has ended the command."""


class Interrupted(Exception):
    """Somebody has typed Ctrl-C."""


class Exit(Exception):
    """The shell ends."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class NotRunnable(Exception):
    """A command cannot be run: there is none, or it is not executable."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


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

    def _raised(self, fault: Exception) -> None:
        """Keep what has gone wrong in the function, until the server stops.

        Args:
            fault: that nobody has caught.
        """
        fault.add_note(f"It was raised by the command {self.args[0]!r} of a test's own.")
        self._job.daemon.broken.append(fault)

    def __iter__(self) -> Iterator[bytes]:
        """Read standard input line by line."""
        while line := self.stdin.readline():
            yield line


def run_function(command: Command, function: Callable[..., Any]) -> int:
    """Run a function that stands for a command, and find the code that it ends with.

    What it raises is the end of the command, and is kept for the author of the test.

    Args:
        command: what the function gets.
        function: returns what the command writes, or the code.
    """
    try:
        answer = function(command)
        if not isinstance(answer, (str, bytes)):
            return int(answer or 0)
        command.stdout.write(answer)
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        command.stderr.write(f"{ended.code}\n")
        return 1
    except (BrokenPipeError, Interrupted):
        raise
    except Exception as fault:  # noqa: BLE001 - a user's function is a program that may crash
        command._raised(fault)
        command.stderr.write(traceback.format_exc())
        return 1
    return 0
