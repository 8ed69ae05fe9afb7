"""States of networks, and whose their addresses are: leases and allocations."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from .._engine.answers import Json, Refused, in_project
from .lookup import home, homes, network_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

    from .._engine.call import Call
    from .._engine.state import Instance, Network, Project

_COUNTERS = ("bytes_received", "bytes_sent", "packets_received", "packets_sent")
_LEASING = ("bridge", "ovn")
_FAMILIES = (("inet", "ipv4"), ("inet6", "ipv6"))


async def get_state(call: Call) -> web.StreamResponse:
    """``GET /1.0/networks/<name>/state``."""
    name = call.names["network"]
    if name == "lo":
        return call.sync(_loopback())
    network = home(call, "networks").networks.get(name)
    if network is None or network.type not in _LEASING:
        # The others have no interface of their own.
        raise Refused(404, f'Network interface "{name}" not found')
    bridge: Json = {
        "id": f"8000.{network.hwaddr.replace(':', '')}",
        "stp": False,
        "forward_delay": 1500,
        "vlan_default": 0,
        "vlan_filtering": False,
        "upper_devices": [],
    }
    found: Json = {
        **_loopback(),
        "addresses": _addresses(network),
        "hwaddr": network.hwaddr,
        "mtu": int(network.config.get("bridge.mtu", "1500")),
        "type": "broadcast",
        "bridge": bridge if network.type == "bridge" else None,
        "ovn": _ovn(call, network) if network.type == "ovn" else None,
    }
    return call.sync(found)


def _loopback() -> Json:
    addresses: list[Json] = [
        {"family": "inet", "address": "127.0.0.1", "netmask": "8", "scope": "local"},
        {"family": "inet6", "address": "::1", "netmask": "128", "scope": "local"},
    ]
    return {
        "addresses": addresses,
        "counters": dict.fromkeys(_COUNTERS, 0),
        "hwaddr": "",
        "mtu": 65536,
        "state": "up",
        "type": "loopback",
        "bond": None,
        "bridge": None,
        "vlan": None,
        "ovn": None,
    }


def _addresses(network: Network) -> list[Json]:
    scope = "link" if network.type == "ovn" else "global"
    found: list[Json] = []
    for family, version in _FAMILIES:
        address, _, netmask = network.config.get(f"{version}.address", "none").partition("/")
        if address != "none":
            found.append(
                {"family": family, "address": address, "netmask": netmask, "scope": scope}
            )
    return found


def _ovn(call: Call, network: Network) -> Json:
    prefix = f"{call.flavour.product.name}-{network.name}"
    found: Json = {"chassis": call.flavour.product.name}
    if call.flavour.has("network_state_ovn_lr"):
        found["logical_router"] = f"{prefix}-lr"
    if call.flavour.has("network_state_ovn_ls"):
        found["logical_switch"] = f"{prefix}-ls-int"
    if call.flavour.has("network_ovn_state_addresses"):
        for version in ("ipv4", "ipv6"):
            key = f"volatile.network.{version}.address"
            found[f"uplink_{version}"] = network.config.get(key, "")
    return found


def _with_card(call: Call, network: Network) -> Iterator[tuple[Instance, str]]:
    """Go through the instances that have an address in a network, and the cards there."""
    for instance in call.state.instances():
        own = call.state.home(instance.project, "networks").networks.get(network.name)
        if not instance.address or own is not network:
            continue
        for name, device in call.state.devices(instance).items():
            if device.get("network") == network.name:
                yield instance, instance.config.get(f"volatile.{name}.hwaddr", "")
                break


async def get_leases(call: Call) -> web.StreamResponse:
    """``GET /1.0/networks/<name>/leases``."""
    network = network_of(call)
    if network.type not in _LEASING:
        raise Refused(500, "Not implemented")
    leases: list[Json] = []
    for version in ("ipv4", "ipv6"):
        address = network.config.get(f"{version}.address", "none").partition("/")[0]
        if address != "none":
            leases.append(_lease(f"{network.name}.gw", "", address, "gateway", ""))
    for instance, hwaddr in _with_card(call, network):
        leases.append(_lease(instance.name, hwaddr, instance.address, "dynamic", "none"))
    return call.sync(leases)


def _lease(hostname: str, hwaddr: str, address: str, kind: str, location: str) -> Json:
    return {
        "hostname": hostname,
        "hwaddr": hwaddr,
        "address": address,
        "type": kind,
        "location": location,
    }


async def list_allocations(call: Call) -> web.StreamResponse:
    """``GET /1.0/network-allocations``."""
    projects = homes(call, "networks", "network_allocations")
    found: list[Json] = []
    for project in projects:
        for name in sorted(project.networks):
            for one in _allocations(call, project, project.networks[name]):
                if call.flavour.has("network_allocations_network"):
                    one["network"] = name
                found.append(one)
    return call.sync(found)


def _allocations(call: Call, project: Project, network: Network) -> Iterator[Json]:
    own = f"/1.0/networks/{network.name}"
    for version in ("ipv4", "ipv6"):
        address = network.config.get(f"{version}.address", "none")
        if address != "none":
            nat = network.config.get(f"{version}.nat") == "true"
            yield _allocation(address, "network", in_project(own, project.name), nat=nat)
    for instance, hwaddr in _with_card(call, network):
        url = in_project(f"/1.0/instances/{instance.name}", instance.project)
        nat = network.config.get("ipv4.nat") == "true"
        yield _allocation(_alone(instance.address), "instance", url, hwaddr, nat=nat)
    for kind, things in (("forward", network.forwards), ("load-balancer", network.balancers)):
        for address in things:
            url = in_project(f"{own}/{kind}s/{address}", project.name)
            yield _allocation(_alone(address), f"network-{kind}", url)


def _alone(address: str) -> str:
    """Write an address as a subnet of one."""
    return f"{address}/{ip_address(address).max_prefixlen}"


def _allocation(
    addresses: str, kind: str, url: str, hwaddr: str = "", *, nat: bool = False
) -> Json:
    return {"addresses": addresses, "hwaddr": hwaddr, "nat": nat, "type": kind, "used_by": url}


ROUTES = {
    "GET /1.0/networks/{network}/state": get_state,
    "GET /1.0/networks/{network}/leases": get_leases,
    "GET /1.0/network-allocations": list_allocations,
}
