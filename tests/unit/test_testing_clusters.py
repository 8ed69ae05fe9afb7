"""Clusters of one, and what clusters alone have, on the embedded server."""

import pytest
from unit.servers import key_pair

import hyperkit
from hyperkit.testing import FLAVOURS, Server

ADDRESS = "10.0.0.1:8443"
NEW = [one for one in FLAVOURS if one != "lxd-2.0"]


@pytest.fixture(params=NEW)
def clustered(request):
    with Server(request.param) as server, server.client() as client:
        client.patch_server({"cluster.https_address": ADDRESS})
        client.enable_cluster("node-1")
        yield client


def test_a_cluster_needs_an_address():
    with Server() as server, server.client() as client:
        with pytest.raises(hyperkit.APIError, match="Cannot use wildcard"):
            client.enable_cluster("node-1")


def test_a_cluster_of_one(clustered):
    assert clustered.cluster_members() == ["node-1"]
    assert clustered.server().environment.server_name == "node-1"
    made = clustered.create_instance("web", empty=True)
    assert (made.location, clustered.instance("web").location) == ("node-1", "node-1")
    assert clustered.storage_pool("default").locations == ["node-1"]
    clustered.rename_cluster_member("node-1", "west-1")
    assert clustered.cluster_group("default").members == ["west-1"]
    with pytest.raises(hyperkit.OperationFailed, match="already part"):
        clustered.enable_cluster("node-2")
    with pytest.raises(hyperkit.APIError, match="only member"):
        clustered.delete_cluster_member("west-1", force=True)
    assert clustered.disable_cluster().status == "Success"
    assert (clustered.cluster().enabled, clustered.instances()) == (False, [])


def test_pools_and_networks_are_defined_and_then_created(clustered):
    kinds = (
        (clustered.create_storage_pool, clustered.storage_pool, {"driver": "dir"}),
        (clustered.create_network, clustered.network, {"type": "bridge"}),
    )
    for create, read, options in kinds:
        with pytest.raises(hyperkit.APIError, match="not pending on any node"):
            create("new", **options)
        create("new", config={"user.own": 1}, target="node-1", **options)
        assert read("new").status == "Pending"
        with pytest.raises(hyperkit.BadRequest, match='already defined on member "node-1"'):
            create("new", target="node-1", **options)
        create("new", config={"user.all": 2}, **options)
        found = read("new")
        assert found.status == "Created"
        assert {"user.own": "1", "user.all": "2"}.items() <= found.config.items()
        with pytest.raises(hyperkit.APIError, match="already exists"):
            create("new", target="node-1", **options)
        create("other", member_config={"node-1": {"user.own": 1}}, description="Mine", **options)
        assert (read("other").status, read("other").description) == ("Created", "Mine")


def test_events_name_the_project_once():
    with Server("lxd-6") as server, server.client() as client:
        client.patch_server({"cluster.https_address": ADDRESS})
        client.enable_cluster("node-1")
        client.create_project("side")
        side = server.client(default_project="side")
        with client.events(types="lifecycle", all_projects=True, timeout=5) as events:
            client.create_auth_group("readers")
            side.create_placement_group("near", config={"policy": "spread", "rigor": "strict"})
            sources = [next(events).metadata.source for _ in range(2)]
    assert sources == ["/1.0/auth/groups/readers", "/1.0/placement-groups/near?project=side"]


def test_the_member_of_a_cluster(clustered):
    clustered.patch_cluster_member("node-1", config={"user.a": 1}, description="First")
    clustered.patch_cluster_member("node-1", config={"user.b": 2}, failure_domain="rack")
    found = clustered.cluster_member("node-1")
    assert (found.config, found.description) == ({"user.a": "1", "user.b": "2"}, "First")
    with pytest.raises(hyperkit.BadRequest, match="database"):
        clustered.update_cluster_member("node-1")
    with (
        pytest.raises(hyperkit.PreconditionFailed),
        clustered.edit_cluster_member("node-1") as one,
    ):
        clustered.patch_cluster_member("node-1", description="Somebody else's")
        one["description"] = "Mine"
    with pytest.raises(hyperkit.NotFound):
        clustered.cluster_member("node-2")
    with pytest.raises(hyperkit.OperationFailed, match="not evacuated"):
        clustered.restore_cluster_member("node-1")


def test_groups_of_a_cluster(clustered):
    clustered.create_cluster_group("fast", members=["node-1"])
    assert clustered.cluster_member("node-1").groups == ["default", "fast"]
    with pytest.raises(hyperkit.APIError, match="NOT NULL"):
        clustered.create_cluster_group("slow", members=["node-2"])
    with pytest.raises(hyperkit.APIError, match="empty"):
        clustered.delete_cluster_group("fast")
    clustered.update_cluster_group("fast", members=[])
    clustered.rename_cluster_group("fast", "quick")
    clustered.delete_cluster_group("quick")
    assert clustered.cluster_groups() == ["default"]


def test_a_token_to_join_by(clustered):
    issued = clustered.create_cluster_join_token("node-2")
    text = clustered.cluster_join_token(issued)
    with Server() as server, server.client() as other, pytest.raises(hyperkit.ConnectionFailed):
        other.join_cluster(text, cluster_address="127.0.0.1:1", server_address=ADDRESS)
    clustered.cancel_operation(issued)


def test_a_cluster_shows_another_certificate(tmp_path):
    certificate, key = key_pair(tmp_path, "new")
    _, other = key_pair(tmp_path, "other")
    with Server("lxd-6", tls=True) as server, server.client() as client:
        client.enable_cluster("node-1")
        with pytest.raises(hyperkit.BadRequest):
            client.update_cluster_certificate(certificate=certificate, key=other)
        client.update_cluster_certificate(certificate=certificate, key=key)
        client.close()
        with pytest.raises(hyperkit.UntrustedServer):
            client.cluster()
        client.server_cert = certificate
        assert client.cluster().enabled


def test_what_is_placed_and_replicated():
    with Server("lxd-6") as server, server.client() as client:
        spread = {"policy": "spread", "rigor": "strict"}
        with pytest.raises(hyperkit.BadRequest, match="not clustered"):
            client.create_placement_group("apart", config=spread)
        client.patch_server({"cluster.https_address": ADDRESS})
        client.enable_cluster("node-1")
        client.create_placement_group("apart", config=spread)
        with pytest.raises(hyperkit.BadRequest, match="rigor"):
            client.patch_placement_group("apart", config={"rigor": "none"})
        client.create_instance("web", empty=True, config={"placement.group": "apart"})
        assert client.placement_group("apart").used_by == ["/1.0/instances/web"]
        with pytest.raises(hyperkit.BadRequest, match="in use"):
            client.delete_placement_group("apart")
        with pytest.raises(hyperkit.OperationFailed):
            client.create_instance("lost", empty=True, config={"placement.group": "none"})
        with pytest.raises(hyperkit.NotFound, match="link"):
            client.create_replicator("nightly", config={"cluster": "backup"})
        client.create_cluster_link_token("backup")
        client.create_replicator("nightly", config={"cluster": "backup"})
        with pytest.raises(hyperkit.NotImplementedByServer, match="replicate"):
            client.run_replicator("nightly")
        with pytest.raises(hyperkit.BadRequest, match="in use"):
            client.delete_cluster_link("backup")
        client.update_project_state("default", replica_mode="leader")
        assert client.project("default").replica_mode == "leader"
