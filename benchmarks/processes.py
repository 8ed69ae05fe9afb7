"""Work in a process of its own: its time and its memory; and servers beside the work."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import time
from multiprocessing import forkserver
from typing import TYPE_CHECKING, Any, NamedTuple

from .rows import Seconds

if TYPE_CHECKING:
    from collections.abc import Callable

_PRELOADED = ["benchmarks.files", "benchmarks.images", "benchmarks.lists", "pylxd"]


class Alone(NamedTuple):
    """What work took: seconds, and MiB of memory beyond the start."""

    seconds: Seconds
    memory: float


def alone(work: Callable[[], object]) -> Alone:
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
    return Alone(Seconds(seconds), memory)


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
        before = _most(resource.RUSAGE_SELF)
        begin = time.perf_counter()
        found = work()
        seconds = time.perf_counter() - begin
        if isinstance(found, Seconds):
            seconds = found
        # Of a command that was run, all of its memory counts.
        memory = max(_most(resource.RUSAGE_SELF) - before, _most(resource.RUSAGE_CHILDREN))
        report.send((seconds, memory, ""))
    except Exception as error:
        report.send((0.0, 0.0, f"{type(error).__name__}: {error}"))


def _most(who: int) -> float:
    """Tell the most memory that this process, or a child of it, ever held, in MiB."""
    return resource.getrusage(who).ru_maxrss / 1024
