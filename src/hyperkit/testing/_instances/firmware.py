"""What lies under instances: most of it virtual machines have alone, and there are none here."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from typing import TYPE_CHECKING

from aiohttp import web

from .._engine.answers import Refused
from .._engine.wire import connection_of

if TYPE_CHECKING:
    from .._engine.call import Call

_UPGRADE = "Missing or invalid upgrade header"
_SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n"
_BLOCK = 64 << 10


async def refuse_nvram(call: Call) -> web.StreamResponse:
    """``/1.0/instances/<name>/nvram``, and what is below it."""
    call.instance()
    raise Refused(400, "NVRAM operations are only supported for virtual machines")


async def refuse_uefi(call: Call) -> web.StreamResponse:
    """``GET`` and ``PUT /1.0/instances/<name>/uefi-vars``."""
    call.instance()
    raise Refused(400, "UEFI variables manipulation supported for VM type instances only")


async def refuse_memory(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/debug/memory``."""
    call.instance()
    raise Refused(400, "Memory dumps are only supported for virtual machines")


async def repair(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/debug/repair``."""
    action = (await call.json()).get("action") or ""
    if action != "rebuild-config-volume":
        raise Refused(400, f'Invalid repair action "{action}"')
    call.instance()
    raise Refused(500, "Config volume rebuild is only possible on VMs")


async def refuse_bitmaps(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/bitmaps``."""
    if not call.instance().running:
        raise Refused(400, "Creating bitmaps requires the instance to be running")
    raise Refused(400, "Only VMs support bitmaps")


async def refuse_disks(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/nbd``."""
    _check_upgrade(call, "nbd")
    call.instance()
    raise Refused(400, "NBD export of all disks is only supported on virtual machines")


def _check_upgrade(call: Call, protocol: str) -> None:
    if call.request.headers.get("Upgrade", "").lower() != protocol:
        raise Refused(400, _UPGRADE)


async def forward_port(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/port-forward``.

    What listens in an instance is a port of this machine, which `Server.add_port` has named.
    """
    _check_upgrade(call, "tcp")
    asked = await call.json()
    address = str(asked.get("address") or "127.0.0.1")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise Refused(400, f'Invalid address "{address}"') from None
    instance = call.instance()
    failed = "Failed getting instance port forward connection: "
    if not instance.running:
        raise Refused(500, f"{failed}Instance is not running")
    port = int(asked.get("port") or 0)
    target = call.daemon.ports.get((instance.name, port))
    if target is None:
        where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        raise Refused(500, f"{failed}dial tcp {where}: connect: connection refused")
    call.daemon.dialled = True
    try:
        reader, writer = await asyncio.open_connection(*target)
    except OSError as error:
        raise Refused(500, f"{failed}{error}") from None
    await _pump(call, reader, writer)
    return web.Response()


async def _pump(call: Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry what comes from one side to the other, until one has finished."""
    connection = connection_of(call.request)

    def receive(data: bytes) -> None:
        if data:
            writer.write(data)
        else:
            writer.close()

    connection.take_over(receive)
    connection.send(_SWITCHED)
    with contextlib.suppress(OSError):
        while block := await reader.read(_BLOCK):
            connection.send(block)
    writer.close()
    connection.close()


_NVRAM = "/1.0/instances/{name}/nvram"
ROUTES = {
    f"GET {_NVRAM}": refuse_nvram,
    f"PATCH {_NVRAM}": refuse_nvram,
    f"GET {_NVRAM}/{{guid}}": refuse_nvram,
    f"GET {_NVRAM}/{{guid}}/{{variable}}": refuse_nvram,
    f"PUT {_NVRAM}/{{guid}}/{{variable}}": refuse_nvram,
    f"DELETE {_NVRAM}/{{guid}}/{{variable}}": refuse_nvram,
    "GET /1.0/instances/{name}/uefi-vars": refuse_uefi,
    "PUT /1.0/instances/{name}/uefi-vars": refuse_uefi,
    "GET /1.0/instances/{name}/debug/memory": refuse_memory,
    "POST /1.0/instances/{name}/debug/repair": repair,
    "POST /1.0/instances/{name}/bitmaps": refuse_bitmaps,
    "GET /1.0/instances/{name}/nbd": refuse_disks,
    "POST /1.0/instances/{name}/port-forward": forward_port,
}
