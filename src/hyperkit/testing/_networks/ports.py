"""Ports that forwards and load balancers listen at, and that they lead to."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from .._engine.answers import Json, Refused
from .addresses import parse, subnet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._engine.state import Network
    from .addresses import Address

_PROTOCOLS = ("tcp", "udp")


class Checker:
    """Reads the ports of a forward or load balancer, in the servers' own words.

    Args:
        network: that it belongs to.
        listen: the address that it listens at.
    """

    def __init__(self, network: Network, listen: str) -> None:
        self._version = ip_address(listen).version
        self._subnet = subnet(network, self._version)
        self._known: set[tuple[str, int]] = set()

    def target(self, text: object, invalid: str, mixed: str, outside: str) -> Address:
        """Read an address that is led to.

        Args:
            text: from the body.
            invalid: to refuse what is no address with.
            mixed: to refuse one of the other kind with.
            outside: to refuse one that is not in the network with.
        """
        address = parse(text)
        if address is None:
            raise Refused(500, invalid)
        if address.version != self._version:
            raise Refused(500, mixed)
        if self._subnet is not None and address not in self._subnet:
            raise Refused(500, outside)
        return address

    def protocol(self, port: Json, number: int) -> str:
        """Read the protocol of a port specification."""
        if port.get("protocol") not in _PROTOCOLS:
            text = f"Invalid port protocol in port specification {number}"
            raise Refused(500, f"{text}, protocol must be one of: {', '.join(_PROTOCOLS)}")
        return str(port["protocol"])

    def listen_ports(self, port: Json, number: int) -> list[int]:
        """Read which ports a port specification listens at; each can be listened at once."""
        where = f"in port specification {number}"
        found = list(numbers(port.get("listen_port"), f"Invalid listen port {where}: "))
        if not found:
            raise Refused(500, f"Missing listen port {where}")
        protocol = str(port["protocol"])
        for one in found:
            if (protocol, one) in self._known:
                text = f'Duplicate listen port {one} for protocol "{protocol}" {where}'
                raise Refused(500, text)
            self._known.add((protocol, one))
        return found


def numbers(given: object, before: str) -> Iterator[int]:
    """Go through the ports of a text such as ``"80,8000-8010"``.

    Args:
        given: from the body.
        before: what the refusal of another text begins with.
    """
    for part in str(given or "").split(","):
        if not part.strip():
            continue
        first, _, last = part.strip().partition("-")
        for one in (first, last or first):
            if not one.isdigit():
                text = f'strconv.ParseInt: parsing "{one}": invalid syntax'
                raise Refused(500, before + text)
        yield from range(int(first), int(last or first) + 1)
