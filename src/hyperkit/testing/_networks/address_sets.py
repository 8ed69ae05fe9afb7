"""Sets of addresses, which the rules of ACLs name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine import check
from .._engine.answers import Json, Refused, listing, text_in
from .acls import subjects
from .addresses import is_range
from .lookup import home, homes
from .shelves import Shelf, routes, shelved

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.state import Project


def _shelf(call: Call, project: Project | None = None) -> Shelf:
    own = project or home(call, "networks")

    def show(one: Json) -> Json:
        found: Json = {**one, "used_by": _used_by(own, one["name"]), "project": own.name}
        if not found["config"]:
            del found["config"]
        return found

    return Shelf(
        call,
        "network-address-set",
        "Network_address_set",
        ("network-address-sets",),
        own.address_sets,
        _read,
        show,
        project=own.name,
    )


def _used_by(project: Project, name: str) -> list[str]:
    """Find the ACLs that name a set."""
    return [
        f"/1.0/network-acls/{acl['name']}"
        for acl in project.network_acls.values()
        if any(
            f"${name}" in subjects(rule, "source", "destination")
            for rule in acl["ingress"] + acl["egress"]
        )
    ]


def _read(asked: Json) -> Json:
    addresses: list[str] = listing(asked.get("addresses"))
    for index, address in enumerate(addresses):
        if not is_range(address):
            text = f'Unsupported address format "{address}" at index {index}'
            raise Refused(500, f"Invalid addresses: {text}")
        if address in addresses[:index]:
            text = f'Duplicate address "{address}" found at index {index}'
            raise Refused(500, f"Invalid addresses: {text}")
    # The words of another chapter: so does the real server.
    text = 'Invalid network integration configuration key "{}"'
    return {
        "addresses": addresses,
        "config": check.options(asked.get("config"), (), text),
        "description": text_in(asked, "description"),
    }


async def list_address_sets(call: Call) -> web.StreamResponse:
    """``GET /1.0/network-address-sets``."""
    projects = homes(call, "networks", "network_address_set")
    return shelved(call, [_shelf(call, one) for one in projects])


async def create_address_set(call: Call) -> web.StreamResponse:
    """``POST /1.0/network-address-sets``."""
    sets = _shelf(call)
    asked = await call.json()
    name = text_in(asked, "name")
    check.api_name(name)
    if name in sets.things:
        raise Refused(400, "The network address set already exists")
    return sets.create(name, asked)


async def rename_address_set(call: Call) -> web.StreamResponse:
    """``POST /1.0/network-address-sets/<name>``."""
    sets = _shelf(call)
    old = sets.find(call.names["set"])["name"]
    name = text_in(await call.json(), "name")
    check.api_name(name)
    if name in sets.things:
        raise Refused(500, f"Address set by that name: {name} exists already")
    if _used_by(home(call, "networks"), old):
        raise Refused(500, "Cannot rename address set that is in use")
    return sets.rename(old, name)


async def delete_address_set(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/network-address-sets/<name>``."""
    sets = _shelf(call)
    name = sets.find(call.names["set"])["name"]
    if _used_by(home(call, "networks"), name):
        raise Refused(500, "Cannot delete address set that is in use")
    return sets.delete(name)


ROUTES = {
    **routes("/1.0/network-address-sets/{set}", _shelf),
    "GET /1.0/network-address-sets": list_address_sets,
    "POST /1.0/network-address-sets": create_address_set,
    "POST /1.0/network-address-sets/{set}": rename_address_set,
    "DELETE /1.0/network-address-sets/{set}": delete_address_set,
}
