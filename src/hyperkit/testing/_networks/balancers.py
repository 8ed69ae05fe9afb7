"""Load balancers of OVN networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine import check
from .._engine.answers import Json, Refused, listing, text_in
from .addresses import listen_address
from .lookup import check_type, home, network_of
from .ports import Checker, numbers
from .shelves import Shelf, routes

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.state import Network

_KEYS = ("healthcheck", "healthcheck.")


def _shelf(call: Call) -> Shelf:
    network = network_of(call)
    check_type(network, ("ovn",), "load balancers")
    return Shelf(
        call,
        "network-load-balancer",
        "Network load balancer",
        ("networks", network.name, "load-balancers"),
        network.balancers,
        lambda asked: _read(call, network, asked),
        # OVN balances the load for all members of a cluster.
        lambda balancer: {**balancer, "location": ""},
        key="listen_address",
        project=home(call, "networks").name,
        keeps=("backends", "ports"),
        matched=False,
        prefix="Failed {} load balancer: ",
    )


def _read(call: Call, network: Network, asked: Json) -> Json:
    checker = Checker(network, call.names.get("address") or asked["listen_address"])
    # LXD looks after pools, Incus after backends.
    keys = () if call.flavour.lxd else _KEYS
    config = check.options(asked.get("config"), keys, 'Invalid option "{}"')
    backends: dict[str, Json] = {}
    for number, given in enumerate(listing(asked.get("backends"))):
        backend = _backend(checker, number, given)
        if backend["name"] in backends:
            text = f'Duplicate name "{backend["name"]}" in backend specification {number}'
            raise Refused(500, text)
        backends[backend["name"]] = backend
    ports = [
        _port(call, network, checker, backends, number, given)
        for number, given in enumerate(listing(asked.get("ports")))
    ]
    return {
        "description": text_in(asked, "description"),
        "config": config,
        "backends": list(backends.values()),
        "ports": ports,
    }


def _backend(checker: Checker, number: int, given: Json) -> Json:
    name = text_in(given, "name")
    if any(one.isspace() for one in name):
        raise Refused(500, f"Name cannot contain white space in backend specification {number}")
    checker.target(
        given.get("target_address"),
        f'Invalid target address for backend "{name}"',
        f'Cannot mix IP versions in listen address and backend "{name}" target address',
        f'Target address is not within the network subnet for backend "{name}"',
    )
    invalid = f"Invalid backend port specification 0 in backend specification {number}: "
    list(numbers(given.get("target_port"), invalid))
    return {
        "name": name,
        "description": text_in(given, "description"),
        "target_port": text_in(given, "target_port"),
        "target_address": str(given["target_address"]),
    }


def _port(
    call: Call,
    network: Network,
    checker: Checker,
    backends: dict[str, Json],
    number: int,
    given: Json,
) -> Json:
    where = f"in port specification {number}"
    protocol = checker.protocol(given, number)
    listening = checker.listen_ports(given, number)
    for name in listing(given.get("target_backend")):
        if name not in backends:
            raise Refused(500, f'Invalid target backend name "{name}" {where}')
        targets = list(numbers(backends[name]["target_port"], ""))
        if len(targets) > 1 and len(targets) != len(listening):
            text = f'Mismatch of listen port(s) and target port(s) count for backend "{name}"'
            raise Refused(500, f"{text} {where}")
    found: Json = {
        "description": text_in(given, "description"),
        "protocol": protocol,
        "listen_port": str(given["listen_port"]),
        "target_backend": listing(given.get("target_backend")),
    }
    if call.flavour.has("network_load_balancer_pool"):
        found["target_pool"] = text_in(given, "target_pool")
        if found["target_pool"] and found["target_pool"] not in network.balancer_pools:
            raise Refused(404, f"Network load balancer pool not found {where}")
    return found


async def create_balancer(call: Call) -> web.StreamResponse:
    """``POST /1.0/networks/<network>/load-balancers``."""
    balancers = _shelf(call)
    asked = await call.json()
    given = asked.get("listen_address")
    with balancers.failing("creating"):
        if given in balancers.things and not call.flavour.lxd:
            raise Refused(409, "A load balancer for that listen address already exists")
        address = str(listen_address(call, network_of(call), given, "load balancer"))
        return balancers.create(address, {**asked, "listen_address": address})


async def get_balancer_state(call: Call) -> web.StreamResponse:
    """``GET /1.0/networks/<network>/load-balancers/<address>/state``.

    A backend is online if an instance has its address: nobody listens at the ports.
    """
    balancer = _shelf(call).find(call.names["address"])
    if balancer["config"].get("healthcheck") != "true":
        return call.sync({"backend_health": None})
    online = {one.address for one in call.state.instances() if one.running}
    health: Json = {}
    for backend in balancer["backends"]:
        word = "online" if backend["target_address"] in online else "offline"
        ports: list[Json] = [
            {"protocol": port["protocol"], "port": number, "status": word}
            for port in balancer["ports"]
            if backend["name"] in port["target_backend"]
            for number in numbers(backend["target_port"] or port["listen_port"], "")
        ]
        health[backend["name"]] = {"address": backend["target_address"], "ports": ports}
    return call.sync({"backend_health": health})


ROUTES = {
    **routes("/1.0/networks/{network}/load-balancers/{address}", _shelf),
    "POST /1.0/networks/{network}/load-balancers": create_balancer,
    "GET /1.0/networks/{network}/load-balancers/{address}/state": get_balancer_state,
}
