"""Networks: lists, making, changing, renaming, removing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .._cluster.definitions import defined, defining
from .._engine import check, rules
from .._engine.answers import Json, Refused, text_in
from .._engine.filter import filtered
from .._engine.state import Network, mac_address
from .lookup import home, homes, network_of
from .ovn import check_addresses, link
from .peers import follow
from .used_by import users

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
from .._engine.state import Project

_NAME = re.compile(r"[A-Za-z0-9._-]{2,15}")
_ADDRESSED = ("bridge", "ovn")


def _shown(call: Call, project: Project, network: Network) -> Json:
    found: Json = {
        "config": network.config,
        "description": network.description,
        "name": network.name,
        "type": network.type,
        "used_by": users(call, network),
        "managed": network.managed,
        "status": _status(network),
        "locations": [call.daemon.location] if network.managed else None,
    }
    if call.flavour.lxd2:
        return {key: found[key] for key in ("name", "type", "used_by")}
    if call.flavour.has("networks_all_projects"):
        found["project"] = project.name
    return found


def _status(network: Network) -> str:
    if not network.managed:
        return ""
    return "Pending" if network.pending else "Created"


def _writable(network: Network) -> tuple[Any, ...]:
    return (network.name, network.managed, network.type, network.description, network.config)


def _all(project: Project) -> dict[str, Network]:
    """Find the managed networks, and what else the machine has."""
    return {**project.networks, "lo": Network("lo", "loopback", managed=False)}


def _config(call: Call, network: Network, given: Any, code: int) -> dict[str, str]:
    """Read the configuration of a network.

    Args:
        call: the request.
        network: its name and type are known already.
        given: from the body.
        code: to refuse with.
    """
    found = check.stored(check.texts(given))
    invalid = f'Invalid value for network "{network.name}" option '
    for key, value in found.items():
        wrong = rules.network(network.type, key, value)
        if wrong is None:
            raise Refused(code, f'Invalid option for network "{network.name}" option "{key}"')
        if wrong:
            raise Refused(code, f'{invalid}"{key}": {wrong}')
    for version in (4, 6):
        check_addresses(found, version, invalid, code)
    if network.type in {"macvlan", "physical", "sriov"} and "parent" not in found:
        raise Refused(code, f'{invalid}"parent": Required value')
    _check_names(call, found, invalid, code)
    return found


def _check_names(call: Call, config: dict[str, str], invalid: str, code: int) -> None:
    """Refuse zones and ACLs that are not there."""
    own = call.flavour.has("projects_networks_zones")
    zones = call.home("networks.zones" if own else "networks").network_zones
    acls = call.home("networks").network_acls
    for key, text in config.items():
        for name in filter(None, (part.strip() for part in text.split(","))):
            if key.startswith("dns.zone.") and name not in zones:
                raise Refused(
                    code,
                    call.flavour.either(
                        f'{invalid}"{key}": Network zone "{name}" doesn\'t exist',
                        f'Invalid "{key}", network zone "{name}" not found',
                    ),
                )
            if key == "security.acls" and name not in acls:
                raise Refused(code, f'Network ACL "{name}" does not exist')


async def list_networks(call: Call) -> web.StreamResponse:
    """``GET /1.0/networks``."""
    found = [
        _shown(call, project, network)
        for project in homes(call, "networks", "networks_all_projects")
        for network in _all(project).values()
        # The machine's own interfaces are in no project; they are listed once.
        if network.managed or project.name == home(call, "networks").name
    ]
    found = filtered(call, found, dict, "api_filtering_extended")
    return call.sync(
        found if call.recursion else [call.url("networks", one["name"]) for one in found]
    )


async def create_network(call: Call) -> web.StreamResponse:
    """``POST /1.0/networks``."""
    project = home(call, "networks")
    asked = await call.json()
    name = text_in(asked, "name")
    kind = str(asked.get("type") or "bridge")
    _check_name(call, name)
    if kind not in rules.NETWORK_TYPES:
        raise Refused(400, "Unknown driver")
    there = _all(project).get(name)
    if there is not None and not there.pending:
        raise Refused(400, "The network already exists")
    own = defined(call, ("Network", "network is"), there, own=kind != "ovn")
    network = Network(
        name,
        kind,
        description=text_in(asked, "description"),
        hwaddr=mac_address(call.flavour.lxd),
        pending=defining(call),
    )
    given = check.texts(asked.get("config"))
    if network.pending:
        network.config = given
        project.networks[name] = network
        return call.sync({})
    network.config = _config(call, network, own | given, 500)
    if kind in _ADDRESSED:
        _choose_addresses(call, network.config)
    if kind == "ovn":
        link(call, network)
    if kind == "bridge":
        _check_own(call, network.config["ipv4.address"])
    network.config = dict(sorted(network.config.items()))
    project.networks[name] = network
    if "raw.dnsmasq" in network.config:
        call.daemon.warn(
            "Skipping AppArmor for dnsmasq due to raw.dnsmasq being set",
            project=call.project,
        )
    call.daemon.events.lifecycle("network-created", f"/1.0/networks/{name}", call.project)
    return call.done("Creating network", f"/1.0/networks/{name}")


def _check_name(call: Call, name: str) -> None:
    if not name:
        raise Refused(400, "No name provided")
    before = "Invalid network name: " if call.flavour.incus7 else ""
    if len(name) < 2:
        text = "Network interface is too short (minimum 2 characters)"
        raise Refused(400, before + text)
    if len(name) > 15:
        raise Refused(400, f"{before}Network interface is too long (maximum 15 characters)")
    if not _NAME.fullmatch(name):
        raise Refused(400, f"{before}Network interface contains invalid characters")


def _choose_addresses(call: Call, config: dict[str, str]) -> None:
    """Choose a network's subnets, where nobody did."""
    taken = {
        one.config.get("ipv4.address")
        for project in call.state.projects.values()
        for one in project.networks.values()
    }
    number = next(one for one in range(256) if f"10.158.{one}.1/24" not in taken)
    for version, address in (
        ("ipv4", f"10.158.{number}.1/24"),
        ("ipv6", f"fd42:{number:x}::1/64"),
    ):
        if config.get(f"{version}.address", "auto") in {"", "auto"}:
            config[f"{version}.address"] = address
            config.setdefault(f"{version}.nat", "true")


def _check_own(call: Call, address: str) -> None:
    """Refuse a bridge's own address if another bridge has it."""
    taken = {
        one.config.get("ipv4.address")
        for project in call.state.projects.values()
        for one in project.networks.values()
        if one.type == "bridge"
    }
    if address not in taken - {"none"}:
        return
    ended = call.flavour.either("Process exited with non-zero value", "exit status")
    failed = f"The DNS and DHCP service exited prematurely: {ended} 2"
    text = f"dnsmasq: failed to create listening socket for {address.partition('/')[0]}"
    raise Refused(500, f'{failed} ("{text}: Address already in use")')


async def get_network(call: Call) -> web.StreamResponse:
    """``GET /1.0/networks/<name>``."""
    project = home(call, "networks")
    network = _all(project).get(call.names["network"])
    if network is None:
        raise Refused(404, "Network not found")
    return call.sync(_shown(call, project, network), etag=_writable(network))


async def update_network(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/networks/<name>``."""
    network = network_of(call)
    call.check_etag(*_writable(network))
    asked = await call.json()
    given = check.texts(asked.get("config"))
    if call.patching:
        given = network.config | given
    network.config = _config(call, network, given, 400)
    # The servers take a missing description for an empty one, even here.
    network.description = text_in(asked, "description")
    call.daemon.events.lifecycle("network-updated", f"/1.0/networks/{network.name}", call.project)
    return call.done("Updating network")


async def rename_network(call: Call) -> web.StreamResponse:
    """``POST /1.0/networks/<name>``."""
    network = network_of(call)
    project = home(call, "networks")
    name = text_in(await call.json(), "name")
    if not name:
        raise Refused(400, "New network name not provided")
    _check_name(call, name)
    if name in _all(project):
        raise Refused(500, f'Network interface "{name}" already exists')
    if users(call, network):
        raise Refused(400, "Network is currently in use")
    old = network.name
    del project.networks[old]
    network.name = name
    project.networks[name] = network
    follow(call, (project.name, old), (project.name, name))
    call.daemon.events.lifecycle(
        "network-renamed", f"/1.0/networks/{name}", call.project, old_name=old
    )
    return call.done("Renaming network", f"/1.0/networks/{name}")


async def delete_network(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/networks/<name>``."""
    network = network_of(call)
    if users(call, network):
        raise Refused(400, "The network is currently in use")
    project = home(call, "networks")
    del project.networks[network.name]
    follow(call, (project.name, network.name), None)
    call.daemon.events.lifecycle("network-deleted", f"/1.0/networks/{network.name}", call.project)
    return call.done("Deleting network")


ROUTES = {
    "GET /1.0/networks": list_networks,
    "POST /1.0/networks": create_network,
    "GET /1.0/networks/{network}": get_network,
    "PUT /1.0/networks/{network}": update_network,
    "PATCH /1.0/networks/{network}": update_network,
    "POST /1.0/networks/{network}": rename_network,
    "DELETE /1.0/networks/{network}": delete_network,
}
