"""What virtual machines alone have; there are none here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.answers import Refused

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call


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
    call.check_upgrade("nbd")
    call.instance()
    raise Refused(400, "NBD export of all disks is only supported on virtual machines")


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
}
