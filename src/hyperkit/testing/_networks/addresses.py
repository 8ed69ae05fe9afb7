"""Addresses: reading them, who has them, and where uplinks lead."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_interface, ip_network
from typing import TYPE_CHECKING

from .._engine.answers import Refused
from .lookup import check_type

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from .._engine.call import Call
    from .._engine.state import Network

    Address = IPv4Address | IPv6Address
    Subnet = IPv4Network | IPv6Network


def parse(text: object) -> Address | None:
    """Read an address; None if it is none."""
    try:
        return ip_address(str(text))
    except ValueError:
        return None


def wrong_address(text: str, version: int) -> str:
    """Say what is wrong with a network's own address; empty if nothing is.

    Args:
        text: the address, with the length of the prefix.
        version: 4 or 6.
    """
    try:
        found = ip_interface(text) if "/" in text else None
    except ValueError:
        found = None
    if found is None:
        return f"invalid CIDR address: {text}"
    if found.version != version:
        return f'Not an IPv{version} address "{text}"'
    usable = found.ip != found.network.network_address
    return "" if usable else f'Not a usable IPv{version} address "{text}"'


def wrong_range(text: str, version: int) -> str:
    """Say what is wrong with the first and the last of some addresses; empty if nothing is.

    Args:
        text: both, with a hyphen between.
        version: 4 or 6.
    """
    if "-" not in text:
        return "IP range must contain start and end IP addresses"
    for end in text.split("-", 1):
        found = parse(end)
        if found is None or found.version != version:
            return f'Not an IPv{version} address "{end}"'
    return ""


def is_range(text: str) -> bool:
    """Tell whether a text is an address, a subnet, or the first and last of some addresses."""
    try:
        if "-" not in text:
            return bool(ip_network(text, strict=False))
        first, last = map(ip_address, text.split("-"))
    except ValueError:
        return False
    return first.version == last.version


def subnet(network: Network, version: int) -> Subnet | None:
    """Find a network's own subnet; None if it has none that it speaks of.

    Raises:
        Refused: it is to have none.
    """
    text = network.config.get(f"ipv{version}.address", "")
    if text == "none":
        raise Refused(500, "invalid CIDR address: none")
    return ip_interface(text).network if text else None


def routes(network: Network) -> list[Subnet]:
    """List the subnets that an uplink leads to."""
    texts = [network.config.get(f"ipv{version}.routes", "") for version in (4, 6)]
    return [ip_network(one.strip()) for text in texts for one in text.split(",") if one.strip()]


def uplink(call: Call, network: Network) -> Network | None:
    """Find the network that an OVN network is linked to."""
    return call.state.projects["default"].networks.get(network.config.get("network", ""))


def check_route(call: Call, network: Network, wanted: Subnet) -> None:
    """Refuse a subnet that the uplink of an OVN network does not lead to."""
    known = routes(up) if (up := uplink(call, network)) else []
    if not any(_contains(one, wanted) for one in known):
        raise Refused(400, f'Uplink network doesn\'t contain "{wanted}" in its routes')


def _contains(outer: Subnet, inner: Subnet) -> bool:
    if isinstance(outer, IPv4Network) and isinstance(inner, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(outer, IPv6Network) and isinstance(inner, IPv6Network):
        return inner.subnet_of(outer)
    return False


def _in_use(call: Call, network: Network, address: Address) -> bool:
    """Tell whether another network has an address, or something that listens at it."""
    for project in call.state.projects.values():
        for other in project.networks.values():
            listening = {*other.balancers, *other.forwards}
            if str(address) in listening:
                return True
            nat = other.config.get(f"ipv{address.version}.nat") == "true"
            own = other.config.get(f"ipv{address.version}.address", "none")
            if other is network or nat or own in {"", "none", "auto"}:
                continue
            if address in ip_interface(own).network:
                return True
    return False


def listen_address(call: Call, network: Network, given: object, what: str) -> Address:
    """Read the address that a new forward or load balancer is to listen at.

    Args:
        call: the request.
        network: that it is to belong to.
        given: from the body.
        what: ``"forward"`` or ``"load balancer"``.

    Raises:
        Refused: it cannot listen there.
    """
    address = parse(given)
    if address is None:
        text = f'Failed parsing address {what} listen address "{given or ""}"'
        raise Refused(500, f"{text}: invalid CIDR address: {given or ''}/32")
    allocates = call.flavour.has("network_allocate_external_ips")
    if address.is_unspecified and allocates:
        return _free_address(call, network, address.version)
    if address.is_unspecified and not call.flavour.lxd:
        raise Refused(500, f'Cannot use unspecified address: "{address}"')
    own = subnet(network, address.version)
    inside = own is not None and address in own
    if network.type == "ovn" and not (inside and call.flavour.has("ovn_internal_load_balancer")):
        check_route(call, network, ip_network(address))
    if _in_use(call, network, address):
        if allocates:
            text = f'Listen address "{address}" overlaps with another network or NIC'
            raise Refused(409, text)
        text = f'{what.capitalize()} listen address "{ip_network(address)}"'
        raise Refused(500, f"{text} overlaps with another network or NIC")
    return address


def _free_address(call: Call, network: Network, version: int) -> Address:
    """Choose an address that the uplink of an OVN network leads to."""
    check_type(network, ("ovn",), "the allocation of listen addresses")
    up = uplink(call, network)
    for route in routes(up) if up else []:
        if route.version == version:
            for address in route.hosts():
                if not _in_use(call, network, address):
                    return address
    raise Refused(500, f"Failed to allocate an IPv{version} address")
