"""Clusters: tokens, joining and leaving, and what is checked before anything is sent."""

import base64
import json
import socket
import ssl
import threading
from pathlib import Path

import pytest
from unit.double import error, greet, operation, started
from unit.servers import envelope, key_pair, serving, tls

import hyperkit
from hyperkit._contact import shown_certificate
from hyperkit._trust import pin

MEMBER = "/1.0/cluster/members/node-1"
NAMES = ["", ".", "..", "a\nb"]


def token_operation(fingerprint="f" * 64, **metadata):
    found = {
        "addresses": ["10.0.0.1:8443"],
        "expiresAt": "2040-01-01T00:00:00Z",
        "fingerprint": fingerprint,
        "secret": "s3",
        "serverName": "node-4",
    }
    return operation(103, "Running", metadata=found | metadata) | {"class": "token"}


def token_for(certificate, addresses=("10.0.0.1:8443",)):
    issued = token_operation(pin(certificate), addresses=list(addresses))
    return hyperkit.cluster_join_token(issued)


@pytest.fixture
def pair(tmp_path):
    """The paths of a certificate and its key."""
    return key_pair(tmp_path, "cluster")


# Tokens


def test_a_token_is_never_waited_for(bare, double):
    greet(double, "clustering_join_token")
    issued = {**started(), "metadata": token_operation()}
    double.expect("POST", "/1.0/cluster/members", raw=issued, body={"server_name": "node-4"})
    assert bare.create_cluster_join_token("node-4").status == "Running"


def test_the_text_of_a_token():
    issued = token_operation(entity_url="/1.0")
    text = hyperkit.cluster_join_token(issued)
    assert json.loads(base64.b64decode(text)) == {
        "server_name": "node-4",
        "fingerprint": "f" * 64,
        "addresses": ["10.0.0.1:8443"],
        "secret": "s3",
        "expires_at": "2040-01-01T00:00:00Z",
    }


@pytest.mark.parametrize("metadata", [None, {}, {"request": {"name": "laptop"}, "secret": "s"}])
def test_an_operation_that_issued_no_token(metadata):
    with pytest.raises(hyperkit.ArgumentError, match="issued no token"):
        hyperkit.cluster_join_token({"metadata": metadata})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no base64",
        base64.b64encode(b"no JSON").decode(),
        base64.b64encode(b"[1]").decode(),
        base64.b64encode(b'{"client_name": "laptop", "secret": "s3cret"}').decode(),
        base64.b64encode(
            b'{"server_name": "a", "fingerprint": "", "addresses": [], "secret": "s3cret"}'
        ).decode(),
        "\u00e9",
    ],
)
def test_what_is_no_token_is_not_repeated(bare, text):
    with pytest.raises(hyperkit.ArgumentError, match="no token|no join token") as caught:
        bare.join_cluster(text, server_address="10.0.0.4:8443")
    assert "s3cret" not in str(caught.value)
    assert text == "" or text not in str(caught.value)


# Joining


@pytest.mark.parametrize(
    ("extensions", "field"),
    [
        (["clustering"], "cluster_password"),
        (["clustering", "explicit_trust_token"], "cluster_token"),
    ],
)
def test_where_the_token_goes(bare, double, pair, extensions, field):
    certificate = Path(pair[0]).read_text()
    token = token_for(certificate)
    greet(double, *extensions)
    double.expect(
        "PUT",
        "/1.0/cluster",
        raw=started(),
        body={
            "cluster_address": "10.0.0.1:8443",
            "cluster_certificate": certificate,
            field: token,
            "enabled": True,
            "member_config": [
                {"entity": "storage-pool", "name": "default", "key": "size", "value": "5"}
            ],
            "server_address": "10.0.0.4:8443",
            "server_name": "node-4",
        },
    )
    double.expect("GET", "/1.0/operations/u-1/wait", operation(), query={"timeout": "30"})
    key = {"entity": "storage-pool", "name": "default", "key": "size", "value": 5}
    done = bare.join_cluster(
        token,
        cluster_certificate=pair[0],
        member_config=[key],
        server_address="10.0.0.4:8443",
    )
    assert done.status == "Success"


def test_another_certificate_than_the_tokens(bare, tmp_path, pair):
    [other, _] = key_pair(tmp_path, "other")
    with pytest.raises(hyperkit.UntrustedServer, match="Nothing was sent"):
        bare.join_cluster(
            token_for(pair[0]), cluster_certificate=other, server_address="10.0.0.4:8443"
        )


def test_the_cluster_is_asked_for_its_certificate(bare, double, pair):
    greet(double, "clustering")
    with serving(
        ("127.0.0.1", 0), lambda request: (200, {}, envelope()), context=tls(*pair)
    ) as there:
        address = "127.0.0.1:{1}".format(*there.server_address)
        token = token_for(pair[0], ["127.0.0.1:1", address])
        double.expect(
            "PUT",
            "/1.0/cluster",
            raw=started(),
            body={
                "cluster_address": address,
                "cluster_certificate": Path(pair[0]).read_text(),
                "cluster_password": token,
                "enabled": True,
                "server_address": "10.0.0.4:8443",
                "server_name": "node-4",
            },
        )
        bare.join_cluster(token, server_address="10.0.0.4:8443", sync=False)
        assert (there.connections, there.requests) == (1, [])


def test_somebody_else_answers(bare, double, tmp_path, pair):
    greet(double, "clustering")
    between = tls(*key_pair(tmp_path, "between"))
    with serving(("127.0.0.1", 0), lambda request: None, context=between) as there:
        address = "127.0.0.1:{1}".format(*there.server_address)
        with pytest.raises(hyperkit.UntrustedServer, match=f"{address} shows another"):
            bare.join_cluster(
                token_for(pair[0]), cluster_address=address, server_address="10.0.0.4:8443"
            )
        assert there.requests == []


def test_nobody_answers(bare, double, pair):
    greet(double, "clustering")
    token = token_for(pair[0], ["127.0.0.1:1", "127.0.0.1:2"])
    with pytest.raises(
        hyperkit.ConnectionFailed, match=r"127\.0\.0\.1:1, 127\.0\.0\.1:2.*cluster_certificate"
    ):
        bare.join_cluster(token, server_address="10.0.0.4:8443")


def test_no_certificate_of_ours_is_shown(bare, tmp_path, pair):
    # The cluster is a stranger until its certificate has been compared.
    mine = key_pair(tmp_path, "mine")
    bare.client_cert, bare.client_key = mine
    context = tls(*pair)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(mine[0])
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def look():
            with context.wrap_socket(listener.accept()[0], server_side=True) as peer:
                seen.append(peer.getpeercert(binary_form=True))

        thread = threading.Thread(target=look)
        thread.start()
        found = shown_certificate(bare, "https://127.0.0.1:{1}".format(*listener.getsockname()))
        thread.join()
    assert (pin(found), seen) == (pin(pair[0]), [None])


def test_a_server_that_knows_us_no_more(bare, double, pair):
    greet(double, "clustering")
    double.expect("PUT", "/1.0/cluster", raw=started(), body=joining(pair))
    wait = {"query": {"timeout": "30"}}
    double.expect(
        "GET", "/1.0/operations/u-1/wait", raw=error(403, "not authorized"), status=403, **wait
    )
    double.expect("GET", "/1.0/operations/u-1", raw=error(403, "not authorized"), status=403)
    with pytest.raises(hyperkit.OperationGone, match="Ask the cluster"):
        bare.join_cluster(
            token_for(pair[0]), cluster_certificate=pair[0], server_address="10.0.0.4:8443"
        )


def joining(pair):
    return {
        "cluster_address": "10.0.0.1:8443",
        "cluster_certificate": Path(pair[0]).read_text(),
        "cluster_password": token_for(pair[0]),
        "enabled": True,
        "server_address": "10.0.0.4:8443",
        "server_name": "node-4",
    }


@pytest.mark.parametrize("name", NAMES)
def test_names_that_no_member_has_send_nothing(bare, name):
    for call in (
        bare.enable_cluster,
        bare.create_cluster_join_token,
        bare.create_cluster_group,
        bare.create_placement_group,
        bare.create_replicator,
        bare.create_project,
        bare.create_cluster_link_token,
        bare.cluster_member,
    ):
        with pytest.raises(hyperkit.InvalidName):
            call(name)
    for rename in (
        bare.rename_cluster_member,
        bare.rename_cluster_group,
        bare.rename_cluster_link,
        bare.rename_placement_group,
        bare.rename_project,
        bare.rename_replicator,
    ):
        with pytest.raises(hyperkit.InvalidName):
            rename("a", name)


# Leaving


def expect_cluster(double, *others, enabled=True):
    double.expect("GET", "/1.0/cluster", {"enabled": enabled, "server_name": "node-1"})
    if enabled:
        members = [f"/1.0/cluster/members/{name}" for name in ("node-1", *others)]
        double.expect("GET", "/1.0/cluster/members", members)


def test_disabling_waits_until_the_server_is_back(bare, double):
    greet(double, "clustering")
    expect_cluster(double)
    double.expect("PUT", "/1.0/cluster", body={"enabled": False})
    double.expect("GET", "/1.0/cluster", raw=error(500, "database is closed"), status=500)
    for _ in range(2):
        double.expect("GET", "/1.0/cluster", raw=ConnectionResetError("reset"))
    double.expect("GET", "/1.0/cluster", raw=error(503, "starting"), status=503)
    double.expect("GET", "/1.0/cluster", {"enabled": False})
    assert bare.disable_cluster().status == "Success"


def test_a_server_that_comes_back_as_a_stranger_is_back(bare, double):
    greet(double, "clustering")
    expect_cluster(double)
    double.expect("PUT", "/1.0/cluster", body={"enabled": False})
    double.expect("GET", "/1.0/cluster", raw=error(403, "not authorized"), status=403)
    assert bare.disable_cluster().status == "Success"


def test_a_server_that_goes_before_its_answer_is_out(bare, double):
    greet(double, "clustering")
    expect_cluster(double)
    double.expect(
        "PUT", "/1.0/cluster", raw=ConnectionResetError("reset"), body={"enabled": False}
    )
    double.expect("GET", "/1.0/cluster", raw=ConnectionResetError("reset"))
    double.expect("GET", "/1.0/cluster", {"enabled": False})
    assert bare.disable_cluster().status == "Success"


def test_a_server_that_never_heard_of_it(bare, double):
    bare.operation_timeout = 0.0
    greet(double, "clustering")
    expect_cluster(double)
    double.expect(
        "PUT", "/1.0/cluster", raw=ConnectionResetError("reset"), body={"enabled": False}
    )
    with pytest.raises(hyperkit.ConnectionFailed):
        bare.disable_cluster()


def test_a_server_that_does_not_come_back(bare, double):
    bare.operation_timeout = 0.0
    greet(double, "clustering")
    expect_cluster(double)
    double.expect("PUT", "/1.0/cluster", body={"enabled": False})
    with pytest.raises(hyperkit.OperationTimeout, match="not come back within 0 seconds"):
        bare.disable_cluster()


def test_disabling_without_waiting(bare, double):
    greet(double, "clustering")
    expect_cluster(double, "node-2")
    double.expect("PUT", "/1.0/cluster", body={"enabled": False})
    assert bare.disable_cluster(force=True, sync=False).status == "Success"


def test_what_would_lose_a_database_is_refused(bare, double):
    greet(double, "clustering")
    expect_cluster(double, enabled=False)
    with pytest.raises(hyperkit.ArgumentError, match="not part of a cluster"):
        bare.disable_cluster(force=True)
    expect_cluster(double, "node-3", "node-2")
    with pytest.raises(hyperkit.ArgumentError, match=r"\(node-2, node-3\)"):
        bare.disable_cluster()
    with pytest.raises(hyperkit.ArgumentError, match="without target"):
        bare.using(target="node-2").disable_cluster(force=True)


def test_a_key_and_a_certificate_are_read(bare, double, pair):
    greet(double, "clustering_update_cert")
    certificate, key = (Path(place).read_text() for place in pair)
    body = {"cluster_certificate": certificate, "cluster_certificate_key": key}
    for given in (pair, (certificate, key)):
        double.expect("PUT", "/1.0/cluster/certificate", body=body)
        bare.update_cluster_certificate(certificate=given[0], key=given[1])
    with pytest.raises(hyperkit.CertificateError, match="key /nowhere cannot be read"):
        bare.update_cluster_certificate(certificate=certificate, key="/nowhere")


# Members


def member(**fields):
    return {
        "config": {"user.a": "1"},
        "description": "First",
        "failure_domain": "rack-1",
        "groups": ["default"],
        "roles": ["database"],
        "server_name": "node-1",
        "status": "Online",
    } | fields


def test_a_patch_keeps_what_servers_would_drop(bare, double):
    greet(double, "clustering")
    double.expect("GET", MEMBER, member())
    double.expect(
        "PATCH",
        MEMBER,
        body={
            "config": {"user.b": "2"},
            "description": "First",
            "failure_domain": "rack-2",
            "groups": ["default"],
            "roles": ["database"],
        },
    )
    bare.patch_cluster_member("node-1", config={"user.b": 2}, failure_domain="rack-2")


def test_an_update_leaves_out_nothing_that_has_to_be(bare, double):
    greet(double, "clustering")
    body = {
        "config": {},
        "description": "",
        "failure_domain": "default",
        "groups": ["default"],
        "roles": [],
    }
    double.expect("PUT", MEMBER, body=body)
    bare.update_cluster_member("node-1")


def greet_incus(double, version):
    found = {
        "auth": "trusted",
        "api_extensions": ["clustering", "clustering_evacuation", "api_filtering_extended"],
        "environment": {"server": "incus", "server_version": version},
    }
    double.expect("GET", "/1.0", found)


def test_names_are_filtered_where_servers_do_not(bare, double):
    greet_incus(double, "7.0.2")
    query = {"recursion": "1", "filter": "status eq Online"}
    double.expect("GET", "/1.0/cluster/members", [member()], query=query)
    assert bare.cluster_members(filter="status eq Online") == ["node-1"]


@pytest.mark.parametrize("version", ["6.0.4", "6.23", ""])
def test_a_filter_that_is_passed_over(bare, double, version):
    greet_incus(double, version)
    with pytest.raises(hyperkit.ArgumentError, match="does not filter cluster members"):
        bare.cluster_members(filter="status eq Online")
    with pytest.raises(hyperkit.MissingExtension, match="clustering_restore_skip_mode"):
        bare.restore_cluster_member("node-1", mode="skip")


def test_restore_in_place(bare, double):
    greet_incus(double, "7.0.2")
    body = {"action": "restore", "mode": "skip"}
    double.expect("POST", f"{MEMBER}/state", raw=started(), body=body)
    bare.restore_cluster_member("node-1", mode="skip", sync=False)


def test_a_filter_that_a_server_would_not_look_at(bare, double):
    greet(double, "clustering", "projects")
    with pytest.raises(hyperkit.MissingExtension, match="api_filtering_extended"):
        bare.cluster_members(filter="status eq Online")
    with pytest.raises(hyperkit.MissingExtension, match="api_filtering_extended"):
        bare.projects(filter="name eq blue")


def test_a_pending_member_has_not_joined(bare, double):
    greet(double, "clustering")
    double.expect("GET", "/1.0/cluster/members", [MEMBER])
    with pytest.raises(hyperkit.ArgumentError, match="has joined"):
        bare.delete_cluster_member("node-1", pending=True)
    double.expect("GET", "/1.0/cluster/members", [MEMBER])
    query = {"pending": "1", "force": "1"}
    double.expect("DELETE", "/1.0/cluster/members/node-4", query=query)
    bare.delete_cluster_member("node-4", force=True, pending=True)


@pytest.mark.parametrize(
    ("call", "extension"),
    [
        (
            lambda client: client.evacuate_cluster_member("a", force=True),
            "clustering_evacuation_force",
        ),
        (
            lambda client: client.evacuate_cluster_member("a", mode="stop"),
            "clustering_evacuation_mode",
        ),
        (
            lambda client: client.restore_cluster_member("a", mode="skip"),
            "clustering_restore_skip_mode",
        ),
        (lambda client: client.create_cluster_group("a", config={}), "clustering_groups_config"),
        (lambda client: client.cluster_member_state("a"), "cluster_member_state"),
        (lambda client: client.cluster(), "clustering"),
        (lambda client: client.projects(), "projects"),
        (lambda client: client.project_state("a"), "project_usage"),
        (
            lambda client: client.create_project("a", network="b"),
            "project_default_network_and_storage",
        ),
        (lambda client: client.delete_project("a", force=True), "projects_force_delete"),
    ],
)
def test_what_a_server_does_not_know_is_not_sent(bare, double, call, extension):
    greet(double, *({"clustering", "clustering_evacuation", "projects"} - {extension}))
    with pytest.raises(hyperkit.MissingExtension, match=f'"{extension}"'):
        call(bare)


# Links: only LXD's main branch has them


def test_a_link_by_a_token_of_the_other_side(bare, double):
    greet(double, "cluster_links")
    offered = {"client_name": "x", "secret": "s3", "fingerprint": "f", "addresses": ["a:1"]}
    body = {"name": "west", "auth_groups": ["links"], "type": "bidirectional"}
    double.expect("POST", "/1.0/cluster/links", offered, body=body)
    token = bare.create_cluster_link_token("west", auth_groups=("links",), type="bidirectional")
    assert json.loads(base64.b64decode(token)) == offered
    double.expect("POST", "/1.0/cluster/links", body={"name": "east", "trust_token": token})
    assert bare.create_cluster_link("east", trust_token=token) is None


def test_a_public_link_in_two_steps(bare, double, pair):
    greet(double, "cluster_links", "cluster_links_public")
    certificate = Path(pair[0]).read_text()
    body = {"name": "west", "type": "public", "remote_address": "10.0.0.1:8443"}
    shown = {"certificate": certificate, "fingerprint": pin(certificate)}
    double.expect("POST", "/1.0/cluster/links", shown, body=body)
    found = bare.create_cluster_link("west", type="public", remote_address="10.0.0.1:8443")
    assert found.fingerprint == pin(pair[0])
    double.expect("POST", "/1.0/cluster/links", body={**body, "cluster_certificate": certificate})
    again = bare.create_cluster_link(
        "west",
        cluster_certificate=found.certificate,
        remote_address="10.0.0.1:8443",
        type="public",
    )
    assert again is None


def test_a_link_to_nowhere_sends_nothing(bare):
    with pytest.raises(hyperkit.ArgumentError, match="create_cluster_link_token"):
        bare.create_cluster_link("west")


def test_a_link_is_quoted_whole(bare, double):
    greet(double, "cluster_links")
    double.expect("GET", "/1.0/cluster/links/a%3F%23%25/state", {}, query={"target": "node-2"})
    bare.cluster_link_state("a?#%", target="node-2")


# Projects


def test_a_patch_keeps_the_other_keys(bare, double):
    greet(double, "projects")
    found = {"config": {"features.images": "true", "user.a": "1"}, "description": "First"}
    double.expect("GET", "/1.0/projects/blue", found)
    body = {"config": {"features.images": "true", "user.a": "2", "user.b": "true"}}
    double.expect("PATCH", "/1.0/projects/blue", body=body)
    bare.patch_project("blue", config={"user.a": 2, "user.b": True})
    double.expect("GET", "/1.0/projects/blue", found)
    double.expect("PATCH", "/1.0/projects/blue", body=found | {"description": "Second"})
    bare.patch_project("blue", description="Second")


def test_a_project_is_deleted_in_the_background(bare, double):
    greet(double, "projects", "projects_force_delete")
    double.expect("DELETE", "/1.0/projects/blue", raw=started(), query={"force": "1"})
    double.expect("GET", "/1.0/operations/u-1/wait", operation(), query={"timeout": "30"})
    assert bare.delete_project("blue", force=True).status == "Success"


def test_a_replica_is_promoted(bare, double):
    greet(double, "project_replica_mode")
    body = {"replica_mode": "leader"}
    url = "/1.0/projects/blue/state"
    double.expect("PUT", url, raw=started(), body=body, query={"force": "1"})
    bare.update_project_state("blue", force=True, replica_mode="leader", sync=False)


# Editing


@pytest.mark.parametrize(
    ("edit", "url", "extension", "found", "body"),
    [
        (
            "edit_cluster_link",
            "/1.0/cluster/links/a",
            "cluster_links",
            {"config": {}, "description": "", "name": "a"},
            {"config": {}, "description": "New"},
        ),
        (
            "edit_placement_group",
            "/1.0/placement-groups/a",
            "instance_placement_groups",
            {"config": {"policy": "spread"}, "description": "", "name": "a"},
            {"config": {"policy": "spread"}, "description": "New"},
        ),
        (
            "edit_replicator",
            "/1.0/replicators/a",
            "replicators",
            {"config": {"cluster": "b"}, "description": "", "last_run_status": "Failed"},
            {"config": {"cluster": "b"}, "description": "New"},
        ),
        (
            "edit_cluster_group",
            "/1.0/cluster/groups/a",
            "clustering_groups",
            {"config": {"user.a": "1"}, "description": "", "members": ["b"], "used_by": []},
            {"config": {"user.a": "1"}, "description": "New", "members": ["b"]},
        ),
        (
            "edit_cluster_member",
            "/1.0/cluster/members/a",
            "clustering",
            {"description": "", "roles": ["database"], "status": "Online"},
            {"config": {}, "description": "New", "roles": ["database"]},
        ),
    ],
)
def test_editing_writes_what_can_be_written(bare, double, edit, url, extension, found, body):
    greet(double, extension)
    double.expect("GET", url, found)
    double.expect("PUT", url, body=body)
    with getattr(bare, edit)("a") as changed:
        changed["description"] = "New"
