"""Log files of instances, and what commands have written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.answers import Refused
from .._transfers.files import sent

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.state import Instance

_KEPT = ("lxc.log", "lxc.conf")


def _instance(call: Call) -> Instance:
    try:
        return call.instance()
    except Refused:
        if call.flavour.lxd or "file" in call.names:
            raise
        path = f"/var/lib/incus/logs/{call.names['name']}"
        raise Refused(404, f"open {path}: no such file or directory") from None


def _invalid(call: Call, name: str) -> Refused:
    """Say that there can be no such file."""
    lxd, incus = f"log file name {name} not valid", f'Log file name "{name}" not valid'
    return Refused(400, call.flavour.either(lxd, incus))


async def list_logs(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/logs``."""
    instance = _instance(call)
    names = list(instance.logs)
    if not call.flavour.recent:
        # LXD 5.0 keeps there what commands have written.
        names += list(instance.output)
    elif not call.flavour.lxd:
        names = [name for name in names if name != "lxc.conf"]
    base = call.alias or "instances"
    return call.sync([f"/1.0/{base}/{instance.name}/logs/{name}" for name in sorted(names)])


async def get_log(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/logs/<file>``."""
    instance = call.instance()
    name = call.names["file"]
    if not call.flavour.recent and name.startswith("exec_") and "/" not in name:
        folder = f"/var/lib/lxd/logs/{instance.name}"
        return _output(call, instance, name, folder, 500)
    if name not in instance.logs:
        raise _invalid(call, name)
    headers = {"Content-Disposition": f"inline;filename={name}"}
    return sent(call, instance.logs[name], headers)


def _output(
    call: Call, instance: Instance, name: str, folder: str, code: int
) -> web.StreamResponse:
    if name not in instance.output:
        raise Refused(code, f"open {folder}/{name}: no such file or directory")
    headers = {"Content-Disposition": f"inline;filename={name}"}
    return sent(call, instance.output[name], headers)


async def delete_log(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/instances/<name>/logs/<file>``."""
    instance = call.instance()
    name = call.names["file"]
    if name in _KEPT:
        text = "Only log files excluding qemu.log and lxc.log may be deleted"
        raise Refused(400, call.flavour.either("lxc.log and lxc.conf may not be deleted", text))
    for kept in (instance.logs, instance.output):
        if kept.pop(name, None) is not None:
            return call.sync({})
    raise _invalid(call, name)


async def list_output(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/logs/exec-output``."""
    instance = call.instance()
    base = f"/1.0/instances/{instance.name}/logs/exec-output"
    return call.sync([f"{base}/{name}" for name in sorted(instance.output)])


async def get_output(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/logs/exec-output/<file>``."""
    instance = call.instance()
    if not call.names["file"].startswith("exec_"):
        raise Refused(400, f'Exec record-output file name "{call.names["file"]}" not valid')
    product = call.flavour.product.name
    folder = f"/var/lib/{product}/containers/{instance.name}/exec-output"
    return _output(call, instance, call.names["file"], folder, 404)


async def delete_output(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/instances/<name>/logs/exec-output/<file>``."""
    instance = call.instance()
    name = call.names["file"]
    if instance.output.pop(name, None) is None:
        raise Refused(404, f"remove {name}: no such file or directory")
    return call.sync({})


ROUTES = {
    "GET /1.0/instances/{name}/logs": list_logs,
    "GET /1.0/instances/{name}/logs/{file}": get_log,
    "DELETE /1.0/instances/{name}/logs/{file}": delete_log,
    "GET /1.0/instances/{name}/logs/exec-output": list_output,
    "GET /1.0/instances/{name}/logs/exec-output/{file}": get_output,
    "DELETE /1.0/instances/{name}/logs/exec-output/{file}": delete_output,
}
