"""What the chapters of buckets share: finding one, adding one, keys, telling of it."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Any

from .._engine.answers import Json, Refused, text_in

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation
    from .._engine.state import Bucket

_CAPITALS = string.ascii_uppercase + string.digits
_SIGNS = string.ascii_letters + string.digits
_ROLES = ("admin", "read-only")
BASE = "/1.0/storage-pools/{pool}/buckets"
ONE = BASE + "/{bucket}"


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


def find_bucket(call: Call, before: str = "") -> Bucket:
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


def tell(call: Call, what: str, bucket: Bucket, kind: str = "bucket", **context: Any) -> None:
    """Let those who listen to events know."""
    path = f"/1.0/storage-pools/{bucket.pool}/buckets/{bucket.name}"
    call.daemon.events.lifecycle(f"storage-{kind}-{what}", path, call.project, **context)


def keys_of(bucket: Bucket) -> list[Json]:
    return sorted(bucket.keys.values(), key=lambda one: str(one["name"]))


def make_key(call: Call, asked: Json, name: str, failed: str) -> Json:
    """Make a key; what is not given of its secrets is chosen."""
    if asked.get("role") not in _ROLES:
        raise Refused(500, f"{failed}Invalid key role")
    access = asked.get("access-key") or "".join(secrets.choice(_CAPITALS) for _ in range(20))
    secret = asked.get("secret-key") or "".join(secrets.choice(_SIGNS) for _ in range(40))
    key: Json = {
        "description": text_in(asked, "description"),
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


def answer_made(call: Call, description: str, key: Json, path: str) -> web.StreamResponse:
    """Answer that something was made: with the key, which is told now only by LXD."""
    if not call.flavour.has("storage_and_network_operations"):
        response = call.sync(key)
        response.set_status(201)
        response.headers["Location"] = f"/1.0/storage-pools/{call.names['pool']}/buckets{path}"
        return response

    async def work(operation: Operation) -> None:
        operation.update(key=key)

    return call.start(description, work)
