"""A terminal, as a command sees one: lines, echo, Ctrl-C."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .grammar import parse
from .jobs import Exit, Interrupted
from .streams import Pipe, octets
from .words import SyntaxFault

if TYPE_CHECKING:
    from .jobs import Job
    from .shell import Shell
    from .sockets import Outlet
    from .streams import Files

_INTERRUPT, _END, _ERASE, _KILL_LINE = 3, 4, (8, 127), 21


class Terminal:
    """Both ends of a pseudo-terminal.

    Args:
        job: that it belongs to.
        outlet: what is shown goes there.
        width: in characters.
        height: in lines.

    Attributes:
        prompted: whether the shell's first prompt has been shown already.
    """

    def __init__(self, job: Job, outlet: Outlet, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._job = job
        self._outlet = outlet
        # A console has shown its prompt before anybody came.
        self.prompted = False
        self._typed = Pipe(job)
        self._line = bytearray()

    def type(self, data: bytes) -> None:
        """Take what somebody types; does not wait."""
        echo = bytearray()
        for byte in data:
            if byte == _INTERRUPT:
                echo += b"^C\r\n"
                self._line.clear()
                self._job.interrupt()
            elif byte == _END:
                if self._line:
                    self._send_line()
                else:
                    self._typed.close()
            elif byte in _ERASE:
                if self._line:
                    del self._line[-1:]
                    echo += b"\b \b"
            elif byte == _KILL_LINE:
                self._line.clear()
            elif byte in b"\r\n":
                echo += b"\r\n"
                self._line += b"\n"
                self._send_line()
            else:
                echo.append(byte)
                self._line.append(byte)
        self._outlet.put(bytes(echo))

    def _send_line(self) -> None:
        self._typed.feed(bytes(self._line))
        self._line.clear()

    def hang_up(self) -> None:
        """Nobody types any more."""
        self._typed.close()

    def write(self, data: bytes | str) -> None:
        """Show something."""
        self._outlet.write(octets(data).replace(b"\n", b"\r\n"))

    def read(self, size: int = -1) -> bytes:
        """Read what was typed, up to the end."""
        return self._typed.read(size)

    def read1(self, size: int = -1) -> bytes:
        """Read what was typed, or wait for something."""
        return self._typed.read1(size)

    def readline(self) -> bytes:
        """Read a line."""
        return self._typed.readline()

    def converse(self, shell: Shell, files: Files) -> int:
        """Run a shell that somebody types at.

        Args:
            shell: in its first state.
            files: this terminal, three times.
        """
        home = shell.env.get("HOME", "/root")
        try:
            while True:
                shown = "~" if shell.cwd == home else shell.cwd
                if not self.prompted:
                    self.write(f"{shown} {'#' if shell.user == 0 else '$'} ")
                self.prompted = False
                try:
                    line = self.readline()
                    if not line:
                        return shell.status
                    self._run_line(shell, line.decode(errors="replace"), files)
                except Interrupted:
                    shell.status = 130
        except Exit as ended:
            return ended.code

    @staticmethod
    def _run_line(shell: Shell, line: str, files: Files) -> None:
        try:
            shell.execute(parse(line), files)
        except SyntaxFault as fault:
            files[2].write(f"sh: syntax error: {fault}\n")
        except BrokenPipeError:
            shell.status = 141
