"""Commands in instances, as the standard library's ``subprocess`` has them."""

from __future__ import annotations

import io
import json
import math
import shlex
import signal
import subprocess
import sys
import threading
import time
import warnings
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, AnyStr, Generic

from ._payload import BLOCK
from ._request import uuid_of
from ._shape import fields_of
from ._streams import (
    END_OF_TRANSMISSION,
    Captured,
    Decoding,
    Input,
    Output,
    Pump,
    acknowledge,
    source,
)
from ._websocket import connect_all
from .errors import (
    ArgumentError,
    CalledProcessError,
    ConnectionFailed,
    Error,
    InvalidResponse,
    OperationFailed,
    OperationGone,
    TimeoutExpired,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import IO, Self

    from ._api.operations import OperationsMixin
    from ._websocket import Websocket
    from .types import Operation

# Seconds that a killed command gets until its last output has come.
LAST_WORDS = 1.0
# Seconds that a thread gets to end, after what it waited for was closed.
SOON = 0.5


class CompletedProcess(subprocess.CompletedProcess[AnyStr]):
    """A command that has ended.

    Attributes:
        instance: the name of the instance that it ran in.
        args: the command, as a list.
        returncode: what it ended with; 126 if it could not be executed, 127 if there is
            no such command, 128 and the signal's number if a signal ended it.
        stdout: what it wrote, or None if that was not captured.
        stderr: likewise.
    """

    def __init__(
        self,
        instance: str,
        args: list[str],
        returncode: int,
        stdout: Any = None,
        stderr: Any = None,
    ) -> None:
        super().__init__(args, returncode, stdout, stderr)
        self.instance = instance

    def check_returncode(self) -> None:
        """Raise if the command has failed.

        Raises:
            CalledProcessError: ``returncode`` is not 0.
        """
        if self.returncode:
            raise CalledProcessError(
                self.instance, self.returncode, self.args, self.stdout, self.stderr
            )


class _Ending:
    """Waits in the background for the end of a command.

    Servers forget an operation five seconds after its end, and on a slow link the output
    takes longer than that: so the question is asked at once.

    Args:
        client: of the server.
        operation: the command's.
        give_up: called once it has failed, or the server has been away for too long: then
            nobody need wait for its output.
    """

    def __init__(
        self,
        client: OperationsMixin,
        operation: Operation,
        give_up: Callable[[], object],
    ) -> None:
        self.ended = threading.Event()
        self.left = threading.Event()
        self._client = client
        self._operation = operation
        self._give_up = give_up
        self._code = 0
        self._error: Exception | None = None
        self.thread = threading.Thread(target=self._wait, daemon=True, name="hyperkit-wait")
        self.thread.start()

    def result(self) -> int:
        """Give what the command ended with, or raise why nobody knows."""
        if self._error is not None:
            raise self._error
        return self._code

    @property
    def has_failed(self) -> bool:
        """Whether it is known that the rest of the output cannot come, or means nothing."""
        # One that is gone may have ended well, long before a slow link has brought its output.
        return self._error is not None and not isinstance(self._error, OperationGone)

    def _wait(self) -> None:
        try:
            self._code = return_code(wait_for_command(self._client, self._operation))
        except Exception as error:  # noqa: BLE001 - raised where somebody asks for the result
            self._error = error
        finally:
            self.ended.set()
        if self.has_failed and not self.left.wait(LAST_WORDS):
            self._give_up()


class Process(Generic[AnyStr]):
    """A command that runs in an instance; `popen` starts one.

    It is a context manager: when the block ends, its input is closed, what it still
    writes is thrown away, and it is waited for; if the block raises, it is killed.
    Nothing of it is left behind.

    As with pipes, output that is not read stops the command at some point: read both
    streams, or use `communicate`.

    Attributes:
        instance: the instance's name.
        args: the command, as a list.
        operation: the one that it is on the server.
        stdin: a file object that it reads from; what is written is sent at once.
        stdout: a file object of what it writes.
        stderr: likewise; None with a terminal, where both are one.
        returncode: what it ended with, once `poll` or `wait` has seen that; else None.
    """

    stdin: IO[AnyStr]
    stdout: IO[AnyStr]
    stderr: IO[AnyStr] | None

    def __init__(
        self,
        client: OperationsMixin,
        instance: str,
        args: list[str],
        operation: Operation,
        decoding: Decoding,
    ) -> None:
        self.instance = instance
        self.args = args
        self.operation = operation
        self.returncode: int | None = None
        self._client = client
        self._decoding = decoding
        self._pumps: list[Pump] = []
        self._moving: set[Pump] = set()
        self._done: SimpleQueue[Pump] = SimpleQueue()
        self._closed = True
        self._sockets = connect_all(client, operation)
        self._closed = False
        # What works in the background must not hold the process: nobody could let go of it.
        self._ending = _Ending(client, operation, partial(_drop, self._sockets))
        first = self._sockets["0"]
        whose = f"{shlex.join(args)} in {instance}"
        if "1" in self._sockets:
            self._input = Input(first, whose=whose)
            self._outputs = [Output(self._sockets[name], whose=whose) for name in ("1", "2")]
        else:
            # A terminal is both; the server lets go of it when both sides have said so.
            self._input = Input(first, END_OF_TRANSMISSION, whose=whose)
            self._outputs = [Output(first, at_end=partial(acknowledge, first), whose=whose)]
        self._sinks: Sequence[Callable[[bytes], object]] = ()
        self.stdin = self._wrap(self._input)
        self._streams = [self._wrap(output) for output in self._outputs]
        for stream in self._streams:
            stream.process = self  # whoever reads on has not let go of the command
        self.stdout = self._streams[0]
        self.stderr = self._streams[1] if len(self._streams) > 1 else None

    def __repr__(self) -> str:
        """Say what runs where."""
        return f"<Process: {self.args} in {self.instance}, returncode: {self.returncode}>"

    def __enter__(self) -> Self:
        """Use the process as a context manager."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for the end of the command; kill it if the block raised."""
        try:
            if kind is None:
                self._input.close()
                self._drain()
                self.wait()
            else:
                with suppress(Error):
                    self.kill()
        finally:
            self.close()

    def __del__(self) -> None:
        """Warn of a process that nobody has closed, and close it."""
        if getattr(self, "_closed", True):
            return
        if not sys.is_finalizing():  # else threads have been frozen that hold what this needs
            self._let_go()
        warnings.warn(f"{self!r} was not closed", ResourceWarning, source=self, stacklevel=2)

    def blocks(self) -> Iterator[bytes]:
        """Read standard output as it comes, in the pieces that the server sends.

        What has been read from ``stdout`` is not among it.

        Raises:
            ArgumentError: it has been read as text, of which the rest can only be text too.
            ConnectionFailed: the connection broke before the end.
        """
        output = self._outputs[0]
        if output.was_read and self._decoding.text:
            message = "The output has been read as text: read the rest of it from stdout too."
            raise ArgumentError(message)
        yield from self._rest_of(output, self._streams[0])

    def close(self) -> None:
        """Let go of the command: of its websockets first of all.

        A command that still runs is killed by that: the server sees that nobody is there.
        """
        if self._closed:
            return
        self._let_go()
        if sys.is_finalizing():
            return  # no thread can be waited for any more
        for pump in self._pumps:
            pump.join(LAST_WORDS)
        # On a server that is away, or with a child that outlives the command, it goes on.
        self._ending.thread.join(SOON)

    def communicate(
        self, input: AnyStr | None = None, timeout: float | None = None
    ) -> tuple[AnyStr, AnyStr | None]:
        """Send input, read all output that has not been read, and wait for the command's end.

        Args:
            input: all that it is to read: bytes, or text if the process was opened so.
            timeout: seconds; None for no limit.

        Returns:
            What it wrote to standard output and to standard error; for the latter None
            with a terminal.

        Raises:
            ConnectionFailed: the connection broke: some output is lost.
            TimeoutExpired: it has not ended; nothing is lost, so that this can be called
                again (without ``input``).
        """
        if not self._pumps:
            self._move(input or b"", [Captured() for _ in self._outputs])
        if not self._finish(timeout):
            raise self._expired(timeout)
        stdout, stderr = self._written()
        return stdout, stderr

    def kill(self) -> None:
        """Send it SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """Tell whether the command has ended; asks nobody, and never waits.

        Returns:
            What it ended with, or None.

        Raises:
            OperationError: nobody knows what became of it: the server has restarted, say.
        """
        if self._ending.ended.is_set():
            self.returncode = self._ending.result()
        return self.returncode

    def resize(self, width: int, height: int) -> None:
        """Tell its terminal how large the window is.

        Args:
            width: in characters.
            height: in lines.
        """
        self._tell(window_size(width, height))

    def send_signal(self, signal: int) -> None:
        """Send it a signal; nothing happens if it has ended.

        Args:
            signal: its number, such as ``signal.SIGHUP``.

        Raises:
            MissingExtension: the server cannot do so.
        """
        if self.poll() is None:
            self._client._need("container_exec_signal_handling", "a signal")
            self._tell({"command": "signal", "signal": int(signal)})

    def terminate(self) -> None:
        """Send it SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the command.

        Args:
            timeout: seconds; None for no limit.

        Returns:
            What it ended with.

        Raises:
            OperationError: nobody knows what became of it: the server has restarted, say.
            TimeoutExpired: it has not ended.
        """
        if not self._ending.ended.wait(_left(_deadline(timeout))):
            raise self._expired(timeout)
        self.returncode = self._ending.result()
        return self.returncode

    def _let_go(self) -> None:
        """Close the websockets; this waits for no thread, and may come in the midst of any."""
        self._closed = True
        for stream in self._streams:
            stream.process = None
        self._ending.left.set()
        _drop(self._sockets)

    def _wrap(self, raw: Input | Output) -> Any:
        """Make a file object of a stream: for bytes, or for text."""
        stream: Any = raw if isinstance(raw, Input) else io.BufferedReader(raw, BLOCK)
        if not self._decoding.text:
            return stream
        _, encoding, errors = self._decoding
        return io.TextIOWrapper(stream, encoding, errors, write_through=True)

    def _tell(self, message: dict[str, Any]) -> None:
        try:
            self._sockets["control"].send(json.dumps(message))
        except ConnectionFailed:
            # It has just ended, most likely.
            if not self._ending.ended.wait(LAST_WORDS):
                raise

    def _move(self, feed: Any, sinks: Sequence[Callable[[bytes], object]]) -> None:
        """Move input and output in the background.

        Args:
            feed: bytes, text or a file object.
            sinks: where to, for each output.
        """
        self._sinks = sinks
        for output, stream, write in zip(self._outputs, self._streams, sinks, strict=True):
            self._moving.add(Pump(self._rest_of(output, stream), write, self._done))
        feeder = Pump(
            source(feed, self._decoding), partial(_feed, self._input, self._ending), self._done
        )
        self._pumps = [*self._moving, feeder]

    def _rest_of(self, output: Output, stream: Any) -> Iterator[Any]:
        """Read what is left of an output; a file object that has been read holds some of it."""
        if not output.was_read or stream.closed:
            return output.blocks()
        if self._decoding.text:
            return iter(stream.readline, "")
        return iter(partial(stream.read1, BLOCK), b"")

    def _drain(self) -> None:
        """Throw away what nobody has read, so that the command can end."""
        if not self._pumps:
            self._pumps = [Pump(output.blocks(), len, self._done) for output in self._outputs]

    def _finish(self, timeout: float | None) -> bool:
        """Wait until all output has come and the command has ended.

        Args:
            timeout: seconds; None for no limit.

        Returns:
            Whether it has ended in time.

        Raises:
            ConnectionFailed: the connection broke: some output is lost.
            Exception: what a file object of the caller raised.
        """
        deadline = _deadline(timeout)
        while self._moving:
            try:
                pump = self._done.get(timeout=_left(deadline))
            except Empty:
                return False
            if pump.error is not None and not isinstance(pump.error, _Unread):
                if self._ending.has_failed:
                    self._ending.result()  # raises what is to blame
                raise pump.error
            self._moving.discard(pump)
        if not self._ending.ended.wait(_left(deadline)):
            return False
        self.returncode = self._ending.result()
        return True

    def _expired(self, timeout: float | None) -> TimeoutExpired:
        so_far = self._written(final=False)
        return TimeoutExpired(self.instance, self.args, timeout or 0.0, *so_far)

    def _written(self, *, final: bool = True) -> list[Any]:
        """Give what was captured of standard output and of standard error."""
        found: list[Any] = [
            self._decoded(sink, final=final) if isinstance(sink, Captured) else None
            for sink in self._sinks
        ]
        return [*found, None, None][:2]

    def _decoded(self, captured: Captured, *, final: bool) -> Any:
        """Give output as it was asked for: bytes, or text with plain line ends."""
        if not self._decoding.text:
            return bytes(captured.data)
        decoding = self._decoding
        if not final and decoding.errors == "strict":
            # It goes with an exception, and must not raise another one in its place.
            decoding = decoding._replace(errors="replace")
        text = decoding.decoder().decode(captured.data, final=final)
        return "".join(captured.lines) + text.replace("\r\n", "\n").replace("\r", "\n")


def complete(
    process: Process[AnyStr],
    feed: Any,
    sinks: Sequence[Callable[[bytes], object]],
    timeout: float | None,
) -> CompletedProcess[AnyStr]:
    """Let a command run to its end, and close it.

    Args:
        process: as it was started.
        feed: what it reads: bytes, text or a file object.
        sinks: where its outputs go.
        timeout: seconds until it is killed; None for no limit.

    Raises:
        ConnectionFailed: the connection broke: some output is lost.
        TimeoutExpired: it was killed.
        Exception: what a file object of the caller raised; it was killed as well.
    """
    try:
        process._move(feed, sinks)
        in_time = process._finish(timeout)
        if not in_time:
            # Where the server takes no signals, closing the websockets kills it as well.
            with suppress(Error):
                process.kill()
            process._finish(LAST_WORDS)
    except BaseException:
        with suppress(Error):
            process.kill()
        raise
    finally:
        process.close()
    if not in_time:
        raise process._expired(timeout)
    stdout, stderr = process._written()
    return CompletedProcess(process.instance, process.args, process.wait(), stdout, stderr)


def _drop(sockets: Mapping[str, Websocket]) -> None:
    """Close the websockets: whoever waits for one stops waiting."""
    for websocket in sockets.values():
        websocket.drop()


def _feed(standard_input: Input, ending: _Ending, block: bytes) -> None:
    """Send some input; an empty block says that there is no more."""
    if not block:
        standard_input.close()
        return
    try:
        standard_input.write(block)
    except ConnectionFailed:
        # Most commands that have ended have not read all of their input.
        if not ending.ended.wait(LAST_WORDS):
            raise
        raise _Unread from None


class _Unread(Exception):
    """The command has ended, and had no need of the rest of its input."""


def window_size(width: int, height: int) -> dict[str, Any]:
    """Write the message that tells a terminal's size: the server wants text."""
    return {"command": "window-resize", "args": {"width": str(width), "height": str(height)}}


def return_code(operation: Mapping[str, Any]) -> int:
    """Read what the command of a finished operation ended with.

    Raises:
        InvalidResponse: the server does not tell.
    """
    metadata = fields_of(operation.get("metadata"))
    code = metadata.get("return")
    if not isinstance(code, int):
        message = f"The operation {uuid_of(operation)} ended without the command's exit code."
        raise InvalidResponse(message)
    return code


def wait_for_command(client: OperationsMixin, operation: Operation) -> Operation:
    """Wait for the operation of a command, however long that takes.

    Raises:
        OperationError: the command could not be run, or nobody knows what became of it.
    """
    try:
        return client.wait_for_operation(operation, timeout=math.inf)
    except OperationFailed as error:
        return ended_command(error)


def ended_command(error: OperationFailed) -> Operation:
    """Find the result of a command in what the server calls a failure: 126 and 127.

    Raises:
        OperationFailed: the same, if it is one.
    """
    ended = error.operation
    if ended is not None and "return" in fields_of(ended.get("metadata")):
        return ended
    raise error


def _deadline(timeout: float | None) -> float:
    return math.inf if timeout is None else time.monotonic() + timeout


def _left(deadline: float) -> float | None:
    left = max(0.0, deadline - time.monotonic())
    return left if left < threading.TIMEOUT_MAX else None
