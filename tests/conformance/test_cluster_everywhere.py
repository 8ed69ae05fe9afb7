"""What is created over all members of a real cluster."""

import pytest
from conformance.left_behind import sweep

import hyperkit
from hyperkit._everywhere import create_everywhere

pytestmark = pytest.mark.live_only


def test_a_pool_over_all_members_is_one(first, cluster):
    names = [one["name"] for one in cluster]
    try:
        first.create_storage_pool(
            "hk-pool", driver="dir", config={"user.a": 1}, description="On all", member_config={}
        )
        found = first.storage_pool("hk-pool")
        assert (found.status, sorted(found.locations)) == ("Created", sorted(names))
        assert (found.config, found.description) == ({"user.a": "1"}, "On all")
        for name in names:
            assert "source" in first.storage_pool("hk-pool", target=name).config
    finally:
        sweep(first)
    with pytest.raises(hyperkit.ArgumentError, match="hk-nobody"):
        first.create_storage_pool("hk-pool", driver="dir", member_config={"hk-nobody": {}})
    assert "hk-pool" not in first.storage_pools()


def test_a_pool_has_a_source_of_its_own_on_a_member(first, cluster, tmp_path):
    names = [member["name"] for member in cluster]
    own = tmp_path / "own"
    own.mkdir()
    body = {"name": "hk-pool", "driver": "dir", "description": "All", "config": {"user.a": "1"}}
    made = create_everywhere(first, "storage-pools", body, {names[1]: {"source": own}})
    try:
        assert made.status == "Success"
        found = first.get("/1.0/storage-pools/hk-pool").metadata
        assert (found.status, found.description, found.config) == (
            "Created",
            "All",
            {"user.a": "1"},
        )
        assert sorted(found.locations) == names
        there = first.get(f"/1.0/storage-pools/hk-pool?target={names[1]}").metadata
        assert there.config["source"] == str(own)
    finally:
        first.delete("/1.0/storage-pools/hk-pool")


@pytest.mark.parametrize(
    "refused",
    [{"source": "/nonexistent/folder"}, {"rsync.bwlimit": 1}],
    ids=["at the end", "in the middle"],
)
def test_a_pool_that_a_member_refuses_leaves_nothing(first, cluster, refused):
    names = [member["name"] for member in cluster]
    body = {"name": "hk-pool", "driver": "dir", "config": {}}
    with pytest.raises(hyperkit.APIError):
        create_everywhere(first, "storage-pools", body, {names[1]: refused})
    with pytest.raises(hyperkit.NotFound):
        first.get("/1.0/storage-pools/hk-pool")


def test_a_pool_that_is_there_stays(first, cluster):
    body = {"name": "default", "driver": "dir", "config": {}}
    with pytest.raises(hyperkit.APIError):
        create_everywhere(first, "storage-pools", body, {cluster[0]["name"]: {}})
    assert first.get("/1.0/storage-pools/default").metadata.status == "Created"


def test_a_network_over_all_members_is_one(first, cluster):
    parents = {member["name"]: {"parent": "eth0"} for member in cluster}
    narrow = first.using(target=cluster[0]["name"], auto_sync=False)
    body = {"name": "hk-net", "type": "macvlan", "config": {"user.a": "1"}}
    create_everywhere(narrow, "networks", body, parents)
    try:
        found = first.network("hk-net")
        assert (found.status, sorted(found.locations)) == ("Created", sorted(parents))
    finally:
        first.delete_network("hk-net")


def test_a_bridge_that_a_member_cannot_make_leaves_nothing(first, cluster):
    # The members share one machine, so the second one cannot make the interface.
    body = {
        "name": "hk-bridge",
        "type": "bridge",
        "config": {"ipv4.address": "none", "ipv6.address": "none"},
    }
    with pytest.raises(hyperkit.APIError, match="already exists"):
        create_everywhere(first, "networks", body, {cluster[0]["name"]: {}})
    with pytest.raises(hyperkit.NotFound):
        first.network("hk-bridge")


def test_a_member_that_is_not_there_is_named(first):
    with pytest.raises(hyperkit.ArgumentError, match="no member 'nowhere'"):
        create_everywhere(first, "storage-pools", {"name": "hk-pool"}, {"nowhere": {}})
