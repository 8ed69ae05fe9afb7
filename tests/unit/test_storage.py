"""Storage pools and volumes: what is refused before it is sent, and what servers differ in."""

import datetime as dt
import io
import json
import os
import socket
import threading

import pytest
from unit.double import about, error, greet, operation, started
from unit.servers import envelope, refused

import hyperkit
from hyperkit import Client

POOLS = "/1.0/storage-pools"
VOLUMES = f"{POOLS}/default/volumes"
DATA = f"{VOLUMES}/custom/data"
LATER = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\nb"])
def test_names_that_nothing_can_have_send_nothing(bare, name):
    for call in (
        lambda: bare.create_storage_volume("default", name),
        lambda: bare.rename_storage_volume("default", "a", name),
        lambda: bare.restore_storage_volume("default", "a", name),
        lambda: bare.create_storage_volume_snapshot("default", "a", name),
        lambda: bare.rename_storage_volume_snapshot("default", "a", "b", name),
        lambda: bare.create_storage_volume_backup("default", "a", name),
        lambda: bare.rename_storage_volume_backup("default", "a", "b", name),
        lambda: bare.copy_storage_volume("default", "a", name),
        lambda: bare.copy_storage_volume("default", f"a/{name}", "b"),
        lambda: bare.move_storage_volume("default", "a", new_name=name),
        lambda: bare.import_storage_volume("default", io.BytesIO(b""), name=name),
        lambda: bare.create_storage_volume_bitmap("default", "a", name),
    ):
        with pytest.raises(hyperkit.InvalidName):
            call()


@pytest.mark.parametrize("name", ["", ".", "..", "a\0b"])
def test_paths_that_lead_elsewhere_send_nothing(bare, name):
    for call in (
        lambda: bare.create_storage_pool(name, driver="dir"),
        lambda: bare.delete_storage_pool(name),
        lambda: bare.storage_pool_resources(name),
        lambda: bare.storage_volumes(name),
        lambda: bare.storage_volumes("default", type=name),
        lambda: bare.delete_storage_volume(name, "a"),
        lambda: bare.delete_storage_volume("default", name),
        lambda: bare.delete_storage_volume("default", "a", type=name),
        lambda: bare.rebuild_storage_volume("default", name),
        lambda: bare.delete_storage_volume_snapshot("default", "a", name),
        lambda: bare.delete_storage_volume_backup("default", "a", name),
        lambda: bare.export_storage_volume("default", name, "dest"),
        lambda: bare.delete_storage_volume_bitmap("default", "a", name),
        lambda: bare.storage_volume_nbd("default", name),
        lambda: bare.storage_volume_sftp(name, "a"),
        lambda: bare.read_storage_volume_file("default", name, "/a"),
        lambda: bare.move_storage_volume("default", "a", new_pool=name),
        lambda: bare.copy_storage_volume("default", "a", "b", new_pool=name),
        lambda: bare.transfer_storage_volume("default", "a", bare, new_pool=name),
        lambda: bare.transfer_storage_volume("default", "a", bare, new_name=name),
        lambda: bare.init_storage_volume_migration("default", "a", name),
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


def test_arguments_that_need_an_extension_of_their_own(bare, double):
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


def test_names_of_volumes(client, double):
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


def test_volumes_of_all_pools(bare, double):
    greet(double, "storage_volumes_all", "storage_volumes_all_projects")
    query = {"all-projects": "true", "target": "node-1"}
    double.expect("GET", "/1.0/storage-volumes", [f"{POOLS}/a/volumes/custom/b"], query=query)
    assert bare.storage_volumes(all_projects=True, target="node-1") == ["custom/b"]
    double.expect("GET", "/1.0/storage-volumes/image", [{"pool": "a"}], query={"recursion": "1"})
    [found] = bare.storage_volumes(recursion=1, type="image")
    assert found.pool == "a"


def test_an_answer_at_once_and_one_that_comes_later(client, double):
    body = {"name": "data", "type": "custom"}
    double.expect("POST", VOLUMES, {}, body=body)
    assert client.create_storage_volume("default", "data").status == "Success"
    double.expect("POST", VOLUMES, raw=started(), body=body, status=202)
    double.expect("GET", "/1.0/operations/u-1/wait", operation(), query={"timeout": "30"})
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
def snapshots(bare, double):
    greet(double, "storage_api_volume_snapshots", "custom_volume_snapshot_expiry")
    return bare


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
    double.expect("POST", f"{DATA}/snapshots", raw=started(), body=body_of_now())
    snapshots.create_storage_volume_snapshot(
        "default", "data", "now", description="Now", expires_at=LATER, sync=False
    )


def body_of_now():
    return {"name": "now", "description": "Now", "expires_at": "2040-01-01T00:00:00+00:00"}


def test_never_is_written_out(snapshots, double):
    body = {"description": "", "expires_at": "0001-01-01T00:00:00Z"}
    double.expect("PUT", f"{DATA}/snapshots/then", {}, body=body)
    snapshots.update_storage_volume_snapshot("default", "data", "then", etag='"x"')
    assert double.headers[-1]["If-Match"] == '"x"'


def test_a_pool_on_all_members(bare, double):
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


@pytest.fixture
def copying(bare, double):
    greet(
        double,
        "cluster_internal_custom_volume_copy",
        "custom_volume_refresh",
        "custom_volume_refresh_exclude_older_snapshots",
        "storage_api_local_volume_handling",
        "storage_api_project",
        "storage_api_volume_rename",
        "storage_volume_project_move",
    )
    return bare


def test_a_copy_says_all_that_it_is_told(copying, double):
    found = {"config": {"a": "1", "volatile.b": "2"}, "content_type": "block"}
    double.expect("GET", f"{DATA}/snapshots/then", found, query={"target": "one"})
    source = {
        "type": "copy",
        "name": "data/then",
        "pool": "default",
        "location": "one",
        "project": "default",
        "refresh": True,
        "refresh_exclude_older": False,
        "volume_only": True,
    }
    double.expect(
        "POST",
        f"{POOLS}/fast/volumes/custom",
        {},
        body={
            "name": "b",
            "type": "custom",
            "config": {"a": "1", "c": "3"},
            "content_type": "block",
            "description": "Copy",
            "source": source,
        },
        query={"project": "blue", "target": "two"},
    )
    copying.copy_storage_volume(
        "default",
        "data/then",
        "b",
        config={"c": 3},
        description="Copy",
        new_pool="fast",
        project="blue",
        refresh=True,
        refresh_exclude_older=False,
        source_location="one",
        target="two",
        volume_only=True,
    )


def test_moves(copying, double):
    double.expect("POST", DATA, {}, body={"name": "b"})
    copying.move_storage_volume("default", "data", new_name="b")
    double.expect("POST", DATA, {}, body={"name": "data", "pool": "default", "project": "blue"})
    copying.move_storage_volume("default", "data", project="blue")
    body = {"name": "b", "pool": "fast"}
    double.expect("POST", DATA, {}, body=body, query={"target": "two"})
    copying.move_storage_volume("default", "data", new_name="b", new_pool="fast", target="two")


def test_a_move_to_another_member_loses_nothing(copying, double):
    found = {"config": {"a": "1"}, "content_type": "filesystem", "description": "Data"}
    double.expect("GET", DATA, found, query={"target": "one"})
    source = {"type": "copy", "name": "data", "pool": "default", "location": "one"}
    body = {"name": "data", "type": "custom", **found, "source": source}
    double.expect("POST", f"{VOLUMES}/custom", {}, body=body, query={"target": "two"})
    double.expect("DELETE", DATA, {}, query={"target": "one"})
    copying.relocate_storage_volume("default", "data", source_location="one", target="two")


def test_a_volume_that_cannot_move_stays(copying, double):
    double.expect("GET", DATA, {"config": {}}, query={"target": "one"})
    source = {"type": "copy", "name": "data", "pool": "default", "location": "one"}
    body = {"name": "data", "type": "custom", "config": {}, "description": "", "source": source}
    double.expect(
        "POST",
        f"{VOLUMES}/custom",
        raw=error(409, "taken"),
        status=409,
        body=body,
        query={"target": "two"},
    )
    with pytest.raises(hyperkit.Conflict):
        copying.relocate_storage_volume("default", "data", source_location="one", target="two")
    with pytest.raises(hyperkit.ArgumentError):
        copying.relocate_storage_volume("default", "data", source_location="a", target="a")


def test_a_server_that_nobody_can_reach_offers_nothing(bare, double):
    greet(double, "storage_api_remote_volume_handling")
    double.expect("GET", "/1.0", about("storage_api_remote_volume_handling"))
    with pytest.raises(hyperkit.ArgumentError, match="core.https_address"):
        bare.init_storage_volume_migration("default", "data")


def test_all_addresses_of_the_source_are_tried(bare, double):
    greet(double, "storage_api_remote_volume_handling")
    offer = hyperkit.types.StorageVolumeOffer(
        certificate="PEM",
        config={"volatile.a": "1", "b": "2"},
        content_type="filesystem",
        description="Data",
        websocket=hyperkit.Resource(urls=["https://a", "https://b"], secrets={"fs": "s"}),
    )
    for address, fault in (("https://a", "Failed to connect"), ("https://b", "")):
        source = {
            "type": "migration",
            "mode": "pull",
            "certificate": "PEM",
            "secrets": {"fs": "s"},
            "operation": address,
        }
        body = {
            "name": "data",
            "type": "custom",
            "config": {"b": "2"},
            "content_type": "filesystem",
            "description": "Data",
            "source": source,
        }
        double.expect("POST", f"{VOLUMES}/custom", raw=started(), body=body)
        code = 400 if fault else 200
        done = operation(code, "Failure" if fault else "Success", err=fault)
        double.expect("GET", "/1.0/operations/u-1/wait", done, query={"timeout": "30"})
    assert bare.migrate_storage_volume(offer, "default", "data").status == "Success"


def test_a_backup_says_all_that_it_is_told(bare, double):
    greet(double, "custom_volume_backup", "backup_metadata_version")
    double.expect(
        "POST",
        f"{DATA}/backups",
        raw=started(),
        body={
            "name": "monday",
            "compression_algorithm": "none",
            "expires_at": "2040-01-01T00:00:00+00:00",
            "optimized_storage": False,
            "version": 1,
            "volume_only": True,
        },
        query={"target": "one"},
    )
    bare.create_storage_volume_backup(
        "default",
        "data",
        "monday",
        compression_algorithm="none",
        expires_at=LATER,
        optimized_storage=False,
        target="one",
        version=1,
        volume_only=True,
        sync=False,
    )


def test_a_backup_that_is_sent_elsewhere_has_no_name(bare, double):
    greet(double, "custom_volume_backup", "backup_s3_upload")
    with pytest.raises(hyperkit.ArgumentError, match="leave name or upload_to out"):
        bare.create_storage_volume_backup("default", "data", "monday", upload_to={})
    body = {"target": {"protocol": "s3"}}
    double.expect("POST", f"{DATA}/backups", raw=started(), body=body)
    bare.create_storage_volume_backup("default", "data", upload_to=body["target"], sync=False)


@pytest.mark.parametrize("server", ["lxd", "incus"])
@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("backup", {"name": "b"}),
        ("iso", {"name": "b", "type": "iso"}),
        ("tar", {"name": "b", "type": "tar"}),
    ],
)
def test_what_an_import_is_called(bare, double, server, kind, headers):
    greet(
        double,
        "custom_volume_backup",
        "custom_volume_iso",
        "import_custom_volume_tar",
        "backup_override_name",
        server=server,
    )
    double.expect(
        "POST", f"{VOLUMES}/custom", raw=started(), body="bytes", query={"target": "one"}
    )
    bare.import_storage_volume(
        "default", io.BytesIO(b"bytes"), kind=kind, name="b", target="one", sync=False
    )
    prefix = {"lxd": "X-LXD-", "incus": "X-Incus-"}[server]
    sent = {key: one for key, one in double.headers[-1].items() if key.startswith("X-")}
    assert sent == {prefix + key: one for key, one in headers.items()}
    assert double.headers[-1]["Content-Type"] == "application/octet-stream"


def test_a_folder_is_deleted_whole(bare, double):
    greet(double, "file_storage_volume", "file_delete", "file_delete_force", server="incus")
    double.expect("DELETE", f"{DATA}/files", {}, query={"path": "/a"})
    bare.delete_storage_volume_file("default", "data", "/a")
    assert "X-Incus-force" not in double.headers[-1]
    double.expect("DELETE", f"{DATA}/files", {}, query={"path": "/a"})
    bare.delete_storage_volume_file("default", "data", "/a", force=True)
    assert double.headers[-1]["X-Incus-force"] == "true"


def test_bitmaps(bare, double):
    greet(double, "storage_volume_nbd", server="incus")
    body = {"name": "b", "disabled": False, "granularity": 65536, "persistent": True}
    double.expect("POST", f"{DATA}/bitmaps", {}, body=body, query={"target": "one"})
    bare.create_storage_volume_bitmap(
        "default", "data", "b", disabled=False, granularity=65536, persistent=True, target="one"
    )
    double.expect("GET", f"{DATA}/bitmaps", [f"{DATA}/bitmaps/b"])
    assert bare.storage_volume_bitmaps("default", "data") == ["b"]
    double.expect("GET", f"{DATA}/bitmaps", [{"count": 5}], query={"recursion": "1"})
    assert bare.storage_volume_bitmaps("default", "data", recursion=1)[0].count == 5
    double.expect("GET", f"{DATA}/bitmaps/b", {"count": 5})
    assert bare.storage_volume_bitmap("default", "data", "b").count == 5
    double.expect("DELETE", f"{DATA}/bitmaps/b", {})
    bare.delete_storage_volume_bitmap("default", "data", "b")


def storing(*extensions, length=None, code=200):
    """Answer as a server that has a volume; ``length`` is what it promises to send."""
    asked = []

    def answer(handler):
        asked.append((handler.command, handler.path, handler.body))
        if handler.path == "/1.0":
            return 200, {}, envelope(about(*extensions))
        bytes_come = handler.path.endswith("/export") or (
            handler.command == "POST" and handler.headers["Accept"] == "application/octet-stream"
        )
        if bytes_come and code != 200:
            return code, {}, refused(code, "no such thing")
        if bytes_come:
            headers = {} if length is None else {"Content-Length": str(length)}
            return 200, {"Content-Type": "application/octet-stream", **headers}, b"backup"
        return 200, {}, envelope({})

    answer.asked = asked
    return answer


def asked(server):
    """What was asked, but for what the server is."""
    found = [(method, url.rpartition("/")[2][:9]) for method, url, _ in server.answer.asked]
    return [" ".join(one) for one in found if one != ("GET", "1.0")]


def test_an_export_is_made_fetched_and_removed(asking, tmp_path):
    with asking(storing("custom_volume_backup")) as (client, server):
        dest = client.export_storage_volume("default", "data", tmp_path / "b", volume_only=True)
        assert dest.read_bytes() == b"backup"
        assert asked(server) == ["POST backups", "GET export", "DELETE hyperkit-"]
        body = json.loads(server.answer.asked[1][2])
        left = dt.datetime.fromisoformat(body.pop("expires_at")) - dt.datetime.now(dt.UTC)
        assert dt.timedelta(hours=23) < left < dt.timedelta(hours=25)
        assert body == {"name": body["name"], "volume_only": True}


def test_an_export_comes_straight_where_the_server_can(asking):
    told = []
    with asking(storing("custom_volume_backup", "direct_backup")) as (client, server):
        memory = io.BytesIO()
        client.export_storage_volume(
            "default", "data", memory, on_progress=lambda *step: told.append(step)
        )
        assert memory.getvalue() == b"backup"
        assert told == [(6, 6, "data")]
        assert asked(server) == ["POST backups"]
        assert json.loads(server.answer.asked[1][2]) == {}


@pytest.mark.parametrize("direct", [[], ["direct_backup"]])
def test_an_export_that_breaks_leaves_no_file(asking, tmp_path, direct):
    answer = storing("custom_volume_backup", *direct, length=1_000_000)
    (tmp_path / "b").write_text("before")
    with asking(answer) as (client, server):
        with pytest.raises(hyperkit.ConnectionFailed):
            client.export_storage_volume("default", "data", tmp_path / "b")
        assert (tmp_path / "b").read_text() == "before"
        with pytest.raises(hyperkit.ConnectionFailed):
            client.export_storage_volume_backup("default", "data", "monday", tmp_path / "c")
        assert sorted(os.listdir(tmp_path)) == ["b", "unix.socket"]
        # What was made for the download does not stay on the server.
        assert ("DELETE hyperkit-" in asked(server)) is not bool(direct)


@pytest.mark.parametrize("direct", [[], ["direct_backup"]])
def test_an_export_that_is_refused_leaves_no_file(asking, tmp_path, direct):
    answer = storing("custom_volume_backup", *direct, code=404)
    with (
        asking(answer) as (client, _),
        pytest.raises(hyperkit.NotFound, match="no such thing"),
    ):
        client.export_storage_volume("default", "data", tmp_path / "b")
    assert os.listdir(tmp_path) == [] or os.listdir(tmp_path) == ["unix.socket"]


def test_a_file_of_a_volume_that_breaks_leaves_no_file(asking, tmp_path):

    def answer(handler):
        if handler.path == "/1.0":
            found = about("file_storage_volume", server="incus")
            return 200, {}, envelope(found)
        return 200, {"Content-Length": "1000000", "X-Incus-type": "file"}, b"half"

    with (
        asking(answer) as (client, _),
        pytest.raises(hyperkit.ConnectionFailed),
    ):
        client.pull_storage_volume_file("default", "data", "/a", tmp_path / "b")
    assert not (tmp_path / "b").exists()


def talking(place, answer):
    """Listen once, and answer the second connection: the first asks what the server is."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place)
    listener.listen(2)
    greeting = envelope(about("storage_volume_nbd", server="incus"))
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(greeting)}\r\n"
    answers = [f"{head}Content-Type: application/json\r\n\r\n".encode() + greeting, *answer]

    def serve():
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(answers[0])
        other, _ = listener.accept()
        other.recv(65536)
        for piece in answers[1:]:
            other.sendall(piece)
        other.shutdown(socket.SHUT_WR)
        other.recv(1)
        for one in (connection, other, listener):
            one.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def test_a_server_that_speaks_first_is_heard(tmp_path):
    place = str(tmp_path / "unix.socket")
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: nbd\r\nConnection: Upgrade\r\n\r\n"
    thread = talking(place, [head + b"NBDMAGIC"])
    with Client(api_endpoint=place) as client:
        with client.storage_volume_nbd("default", "data", writable=True) as connection:
            assert connection.recv(100) == b"NBDMAGIC"
    thread.join(5)


def test_a_refusal_in_pieces_is_read_whole(tmp_path):
    place = str(tmp_path / "unix.socket")
    body = json.dumps(error(500, "x" * 100_000)).encode()
    head = f"HTTP/1.1 500 No\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    thread = talking(place, [f"{head}\r\n".encode(), body[:10], body[10:]])
    with (
        Client(api_endpoint=place) as client,
        pytest.raises(hyperkit.InternalServerError, match="xxx"),
    ):
        client.storage_volume_nbd("default", "data")
    thread.join(5)
