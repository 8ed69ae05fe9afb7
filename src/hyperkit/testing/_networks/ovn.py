"""OVN networks: how they are linked to another network."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network
from typing import TYPE_CHECKING

from .._engine.answers import Refused
from .addresses import check_route, wrong_address, wrong_range

if TYPE_CHECKING:
    from .._engine.call import Call
    from .._engine.state import Network

_UPLINKS = ("bridge", "physical")
_VOLATILE = "volatile.network.ipv4.address"
_MTU = "1442"  # what is left of 1500 bytes when OVN has packed them


def check_addresses(config: dict[str, str], version: int, invalid: str, code: int) -> None:
    """Refuse addresses of a network, or what an uplink has for OVN, that are none.

    Args:
        config: of the network.
        version: 4 or 6.
        invalid: what the refusal of a value begins with.
        code: to refuse with.
    """
    own = config.get(f"ipv{version}.address", "auto")
    given = "" if own in {"", "auto", "none"} else own
    if given and (text := wrong_address(given, version)):
        raise Refused(code, f'{invalid}"ipv{version}.address": {text}')
    subnet = ip_interface(given).network if given else None
    for item in _items(config.get(f"ipv{version}.routes")):
        try:
            ip_network(item)
        except ValueError:
            text = f'{invalid}"ipv{version}.routes": Item "{item}": invalid CIDR address: {item}'
            raise Refused(code, text) from None
    key = f"ipv{version}.ovn.ranges"
    for one in (f"ipv{version}.dhcp.ranges", key):
        for item in _items(config.get(one)):
            if text := wrong_range(item, version):
                raise Refused(code, f'{invalid}"{one}": Item "{item}": {text}')
    for item in _items(config.get(key)):
        if subnet is not None and not all(ip_address(end) in subnet for end in item.split("-")):
            text = f'IP range "{item}" does not fall within any of the allowed networks [{subnet}]'
            raise Refused(code, f"Failed parsing {key}: {text}")
    ranges = config.get(key) and subnet is not None and version == 4
    if ranges and config.get("ipv4.dhcp") != "false" and not config.get("ipv4.dhcp.ranges"):
        text = f'"{key}" must be used in conjunction with non-overlapping "ipv4.dhcp.ranges"'
        raise Refused(code, f"{text} when DHCPv4 is enabled")


def _items(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def link(call: Call, network: Network) -> None:
    """Link a new OVN network to its uplink, as far as the servers check it without OVN.

    Args:
        call: the request.
        network: with the configuration that was asked for; it is completed.

    Raises:
        Refused: there is no such uplink, or it does not lead there.
    """
    networks = call.state.projects["default"].networks
    allowed = [one.name for one in networks.values() if one.type in _UPLINKS]
    wanted = network.config.get("network")
    if wanted and wanted not in allowed:
        text = f'Option "network" value "{wanted}" is not one of the allowed uplink networks'
        raise Refused(500, f"{text} in project")
    if not allowed:
        raise Refused(500, "No allowed uplink networks in project")
    if not wanted and len(allowed) > 1:
        raise Refused(500, 'Option "network" is required')
    uplink = networks[wanted or allowed[0]]
    network.config["network"] = uplink.name
    for version in (4, 6):
        address = network.config.get(f"ipv{version}.address", "none")
        if address != "none" and network.config.get(f"ipv{version}.nat") != "true":
            check_route(call, network, ip_interface(address).network)
    network.config.setdefault("bridge.mtu", _MTU)
    own = "ipv4.gateway" if uplink.type == "physical" else "ipv4.address"
    if uplink.config.get(own, "none") != "none":
        network.config[_VOLATILE] = _own_address(call, uplink)


def _own_address(call: Call, uplink: Network) -> str:
    """Choose an address of an OVN network's own in its uplink."""
    ranges = uplink.config.get("ipv4.ovn.ranges")
    if not ranges:
        text = 'Missing required "ipv4.ovn.ranges" config key on uplink network'
        raise Refused(500, text)
    taken = {
        one.config.get(_VOLATILE)
        for project in call.state.projects.values()
        for one in project.networks.values()
        if one.config.get("network") == uplink.name
    }
    for item in _items(ranges):
        first, last = map(ip_address, item.split("-"))
        for number in range(int(first), int(last) + 1):
            address = str(ip_address(number))
            if address not in taken:
                return address
    raise Refused(500, "Failed to allocate uplink IPv4 address: No free IPs available")
