"""What users write; it only has to type-check."""

import io
from pathlib import Path
from typing import assert_type

import hyperkit
from hyperkit.types import (
    Image,
    Instance,
    MigrationSource,
    Operation,
    Profile,
    Snapshot,
    StorageVolume,
    StorageVolumeFull,
    StorageVolumeOffer,
)


def functions() -> None:
    """Use the functions of the module."""
    assert_type(hyperkit.create_container("web", alias="busybox"), Operation)
    assert_type(hyperkit.start_container("web").status, str)
    assert_type(hyperkit.instances(), list[str])
    assert_type(hyperkit.instances(recursion=1), list[Instance])
    assert_type(hyperkit.containers(recursion=2)[0].name, str)
    assert_type(hyperkit.default_client(), hyperkit.Client)
    hyperkit.auto_sync = False
    hyperkit.configure(auto_sync=False, timeout=5)
    hyperkit.reset()


def methods(client: hyperkit.Client) -> None:
    """Use a client."""
    with client:
        assert_type(client.operation("uuid"), Operation)
        assert_type(client.operations(recursion=1), list[Operation])
        assert_type(client.exec_output(client.run_command("web", "true")).stdout, bytes)
        client.auto_sync = False
    try:
        client.wait_for_operation("uuid", timeout=0.5)
    except hyperkit.OperationFailed as error:
        assert_type(error.operation, Operation | None)


def show(done: int, total: int | None, text: str) -> None:
    """Be told how far something has come."""
    print(text, done, total)


def files(client: hyperkit.Client) -> None:
    """Push, pull, read and write."""
    assert_type(client.pull_file("web", "/etc/hosts", "hosts"), str)
    assert_type(client.pull_file("web", "/etc/hosts", Path("hosts"), on_progress=show), Path)
    client.pull_file("web", "/etc/hosts", io.BytesIO())
    client.push_file(io.BytesIO(b"x"), "web", "/root/x", progress=True)
    client.write_file("web", "/root/x", content=io.StringIO("x"))
    assert_type(client.read_file("web", "/root/x"), bytes)
    assert_type(client.file_info("web", "/root/x").size, int | None)


def objects(client: hyperkit.Client, other: hyperkit.Client) -> None:
    """Keep, copy, move and change things."""
    assert_type(client.snapshots("web", recursion=1), list[Snapshot])
    assert_type(client.images(recursion=1), list[Image])
    assert_type(client.image_by_alias("busybox").fingerprint, str)
    assert_type(client.init_migration("web"), MigrationSource)
    assert_type(client.transfer_instance("web", to=other, mode="relay", move=True), Operation)
    with client.edit_profile("default") as profile:
        assert_type(profile, Profile)
        profile.config["limits.cpu"] = "2"
    with client.edit_instance("web") as instance:
        assert_type(instance, Instance)


def storage(client: hyperkit.Client, other: hyperkit.Client) -> None:
    """Make room, fill it, and carry it away."""
    assert_type(client.create_storage_pool("fast", driver="dir", member_config={}), Operation)
    assert_type(client.storage_pool_resources("fast").space.used, int)
    assert_type(client.storage_volumes("fast"), list[str])
    assert_type(client.storage_volumes("fast", recursion=1), list[StorageVolume])
    assert_type(client.storage_volumes(recursion=2, type="custom"), list[StorageVolumeFull])
    assert_type(client.storage_volume("fast", "data"), StorageVolume)
    assert_type(client.storage_volume("fast", "data", recursion=1), StorageVolumeFull)
    assert_type(client.export_storage_volume("fast", "data", Path("data")), Path)
    assert_type(client.init_storage_volume_migration("fast", "data"), StorageVolumeOffer)
    client.transfer_storage_volume("fast", "data", to=other, mode="push")
    with client.edit_storage_volume("fast", "data") as volume:
        assert_type(volume, StorageVolume)
        volume.config["size"] = "2GiB"
