"""Many threads on one client."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from .peers import BASE, Raw, offered, pylxd_client, unix_session, unix_socket
from .relay import Relay
from .rows import FLOOR, OURS, PYLXD, REQUESTS, Row, Seconds, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from .setting import Setting

PATH = "/1.0/profiles"
THREADS = 8


def together(work: Callable[[], object], threads: int, times: int) -> None:
    """Work so many times in each of so many threads.

    Raises:
        Exception: the first that any of them has met.
    """
    errors: list[Exception] = []
    gate = threading.Barrier(threads)

    def run() -> None:
        gate.wait()
        try:
            for _ in range(times):
                work()
        except Exception as error:
            errors.append(error)

    running = [threading.Thread(target=run) for _ in range(threads)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    if errors:
        raise errors[0]


def eight(setting: Setting) -> Row:
    """Ask from eight threads, and from one."""
    times = setting.pick(500, 5)
    total = THREADS * times
    row = Row(f"{THREADS} threads × {times} GETs on one client", "GETs/s")
    single = f"{OURS}, 1 thread"
    busy: dict[str, float] = {}
    sockets = threading.local()

    def raw() -> object:
        """Ask over a socket of this thread's own."""
        if not hasattr(sockets, "raw"):
            sockets.raw = Raw(lambda: unix_socket(setting.socket))
        return sockets.raw.get(PATH)

    with setting.client() as client, unix_session(setting.socket) as session:
        client.get(PATH)
        works: dict[str, Callable[[], object]] = {
            FLOOR: raw,
            OURS: lambda: client.get(PATH),
            REQUESTS: lambda: session.get(BASE + PATH).json(),
        }

        def pylxd() -> Callable[[], object]:
            theirs = pylxd_client(setting.socket)
            return lambda: theirs.api.profiles.get().json()

        works |= offered(row.missing, {PYLXD: pylxd})

        def measured(name: str, threads: int) -> Seconds:
            begin, used = time.perf_counter(), time.process_time()
            together(works[name.partition(",")[0]], threads, times)
            took = time.perf_counter() - begin
            busy[name] = (time.process_time() - used) / took
            # One thread asks an eighth as often: what counts is the rate.
            return Seconds(took * THREADS / threads)

        calls: dict[str, Callable[[], object]] = {}
        for name in works:
            calls[name] = lambda name=name: measured(name, THREADS)  # type: ignore[misc]
            calls[f"{name}, 1 thread"] = lambda name=name: measured(f"{name}, 1 thread", 1)  # type: ignore[misc]
        take_turns(row, calls, setting.turns(3), shown=lambda seconds: total / seconds)
    for name in row.figures:
        row.counts[name] = {"share of a processor": busy[name]}
    with Relay(setting.socket) as relay, setting.client(api_endpoint=relay.socket) as client:
        together(lambda: client.get(PATH), THREADS, times)
        row.counts[OURS] |= relay.counts
    row.at_most(f"connections: at most {THREADS}", row.counted(OURS, "connections"), THREADS)
    rate, alone = row.figures[OURS]["median"], row.figures[single]["median"]
    # Python lets one thread run at a time: no more fit into a second than this.
    allowed = alone / busy[single]
    row.at_least(
        "≥ 3 × one thread, or 0.9 of what the GIL allows", rate / min(3 * alone, 0.9 * allowed), 1
    )
    return row


ROWS = (eight,)
