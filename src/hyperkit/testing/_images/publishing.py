"""Images made of instances, and of their snapshots."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from .._clock import NEVER
from .._engine.answers import Json, Refused, mapping, text_in
from .._instances.snapshots import no_snapshot, snapshots_of
from .._transfers.archives import pack
from .store import store

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation


def publish(call: Call, source: Json, asked: Json) -> web.StreamResponse:
    """Make an image of an instance, or of a snapshot."""
    name, _, snapshot = text_in(source, "name").partition("/")
    if call.flavour.lxd:
        call.find_instance(name, call.project)

    async def work(operation: Operation) -> None:
        instance = call.find_instance(name, call.project)
        tree = instance.tree
        if snapshot:
            taken = snapshots_of(call.daemon, instance).get(snapshot)
            if taken is None:
                raise no_snapshot(call, name, snapshot)
            tree = taken.tree
        elif instance.running:
            raise Refused(500, "Cannot export a running instance as an image")
        now = call.daemon.clock
        given = mapping(asked.get("properties"))
        known = {} if call.flavour.lxd else mapping(instance.metadata.get("properties"))
        metadata: Json = {
            "architecture": instance.architecture,
            "creation_date": int(now.now()),
            "expiry_date": 0,
            "properties": known | given,
            "templates": instance.metadata.get("templates") or {},
            # Two images of one instance differ, as those of the servers do by their times.
            "serial": secrets.token_hex(8),
        }
        tree = tree.copy()
        loop = asyncio.get_running_loop()
        packed = await loop.run_in_executor(None, pack, metadata, dict(instance.templates), tree)
        text = "Image pack: 100% (100.00MB/s)"
        operation.update(create_image_from_container_pack_progress=text)
        operation.metadata = None
        made = await store(call, operation, [packed], {**asked, "filename": ""})
        made.expires_at = asked.get("expires_at") or NEVER
        made.created_at = now.text()

    return call.start("Downloading image", work)
