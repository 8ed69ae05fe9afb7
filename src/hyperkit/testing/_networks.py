"""Networks and their access control lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import _check as check
from ._answers import Json, Refused
from ._filter import matches
from ._instances import expanded
from ._state import Network, mac_address
from ._warnings import warn

if TYPE_CHECKING:
    from aiohttp import web

    from ._call import Call
    from ._operations import Operation

_NAME = re.compile(r"[A-Za-z0-9._-]{2,15}")
_KEYS = (
    "bgp.",
    "bridge.",
    "dns.",
    "fan.",
    "ipv4.",
    "ipv6.",
    "maas.",
    "raw.",
    "security.",
    "tunnel.",
    "user.",
    "parent",
    "mtu",
    "vlan",
    "gvrp",
    "volatile.",
)
_TYPES = ("bridge", "macvlan", "physical", "sriov")


def _used_by(call: Call, network: Network) -> list[str]:
    """Find the profiles and instances that have a card in a network."""
    found: list[str] = []
    for project in call.state.projects.values():
        suffix = "" if project.name == "default" else f"?project={project.name}"
        for kind, things in (("profiles", project.profiles), ("instances", project.instances)):
            for name, one in things.items():
                if any(card.get("network") == network.name for card in one.devices.values()):
                    found.append(f"/1.0/{kind}/{name}{suffix}")
    return found


def _shown(call: Call, network: Network) -> Json:
    found: Json = {
        "config": network.config,
        "description": network.description,
        "name": network.name,
        "type": network.type,
        "used_by": _used_by(call, network),
        "managed": network.managed,
        "status": "Created" if network.managed else "",
        "locations": [call.daemon.location] if network.managed else None,
    }
    if call.flavour.old:
        return {key: found[key] for key in ("name", "type", "used_by")}
    if call.flavour.has("networks_all_projects"):
        found["project"] = call.home("networks").name
    return found


def _writable(network: Network) -> tuple[Any, ...]:
    return (network.name, network.managed, network.type, network.description, network.config)


def _all(call: Call) -> dict[str, Network]:
    """Find the managed networks, and what else the machine has."""
    try:
        home = call.home("networks")
    except Refused:
        raise Refused(404, f'Failed to load project "{call.project}": Project not found') from None
    return {**home.networks, "lo": Network("lo", "loopback", managed=False)}


def _found(call: Call, before: str = "", *, managed: bool = False) -> Network:
    found = _all(call).get(call.names["network"])
    if found is None or (managed and not found.managed):
        raise Refused(404, f"{before}Network not found")
    return found


def _config(given: Any, name: str) -> dict[str, str]:
    found = check.texts(given)
    for key in found:
        if not key.startswith(_KEYS):
            raise Refused(400, f'Invalid option for network "{name}" option "{key}"')
    return found


def _done(call: Call, description: str) -> web.StreamResponse:
    """Answer a change: at once, or by an operation where the server has such ones."""
    if not call.flavour.has("storage_and_network_operations"):
        return call.sync({})

    async def work(operation: Operation) -> None:
        del operation

    return call.start(description, work)


async def list_networks(call: Call) -> web.StreamResponse:
    """``GET /1.0/networks``."""
    networks = list(_all(call).values())
    wanted = call.query.get("filter")
    if wanted and call.flavour.has("api_filtering_extended"):
        test = matches(wanted, 400)
        networks = [one for one in networks if test(_shown(call, one))]
    if not call.recursion:
        return call.sync([call.url("networks", one.name) for one in networks])
    return call.sync([_shown(call, one) for one in networks])


async def create_network(call: Call) -> web.StreamResponse:
    """``POST /1.0/networks``."""
    asked = await call.json()
    name = str(asked.get("name") or "")
    if not name:
        raise Refused(400, "No name provided")
    if len(name) > 15 or len(name) < 2:
        raise Refused(400, "Network interface is too long (maximum 15 characters)")
    if not _NAME.fullmatch(name):
        raise Refused(400, "Network interface contains invalid characters")
    kind = asked.get("type") or "bridge"
    if kind not in _TYPES:
        raise Refused(501, f"The embedded server cannot make a network of type {kind}")
    config = _config(asked.get("config"), name)
    if name in _all(call):
        raise Refused(400, "The network already exists")
    if kind == "bridge":
        _choose_addresses(config, len(call.home("networks").networks))
    elif "parent" not in config:
        raise Refused(400, f'Invalid option for network "{name}" option "parent"')
    call.home("networks").networks[name] = Network(
        name,
        kind,
        config=dict(sorted(config.items())),
        description=str(asked.get("description") or ""),
        hwaddr=mac_address(call.flavour.lxd),
    )
    if "raw.dnsmasq" in config:
        warn(
            call.daemon,
            "Skipping AppArmor for dnsmasq due to raw.dnsmasq being set",
            project=call.project,
        )
    call.daemon.events.lifecycle("network-created", f"/1.0/networks/{name}", call.project)
    if call.flavour.has("storage_and_network_operations"):
        return _done(call, "Creating network")
    return call.created("networks", name)


def _choose_addresses(config: dict[str, str], number: int) -> None:
    """Choose a bridge's subnets, where nobody did; a free one is not looked for."""
    for key, address in (
        ("ipv4.address", f"10.158.{number}.1/24"),
        ("ipv6.address", f"fd42:{number:x}::1/64"),
    ):
        if config.get(key, "auto") == "auto":
            config[key] = address
    if config["ipv4.address"] != "none":
        config.setdefault("ipv4.nat", "true")


async def get_network(call: Call) -> web.StreamResponse:
    """``GET /1.0/networks/<name>``."""
    network = _found(call)
    return call.sync(_shown(call, network), etag=_writable(network))


async def update_network(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/networks/<name>``."""
    network = _found(call, "Failed loading network: ", managed=True)
    call.check_etag(*_writable(network))
    asked = await call.json()
    config = _config(asked.get("config"), network.name)
    patching = call.request.method == "PATCH"
    network.config = dict(sorted((network.config | config if patching else config).items()))
    # The servers take a missing description for an empty one, even here.
    network.description = str(asked.get("description") or "")
    call.daemon.events.lifecycle("network-updated", f"/1.0/networks/{network.name}", call.project)
    return _done(call, "Updating network")


async def rename_network(call: Call) -> web.StreamResponse:
    """``POST /1.0/networks/<name>``."""
    network = _found(call, "Failed loading network: ", managed=True)
    name = str((await call.json()).get("name") or "")
    if not name:
        raise Refused(400, "New network name not provided")
    if name in _all(call):
        raise Refused(500, f'Network interface "{name}" already exists')
    if _used_by(call, network):
        raise Refused(400, "Network is currently in use")
    networks = call.home("networks").networks
    old = network.name
    del networks[old]
    network.name = name
    networks[name] = network
    call.daemon.events.lifecycle(
        "network-renamed", f"/1.0/networks/{name}", call.project, old_name=old
    )
    if call.flavour.has("storage_and_network_operations"):
        return _done(call, "Renaming network")
    return call.created("networks", name)


async def delete_network(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/networks/<name>``."""
    network = _found(call, "Failed loading network: ", managed=True)
    if _used_by(call, network):
        raise Refused(400, "The network is currently in use")
    del call.home("networks").networks[network.name]
    call.daemon.events.lifecycle("network-deleted", f"/1.0/networks/{network.name}", call.project)
    return _done(call, "Deleting network")


async def get_state(call: Call) -> web.StreamResponse:
    """``GET /1.0/networks/<name>/state``."""
    name = call.names["network"]
    if name not in _all(call):
        raise Refused(404, f'Network interface "{name}" not found')
    network = _found(call)
    addresses: list[Json] = []
    for family, key in (("inet", "ipv4.address"), ("inet6", "ipv6.address")):
        address, _, netmask = network.config.get(key, "none").partition("/")
        if address != "none":
            addresses.append(
                {"family": family, "address": address, "netmask": netmask, "scope": "global"}
            )
    counters = dict.fromkeys(
        ("bytes_received", "bytes_sent", "packets_received", "packets_sent"), 0
    )
    bridge: Json = {
        "id": f"8000.{network.hwaddr.replace(':', '')}",
        "stp": False,
        "forward_delay": 1500,
        "vlan_default": 0,
        "vlan_filtering": False,
        "upper_devices": [],
    }
    found: Json = {
        "addresses": addresses,
        "counters": counters,
        "hwaddr": network.hwaddr,
        "mtu": 1500,
        "state": "up",
        "type": "broadcast" if network.managed else "loopback",
        "bond": None,
        "bridge": bridge if network.type == "bridge" else None,
        "vlan": None,
        "ovn": None,
    }
    return call.sync(found)


async def get_leases(call: Call) -> web.StreamResponse:
    """``GET /1.0/networks/<name>/leases``."""
    network = _found(call, "Failed loading network: ", managed=True)
    leases: list[Json] = []
    address = network.config.get("ipv4.address", "none").partition("/")[0]
    if address != "none":
        leases.append(
            {
                "hostname": f"{network.name}.gw",
                "hwaddr": "",
                "address": address,
                "type": "gateway",
                "location": "",
            }
        )
    for instance in call.state.instances():
        home = call.state.home(instance.project, "profiles")
        cards = expanded(home, instance)[1].values()
        mine = any(card.get("network") == network.name for card in cards)
        if instance.address and mine:
            hwaddr = instance.config.get("volatile.eth0.hwaddr", "")
            leases.append(
                {
                    "hostname": instance.name,
                    "hwaddr": hwaddr,
                    "address": instance.address,
                    "type": "dynamic",
                    "location": call.daemon.location,
                }
            )
    return call.sync(leases)


# Access control lists.


def _acl_shown(call: Call, acl: Json) -> Json:
    found: Json = {**acl, "used_by": []}
    if not call.flavour.lxd:
        found["project"] = call.home("networks").name
    return found


def _acl(call: Call) -> Json:
    acl = _acls(call).get(call.names["acl"])
    if acl is None:
        raise Refused(404, "Network ACL not found")
    return acl


def _acls(call: Call) -> dict[str, Json]:
    try:
        return call.home("networks").network_acls
    except Refused:
        raise Refused(404, f'Failed to load project "{call.project}": Project not found') from None


async def list_acls(call: Call) -> web.StreamResponse:
    """``GET /1.0/network-acls``."""
    acls = list(_acls(call).values())
    wanted = call.query.get("filter")
    if wanted and call.flavour.has("api_filtering_extended"):
        test = matches(wanted, 400)
        acls = [one for one in acls if test(_acl_shown(call, one))]
    if not call.recursion:
        return call.sync([call.url("network-acls", one["name"]) for one in acls])
    return call.sync([_acl_shown(call, one) for one in acls])


async def create_acl(call: Call) -> web.StreamResponse:
    """``POST /1.0/network-acls``."""
    asked = await call.json()
    name = str(asked.get("name") or "")
    if not name:
        raise Refused(400, "Name is required")
    if name in _acls(call):
        raise Refused(400, "The network ACL already exists")
    _acls(call)[name] = _acl_fields({"name": name}, asked)
    call.daemon.events.lifecycle("network-acl-created", f"/1.0/network-acls/{name}", call.project)
    if call.flavour.has("storage_and_network_operations"):
        return _done(call, "Creating network ACL")
    return call.created("network-acls", name)


def _acl_fields(acl: Json, asked: Json) -> Json:
    for kind in ("ingress", "egress"):
        for number, rule in enumerate(asked.get(kind) or []):
            if rule.get("state") not in {"enabled", "disabled", "logged"}:
                text = "State must be one of: enabled, disabled, logged"
                raise Refused(500, f"Invalid {kind} rule {number}: {text}")
    return {
        "name": acl["name"],
        "description": str(asked.get("description") or ""),
        "egress": list(asked.get("egress") or []),
        "ingress": list(asked.get("ingress") or []),
        "config": check.texts(asked.get("config")),
    }


def _acl_writable(acl: Json) -> tuple[Any, ...]:
    return (acl["description"], acl["egress"], acl["ingress"], acl["config"])


async def get_acl(call: Call) -> web.StreamResponse:
    """``GET /1.0/network-acls/<name>``."""
    acl = _acl(call)
    return call.sync(_acl_shown(call, acl), etag=_acl_writable(acl))


async def update_acl(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/network-acls/<name>``."""
    acl = _acl(call)
    call.check_etag(*_acl_writable(acl))
    asked = await call.json()
    if call.request.method == "PATCH":
        # Only the configuration is merged: what else is left out, gets lost.
        asked = {**asked, "config": acl["config"] | check.texts(asked.get("config"))}
    acl.update(_acl_fields(acl, asked))
    return _done(call, "Updating network ACL")


async def get_acl_log(call: Call) -> web.StreamResponse:
    """``GET /1.0/network-acls/<name>/log``."""
    _acl(call)
    raise Refused(500, "Only OVN log entries may be retrieved at this time")


async def rename_acl(call: Call) -> web.StreamResponse:
    """``POST /1.0/network-acls/<name>``."""
    acl = _acl(call)
    name = str((await call.json()).get("name") or "")
    if name in _acls(call):
        raise Refused(400, "An ACL by that name exists already")
    del _acls(call)[acl["name"]]
    acl["name"] = name
    _acls(call)[name] = acl
    if call.flavour.has("storage_and_network_operations"):
        return _done(call, "Renaming network ACL")
    return call.created("network-acls", name)


async def delete_acl(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/network-acls/<name>``."""
    del _acls(call)[_acl(call)["name"]]
    return _done(call, "Deleting network ACL")


ROUTES = {
    "GET /1.0/networks": list_networks,
    "POST /1.0/networks": create_network,
    "GET /1.0/networks/{network}": get_network,
    "PUT /1.0/networks/{network}": update_network,
    "PATCH /1.0/networks/{network}": update_network,
    "POST /1.0/networks/{network}": rename_network,
    "DELETE /1.0/networks/{network}": delete_network,
    "GET /1.0/networks/{network}/state": get_state,
    "GET /1.0/networks/{network}/leases": get_leases,
    "GET /1.0/network-acls": list_acls,
    "POST /1.0/network-acls": create_acl,
    "GET /1.0/network-acls/{acl}": get_acl,
    "PUT /1.0/network-acls/{acl}": update_acl,
    "PATCH /1.0/network-acls/{acl}": update_acl,
    "POST /1.0/network-acls/{acl}": rename_acl,
    "DELETE /1.0/network-acls/{acl}": delete_acl,
    "GET /1.0/network-acls/{acl}/log": get_acl_log,
}
