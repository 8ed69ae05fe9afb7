"""Instances and volumes on the members of a real cluster."""

import pytest
from conformance.left_behind import sweep

import hyperkit

pytestmark = pytest.mark.live_only


def test_an_instance_is_created_on_a_member(first, cluster):
    client = hyperkit.Client(api_endpoint=first.api_endpoint, target=cluster[1]["name"])
    client.create_container("hk-there", alias="busybox")
    assert first.instance("hk-there").location == cluster[1]["name"]
    client.close()


def test_a_move_to_another_member_loses_nothing(first, cluster):
    first.create_container("hk-moved", alias="busybox", config={"user.a": 1})
    first.write_file("hk-moved", "/root/a", content="here")
    before = first.instance("hk-moved")
    [there, *_] = [one["name"] for one in cluster if one["name"] != before.location]
    assert first.move_instance("hk-moved", target=there).status == "Success"
    moved = first.instance("hk-moved")
    assert (moved.location, moved.config["user.a"]) == (there, "1")
    assert moved.config["volatile.uuid"] == before.config["volatile.uuid"]
    assert first.read_file("hk-moved", "/root/a") == b"here"


def test_a_move_may_give_another_name(first, cluster):
    first.create_container("hk-old", alias="busybox")
    first.create_snapshot("hk-old", "then")
    [there, *_] = [
        one["name"] for one in cluster if one["name"] != first.instance("hk-old").location
    ]
    first.move_instance("hk-old", target=there, new_name="hk-new")
    assert (first.instance("hk-new").location, first.snapshots("hk-new")) == (there, ["then"])
    assert "hk-old" not in first.instances()


def test_a_move_to_a_member_that_is_not_there_moves_nothing(first):
    first.create_container("hk-stays", alias="busybox")
    with pytest.raises(hyperkit.Error):
        first.move_instance("hk-stays", target="nowhere")
    assert "hk-stays" in first.instances()


def test_a_copy_goes_to_every_member(first, cluster):
    first.create_container("hk-one", alias="busybox")
    for member in cluster:
        copy = f"hk-copy-{member['name'][-1]}"
        first.copy_instance("hk-one", copy, target=member["name"])
        assert first.instance(copy).location == member["name"]


def test_a_client_may_keep_to_one_member(first, cluster):
    there = first.using(target=cluster[1]["name"])
    there.create_container("hk-target", alias="busybox")
    assert first.instance("hk-target").location == cluster[1]["name"]
    assert first.using(target=cluster[2]["name"]).instance("hk-target").name == "hk-target"
    assert there.server().environment.server_name == cluster[1]["name"]
    with pytest.raises(hyperkit.APIError):
        first.using(target="nowhere").create_container("hk-lost", alias="busybox")


def test_a_member_tells_of_itself(first, cluster):
    there = cluster[1]["name"]
    assert first.server(target=there).environment.server_name == there
    assert first.resources(target=there).memory.total > 0
    first.create_instance("hk-measured", alias="busybox")
    assert first.metrics(target=there).endswith("# EOF\n")


def test_a_member_has_configuration_of_its_own(first, cluster):
    there, here = cluster[1]["name"], first.server().environment.server_name
    key = "core.debug_address"
    before = first.server(target=here).config
    with first.edit_server(target=there) as server:
        server.config[key] = "127.0.0.1:0"
    try:
        assert first.server(target=there).config[key] == "127.0.0.1:0"
        assert first.server(target=here).config == before
    finally:
        first.patch_server({key: ""}, target=there)
    assert key not in first.server(target=there).config


def test_a_volume_moves_from_member_to_member(first, cluster):
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
