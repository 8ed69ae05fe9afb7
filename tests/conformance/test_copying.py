"""Copies and moves on one server."""

import pytest

import hyperkit


@pytest.fixture
def source(client, name):
    """A container with a snapshot."""
    client.create_container(name, alias="busybox", config={"user.a": 1, "user.b": 1})
    client.create_snapshot(name, "then")
    return name


def test_copy(client, source):
    copy = f"{source}-2"
    client.copy_container(source, copy, config={"user.b": True}, ephemeral=True)
    original, made = client.instance(source), client.instance(copy)
    assert (made.config["user.a"], made.config["user.b"]) == ("1", "true")
    assert (made.ephemeral, made.profiles) == (True, original.profiles)
    assert made.config["volatile.uuid"] != original.config["volatile.uuid"]
    assert client.snapshots(copy) == ["then"]


def test_copy_of_a_snapshot_and_without_snapshots(client, source):
    client.patch_instance(source, {"config": {"user.a": "later"}})
    client.copy_instance(f"{source}/then", f"{source}-2")
    assert client.instance(f"{source}-2").config["user.a"] == "1"
    client.copy_instance(source, f"{source}-3", instance_only=True)
    assert client.snapshots(f"{source}-3") == []
    client.write_file(source, "/root/new", content="new")
    client.copy_instance(source, f"{source}-3", refresh=True)
    assert client.read_file(f"{source}-3", "/root/new") == b"new"


def test_copy_with_devices(client, source):
    client.patch_instance(source, {"devices": {"mine": {"type": "none"}}})
    network = {"type": "none", "comment": 7}
    client.copy_instance(source, f"{source}-2", devices={"eth0": {"type": "none"}})
    made = client.instance(f"{source}-2").devices
    assert made == {"mine": {"type": "none"}, "eth0": {"type": "none"}}
    with pytest.raises(hyperkit.APIError):
        client.copy_instance(source, f"{source}-3", devices={"eth0": network})
    assert f"{source}-3" not in client.instances()


def test_copy_of_nothing(client, name):
    with pytest.raises(hyperkit.NotFound):
        client.copy_instance(name, f"{name}-2")
    assert f"{name}-2" not in client.instances()


def test_move_to_another_pool(client, source):
    client.post("/1.0/storage-pools", {"name": "hk-pool", "driver": "dir"})
    try:
        client.move_instance(source, pool="hk-pool")
        assert client.instance(source).expanded_devices["root"]["pool"] == "hk-pool"
        client.delete_instance(source)
    finally:
        client.delete("/1.0/storage-pools/hk-pool")


def test_copy_and_move_to_another_project(client, connect, source):
    features = {"features.images": "false", "features.profiles": "false"}
    client.post("/1.0/projects", {"name": "hk-project", "config": features})
    there = connect(default_project="hk-project")
    try:
        client.copy_instance(source, source, project="hk-project")
        assert there.instances() == [source]
        there.delete_instance(source)
        client.move_instance(source, project="hk-project", new_name=f"{source}-2")
        assert there.instances() == [f"{source}-2"]
        assert source not in client.instances()
        there.delete_instance(f"{source}-2")
    finally:
        client.delete("/1.0/projects/hk-project")


def test_edit(client, source):
    with client.edit_instance(source) as instance:
        instance.config["user.new"] = "yes"
    assert client.instance(source).config["user.new"] == "yes"
    with (
        pytest.raises(hyperkit.PreconditionFailed),
        client.edit_instance(source) as instance,
    ):
        client.patch_instance(source, {"config": {"user.mine": "1"}})
        instance.config["user.new"] = "no"
    config = client.instance(source).config
    assert (config["user.new"], config["user.mine"]) == ("yes", "1")
    with client.edit_instance(source) as instance:
        client.patch_instance(source, description="Theirs")
        instance.config["user.new"] = "no"
    found = client.instance(source)
    assert (found.description, found.config["user.new"]) == ("Theirs", "no")


def test_edit_while_the_server_makes_notes_of_its_own(client, source):
    with client.edit_instance(source) as instance:
        client.start_instance(source)
        instance.config["user.new"] = "yes"
    config = client.instance(source).config
    assert config["user.new"] == "yes"
    assert config["volatile.last_state.power"] == "RUNNING"
