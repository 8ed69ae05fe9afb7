"""Consoles of instances, and what was written to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from .._engine.answers import Refused
from .._guest.jobs import Job
from .._guest.sockets import Session
from .exec import run

if TYPE_CHECKING:
    from .._engine.call import Call
    from .._engine.operations import Operation


async def attach(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/console``."""
    instance = call.instance()
    asked = await call.json()
    kind = asked.get("type") or "console"
    if kind not in {"console", "vga"}:
        raise Refused(400, f'Unknown console type "{kind}"')
    if kind == "vga":
        raise Refused(400, "VGA console is only supported by virtual machines")
    if not instance.running:
        raise Refused(400, "Instance is not running")
    job = Job(call.daemon, instance, ["sh"])
    size = int(asked.get("width") or 80), int(asked.get("height") or 24)
    session = Session(job, interactive=True, size=size, log=instance.console)
    if job.terminal is not None:
        job.terminal.prompted = True

    async def work(_operation: Operation) -> None:
        await session.connected(3600)
        await run(job, {}, {"HOME": "/root", "PATH": "/bin", "TERM": "vt100"}, session.files)
        await session.finish()

    return call.start(
        "Showing console",
        work,
        class_="websocket",
        may_cancel=not call.flavour.lxd,
        metadata={"fds": session.secrets},
        resources=call.resources(instance.name),
        session=session,
    )


async def get_log(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/console``."""
    instance = call.instance()
    if not instance.running and call.flavour.lxd:
        path = f"/var/lib/lxd/logs/{instance.name}/console.log"
        raise Refused(500, f"open {path}: no such file or directory")
    return web.Response(
        body=bytes(instance.console),
        content_type="application/octet-stream",
        headers={"Content-Disposition": "inline;filename="},
    )


async def clear_log(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/instances/<name>/console``."""
    instance = call.instance()
    instance.console.clear()
    call.daemon.events.lifecycle(
        "instance-console-reset", f"/1.0/instances/{instance.name}", call.project
    )
    return call.sync({})


ROUTES = {
    "POST /1.0/instances/{name}/console": attach,
    "GET /1.0/instances/{name}/console": get_log,
    "DELETE /1.0/instances/{name}/console": clear_log,
}
