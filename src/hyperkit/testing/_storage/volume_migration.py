"""Storage volumes that come from another server, or are offered to one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .._engine.answers import Json, Refused
from .._transfers.migration import offer, receive
from .volume_backups import packed, unpacked
from .volume_shared import add, home_of, refresh

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.state import Volume, VolumeSnapshot


def _resources(call: Call, pool: str, name: str, snapshot: str = "") -> Json:
    """Name an operation's resources."""
    path = f"{pool}/volumes/custom/{name}"
    if snapshot:
        return {"storage_volume_snapshots": [f"/1.0/storage-pools/{path}/snapshots/{snapshot}"]}
    folder = call.flavour.either("storage_volumes", "storage-pools")
    return {"storage_volumes": [f"/1.0/{folder}/{path}"]}


def offer_volume(
    call: Call, volume: Volume, asked: Json, snapshot: VolumeSnapshot | None = None
) -> web.StreamResponse:
    """Offer a volume, or a snapshot: ``POST …/volumes/custom/<volume>`` with ``migration``."""
    alone = bool(asked.get("volume_only"))
    return offer(
        call,
        lambda: packed(volume, alone=alone, packer="none", snapshot=snapshot),
        asked,
        description="Migrating storage volume",
        resources=_resources(call, volume.pool, volume.name, snapshot.name if snapshot else ""),
        what="storage volume",
    )


def receive_volume(call: Call, made: Volume, source: Json) -> web.StreamResponse:
    """Take a volume: ``POST …/volumes/custom`` with a source of type ``migration``.

    Args:
        call: the request.
        made: the volume, without what comes.
        source: of the body.
    """
    loop = asyncio.get_running_loop()

    async def take(content: bytes) -> None:
        _, tree, snapshots = await loop.run_in_executor(None, unpacked, content)
        if source.get("volume_only"):
            snapshots = {}
        there = home_of(call).volumes.get((made.pool, made.name))
        if there is not None and source.get("refresh"):
            refresh(there, tree, snapshots)
            return
        if there is not None:
            raise Refused(409, "Volume by that name already exists")
        made.tree, made.snapshots = tree, snapshots
        add(call, made)

    return receive(
        call,
        source,
        take,
        descriptions=("Copying storage volume", "Creating storage volume"),
        failed="Error transferring storage volume: ",
        resources=_resources(call, made.pool, made.name),
        what="storage volume",
    )
