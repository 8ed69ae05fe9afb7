"""Networks and what belongs to them: what is sent, and what servers would do without it."""

import pytest
from unit.double import error, operation, started

import hyperkit
from hyperkit import _edit

BR0 = "/1.0/networks/br0"
FORWARD = f"{BR0}/forwards/192.0.2.1"
ACL = "/1.0/network-acls/web"
RECORD = "/1.0/network-zones/example.net/records/www"
RULE = {"action": "allow", "state": "enabled"}


def test_names_are_quoted_whole(met, double):
    client = met("network", "network_dns_records")
    double.expect("DELETE", "/1.0/networks/a%2Fb%3F%23%25")
    client.delete_network("a/b?#%")
    double.expect("GET", "/1.0/network-zones/a%2Fb/records/%40", {"name": "@"})
    assert client.network_zone_record("a/b", "@").name == "@"


@pytest.mark.parametrize(
    ("extension", "call"),
    [
        ("network", lambda client: client.create_network("br0")),
        ("network", lambda client: client.patch_network("br0")),
        ("network_state", lambda client: client.network_state("br0")),
        ("network_leases", lambda client: client.network_leases("br0")),
        ("clustering", lambda client: client.network("br0", target="node1")),
        ("clustering", lambda client: client.networks(target="node1")),
        ("clustering", lambda client: client.create_network("br0", member_config={})),
        ("networks_all_projects", lambda client: client.networks(all_projects=True)),
        ("network_acl", lambda client: client.network_acls()),
        ("network_acl_log", lambda client: client.network_acl_log("web")),
        ("network_address_set", lambda client: client.network_address_sets()),
        ("network_allocations", lambda client: client.network_allocations()),
        ("network_forward", lambda client: client.network_forwards("br0")),
        ("network_integrations", lambda client: client.network_integrations()),
        ("network_load_balancer", lambda client: client.network_load_balancers("ovn1")),
        ("network_load_balancer_pool", lambda client: client.network_load_balancer_pools("ovn1")),
        (
            "network_load_balancer_state",
            lambda client: client.network_load_balancer_state("ovn1", "192.0.2.1"),
        ),
        ("network_peer", lambda client: client.network_peers("ovn1")),
        ("network_dns", lambda client: client.network_zones()),
        ("network_dns_records", lambda client: client.network_zone_records("example.net")),
    ],
)
def test_a_server_that_lacks_it_is_not_asked(met, extension, call):
    client = met(*{"network"} - {extension}, lacks={"clustering"})
    with pytest.raises(hyperkit.MissingExtension, match=f'"{extension}"'):
        call(client)


def test_a_filter_that_the_server_would_not_obey_is_refused(client):
    with pytest.raises(hyperkit.MissingExtension, match="api_filtering_extended"):
        client.networks(filter="name eq br0")


def test_lists_are_names_or_objects(met, double):
    client = met("network_forward", "networks_all_projects", "api_filtering_extended")
    double.expect("GET", f"{BR0}/forwards", [f"{BR0}/forwards/fd42%3A%3A1?project=p"])
    assert client.network_forwards("br0") == ["fd42::1"]
    query = {"all-projects": "true", "filter": "type eq bridge", "recursion": "1"}
    double.expect("GET", "/1.0/networks", [{"name": "br0"}], query=query)
    [found] = client.networks(all_projects=True, filter="type eq bridge", recursion=1)
    assert isinstance(found, hyperkit.types.Network)


def test_a_server_of_the_first_hour_tells_of_its_interfaces(bare, double):
    double.expect("GET", "/1.0/networks/eth0", {"name": "eth0"})
    assert bare.network("eth0").name == "eth0"


# Creating over a cluster.


def test_a_network_of_all_members_is_defined_on_each_first(met, double):
    client = met("network", "clustering")
    members = ["/1.0/cluster/members/node1", "/1.0/cluster/members/node2"]
    double.expect("GET", "/1.0/cluster", {"enabled": True})
    double.expect("GET", "/1.0/cluster/members", members)
    own = {"name": "mv", "type": "macvlan", "config": {"parent": "eth0"}}
    double.expect("POST", "/1.0/networks", body=own, query={"target": "node1"})
    double.expect("POST", "/1.0/networks", body={**own, "config": {}}, query={"target": "node2"})
    double.expect("POST", "/1.0/networks", body={"name": "mv", "type": "macvlan"})
    done = client.create_network("mv", type="macvlan", member_config={"node1": {"parent": "eth0"}})
    assert done.status == "Success"


def test_a_network_is_not_of_one_member_and_of_all(bare):
    with pytest.raises(hyperkit.ArgumentError, match="leave one out"):
        bare.create_network("mv", member_config={}, target="node1")


def test_a_network_is_defined_on_one_member(met, double):
    client = met("network", "clustering")
    double.expect("POST", "/1.0/networks", body={"name": "mv"}, query={"target": "node1"})
    client.create_network("mv", target="node1")


# Patching: servers clear what is left out, and crash where `config` is.


def test_a_patch_keeps_what_the_server_would_clear(met, double):
    client = met("network_acl")
    acl = {"description": "Web", "egress": [], "ingress": [RULE], "config": {"user.a": "1"}}
    double.expect("GET", ACL, acl)
    whole = {"config": {"user.b": "2"}, "description": "Web", "egress": [], "ingress": [RULE]}
    double.expect("PATCH", ACL, body=whole)
    assert client.patch_network_acl("web", config={"user.b": 2}).status == "Success"


def test_a_patch_of_everything_reads_nothing(met, double):
    client = met("network_acl")
    body = {"config": {}, "description": "Web", "egress": [], "ingress": [RULE]}
    double.expect("PATCH", ACL, body=body)
    client.patch_network_acl("web", description="Web", egress=[], ingress=[RULE])


def test_a_patch_of_a_record_merges_by_itself(met, double):
    client = met("network_dns_records")
    found = {"name": "www", "description": "Web", "entries": None, "config": {"user.a": "1"}}
    double.expect("GET", RECORD, found)
    body = {"config": {"user.a": "1", "user.b": "2"}, "description": "Web", "entries": None}
    double.expect("PATCH", RECORD, body=body)
    client.patch_network_zone_record("example.net", "www", config={"user.b": 2})


def forward(**fields):
    return {"listen_address": "192.0.2.1", "config": {}, "description": "", "ports": []} | fields


def test_a_patch_goes_on_top_of_what_others_have_changed(met, double, monkeypatch):
    client = met("network")
    etags = iter(['"one"', '"two"'])
    monkeypatch.setattr("hyperkit._edit.etag_of", lambda client: next(etags))
    body = {"config": {"user.a": "1"}, "description": "Old"}
    double.expect("GET", BR0, {"description": "Old", "config": {}})
    double.expect("PATCH", BR0, status=412, raw=error(412, "ETag"), body=body)
    double.expect("GET", BR0, {"description": "Theirs", "config": {}})
    double.expect("PATCH", BR0, body={**body, "description": "Theirs"})
    client.patch_network("br0", config={"user.a": 1})
    assert double.headers[-1]["If-Match"] == '"two"'


def test_a_patch_does_not_run_after_a_server_for_ever(met, double):
    client = met("network_forward")
    body = {"config": {"user.a": "1"}, "description": "", "ports": []}
    for _ in range(_edit._TRIES):
        double.expect("GET", FORWARD, forward())
        double.expect("PATCH", FORWARD, status=412, raw=error(412, "ETag"), body=body)
    with pytest.raises(hyperkit.PreconditionFailed):
        client.patch_network_forward("br0", "192.0.2.1", config={"user.a": 1})


def test_a_patch_with_the_etag_of_the_caller_is_refused_at_once(met, double):
    client = met("network")
    double.expect("GET", BR0, {"description": "Inside", "config": {}})
    body = {"config": {"mtu": "1400"}, "description": "Inside"}
    double.expect("PATCH", BR0, status=412, raw=error(412, "ETag"), body=body)
    with pytest.raises(hyperkit.PreconditionFailed):
        client.patch_network("br0", config={"mtu": 1400}, etag='"mine"')
    assert double.headers[-1]["If-Match"] == '"mine"'


def test_a_patch_of_one_member_reads_that_member(met, double):
    client = met("network", "clustering")
    query = {"target": "node1"}
    double.expect("GET", BR0, {"description": "Inside", "config": {}}, query=query)
    body = {"config": {"parent": "eth1"}, "description": "Inside"}
    double.expect("PATCH", BR0, body=body, query=query)
    client.patch_network("br0", config={"parent": "eth1"}, target="node1")


def test_an_etag_counts_though_the_server_would_pass_over_it(met, double, monkeypatch):
    client = met("network_forward")
    monkeypatch.setattr("hyperkit._edit.etag_of", lambda client: '"theirs"')
    everything = {"config": {}, "description": "Web", "ports": []}
    for change in (client.update_network_forward, client.patch_network_forward):
        double.expect("GET", FORWARD, forward())
        with pytest.raises(hyperkit.PreconditionFailed, match="has changed since it was read"):
            change("br0", "192.0.2.1", **everything, etag='"mine"')
        double.expect("GET", FORWARD, forward())
        method = "PUT" if change == client.update_network_forward else "PATCH"
        double.expect(method, FORWARD, body=everything)
        change("br0", "192.0.2.1", **everything, etag="theirs")
        assert double.headers[-1]["If-Match"] == "theirs"


# Editing.


def test_an_edit_writes_what_can_be_written(met, double):
    client = met("network")
    double.expect("GET", BR0, {"name": "br0", "description": "", "config": {"ipv4.nat": "true"}})
    double.expect("PUT", BR0, body={"description": "", "config": {"ipv4.nat": "false"}})
    with client.edit_network("br0") as network:
        network.config["ipv4.nat"] = False


def test_an_edit_adds_a_port_to_those_of_a_newer_server(met, double):
    client = met("network_forward")
    theirs = {"listen_port": "80", "protocol": "tcp", "sparkle": 1}
    double.expect("GET", FORWARD, forward(ports=[theirs]))
    ports = [{**theirs, "listen_port": "81"}, {"listen_port": "443", "protocol": "tcp"}]
    double.expect("PUT", FORWARD, body={"config": {}, "description": "", "ports": ports})
    with client.edit_network_forward("br0", "192.0.2.1") as found:
        found.ports[0]["listen_port"] = 81
        found.ports.append({"listen_port": 443, "protocol": "tcp"})


def test_an_edit_with_a_misspelt_port_writes_nothing(met, double):
    client = met("network_forward")
    double.expect("GET", FORWARD, forward())
    with (
        pytest.raises(hyperkit.ArgumentError, match="no key 'listen_prot'"),
        client.edit_network_forward("br0", "192.0.2.1") as found,
    ):
        found.ports.append({"listen_prot": 443})


# Lists in bodies.


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"acton": "allow"}, "no key 'acton'"),
        ({"action": True}, "action must be text"),
        ({"destination_port": [80]}, "destination_port must be text"),
        ("allow", "list of mappings"),
    ],
)
def test_rules_that_nobody_can_mean_are_refused(bare, rule, words):
    with pytest.raises(hyperkit.ArgumentError, match=words):
        bare.create_network_acl("web", ingress=[rule])
    with pytest.raises(hyperkit.ArgumentError, match=words):
        bare.update_network_acl("web", egress=[rule])
    with pytest.raises(hyperkit.ArgumentError, match=words):
        bare.patch_network_acl("web", egress=[rule])


def test_one_rule_is_no_list(bare):
    with pytest.raises(hyperkit.ArgumentError, match="list of mappings"):
        bare.create_network_acl("web", ingress=RULE)


@pytest.mark.parametrize("ttl", ["60", True, 1.5])
def test_a_time_to_live_is_a_number_of_seconds(bare, ttl):
    entry = {"type": "A", "value": "10.7.0.9", "ttl": ttl}
    with pytest.raises(hyperkit.ArgumentError, match="ttl must be int"):
        bare.create_network_zone_record("example.net", "www", entries=[entry])


@pytest.mark.parametrize("backends", ["c1", 1, [1]])
def test_backends_are_a_list(bare, backends):
    with pytest.raises(hyperkit.ArgumentError, match="target_backend must be a list"):
        bare.create_network_load_balancer(
            "ovn1", "192.0.2.1", ports=[{"listen_port": 80, "target_backend": backends}]
        )


@pytest.mark.parametrize("addresses", ["10.7.0.9", "", [1], 1])
def test_addresses_are_a_list(bare, addresses):
    for call in (
        bare.create_network_address_set,
        bare.patch_network_address_set,
        bare.update_network_address_set,
    ):
        with pytest.raises(hyperkit.ArgumentError, match="list of str"):
            call("admins", addresses=addresses)


def test_numbers_become_text_where_the_server_wants_text(met, double):
    client = met("network_acl")
    rule = {"action": "allow", "destination_port": "80", "state": "enabled"}
    double.expect("POST", "/1.0/network-acls", body={"name": "web", "ingress": [rule]})
    client.create_network_acl("web", ingress=[{**rule, "destination_port": 80, "source": None}])


def test_a_port_that_the_server_would_pass_over_is_refused(met):
    client = met("network_forward", "network_load_balancer")
    with pytest.raises(hyperkit.MissingExtension, match="network_forward_snat"):
        client.update_network_forward("br0", "192.0.2.1", ports=[{"snat": True}])
    with pytest.raises(hyperkit.MissingExtension, match='"network_load_balancer_pool"'):
        client.patch_network_load_balancer("ovn1", "192.0.2.1", ports=[{"target_pool": "web"}])


def test_a_peer_that_the_server_would_take_for_another_is_refused(met):
    client = met("network_peer")
    with pytest.raises(hyperkit.MissingExtension, match="network_integrations"):
        client.create_network_peer("ovn1", "far", target_integration="region1", type="remote")


# Addresses of the server's choice.


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "0:0::0"])
def test_a_server_that_cannot_choose_an_address_is_not_asked_to(met, address):
    client = met("network_forward", "network_load_balancer")
    with pytest.raises(hyperkit.MissingExtension, match="network_allocate_external_ips"):
        client.create_network_forward("br0", address)
    with pytest.raises(hyperkit.MissingExtension, match="network_allocate_external_ips"):
        client.create_network_load_balancer("br0", address)


def test_an_address_that_the_server_has_chosen_is_told(met, double, monkeypatch):
    client = met("network_forward", "network_allocate_external_ips")
    send = double.send

    def located(request, **options):
        response = send(request, **options)
        response.headers["Location"] = FORWARD
        return response

    monkeypatch.setattr(double, "send", located)
    body = {"listen_address": "0.0.0.0"}
    double.expect("POST", f"{BR0}/forwards", body=body, status=201)
    done = client.create_network_forward("br0", "0.0.0.0")
    assert done.metadata["entity_url"] == FORWARD


def test_what_a_later_server_tells_is_left_as_it_is(met, double):
    client = met("network_load_balancer", "network_allocate_external_ips")
    url = BR0
    double.expect("POST", f"{BR0}/load-balancers", raw=started(), body={"listen_address": "::"})
    ended = operation(metadata={"entity_url": url})
    double.expect_wait(ended)
    assert client.create_network_load_balancer("br0", "::").metadata["entity_url"] == url


# Load balancers, pools, peers and integrations, which need OVN.


def test_a_load_balancer_lives_from_its_creation_to_its_state(met, double):
    client = met("network_load_balancer", "network_load_balancer_state")
    url = "/1.0/networks/ovn1/load-balancers/192.0.2.1"
    backend = {"name": "c1", "target_address": "10.7.0.9", "target_port": "80"}
    port = {"listen_port": "80", "protocol": "tcp", "target_backend": ["c1"]}
    body = {"listen_address": "192.0.2.1", "backends": [backend], "ports": [port]}
    double.expect("POST", "/1.0/networks/ovn1/load-balancers", raw=started(), body=body)
    client.create_network_load_balancer(
        "ovn1", "192.0.2.1", backends=[backend], ports=[port], sync=False
    )
    found = {"backends": [backend], "config": {}, "description": "", "ports": [port]}
    double.expect("GET", url, found)
    double.expect("PATCH", url, raw=started(), body={**found, "description": "Web"})
    client.patch_network_load_balancer("ovn1", "192.0.2.1", description="Web", sync=False)
    double.expect("GET", url, found)
    double.expect("PUT", url, body={**found, "backends": []})
    with client.edit_network_load_balancer("ovn1", "192.0.2.1") as balancer:
        balancer.backends.clear()
    double.expect("GET", f"{url}/state", {"backend_health": {"c1": {"ports": []}}})
    state = client.network_load_balancer_state("ovn1", "192.0.2.1")
    assert state.backend_health["c1"].ports == []


def test_a_pool_lives_from_its_creation_to_its_state(met, double):
    client = met("network_load_balancer_pool")
    pools = "/1.0/networks/ovn1/load-balancer-pools"
    instance = {"name": "c1", "target_port": "8443"}
    double.expect("POST", pools, raw=started(), body={"name": "https", "instances": [instance]})
    double.expect_wait()
    created = client.create_network_load_balancer_pool(
        "ovn1", "https", instances=[{"name": "c1", "target_port": 8443}]
    )
    assert created.status == "Success"
    pool = {"name": "https", "config": {}, "description": "", "instances": [instance]}
    double.expect("GET", pools, [pool])
    assert client.network_load_balancer_pools("ovn1") == ["https"]
    double.expect("GET", pools, [pool])
    [found] = client.network_load_balancer_pools("ovn1", recursion=1)
    assert found.instances[0].target_port == "8443"
    double.expect("GET", f"{pools}/https", pool)
    writable = {"config": {}, "description": "", "instances": [instance, {"name": "c2"}]}
    double.expect("PUT", f"{pools}/https", raw=started(), body=writable)
    double.expect_wait()
    with client.edit_network_load_balancer_pool("ovn1", "https") as edited:
        edited.instances.append({"name": "c2"})
    double.expect("GET", f"{pools}/https/state", {"targets": [{"status": "online"}]})
    state = client.network_load_balancer_pool_state("ovn1", "https")
    assert state.targets[0].status == "online"


def test_a_peer_may_be_in_another_region(met, double):
    client = met("network_peer", "network_integrations", server="incus")
    body = {"name": "far", "type": "remote", "target_integration": "region1"}
    double.expect("POST", "/1.0/networks/ovn1/peers", body=body)
    client.create_network_peer("ovn1", "far", target_integration="region1", type="remote")
    far = {**body, "config": {}, "description": "Far"}
    double.expect("GET", "/1.0/networks/ovn1/peers/far", far)
    double.expect(
        "PATCH",
        "/1.0/networks/ovn1/peers/far",
        body={"config": {"user.a": "1"}, "description": "Far"},
    )
    client.patch_network_peer("ovn1", "far", config={"user.a": 1})


def test_an_integration_is_one_of_ovn(met, double):
    client = met("network_integrations", server="incus")
    double.expect("POST", "/1.0/network-integrations", body={"name": "region1", "type": "ovn"})
    assert client.create_network_integration("region1") is None
    double.expect(
        "PATCH", "/1.0/network-integrations/region1", body={"config": {}, "description": "x"}
    )
    client.patch_network_integration("region1", description="x")


def test_a_log_is_read_as_it_is(met, double):
    client = met("network_acl", "network_acl_log")
    double.expect("GET", f"{ACL}/log", raw=b'{"action":"drop"}\n')
    assert client.network_acl_log("web") == b'{"action":"drop"}\n'
    double.expect("GET", f"{ACL}/log", raw=error(500, "Only OVN"), status=500)
    with pytest.raises(hyperkit.InternalServerError, match="Only OVN"):
        client.network_acl_log("web")
