"""Storage buckets and their keys; no objects can be put into them."""

from __future__ import annotations

import re
import secrets
import string
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .._engine import check
from .._engine.answers import Json, Refused
from .._engine.filter import filtered
from .._engine.state import Bucket
from .._transfers.backups import backup_shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{2,62}")
_CAPITALS = string.ascii_uppercase + string.digits
_SIGNS = string.ascii_letters + string.digits
_ROLES = ("admin", "read-only")


def buckets_of(call: Call) -> dict[tuple[str, str], Bucket]:
    """List the buckets of the project, by pool and name."""
    return call.home("storage.buckets").buckets


def check_pool(call: Call) -> str:
    """Read the pool's name in the path.

    Raises:
        Refused: there is no such pool.
    """
    pool = call.names["pool"]
    if pool not in call.state.pools:
        raise Refused(404, "Failed loading storage pool: Storage pool not found")
    return pool


def found(call: Call, before: str = "") -> Bucket:
    """Find the bucket that the path names.

    Args:
        call: the request.
        before: what the refusal begins with.

    Raises:
        Refused: there is none.
    """
    bucket = buckets_of(call).get((check_pool(call), call.names["bucket"]))
    if bucket is None:
        raise Refused(404, f"{before}Storage bucket not found")
    return bucket


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
        "keys": _keys(bucket),
    }


def _keys(bucket: Bucket) -> list[Json]:
    return sorted(bucket.keys.values(), key=lambda one: str(one["name"]))


def _writable(bucket: Bucket) -> tuple[Any, ...]:
    return (bucket.name, bucket.config, bucket.description)


def _all(call: Call, pool: str) -> Iterator[tuple[Bucket, str]]:
    chosen = list(call.state.projects) if call.all_projects else [call.project]
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
        from .bucket_backups import import_bucket  # noqa: PLC0415 - it needs this module

        return await import_bucket(call, pool)
    asked = await call.json()
    name = str(asked.get("name") or "")
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
    made = Bucket(name, pool, config, str(asked.get("description") or ""))
    key = _key(call, {"role": "admin", "description": "Admin user"}, "admin", failed)
    made.keys["admin"] = key
    add(call, made, failed, 409)
    return _made(call, "Creating storage bucket", key, f"/{quote(name)}")


def add(call: Call, bucket: Bucket, failed: str, code: int) -> None:
    """Put a bucket into its project, and tell.

    Args:
        call: the request.
        bucket: to put there.
        failed: what a refusal begins with.
        code: to refuse with.

    Raises:
        Refused: its name is taken, or the access key of one of its keys.
    """
    home = call.home("storage.buckets")
    if (bucket.pool, bucket.name) in home.buckets:
        text = (
            f'Failed inserting storage bucket "{bucket.name}" for project "{home.name}" in pool '
            f'"{bucket.pool}" into database: A bucket for that name already exists'
        )
        raise Refused(code, failed + text)
    for key in bucket.keys.values():
        _check_access_key(call, key, failed, code)
    home.buckets[bucket.pool, bucket.name] = bucket
    tell(call, "created", bucket)


def _config(call: Call, name: str, asked: Json, failed: str) -> dict[str, str]:
    config = check.texts(asked.get("config"))
    for key in config:
        if key == "size":
            raise Refused(500, f"{failed}Size cannot be specified for buckets")
        if not key.startswith("user."):
            text = f'Invalid option for volume "{call.project}_{name}" option "{key}"'
            raise Refused(500, failed + text)
    return config


def _made(call: Call, description: str, key: Json, path: str) -> web.StreamResponse:
    """Answer that something was made: with the key, which is told now only by LXD."""
    if not call.flavour.has("storage_and_network_operations"):
        response = call.sync(key)
        response.set_status(201)
        response.headers["Location"] = f"/1.0/storage-pools/{call.names['pool']}/buckets{path}"
        return response

    async def work(operation: Operation) -> None:
        operation.update(key=key)

    return call.start(description, work)


def tell(call: Call, what: str, bucket: Bucket, kind: str = "bucket", **context: Any) -> None:
    """Let those who listen to events know."""
    path = f"/1.0/storage-pools/{bucket.pool}/buckets/{bucket.name}"
    call.daemon.events.lifecycle(f"storage-{kind}-{what}", path, call.project, **context)


async def get_bucket(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/buckets/<bucket>``."""
    bucket = found(call)
    full = call.recursion and call.flavour.has("storage_bucket_full")
    shown = (_full if full else _shown)(call, bucket, call.home("storage.buckets").name)
    return call.sync(shown, etag=_writable(bucket))


async def update_bucket(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/storage-pools/<pool>/buckets/<bucket>``."""
    patching = call.request.method == "PATCH"
    failed = "Failed updating storage bucket: "
    bucket = found(call, "" if patching else failed)
    call.check_etag(*_writable(bucket))
    asked = await call.json()
    config = _config(call, bucket.name, asked, failed)
    bucket.config = bucket.config | config if patching else config
    if not patching or "description" in asked:
        bucket.description = str(asked.get("description") or "")
    tell(call, "updated", bucket)
    return call.done("Updating storage bucket")


async def delete_bucket(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/storage-pools/<pool>/buckets/<bucket>``."""
    bucket = found(call, "Failed deleting storage bucket: ")
    del buckets_of(call)[bucket.pool, bucket.name]
    tell(call, "deleted", bucket)
    return call.done("Deleting storage bucket")


# Keys.


def _key(call: Call, asked: Json, name: str, failed: str) -> Json:
    """Make a key; what is not given of its secrets is chosen."""
    if asked.get("role") not in _ROLES:
        raise Refused(500, f"{failed}Invalid key role")
    access = asked.get("access-key") or "".join(secrets.choice(_CAPITALS) for _ in range(20))
    secret = asked.get("secret-key") or "".join(secrets.choice(_SIGNS) for _ in range(40))
    key: Json = {
        "description": str(asked.get("description") or ""),
        "role": asked["role"],
        "access-key": access,
        "secret-key": secret,
        "name": name,
    }
    _check_access_key(call, key, failed, 409)
    return key


def _check_access_key(call: Call, key: Json, failed: str, code: int) -> None:
    """Refuse an access key that another key has."""
    for project in call.state.projects.values():
        for bucket in project.buckets.values():
            for other in bucket.keys.values():
                if other["access-key"] == key["access-key"]:
                    text = "A bucket key using that access key already exists on this server"
                    raise Refused(code, failed + text)


def _found_key(call: Call, before: str = "") -> tuple[Bucket, Json]:
    bucket = found(call, before)
    key = bucket.keys.get(call.names["key"])
    if key is None:
        raise Refused(404, f"{before}Storage bucket key not found")
    return bucket, key


async def list_keys(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/buckets/<bucket>/keys``."""
    bucket = found(call, "Failed loading storage bucket: ")
    if call.recursion:
        return call.sync(_keys(bucket))
    base = ("storage-pools", bucket.pool, "buckets", bucket.name, "keys")
    return call.sync([call.url(*base, quote(one["name"], safe="")) for one in _keys(bucket)])


async def create_key(call: Call) -> web.StreamResponse:
    """``POST /1.0/storage-pools/<pool>/buckets/<bucket>/keys``."""
    failed = "Failed creating storage bucket key: "
    bucket = found(call, failed)
    asked = await call.json()
    name = str(asked.get("name") or "")
    if not name:
        raise Refused(500, f"{failed}Key name is required")
    if name in bucket.keys:
        raise Refused(409, f"{failed}A bucket key for that name already exists")
    bucket.keys[name] = _key(call, asked, name, failed)
    tell(call, "created", bucket, "bucket-key", name=name)
    # Where Incus has the bucket's name, it writes the pool's.
    path = f"/{call.flavour.either(bucket.name, bucket.pool)}/keys/{quote(name, safe='')}"
    return _made(call, "Creating storage bucket key", bucket.keys[name], path)


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
        key = _key(call, asked, name, failed)
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


BASE = "/1.0/storage-pools/{pool}/buckets"
ONE = BASE + "/{bucket}"
ROUTES = {
    f"GET {BASE}": list_buckets,
    f"POST {BASE}": create_bucket,
    f"GET {ONE}": get_bucket,
    f"PUT {ONE}": update_bucket,
    f"PATCH {ONE}": update_bucket,
    f"DELETE {ONE}": delete_bucket,
    f"GET {ONE}/keys": list_keys,
    f"POST {ONE}/keys": create_key,
    f"GET {ONE}/keys/{{key}}": get_key,
    f"PUT {ONE}/keys/{{key}}": update_key,
    f"DELETE {ONE}/keys/{{key}}": delete_key,
}
