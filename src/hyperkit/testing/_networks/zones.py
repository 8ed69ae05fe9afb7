"""Network zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine import check
from .._engine.answers import Json, Refused, text_in
from .lookup import home, homes
from .shelves import Shelf, routes, shelved
from .used_by import named_by

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.state import Project

_KEYS = ("dns.contact", "dns.nameservers", "network.nat", "peers.")
UNKNOWN = 'Invalid config option "{}"'


def feature_of(call: Call) -> str:
    """Tell what a project must have for zones of its own."""
    own = call.flavour.has("projects_networks_zones")
    return "networks.zones" if own else "networks"


def zones_of(call: Call, project: Project | None = None) -> Shelf:
    """Find the zones of a project; None stands for the one asked for."""
    own = project or home(call, feature_of(call))

    def show(zone: Json) -> Json:
        found: Json = {**zone, "used_by": _used_by(call, own, zone["name"])}
        if call.flavour.has("network_zones_all_projects"):
            # Incus forgets it where one zone is asked for.
            forgotten = "zone" in call.names and not call.flavour.lxd
            found["project"] = "" if forgotten else own.name
        return found

    return Shelf(
        call,
        "network-zone",
        "Network zone",
        ("network-zones",),
        own.network_zones,
        _read,
        show,
        project=own.name,
    )


def _read(asked: Json) -> Json:
    return {
        "description": text_in(asked, "description"),
        "config": check.options(asked.get("config"), _KEYS, UNKNOWN),
    }


def _used_by(call: Call, project: Project, name: str) -> list[str]:
    found: list[str] = []
    for one in call.state.projects.values():
        if call.state.home(one.name, feature_of(call)) is project:
            owner = call.state.home(one.name, "networks")
            found += named_by(
                call, owner, lambda key: key.startswith("dns.zone."), name, cards=False
            )
    return list(dict.fromkeys(found))


async def list_zones(call: Call) -> web.StreamResponse:
    """``GET /1.0/network-zones``."""
    projects = homes(call, feature_of(call), "network_zones_all_projects")
    return shelved(call, [zones_of(call, one) for one in projects])


async def create_zone(call: Call) -> web.StreamResponse:
    """``POST /1.0/network-zones``."""
    zones = zones_of(call)
    asked = await call.json()
    name = text_in(asked, "name")
    if call.flavour.incus7:
        check.api_name(name)
    if not name:
        raise Refused(500, "Name is required")
    if name in zones.things:
        raise Refused(400, "The network zone already exists")
    return zones.create(name, asked)


async def delete_zone(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/network-zones/<name>``, with its records."""
    zones = zones_of(call)
    name = zones.find(call.names["zone"])["name"]
    project = home(call, feature_of(call))
    if _used_by(call, project, name):
        raise Refused(500, "Cannot delete a zone that is in use")
    project.zone_records.pop(name, None)
    return zones.delete(name)


ROUTES = {
    **routes("/1.0/network-zones/{zone}", zones_of),
    "GET /1.0/network-zones": list_zones,
    "POST /1.0/network-zones": create_zone,
    "DELETE /1.0/network-zones/{zone}": delete_zone,
}
