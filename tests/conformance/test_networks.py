"""Networks and what belongs to them."""

import contextlib
import re
import time

import pytest

import hyperkit

QUIET = {"ipv4.address": "none", "ipv6.address": "none"}
BRIDGE = {"ipv4.address": "10.214.77.1/24", "ipv4.nat": True, "ipv6.address": "none"}
INSIDE = "10.214.77.9"
FALLBACK = "10.214.77.10"
OUTSIDE = "10.214.78.1"
WEB = {"action": "allow", "protocol": "tcp", "destination_port": 80, "state": "enabled"}
DROP = {"action": "drop", "source": "10.214.79.0/24", "state": "enabled"}


@contextlib.contextmanager
def gone_afterwards(delete, *names):
    """Delete what is left of a test, however it ended."""
    try:
        yield
    finally:
        for name in names:
            with contextlib.suppress(hyperkit.NotFound):
                delete(name)


def stubborn(change):
    """Change a bridge, once more where Incus stumbles.

    Whatever it does with a bridge, it looks at every interface of the machine, and fails
    if another server takes one away in the middle of it.
    """
    for _ in range(20):
        try:
            return change()
        except hyperkit.InternalServerError as error:
            if not re.search('Device "[^"]+" does not exist', str(error)):
                raise
            time.sleep(0.1)
    return change()


def remove_networks(client, *names):
    for name in names:
        with contextlib.suppress(hyperkit.NotFound):
            stubborn(lambda name=name: client.delete_network(name))


@contextlib.contextmanager
def a_network(client, *names, **fields):
    """A network that is gone afterwards, under any of the names that it had meanwhile."""

    def create():
        remove_networks(client, *names)
        client.create_network(names[0], **fields)

    try:
        stubborn(create)
        yield names[0]
    finally:
        remove_networks(client, *names)


def refuse_all(extension, *calls):
    """See that a server without an extension is not even asked."""
    for call in calls:
        with pytest.raises(hyperkit.MissingExtension, match=f'"{extension}"'):
            call()


def needs(client, extension, *calls):
    """Go on where a server has an extension; elsewhere, see that nothing is asked of it."""
    if not client.has_extension(extension):
        refuse_all(extension, *calls)
        pytest.skip(f"the server has no {extension}")


def test_life_of_a_network(client):
    with a_network(client, "hk-br1", "hk-br2", config=QUIET, description="First"):
        assert "hk-br1" in client.networks()
        client.patch_network("hk-br1", config={"user.a": 1})
        found = client.network("hk-br1", target="none")
        assert (found.config["user.a"], found.description) == ("1", "First")
        client.patch_network("hk-br1", description="Second")
        with client.edit_network("hk-br1") as network:
            network.config["user.b"] = 2
        found = client.network("hk-br1")
        assert (found.type, found.managed, found.description) == ("bridge", True, "Second")
        assert (found.config["user.a"], found.config["user.b"]) == ("1", "2")
        etag = client.last_response.headers["ETag"]
        client.update_network("hk-br1", config=QUIET, etag=etag)
        assert "user.a" not in client.network("hk-br1").config
        for change in (client.update_network, client.patch_network):
            with pytest.raises(hyperkit.PreconditionFailed):
                change("hk-br1", description="Third", etag=etag)
        stubborn(
            lambda: "hk-br2" in client.networks() or client.rename_network("hk-br1", "hk-br2")
        )
        listed = client.networks(recursion=1, target="none")
        assert "hk-br2" in [one.name for one in listed if one.managed]
        stubborn(lambda: client.delete_network("hk-br2"))
        with pytest.raises(hyperkit.NotFound):
            client.network("hk-br2")


def test_networks_of_all_projects_are_listed_and_filtered(client):
    if client.has_extension("networks_all_projects"):
        found = client.networks(all_projects=True, recursion=1)
        assert {one.project for one in found if one.managed} == {"default"}
    else:
        refuse_all("networks_all_projects", lambda: client.networks(all_projects=True))
    needs(client, "api_filtering_extended", lambda: client.networks(filter="managed eq true"))
    found = client.networks(filter="managed eq true", recursion=1)
    assert found
    assert all(one.managed for one in found)


def test_a_member_that_is_not_there_is_refused(client):
    with pytest.raises(hyperkit.NotFound):
        client.network("lo", target="hk-nowhere")


def test_a_bridge_tells_state_leases_and_allocations(client):
    with a_network(client, "hk-br3", config=BRIDGE):
        state = client.network_state("hk-br3")
        assert (state.state, state.mtu, state.bond) == ("up", 1500, None)
        assert [one.address for one in state.addresses if one.family == "inet"] == ["10.214.77.1"]
        assert state.bridge.stp is False
        assert state.counters.bytes_received >= 0
        [lease] = client.network_leases("hk-br3", target="none")
        assert (lease.type, lease.address) == ("gateway", "10.214.77.1")
        needs(client, "network_allocations", client.network_allocations)
        for all_projects in (None, True):
            found = client.network_allocations(all_projects=all_projects)
            [own] = [one for one in found if one.used_by == "/1.0/networks/hk-br3"]
            assert (own.type, own.addresses, own.nat) == ("network", "10.214.77.1/24", True)


@pytest.mark.live_only
def test_an_instance_has_a_lease(client, name):
    config = {**BRIDGE, "ipv4.address": "10.214.76.1/24"}
    with a_network(client, "hk-br6", config=config):
        nic = {"type": "nic", "name": "eth0", "network": "hk-br6"}
        client.create_container(name, alias="busybox", devices={"eth0": nic})
        try:
            client.start_container(name)
            client.wait_for_instance(name, until="ip", timeout=20)
            [lease] = [one for one in client.network_leases("hk-br6") if one.type == "dynamic"]
            assert (lease.hostname, lease.address[:10]) == (name, "10.214.76.")
            assert client.network("hk-br6").used_by == [f"/1.0/instances/{name}"]
            with pytest.raises(hyperkit.BadRequest, match="in use"):
                client.delete_network("hk-br6")
        finally:
            client.stop_container(name, force=True)
            client.delete_container(name)


def test_life_of_a_forward(client):
    with a_network(client, "hk-br4", config=BRIDGE):
        ports = [{"protocol": "tcp", "listen_port": "80,443", "target_address": INSIDE}]
        done = client.create_network_forward("hk-br4", OUTSIDE, description="Web", ports=ports)
        assert done.metadata["entity_url"] == f"/1.0/networks/hk-br4/forwards/{OUTSIDE}"
        assert client.network_forwards("hk-br4") == [OUTSIDE]
        client.patch_network_forward("hk-br4", OUTSIDE, config={"target_address": FALLBACK})
        found = client.network_forward("hk-br4", OUTSIDE)
        assert (found.description, found.config) == ("Web", {"target_address": FALLBACK})
        assert [port.listen_port for port in found.ports] == ["80,443"]
        etag = client.last_response.headers["ETag"]
        client.patch_network_forward("hk-br4", OUTSIDE, description="Both", etag=etag)
        with pytest.raises(hyperkit.PreconditionFailed):
            client.patch_network_forward("hk-br4", OUTSIDE, description="None", etag=etag)
        with client.edit_network_forward("hk-br4", OUTSIDE) as forward:
            forward.ports.append({"protocol": "udp", "listen_port": 53, "target_address": INSIDE})
        [found] = client.network_forwards("hk-br4", recursion=1)
        assert (found.description, found.config) == ("Both", {"target_address": FALLBACK})
        assert [port.protocol for port in found.ports] == ["tcp", "udp"]
        client.update_network_forward("hk-br4", OUTSIDE, description="Nothing")
        found = client.network_forward("hk-br4", OUTSIDE)
        assert (found.description, found.config, found.ports or []) == ("Nothing", {}, [])
        with pytest.raises(hyperkit.Conflict):
            client.create_network_forward("hk-br4", OUTSIDE)
        if not client.has_extension("network_allocate_external_ips"):
            refuse_all(
                "network_allocate_external_ips",
                lambda: client.create_network_forward("hk-br4", "0.0.0.0"),
            )
        if client.has_extension("api_filtering_extended"):
            assert client.network_forwards("hk-br4", filter=f"listen_address ne {OUTSIDE}") == []
        client.delete_network_forward("hk-br4", OUTSIDE)
        with pytest.raises(hyperkit.NotFound):
            client.network_forward("hk-br4", OUTSIDE)


def test_what_only_ovn_networks_have_is_refused(client):
    """The server understands each request, and says that a bridge has no such thing."""
    peers = (
        lambda: client.network_peers("hk-br5"),
        lambda: client.network_peers("hk-br5", recursion=1),
        lambda: client.network_peer("hk-br5", "far"),
        lambda: client.create_network_peer("hk-br5", "far", target_network="hk-br5"),
        lambda: client.patch_network_peer("hk-br5", "far", description="Far"),
        lambda: client.update_network_peer("hk-br5", "far", description="Far"),
        lambda: client.delete_network_peer("hk-br5", "far"),
    )
    backends = [{"name": "c1", "target_address": INSIDE, "target_port": 80}]
    ports = [{"protocol": "tcp", "listen_port": 80, "target_backend": ["c1"]}]
    both = {"backends": backends, "ports": ports}
    whole = {**both, "description": "Web"}
    balancers = (
        lambda: client.network_load_balancers("hk-br5"),
        lambda: client.network_load_balancers("hk-br5", recursion=1),
        lambda: client.network_load_balancer("hk-br5", OUTSIDE),
        lambda: client.create_network_load_balancer("hk-br5", OUTSIDE, **both),
        lambda: client.patch_network_load_balancer("hk-br5", OUTSIDE, **whole),
        lambda: client.update_network_load_balancer("hk-br5", OUTSIDE, **both),
        lambda: client.delete_network_load_balancer("hk-br5", OUTSIDE),
    )
    state = (lambda: client.network_load_balancer_state("hk-br5", OUTSIDE),)
    instances = [{"name": "c1"}]
    pools = (
        lambda: client.network_load_balancer_pools("hk-br5"),
        lambda: client.network_load_balancer_pool("hk-br5", "web"),
        lambda: client.create_network_load_balancer_pool("hk-br5", "web", instances=instances),
        lambda: client.update_network_load_balancer_pool("hk-br5", "web", instances=[]),
        lambda: client.delete_network_load_balancer_pool("hk-br5", "web"),
        lambda: client.network_load_balancer_pool_state("hk-br5", "web"),
    )
    with a_network(client, "hk-br5", config=QUIET):
        for extension, words, calls in (
            ("network_peer", "peering", peers),
            ("network_load_balancer", "load balancers", balancers),
            ("network_load_balancer_state", "load balancers", state),
            ("network_load_balancer_pool", "load balancer", pools),
        ):
            if not client.has_extension(extension):
                refuse_all(extension, *calls)
                continue
            for call in calls:
                with pytest.raises(hyperkit.BadRequest, match=f"does not support {words}"):
                    call()


def test_life_of_an_acl(client):
    with gone_afterwards(client.delete_network_acl, "hk-acl", "hk-acl2"):
        client.create_network_acl(
            "hk-acl", config={"user.a": 1}, description="Web", egress=[DROP], ingress=[WEB]
        )
        assert "hk-acl" in client.network_acls()
        client.patch_network_acl("hk-acl", config={"user.b": True})
        found = client.network_acl("hk-acl")
        assert (found.config, found.description) == ({"user.a": "1", "user.b": "true"}, "Web")
        assert found.ingress == [{**WEB, "destination_port": "80"}]
        assert found.egress == [DROP]
        etag = client.last_response.headers["ETag"]
        client.patch_network_acl("hk-acl", egress=[], description="No more")
        with pytest.raises(hyperkit.PreconditionFailed):
            client.patch_network_acl("hk-acl", egress=[DROP], etag=etag)
        with client.edit_network_acl("hk-acl") as acl:
            acl.ingress.append(DROP)
        [found] = [one for one in client.network_acls(recursion=1) if one.name == "hk-acl"]
        assert (len(found.ingress), found.egress, found.description) == (2, [], "No more")
        client.update_network_acl("hk-acl", ingress=[DROP])
        found = client.network_acl("hk-acl")
        assert (found.config, found.description, found.ingress) == ({}, "", [DROP])
        with pytest.raises(hyperkit.APIError, match="State must be one of"):
            client.create_network_acl("hk-acl2", ingress=[{"action": "allow"}])
        client.rename_network_acl("hk-acl", "hk-acl2")
        # Only OVN networks have a log; that there is none is a failure in all servers.
        with pytest.raises(hyperkit.InternalServerError, match="Only OVN log entries"):
            client.network_acl_log("hk-acl2")
        client.delete_network_acl("hk-acl2")
        with pytest.raises(hyperkit.NotFound):
            client.network_acl("hk-acl2")


def test_acls_of_all_projects_are_listed_and_filtered(client):
    with gone_afterwards(client.delete_network_acl, "hk-acl3"):
        client.create_network_acl("hk-acl3")
        if not client.has_extension("network_acls_all_projects"):
            refuse_all("network_acls_all_projects", lambda: client.network_acls(all_projects=True))
        else:
            assert "hk-acl3" in client.network_acls(all_projects=True)
        needs(client, "api_filtering_extended", lambda: client.network_acls(filter="name eq a"))
        assert client.network_acls(filter="name eq hk-acl3") == ["hk-acl3"]


def test_life_of_a_zone(client):
    with gone_afterwards(client.delete_network_zone, "hk.example"):
        client.create_network_zone("hk.example", config={"user.a": 1}, description="Zone")
        assert "hk.example" in client.network_zones()
        client.patch_network_zone("hk.example", config={"user.b": 2})
        found = client.network_zone("hk.example")
        assert (found.config, found.description) == ({"user.a": "1", "user.b": "2"}, "Zone")
        etag = client.last_response.headers["ETag"]
        client.patch_network_zone("hk.example", description="Other")
        with pytest.raises(hyperkit.PreconditionFailed):
            client.update_network_zone("hk.example", etag=etag)
        with client.edit_network_zone("hk.example") as zone:
            zone.config["dns.nameservers"] = "ns.hk.example"
        [found] = [one for one in client.network_zones(recursion=1) if one.name == "hk.example"]
        assert found.description == "Other"
        assert found.config["dns.nameservers"] == "ns.hk.example"
        client.update_network_zone("hk.example", description="Third")
        found = client.network_zone("hk.example")
        assert (found.config, found.description) == ({}, "Third")
        if client.has_extension("network_zones_all_projects"):
            assert "hk.example" in client.network_zones(all_projects=True)
        if client.has_extension("api_filtering_extended"):
            assert client.network_zones(filter="name eq hk.example") == ["hk.example"]
        client.delete_network_zone("hk.example")
        with pytest.raises(hyperkit.NotFound):
            client.network_zone("hk.example")


def test_life_of_a_record(client):
    address = {"type": "A", "value": INSIDE, "ttl": 60}
    text = {"type": "TXT", "value": "hello"}
    with gone_afterwards(client.delete_network_zone, "hk2.example"):
        client.create_network_zone("hk2.example")
        zone = "hk2.example"
        with gone_afterwards(lambda name: client.delete_network_zone_record(zone, name), "www"):
            client.create_network_zone_record(
                zone, "www", config={"user.a": 1}, description="Web", entries=[address]
            )
            assert client.network_zone_records(zone) == ["www"]
            client.patch_network_zone_record(zone, "www", config={"user.b": 2})
            found = client.network_zone_record(zone, "www")
            assert (found.config, found.description) == ({"user.a": "1", "user.b": "2"}, "Web")
            assert found.entries == [address]
            etag = client.last_response.headers["ETag"]
            client.patch_network_zone_record(zone, "www", description="Other", etag=etag)
            with pytest.raises(hyperkit.PreconditionFailed):
                client.patch_network_zone_record(zone, "www", description="None", etag=etag)
            with client.edit_network_zone_record(zone, "www") as record:
                record.entries.append(text)
            [found] = client.network_zone_records(zone, recursion=1)
            assert (found.description, found.entries) == ("Other", [address, text])
            client.update_network_zone_record(zone, "www", entries=[text])
            found = client.network_zone_record(zone, "www")
            assert (found.config, found.description, found.entries) == ({}, "", [text])
            if client.has_extension("api_filtering_extended"):
                assert client.network_zone_records(zone, filter="name eq nothing") == []
            client.delete_network_zone_record(zone, "www")
            with pytest.raises(hyperkit.NotFound):
                client.network_zone_record(zone, "www")


def test_names_are_listed_as_they_are(client):
    zone = "hk%4.example"
    with gone_afterwards(client.delete_network_zone, zone):
        client.create_network_zone(zone)
        assert zone in client.network_zones()
        with gone_afterwards(lambda name: client.delete_network_zone_record(zone, name), "a%b"):
            client.create_network_zone_record(zone, "a%b")
            assert client.network_zone_records(zone) == ["a%b"]


def test_a_zone_itself_has_a_record(client):
    with gone_afterwards(client.delete_network_zone, "hk3.example"):
        client.create_network_zone("hk3.example")
        client.create_network_zone_record(
            "hk3.example", "@", entries=[{"type": "MX", "value": "10 mail.hk3.example."}]
        )
        assert client.network_zone_record("hk3.example", "@").entries[0].type == "MX"
        client.delete_network_zone_record("hk3.example", "@")
        assert client.network_zone_records("hk3.example") == []


def test_life_of_an_integration(client):
    needs(
        client,
        "network_integrations",
        client.network_integrations,
        lambda: client.create_network_integration("hk-region"),
    )
    with gone_afterwards(client.delete_network_integration, "hk-region", "hk-region2"):
        client.create_network_integration("hk-region", config={"user.a": 1}, description="Far")
        assert "hk-region" in client.network_integrations()
        client.patch_network_integration("hk-region", config={"user.b": 2})
        found = client.network_integration("hk-region")
        assert (found.config, found.description) == ({"user.a": "1", "user.b": "2"}, "Far")
        assert found.type == "ovn"
        etag = client.last_response.headers["ETag"]
        client.patch_network_integration("hk-region", description="Farther", etag=etag)
        with pytest.raises(hyperkit.PreconditionFailed):
            client.update_network_integration("hk-region", etag=etag)
        with client.edit_network_integration("hk-region") as integration:
            integration.config["user.a"] = 3
        [found] = client.network_integrations(filter="name eq hk-region", recursion=1)
        assert (found.config["user.a"], found.description) == ("3", "Farther")
        client.update_network_integration("hk-region", description="Third")
        found = client.network_integration("hk-region")
        assert (found.config, found.description) == ({}, "Third")
        client.rename_network_integration("hk-region", "hk-region2")
        client.delete_network_integration("hk-region2")
        with pytest.raises(hyperkit.NotFound):
            client.network_integration("hk-region2")


def test_life_of_an_address_set(client):
    needs(
        client,
        "network_address_set",
        client.network_address_sets,
        lambda: client.create_network_address_set("hk-set"),
    )
    with gone_afterwards(client.delete_network_address_set, "hk-set", "hk-set2"):
        client.create_network_address_set("hk-set", addresses=[INSIDE], description="Inside")
        assert client.network_address_sets(filter="name eq hk-set") == ["hk-set"]
        client.patch_network_address_set("hk-set", config={"user.a": 1})
        found = client.network_address_set("hk-set")
        assert (found.addresses, found.description) == ([INSIDE], "Inside")
        assert found.config == {"user.a": "1"}
        etag = client.last_response.headers["ETag"]
        client.patch_network_address_set("hk-set", description="Both", etag=etag)
        with pytest.raises(hyperkit.PreconditionFailed):
            client.update_network_address_set("hk-set", etag=etag)
        with client.edit_network_address_set("hk-set") as edited:
            edited.addresses.append(OUTSIDE)
        listed = client.network_address_sets(all_projects=True, recursion=1)
        [found] = [one for one in listed if one.name == "hk-set"]
        assert (found.addresses, found.description) == ([INSIDE, OUTSIDE], "Both")
        client.update_network_address_set("hk-set", addresses=[OUTSIDE])
        found = client.network_address_set("hk-set")
        assert (found.addresses, found.description) == ([OUTSIDE], "")
        client.rename_network_address_set("hk-set", "hk-set2")
        client.delete_network_address_set("hk-set2")
        with pytest.raises(hyperkit.NotFound):
            client.network_address_set("hk-set2")
