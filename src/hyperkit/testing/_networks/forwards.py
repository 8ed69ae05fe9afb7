"""Network forwards: addresses outside that lead to addresses inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine import check
from .._engine.answers import Json, Refused, listing, text_in
from .addresses import listen_address, parse
from .lookup import check_type, home, network_of
from .ports import Checker, numbers
from .shelves import Shelf, routes

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.state import Network
    from .addresses import Address

_TYPES = ("bridge", "ovn")


def _shelf(call: Call) -> Shelf:
    network = network_of(call)
    check_type(network, _TYPES, "forwards")
    # What OVN forwards is the business of all members.
    location = "" if network.type == "ovn" else "none"
    return Shelf(
        call,
        "network-forward",
        "Network forward",
        ("networks", network.name, "forwards"),
        network.forwards,
        lambda asked: _read(call, network, asked),
        lambda forward: {**forward, "location": location},
        key="listen_address",
        project=home(call, "networks").name,
        keeps=("ports",),
        matched=False,
        prefix="Failed {} forward: ",
    )


def _read(call: Call, network: Network, asked: Json) -> Json:
    checker = Checker(network, call.names.get("address") or asked["listen_address"])
    config = check.options(asked.get("config"), ("target_address",), 'Invalid option "{}"')
    default: Address | None = None
    if config.get("target_address"):
        default = checker.target(
            config["target_address"],
            "Invalid default target address",
            "Cannot mix IP versions in listen address and default target address",
            "Default target address is not within the network subnet",
        )
    ports: list[Json] = [
        _port(call, checker, default, number, port)
        for number, port in enumerate(listing(asked.get("ports")))
    ]
    return {
        "description": text_in(asked, "description"),
        "config": config,
        "ports": ports,
    }


def _port(call: Call, checker: Checker, default: Address | None, number: int, port: Json) -> Json:
    where = f"in port specification {number}"
    protocol = checker.protocol(port, number)
    if default is not None and parse(port.get("target_address")) == default:
        raise Refused(500, f"Target address is same as default target address {where}")
    checker.target(
        port.get("target_address"),
        f"Invalid target address {where}",
        f"Cannot mix IP versions in listen address and port specification {number} target address",
        f"Target address is not within the network subnet {where}",
    )
    listening = checker.listen_ports(port, number)
    targets = list(numbers(port.get("target_port"), f"Invalid target port {where}: "))
    if len(targets) > 1 and len(targets) != len(listening):
        raise Refused(500, f"Mismatch of listen port(s) and target port(s) count {where}")
    found: Json = {
        "description": text_in(port, "description"),
        "protocol": protocol,
        "listen_port": str(port["listen_port"]),
        "target_port": text_in(port, "target_port"),
        "target_address": str(port["target_address"]),
    }
    if call.flavour.has("network_forward_snat"):
        found["snat"] = bool(port.get("snat"))
    return found


async def create_forward(call: Call) -> web.StreamResponse:
    """``POST /1.0/networks/<network>/forwards``."""
    forwards = _shelf(call)
    asked = await call.json()
    with forwards.failing("creating"):
        if asked.get("listen_address") in forwards.things:
            raise Refused(409, "A forward for that listen address already exists")
        given = asked.get("listen_address")
        address = str(listen_address(call, network_of(call), given, "forward"))
        return forwards.create(address, {**asked, "listen_address": address})


ROUTES = {
    **routes("/1.0/networks/{network}/forwards/{address}", _shelf),
    "POST /1.0/networks/{network}/forwards": create_forward,
}
