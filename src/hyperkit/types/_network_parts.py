"""What belongs to networks: rules, addresses, names, and ways to others."""

from __future__ import annotations

from .._resource import Resource


class NetworkACL(Resource):
    """Rules for what may come in (``ingress``) and go out (``egress``)."""

    __slots__ = ()

    access_entitlements: list[str] | None
    config: dict[str, str]
    description: str
    egress: list[NetworkACLRule]
    ingress: list[NetworkACLRule]
    name: str
    project: str
    used_by: list[str]


class NetworkACLRule(Resource):
    """One rule: what it matches, and what is done then.

    All is text: ``destination_port`` is such as ``"80,443,8000-8010"``. A field that is
    missing matches everything.
    """

    __slots__ = ()

    action: str
    description: str
    destination: str
    destination_port: str
    icmp_code: str
    icmp_type: str
    protocol: str
    source: str
    source_port: str
    state: str


class NetworkAddressSet(Resource):
    """Addresses under one name, for the rules of ACLs."""

    __slots__ = ()

    addresses: list[str]
    config: dict[str, str]
    description: str
    name: str
    project: str
    used_by: list[str]


class NetworkForward(Resource):
    """An address outside, and the one inside that all or some of its ports lead to.

    ``config["target_address"]`` gets what no entry of ``ports`` is for. Some servers send
    None instead of no ports.
    """

    __slots__ = ()

    config: dict[str, str]
    description: str
    listen_address: str
    location: str
    ports: list[NetworkForwardPort] | None


class NetworkForwardPort(Resource):
    """Where some ports lead to; ports are text, such as ``"80,8080-8090"``."""

    __slots__ = ()

    description: str
    listen_port: str
    protocol: str
    snat: bool
    target_address: str
    target_port: str


class NetworkIntegration(Resource):
    """A way to networks of other servers; ``type`` is ``"ovn"``."""

    __slots__ = ()

    config: dict[str, str]
    description: str
    name: str
    type: str
    used_by: list[str]


class NetworkLoadBalancer(Resource):
    """An address outside whose ports lead to several backends, or to a pool."""

    __slots__ = ()

    backends: list[NetworkLoadBalancerBackend]
    config: dict[str, str]
    description: str
    listen_address: str
    location: str
    ports: list[NetworkLoadBalancerPort]


class NetworkLoadBalancerBackend(Resource):
    """One of the places that a load balancer leads to."""

    __slots__ = ()

    description: str
    name: str
    target_address: str
    target_port: str


class NetworkLoadBalancerBackendHealth(Resource):
    """How a backend is: each of its ports has a ``status``."""

    __slots__ = ()

    address: str
    ports: list[NetworkLoadBalancerPortHealth]


class NetworkLoadBalancerPool(Resource):
    """Instances that load balancers lead to."""

    __slots__ = ()

    config: dict[str, str]
    description: str
    instances: list[NetworkLoadBalancerPoolInstance]
    name: str
    used_by: list[str]


class NetworkLoadBalancerPoolInstance(Resource):
    """An instance in a pool; its ``target_port`` wins over the pool's."""

    __slots__ = ()

    name: str
    target_port: str


class NetworkLoadBalancerPoolState(Resource):
    """How the instances of a pool are: one target for each of their addresses."""

    __slots__ = ()

    targets: list[NetworkLoadBalancerPoolTarget]


class NetworkLoadBalancerPoolTarget(Resource):
    """One address of an instance in a pool, as seen from a load balancer.

    ``status`` is ``"online"``, ``"offline"``, ``"pending"``, ``"unknown"`` (the instance
    does not run, or nobody looks) or ``"error"``; ports are text.
    """

    __slots__ = ()

    address: str
    device: str
    listen_address: str
    listen_port: str
    name: str
    port: str
    status: str


class NetworkLoadBalancerPort(Resource):
    """Where some ports of a load balancer lead to: to backends, or to a pool."""

    __slots__ = ()

    description: str
    listen_port: str
    protocol: str
    target_backend: list[str]
    target_pool: str


class NetworkLoadBalancerPortHealth(Resource):
    """How one port of a backend is."""

    __slots__ = ()

    port: int
    protocol: str
    status: str


class NetworkLoadBalancerState(Resource):
    """How the backends of a load balancer are, by their names."""

    __slots__ = ()

    backend_health: dict[str, NetworkLoadBalancerBackendHealth]


class NetworkPeer(Resource):
    """The way from one network to another.

    ``status`` is ``"Pending"`` until the other network leads back here, then
    ``"Created"``.
    """

    __slots__ = ()

    config: dict[str, str]
    description: str
    name: str
    status: str
    target_integration: str
    target_network: str
    target_project: str
    type: str
    used_by: list[str]


class NetworkZone(Resource):
    """A DNS zone that the server serves; ``used_by`` holds URLs of its networks."""

    __slots__ = ()

    access_entitlements: list[str] | None
    config: dict[str, str]
    description: str
    name: str
    project: str
    used_by: list[str]


class NetworkZoneRecord(Resource):
    """What a name in a DNS zone stands for; ``"@"`` is the zone itself.

    Servers send None instead of no entries.
    """

    __slots__ = ()

    config: dict[str, str]
    description: str
    entries: list[NetworkZoneRecordEntry] | None
    name: str


class NetworkZoneRecordEntry(Resource):
    """One thing that a name stands for; ``ttl`` is in seconds."""

    __slots__ = ()

    ttl: int
    type: str
    value: str
