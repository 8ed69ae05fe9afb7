"""OVN networks: how they are linked to another network."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface
from typing import TYPE_CHECKING

from ._answers import Refused
from ._network_ports import check_route

if TYPE_CHECKING:
    from ._call import Call
    from ._state import Network

_UPLINKS = ("bridge", "physical")
_VOLATILE = "volatile.network.ipv4.address"
_MTU = "1442"  # what is left of 1500 bytes when OVN has packed them


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
    for part in ranges.split(","):
        first, _, last = part.strip().partition("-")
        lowest, highest = ip_address(first), ip_address(last or first)
        for number in range(int(lowest), int(highest) + 1):
            address = str(ip_address(number))
            if address not in taken:
                return address
    raise Refused(500, "Failed to allocate uplink IPv4 address: No free IPs available")
