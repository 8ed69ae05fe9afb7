"""What a server that is in no cluster says of clusters, and what no server of the lab has."""

import pytest

import hyperkit
from hyperkit._everywhere import create_everywhere

LATER = {
    "cluster_links": {
        "cluster_link": ["one"],
        "cluster_link_state": ["one"],
        "cluster_links": [],
        "create_cluster_link_token": ["one"],
        "delete_cluster_link": ["one"],
        "patch_cluster_link": ["one"],
        "rename_cluster_link": ["one", "two"],
        "update_cluster_link": ["one"],
    },
    "instance_placement_groups": {
        "create_placement_group": ["one"],
        "delete_placement_group": ["one"],
        "patch_placement_group": ["one"],
        "placement_group": ["one"],
        "placement_groups": [],
        "rename_placement_group": ["one", "two"],
        "update_placement_group": ["one"],
    },
    "replicators": {
        "create_replicator": ["one"],
        "delete_replicator": ["one"],
        "patch_replicator": ["one"],
        "rename_replicator": ["one", "two"],
        "replicator": ["one"],
        "replicator_state": ["one"],
        "replicators": [],
        "run_replicator": ["one"],
        "update_replicator": ["one"],
    },
}


def test_a_server_that_is_alone_has_no_members(client):
    found = client.cluster()
    assert (found.enabled, found.server_name) == (False, "")
    for ask in (client.cluster_members, client.cluster_groups):
        with pytest.raises(hyperkit.APIError, match="not clustered"):
            ask()
    with pytest.raises(hyperkit.BadRequest, match="not clustered"):
        client.create_cluster_join_token("node-4")


def test_a_server_that_is_alone_is_not_disabled(client):
    # The server would do it, and start anew with an empty database.
    with pytest.raises(hyperkit.ArgumentError, match="not part of a cluster"):
        client.disable_cluster(force=True)


def test_nothing_is_created_over_no_cluster(client):
    body = {"name": "hk-pool", "driver": "dir", "config": {}}
    with pytest.raises(hyperkit.ArgumentError, match="leave member_config out"):
        create_everywhere(client, "storage-pools", body, {"node-1": {}})


def test_what_later_servers_have_is_not_asked_for(client, kind):
    version = client.server().environment.server_version
    title = {"lxd": "LXD", "incus": "Incus"}[kind] + f" {version}"
    for extension, calls in LATER.items():
        for name, arguments in calls.items():
            with pytest.raises(hyperkit.MissingExtension, match=extension) as caught:
                getattr(client, name)(*arguments)
            assert title in str(caught.value)
    for edit in (client.edit_cluster_link, client.edit_placement_group, client.edit_replicator):
        with pytest.raises(hyperkit.MissingExtension), edit("one"):
            raise AssertionError("nothing is there to edit")
