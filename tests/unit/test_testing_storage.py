"""Storage of the embedded server, as far as the conformance suite does not show it."""

import io
import struct
import tarfile

import pytest
from unit.servers import serving

import hyperkit
from hyperkit._websocket import connect
from hyperkit.testing import Server

DISK = {"type": "disk", "pool": "default", "source": "data", "path": "/data"}


@pytest.fixture
def client():
    with Server("incus-7") as server, server.client() as client:
        client.create_storage_volume("default", "data")
        yield client


@pytest.fixture
def running(client):
    client.launch_instance("web", alias="busybox", devices={"data": DISK})
    return client


def on_disk(client):
    return client.list_storage_volume_directory("default", "data", "/")


def test_commands_write_into_volumes(running):
    running.execute_command("web", ["sh", "-c", "echo hello > /data/a"])
    assert running.read_storage_volume_file("default", "data", "/a") == b"hello\n"
    running.write_storage_volume_file("default", "data", "/b", content="b")
    assert running.read_file("web", "/data/b") == b"b"


def test_a_way_into_a_volume_through_a_link(running):
    running.execute_command("web", "ln -s /data /link")
    running.write_file("web", "/link/a", content="a")
    assert on_disk(running) == ["a"]


def test_what_is_mounted_is_no_part_of_the_instance(running):
    running.write_file("web", "/data/a", content="a")
    running.create_snapshot("web", "then")
    running.restore_snapshot("web", "then")
    assert running.list_directory("web", "/data") == ["a"]
    running.stop_instance("web", force=True)
    assert running.list_directory("web", "/data") == []
    assert on_disk(running) == ["a"]


def test_a_volume_comes_and_goes_while_an_instance_runs(client):
    client.launch_instance("web", alias="busybox")
    client.patch_instance("web", {"devices": {"data": DISK}})
    client.write_file("web", "/data/a", content="a")
    with client.edit_instance("web") as instance:
        del instance.devices["data"]
    assert client.list_directory("web", "/data") == []
    assert on_disk(client) == ["a"]


def test_a_mounted_volume_is_not_to_be_removed(running):
    with pytest.raises(hyperkit.InternalServerError, match="busy"):
        running.delete_file("web", "/data", force=True)


@pytest.mark.parametrize(
    ("device", "text"),
    [
        (DISK | {"source": "none"}, "Storage volume not found"),
        (DISK | {"source": "disk"}, "block volumes cannot be used"),
        ({"type": "disk", "pool": "default", "source": "data"}, "require a path"),
    ],
)
def test_disks_that_are_no_volumes_of_a_container(client, device, text):
    client.create_storage_volume("default", "disk", content_type="block")
    with pytest.raises(hyperkit.Error, match=text):
        client.create_container("web", alias="busybox", devices={"data": device})


def test_a_volume_in_use_keeps_its_place(running):
    with pytest.raises(hyperkit.InternalServerError, match="in use by running"):
        running.rename_storage_volume("default", "data", "other")
    running.stop_instance("web", force=True)
    running.create_profile("with-data", devices={"data": DISK})
    running.rename_storage_volume("default", "data", "other")
    for one in (running.instance("web"), running.profile("with-data")):
        assert one.devices["data"]["source"] == "other"


def test_files_go_with_copies_and_backups(client, tmp_path):
    client.write_storage_volume_file("default", "data", "/a", content="a", mode=0o600)
    client.copy_storage_volume("default", "data", "copy")
    client.export_storage_volume("default", "data", tmp_path / "data", compression_algorithm="xz")
    client.import_storage_volume("default", tmp_path / "data", name="back")
    client.write_storage_volume_file("default", "data", "/a", content="changed")
    for name in ("copy", "back"):
        assert client.read_storage_volume_file("default", name, "/a") == b"a"
        assert client.storage_volume_file_info("default", name, "/a").mode == 0o600


def test_an_import_goes_into_the_pool_that_is_named(client, tmp_path):
    client.create_storage_pool("fast", driver="dir")
    client.create_container("web", alias="busybox")
    client.create_instance_backup("web", "one")
    file = client.export_instance_backup("web", "one", tmp_path / "web.tar.gz")
    client.import_instance(file, name="web-2", pool="fast")
    client.import_instance(file, name="web-3", pool="default")
    assert client.instance("web-2").expanded_devices["root"]["pool"] == "fast"
    assert "/1.0/instances/web-2" in client.storage_pool("fast").used_by
    assert client.instance("web-3").devices == {}
    with pytest.raises(hyperkit.InternalServerError, match="Storage pool not found"):
        client.import_instance(file, name="web-4", pool="none")


def test_ways_of_packing_that_there_are_not(client):
    for algorithm, kind in (
        ("zstd", hyperkit.NotImplementedByServer),
        ("odd", hyperkit.BadRequest),
    ):
        with pytest.raises(kind, match=algorithm):
            client.create_storage_volume_backup("default", "data", compression_algorithm=algorithm)


def asked(connection, *, kind, begin, data=b"", length=0):
    """Read or write over NBD; give the error and what was read."""
    head = struct.pack(">IHHQQI", 0x25609513, 0, kind, 7, begin, length or len(data))
    connection.sendall(head + data)
    _, error, cookie = struct.unpack(">IIQ", connection.recv(16))
    assert cookie == 7
    return error, connection.recv(length) if length and not error else b""


@pytest.mark.parametrize("writable", [True, False])
def test_blocks(client, writable):
    client.create_storage_volume("default", "disk", content_type="block", config={"size": "1MiB"})
    with client.storage_volume_nbd("default", "disk", writable=writable) as connection:
        assert connection.recv(18) == b"NBDMAGICIHAVEOPT\0\3"
        connection.sendall(struct.pack(">I", 3) + b"IHAVEOPT" + struct.pack(">II", 1, 0))
        size, flags = struct.unpack(">QH", connection.recv(10))
        assert (size, bool(flags & 2)) == (1 << 20, not writable)
        assert asked(connection, kind=1, begin=512, data=b"data")[0] == (0 if writable else 1)
        found = asked(connection, kind=0, begin=510, length=8)
        assert found == (0, b"\0\0data\0\0" if writable else bytes(8))
        assert asked(connection, kind=0, begin=1 << 20, length=1)[0] == 22


def test_a_store_that_does_not_take_a_backup(client):
    with serving(("127.0.0.1", 0), lambda request: (403, {}, b"")) as server:
        target = {"protocol": "s3", "url": f"http://127.0.0.1:{server.server_address[1]}"}
        target |= {"bucket_name": "b", "path": "p", "access_key": "a", "secret_key": "s"}
        with pytest.raises(hyperkit.OperationFailed, match="403"):
            client.create_storage_volume_backup("default", "data", upload_to=target)


def test_what_only_lxd_6_has():
    with Server("lxd-6") as server, server.client() as client:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("a"))
        packed.seek(0)
        client.import_storage_volume("default", packed, kind="tar", name="data")
        [found] = client.storage_volumes(recursion=1)
        assert (found.name, found.pool) == ("data", "default")
        key = client.create_storage_bucket("default", "photos").metadata
        assert client.storage_bucket_key("default", "photos", "admin") == key


def test_who_is_no_embedded_server_gets_nothing(client):
    offered = client.post(
        "/1.0/storage-pools/default/volumes/custom/data", {"name": "data", "migration": True}
    )
    found = offered.metadata
    opened = [connect(client, found.id, found.metadata[name]) for name in ("fs", "control")]
    opened[1].send(b"\x08\x00")
    with pytest.raises(hyperkit.OperationFailed, match="of its kind alone"):
        client.wait_for_operation(offered.operation)
    for one in opened:
        one.drop()
