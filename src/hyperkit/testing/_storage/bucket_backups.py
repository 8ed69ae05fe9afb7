"""Backups of storage buckets: Incus alone has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.answers import Json, Refused, text_in
from .._engine.state import Bucket
from .._transfers import backups
from .._transfers.archives import pack_backup, unpack_backup
from .bucket_shared import ONE, add, buckets_of, check_pool, find_bucket, tell

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation
    from .._engine.state import Backup

_MISSING = "Storage bucket backup not found"


def _resources(bucket: Bucket, name: str) -> Json:
    """Name an operation's resources."""
    path = f"/1.0/storage-pools/{bucket.pool}/buckets/{bucket.name}"
    kept = {"backups": [f"{path}/backups/{name}"]} if name else {}
    return {**kept, "storage_buckets": [path]}


def _found(call: Call) -> tuple[Bucket, Backup]:
    bucket = buckets_of(call).get((check_pool(call), call.names["bucket"]))
    if bucket is None:
        raise Refused(404, _MISSING)
    return bucket, backups.find(bucket, call.names["backup"], _MISSING)


async def list_backups(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/buckets/<bucket>/backups``."""
    try:
        bucket = find_bucket(call)
    except Refused:
        # Incus 7 does not look whether there is such a bucket.
        if not call.flavour.incus7:
            raise
        return call.sync([])
    base = ("storage-pools", bucket.pool, "buckets", bucket.name)
    return backups.listed(call, base, bucket, backups.backup_shown)


async def create_backup(call: Call) -> web.StreamResponse:
    """``POST /1.0/storage-pools/<pool>/buckets/<bucket>/backups``."""
    bucket = find_bucket(call)
    asked = await call.json()

    def pack(packer: str) -> bytes:
        if not call.state.config.get("core.storage_buckets_address"):
            text = "The server is lacking a storage buckets listener address"
            raise Refused(500, f"Backup create: {text}")
        index: Json = {
            "name": bucket.name,
            "type": "bucket",
            "config": bucket.config,
            "description": bucket.description,
            "keys": list(bucket.keys.values()),
        }
        return pack_backup(index, packer)

    return await backups.make(
        call,
        bucket,
        asked,
        pack,
        alone=False,
        before="",
        description="Creating bucket backup",
        label=f"{bucket.name}/",
        resources=lambda name: _resources(bucket, name),
        tell=lambda what, name: tell(call, what, bucket, "bucket-backup", name=name),
    )


async def get_backup(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/buckets/<bucket>/backups/<backup>``."""
    return call.sync(backups.backup_shown(_found(call)[1]))


async def rename_backup(call: Call) -> web.StreamResponse:
    """``POST /1.0/storage-pools/<pool>/buckets/<bucket>/backups/<backup>``.

    Incus looks in the wrong place, and fails.
    """
    bucket, backup = _found(call)
    name = text_in(await call.json(), "name")
    backups.check_name(name)

    async def work(_operation: Operation) -> None:
        folder = f"/var/lib/incus/backups/buckets/{bucket.pool}/{call.project}_"
        paths = f"{folder}{backup.name} {folder}{bucket.name}/{name}"
        raise Refused(500, f"rename {paths}: no such file or directory")

    return call.start("Deleting bucket backup", work, resources=_resources(bucket, backup.name))


async def delete_backup(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/storage-pools/<pool>/buckets/<bucket>/backups/<backup>``.

    Incus looks among the backups of volumes, and fails.
    """
    bucket, backup = _found(call)

    async def work(_operation: Operation) -> None:
        raise Refused(404, "Storage volume backup not found")

    return call.start("Deleting bucket backup", work, resources=_resources(bucket, backup.name))


async def export_backup(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/buckets/<bucket>/backups/<backup>/export``."""
    find_bucket(call)
    return backups.export(call, _found(call)[1])


async def import_bucket(call: Call, pool: str) -> web.StreamResponse:
    """``POST /1.0/storage-pools/<pool>/buckets`` with a backup."""
    content = await call.upload()
    try:
        index = unpack_backup(content)[0]
    except Refused as refusal:
        raise Refused(501 if refusal.code == 501 else 400, refusal.text) from None
    made = Bucket(
        call.header("name") or str(index["name"]),
        pool,
        index["config"],
        index["description"],
        {one["name"]: one for one in index["keys"]},
    )

    async def work(_operation: Operation) -> None:
        add(call, made, "Create storage bucket from backup: ", 500)

    path = f"/1.0/storage-pools/{pool}/buckets/bucket/{made.name}"
    return call.start("Restoring bucket backup", work, resources={"storage_buckets": [path]})


_BACKUP = ONE + "/backups/{backup}"
ROUTES = {
    f"GET {ONE}/backups": list_backups,
    f"POST {ONE}/backups": create_backup,
    f"GET {_BACKUP}": get_backup,
    f"POST {_BACKUP}": rename_backup,
    f"DELETE {_BACKUP}": delete_backup,
    f"GET {_BACKUP}/export": export_backup,
}
