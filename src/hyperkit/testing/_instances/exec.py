"""Commands in instances: ``POST /1.0/instances/<name>/exec``."""

from __future__ import annotations

import asyncio
import signal
import threading
import traceback
from typing import TYPE_CHECKING, Any

from .._engine.answers import Json, Refused, listing, mapping
from .._engine.state import FROZEN
from .._guest.jobs import NOT_EXECUTABLE, NOT_FOUND, Exit, Interrupted, Job, Killed, NotRunnable
from .._guest.shell import PATH, Shell
from .._guest.sockets import Session
from .._guest.streams import Kept, Nowhere

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation
    from .._engine.state import Instance

_FAILURES = {NOT_EXECUTABLE: "Command not executable", NOT_FOUND: "Command not found"}


async def exec_command(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/exec``."""
    instance = call.instance()
    asked = await call.json()
    if instance.status == FROZEN:
        raise Refused(400, "Instance is frozen")
    if not instance.running:
        raise Refused(400, "Instance is not running")
    if asked.get("record-output") and call.flavour.recent:
        _refuse_others(asked)
    command = [str(one) for one in listing(asked.get("command"))]
    job = Job(call.daemon, instance, command)
    call.daemon.events.lifecycle(
        "instance-exec", f"/1.0/instances/{instance.name}", call.project, command=command
    )
    if asked.get("wait-for-websocket"):
        return _start_attended(call, job, asked)
    return _start_alone(call, job, asked)


def _start_alone(call: Call, job: Job, asked: Json) -> web.StreamResponse:
    """Answer with an operation that runs a command without websockets."""
    resources = call.resources(job.instance.name)
    if not call.flavour.lxd:
        resources = {"containers": resources["instances"], **resources}
    return call.start(
        "Executing command",
        lambda operation: _alone(operation, job, asked),
        project=job.instance.project,
        resources=resources,
    )


def _start_attended(call: Call, job: Job, asked: Json) -> web.StreamResponse:
    """Answer with an operation that runs a command with websockets."""
    interactive = bool(asked.get("interactive"))
    size = int(asked.get("width") or 80), int(asked.get("height") or 24)
    session = Session(job, interactive=interactive, size=size)
    return call.start(
        "Executing command",
        lambda operation: _attended(operation, job, session, asked),
        class_="websocket",
        metadata={
            "command": list(job.title),
            "environment": _environment(asked),
            "fds": session.secrets,
            "interactive": interactive,
        },
        project=job.instance.project,
        resources=call.resources(job.instance.name),
        session=session,
    )


def _refuse_others(asked: Json) -> None:
    """Refuse what cannot be together with the recording of what a command writes."""
    for other in ("wait-for-websocket", "interactive"):
        if asked.get(other):
            raise Refused(400, f'Cannot use "record-output" in combination with "{other}"')


def _environment(asked: Json) -> dict[str, str]:
    """Complete the environment as the servers do."""
    given = {name: str(value) for name, value in mapping(asked.get("environment")).items()}
    known = {"PATH": PATH, "LANG": "C.UTF-8"}
    if not asked.get("user"):
        known |= {"HOME": "/root", "USER": "root"}
    return dict(sorted({**known, **given}.items()))


async def _alone(operation: Operation, job: Job, asked: Json) -> None:
    """Run a command without websockets."""
    stdout, stderr = Kept(), Kept()
    if not job.title:
        raise Refused(500, "Failed to retrieve PID of executing child process")
    files: dict[int, Any] = {0: Nowhere(), 1: stdout, 2: stderr}
    code = await run(job, asked, _environment(asked), files)
    if asked.get("record-output"):
        _record(operation, job.instance, stdout, stderr)
    _end(operation, code)


def _record(operation: Operation, instance: Instance, stdout: Kept, stderr: Kept) -> None:
    """Keep what a command has written, and say where."""
    folder = f"/1.0/instances/{instance.name}/logs/"
    # LXD 5.0 keeps it among the logs.
    if operation.daemon.flavour.recent:
        folder += "exec-output/"
    found = {"1": f"exec_{operation.id}.stdout", "2": f"exec_{operation.id}.stderr"}
    instance.output[found["1"]] = bytes(stdout.data)
    instance.output[found["2"]] = bytes(stderr.data)
    operation.metadata = {"output": {number: folder + name for number, name in found.items()}}


async def _attended(operation: Operation, job: Job, session: Session, asked: Json) -> None:
    """Run a command with websockets."""
    try:
        await session.connected(10 if operation.daemon.flavour.recent else 5)
    except TimeoutError:
        raise Refused(500, "Timed out waiting for websockets to connect") from None
    try:
        code = await run(job, asked, _environment(asked), session.files)
    except asyncio.CancelledError:
        job.abandon()
        raise
    await session.finish()
    _end(operation, code)


def _end(operation: Operation, code: int) -> None:
    """Say what a command has ended with."""
    operation.update(**{"return": code})
    if code in _FAILURES and not operation.daemon.flavour.lxd2:
        raise Refused(400, _FAILURES[code])


async def run(job: Job, asked: Json, environment: dict[str, str], files: dict[int, Any]) -> int:
    """Run a job in a thread of its own, and wait for its end."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()
    shell = Shell(
        job,
        env=environment,
        cwd=_folder(job.instance, asked, environment),
        user=int(asked.get("user") or 0),
        group=int(asked.get("group") or 0),
    )
    job.instance.jobs.append(job)
    # It may have been stopped while the client's websockets were on their way.
    if not job.instance.running:
        job.abandon()

    def report(code: int) -> None:
        if job in job.instance.jobs:
            job.instance.jobs.remove(job)
        if not ended.done():
            ended.set_result(code)

    def work() -> None:
        code = code_of(job, lambda: shell.launch(job.title, files, environment), files)
        # The server may be gone by now.
        if not loop.is_closed():
            loop.call_soon_threadsafe(report, code)

    threading.Thread(target=work, name="hyperkit-command", daemon=True).start()
    return await ended


def _folder(instance: Instance, asked: Json, environment: dict[str, str]) -> str:
    cwd = asked.get("cwd") or environment.get("HOME") or "/"
    return str(cwd) if instance.tree.exists(str(cwd)) else "/"


def code_of(  # noqa: PLR0911 - one end after the other
    job: Job, work: Callable[[], int], files: dict[int, Any]
) -> int:
    """Run something, and find the code that it ends with."""
    try:
        return work() & 255
    except Killed:
        return 128 + job.signal
    except Interrupted:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    except Exit as ended:
        return ended.code
    except NotRunnable as fault:
        return fault.code
    except Exception:  # noqa: BLE001 - a user's function is a program that may crash
        try:
            files[2].write(traceback.format_exc())
        except (Killed, BrokenPipeError):
            return 128 + job.signal
        return 1


ROUTES = {"POST /1.0/instances/{name}/exec": exec_command}
