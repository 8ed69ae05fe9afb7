"""What the examples on networks speak of."""

import re

INSIDE = {"ipv4.address": "10.7.0.1/24", "ipv4.nat": True, "ipv6.address": "none"}
OUTSIDE = {
    "ipv4.address": "10.8.0.1/24",
    "ipv4.dhcp.ranges": "10.8.0.10-10.8.0.99",
    "ipv4.ovn.ranges": "10.8.0.100-10.8.0.199",
    "ipv4.routes": "192.0.2.0/24",
    "ipv6.address": "none",
}
WEB = {"name": "c1", "target_address": "10.7.0.9", "target_port": 80}
PORT = {"protocol": "tcp", "listen_port": 80}
TO_WEB = {"target_address": "10.7.0.9"}
ENTRY = {"type": "A", "value": "10.7.0.9"}


def furnish_networks(client, text, unless_there):
    """Make what a text speaks of, but for what it makes itself and what is there.

    The network ``br0`` is there already.
    """

    def says(pattern):
        return re.search(pattern, text)

    makers = {
        # what makes it: how it is spoken of, and how it is made here
        "create_network_address_set": (
            '"admins"|network_address_sets',
            lambda: client.create_network_address_set("admins", addresses=["10.7.0.9"]),
        ),
        "create_network_forward": (
            "network_forward",
            lambda: client.create_network_forward("br0", "192.0.2.1", config=TO_WEB),
        ),
        "create_network_integration": (
            '"region1"|network_integrations',
            lambda: client.create_network_integration("region1"),
        ),
        "create_network_zone": (
            "example.net|network_zones",
            lambda: client.create_network_zone(
                "example.net", config={"dns.nameservers": "ns1.example.net"}
            ),
        ),
        "create_network_zone_record": (
            "network_zone_record",
            lambda: client.create_network_zone_record("example.net", "www", entries=[ENTRY]),
        ),
        "create_network_ovn": ("ovn1|network_acl_log", lambda: make_ovn(client)),
        "create_network_peer": (
            "network_peer",
            lambda: [
                client.create_network_peer("ovn1", "lab", target_network="ovn2"),
                client.create_network_peer("ovn2", "office", target_network="ovn1"),
            ],
        ),
        "create_network_load_balancer_pool": (
            "network_load_balancer_pool",
            lambda: make_pool(client),
        ),
        "create_network_load_balancer": (
            r"network_load_balancer(?!_pool)",
            lambda: make_balancer(client),
        ),
        "create_network_load_balancer ": (
            "network_load_balancer_pool_state",
            lambda: client.create_network_load_balancer(
                "ovn1", "192.0.2.1", ports=[{**PORT, "target_pool": "https"}]
            ),
        ),
    }
    for maker, (pattern, make) in makers.items():
        if says(pattern) and not says(rf"\b{maker}\("):
            unless_there(make)
    if says('"c1"}, {"name": "c2"}'):
        make_instances(client)


def make_ovn(client):
    """Make two OVN networks, and what they are linked to."""
    client.create_network("outside", config=OUTSIDE)
    for name, address in (("ovn1", "10.7.0.1/24"), ("ovn2", "10.9.0.1/24")):
        config = {**INSIDE, "ipv4.address": address, "network": "outside"}
        client.create_network(name, type="ovn", config=config)


def make_instances(client):
    """Make two instances in an OVN network; the first of them runs."""
    for name, address in (("c1", "10.7.0.9"), ("c2", "10.7.0.10")):
        if name not in client.instances():
            card = {"type": "nic", "network": "ovn1", "ipv4.address": address}
            client.create_container(
                name, alias="busybox", devices={"eth0": card}, start=name == "c1"
            )


def make_balancer(client):
    """Make a load balancer; Incus looks after what it leads to."""
    make_instances(client)
    checked = client.has_extension("network_load_balancer_health_check")
    client.create_network_load_balancer(
        "ovn1",
        "192.0.2.1",
        backends=[WEB],
        config={"healthcheck": True} if checked else None,
        ports=[{**PORT, "target_backend": ["c1"]}],
    )


def make_pool(client):
    """Make a pool of one instance."""
    make_instances(client)
    client.create_network_load_balancer_pool("ovn1", "https", instances=[{"name": "c1"}])
