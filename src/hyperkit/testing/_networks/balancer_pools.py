"""Pools of instances, which load balancers of OVN networks lead to: LXD 6 only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine import check
from .._engine.answers import Json, Refused, in_project, listing, text_in
from .._engine.call import no_instance
from .lookup import check_type, home, network_of
from .ports import numbers
from .shelves import Shelf, routes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

    from .._engine.call import Call
    from .._engine.state import Instance, Network

_KEYS = ("healthcheck", "healthcheck.", "protocol", "target_port")


def _shelf(call: Call) -> Shelf:
    network = network_of(call)
    check_type(network, ("ovn",), "load balancer pools")
    project = home(call, "networks").name

    def show(pool: Json) -> Json:
        return {**pool, "used_by": _used_by(network, project, pool["name"])}

    return Shelf(
        call,
        "network-load-balancer-pool",
        "Network load balancer pool",
        ("networks", network.name, "load-balancer-pools"),
        network.balancer_pools,
        lambda asked: _read(call, asked),
        show,
        project=project,
    )


def _used_by(network: Network, project: str, name: str) -> list[str]:
    base = f"/1.0/networks/{network.name}/load-balancers"
    return [
        in_project(f"{base}/{balancer['listen_address']}", project)
        for balancer in network.balancers.values()
        if any(port["target_pool"] == name for port in balancer["ports"])
    ]


def _read(call: Call, asked: Json) -> Json:
    instances: list[Json] = []
    for given in listing(asked.get("instances")):
        name = text_in(given, "name")
        if name not in call.state.project(call.project).instances:
            raise Refused(404, no_instance(call.flavour, name, call.project))
        instances.append({"name": name, "target_port": text_in(given, "target_port")})
    return {
        "config": check.options(asked.get("config"), _KEYS, 'Invalid option "{}"'),
        "description": text_in(asked, "description"),
        "instances": instances,
    }


async def list_pools(call: Call) -> web.StreamResponse:
    """``GET /1.0/networks/<network>/load-balancer-pools``: the pools themselves, always."""
    pools = _shelf(call)
    return call.sync([pools.show(one) for one in pools.things.values()])


async def create_pool(call: Call) -> web.StreamResponse:
    """``POST /1.0/networks/<network>/load-balancer-pools``."""
    pools = _shelf(call)
    asked = await call.json()
    name = text_in(asked, "name")
    if not name:
        raise Refused(400, "Name is required")
    if name in pools.things:
        raise Refused(409, "Network load balancer pool already exists")
    return pools.create(name, asked)


async def delete_pool(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/networks/<network>/load-balancer-pools/<name>``."""
    pools = _shelf(call)
    name = pools.find(call.names["pool"])["name"]
    if _used_by(network_of(call), pools.project, name):
        raise Refused(400, "Network load balancer pool is currently in use")
    return pools.delete(name)


async def get_pool_state(call: Call) -> web.StreamResponse:
    """``GET /1.0/networks/<network>/load-balancer-pools/<name>/state``.

    An instance is online if it runs: nobody listens at the ports.
    """
    pool = _shelf(call).find(call.names["pool"])
    network = network_of(call)
    targets = [
        target
        for balancer in network.balancers.values()
        for port in balancer["ports"]
        if port["target_pool"] == pool["name"]
        for listen_port in numbers(port["listen_port"], "")
        for target in _targets(call, network, pool, balancer["listen_address"], listen_port)
    ]
    return call.sync({"targets": targets})


def _targets(
    call: Call, network: Network, pool: Json, address: str, listen_port: int
) -> Iterator[Json]:
    checked = pool["config"].get("healthcheck", "true") == "true"
    instances = call.state.project(call.project).instances
    for one in pool["instances"]:
        instance = instances.get(one["name"])
        device = _card(call, instance, network) if instance else ""
        if instance is None or not device or not instance.address:
            continue
        port = one["target_port"] or pool["config"].get("target_port") or str(listen_port)
        yield {
            "name": instance.name,
            "device": device,
            "address": instance.address,
            "port": port,
            "listen_address": address,
            "listen_port": str(listen_port),
            "status": "online" if checked and instance.running else "unknown",
        }


def _card(call: Call, instance: Instance, network: Network) -> str:
    """Find the card of an instance that is in a network; empty if it has none there."""
    devices = call.state.devices(instance)
    found = (name for name, one in devices.items() if one.get("network") == network.name)
    return next(found, "")


ROUTES = {
    **routes("/1.0/networks/{network}/load-balancer-pools/{pool}", _shelf),
    "GET /1.0/networks/{network}/load-balancer-pools": list_pools,
    "POST /1.0/networks/{network}/load-balancer-pools": create_pool,
    "DELETE /1.0/networks/{network}/load-balancer-pools/{pool}": delete_pool,
    "GET /1.0/networks/{network}/load-balancer-pools/{pool}/state": get_pool_state,
}
