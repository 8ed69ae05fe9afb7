"""Members, groups and links of a cluster, and what is refused before anything is sent."""

import base64
import json
from pathlib import Path

import pytest
from unit.double import greet, started
from unit.servers import key_pair

import hyperkit
from hyperkit._trust import pin

MEMBER = "/1.0/cluster/members/node-1"


@pytest.fixture
def pair(tmp_path):
    """The paths of a certificate and its key."""
    return key_pair(tmp_path, "cluster")


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


@pytest.fixture
def incus(met):
    """Make a client of a member that runs this version of Incus."""
    return lambda version: met(
        "clustering",
        "clustering_evacuation",
        "api_filtering_extended",
        server="incus",
        server_version=version,
    )


def test_names_are_filtered_where_servers_do_not(incus, double):
    client = incus("7.0.2")
    query = {"recursion": "1", "filter": "status eq Online"}
    double.expect("GET", "/1.0/cluster/members", [member()], query=query)
    assert client.cluster_members(filter="status eq Online") == ["node-1"]


@pytest.mark.parametrize("version", ["6.0.4", "6.23", ""])
def test_a_filter_that_the_server_passes_over_is_refused(incus, version):
    client = incus(version)
    with pytest.raises(hyperkit.ArgumentError, match="does not filter cluster members"):
        client.cluster_members(filter="status eq Online")
    with pytest.raises(hyperkit.MissingExtension, match="clustering_restore_skip_mode"):
        client.restore_cluster_member("node-1", mode="skip")


def test_a_member_is_restored_without_its_instances(incus, double):
    client = incus("7.0.2")
    body = {"action": "restore", "mode": "skip"}
    double.expect("POST", f"{MEMBER}/state", raw=started(), body=body)
    client.restore_cluster_member("node-1", mode="skip", sync=False)


def test_a_filter_that_a_server_does_not_know_is_refused(bare, double):
    greet(double, "clustering", "projects")
    with pytest.raises(hyperkit.MissingExtension, match="api_filtering_extended"):
        bare.cluster_members(filter="status eq Online")
    with pytest.raises(hyperkit.MissingExtension, match="api_filtering_extended"):
        bare.projects(filter="name eq blue")


def test_only_a_member_that_has_not_joined_is_pending(bare, double):
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
    greet(double, "clustering_evacuation", lacks={extension})
    with pytest.raises(hyperkit.MissingExtension, match=f'"{extension}"'):
        call(bare)


# Links: only LXD's main branch has them


def test_a_link_is_made_by_a_token_of_the_other_side(bare, double):
    greet(double, "cluster_links")
    offered = {"client_name": "x", "secret": "s3", "fingerprint": "f", "addresses": ["a:1"]}
    body = {"name": "west", "auth_groups": ["links"], "type": "bidirectional"}
    double.expect("POST", "/1.0/cluster/links", offered, body=body)
    token = bare.create_cluster_link_token("west", auth_groups=("links",), type="bidirectional")
    assert json.loads(base64.b64decode(token)) == offered
    double.expect("POST", "/1.0/cluster/links", body={"name": "east", "trust_token": token})
    assert bare.create_cluster_link("east", trust_token=token) is None


def test_a_public_link_is_made_in_two_steps(bare, double, pair):
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
