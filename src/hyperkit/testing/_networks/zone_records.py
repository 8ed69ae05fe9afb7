"""Records in network zones."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from .._engine import check
from .._engine.answers import Json, Refused, listing, text_in
from .lookup import home
from .shelves import Shelf, routes
from .zones import UNKNOWN, feature_of, zones_of

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call

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


def _shelf(call: Call) -> Shelf:
    project = home(call, feature_of(call))
    zone = zones_of(call).find(call.names["zone"])["name"]
    return Shelf(
        call,
        "network-zone-record",
        "Network zone record",
        ("network-zones", zone, "records"),
        project.zone_records.setdefault(zone, {}),
        _read,
        project=project.name,
    )


def _read(asked: Json) -> Json:
    entries: list[Json] = [_entry(one) for one in listing(asked.get("entries"))]
    known: list[tuple[str, str]] = []
    for entry in entries:
        pair = entry["type"], entry["value"]
        if pair in known:
            text = f'Duplicate record for type "{pair[0]}" and value "{pair[1]}"'
            raise Refused(500, text)
        known.append(pair)
    return {
        "description": text_in(asked, "description"),
        "entries": entries or None,
        "config": check.options(asked.get("config"), (), UNKNOWN),
    }


def _entry(given: Json) -> Json:
    """Read an entry; of what it says, only addresses are looked into."""
    kind, value = text_in(given, "type"), text_in(given, "value")
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
    records = _shelf(call)
    asked = await call.json()
    name = text_in(asked, "name")
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
    **routes("/1.0/network-zones/{zone}/records/{record}", _shelf),
    "POST /1.0/network-zones/{zone}/records": create_record,
}
