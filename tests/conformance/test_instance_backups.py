"""Backups of instances, whole and in passing."""

import datetime as dt
import io
import os
import tarfile

import pytest
from conformance.object_store import taking_objects

import hyperkit
from hyperkit import _backup

NAME = "hyperkit-0000000000000000"


@pytest.fixture
def instance(client, name):
    """A container without files: its backups are small."""
    client.create_container(name, empty=True, config={"user.a": "1"})
    return name


@pytest.fixture
def fixed(monkeypatch):
    """The same name every time, for the recordings."""
    monkeypatch.setattr(_backup, "temporary", lambda: (NAME, "2040-01-01T00:00:00+00:00"))


def test_life_of_a_backup(client, instance, tmp_path):
    moment = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)
    client.create_instance_backup(
        instance, "one", compression_algorithm="none", expires_at=moment, instance_only=True
    )
    assert client.instance_backups(instance) == ["one"]
    [listed] = client.instance_backups(instance, recursion=1)
    assert (listed.name, listed.expires_at, listed.instance_only) == ("one", moment, True)
    client.rename_instance_backup(instance, "one", "two")
    found = client.instance_backup(instance, "two")
    assert found.created_at.tzinfo is not None
    assert found.optimized_storage is False
    told = []
    place = tmp_path / "two.tar"
    client.export_instance_backup(
        instance, "two", place, on_progress=lambda *one: told.append(one)
    )
    with tarfile.open(place) as tar:
        assert "backup/index.yaml" in tar.getnames()
    assert told[-1][0] == place.stat().st_size
    [full] = client.instances(recursion=2, filter=f"name eq {instance}")
    assert full.backups[0]["name"] == "two"
    client.delete_instance_backup(instance, "two")
    assert client.instance_backups(instance) == []
    with pytest.raises(hyperkit.NotFound):
        client.instance_backup(instance, "two")


def test_export_and_import(client, instance, tmp_path, fixed):
    place = client.export_instance(instance, tmp_path / "web.tar.gz", compression_algorithm="gzip")
    assert client.instance_backups(instance) == []
    client.import_instance(place, name=f"{instance}-2", pool="default")
    assert client.instance(f"{instance}-2").config["user.a"] == "1"
    client.delete_instance(instance)
    with open(place, "rb") as file:
        client.import_instance(file)
    assert client.instance(instance).config["user.a"] == "1"
    with pytest.raises(hyperkit.Error, match="(?i)exist"):
        client.import_instance(place)


def test_what_is_no_backup(client, name):
    with pytest.raises(hyperkit.Error):
        client.import_instance(io.BytesIO(b"no backup" * 100), name=name)
    assert name not in client.instances()


def test_what_is_not_there(client, instance, tmp_path, fixed):
    for call in (
        lambda: client.instance_backup(instance, "none"),
        lambda: client.delete_instance_backup(instance, "none"),
        lambda: client.rename_instance_backup(instance, "none", "one"),
        lambda: client.export_instance_backup(instance, "none", tmp_path / "a"),
        lambda: client.instance_backups(f"{instance}-none"),
        lambda: client.export_instance(f"{instance}-none", tmp_path / "a"),
    ):
        with pytest.raises(hyperkit.NotFound):
            call()
    assert os.listdir(tmp_path) == []


@pytest.mark.usefixtures("older")
def test_what_the_servers_cannot_do(client, instance):
    for arguments in ({"root_only": True}, {"target": {}}, {"version": 1}):
        with pytest.raises(hyperkit.MissingExtension):
            client.create_instance_backup(instance, **arguments)
    for arguments in ({"config": {"a": "b"}}, {"devices": {"eth0": {"type": "none"}}}):
        with pytest.raises(hyperkit.MissingExtension):
            client.import_instance(io.BytesIO(b"x"), **arguments)


@pytest.mark.usefixtures("newest")
def test_what_only_the_newest_server_can_do(client, instance, tmp_path, fixed):
    client.create_instance_backup(instance, "one", root_only=True)
    assert client.instance_backup(instance, "one").instance_only is False
    done = client.create_instance_backup(instance, instance_only=True)
    assert done.resources["backups"] == [f"/1.0/instances/{instance}/backups/backup0"]
    place = client.export_instance(instance, tmp_path / "a.tar.gz", root_only=True)
    none = {"eth0": {"type": "none"}}
    client.import_instance(
        place, config={"user.a": 2, "user.b": "c&d=e"}, devices=none, name=f"{instance}-2"
    )
    found = client.instance(f"{instance}-2")
    assert (found.config["user.a"], found.config["user.b"]) == ("2", "c&d=e")
    assert found.devices == none
    with pytest.raises(hyperkit.MissingExtension, match="backup_metadata_version"):
        client.create_instance_backup(instance, "two", version=1)


@pytest.mark.live_only
@pytest.mark.usefixtures("newest")
def test_a_backup_is_sent_elsewhere_and_not_kept(client, instance):
    with taking_objects() as (url, objects):
        target = {"protocol": "s3", "url": url, "bucket_name": "hk", "path": "a/one.tar"}
        target |= {"access_key": "a", "secret_key": "s"}
        client.create_instance_backup(instance, compression_algorithm="none", target=target)
    assert client.instance_backups(instance) == []
    [(path, content)] = objects.items()
    assert path == "/hk/a/one.tar"
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert "backup/index.yaml" in tar.getnames()


@pytest.mark.live_only
def test_large_backups_go_and_come_whole(client, name, tmp_path):
    client.create_container(name, alias="busybox", devices={"eth0": {"type": "none"}})
    noise = os.urandom(8 << 20)
    client.write_file(name, "/root/noise", content=noise)
    client.create_snapshot(name, "then")
    place = client.export_instance(name, tmp_path / "web.tar", compression_algorithm="none")
    told = []
    client.import_instance(place, name=f"{name}-2", on_progress=lambda *one: told.append(one))
    assert told[-1][:2] == (place.stat().st_size, place.stat().st_size)
    assert client.read_file(f"{name}-2", "/root/noise") == noise
    assert client.snapshots(f"{name}-2") == ["then"]
