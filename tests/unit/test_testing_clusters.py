"""Clusters of one, identities and what else LXD 6 and Incus 7 have, on the embedded server."""

import socket
import threading

import pytest
from unit.servers import key_pair

import hyperkit
from hyperkit.testing import FLAVOURS, Server

ADDRESS = "10.0.0.1:8443"
ADMIN = {"entity_type": "server", "url": "/1.0", "entitlement": "admin"}
VIEWER = {"entity_type": "project", "url": "/1.0/projects/default", "entitlement": "viewer"}
NEW = [one for one in FLAVOURS if one != "lxd-2.0"]


@pytest.fixture(params=NEW)
def clustered(request):
    with Server(request.param) as server, server.client() as client:
        client.patch_server({"cluster.https_address": ADDRESS})
        client.enable_cluster("node-1")
        yield client


@pytest.fixture
def lxd():
    with Server("lxd-6", tls=True) as server:
        yield server


def stranger_of(server, folder, name="stranger"):
    certificate, key = key_pair(folder, name)
    return server.client(client_cert=certificate, client_key=key)


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


def test_a_cluster_shows_another_certificate(lxd, tmp_path):
    client = lxd.client()
    client.enable_cluster("node-1")
    certificate, key = key_pair(tmp_path, "new")
    _, other = key_pair(tmp_path, "other")
    with pytest.raises(hyperkit.BadRequest):
        client.update_cluster_certificate(certificate=certificate, key=other)
    client.update_cluster_certificate(certificate=certificate, key=key)
    client.close()
    with pytest.raises(hyperkit.UntrustedServer):
        client.cluster()
    client.server_cert = certificate
    assert client.cluster().enabled


def test_what_an_identity_may_do(lxd, tmp_path):
    client = lxd.client()
    client.create_auth_group("admins", permissions=[ADMIN])
    client.create_auth_group("viewers", permissions=[VIEWER])
    text = client.certificate_token(client.create_tls_identity_token("laptop", groups=["viewers"]))
    stranger = stranger_of(lxd, tmp_path)
    with pytest.raises(hyperkit.Forbidden):
        stranger.instances()
    stranger.create_tls_identity(trust_token=text)
    with pytest.raises(hyperkit.Forbidden):
        stranger_of(lxd, tmp_path, "late").create_tls_identity(trust_token=text)
    assert stranger.instances() == []
    found = stranger.current_identity()
    assert (found.name, found.fine_grained) == ("laptop", True)
    assert [dict(one) for one in found.effective_permissions] == [VIEWER]
    with pytest.raises(hyperkit.Forbidden):
        stranger.create_instance("web", empty=True)
    client.patch_tls_identity("laptop", groups=["admins"])
    assert stranger.create_instance("web", empty=True).status == "Success"
    client.delete_auth_group("admins")
    assert client.tls_identity("laptop").groups == ["viewers"]
    client.delete_tls_identity("laptop")
    with pytest.raises(hyperkit.Forbidden):
        stranger.instances()


def test_a_bearer_of_a_token(lxd):
    client = lxd.client()
    client.create_auth_group("admins", permissions=[ADMIN])
    client.create_bearer_identity("ci", groups=["admins"])
    token = client.create_bearer_token("ci", expiry="30d")
    with hyperkit.Client(api_endpoint=lxd.url, token=token, server_cert=lxd.certificate) as bearer:
        assert bearer.current_identity().name == "ci"
        assert bearer.instances() == []
        lxd.clock.advance(31 * 86400)
        with pytest.raises(hyperkit.APIError):
            bearer.instances()
    token = client.create_bearer_token("ci")
    client.delete_bearer_token("ci")
    with hyperkit.Client(api_endpoint=lxd.url, token=token, server_cert=lxd.certificate) as bearer:
        with pytest.raises(hyperkit.APIError):
            bearer.instances()


def test_a_permission_that_cannot_be_weighed(lxd, tmp_path):
    client = lxd.client()
    client.create_instance("web", empty=True)
    exact = {"entity_type": "instance", "url": "/1.0/instances/web", "entitlement": "can_exec"}
    client.create_auth_group("few", permissions=[exact])
    certificate, key = key_pair(tmp_path, "few")
    client.create_tls_identity("few", certificate=certificate, groups=["few"])
    one = lxd.client(client_cert=certificate, client_key=key)
    with pytest.raises(hyperkit.NotImplementedByServer, match="can_exec on a instance"):
        one.instances()


def test_somebody_logs_in(lxd):
    client = lxd.client()
    client.create_auth_group("viewers")
    client.create_identity_provider_group("sales", groups=["viewers"])
    lxd.add_user("jane@example.net", groups=["sales"], name="Jane")
    assert client.oidc_identity("jane@example.net").groups == ["viewers"]
    assert client.auth_group("viewers").identities["oidc"] == ["jane@example.net"]
    [session] = client.oidc_sessions(email="jane@example.net")
    client.delete_oidc_session(session)
    assert client.oidc_sessions() == []
    with Server() as incus, pytest.raises(hyperkit.ArgumentError, match="keep no identities"):
        incus.add_user("jane@example.net")


def test_old_certificates_are_identities_that_stay_as_they_are(lxd):
    client = lxd.client()
    [one] = client.tls_identities(recursion=1)
    assert one.type == "Client certificate (unrestricted)"
    with pytest.raises(hyperkit.NotImplementedByServer, match="cannot be modified"):
        client.update_tls_identity(one.id, groups=[])


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


def test_the_keys_that_are_described_are_taken():
    for flavour in ("lxd-6", "incus-6.0"):
        with Server(flavour) as server, server.client() as client:
            found = client.metadata_configuration()
            keys = {
                kind: [name for group in groups.values() for key in group["keys"] for name in key]
                for kind, groups in found.configs.items()
            }
            client.create_profile("web", config=dict.fromkeys(keys["instance"], "1"))
            client.create_project("blue", config=dict.fromkeys(keys["project"], "1"))
            client.patch_server(dict.fromkeys(keys["server"], ""))
            assert ("entities" in found) == (flavour == "lxd-6")


def test_a_port_in_an_instance():
    with (
        Server("incus-7") as server,
        server.client() as client,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        client.launch_instance("web", alias="busybox")
        server.add_port("web", 80, local=listener.getsockname()[1])

        def echo():
            with listener.accept()[0] as accepted:
                accepted.sendall(accepted.recv(5)[::-1])

        thread = threading.Thread(target=echo)
        thread.start()
        with client.connect_instance_port("web", 80) as connection:
            connection.settimeout(10)
            connection.sendall(b"hello")
            assert connection.recv(5) == b"olleh"
            assert connection.recv(1) == b""
        thread.join()
        with pytest.raises(hyperkit.InternalServerError, match="connection refused"):
            client.connect_instance_port("web", 81)
