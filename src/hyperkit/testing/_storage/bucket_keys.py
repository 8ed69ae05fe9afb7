"""Keys of storage buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from .._engine.answers import Json, Refused, text_in
from .bucket_shared import ONE, answer_made, find_bucket, keys_of, make_key, tell

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.state import Bucket


def _found_key(call: Call, before: str = "") -> tuple[Bucket, Json]:
    bucket = find_bucket(call, before)
    key = bucket.keys.get(call.names["key"])
    if key is None:
        raise Refused(404, f"{before}Storage bucket key not found")
    return bucket, key


async def list_keys(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/buckets/<bucket>/keys``."""
    bucket = find_bucket(call, "Failed loading storage bucket: ")
    if call.recursion:
        return call.sync(keys_of(bucket))
    base = ("storage-pools", bucket.pool, "buckets", bucket.name, "keys")
    return call.sync([call.url(*base, quote(one["name"], safe="")) for one in keys_of(bucket)])


async def create_key(call: Call) -> web.StreamResponse:
    """``POST /1.0/storage-pools/<pool>/buckets/<bucket>/keys``."""
    failed = "Failed creating storage bucket key: "
    bucket = find_bucket(call, failed)
    asked = await call.json()
    name = text_in(asked, "name")
    if not name:
        raise Refused(500, f"{failed}Key name is required")
    if name in bucket.keys:
        raise Refused(409, f"{failed}A bucket key for that name already exists")
    bucket.keys[name] = make_key(call, asked, name, failed)
    tell(call, "created", bucket, "bucket-key", name=name)
    # Where Incus has the bucket's name, it writes the pool's.
    path = f"/{call.flavour.either(bucket.name, bucket.pool)}/keys/{quote(name, safe='')}"
    return answer_made(call, "Creating storage bucket key", bucket.keys[name], path)


async def get_key(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/buckets/<bucket>/keys/<key>``."""
    key = _found_key(call)[1]
    return call.sync(key, etag=(key,))


async def update_key(call: Call) -> web.StreamResponse:
    """``PUT /1.0/storage-pools/<pool>/buckets/<bucket>/keys/<key>``."""
    failed = "Failed updating storage bucket key: "
    bucket, key = _found_key(call, failed)
    call.check_etag(key)
    asked = await call.json()
    name = str(key["name"])
    del bucket.keys[name]
    try:
        key = make_key(call, asked, name, failed)
    finally:
        bucket.keys[name] = key
    tell(call, "updated", bucket, "bucket-key", name=name)
    return call.done("Updating storage bucket key")


async def delete_key(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/storage-pools/<pool>/buckets/<bucket>/keys/<key>``."""
    bucket, key = _found_key(call, "Failed deleting storage bucket key: ")
    del bucket.keys[key["name"]]
    tell(call, "deleted", bucket, "bucket-key", name=key["name"])
    return call.done("Deleting storage bucket key")


ROUTES = {
    f"GET {ONE}/keys": list_keys,
    f"POST {ONE}/keys": create_key,
    f"GET {ONE}/keys/{{key}}": get_key,
    f"PUT {ONE}/keys/{{key}}": update_key,
    f"DELETE {ONE}/keys/{{key}}": delete_key,
}
