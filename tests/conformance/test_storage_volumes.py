"""Storage volumes, and what belongs to them."""

import datetime as dt
import io
import os
import tarfile

import pytest
from conformance.archives import archive
from conformance.left_behind import POOL
from conformance.object_store import taking_objects

import hyperkit

pytestmark = pytest.mark.usefixtures("swept")
LATER = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)


def test_life_of_a_volume(client):
    done = client.create_storage_volume(
        POOL, "hk-a", config={"user.a": 1}, description="For a test"
    )
    assert done.status == "Success"
    client.create_storage_volume(POOL, "hk-b", content_type="block", config={"size": "4MiB"})
    assert {"hk-a", "hk-b"} <= set(client.storage_volumes(POOL, type="custom"))
    assert {"custom/hk-a", "custom/hk-b"} <= set(client.storage_volumes(POOL))
    found = client.storage_volume(POOL, "hk-a")
    assert (found.type, found.content_type, found.description) == (
        "custom",
        "filesystem",
        "For a test",
    )
    assert found.config["user.a"] == "1"
    assert client.storage_volume(POOL, "hk-b").content_type == "block"
    client.rename_storage_volume(POOL, "hk-a", "hk-c")
    with pytest.raises(hyperkit.NotFound):
        client.storage_volume(POOL, "hk-a")
    for one in ("hk-b", "hk-c"):
        client.delete_storage_volume(POOL, one)
    assert client.storage_volumes(POOL, type="custom", filter="name eq hk-.*") == []


def test_volumes_are_listed_by_type_and_filter(client, volume):
    client.create_storage_volume(POOL, "hk-b", content_type="block", config={"size": "4MiB"})
    blocks = client.storage_volumes(POOL, filter="content_type eq block", recursion=1)
    assert [one.name for one in blocks] == ["hk-b"]
    assert client.storage_volumes(POOL, type="custom", filter="name eq hk-b") == ["hk-b"]
    # Snapshots are listed too by LXD, and by Incus before 7.
    names = set(client.storage_volumes(POOL, type="custom"))
    assert names - {f"{volume}/then"} == {volume, "hk-b"}
    listed = client.storage_volumes(POOL, recursion=1, type="custom", all_projects=True)
    assert {one.name for one in listed} == names
    assert {one.project for one in listed} == {"default"}
    assert client.storage_volumes(POOL, type="virtual-machine") == []
    if not client.has_extension("storage_volumes_all"):
        with pytest.raises(hyperkit.MissingExtension):
            client.storage_volumes()


def test_an_instance_has_a_volume(client, name):
    client.create_container(name, alias="busybox")
    assert f"container/{name}" in client.storage_volumes(POOL)
    assert name in client.storage_volumes(POOL, type="container")
    found = client.storage_volume(POOL, name, type="container")
    assert (found.type, found.used_by) == ("container", [f"/1.0/instances/{name}"])
    client.create_snapshot(name, "then")
    assert client.storage_volume_snapshots(POOL, name, type="container") == ["then"]


def test_a_patch_keeps_the_description(client, volume):
    client.patch_storage_volume(POOL, volume, config={"user.b": True})
    found = client.storage_volume(POOL, volume)
    assert found.description == "Data"
    assert found.config == {"user.a": "1", "user.b": "true"}
    client.patch_storage_volume(POOL, volume, description="New")
    assert client.storage_volume(POOL, volume).description == "New"


def test_an_update_replaces_and_an_edit_keeps(client, volume):
    client.update_storage_volume(POOL, volume, config={"user.b": 2}, description="New")
    found = client.storage_volume(POOL, volume)
    etag = client.last_response.headers["ETag"]
    assert (found.config, found.description) == ({"user.b": "2"}, "New")
    with client.edit_storage_volume(POOL, volume) as edited:
        edited.config["user.c"] = 3
    assert client.storage_volume(POOL, volume).config == {"user.b": "2", "user.c": "3"}
    with pytest.raises(hyperkit.PreconditionFailed):
        client.update_storage_volume(POOL, volume, etag=etag)
    with (
        pytest.raises(hyperkit.PreconditionFailed),
        client.edit_storage_volume(POOL, volume) as edited,
    ):
        client.patch_storage_volume(POOL, volume, config={"user.d": 4})
        edited.config["user.c"] = 5
    with client.edit_storage_volume(POOL, volume) as edited:
        client.patch_storage_volume(POOL, volume, description="Theirs")
        edited.config["user.c"] = 5
    found = client.storage_volume(POOL, volume)
    assert (found.description, found.config["user.c"]) == ("Theirs", "5")


def test_a_volume_is_read_with_its_state_and_all_that_it_has(client, kind, volume):
    if client.has_extension("storage_volume_full"):
        full = client.storage_volume(POOL, volume, recursion=1)
        assert [one["name"] for one in full.snapshots] == ["then"]
        [listed] = client.storage_volumes(POOL, recursion=2, type="custom")
        assert (listed.name, listed.backups) == (volume, [])
    else:
        with pytest.raises(hyperkit.MissingExtension):
            client.storage_volume(POOL, volume, recursion=1)
        with pytest.raises(hyperkit.MissingExtension):
            client.storage_volumes(POOL, recursion=2)
    if kind == "lxd":  # of a driver that does not count
        with pytest.raises(hyperkit.InternalServerError, match="Not supported"):
            client.storage_volume_state(POOL, volume)
    else:
        assert not (client.storage_volume_state(POOL, volume).usage or {}).get("total")


def test_life_of_a_snapshot(client, volume):
    done = client.create_storage_volume_snapshot(
        POOL, volume, "now", description="Now", expires_at=LATER
    )
    assert done.status == "Success"
    assert sorted(client.storage_volume_snapshots(POOL, volume)) == ["now", "then"]
    listed = client.storage_volume_snapshots(POOL, volume, recursion=1)
    assert {one.name for one in listed} == {f"{volume}/now", f"{volume}/then"}
    found = client.storage_volume_snapshot(POOL, volume, "now")
    assert (found.name, found.description, found.expires_at) == ("now", "Now", LATER)
    client.rename_storage_volume_snapshot(POOL, volume, "now", "later")
    client.patch_storage_volume_snapshot(POOL, volume, "later", description="Later")
    found = client.storage_volume_snapshot(POOL, volume, "later")
    etag = client.last_response.headers["ETag"]
    assert (found.description, found.expires_at) == ("Later", LATER)
    client.update_storage_volume_snapshot(POOL, volume, "later", description="Never")
    found = client.storage_volume_snapshot(POOL, volume, "later")
    assert (found.description, found.expires_at) == ("Never", None)
    with pytest.raises(hyperkit.PreconditionFailed):
        client.update_storage_volume_snapshot(POOL, volume, "later", etag=etag)
    with client.edit_storage_volume_snapshot(POOL, volume, "later") as edited:
        edited["expires_at"] = "2041-01-01T00:00:00Z"
    found = client.storage_volume_snapshot(POOL, volume, "later")
    assert (found.description, found.expires_at.year) == ("Never", 2041)
    client.delete_storage_volume_snapshot(POOL, volume, "later")
    assert client.storage_volume_snapshots(POOL, volume) == ["then"]
    with pytest.raises(hyperkit.NotFound):
        client.storage_volume_snapshot(POOL, volume, "later")


def test_restore_keeps_configuration_and_description(client, volume):
    client.patch_storage_volume(POOL, volume, config={"user.b": 2})
    assert client.restore_storage_volume(POOL, volume, "then").status == "Success"
    found = client.storage_volume(POOL, volume)
    assert (found.config, found.description) == ({"user.a": "1", "user.b": "2"}, "Data")
    with pytest.raises(hyperkit.Error):
        client.restore_storage_volume(POOL, volume, "nothing")


def test_what_is_in_a_volume_comes_back(client, volume, name):
    disk = {"type": "disk", "pool": POOL, "source": volume, "path": "/data"}
    client.create_container(name, alias="busybox", devices={"data": disk})

    def running(action):
        client.start_container(name)
        try:
            return action()
        finally:
            client.stop_container(name, force=True)

    running(lambda: client.write_file(name, "/data/a", content="before"))
    assert client.storage_volume(POOL, volume).used_by == [f"/1.0/instances/{name}"]
    client.create_storage_volume_snapshot(POOL, volume, "before")
    running(lambda: client.write_file(name, "/data/a", content="after"))
    client.restore_storage_volume(POOL, volume, "before")
    assert running(lambda: client.read_file(name, "/data/a")) == b"before"
    with pytest.raises(hyperkit.BadRequest):
        client.delete_storage_volume(POOL, volume)
    client.delete_container(name)


def test_copies_go_to_other_names_pools_and_projects(client, volume):
    client.create_storage_pool("hk-pool", driver="dir")
    client.post("/1.0/projects", {"name": "hk-p", "config": {"features.storage.volumes": "true"}})
    client.copy_storage_volume(
        POOL, volume, "hk-b", config={"user.b": 2}, description="Copy", new_pool="hk-pool"
    )
    found = client.storage_volume("hk-pool", "hk-b")
    assert (found.config, found.description) == ({"user.a": "1", "user.b": "2"}, "Copy")
    assert client.storage_volume_snapshots("hk-pool", "hk-b") == ["then"]
    client.copy_storage_volume(POOL, f"{volume}/then", "hk-c")
    assert client.storage_volume(POOL, "hk-c").config == {"user.a": "1"}
    assert client.storage_volume_snapshots(POOL, "hk-c") == []
    client.copy_storage_volume(POOL, volume, "hk-d", project="hk-p", volume_only=True)
    inside = client.using(project="hk-p")
    assert inside.storage_volumes(POOL, type="custom") == ["hk-d"]
    inside.copy_storage_volume(POOL, "hk-d", "hk-e", project="default")
    assert client.storage_volume(POOL, "hk-e").description == "Data"
    client.create_storage_volume_snapshot(POOL, volume, "later")
    client.copy_storage_volume(POOL, volume, "hk-c", refresh=True)
    assert sorted(client.storage_volume_snapshots(POOL, "hk-c")) == ["later", "then"]
    exclude = {"refresh": True, "refresh_exclude_older": True}
    if client.has_extension("custom_volume_refresh_exclude_older_snapshots"):
        client.copy_storage_volume(POOL, volume, "hk-c", **exclude)
    else:
        with pytest.raises(hyperkit.MissingExtension):
            client.copy_storage_volume(POOL, volume, "hk-c", **exclude)
    with pytest.raises(hyperkit.Error):
        client.copy_storage_volume(POOL, volume, "hk-c")
    with pytest.raises(hyperkit.Error):
        client.copy_storage_volume(POOL, "hk-nothing", "hk-z")


def test_a_copy_of_a_block_volume_is_one(client):
    client.create_storage_volume(POOL, "hk-b", content_type="block", config={"size": "4MiB"})
    client.copy_storage_volume(POOL, "hk-b", "hk-c")
    found = client.storage_volume(POOL, "hk-c")
    assert (found.content_type, found.config["size"]) == ("block", "4MiB")


def test_moves_go_to_other_names_pools_and_projects(client, volume):
    client.create_storage_pool("hk-pool", driver="dir")
    client.post("/1.0/projects", {"name": "hk-p", "config": {"features.storage.volumes": "true"}})
    client.move_storage_volume(POOL, volume, new_name="hk-b")
    client.move_storage_volume(POOL, "hk-b", new_pool="hk-pool")
    assert client.storage_volume_snapshots("hk-pool", "hk-b") == ["then"]
    client.move_storage_volume("hk-pool", "hk-b", project="hk-p", new_name="hk-c")
    inside = client.using(project="hk-p")
    assert inside.storage_volume("hk-pool", "hk-c").config == {"user.a": "1"}
    assert [one for one in client.storage_volumes(POOL, type="custom") if one[:3] == "hk-"] == []
    inside.move_storage_volume("hk-pool", "hk-c", project="default", new_pool=POOL)
    assert client.storage_volume(POOL, "hk-c").description == "Data"


def test_life_of_a_backup(client, volume, tmp_path):
    client.create_storage_volume_backup(
        POOL,
        volume,
        "monday",
        compression_algorithm="none",
        expires_at=LATER,
        optimized_storage=False,
        volume_only=True,
    )
    assert client.storage_volume_backups(POOL, volume) == ["monday"]
    [listed] = client.storage_volume_backups(POOL, volume, recursion=1)
    assert (listed.name, listed.volume_only, listed.expires_at) == ("monday", True, LATER)
    client.rename_storage_volume_backup(POOL, volume, "monday", "sunday")
    assert client.storage_volume_backup(POOL, volume, "sunday").volume_only is True
    told = []
    dest = tmp_path / "backup.tar"
    saved = client.export_storage_volume_backup(
        POOL, volume, "sunday", dest, on_progress=lambda *step: told.append(step)
    )
    size = dest.stat().st_size
    assert saved == dest
    assert told[-1] in {(size, size, "sunday"), (size, None, "sunday")}
    client.delete_storage_volume_backup(POOL, volume, "sunday")
    assert client.storage_volume_backups(POOL, volume) == []
    with pytest.raises(hyperkit.NotFound):
        client.export_storage_volume_backup(POOL, volume, "sunday", tmp_path / "nothing")
    assert os.listdir(tmp_path) == ["backup.tar"]


def test_arguments_that_not_every_server_knows_are_refused(client, volume):
    for extension, argument in (
        ("backup_metadata_version", {"name": "monday", "version": 1}),
        ("backup_s3_upload", {"upload_to": {"protocol": "s3"}}),
    ):
        if not client.has_extension(extension):
            with pytest.raises(hyperkit.MissingExtension, match=extension):
                client.create_storage_volume_backup(POOL, volume, **argument)


@pytest.mark.live_only
@pytest.mark.usefixtures("newest")
def test_a_backup_is_sent_elsewhere_and_not_kept(client, volume):
    with taking_objects() as (url, objects):
        target = {"protocol": "s3", "url": url, "bucket_name": "hk", "path": "data.tar"}
        target |= {"access_key": "a", "secret_key": "s"}
        client.create_storage_volume_backup(
            POOL, volume, compression_algorithm="none", upload_to=target
        )
    assert client.storage_volume_backups(POOL, volume) == []
    with tarfile.open(fileobj=io.BytesIO(objects["/hk/data.tar"])) as tar:
        assert "backup/index.yaml" in tar.getnames()


@pytest.mark.live_only
def test_a_volume_that_is_exported_comes_back_the_same(client, volume, tmp_path):
    dest = tmp_path / "data.tar.gz"
    assert client.export_storage_volume(POOL, volume, dest, compression_algorithm="gzip") == dest
    assert client.storage_volume_backups(POOL, volume) == []
    done = client.import_storage_volume(POOL, dest, name="hk-b")
    assert done.status == "Success"
    found = client.storage_volume(POOL, "hk-b")
    assert (found.config["user.a"], found.description) == ("1", "Data")
    assert client.storage_volume_snapshots(POOL, "hk-b") == ["then"]
    client.delete_storage_volume(POOL, volume)
    client.import_storage_volume(POOL, io.BytesIO(dest.read_bytes()))
    assert client.storage_volume(POOL, volume).description == "Data"
    with pytest.raises(hyperkit.NotFound):
        client.export_storage_volume(POOL, "hk-nothing", tmp_path / "nothing")
    assert os.listdir(tmp_path) == ["data.tar.gz"]


def test_an_image_of_a_disc_becomes_a_volume(client):
    content = io.BytesIO(bytes(65536))
    if not client.has_extension("custom_volume_iso"):
        with pytest.raises(hyperkit.MissingExtension):
            client.import_storage_volume(POOL, content, kind="iso", name="hk-iso")
        return
    told = []
    client.import_storage_volume(
        POOL, content, kind="iso", name="hk-iso", on_progress=lambda *step: told.append(step)
    )
    assert told == [(65536, 65536, "hk-iso")]
    found = client.storage_volume(POOL, "hk-iso")
    assert (found.content_type, found.config["size"]) == ("iso", "65536")


def test_an_archive_is_refused_where_servers_take_none(client):
    if not client.has_extension("import_custom_volume_tar"):
        with pytest.raises(hyperkit.MissingExtension):
            client.import_storage_volume(POOL, io.BytesIO(b""), kind="tar", name="hk-tar")


@pytest.mark.live_only
def test_an_archive_becomes_a_volume(client):
    if not client.has_extension("import_custom_volume_tar"):
        pytest.skip("servers that take none are asked above")
    client.import_storage_volume(
        POOL, io.BytesIO(archive({"a": b"kept"})), kind="tar", name="hk-tar"
    )
    assert client.storage_volume(POOL, "hk-tar").content_type == "filesystem"
    assert client.read_storage_volume_file(POOL, "hk-tar", "/a") == b"kept"


def test_a_volume_that_is_rebuilt_is_empty(client, volume):
    if not client.has_extension("storage_volumes_rebuild"):
        with pytest.raises(hyperkit.MissingExtension):
            client.rebuild_storage_volume(POOL, volume)
        return
    client.delete_storage_volume_snapshot(POOL, volume, "then")
    client.write_storage_volume_file(POOL, volume, "/a", content="gone")
    client.rebuild_storage_volume(POOL, volume)
    assert client.list_storage_volume_directory(POOL, volume, "/") == []


def test_files_are_written_read_and_removed(client, volume, tmp_path):
    if not client.has_extension("file_storage_volume"):
        with pytest.raises(hyperkit.MissingExtension):
            client.read_storage_volume_file(POOL, volume, "/a")
        return
    client.write_storage_volume_file(POOL, volume, "/a", content="all", mode=0o640, uid=5, gid=6)
    client.write_storage_volume_file(POOL, volume, "/a", content=" well", append=True)
    client.make_storage_volume_directory(POOL, volume, "/d/e", parents=True)
    client.make_storage_volume_symlink(POOL, volume, "a", "/l")
    assert client.list_storage_volume_directory(POOL, volume, "/") == ["a", "d", "l"]
    assert client.read_storage_volume_file(POOL, volume, "/l") == b"all well"
    found = client.storage_volume_file_info(POOL, volume, "/a")
    assert (found.type, found.mode, found.uid, found.gid, found.size) == ("file", 0o640, 5, 6, 8)
    assert client.storage_volume_file_info(POOL, volume, "/l").type == "symlink"
    here = tmp_path / "here"
    client.pull_storage_volume_file(POOL, volume, "/a", here)
    client.push_storage_volume_file(here, POOL, volume, "/d/e/f?#%")
    assert client.read_storage_volume_file(POOL, volume, "/d/e/f?#%") == b"all well"
    assert client.storage_volume_file_info(POOL, volume, "/d/e/f?#%").mode == 0o640
    with pytest.raises(hyperkit.ArgumentError):
        client.read_storage_volume_file(POOL, volume, "/d")
    client.delete_storage_volume_file(POOL, volume, "/a")
    client.delete_storage_volume_file(POOL, volume, "/d", force=True)
    assert client.list_storage_volume_directory(POOL, volume, "/") == ["l"]
    with pytest.raises(hyperkit.NotFound):
        client.storage_volume_file_info(POOL, volume, "/a")


@pytest.mark.live_only
def test_a_volume_speaks_sftp(client, volume):
    if not client.has_extension("custom_volume_sftp"):
        with pytest.raises(hyperkit.MissingExtension):
            client.storage_volume_sftp(POOL, volume)
        return
    pytest.importorskip("paramiko")
    with client.storage_volume_sftp_client(POOL, volume) as sftp:
        sftp.mkdir("/made")
        assert sftp.listdir("/") == ["made"]


@pytest.mark.live_only
def test_a_block_volume_speaks_nbd(client):
    client.create_storage_volume(POOL, "hk-b", content_type="block", config={"size": "4MiB"})
    if not client.has_extension("storage_volume_nbd"):
        with pytest.raises(hyperkit.MissingExtension):
            client.storage_volume_nbd(POOL, "hk-b")
        with pytest.raises(hyperkit.MissingExtension):
            client.storage_volume_bitmaps(POOL, "hk-b")
        return
    with (
        client.storage_volume_nbd(POOL, "hk-b", writable=True) as connection,
        connection.makefile("rb") as greeting,
    ):
        assert greeting.read(8) == b"NBDMAGIC"
    # Only of what a virtual machine has open.
    for call in (
        lambda: client.create_storage_volume_bitmap(POOL, "hk-b", "monday", persistent=True),
        lambda: client.delete_storage_volume_bitmap(POOL, "hk-b", "monday"),
        lambda: client.storage_volume_bitmap(POOL, "hk-b", "monday"),
        lambda: client.storage_volume_bitmaps(POOL, "hk-b", recursion=1),
    ):
        with pytest.raises(hyperkit.InternalServerError, match="running instance"):
            call()


def test_a_volume_that_is_not_there_is_not_found(client):
    for call in (
        client.storage_volume,
        client.storage_volume_state,
        client.patch_storage_volume,
        client.update_storage_volume,
        client.delete_storage_volume,
        client.storage_volume_backups,
    ):
        with pytest.raises(hyperkit.NotFound):
            call(POOL, "hk-nothing")
    with pytest.raises(hyperkit.NotFound):
        client.storage_volumes("hk-nothing")
    with pytest.raises(hyperkit.NotFound):
        client.create_storage_volume("hk-nothing", "hk-a")
    with pytest.raises(hyperkit.NotFound):
        client.rename_storage_volume(POOL, "hk-nothing", "hk-a")
