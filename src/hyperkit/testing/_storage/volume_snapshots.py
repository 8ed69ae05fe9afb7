"""Snapshots of storage volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._clock import NEVER
from .._engine import check
from .._engine.answers import Json, Refused, text_in
from .._engine.state import Volume, VolumeSnapshot
from .._system import restrictions
from .._transfers.backups import free_name, snapshot_end
from .volume_migration import offer_volume
from .volume_shared import ONE, find_custom, find_volume, forgets_times, home_of, tell

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation


def shown(call: Call, snapshot: VolumeSnapshot) -> Json:
    """Write a snapshot as the API does in lists."""
    return {
        "description": snapshot.description,
        "expires_at": snapshot.expires_at,
        "name": snapshot.name,
        "config": snapshot.config,
        "content_type": "",
        "created_at": NEVER if forgets_times(call) else snapshot.created_at,
    }


async def list_snapshots(call: Call) -> web.StreamResponse:
    """``GET …/volumes/<type>/<volume>/snapshots``."""
    volume = find_volume(call)
    if call.recursion:
        # In lists the servers name the volume too.
        return call.sync(
            [
                {**shown(call, one), "name": f"{volume.name}/{name}"}
                for name, one in volume.snapshots.items()
            ]
        )
    base = ("storage-pools", volume.pool, "volumes", volume.type, volume.name, "snapshots")
    return call.sync([call.url(*base, name) for name in volume.snapshots])


async def create_snapshot(call: Call) -> web.StreamResponse:
    """``POST …/volumes/custom/<volume>/snapshots``."""
    volume = find_custom(call)
    project = home_of(call)
    restrictions.check_allowed(project.name, project.config, "snapshot")
    asked = await call.json()
    name = free_name(asked, dict(volume.snapshots), "snap")
    check.segment(name, "Invalid snapshot name: ")
    if name in volume.snapshots:
        raise Refused(409, f'Snapshot "{name}" already in use')
    end = snapshot_end(call, asked, volume.config)

    async def work(_operation: Operation) -> None:
        volume.snapshots[name] = VolumeSnapshot(
            name,
            call.daemon.clock.text(),
            dict(volume.config),
            volume.tree.copy(),
            str(asked.get("description") or volume.description),
            end,
        )
        tell(call, "snapshot-created", volume)

    path = f"/1.0/storage-pools/{volume.pool}/volumes/custom/{volume.name}"
    resources: Json = {"storage_volumes": [f"/1.0/storage_volumes/{volume.name}"]}
    if not call.flavour.lxd:
        resources = {
            "storage_volume_snapshots": [f"{path}/snapshots/{name}"],
            "storage_volumes": [path],
        }
    return call.start("Creating storage volume snapshot", work, resources=resources)


def _found(call: Call, volume: Volume) -> VolumeSnapshot:
    snapshot = volume.snapshots.get(call.names["snapshot"])
    if snapshot is None:
        raise Refused(404, "Storage volume snapshot not found")
    return snapshot


def _writable(snapshot: VolumeSnapshot) -> tuple[Any, ...]:
    return (snapshot.description, snapshot.expires_at)


async def get_snapshot(call: Call) -> web.StreamResponse:
    """``GET …/volumes/<type>/<volume>/snapshots/<snapshot>``."""
    volume = find_volume(call)
    snapshot = _found(call, volume)
    whole = {
        **shown(call, snapshot),
        "content_type": volume.content_type,
        "expires_at": snapshot.expires_at or NEVER,
    }
    return call.sync(whole, etag=_writable(snapshot))


async def update_snapshot(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH …/volumes/custom/<volume>/snapshots/<snapshot>``."""
    snapshot = _found(call, find_custom(call))
    call.check_etag(*_writable(snapshot))
    asked = await call.json()
    if not call.patching or "description" in asked:
        snapshot.description = text_in(asked, "description")
    if not call.patching or "expires_at" in asked:
        snapshot.expires_at = asked.get("expires_at")
    return call.done(
        "Updating storage volume snapshot", extension="storage_and_profile_operations"
    )


async def rename_snapshot(call: Call) -> web.StreamResponse:
    """``POST …/volumes/custom/<volume>/snapshots/<snapshot>``: rename, or offer."""
    volume = find_custom(call)
    snapshot = _found(call, volume)
    asked = await call.json()
    # A server that cannot offer it takes this for another name.
    if asked.get("migration") and call.flavour.has("storage_api_remote_volume_snapshot_copy"):
        return offer_volume(call, volume, asked, snapshot)
    name = text_in(asked, "name")
    if not name:
        raise Refused(400, "Missing name")

    async def work(_operation: Operation) -> None:
        if name in volume.snapshots:
            raise Refused(500, f'Snapshot "{name}" already in use')
        del volume.snapshots[snapshot.name]
        snapshot.name = name
        volume.snapshots[name] = snapshot
        tell(call, "snapshot-renamed", volume)

    return call.start("Renaming storage volume snapshot", work)


async def delete_snapshot(call: Call) -> web.StreamResponse:
    """``DELETE …/volumes/custom/<volume>/snapshots/<snapshot>``."""
    volume = find_custom(call)
    snapshot = _found(call, volume)

    async def work(_operation: Operation) -> None:
        volume.snapshots.pop(snapshot.name, None)
        tell(call, "snapshot-deleted", volume)

    return call.start("Deleting storage volume snapshot", work)


_SNAPSHOT = ONE + "/snapshots/{snapshot}"
ROUTES = {
    f"GET {ONE}/snapshots": list_snapshots,
    f"POST {ONE}/snapshots": create_snapshot,
    f"GET {_SNAPSHOT}": get_snapshot,
    f"PUT {_SNAPSHOT}": update_snapshot,
    f"PATCH {_SNAPSHOT}": update_snapshot,
    f"POST {_SNAPSHOT}": rename_snapshot,
    f"DELETE {_SNAPSHOT}": delete_snapshot,
}
