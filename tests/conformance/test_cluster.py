"""Instances on the members of a real cluster."""

import json
import subprocess
import sys

import pytest
from conformance.conftest import LAB, remove_instances
from conformance.storage import sweep

import hyperkit

pytestmark = pytest.mark.live_only
CLUSTERS = {"lxd": "cluster", "incus": "incus-cluster"}


@pytest.fixture(scope="module")
def cluster(lab):
    """The descriptions of three servers that are one cluster."""
    kind = CLUSTERS[lab["kind"]]
    up = [sys.executable, LAB, "up", kind, "--name", "hk-cluster"]
    done = subprocess.run(up, stdout=subprocess.PIPE, text=True, check=True)
    yield json.loads(done.stdout)["members"]
    subprocess.run([sys.executable, LAB, "down", "hk-cluster"], check=True)


@pytest.fixture
def first(cluster):
    """A client of the first member."""
    with hyperkit.Client(api_endpoint=f"unix://{cluster[0]['socket']}") as client:
        yield client
        remove_instances(client, "hk-")


def test_create_on_a_member(first, cluster):
    client = hyperkit.Client(api_endpoint=first.api_endpoint, target=cluster[1]["name"])
    client.create_container("hk-there", alias="busybox")
    assert first.instance("hk-there").location == cluster[1]["name"]
    client.close()


def test_move_to_another_member(first, cluster):
    first.create_container("hk-moved", alias="busybox", config={"user.a": 1})
    first.write_file("hk-moved", "/root/a", content="here")
    before = first.instance("hk-moved")
    [there, *_] = [one["name"] for one in cluster if one["name"] != before.location]
    assert first.move_instance("hk-moved", target=there).status == "Success"
    moved = first.instance("hk-moved")
    assert (moved.location, moved.config["user.a"]) == (there, "1")
    assert moved.config["volatile.uuid"] == before.config["volatile.uuid"]
    assert first.read_file("hk-moved", "/root/a") == b"here"


def test_move_with_another_name(first, cluster):
    first.create_container("hk-old", alias="busybox")
    first.create_snapshot("hk-old", "then")
    [there, *_] = [
        one["name"] for one in cluster if one["name"] != first.instance("hk-old").location
    ]
    first.move_instance("hk-old", target=there, new_name="hk-new")
    assert (first.instance("hk-new").location, first.snapshots("hk-new")) == (there, ["then"])
    assert "hk-old" not in first.instances()


def test_move_to_a_member_that_is_not_there(first):
    first.create_container("hk-stays", alias="busybox")
    with pytest.raises(hyperkit.Error):
        first.move_instance("hk-stays", target="nowhere")
    assert "hk-stays" in first.instances()


def test_copy_to_every_member(first, cluster):
    first.create_container("hk-one", alias="busybox")
    for member in cluster:
        copy = f"hk-copy-{member['name'][-1]}"
        first.copy_instance("hk-one", copy, target=member["name"])
        assert first.instance(copy).location == member["name"]


def test_a_pool_over_all_members(first, cluster):
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


def test_volumes_on_members(first, cluster):
    here, there = [one["name"] for one in cluster[:2]]
    try:
        first.create_storage_volume(
            "default", "hk-a", config={"user.a": 1}, description="Data", target=here
        )
        assert first.storage_volumes("default", target=there, type="custom") == []
        first.create_storage_volume_snapshot("default", "hk-a", "then", target=here)
        if not first.has_extension("cluster_internal_custom_volume_copy"):
            with pytest.raises(hyperkit.MissingExtension):
                first.relocate_storage_volume(
                    "default", "hk-a", source_location=here, target=there
                )
            return
        first.relocate_storage_volume("default", "hk-a", source_location=here, target=there)
        [moved] = first.storage_volumes("default", filter="name eq hk-a", recursion=1)
        assert (moved.location, moved.config, moved.description) == (
            there,
            {"user.a": "1"},
            "Data",
        )
        assert first.storage_volume_snapshots("default", "hk-a") == ["then"]
        first.create_storage_volume("default", "hk-a", target=here)
        with pytest.raises(hyperkit.Error, match="[Mm]ore than one"):
            first.storage_volume("default", "hk-a")
        first.delete_storage_volume("default", "hk-a", target=here)
    finally:
        sweep(first)
