"""Network integrations: what joins OVN networks with those of other servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine import check
from .._engine.answers import Json, Refused, text_in
from .shelves import Shelf, routes

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call

_KEYS = (
    "ovn.ca_cert",
    "ovn.client_cert",
    "ovn.client_key",
    "ovn.northbound_connection",
    "ovn.southbound_connection",
    "ovn.transit.pattern",
)
_UNIQUE = "UNIQUE constraint failed: networks_integrations.name"


def _shelf(call: Call) -> Shelf:
    if call.project not in call.state.projects:
        text = f'Failed to load network restrictions from project "{call.project}"'
        raise Refused(500, f"{text}: Project not found")
    return Shelf(
        call,
        "network-integration",
        "Network_integration",
        ("network-integrations",),
        call.state.integrations,
        _read,
        # Nothing can use one: a peer of another server would need OVN.
        lambda integration: {**integration, "used_by": []},
        keeps=("description", "type"),
    )


def _read(asked: Json) -> Json:
    text = 'Invalid network integration configuration key "{}"'
    found: Json = {
        "description": text_in(asked, "description"),
        "config": check.options(asked.get("config"), _KEYS, text, 400),
    }
    # It comes with the first request only.
    return {**found, "type": asked["type"]} if "type" in asked else found


def _check_name(call: Call, name: str) -> None:
    if call.flavour.incus7:
        check.api_name(name, 400, "Invalid network integration name: ")


async def create_integration(call: Call) -> web.StreamResponse:
    """``POST /1.0/network-integrations``."""
    integrations = _shelf(call)
    asked = await call.json()
    name = text_in(asked, "name")
    _check_name(call, name)
    if asked.get("type") != "ovn":
        raise Refused(400, f'Invalid integration type "{asked.get("type") or ""}"')
    if name in integrations.things:
        if call.flavour.incus7:
            raise Refused(409, 'This "Network_integration" entry already exists')
        raise Refused(500, f'Failed to create "networks_integrations" entry: {_UNIQUE}')
    return integrations.create(name, asked)


async def rename_integration(call: Call) -> web.StreamResponse:
    """``POST /1.0/network-integrations/<name>``."""
    integrations = _shelf(call)
    name = text_in(await call.json(), "name")
    _check_name(call, name)
    old = call.names["integration"]
    if old not in integrations.things:
        raise Refused(500, "Query affected 0 rows instead of 1")
    if name in integrations.things:
        raise Refused(500, f"Rename NetworkIntegration failed: {_UNIQUE}")
    return integrations.rename(old, name)


async def delete_integration(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/network-integrations/<name>``."""
    modern = call.flavour.incus7
    name = call.names["integration"]
    integrations = _shelf(call)
    integrations.find(name, "Failed to get network integration ID: " if modern else "")
    return integrations.delete(name)


ROUTES = {
    **routes("/1.0/network-integrations/{integration}", _shelf),
    "POST /1.0/network-integrations": create_integration,
    "POST /1.0/network-integrations/{integration}": rename_integration,
    "DELETE /1.0/network-integrations/{integration}": delete_integration,
}
