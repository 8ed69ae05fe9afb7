"""Backups of storage volumes, and volumes made of files."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .._engine.answers import Json, Refused, text_in
from .._engine.state import Volume, VolumeSnapshot
from .._system import restrictions
from .._transfers import backups
from .._transfers.archives import open_archive, pack_backup, put, unpack_backup
from .volume_shared import ONE, add, empty_tree, find_custom, home_of, resources, tell

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation
    from .._engine.state import Backup
    from .._guest.tree import Tree

_FOLDERS = {"own": "backup/volume", "snapshots": "backup/volume-snapshots"}


def shown(backup: Backup) -> Json:
    """Write a backup as the API does."""
    return {
        **backups.backup_shown(backup),
        "volume_only": backup.alone,
        "optimized_storage": backup.optimized_storage,
    }


async def list_backups(call: Call) -> web.StreamResponse:
    """``GET …/volumes/custom/<volume>/backups``."""
    volume = find_custom(call)
    base = ("storage-pools", volume.pool, "volumes", "custom", volume.name)
    return backups.listed(call, base, volume, shown)


async def create_backup(call: Call) -> web.StreamResponse:
    """``POST …/volumes/custom/<volume>/backups``."""
    volume = find_custom(call)
    project = home_of(call)
    restrictions.check_allowed(project.name, project.config, "backup")
    asked = await call.json()
    alone = bool(asked.get("volume_only"))
    newest = call.flavour.incus7

    def about(name: str) -> Json:
        path = f"/1.0/storage-pools/{volume.pool}/volumes/custom/{volume.name}/backups/{name}"
        path = call.flavour.either(f"/1.0/backups/{name}", path)
        return {**({"backups": [path]} if name else {}), **resources(call, volume)}

    return await backups.make(
        call,
        volume,
        asked,
        lambda packer: packed(volume, alone=alone, packer=packer),
        alone=alone,
        before="" if newest else "Create volume backup: ",
        description="Creating custom volume backup",
        label=f"{volume.name}/",
        resources=about,
        tell=lambda what, name: tell(call, f"backup-{what}", volume, name=name),
    )


def packed(
    volume: Volume, *, alone: bool, packer: str, snapshot: VolumeSnapshot | None = None
) -> bytes:
    """Pack a volume.

    Args:
        volume: what is packed.
        alone: True leaves its snapshots out.
        packer: the way of compressing.
        snapshot: of it, if that is to be packed in its place.
    """
    origin = snapshot or volume
    snapshots = [] if alone or snapshot else list(volume.snapshots.values())
    index: Json = {
        "name": volume.name,
        "type": "custom",
        "config": origin.config,
        "content_type": volume.content_type,
        "created_at": origin.created_at,
        "description": origin.description,
        "snapshots": [
            {
                "name": one.name,
                "config": one.config,
                "created_at": one.created_at,
                "description": one.description,
                "expires_at": one.expires_at,
            }
            for one in snapshots
        ],
    }
    trees = {"": origin.tree, **{one.name: one.tree for one in snapshots}}
    return pack_backup(index, packer, trees, _FOLDERS)


def unpacked(content: bytes) -> tuple[Json, Tree, dict[str, VolumeSnapshot]]:
    """Read a packed volume: what it says of itself, its files, and its snapshots.

    Raises:
        Refused: it is none.
    """
    index, trees = unpack_backup(content, _FOLDERS)
    for tree in trees.values():
        tree.root.mode = 0o711
    snapshots = {
        one["name"]: VolumeSnapshot(**one, tree=trees.get(one["name"], empty_tree()))
        for one in index["snapshots"]
    }
    return index, trees[""], snapshots


def _found(call: Call) -> tuple[Volume, Backup]:
    volume = find_custom(call)
    missing = "Storage volume backup not found"
    return volume, backups.find(volume, call.names["backup"], missing)


async def get_backup(call: Call) -> web.StreamResponse:
    """``GET …/volumes/custom/<volume>/backups/<backup>``."""
    return call.sync(shown(_found(call)[1]))


def _resources(call: Call, volume: Volume, shown_name: str) -> Json:
    """Name the resources of an operation that changes a backup."""
    if call.flavour.lxd:
        return {"volume": [f"/1.0/volume/{volume.name}"]}
    path = f"/1.0/storage-pools/{volume.pool}/volumes/custom/{volume.name}"
    return {"backups": [f"{path}/backups/{shown_name}"], "storage_volumes": [path]}


async def rename_backup(call: Call) -> web.StreamResponse:
    """``POST …/volumes/custom/<volume>/backups/<backup>``."""
    volume, backup = _found(call)
    name = text_in(await call.json(), "name")
    backups.check_name(name)
    columns = "storage_volumes_backups.storage_volume_id, storage_volumes_backups.name"

    async def work(_operation: Operation) -> None:
        backups.rename(volume, backup, name, f"UNIQUE constraint failed: {columns}")
        tell(call, "backup-renamed", volume, name=name)

    about = _resources(call, volume, f"{volume.name}%2F{backup.name}")
    return call.start("Renaming custom volume backup", work, resources=about)


async def delete_backup(call: Call) -> web.StreamResponse:
    """``DELETE …/volumes/custom/<volume>/backups/<backup>``."""
    volume, backup = _found(call)

    async def work(_operation: Operation) -> None:
        volume.backups.pop(backup.name, None)
        tell(call, "backup-deleted", volume, name=backup.name)

    about = _resources(call, volume, backup.name)
    return call.start("Deleting custom volume backup", work, resources=about)


async def export_backup(call: Call) -> web.StreamResponse:
    """``GET …/volumes/custom/<volume>/backups/<backup>/export``."""
    return backups.export(call, _found(call)[1])


# Volumes made of files.


async def import_volume(call: Call, pool: str) -> web.StreamResponse:
    """``POST /1.0/storage-pools/<pool>/volumes/custom`` with a file."""
    content = await call.upload()
    kind = call.header("type") or "backup"
    name = call.header("name") or ""
    if kind == "iso" and call.flavour.has("custom_volume_iso"):
        return _of_disc(call, pool, name, content)
    if kind == "tar" and call.flavour.has("import_custom_volume_tar"):
        return _of_archive(call, pool, name, content)
    loop = asyncio.get_running_loop()
    index, tree, snapshots = await loop.run_in_executor(None, unpacked, content)
    made = Volume(
        name or str(index["name"]),
        pool,
        index["created_at"],
        tree,
        index["config"],
        index["content_type"],
        index["description"],
        snapshots,
    )
    columns = ("storage_pool_id", "node_id", "project_id", "name", "type")
    listed = ", ".join(f"storage_volumes.{one}" for one in columns)
    lxd = (
        f'Error inserting volume "{made.name}" for project "{home_of(call).name}" in pool '
        f'"{pool}" of type "custom" into database "UNIQUE constraint failed: {listed}"'
    )
    incus = f'Volume "{made.name}" already exists in pool "{pool}"'
    taken = f"Create custom volume from backup: {call.flavour.either(lxd, incus)}"
    return _start(call, made, taken, "Restoring custom volume backup")


def _start(call: Call, made: Volume, taken: str, description: str) -> web.StreamResponse:
    """Put a volume that was made of a file in its place, unless that is taken."""

    async def work(_operation: Operation) -> None:
        if (made.pool, made.name) in home_of(call).volumes:
            raise Refused(500, taken)
        add(call, made)

    return call.start(description, work, resources=resources(call, made))


def _of_disc(call: Call, pool: str, name: str, content: bytes) -> web.StreamResponse:
    """Make a volume of the image of a disc."""
    if not name:
        raise Refused(400, "Missing volume name")
    tree = empty_tree()
    tree.write("/root.iso", content)
    config = {"size": str(len(content))}
    made = Volume(name, pool, call.daemon.clock.text(), tree, config, "iso")
    text = "Cannot create volume, already exists on target storage"
    failed = f"Failed creating custom volume from ISO: {text}"
    return _start(call, made, failed, "Creating storage volume")


def _of_archive(call: Call, pool: str, name: str, content: bytes) -> web.StreamResponse:
    """Make a volume of the files in an archive, as LXD does."""
    if not name:
        raise Refused(400, "Missing volume name")
    tree = empty_tree()
    with open_archive(content) as archive:
        for entry in archive:
            put(tree, archive, entry, entry.name.removeprefix("./"))
    made = Volume(name, pool, call.daemon.clock.text(), tree)
    failed = "Failed creating custom volume from tarball: Volume by that name already exists"
    return _start(call, made, failed, "Creating storage volume")


_BACKUP = ONE + "/backups/{backup}"
ROUTES = {
    f"GET {ONE}/backups": list_backups,
    f"POST {ONE}/backups": create_backup,
    f"GET {_BACKUP}": get_backup,
    f"POST {_BACKUP}": rename_backup,
    f"DELETE {_BACKUP}": delete_backup,
    f"GET {_BACKUP}/export": export_backup,
}
