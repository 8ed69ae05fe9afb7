"""Buckets: one of the servers has none, and the other lacks a tool to make one."""

import contextlib
import io

import pytest

import hyperkit


@pytest.fixture
def pool(client, kind):
    """A pool whose server knows of buckets."""
    if kind == "lxd":
        with pytest.raises(hyperkit.MissingExtension, match="storage_buckets"):
            client.storage_buckets("default")
        pytest.skip("LXD 5.0 has no buckets")
    yield "default"
    with contextlib.suppress(hyperkit.NotFound):
        client.delete_storage_bucket("default", "hk-bucket")


@pytest.mark.usefixtures("older")
def test_lists_of_what_is_not_there(client, pool):
    assert client.storage_buckets(pool) == []
    assert client.storage_buckets(pool, recursion=1, filter="name eq hk-none") == []
    assert client.storage_buckets(pool, all_projects=True) == []
    with pytest.raises(hyperkit.NotFound):
        client.storage_buckets("hk-none")
    with pytest.raises(hyperkit.MissingExtension, match="storage_bucket_full"):
        client.storage_buckets(pool, recursion=2)


@pytest.mark.usefixtures("older")
def test_buckets_that_are_not_there(client, pool, tmp_path):
    where = (pool, "hk-none")
    for call in (
        lambda: client.storage_bucket(*where),
        lambda: client.patch_storage_bucket(*where, description="a"),
        lambda: client.update_storage_bucket(*where),
        lambda: client.delete_storage_bucket(*where),
        lambda: client.storage_bucket_keys(*where),
        lambda: client.storage_bucket_key(*where, "k"),
        lambda: client.create_storage_bucket_key(*where, "k"),
        lambda: client.update_storage_bucket_key(*where, "k", role="admin"),
        lambda: client.delete_storage_bucket_key(*where, "k"),
        lambda: client.storage_bucket_backups(*where),
        lambda: client.storage_bucket_backup(*where, "b"),
        lambda: client.create_storage_bucket_backup(*where, "b"),
        lambda: client.rename_storage_bucket_backup(*where, "b", "c"),
        lambda: client.delete_storage_bucket_backup(*where, "b"),
        lambda: client.export_storage_bucket_backup(*where, "b", tmp_path / "b"),
    ):
        with pytest.raises(hyperkit.NotFound):
            call()
    with pytest.raises(hyperkit.NotFound), client.edit_storage_bucket(*where):
        pass
    with pytest.raises(hyperkit.NotFound), client.edit_storage_bucket_key(*where, "k"):
        pass


@pytest.mark.usefixtures("older")
def test_a_bucket_where_the_server_lacks_its_tool(client, pool):
    with pytest.raises(hyperkit.InternalServerError, match="MinIO|already exists"):
        client.create_storage_bucket(pool, "hk-bucket", description="Ours")
    assert client.storage_buckets(pool) == []


def test_what_is_no_backup(client, pool):
    with pytest.raises(hyperkit.Error):
        client.import_storage_bucket(pool, io.BytesIO(b"no backup" * 100), name="hk-bucket")
    assert client.storage_buckets(pool) == []
