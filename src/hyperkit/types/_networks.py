"""Networks, and what goes on in them."""

from __future__ import annotations

from .._resource import Resource


class Network(Resource):
    """A network: a bridge of the server's, or an interface of its machine.

    ``managed`` is true of the server's own; ``used_by`` holds URLs of what is connected
    to it, ``locations`` the cluster members that have it.
    """

    __slots__ = ()

    access_entitlements: list[str] | None
    config: dict[str, str]
    description: str
    locations: list[str] | None
    managed: bool
    name: str
    project: str
    status: str
    type: str
    used_by: list[str] | None


class NetworkAllocation(Resource):
    """An address that is in use: of a network, an instance, a forward, a load balancer.

    ``addresses`` is one address with its prefix length, ``used_by`` the URL of what has
    it; ``nat`` tells whether what it sends gets the server's address on the way out.
    """

    __slots__ = ()

    addresses: str
    hwaddr: str
    nat: bool
    network: str
    type: str
    used_by: str


class NetworkLease(Resource):
    """An address that a network has given to somebody.

    ``type`` is ``"dynamic"``, ``"static"``, or ``"gateway"`` for the network's own.
    """

    __slots__ = ()

    address: str
    hostname: str
    hwaddr: str
    location: str
    project: str
    type: str


class NetworkState(Resource):
    """What an interface is doing now.

    ``bond``, ``bridge``, ``ovn`` and ``vlan`` are there for networks of that kind, and
    None for others. ``mtu`` is in bytes.
    """

    __slots__ = ()

    addresses: list[NetworkStateAddress]
    bond: NetworkStateBond | None
    bridge: NetworkStateBridge | None
    counters: NetworkStateCounters
    hwaddr: str
    mtu: int
    ovn: NetworkStateOVN | None
    state: str
    type: str
    vlan: NetworkStateVLAN | None


class NetworkStateAddress(Resource):
    """An address of an interface; ``netmask`` is the length of its prefix, in bits."""

    __slots__ = ()

    address: str
    family: str
    netmask: str
    scope: str


class NetworkStateBond(Resource):
    """A bond of several interfaces; delays and ``mii_frequency`` are in milliseconds."""

    __slots__ = ()

    down_delay: int
    lower_devices: list[str]
    mii_frequency: int
    mii_state: str
    mode: str
    transmit_policy: str
    up_delay: int


class NetworkStateBridge(Resource):
    """A bridge; ``upper_devices`` are the interfaces in it.

    ``forward_delay`` is in hundredths of a second: 1500 are 15 seconds.
    """

    __slots__ = ()

    forward_delay: int
    id: str
    stp: bool
    upper_devices: list[str]
    vlan_default: int
    vlan_filtering: bool


class NetworkStateCounters(Resource):
    """What has gone through an interface: bytes and packets."""

    __slots__ = ()

    bytes_received: int
    bytes_sent: int
    packets_received: int
    packets_sent: int


class NetworkStateOVN(Resource):
    """Where an OVN network is: its chassis, router and switch, and its addresses outside."""

    __slots__ = ()

    chassis: str
    logical_router: str
    logical_switch: str
    uplink_ipv4: str
    uplink_ipv6: str


class NetworkStateVLAN(Resource):
    """A VLAN: its number, and the interface that it is on."""

    __slots__ = ()

    lower_device: str
    vid: int
