"""Many instances: one question, the decoding of its answer, memory; and how that grows."""

from __future__ import annotations

import io
import json
from contextlib import ExitStack, closing, contextmanager
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any, Literal

from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

import hyperkit

from .peers import BASE, Raw, cli, offered, pylxd_client, unix_session, unix_socket
from .processes import in_own_process
from .relay import Relay
from .replay import SAID, Replay, envelope, instances
from .rows import CLI, FLOOR, OURS, PYLXD, REQUESTS, Row, microseconds, milliseconds, take_turns
from .setting import NAME, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .setting import Setting


def path(recursion: int) -> str:
    """Write what is asked."""
    return f"/1.0/instances?recursion={recursion}"


def contender(
    name: str, stack: ExitStack, socket: str, recursion: Literal[1, 2]
) -> Callable[[], object]:
    """Prepare one to list instances; the stack closes it."""
    if name == FLOOR:
        raw = stack.enter_context(closing(Raw(lambda: unix_socket(socket))))
        return lambda: raw.get(path(recursion))
    if name == OURS:
        client = stack.enter_context(hyperkit.Client(api_endpoint=socket))
        return lambda: client.instances(recursion=recursion)
    if name == REQUESTS:
        session = stack.enter_context(unix_session(socket))
        return lambda: session.get(BASE + path(recursion)).json()
    theirs = pylxd_client(socket)
    return lambda: theirs.instances.all(recursion=recursion)


@contextmanager
def contenders(
    row: Row, socket: str, recursion: Literal[1, 2]
) -> Generator[dict[str, Callable[[], object]]]:
    """Prepare each for the time of a block."""
    with ExitStack() as stack:
        names = (FLOOR, OURS, REQUESTS, PYLXD)
        yield offered(
            row.missing,
            {name: partial(contender, name, stack, socket, recursion) for name in names},
        )


def fetch(name: str, socket: str, recursion: Literal[1, 2]) -> object:
    """List once, and hold it all: for its memory."""
    with ExitStack() as stack:
        return contender(name, stack, socket, recursion)()


def many(recursion: Literal[1, 2], setting: Setting) -> Row:
    """List many instances from a body that is replayed."""
    count = setting.pick(1000, 10)
    row = Row(f"{count:,} instances, recursion={recursion}, replayed", "ms")
    with Replay({path(recursion): instances(count, recursion)}) as server:
        with contenders(row, server.socket, recursion) as calls:
            take_turns(row, calls, setting.turns(15), warm_up=1, shown=milliseconds)
            for name in row.figures:
                before = server.requests
                calls[name]()
                row.counts[name] = {"requests": server.requests - before}
        for name in row.figures:
            # The body itself, and all that is made of it.
            held = in_own_process(partial(fetch, name, server.socket, recursion)).memory
            row.counts[name]["memory MiB"] = held
    row.at_most("1 request", row.counted(OURS, "requests"), 1)
    return row


class Said(BaseAdapter):
    """Answers a session with bytes that are there, without a connection."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """Answer."""
        response = Response()
        response.status_code, response.request = 200, request
        response.headers["Content-Type"] = "application/json"
        body = self.body if "recursion" in (request.url or "") else envelope(SAID["server"])
        response.raw = HTTPResponse(io.BytesIO(body), status=200, preload_content=False)
        return response

    def close(self) -> None:
        """Close nothing."""


def decoding(recursion: Literal[1, 2], setting: Setting) -> Row:
    """Make objects of a body that is there: the whole call, but for the connection."""
    count = setting.pick(1000, 10)
    row = Row(f"decode {count:,} instances, recursion={recursion}", "ms")
    body = instances(count, recursion)
    with Session() as session:
        session.trust_env = False
        session.mount(BASE, Said(body))
        client = hyperkit.Client(api_endpoint="unix:///none", session=session)
        calls: dict[str, Callable[[], object]] = {
            FLOOR: lambda: json.loads(body),
            OURS: lambda: client.instances(recursion=recursion),
        }
        take_turns(row, calls, setting.turns(40), warm_up=2, shown=milliseconds)
    row.at_most("≤ 1.3 × json.loads", row.ratio(OURS, FLOOR), 1.3)
    return row


def real(recursion: Literal[1, 2], setting: Setting) -> Row:
    """List real ones."""
    count = setting.pick(100, 2)
    row = Row(f"{count} real instances, recursion={recursion}", "ms")

    def by_cli(at: str | None = None) -> object:
        columns = "ns" if recursion == 1 else "ns46tS"
        return cli(setting, "list", "--format", "csv", "-c", columns, at=at)

    with setting.client() as client:
        sweep(client)
        try:
            with client.batch() as batch:
                for number in range(count):
                    batch.create_container(f"{NAME}-{number}", empty=True)
            with contenders(row, setting.socket, recursion) as calls:
                rounds = setting.turns(10)
                take_turns(row, calls | {CLI: by_cli}, rounds, warm_up=1, shown=milliseconds)
            with (
                Relay(setting.socket) as relay,
                contenders(row, relay.socket, recursion) as calls,
            ):
                calls |= {CLI: partial(by_cli, relay.socket)}
                for name in row.figures:
                    calls[name]()  # what is found out once does not count
                    relay.restart()
                    calls[name]()
                    row.counts[name] = {"requests": relay.counts["requests"]}
        finally:
            sweep(client)
    row.at_most("1 request", row.counted(OURS, "requests"), 1)
    return row


def growing(setting: Setting) -> Row:
    """List ever more instances: what each of them costs."""
    row = Row("cost of an instance in a list, recursion=1, replayed", "µs")
    sizes = setting.pick((10, 100, 1000, 10_000), (1, 10))
    for count in sizes:
        part = Row("")
        rounds = setting.turns(max(5, 20_000 // (count + 100)))
        rounds = min(rounds, 50)
        with (
            Replay({path(1): instances(count, 1)}) as server,
            contenders(part, server.socket, 1) as calls,
        ):
            take_turns(part, calls, rounds, warm_up=1, shown=partial(each, count))
            before = server.requests
            calls[OURS]()
            requests = server.requests - before
        for name, found in part.figures.items():
            row.figures[f"{name}, {count:,}"] = found
        row.counts[f"{OURS}, {count:,}"] = {"requests": requests}
        row.missing |= part.missing
    small, large = (f", {count:,}" for count in sizes[-2:])
    steepness = row.ratio(OURS + large, OURS + small)
    floor = row.ratio(FLOOR + large, FLOOR + small)
    row.at_most("flat: the last tenfold ≤ 1.2 × as much for each", steepness, 1.2)
    above = steepness / floor if steepness and floor else None
    row.at_most("no steeper than the floor: ≤ 1.2 × its rise", above, 1.2)
    return row


def each(count: int, seconds: float) -> float:
    """Write what one of so many took, in microseconds."""
    return microseconds(seconds) / count


def named(
    work: Callable[[Literal[1, 2], Setting], Row], recursion: Literal[1, 2]
) -> Callable[[Setting], Row]:
    """Fix the recursion, and keep the name: a row that fails is called by it."""
    call = partial(work, recursion)
    return update_wrapper(call, work)


ALONE = (
    *(named(work, recursion) for work in (many, decoding) for recursion in (1, 2)),
    growing,
)
ROWS = tuple(named(real, recursion) for recursion in (1, 2))
