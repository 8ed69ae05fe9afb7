"""What the embedded server's networks do, beyond what real servers here can be asked."""

import pytest
from documentation.furnish_networks import (
    ENTRY,
    INSIDE,
    OUTSIDE,
    PORT,
    WEB,
    make_instances,
    make_ovn,
)

import hyperkit
from hyperkit.testing import Server

THERE = "192.0.2.1"


@pytest.fixture(params=["incus-7", "lxd-6"])
def client(request):
    with Server(request.param) as server, server.client() as client:
        yield client


@pytest.fixture
def incus():
    with Server("incus-7") as server, server.client() as client:
        make_ovn(client)
        yield client


@pytest.fixture
def lxd():
    with Server("lxd-6") as server, server.client() as client:
        make_ovn(client)
        yield client


@pytest.fixture
def linked(client):
    """A client of a server that has OVN networks."""
    make_ovn(client)
    return client


def statuses(client):
    return [
        [peer.status for peer in client.network_peers(name, recursion=1)]
        for name in ("ovn1", "ovn2")
    ]


def refused(words, call, *args, **options):
    with pytest.raises(hyperkit.APIError, match=words):
        call(*args, **options)


def test_an_ovn_network_is_on_its_uplink(linked):
    found = linked.network("ovn1")
    assert (found.type, found.config["network"]) == ("ovn", "outside")
    assert found.config["volatile.network.ipv4.address"] == "10.8.0.100"
    assert linked.network("ovn2").config["volatile.network.ipv4.address"] == "10.8.0.101"
    assert linked.network("outside").used_by == ["/1.0/networks/ovn1", "/1.0/networks/ovn2"]
    refused("in use", linked.delete_network, "outside")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({**INSIDE, "network": "nowhere"}, "not one of the allowed uplink networks"),
        ({**INSIDE, "network": "lxdbr0"}, 'Missing required "ipv4.ovn.ranges"'),
        (INSIDE, 'Option "network" is required'),
        ({**INSIDE, "network": "outside", "ipv4.nat": False}, 'doesn\'t contain "10.7.0.0/24"'),
        ({**INSIDE, "network": "outside", "parent": "eth0"}, 'option "parent"'),
    ],
)
def test_what_no_ovn_network_can_be_made_of(client, config, words):
    client.create_network("outside", config=OUTSIDE)
    refused(words, client.create_network, "ovn1", type="ovn", config=config)
    assert "ovn1" not in client.networks()


def test_an_uplink_keeps_addresses_for_ovn(client):
    config = {key: text for key, text in OUTSIDE.items() if key != "ipv4.dhcp.ranges"}
    refused("non-overlapping", client.create_network, "outside", config=config)
    config = {**OUTSIDE, "ipv4.ovn.ranges": "10.9.0.1-10.9.0.2"}
    refused("does not fall within", client.create_network, "outside", config=config)
    for key in ("ipv4.address", "ipv4.ovn.ranges", "ipv4.routes"):
        refused(key, client.create_network, "outside", config={**OUTSIDE, key: "nonsense"})


def test_the_state_of_an_ovn_network(incus):
    state = incus.network_state("ovn1")
    assert (state.mtu, state.ovn.uplink_ipv4, state.bridge) == (1442, "10.8.0.100", None)
    assert [one.scope for one in state.addresses] == ["link"]


def test_peers_wait_for_each_other(linked):
    linked.create_network_peer("ovn1", "there", target_network="ovn2")
    assert statuses(linked) == [["Pending"], []]
    linked.create_network_peer("ovn2", "back", target_network="ovn1")
    assert statuses(linked) == [["Created"], ["Created"]]
    linked.delete_network_peer("ovn1", "there")
    assert statuses(linked) == [[], ["Errored"]]


def test_peers_of_a_network_that_goes_or_gets_another_name(linked):
    for here, there in (("ovn1", "ovn2"), ("ovn2", "ovn1")):
        linked.create_network_peer(here, "far", target_network=there)
    linked.rename_network("ovn2", "ovn3")
    assert linked.network_peer("ovn1", "far").target_network == "ovn3"
    linked.delete_network("ovn3")
    assert linked.network_peer("ovn1", "far").status == "Errored"


def test_peers_that_cannot_be(linked):
    linked.create_network_peer("ovn1", "there", target_network="ovn2")
    create = linked.create_network_peer
    refused("that name already exists", create, "ovn1", "there", target_network="ovn3")
    refused("that target network already", create, "ovn1", "too", target_network="ovn2")
    refused("Target network is required", create, "ovn1", "nowhere")
    refused("reserved", create, "ovn1", "internal", target_network="ovn3")


def test_a_peer_that_an_acl_names(linked):
    linked.create_network_peer("ovn1", "there", target_network="ovn2")
    rule = {"action": "allow", "source": "@ovn1/there", "state": "enabled"}
    linked.create_network_acl("web", ingress=[rule])
    assert linked.network_peer("ovn1", "there").used_by == ["/1.0/network-acls/web"]
    refused("in use", linked.delete_network_peer, "ovn1", "there")


def test_peers_of_other_servers(incus):
    create = incus.create_network_peer
    refused("not found", create, "ovn1", "far", type="remote", target_integration="region1")
    incus.create_network_integration("region1")
    with pytest.raises(hyperkit.NotImplementedByServer):
        create("ovn1", "far", type="remote", target_integration="region1")


@pytest.mark.parametrize("kind", ["forward", "load_balancer"])
def test_where_nothing_can_listen(linked, kind):
    create = getattr(linked, f"create_network_{kind}")
    refused("doesn't contain", create, "ovn1", "203.0.113.1")
    create("ovn1", THERE)
    refused("exists|overlaps", create, "ovn1", THERE)
    refused("overlaps", create, "ovn2", THERE)


def test_addresses_of_the_servers_choice(lxd):
    done = lxd.create_network_forward("ovn1", "0.0.0.0")
    assert done.metadata.entity_url == f"/1.0/networks/ovn1/forwards/{THERE}"
    done = lxd.create_network_load_balancer("ovn1", "0.0.0.0")
    assert done.metadata.entity_url == "/1.0/networks/ovn1/load-balancers/192.0.2.2"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"backends": [WEB, WEB]}, "Duplicate name"),
        ({"backends": [{**WEB, "target_address": "10.1.0.1"}]}, "not within the network subnet"),
        ({"backends": [{**WEB, "target_address": "fd00::1"}]}, "Cannot mix IP versions"),
        ({"ports": [{**PORT, "target_backend": ["c2"]}]}, "Invalid target backend name"),
        ({"ports": [{**PORT, "protocol": "icmp"}]}, "must be one of: tcp, udp"),
        ({"ports": [{**PORT, "listen_port": "http"}]}, "invalid syntax"),
        ({"ports": [PORT, PORT]}, "Duplicate listen port 80"),
        ({"config": {"nonsense": 1}}, 'Invalid option "nonsense"'),
    ],
)
def test_what_no_load_balancer_can_be_made_of(linked, fields, words):
    refused(words, linked.create_network_load_balancer, "ovn1", THERE, **fields)
    assert linked.network_load_balancers("ovn1") == []


def test_the_health_of_backends(incus):
    make_instances(incus)
    other = {"name": "c2", "target_address": "10.7.0.10"}
    ports = [{**PORT, "listen_port": "80,443", "target_backend": ["c1", "c2"]}]
    config = {"healthcheck": True}
    fields = {"backends": [{**WEB, "target_port": ""}, other], "ports": ports}
    incus.create_network_load_balancer("ovn1", THERE, config=config, **fields)
    health = incus.network_load_balancer_state("ovn1", THERE).backend_health
    assert [(one.port, one.status) for one in health["c1"].ports] == [
        (80, "online"),
        (443, "online"),
    ]
    assert {one.status for one in health["c2"].ports} == {"offline"}
    incus.update_network_load_balancer("ovn1", THERE, **fields)
    assert incus.network_load_balancer_state("ovn1", THERE).backend_health is None


def test_the_life_of_a_pool(lxd):
    make_instances(lxd)
    instances = [{"name": "c1", "target_port": 8443}, {"name": "c2"}]
    lxd.create_network_load_balancer_pool("ovn1", "https", instances=instances)
    lxd.create_network_load_balancer("ovn1", THERE, ports=[{**PORT, "target_pool": "https"}])
    [found] = lxd.network_load_balancer_pools("ovn1", recursion=1)
    assert found.used_by == [f"/1.0/networks/ovn1/load-balancers/{THERE}"]
    [target] = lxd.network_load_balancer_pool_state("ovn1", "https").targets
    assert (target.name, target.address, target.port) == ("c1", "10.7.0.9", "8443")
    assert (target.device, target.listen_port, target.status) == ("eth0", "80", "online")
    lxd.update_network_load_balancer_pool(
        "ovn1", "https", config={"healthcheck": False}, instances=instances
    )
    [target] = lxd.network_load_balancer_pool_state("ovn1", "https").targets
    assert target.status == "unknown"
    refused("in use", lxd.delete_network_load_balancer_pool, "ovn1", "https")
    lxd.delete_network_load_balancer("ovn1", THERE)
    lxd.delete_network_load_balancer_pool("ovn1", "https")
    assert lxd.network_load_balancer_pools("ovn1") == []


def test_pools_that_cannot_be(lxd):
    create = lxd.create_network_load_balancer_pool
    refused("Instance not found", create, "ovn1", "https", instances=[{"name": "nobody"}])
    refused("Invalid option", create, "ovn1", "https", config={"nonsense": 1})
    create("ovn1", "https")
    refused("already exists", create, "ovn1", "https")
    ports = [{**PORT, "target_pool": "http"}]
    refused("not found", lxd.create_network_load_balancer, "ovn1", THERE, ports=ports)


def test_all_addresses_that_are_in_use(linked):
    make_instances(linked)
    linked.create_network_forward("ovn1", THERE)
    linked.create_network_load_balancer("ovn1", "192.0.2.2")
    found = {(one.type, one.addresses) for one in linked.network_allocations()}
    assert found >= {
        ("network", "10.7.0.1/24"),
        ("instance", "10.7.0.9/32"),
        ("network-forward", "192.0.2.1/32"),
        ("network-load-balancer", "192.0.2.2/32"),
    }


def test_what_is_in_use_stays(client):
    client.create_network_zone("example.net")
    client.create_network_acl("web")
    config = {"dns.zone.forward": "example.net", "security.acls": "web"}
    client.create_network("br0", config=config)
    assert client.network_zone("example.net").used_by == ["/1.0/networks/br0"]
    assert client.network_acl("web").used_by == ["/1.0/networks/br0"]
    refused("in use", client.delete_network_zone, "example.net")
    refused("in use", client.delete_network_acl, "web")
    refused("in use", client.rename_network_acl, "web", "front")
    refused("example.org", client.patch_network, "br0", config={"dns.zone.forward": "example.org"})
    refused("nobody", client.patch_network, "br0", config={"security.acls": "nobody"})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"action": "log"}, "Action must be one of"),
        ({"destination_port": "80"}, "cannot be used without specifying protocol"),
        ({"protocol": "ipx"}, "Protocol must be one of"),
        ({"protocol": "tcp", "destination_port": "http"}, 'Invalid port number "http"'),
        ({"source": "10.0.0.1,somewhere"}, 'Invalid subject "somewhere"'),
        ({"state": "maybe"}, "State must be one of"),
    ],
)
def test_rules_that_cannot_be(client, fields, words):
    rule = {"action": "allow", "state": "enabled", **fields}
    refused(f"Invalid egress rule 0: .*{words}", client.create_network_acl, "web", egress=[rule])


def test_bridges_have_addresses_of_their_own(client):
    client.create_network("br0", config=INSIDE)
    refused("already in use", client.create_network, "br1", config=INSIDE)


def test_address_sets_that_acls_name(incus):
    rule = {"action": "allow", "source": "$admins", "state": "enabled"}
    refused("not found", incus.create_network_acl, "web", ingress=[rule])
    incus.create_network_address_set("admins", addresses=["10.0.0.1", "10.0.1.1-10.0.1.9"])
    incus.create_network_acl("web", ingress=[rule])
    assert incus.network_address_set("admins").used_by == ["/1.0/network-acls/web"]
    refused("in use", incus.delete_network_address_set, "admins")
    refused("Unsupported", incus.create_network_address_set, "b", addresses=["nobody"])


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([{**ENTRY, "value": "nonsense"}], 'bad A A: "nonsense"'),
        ([{**ENTRY, "type": "B"}], 'unknown RR type: "B"'),
        ([ENTRY, ENTRY], 'Duplicate record for type "A"'),
    ],
)
def test_records_that_cannot_be(client, entries, words):
    client.create_network_zone("example.net")
    refused(words, client.create_network_zone_record, "example.net", "www", entries=entries)


def test_zones_of_projects(client):
    config = {"features.networks": True, "features.networks.zones": True}
    client.create_project("blue", config=config)
    blue = client.using(project="blue")
    blue.create_network_zone("example.net")
    blue.create_network_acl("web")
    assert (client.network_zones(), blue.network_zones()) == ([], ["example.net"])
    assert client.network_zones(all_projects=True) == ["example.net"]
    assert client.network_acls(all_projects=True) == ["web"]
    refused("Only empty projects", client.delete_project, "blue")
