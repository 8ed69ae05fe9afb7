"""Storage buckets; no objects can be put into them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .._engine import check
from .._engine.answers import Json, Refused, text_in
from .._engine.filter import filtered
from .._engine.state import Bucket
from .._transfers.backups import backup_shown
from .bucket_backups import import_bucket
from .bucket_shared import (
    BASE,
    ONE,
    add,
    answer_made,
    buckets_of,
    check_pool,
    find_bucket,
    keys_of,
    make_key,
    tell,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

    from .._engine.call import Call

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{2,62}")


def _shown(call: Call, bucket: Bucket, project: str) -> Json:
    address = call.state.config.get("core.storage_buckets_address")
    return {
        "config": bucket.config,
        "description": bucket.description,
        "name": bucket.name,
        "s3_url": f"https://{address}/{bucket.name}" if address else "",
        "location": call.daemon.location,
        "project": project,
    }


def _full(call: Call, bucket: Bucket, project: str) -> Json:
    """Write a bucket with its backups and keys."""
    return {
        **_shown(call, bucket, project),
        "backups": [backup_shown(one) for one in bucket.backups.values()],
        "keys": keys_of(bucket),
    }


def _writable(bucket: Bucket) -> tuple[Any, ...]:
    return (bucket.name, bucket.config, bucket.description)


def _all(call: Call, pool: str) -> Iterator[tuple[Bucket, str]]:
    chosen = [one.name for one in call.projects] if call.all_projects else [call.project]
    homes = [call.state.home(one, "storage.buckets") for one in chosen]
    for home in {one.name: one for one in homes}.values():
        for bucket in home.buckets.values():
            if bucket.pool == pool:
                yield bucket, home.name


async def list_buckets(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/buckets``."""
    pool = check_pool(call)
    full = call.recursion > 1 and call.flavour.has("storage_bucket_full")
    write = _full if full else _shown
    lines = [
        (call.url("storage-pools", pool, "buckets", one.name), write(call, one, project))
        for one, project in _all(call, pool)
    ]
    chosen = filtered(call, lines, lambda line: line[1])
    return call.sync([shown if call.recursion else path for path, shown in chosen])


async def create_bucket(call: Call) -> web.StreamResponse:
    """``POST /1.0/storage-pools/<pool>/buckets``."""
    pool = check_pool(call)
    if call.request.content_type != "application/json":
        return await import_bucket(call, pool)
    asked = await call.json()
    name = text_in(asked, "name")
    failed = "Failed creating storage bucket: "
    if not name and call.flavour.incus7:
        text = "Names must start and end with an alphanumeric character"
        raise Refused(400, f"Invalid storage bucket name: {text}")
    if not _NAME.fullmatch(name):
        text = (
            "Bucket name must be between 3 and 63 lowercase letters, numbers, periods or hyphens "
            "and must start with a letter or number"
        )
        raise Refused(500, failed + text)
    config = _config(call, name, asked, failed)
    if not call.flavour.lxd and not call.flavour.incus7:
        text = "Failed connecting to bucket: Couldn't find the MinIO client tool"
        raise Refused(500, failed + text)
    made = Bucket(name, pool, config, text_in(asked, "description"))
    key = make_key(call, {"role": "admin", "description": "Admin user"}, "admin", failed)
    made.keys["admin"] = key
    add(call, made, failed, 409)
    return answer_made(call, "Creating storage bucket", key, f"/{quote(name)}")


def _config(call: Call, name: str, asked: Json, failed: str) -> dict[str, str]:
    config = check.texts(asked.get("config"))
    for key in config:
        if key == "size":
            raise Refused(500, f"{failed}Size cannot be specified for buckets")
        if not key.startswith("user."):
            text = f'Invalid option for volume "{call.project}_{name}" option "{key}"'
            raise Refused(500, failed + text)
    return config


async def get_bucket(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/buckets/<bucket>``."""
    bucket = find_bucket(call)
    full = call.recursion and call.flavour.has("storage_bucket_full")
    shown = (_full if full else _shown)(call, bucket, call.home("storage.buckets").name)
    return call.sync(shown, etag=_writable(bucket))


async def update_bucket(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/storage-pools/<pool>/buckets/<bucket>``."""
    failed = "Failed updating storage bucket: "
    bucket = find_bucket(call, "" if call.patching else failed)
    call.check_etag(*_writable(bucket))
    asked = await call.json()
    config = _config(call, bucket.name, asked, failed)
    bucket.config = bucket.config | config if call.patching else config
    if not call.patching or "description" in asked:
        bucket.description = text_in(asked, "description")
    tell(call, "updated", bucket)
    return call.done("Updating storage bucket")


async def delete_bucket(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/storage-pools/<pool>/buckets/<bucket>``."""
    bucket = find_bucket(call, "Failed deleting storage bucket: ")
    del buckets_of(call)[bucket.pool, bucket.name]
    tell(call, "deleted", bucket)
    return call.done("Deleting storage bucket")


ROUTES = {
    f"GET {BASE}": list_buckets,
    f"POST {BASE}": create_bucket,
    f"GET {ONE}": get_bucket,
    f"PUT {ONE}": update_bucket,
    f"PATCH {ONE}": update_bucket,
    f"DELETE {ONE}": delete_bucket,
}
