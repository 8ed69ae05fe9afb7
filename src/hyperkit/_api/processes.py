"""Processes: commands in instances, in the manner of the standard library's subprocess."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any, Literal, overload

from .._payload import check_blocking
from .._process import CompletedProcess, Process, complete, return_code, wait_for_command
from .._streams import Captured, Decoding, sink
from ..errors import ArgumentError
from .exec import ExecMixin, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import IO

    from .._files import RemotePath
    from .._streams import Writable
    from .exec import Command

    OutputFile = Writable | int | None
    InputFile = IO[bytes] | IO[str] | int | None


class ProcessesMixin(ExecMixin):
    """Chapter "exec" of the API, in the manner of ``subprocess``."""

    @overload
    def popen(
        self,
        instance: str,
        command: Command,
        *,
        cwd: RemotePath | None = None,
        encoding: None = None,
        env: Mapping[str, Any] | None = None,
        errors: None = None,
        group: int | None = None,
        height: int | None = None,
        pty: bool = False,
        text: Literal[False] | None = None,
        user: int | None = None,
        width: int | None = None,
    ) -> Process[bytes]: ...

    @overload
    def popen(
        self,
        instance: str,
        command: Command,
        *,
        cwd: RemotePath | None = None,
        encoding: str | None = None,
        env: Mapping[str, Any] | None = None,
        errors: str | None = None,
        group: int | None = None,
        height: int | None = None,
        pty: bool = False,
        text: Literal[True],
        user: int | None = None,
        width: int | None = None,
    ) -> Process[str]: ...

    @overload
    def popen(
        self,
        instance: str,
        command: Command,
        *,
        cwd: RemotePath | None = None,
        encoding: str,
        env: Mapping[str, Any] | None = None,
        errors: str | None = None,
        group: int | None = None,
        height: int | None = None,
        pty: bool = False,
        text: bool | None = None,
        user: int | None = None,
        width: int | None = None,
    ) -> Process[str]: ...

    def popen(
        self,
        instance: str,
        command: Command,
        *,
        cwd: RemotePath | None = None,
        encoding: str | None = None,
        env: Mapping[str, Any] | None = None,
        errors: str | None = None,
        group: int | None = None,
        height: int | None = None,
        pty: bool = False,
        text: bool | None = None,
        user: int | None = None,
        width: int | None = None,
    ) -> Process[Any]:
        r"""Start a command, and talk to it: ``POST /1.0/instances/<name>/exec``.

        Then ``GET /1.0/operations/<uuid>/websocket`` for each stream.

        Args:
            instance: the instance's name, such as ``"web"``.
            command: a list of words (text, or paths), or a string that is split as a shell
                would; no shell runs it.
            cwd: the folder to run it in, such as ``"/srv"``.
            encoding: of text; UTF-8 if not given.
            env: variables, beside those that the server sets.
            errors: what to do with bytes that are no text, such as ``"replace"``.
            group: its numeric group.
            height: of the terminal, in lines.
            pty: True gives it a terminal: then its output has ``\r\n``, and standard
                error is part of it.
            text: True gives file objects for text.
            user: its numeric user.
            width: of the terminal, in characters.

        Returns:
            The process: ``stdin``, ``stdout`` and ``stderr`` are file objects. Use it as a
            context manager.

        Raises:
            ArgumentError: an empty command, or a size without a terminal.
            BadRequest: the instance is not running.
            ConnectionFailed: a websocket could not be opened.
            NotFound: there is no such instance.

        Example:
            >>> with client.popen("web", ["tail", "-n", "2", "/etc/passwd"], text=True) as tail:
            ...     for line in tail.stdout:
            ...         print(line, end="")
        """
        if not pty and (width is not None or height is not None):
            message = "width and height are those of a terminal: say pty=True."
            raise ArgumentError(message)
        words, decoding = words_of(command), Decoding.of(text, encoding, errors)
        body: dict[str, Any] = {"interactive": pty, "wait-for-websocket": True}
        if pty:
            body |= {"width": width or 80, "height": height or 24}
        operation = self._execute(instance, words, body, cwd, env, group, user)
        return Process(self, instance, words, operation, decoding)

    @overload
    def run(
        self,
        instance: str,
        command: Command,
        *,
        capture_output: bool = False,
        check: bool = False,
        cwd: RemotePath | None = None,
        encoding: None = None,
        env: Mapping[str, Any] | None = None,
        errors: None = None,
        group: int | None = None,
        input: bytes | None = None,
        stderr: OutputFile = None,
        stdin: InputFile = None,
        stdout: OutputFile = None,
        text: Literal[False] | None = None,
        timeout: float | None = None,
        user: int | None = None,
    ) -> CompletedProcess[bytes]: ...

    @overload
    def run(
        self,
        instance: str,
        command: Command,
        *,
        capture_output: bool = False,
        check: bool = False,
        cwd: RemotePath | None = None,
        encoding: str | None = None,
        env: Mapping[str, Any] | None = None,
        errors: str | None = None,
        group: int | None = None,
        input: str | None = None,
        stderr: OutputFile = None,
        stdin: InputFile = None,
        stdout: OutputFile = None,
        text: Literal[True],
        timeout: float | None = None,
        user: int | None = None,
    ) -> CompletedProcess[str]: ...

    @overload
    def run(
        self,
        instance: str,
        command: Command,
        *,
        capture_output: bool = False,
        check: bool = False,
        cwd: RemotePath | None = None,
        encoding: str,
        env: Mapping[str, Any] | None = None,
        errors: str | None = None,
        group: int | None = None,
        input: str | None = None,
        stderr: OutputFile = None,
        stdin: InputFile = None,
        stdout: OutputFile = None,
        text: bool | None = None,
        timeout: float | None = None,
        user: int | None = None,
    ) -> CompletedProcess[str]: ...

    def run(
        self,
        instance: str,
        command: Command,
        *,
        capture_output: bool = False,
        check: bool = False,
        cwd: RemotePath | None = None,
        encoding: str | None = None,
        env: Mapping[str, Any] | None = None,
        errors: str | None = None,
        group: int | None = None,
        input: bytes | str | None = None,
        stderr: OutputFile = None,
        stdin: InputFile = None,
        stdout: OutputFile = None,
        text: bool | None = None,
        timeout: float | None = None,
        user: int | None = None,
    ) -> CompletedProcess[Any]:
        r"""Run a command to its end, as ``subprocess.run`` does.

        ``POST /1.0/instances/<name>/exec``. Input and output go over websockets, to the
        last byte on the slowest link. Where nothing is to be moved (both outputs are
        ``subprocess.DEVNULL``, and there is neither input nor ``timeout``) there are none.

        Args:
            instance: the instance's name, such as ``"web"``.
            command: a list of words (text, or paths), or a string that is split as a shell
                would; no shell runs it.
            capture_output: True keeps what it writes, for ``stdout`` and ``stderr``
                of the result.
            check: True raises an exception if it fails.
            cwd: the folder to run it in, such as ``"/srv"``.
            encoding: of text; UTF-8 if not given.
            env: variables, beside those that the server sets.
            errors: what to do with bytes that are no text, such as ``"replace"``.
            group: its numeric group.
            input: what it is to read: bytes, or text.
            stderr: a file object, ``subprocess.PIPE`` to capture it, ``DEVNULL`` to throw
                it away, ``STDOUT`` to send it where ``stdout`` goes; None is the
                caller's own standard error.
            stdin: a file object that it is to read; nothing if not given.
            stdout: likewise, but for ``STDOUT``; None is the caller's own standard output.
            text: True gives text, with plain line ends, in the place of bytes.
            timeout: seconds until it is killed; None for no limit.
            user: its numeric user.

        Returns:
            ``args``, ``returncode``, ``stdout`` and ``stderr``: 126 says that it is not
            executable, 127 that there is no such command, 128 and more that a signal
            ended it. What was not captured is None, which its type (``Any``, as that of
            ``subprocess.run``) does not say.

        Raises:
            ArgumentError: an empty command, or arguments that exclude each other.
            BadRequest: the instance is not running.
            CalledProcessError: it failed, and ``check`` is true.
            ConnectionFailed: the connection broke: some output is lost.
            NotFound: there is no such instance.
            TimeoutExpired: it was killed; the exception has what it wrote by then.

        Example:
            >>> client.run("web", ["uname", "-s"], capture_output=True, text=True).stdout
            'Linux\n'
        """
        words = words_of(command)
        stdout, stderr = _outputs(stdout, stderr, capture_output=capture_output)
        feed = _feed(input, stdin)
        if timeout is not None and not timeout > 0:
            message = f"timeout must be above 0 seconds, not {timeout!r}."
            raise ArgumentError(message)
        decoding = Decoding.of(text, encoding, errors)
        silent = stdout == subprocess.DEVNULL and stderr in (subprocess.DEVNULL, subprocess.STDOUT)
        streams = not silent or bool(feed) or timeout is not None
        body = {"interactive": False, "wait-for-websocket": streams}
        first = _sink(stdout, sys.stdout, decoding)
        merged = stderr == subprocess.STDOUT
        second = _unfinished(first) if merged else _sink(stderr, sys.stderr, decoding)
        operation = self._execute(instance, words, body, cwd, env, group, user)
        if streams:
            process: Process[Any] = Process(self, instance, words, operation, decoding)
            completed: CompletedProcess[Any] = complete(process, feed, (first, second), timeout)
        else:
            code = return_code(wait_for_command(self, operation))
            completed = CompletedProcess(instance, words, code)
        if check:
            completed.check_returncode()
        return completed


def _outputs(stdout: OutputFile, stderr: OutputFile, *, capture_output: bool) -> tuple[Any, Any]:
    """Say where the outputs go, and refuse what cannot be.

    Raises:
        ArgumentError: arguments that exclude each other, or a number that means nothing.
    """
    if capture_output and (stdout is not None or stderr is not None):
        message = "capture_output=True captures both outputs: stdout and stderr go without it."
        raise ArgumentError(message)
    if capture_output:
        return subprocess.PIPE, subprocess.PIPE
    for name, file, numbers in (
        ("stdout", stdout, (subprocess.PIPE, subprocess.DEVNULL)),
        ("stderr", stderr, (subprocess.PIPE, subprocess.DEVNULL, subprocess.STDOUT)),
    ):
        if not (file is None or hasattr(file, "write") or file in numbers):
            message = f"{name} must be a file object or one of subprocess's constants: {file!r}."
            raise ArgumentError(message)
    return stdout, stderr


def _feed(input: bytes | str | None, stdin: InputFile) -> Any:
    """Say what the command reads: bytes, text or a file object.

    Raises:
        ArgumentError: both are given, or ``stdin`` is nothing that can be read, or would
            not wait for what is to come.
    """
    if input is not None and stdin is not None:
        message = "Give input or stdin, not both."
        raise ArgumentError(message)
    if stdin is None or stdin == subprocess.DEVNULL:
        return b"" if input is None else input
    if not hasattr(stdin, "read"):
        message = f"stdin must be a file object: {stdin!r}. Use popen to write while it runs."
        raise ArgumentError(message)
    check_blocking(stdin)
    return stdin


def _sink(file: Any, own: Any, decoding: Decoding) -> Callable[[bytes], object]:
    """Find what takes an output, given what the caller said of it."""
    if file == subprocess.PIPE:
        return Captured()
    if file is None:
        file = own
    # A program without a console, such as a service, may have no standard output of its own.
    if file is None or file == subprocess.DEVNULL:
        return len
    return sink(file, decoding)


def _unfinished(write: Callable[[bytes], object]) -> Callable[[bytes], object]:
    """Let a second output go where the first one goes, which says when all has come."""
    return lambda block: write(block) if block else None
