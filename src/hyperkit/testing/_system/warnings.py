"""Warnings: lists, acknowledging, removing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.answers import Json, Refused
from .._engine.filter import filtered

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call


def _found(call: Call) -> Json:
    found = call.state.warnings.get(call.names["uuid"])
    if found is None:
        raise Refused(404, "Warning not found")
    return found


def _writable(warning: Json) -> Json:
    return {"status": warning["status"]}


async def list_warnings(call: Call) -> web.StreamResponse:
    """``GET /1.0/warnings``."""
    found = list(call.state.warnings.values())
    if "project" in call.query:
        found = [one for one in found if one["project"] == call.project]
    found = filtered(call, found, dict)
    if not call.recursion:
        return call.sync([f"/1.0/warnings/{one['uuid']}" for one in found] or None)
    return call.sync(found)


async def get_warning(call: Call) -> web.StreamResponse:
    """``GET /1.0/warnings/<uuid>``."""
    found = _found(call)
    return call.sync(found, etag=(_writable(found),))


async def update_warning(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/warnings/<uuid>``."""
    found = _found(call)
    call.check_etag(_writable(found))
    status = (await call.json()).get("status")
    if status not in {"new", "acknowledged"}:
        raise Refused(403, 'Status may only be set to "acknowledge" or "new"')
    found["status"] = status
    return call.sync({})


async def delete_warning(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/warnings/<uuid>``."""
    del call.state.warnings[_found(call)["uuid"]]
    return call.sync({})


ROUTES = {
    "GET /1.0/warnings": list_warnings,
    "GET /1.0/warnings/{uuid}": get_warning,
    "PUT /1.0/warnings/{uuid}": update_warning,
    "PATCH /1.0/warnings/{uuid}": update_warning,
    "DELETE /1.0/warnings/{uuid}": delete_warning,
}
