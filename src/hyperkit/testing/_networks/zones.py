"""Network zones, and the records in them."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from .._engine import check
from .._engine.answers import Json, Refused, listing
from .lookup import home, homes
from .shelves import Shelf, routes, shelved
from .used_by import named_by

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.state import Project

_KEYS = ("dns.contact", "dns.nameservers", "network.nat", "peers.")
_UNKNOWN = 'Invalid config option "{}"'
_TYPES = {
    "A": IPv4Address,
    "AAAA": IPv6Address,
    "CAA": str,
    "CNAME": str,
    "DNAME": str,
    "HINFO": str,
    "MX": str,
    "NAPTR": str,
    "NS": str,
    "PTR": str,
    "SRV": str,
    "SSHFP": str,
    "TLSA": str,
    "TXT": str,
}


def _feature(call: Call) -> str:
    """Tell what a project must have for zones of its own."""
    own = call.flavour.has("projects_networks_zones")
    return "networks.zones" if own else "networks"


def _zones(call: Call, project: Project | None = None) -> Shelf:
    own = project or home(call, _feature(call))

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
        "description": str(asked.get("description") or ""),
        "config": check.options(asked.get("config"), _KEYS, _UNKNOWN),
    }


def _used_by(call: Call, project: Project, name: str) -> list[str]:
    found: list[str] = []
    for one in call.state.projects.values():
        if call.state.home(one.name, _feature(call)) is project:
            owner = call.state.home(one.name, "networks")
            found += named_by(
                call, owner, lambda key: key.startswith("dns.zone."), name, cards=False
            )
    return list(dict.fromkeys(found))


async def list_zones(call: Call) -> web.StreamResponse:
    """``GET /1.0/network-zones``."""
    projects = homes(call, _feature(call), "network_zones_all_projects")
    return shelved(call, [_zones(call, one) for one in projects])


async def create_zone(call: Call) -> web.StreamResponse:
    """``POST /1.0/network-zones``."""
    zones = _zones(call)
    asked = await call.json()
    name = str(asked.get("name") or "")
    if call.flavour.incus7:
        check.api_name(name)
    if not name:
        raise Refused(500, "Name is required")
    if name in zones.things:
        raise Refused(400, "The network zone already exists")
    return zones.create(name, asked)


async def delete_zone(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/network-zones/<name>``, with its records."""
    zones = _zones(call)
    name = zones.find(call.names["zone"])["name"]
    project = home(call, _feature(call))
    if _used_by(call, project, name):
        raise Refused(500, "Cannot delete a zone that is in use")
    project.zone_records.pop(name, None)
    return zones.delete(name)


# Records.


def _records(call: Call) -> Shelf:
    project = home(call, _feature(call))
    zone = _zones(call).find(call.names["zone"])["name"]
    return Shelf(
        call,
        "network-zone-record",
        "Network zone record",
        ("network-zones", zone, "records"),
        project.zone_records.setdefault(zone, {}),
        _read_record,
        project=project.name,
    )


def _read_record(asked: Json) -> Json:
    entries: list[Json] = [_entry(one) for one in listing(asked.get("entries"))]
    known: list[tuple[str, str]] = []
    for entry in entries:
        pair = entry["type"], entry["value"]
        if pair in known:
            text = f'Duplicate record for type "{pair[0]}" and value "{pair[1]}"'
            raise Refused(500, text)
        known.append(pair)
    return {
        "description": str(asked.get("description") or ""),
        "entries": entries or None,
        "config": check.options(asked.get("config"), (), _UNKNOWN),
    }


def _entry(given: Json) -> Json:
    """Read an entry; of what it says, only addresses are looked into."""
    kind, value = str(given.get("type") or ""), str(given.get("value") or "")
    ttl: Json = {"ttl": int(given["ttl"])} if given.get("ttl") else {}
    place = len(f"record {ttl.get('ttl', 300)} IN {kind or value} ")
    if kind not in _TYPES:
        text = f'unknown RR type: "{kind or value}" at line: 1:{place}'
        raise Refused(500, f"Bad zone record entry: dns: {text}")
    try:
        good = bool(_TYPES[kind](value))
    except AddressValueError:
        good = False
    if not good:
        shown = value or r"\n"
        text = f'bad {kind} {kind}: "{shown}" at line: 1:{place + len(value)}'
        raise Refused(500, f"Bad zone record entry: dns: {text}")
    return {"type": kind, **ttl, "value": value}


async def create_record(call: Call) -> web.StreamResponse:
    """``POST /1.0/network-zones/<zone>/records``."""
    records = _records(call)
    asked = await call.json()
    name = str(asked.get("name") or "")
    modern = call.flavour.incus7
    if modern and name != "@":
        check.api_name(name)
    if name in records.things:
        if modern:
            raise Refused(409, 'This "NetworkZoneRecord" entry already exists')
        columns = call.flavour.either("", "networks_zones_records.network_zone_id, ")
        text = f"UNIQUE constraint failed: {columns}networks_zones_records.name"
        raise Refused(500, text)
    return records.create(name, asked)


ROUTES = {
    **routes("/1.0/network-zones/{zone}", _zones),
    **routes("/1.0/network-zones/{zone}/records/{record}", _records),
    "GET /1.0/network-zones": list_zones,
    "POST /1.0/network-zones": create_zone,
    "DELETE /1.0/network-zones/{zone}": delete_zone,
    "POST /1.0/network-zones/{zone}/records": create_record,
}
