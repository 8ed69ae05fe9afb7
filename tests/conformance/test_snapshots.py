"""Snapshots of instances."""

import datetime as dt

import pytest

import hyperkit


@pytest.fixture
def instance(client, name):
    """A container that need not run."""
    client.create_container(name, alias="busybox")
    return name


def test_life_of_a_snapshot(client, instance):
    client.write_file(instance, "/root/a", content="before")
    client.create_snapshot(instance, "one")
    client.write_file(instance, "/root/a", content="after!")
    client.rename_snapshot(instance, "one", "two")
    assert client.snapshots(instance) == ["two"]
    assert client.snapshot(instance, "two").stateful is False
    client.restore_snapshot(instance, "two")
    assert client.read_file(instance, "/root/a") == b"before"
    client.delete_snapshot(instance, "two")
    assert client.snapshots(instance) == []
    with pytest.raises(hyperkit.NotFound):
        client.snapshot(instance, "two")


def test_expiry(client, instance):
    moment = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)
    client.create_snapshot(instance, "one", expires_at=moment)
    [snapshot] = client.snapshots(instance, recursion=1)
    assert snapshot.expires_at == moment
    client.update_snapshot(instance, "one", expires_at="2041-01-01T00:00:00Z")
    assert client.snapshot(instance, "one").expires_at.year == 2041
    client.update_snapshot(instance, "one", expires_at=None)
    assert client.snapshot(instance, "one").expires_at is None


def test_changes_of_the_expiry(client, instance):
    client.create_snapshot(instance, "one")
    found = client.snapshot(instance, "one")
    etag = client.last_response.headers["ETag"]
    assert found.expires_at is None
    client.patch_snapshot(instance, "one", expires_at="2040-01-01T00:00:00Z", etag=etag)
    assert client.instance_snapshot(instance, "one").expires_at.year == 2040
    with pytest.raises(hyperkit.PreconditionFailed):
        client.patch_instance_snapshot(
            instance, "one", expires_at="2041-01-01T00:00:00Z", etag=etag
        )
    with client.edit_instance_snapshot(instance, "one") as snapshot:
        snapshot["expires_at"] = "2042-01-01T00:00:00Z"
    assert client.snapshot(instance, "one").expires_at.year == 2042
    with (
        pytest.raises(hyperkit.PreconditionFailed),
        client.edit_snapshot(instance, "one") as snapshot,
    ):
        client.patch_snapshot(instance, "one", expires_at="2043-01-01T00:00:00Z")
        snapshot["expires_at"] = "2044-01-01T00:00:00Z"
    assert client.snapshot(instance, "one").expires_at.year == 2043


@pytest.mark.usefixtures("older")
def test_what_only_newer_servers_do(client, instance):
    client.create_snapshot(instance, "one")
    with pytest.raises(hyperkit.MissingExtension):
        client.restore_snapshot(instance, "one", disk_only=True)
    with pytest.raises(hyperkit.MissingExtension):
        client.restore_snapshot(instance, "one", disk_volumes_mode="root")
    with pytest.raises(hyperkit.MissingExtension):
        client.delete_snapshot(instance, "one", disk_volumes="root")
    with pytest.raises(hyperkit.MissingExtension):
        client.create_snapshot(instance, "two", disk_volumes_mode="root")
    assert client.snapshots(instance) == ["one"]


@pytest.mark.usefixtures("newest")
def test_restore_the_files_alone(client, instance):
    client.patch_instance(instance, {"config": {"user.a": "1"}})
    client.create_snapshot(instance, "one")
    client.write_file(instance, "/root/a", content="gone")
    client.patch_instance(instance, {"config": {"user.a": "2"}})
    client.restore_snapshot(instance, "one", disk_only=True)
    assert client.instance(instance).config["user.a"] == "2"
    with pytest.raises(hyperkit.NotFound):
        client.read_file(instance, "/root/a")
    for extra in ({"disk_only": False}, {}):
        client.patch_instance(instance, {"config": {"user.a": "3"}})
        client.restore_snapshot(instance, "one", **extra)
        assert client.instance(instance).config["user.a"] == "1"
    with pytest.raises(hyperkit.MissingExtension, match="instance_snapshots_multi_volume"):
        client.create_snapshot(instance, "two", disk_volumes_mode="root")


def test_stateful_without_criu_is_refused_in_the_servers_words(client, running):
    with pytest.raises(hyperkit.Error, match="CRIU|migration.stateful"):
        client.create_snapshot(running, "one", stateful=True)


def test_what_is_not_there(client, instance):
    with pytest.raises(hyperkit.NotFound):
        client.delete_snapshot(instance, "nothing")
    with pytest.raises((hyperkit.NotFound, hyperkit.OperationFailed)):
        client.restore_snapshot(instance, "nothing")
    client.create_snapshot(instance, "one")
    with pytest.raises((hyperkit.Conflict, hyperkit.OperationFailed)):
        client.create_snapshot(instance, "one")
