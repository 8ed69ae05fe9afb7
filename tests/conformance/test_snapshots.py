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
