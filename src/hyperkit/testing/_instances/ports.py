"""Ports of instances: ``POST /1.0/instances/<name>/port-forward``."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from typing import TYPE_CHECKING

from aiohttp import web

from .._engine.answers import Refused
from .._engine.wire import switch

if TYPE_CHECKING:
    from .._engine.call import Call

_BLOCK = 64 << 10


async def forward_port(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/port-forward``.

    What listens in an instance is a port of this machine, which `Server.add_port` has named.
    """
    call.check_upgrade("tcp")
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

    def receive(data: bytes) -> None:
        if data:
            writer.write(data)
        else:
            writer.close()

    connection = switch(call.request, "tcp", receive)
    with contextlib.suppress(OSError):
        while block := await reader.read(_BLOCK):
            connection.send(block)
    writer.close()
    connection.close()


ROUTES = {"POST /1.0/instances/{name}/port-forward": forward_port}
