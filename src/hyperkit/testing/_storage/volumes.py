"""Storage volumes: custom ones, and those of instances as far as they can be looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._clock import NEVER
from .._engine import check, rules
from .._engine.answers import Json, Refused, in_project, text_in
from .._engine.filter import filtered
from .._engine.state import Volume
from .._system import limits
from . import mounts, volume_backups, volume_migration, volume_snapshots
from .pools import find_pool, pool_of
from .volume_shared import (
    BASE,
    ONE,
    TYPES,
    add,
    bytes_of,
    empty_tree,
    find_custom,
    find_volume,
    forgets_times,
    home_of,
    of_instance,
    refresh,
    tell,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation
    from .._engine.state import Instance, Profile, Project
    from .._flavours import Flavour

_CONTENTS = ("filesystem", "block", "iso")
# What is shown.


def _used_by(call: Call, volume: Volume) -> list[str]:
    if volume.type != "custom":
        return [in_project(f"/1.0/instances/{volume.name}", call.project)]
    found: list[str] = []
    for project in call.state.projects.values():
        for kind, things in (("instances", project.instances), ("profiles", project.profiles)):
            for name, one in things.items():
                if any(
                    (disk["pool"], disk["source"]) == (volume.pool, volume.name)
                    for _, disk in mounts.disks(one.devices)
                ):
                    found.append(in_project(f"/1.0/{kind}/{name}", project.name))
    return found


def shown(call: Call, volume: Volume, project: str) -> Json:
    """Write a volume as the API does."""
    found: Json = {
        "config": volume.config,
        "description": volume.description,
        "name": volume.name,
        "type": volume.type,
        "used_by": _used_by(call, volume),
        "location": call.daemon.location,
        "content_type": volume.content_type,
        "project": project,
        "created_at": NEVER if forgets_times(call) else volume.created_at,
    }
    if call.flavour.has("storage_volumes_all"):
        found["pool"] = volume.pool
    return found


def _full(call: Call, volume: Volume, project: str) -> Json:
    """Write a volume with its state, snapshots and backups."""
    return {
        **shown(call, volume, project),
        "backups": [volume_backups.shown(one) for one in volume.backups.values()],
        "snapshots": [volume_snapshots.shown(call, one) for one in volume.snapshots.values()]
        or None,
        "state": _state(call, volume),
    }


def _all(call: Call, pool: str) -> Iterator[tuple[Volume, str]]:
    """List the volumes in a pool, each with its project."""
    state = call.state
    chosen = [one.name for one in call.projects] if call.all_projects else [call.project]
    for name in chosen:
        for one in state.project(name).instances.values():
            if pool_of(state, one) == pool:
                yield of_instance(one, pool), name
    for name in dict.fromkeys(state.home(one, "storage.volumes").name for one in chosen):
        for volume in state.project(name).volumes.values():
            if volume.pool == pool:
                yield volume, name


def _lines(call: Call, pool: str) -> Iterator[tuple[str, Json]]:
    """List what is in a pool: paths, and what they show."""
    kind = call.names.get("type")
    if kind is not None and kind not in TYPES:
        raise Refused(400, "Invalid storage volume type name")
    found = [one for one in _all(call, pool) if kind in {None, one[0].type}]
    full = call.recursion > 1 and call.flavour.has("storage_volume_full")
    for volume, project in sorted(found, key=lambda one: (one[0].type, one[0].name)):
        path = call.url("storage-pools", pool, "volumes", volume.type, volume.name)
        yield path, (_full if full else shown)(call, volume, project)
        if call.flavour.has("storage_volume_full"):
            continue
        # The older servers list snapshots among the volumes.
        for one in volume.snapshots.values():
            rest = ("volumes", volume.type, volume.name, "snapshots", one.name)
            taken: Json = {
                **shown(call, volume, project),
                "config": one.config,
                "created_at": NEVER if forgets_times(call) else one.created_at,
                "description": one.description,
                "name": f"{volume.name}/{one.name}",
                "used_by": [],
            }
            yield call.url("storage-pools", pool, *rest), taken


def _answer(call: Call, lines: list[tuple[str, Json]]) -> web.StreamResponse:
    chosen = filtered(call, lines, lambda line: line[1])
    return call.sync([found if call.recursion else path for path, found in chosen])


async def list_volumes(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/volumes`` and ``…/volumes/<type>``."""
    return _answer(call, list(_lines(call, find_pool(call).name)))


async def list_all_volumes(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-volumes`` and ``/1.0/storage-volumes/<type>``."""
    return _answer(call, [line for pool in call.state.pools for line in _lines(call, pool)])


def _writable(volume: Volume) -> tuple[Any, ...]:
    return (volume.name, volume.type, volume.config)


async def get_volume(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/volumes/<type>/<volume>``."""
    volume = find_volume(call)
    project = home_of(call).name if volume.type == "custom" else call.project
    full = call.recursion and call.flavour.has("storage_volume_full")
    return call.sync((_full if full else shown)(call, volume, project), etag=_writable(volume))


def _state(call: Call, volume: Volume) -> Json:
    if call.flavour.has("storage_volume_full"):
        return {"usage": {"total": bytes_of(volume.config.get("size", ""))}}
    return {"usage": None}


async def get_state(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/volumes/<type>/<volume>/state``."""
    volume = find_volume(call)
    if forgets_times(call):
        raise Refused(500, "Not supported")
    return call.sync(_state(call, volume))


# What is made.


async def create_volume(call: Call) -> web.StreamResponse:
    """``POST /1.0/storage-pools/<pool>/volumes`` and ``…/volumes/custom``."""
    pool = find_pool(call)
    if call.request.content_type != "application/json":
        return await volume_backups.import_volume(call, pool.name)
    asked = await call.json()
    made = _new(call, pool.name, asked)
    source: Json = asked.get("source") or {}
    if (made.pool, made.name) in home_of(call).volumes and not source.get("refresh"):
        raise Refused(409, "Volume by that name already exists")
    limits.allow_volume(call, made, new=True)
    if not source.get("type") or source.get("type") == "none":
        add(call, made)
        return call.done("Creating storage volume")
    if source["type"] == "copy":
        return _copy(call, made, source)
    if source["type"] == "migration":
        return volume_migration.receive_volume(call, made, source)
    raise Refused(501, f"The embedded server cannot make a volume by {source['type']}")


def _new(call: Call, pool: str, asked: Json) -> Volume:
    """Read a volume from a body: it is empty, and in no project yet."""
    kind = call.names.get("type") or asked.get("type") or "custom"
    if kind != "custom":
        text = f'Currently not allowed to create storage volumes of type "{kind}"'
        raise Refused(400, text)
    name = text_in(asked, "name")
    check.plain_name(name, "Storage volume")
    content = asked.get("content_type") or "filesystem"
    if content not in _CONTENTS:
        raise Refused(400, f'Invalid content type "{content}"')
    return Volume(
        name,
        pool,
        call.daemon.clock.text(),
        empty_tree(),
        check.stored(_config(call.flavour, name, asked.get("config"))),
        content,
        text_in(asked, "description"),
    )


def _config(flavour: Flavour, name: str, given: Any) -> dict[str, str]:
    """Read the configuration of a custom volume.

    Args:
        flavour: of the server.
        name: of the volume.
        given: from the body.
    """
    found = check.texts(given)
    for key, value in found.items():
        wrong = rules.volume(flavour, key, value)
        if wrong is None:
            raise Refused(500, f'Invalid option for volume "{name}" option "{key}"')
        if wrong:
            raise Refused(500, f'Invalid value for volume "{name}" option "{key}": {wrong}')
    return found


def _copy(call: Call, made: Volume, source: Json) -> web.StreamResponse:
    home = call.state.home(source.get("project") or call.project, "storage.volumes")
    name, _, snapshot = text_in(source, "name").partition("/")
    original = home.volumes.get((source.get("pool") or made.pool, name))
    if original is None or (snapshot and snapshot not in original.snapshots):
        raise Refused(404, "Storage pool volume not found")

    async def work(_operation: Operation) -> None:
        origin = original.snapshots[snapshot] if snapshot else original
        alone = bool(source.get("volume_only") or snapshot)
        snapshots = {} if alone else original.snapshots
        there = home_of(call).volumes.get((made.pool, made.name))
        if there is not None and source.get("refresh"):
            refresh(there, origin.tree, snapshots)
            return
        made.config = origin.config | made.config
        made.description = made.description or original.description
        made.content_type = original.content_type
        made.tree = origin.tree.copy()
        made.snapshots = {key: one.copy() for key, one in snapshots.items()}
        add(call, made)

    return call.start("Copying storage volume", work)


# What is changed.


async def update_volume(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/storage-pools/<pool>/volumes/<type>/<volume>``."""
    volume = find_custom(call) if call.patching else find_volume(call)
    call.check_etag(*_writable(volume))
    asked = await call.json()
    if asked.get("restore"):
        return _restore(call, volume, str(asked["restore"]))
    if volume.type != "custom":
        raise Refused(501, "The embedded server keeps no settings of the volume of an instance")
    config = _config(call.flavour, volume.name, asked.get("config"))
    config = check.stored(volume.config if call.patching else {}, config)
    limits.allow_volume(call, replace(volume, config=config))
    volume.config = config
    if not call.patching or "description" in asked:
        volume.description = text_in(asked, "description")
    tell(call, "updated", volume)
    return call.done("Updating storage volume")


def _restore(call: Call, volume: Volume, name: str) -> web.StreamResponse:
    """Give a volume the files of a snapshot; its settings stay."""
    if name not in volume.snapshots:
        if call.flavour.lxd:
            raise Refused(404, "Storage pool volume not found")
        raise Refused(500, "Snapshot not found")
    if volume.type != "custom":
        raise Refused(501, "The embedded server restores an instance by its own name alone")
    if any(one.running for one in mounts.users(call.daemon, home_of(call), volume)):
        raise Refused(500, "Cannot restore custom volume used by running instances")
    volume.tree.become(volume.snapshots[name].tree)
    tell(call, "restored", volume, snapshot=name)
    return call.done("Restoring storage volume")


async def rename_volume(call: Call) -> web.StreamResponse:
    """``POST /1.0/storage-pools/<pool>/volumes/custom/<volume>``: rename, or move."""
    volume = find_volume(call)
    asked = await call.json()
    if volume.type != "custom":
        text = f'Renaming storage volumes of type "{volume.type}" is not allowed'
        raise Refused(400, text)
    if asked.get("migration"):
        return volume_migration.offer_volume(call, volume, asked)
    name = text_in(asked, "name")
    pool = asked.get("pool") or volume.pool
    if not name:
        raise Refused(400, "Missing name")
    if "/" in name:
        raise Refused(400, "Storage volume names may not contain slashes")
    if pool not in call.state.pools:
        raise Refused(404, "Storage pool not found")
    home = home_of(call)
    goal = call.state.home(asked.get("project") or call.project, "storage.volumes")
    if (pool, name) in goal.volumes:
        raise Refused(409, "Volume by that name already exists")
    if any(one.running for one in mounts.users(call.daemon, home, volume)):
        raise Refused(500, "Volume is still in use by running instances")
    if pool == volume.pool and goal is home:
        _move(call, volume, name, pool, goal)
        path = f"/1.0/storage-pools/{pool}/volumes/custom/{name}"
        return call.done("Renaming storage volume", path)

    async def work(_operation: Operation) -> None:
        _move(call, volume, name, pool, goal)

    return call.start("Moving storage volume", work)


def _move(call: Call, volume: Volume, name: str, pool: str, goal: Project) -> None:
    """Give a volume another place; the instances and profiles that have it are told."""
    home = home_of(call)
    for project in call.state.projects.values():
        if call.state.home(project.name, "storage.volumes") is not home:
            continue
        holders: list[Instance | Profile] = [*project.instances.values()]
        for one in [*holders, *project.profiles.values()]:
            for _, disk in mounts.disks(one.devices):
                if (disk["pool"], disk["source"]) == (volume.pool, volume.name):
                    disk.update(pool=pool, source=name)
    del home.volumes[volume.pool, volume.name]
    volume.name, volume.pool = name, pool
    goal.volumes[pool, name] = volume
    tell(call, "renamed", volume)


async def delete_volume(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/storage-pools/<pool>/volumes/custom/<volume>``."""
    volume = find_volume(call)
    if volume.type != "custom":
        text = f'Storage volumes of type "{volume.type}" cannot be deleted with the storage API'
        raise Refused(400, text)
    if _used_by(call, volume):
        raise Refused(400, "The storage volume is still in use")
    del home_of(call).volumes[volume.pool, volume.name]
    tell(call, "deleted", volume)
    return call.done("Deleting storage volume")


ROUTES = {
    "GET /1.0/storage-volumes": list_all_volumes,
    "GET /1.0/storage-volumes/{type}": list_all_volumes,
    f"GET {BASE}": list_volumes,
    f"POST {BASE}": create_volume,
    f"GET {BASE}/{{type}}": list_volumes,
    f"POST {BASE}/{{type}}": create_volume,
    f"GET {ONE}": get_volume,
    f"PUT {ONE}": update_volume,
    f"PATCH {ONE}": update_volume,
    f"POST {ONE}": rename_volume,
    f"DELETE {ONE}": delete_volume,
    f"GET {ONE}/state": get_state,
}
