"""Storage pools and volumes: what is refused before it is sent, and what servers differ in."""

import datetime as dt
import io

import pytest
from unit.double import greet, started

import hyperkit

POOLS = "/1.0/storage-pools"
VOLUMES = f"{POOLS}/default/volumes"
DATA = f"{VOLUMES}/custom/data"
LATER = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)


def test_a_slash_in_a_name_sends_nothing(bare):
    for call in (
        lambda: bare.create_storage_volume("default", "a/b"),
        lambda: bare.rename_storage_volume("default", "a", "a/b"),
        lambda: bare.restore_storage_volume("default", "a", "a/b"),
        lambda: bare.create_storage_volume_snapshot("default", "a", "a/b"),
        lambda: bare.rename_storage_volume_snapshot("default", "a", "b", "a/b"),
        lambda: bare.create_storage_volume_backup("default", "a", "a/b"),
        lambda: bare.rename_storage_volume_backup("default", "a", "b", "a/b"),
        lambda: bare.copy_storage_volume("default", "a", "a/b"),
        lambda: bare.move_storage_volume("default", "a", new_name="a/b"),
        lambda: bare.import_storage_volume("default", io.BytesIO(b""), name="a/b"),
        lambda: bare.create_storage_volume_bitmap("default", "a", "a/b"),
    ):
        with pytest.raises(hyperkit.InvalidName):
            call()


@pytest.mark.parametrize("name", ["", ".", "..", "a\0b"])
def test_names_in_keywords_that_lead_elsewhere_send_nothing(bare, name):
    for call in (
        lambda: bare.copy_storage_volume("default", f"a/{name}", "b"),
        lambda: bare.copy_storage_volume("default", "a", "b", new_pool=name),
        lambda: bare.create_storage_volume_backup("default", "a", name),
        lambda: bare.delete_storage_volume("default", "a", type=name),
        lambda: bare.import_storage_volume("default", io.BytesIO(b""), name=name),
        lambda: bare.init_storage_volume_migration("default", "a", name),
        lambda: bare.move_storage_volume("default", "a", new_name=name),
        lambda: bare.move_storage_volume("default", "a", new_pool=name),
        lambda: bare.storage_volumes("default", type=name),
        lambda: bare.storage_volumes(name),
        lambda: bare.transfer_storage_volume("default", "a", bare, new_name=name),
        lambda: bare.transfer_storage_volume("default", "a", bare, new_pool=name),
    ):
        with pytest.raises(hyperkit.InvalidName):
            call()


def test_bad_arguments_send_nothing(bare, tmp_path):
    naive = dt.datetime(2040, 1, 1)
    for call in (
        lambda: bare.create_storage_pool("a", driver="dir", member_config={}, target="b"),
        lambda: bare.create_storage_volume_snapshot("default", "a", "b", expires_at=naive),
        lambda: bare.patch_storage_volume_snapshot("default", "a", "b", expires_at=naive),
        lambda: bare.update_storage_volume_snapshot("default", "a", "b", expires_at=naive),
        lambda: bare.create_storage_volume_backup("default", "a", "b", expires_at=naive),
        lambda: bare.move_storage_volume("default", "a"),
        lambda: bare.transfer_storage_volume("default", "a", bare, mode="fly"),
        lambda: bare.transfer_storage_volume("default", "a", bare, move=True, snapshot="b"),
        lambda: bare.import_storage_volume("default", io.BytesIO(b""), kind="zip"),
        lambda: bare.import_storage_volume("default", io.BytesIO(b""), kind="iso"),
        lambda: bare.import_storage_volume("default", io.BytesIO(b""), name="ä"),
        lambda: bare.import_storage_volume("default", tmp_path / "missing"),
        lambda: bare.read_storage_volume_file("default", "a", "b"),
        lambda: bare.write_storage_volume_file("default", "a", "/b", content=b"", mode=0o4755),
        lambda: bare.push_storage_volume_file(tmp_path, "default", "a", "/b"),
    ):
        with pytest.raises((hyperkit.ArgumentError, OSError)):
            call()


def test_names_are_quoted_whole(client, double):
    double.expect("DELETE", f"{POOLS}/a%3Fb/volumes/custom/c%23%25..", raw=started())
    client.delete_storage_volume("a?b", "c#%..", sync=False)


def test_old_servers_are_not_asked_for_what_they_lack(client, tmp_path):
    for extension, call in (
        ("resources", lambda: client.storage_pool_resources("a")),
        ("api_filtering_extended", lambda: client.storage_pools(filter="name eq a")),
        ("storage_volumes_all", client.storage_volumes),
        ("storage_volumes_all", lambda: client.storage_volumes(type="custom")),
        ("storage_volumes_all_projects", lambda: client.storage_volumes("a", all_projects=True)),
        ("storage_volume_api_filtering", lambda: client.storage_volumes("a", filter="b eq c")),
        ("storage_volume_full", lambda: client.storage_volumes("a", recursion=2)),
        ("storage_volume_full", lambda: client.storage_volume("a", "b", recursion=1)),
        ("custom_block_volumes", lambda: client.create_storage_volume("a", "b", content_type="c")),
        ("storage_api_volume_rename", lambda: client.rename_storage_volume("a", "b", "c")),
        ("storage_api_volume_snapshots", lambda: client.restore_storage_volume("a", "b", "c")),
        ("storage_api_volume_snapshots", lambda: client.storage_volume_snapshots("a", "b")),
        ("storage_volume_state", lambda: client.storage_volume_state("a", "b")),
        ("storage_volumes_rebuild", lambda: client.rebuild_storage_volume("a", "b")),
        ("custom_volume_backup", lambda: client.export_storage_volume("a", "b", tmp_path / "c")),
        ("storage_volume_nbd", lambda: client.storage_volume_nbd("a", "b")),
        ("storage_volume_nbd", lambda: client.storage_volume_bitmap("a", "b", "c")),
        ("custom_volume_sftp", lambda: client.storage_volume_sftp("a", "b")),
        ("file_storage_volume", lambda: client.storage_volume_file_info("a", "b", "/c")),
        ("storage_api_local_volume_handling", lambda: client.copy_storage_volume("a", "b", "c")),
        (
            "storage_api_local_volume_handling",
            lambda: client.move_storage_volume("a", "b", new_pool="c"),
        ),
        (
            "storage_api_remote_volume_handling",
            lambda: client.transfer_storage_volume("a", "b", client, mode="push"),
        ),
    ):
        with pytest.raises(hyperkit.MissingExtension, match=extension):
            call()


def test_arguments_may_need_an_extension_of_their_own(bare, double):
    greet(
        double,
        "custom_volume_backup",
        "storage_api_local_volume_handling",
        "storage_api_remote_volume_handling",
        "storage_api_volume_snapshots",
    )
    for extension, call in (
        ("custom_volume_refresh", lambda: bare.copy_storage_volume("a", "b", "c", refresh=True)),
        ("storage_api_project", lambda: bare.copy_storage_volume("a", "b", "c", project="d")),
        (
            "cluster_internal_custom_volume_copy",
            lambda: bare.copy_storage_volume("a", "b", "c", source_location="d"),
        ),
        ("storage_volume_project_move", lambda: bare.move_storage_volume("a", "b", project="c")),
        (
            "storage_api_remote_volume_snapshot_copy",
            lambda: bare.init_storage_volume_migration("a", "b", "c"),
        ),
        (
            "custom_volume_snapshot_expiry",
            lambda: bare.create_storage_volume_snapshot("a", "b", "c", expires_at=LATER),
        ),
        (
            "backup_metadata_version",
            lambda: bare.create_storage_volume_backup("a", "b", "c", version=1),
        ),
        (
            "backup_s3_upload",
            lambda: bare.create_storage_volume_backup("a", "b", upload_to={}),
        ),
        (
            "custom_volume_iso",
            lambda: bare.import_storage_volume("a", io.BytesIO(), kind="iso", name="b"),
        ),
        ("backup_override_name", lambda: bare.import_storage_volume("a", io.BytesIO(), name="b")),
    ):
        with pytest.raises(hyperkit.MissingExtension, match=extension):
            call()


def test_names_of_volumes_tell_their_type_unless_it_was_asked_for(client, double):
    urls = [
        "/1.0/storage-pools/volumes/volumes/container/web",
        "/1.0/storage-pools/volumes/volumes/custom/a%20b?project=blue",
        "/1.0/storage-pools/volumes/volumes/custom/a%20b/snapshots/then?project=blue",
    ]
    double.expect("GET", f"{POOLS}/volumes/volumes", urls)
    assert client.storage_volumes("volumes") == [
        "container/web",
        "custom/a b",
        "custom/a b/then",
    ]
    double.expect("GET", f"{POOLS}/volumes/volumes/custom", urls[1:])
    assert client.storage_volumes("volumes", type="custom") == ["a b", "a b/then"]
    double.expect("GET", f"{POOLS}/volumes/volumes", None)
    assert client.storage_volumes("volumes") == []


def test_volumes_of_all_pools_are_one_list(bare, double):
    greet(double, "storage_volumes_all", "storage_volumes_all_projects")
    query = {"all-projects": "true", "target": "node-1"}
    double.expect("GET", "/1.0/storage-volumes", [f"{POOLS}/a/volumes/custom/b"], query=query)
    assert bare.storage_volumes(all_projects=True, target="node-1") == ["custom/b"]
    double.expect("GET", "/1.0/storage-volumes/image", [{"pool": "a"}], query={"recursion": "1"})
    [found] = bare.storage_volumes(recursion=1, type="image")
    assert found.pool == "a"


def test_an_answer_may_come_at_once_or_later(client, double):
    body = {"name": "data", "type": "custom"}
    double.expect("POST", VOLUMES, {}, body=body)
    assert client.create_storage_volume("default", "data").status == "Success"
    double.expect("POST", VOLUMES, raw=started(), body=body, status=202)
    double.expect_wait()
    assert client.create_storage_volume("default", "data").status == "Success"


def test_a_patch_sends_the_description_that_is_there(client, double):
    body = {"config": {"user.a": "true"}, "description": "Kept"}
    double.expect("GET", DATA, {"description": "Kept"}, query={"target": "node-1"})
    double.expect("PATCH", DATA, {}, body=body, query={"target": "node-1"})
    client.patch_storage_volume("default", "data", config={"user.a": True}, target="node-1")
    double.expect("GET", f"{POOLS}/default", {"description": "Kept"})
    double.expect("PATCH", f"{POOLS}/default", {}, body=body)
    client.patch_storage_pool("default", config={"user.a": True})
    double.expect("PATCH", DATA, {}, body={"config": {}, "description": ""})
    client.patch_storage_volume("default", "data", description="")


@pytest.fixture
def snapshots(met):
    """A client of a server that has them, and can let them expire."""
    return met("storage_api_volume_snapshots", "custom_volume_snapshot_expiry")


def test_a_description_that_the_server_drops_is_written_afterwards(snapshots, double):
    body = {"name": "then", "description": "Then"}
    double.expect("POST", f"{DATA}/snapshots", {}, body=body)
    double.expect("GET", f"{DATA}/snapshots/then", {"description": "Data"})
    double.expect("PATCH", f"{DATA}/snapshots/then", {}, body={"description": "Then"})
    snapshots.create_storage_volume_snapshot("default", "data", "then", description="Then")


def test_a_description_that_the_server_keeps_is_written_once(snapshots, double):
    double.expect("POST", f"{DATA}/snapshots", {}, body={"name": "then", "description": "Then"})
    double.expect("GET", f"{DATA}/snapshots/then", {"description": "Then"})
    snapshots.create_storage_volume_snapshot("default", "data", "then", description="Then")
    body = {"name": "now", "description": "Now", "expires_at": "2040-01-01T00:00:00+00:00"}
    double.expect("POST", f"{DATA}/snapshots", raw=started(), body=body)
    snapshots.create_storage_volume_snapshot(
        "default", "data", "now", description="Now", expires_at=LATER, sync=False
    )


def test_never_is_written_out(snapshots, double):
    body = {"description": "", "expires_at": "0001-01-01T00:00:00Z"}
    double.expect("PUT", f"{DATA}/snapshots/then", {}, body=body)
    snapshots.update_storage_volume_snapshot("default", "data", "then", etag='"x"')
    assert double.headers[-1]["If-Match"] == '"x"'


def test_a_pool_on_all_members_is_defined_on_each_first(bare, double):
    greet(double, "clustering")
    double.expect("GET", "/1.0/cluster", {"enabled": True})
    body = {"name": "fast", "driver": "zfs", "config": {"size": "1GiB"}}
    double.expect("GET", "/1.0/cluster/members", ["/1.0/cluster/members/one"])
    own = {**body, "config": {"source": "sdb"}}
    double.expect("POST", POOLS, {}, body=own, query={"target": "one"})
    double.expect("POST", POOLS, {}, body=body)
    bare.create_storage_pool(
        "fast", driver="zfs", config={"size": "1GiB"}, member_config={"one": {"source": "sdb"}}
    )
