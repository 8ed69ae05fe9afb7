"""Storage volumes: custom ones, and those of instances and images as far as they are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _check as check
from ._answers import Json, Refused
from ._filter import matches
from ._instances import expanded
from ._pools import done, find, pool_of
from ._state import Project, Volume

if TYPE_CHECKING:
    from aiohttp import web

    from ._call import Call
    from ._operations import Operation

_TYPES = ("container", "virtual-machine", "image", "custom")
_CONTENTS = ("filesystem", "block", "iso")


def _home(call: Call) -> Project:
    return call.home("storage.volumes")


def _used_by(call: Call, volume: Volume) -> list[str]:
    found: list[str] = []
    for project in call.state.projects.values():
        suffix = "" if project.name == "default" else f"?project={project.name}"
        for kind, things in (("instances", project.instances), ("profiles", project.profiles)):
            for name, one in things.items():
                disks = one.devices.values()
                if any(
                    disk.get("pool") == volume.pool and disk.get("source") == volume.name
                    for disk in disks
                ):
                    found.append(f"/1.0/{kind}/{name}{suffix}")
    return found


def _shown(call: Call, volume: Volume) -> Json:
    never = call.flavour.lxd and not call.flavour.has("bulk_operations")
    return {
        "config": volume.config,
        "description": volume.description,
        "name": volume.name,
        "type": "custom",
        "used_by": _used_by(call, volume),
        "location": call.daemon.location,
        "content_type": volume.content_type,
        "project": _home(call).name,
        "created_at": "0001-01-01T00:00:00Z" if never else volume.created_at,
    }


def _of_instances(call: Call, pool: str) -> list[Json]:
    """List the volumes that instances have in a pool."""
    home = call.home("profiles")
    return [
        {
            "config": {},
            "description": "",
            "name": one.name,
            "type": "container",
            "used_by": [f"/1.0/instances/{one.name}"],
            "location": call.daemon.location,
            "content_type": "filesystem",
            "project": one.project,
            "created_at": one.created_at,
        }
        for one in call.state.project(call.project).instances.values()
        if pool_of(expanded(home, one)[1]) == pool
    ]


def _listed(call: Call, pool: str) -> list[Json]:
    volumes = [one for (place, _), one in _home(call).volumes.items() if place == pool]
    found = [*_of_instances(call, pool), *[_shown(call, one) for one in volumes]]
    kind = call.names.get("type")
    if kind is not None:
        if kind not in _TYPES:
            raise Refused(400, "Invalid storage volume type name")
        found = [one for one in found if one["type"] == kind]
    return found


async def list_volumes(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/volumes`` and ``…/volumes/<type>``."""
    pool = find(call)
    found = _listed(call, pool.name)
    wanted = call.query.get("filter")
    if wanted:
        test = matches(wanted, 400 if call.flavour.recent else 500)
        found = [one for one in found if test(one)]
    if not call.recursion:
        return call.sync(
            [
                call.url("storage-pools", pool.name, "volumes", one["type"], one["name"])
                for one in found
            ]
        )
    return call.sync(found)


async def create_volume(call: Call) -> web.StreamResponse:
    """``POST /1.0/storage-pools/<pool>/volumes`` and ``…/volumes/custom``."""
    pool = find(call)
    if call.request.content_type != "application/json":
        raise Refused(501, "The embedded server cannot make a volume of a file")
    asked = await call.json()
    kind = call.names.get("type") or asked.get("type") or "custom"
    if kind != "custom":
        raise Refused(
            400, 'Currently not allowed to create storage volumes of type "' + kind + '"'
        )
    name = str(asked.get("name") or "")
    if not name:
        raise Refused(400, "No name provided")
    if "/" in name:
        raise Refused(400, "Storage volume names may not contain slashes")
    content = asked.get("content_type") or "filesystem"
    if content not in _CONTENTS:
        raise Refused(400, f'Invalid content type "{content}"')
    volumes = _home(call).volumes
    source: Json = asked.get("source") or {}
    if (pool.name, name) in volumes and source.get("type") != "copy":
        raise Refused(409, "Volume by that name already exists")
    config = check.texts(asked.get("config"))
    made = Volume(
        name,
        pool.name,
        call.daemon.clock.text(),
        config,
        content,
        str(asked.get("description") or ""),
    )
    if not source.get("type") or source.get("type") == "none":
        volumes[pool.name, name] = made
        _tell(call, "created", pool.name, name)
        return done(call, "Creating storage volume")
    if source["type"] != "copy":
        raise Refused(501, f"The embedded server cannot make a volume by {source['type']}")
    return _copy(call, made, source)


def _copy(call: Call, made: Volume, source: Json) -> web.StreamResponse:
    home = call.state.home(source.get("project") or call.project, "storage.volumes")
    place = source.get("pool") or made.pool, str(source.get("name") or "").partition("/")[0]
    original = home.volumes.get(place)
    if original is None:
        raise Refused(404, "Storage pool volume not found")

    there = _home(call).volumes.get((made.pool, made.name))
    if there is not None and source.get("refresh"):
        there.snapshots |= {key: dict(one) for key, one in original.snapshots.items()}
        return done(call, "Copying storage volume")
    if there is not None:
        raise Refused(409, "Volume by that name already exists")

    async def work(operation: Operation) -> None:
        del operation
        made.config = original.config | made.config
        made.description = made.description or original.description
        made.content_type = original.content_type
        if not source.get("volume_only") and "/" not in str(source.get("name")):
            made.snapshots = {key: dict(one) for key, one in original.snapshots.items()}
        _home(call).volumes[made.pool, made.name] = made
        _tell(call, "created", made.pool, made.name)

    return call.start("Copying storage volume", work)


def _tell(call: Call, what: str, pool: str, name: str) -> None:
    path = f"/1.0/storage-pools/{pool}/volumes/custom/{name}"
    call.daemon.events.lifecycle(f"storage-volume-{what}", path, call.project)


def _found(call: Call) -> Volume:
    pool = find(call)
    kind = call.names["type"]
    if kind not in _TYPES:
        raise Refused(400, "Invalid storage volume type name")
    if kind != "custom":
        raise Refused(501, f"The embedded server cannot show the volume of a {kind} by itself")
    volume = _home(call).volumes.get((pool.name, call.names["volume"]))
    if volume is None:
        raise Refused(404, "Storage pool volume not found")
    return volume


def _writable(volume: Volume) -> tuple[Any, ...]:
    return (volume.name, "custom", volume.config)


async def get_volume(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/volumes/custom/<volume>``."""
    volume = _found(call)
    return call.sync(_shown(call, volume), etag=_writable(volume))


async def update_volume(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/storage-pools/<pool>/volumes/custom/<volume>``."""
    volume = _found(call)
    call.check_etag(*_writable(volume))
    asked = await call.json()
    config = check.texts(asked.get("config"))
    restored = asked.get("restore")
    if restored:
        if restored not in volume.snapshots:
            raise Refused(404, "Storage volume snapshot not found")
        return done(call, "Restoring storage volume")
    patching = call.request.method == "PATCH"
    volume.config = volume.config | config if patching else config
    if not patching or "description" in asked:
        volume.description = str(asked.get("description") or "")
    _tell(call, "updated", volume.pool, volume.name)
    return done(call, "Updating storage volume")


async def rename_volume(call: Call) -> web.StreamResponse:
    """``POST /1.0/storage-pools/<pool>/volumes/custom/<volume>``: rename, or move."""
    volume = _found(call)
    asked = await call.json()
    if asked.get("migration"):
        raise Refused(501, "The embedded server cannot offer a volume for migration")
    name = str(asked.get("name") or "")
    pool = asked.get("pool") or volume.pool
    if not name:
        raise Refused(400, "Missing name")
    if "/" in name:
        raise Refused(400, "Storage volume names may not contain slashes")
    if pool not in call.state.pools:
        raise Refused(404, "Storage pool not found")
    volumes = _home(call).volumes
    goal = call.state.home(asked.get("project") or call.project, "storage.volumes").volumes
    if (pool, name) in goal:
        raise Refused(409, "Volume by that name already exists")
    if _used_by(call, volume):
        raise Refused(400, "Volume is in use by running instances")

    def move() -> None:
        del volumes[volume.pool, volume.name]
        volume.name, volume.pool = name, pool
        goal[pool, name] = volume
        _tell(call, "renamed", pool, name)

    if pool == volume.pool and goal is volumes:
        move()
        path = ("storage-pools", pool, "volumes", "custom", name)
        return done(call, "Renaming storage volume", *path)

    async def work(operation: Operation) -> None:
        del operation
        move()

    return call.start("Moving storage volume", work)


async def delete_volume(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/storage-pools/<pool>/volumes/custom/<volume>``."""
    volume = _found(call)
    if _used_by(call, volume):
        raise Refused(400, "The storage volume is still in use")
    del _home(call).volumes[volume.pool, volume.name]
    _tell(call, "deleted", volume.pool, volume.name)
    return done(call, "Deleting storage volume")


async def get_state(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/volumes/custom/<volume>/state``."""
    _found(call)
    if call.flavour.lxd and not call.flavour.has("bulk_operations"):
        raise Refused(500, "Not supported")
    return call.sync({"usage": None})


# Snapshots.


def _snapshot_shown(volume: Volume, name: str) -> Json:
    one = volume.snapshots[name]
    return {**one, "name": name}


async def list_snapshots(call: Call) -> web.StreamResponse:
    """``GET /1.0/storage-pools/<pool>/volumes/custom/<volume>/snapshots``."""
    volume = _found(call)
    if call.recursion:
        # In lists the servers name the volume too.
        return call.sync(
            [
                {**_snapshot_shown(volume, name), "name": f"{volume.name}/{name}"}
                for name in volume.snapshots
            ]
        )
    base = ("storage-pools", volume.pool, "volumes", "custom", volume.name, "snapshots")
    return call.sync([call.url(*base, name) for name in volume.snapshots])


async def create_snapshot(call: Call) -> web.StreamResponse:
    """``POST /1.0/storage-pools/<pool>/volumes/custom/<volume>/snapshots``."""
    volume = _found(call)
    asked = await call.json()
    number = 0
    while f"snap{number}" in volume.snapshots:
        number += 1
    name = str(asked.get("name") or f"snap{number}")
    if "/" in name:
        raise Refused(400, 'Invalid snapshot name: Cannot contain "/"')
    if name in volume.snapshots:
        raise Refused(409, f'Snapshot "{name}" already in use')

    async def work(operation: Operation) -> None:
        del operation
        never = call.flavour.lxd and not call.flavour.has("bulk_operations")
        volume.snapshots[name] = {
            "description": str(asked.get("description") or volume.description),
            "expires_at": asked.get("expires_at"),
            "config": dict(volume.config),
            "content_type": "",
            "created_at": "0001-01-01T00:00:00Z" if never else call.daemon.clock.text(),
        }

    path = f"/1.0/storage-pools/{volume.pool}/volumes/custom/{volume.name}"
    resources: Json = {"storage_volumes": [f"/1.0/storage_volumes/{volume.name}"]}
    if not call.flavour.lxd:
        resources = {
            "storage_volume_snapshots": [f"{path}/snapshots/{name}"],
            "storage_volumes": [path],
        }
    return call.start("Creating storage volume snapshot", work, resources=resources)


def _snapshot(call: Call) -> tuple[Volume, str]:
    volume = _found(call)
    name = call.names["snapshot"]
    if name not in volume.snapshots:
        raise Refused(404, "Storage volume snapshot not found")
    return volume, name


async def get_snapshot(call: Call) -> web.StreamResponse:
    """``GET …/volumes/custom/<volume>/snapshots/<snapshot>``."""
    volume, name = _snapshot(call)
    found = _snapshot_shown(volume, name)
    return call.sync(found, etag=(found["description"], found["expires_at"]))


async def update_snapshot(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH …/volumes/custom/<volume>/snapshots/<snapshot>``."""
    volume, name = _snapshot(call)
    found = volume.snapshots[name]
    call.check_etag(found["description"], found["expires_at"])
    asked = await call.json()
    patching = call.request.method == "PATCH"
    if not patching or "description" in asked:
        found["description"] = str(asked.get("description") or "")
    if not patching or "expires_at" in asked:
        found["expires_at"] = asked.get("expires_at")
    if not call.flavour.has("storage_and_profile_operations"):
        return call.sync({})
    return done(call, "Updating storage volume snapshot")


async def rename_snapshot(call: Call) -> web.StreamResponse:
    """``POST …/volumes/custom/<volume>/snapshots/<snapshot>``."""
    volume, old = _snapshot(call)
    name = str((await call.json()).get("name") or "")
    if not name:
        raise Refused(400, "Missing name")

    async def work(operation: Operation) -> None:
        del operation
        if name in volume.snapshots:
            raise Refused(500, f'Snapshot "{name}" already in use')
        volume.snapshots[name] = volume.snapshots.pop(old)

    return call.start("Renaming storage volume snapshot", work)


async def delete_snapshot(call: Call) -> web.StreamResponse:
    """``DELETE …/volumes/custom/<volume>/snapshots/<snapshot>``."""
    volume, name = _snapshot(call)

    async def work(operation: Operation) -> None:
        del operation
        volume.snapshots.pop(name, None)

    return call.start("Deleting storage volume snapshot", work)


_BASE = "/1.0/storage-pools/{pool}/volumes"
_ONE = _BASE + "/{type}/{volume}"
ROUTES = {
    f"GET {_BASE}": list_volumes,
    f"POST {_BASE}": create_volume,
    f"GET {_BASE}/{{type}}": list_volumes,
    f"POST {_BASE}/{{type}}": create_volume,
    f"GET {_ONE}": get_volume,
    f"PUT {_ONE}": update_volume,
    f"PATCH {_ONE}": update_volume,
    f"POST {_ONE}": rename_volume,
    f"DELETE {_ONE}": delete_volume,
    f"GET {_ONE}/state": get_state,
    f"GET {_ONE}/snapshots": list_snapshots,
    f"POST {_ONE}/snapshots": create_snapshot,
    f"GET {_ONE}/snapshots/{{snapshot}}": get_snapshot,
    f"PUT {_ONE}/snapshots/{{snapshot}}": update_snapshot,
    f"PATCH {_ONE}/snapshots/{{snapshot}}": update_snapshot,
    f"POST {_ONE}/snapshots/{{snapshot}}": rename_snapshot,
    f"DELETE {_ONE}/snapshots/{{snapshot}}": delete_snapshot,
}
