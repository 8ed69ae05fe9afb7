"""Storage pools: lists, making, changing, removing; and which of them something is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._cluster.definitions import defined, defining
from .._engine import check, rules
from .._engine.answers import Json, Refused, in_project, text_in
from .._engine.filter import filtered
from .._engine.state import Pool

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.state import Instance, State

_DRIVERS = ("btrfs", "ceph", "cephfs", "cephobject", "lvm", "zfs")


def _used_by(call: Call, pool: Pool) -> list[str]:
    """Find what is in a pool, or is meant to come into it."""
    found: list[str] = []
    for project in call.state.projects.values():
        inside = [
            f"/1.0/profiles/{name}"
            for name, profile in project.profiles.items()
            if any(one.get("pool") == pool.name for one in profile.devices.values())
        ]
        inside += [
            f"/1.0/instances/{name}"
            for name, instance in project.instances.items()
            if pool_of(call.state, instance) == pool.name
        ]
        inside += [
            f"/1.0/storage-pools/{pool.name}/volumes/custom/{name}"
            for place, name in project.volumes
            if place == pool.name
        ]
        inside += [
            f"/1.0/storage-pools/{pool.name}/buckets/{name}"
            for place, name in project.buckets
            if place == pool.name
        ]
        found += [in_project(path, project.name) for path in inside]
    return found


def pool_of(state: State, instance: Instance) -> str:
    """Find the pool that an instance's root disk is in."""
    for device in state.devices(instance).values():
        if device.get("type") == "disk" and device.get("path") == "/":
            return str(device.get("pool"))
    return ""


def _shown(call: Call, pool: Pool) -> Json:
    return {
        "config": pool.config,
        "description": pool.description,
        "name": pool.name,
        "driver": pool.driver,
        "used_by": _used_by(call, pool),
        "status": "Pending" if pool.pending else "Created",
        "locations": [call.daemon.location],
    }


def _writable(pool: Pool) -> tuple[Any, ...]:
    return (pool.name, pool.driver, pool.description, pool.config)


def find_pool(call: Call) -> Pool:
    """Find the pool that the path names.

    Raises:
        Refused: there is none.
    """
    found = call.state.pools.get(call.names["pool"])
    if found is None:
        raise Refused(404, "Storage pool not found")
    return found


async def list_pools(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools``."""
    pools = filtered(
        call, call.state.pools.values(), lambda one: _shown(call, one), "api_filtering_extended"
    )
    if not call.recursion:
        return call.sync([f"/1.0/storage-pools/{one.name}" for one in pools])
    return call.sync([_shown(call, one) for one in pools])


def _config(given: Any, code: int) -> dict[str, str]:
    """Read the configuration of a pool.

    Args:
        given: from the body.
        code: to refuse with.
    """
    found = check.texts(given)
    for key, value in found.items():
        wrong = rules.pool(key, value)
        if wrong is None:
            raise Refused(code, f'Invalid option "{key}"')
        if wrong:
            raise Refused(code, f'Invalid value for option "{key}": {wrong}')
    return found


async def create_pool(call: Call) -> web.StreamResponse:
    """``POST /1.0/storage-pools``."""
    asked = await call.json()
    name = text_in(asked, "name")
    driver = text_in(asked, "driver")
    check.plain_name(name, "Storage pool")
    if not driver:
        raise Refused(400, "No driver provided")
    there = call.state.pools.get(name)
    if there is not None and not there.pending:
        raise Refused(409, "The storage pool already exists: The record already exists")
    if driver in _DRIVERS:
        raise Refused(
            501, f"The embedded server cannot make a storage pool of the driver {driver}"
        )
    if driver != "dir":
        raise Refused(500, "Unknown driver")
    own = defined(call, ("Pool", "storage pool"), there)
    config = check.stored(own, _config(asked.get("config"), 500))
    pool = Pool(name, driver, config, text_in(asked, "description"), pending=defining(call))
    call.state.pools[name] = pool
    if pool.pending:
        return call.sync({})
    product = call.flavour.product.name
    config.setdefault("source", f"/var/lib/{product}/storage-pools/{name}")
    call.daemon.events.lifecycle("storage-pool-created", f"/1.0/storage-pools/{name}")
    return call.done("Creating storage pool", f"/1.0/storage-pools/{name}")


async def get_pool(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<name>``."""
    pool = find_pool(call)
    return call.sync(_shown(call, pool), etag=_writable(pool))


async def update_pool(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/storage-pools/<name>``."""
    pool = find_pool(call)
    call.check_etag(*_writable(pool))
    asked = await call.json()
    config = _config(asked.get("config"), 400)
    merged = check.stored(pool.config, config) if call.patching else check.stored(config)
    if merged.get("source", pool.config["source"]) != pool.config["source"]:
        raise Refused(400, "Pool source cannot be changed when not in pending state")
    pool.config = {"source": pool.config["source"]} | merged
    if not call.patching or "description" in asked:
        pool.description = text_in(asked, "description")
    call.daemon.events.lifecycle("storage-pool-updated", f"/1.0/storage-pools/{pool.name}")
    return call.done("Updating storage pool")


async def delete_pool(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/storage-pools/<name>``."""
    pool = find_pool(call)
    if _used_by(call, pool):
        raise Refused(400, "The storage pool is currently in use")
    del call.state.pools[pool.name]
    call.daemon.events.lifecycle("storage-pool-deleted", f"/1.0/storage-pools/{pool.name}")
    return call.done("Deleting storage pool")


async def get_resources(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<name>/resources``."""
    find_pool(call)
    space = {"used": 26_117_427_200, "total": 270_553_174_016}
    return call.sync({"space": space, "inodes": {"used": 447_541, "total": 16_777_216}})


ROUTES = {
    "GET /1.0/storage-pools": list_pools,
    "POST /1.0/storage-pools": create_pool,
    "GET /1.0/storage-pools/{pool}": get_pool,
    "PUT /1.0/storage-pools/{pool}": update_pool,
    "PATCH /1.0/storage-pools/{pool}": update_pool,
    "DELETE /1.0/storage-pools/{pool}": delete_pool,
    "GET /1.0/storage-pools/{pool}/resources": get_resources,
}
