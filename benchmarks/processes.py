"""Work in a process of its own: its time and its memory; and servers beside the work."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import tempfile
import time
from multiprocessing import forkserver
from typing import TYPE_CHECKING, Any, NamedTuple

from .rows import Seconds

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

_PRELOADED = ["benchmarks.files", "benchmarks.images", "benchmarks.lists", "pylxd"]


class Took(NamedTuple):
    """What work took: seconds, and MiB of memory beyond the start."""

    seconds: Seconds
    memory: float


class Beside:
    """A server in a process of its own, at a unix socket in a folder of its own.

    Args:
        prefix: how the folder's name begins.

    Attributes:
        socket: the path.
    """

    def __init__(self, prefix: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix=prefix)
        self.socket = f"{self._folder.name}/unix.socket"

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.join()
        self._folder.cleanup()

    def _start(
        self, what: str, serve: Callable[..., None], arguments: tuple[Any, ...], ready: Any
    ) -> None:
        """Start the process, and wait until it listens."""
        self._process = context().Process(target=serve, args=arguments, daemon=True)
        self._process.start()
        if not ready.wait(30):
            message = f"{what} did not start"
            raise RuntimeError(message)


def in_own_process(work: Callable[[], object]) -> Took:
    """Do work in a process of its own.

    Raises:
        RuntimeError: it failed.
    """
    here, there = context().Pipe()
    process = context().Process(target=_work, args=(work, there))
    process.start()
    there.close()
    try:
        seconds, memory, fault = here.recv()
    except EOFError:
        seconds, memory, fault = 0.0, 0.0, "it died"
    process.join()
    here.close()
    if fault:
        raise RuntimeError(fault)
    return Took(Seconds(seconds), memory)


def context() -> Any:
    """Fork from a process that has the libraries, and nothing else."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(_PRELOADED)
    # The modules are found there as they are here.
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before
    return found


def _work(work: Callable[[], object], report: Any) -> None:
    try:
        before = _peak(resource.RUSAGE_SELF)
        begin = time.perf_counter()
        found = work()
        seconds = time.perf_counter() - begin
        if isinstance(found, Seconds):
            seconds = found
        # Of a command that was run, all of its memory counts.
        memory = max(_peak(resource.RUSAGE_SELF) - before, _peak(resource.RUSAGE_CHILDREN))
        report.send((seconds, memory, ""))
    except Exception as error:
        report.send((0.0, 0.0, f"{type(error).__name__}: {error}"))


def _peak(who: int) -> float:
    """Tell the most memory that this process, or a child of it, has ever held, in MiB."""
    return resource.getrusage(who).ru_maxrss / 1024
