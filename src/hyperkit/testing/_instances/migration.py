"""Instances that come from another server, or are offered to one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .._engine import check
from .._engine.answers import Json, Refused, text_in
from .._engine.state import Instance
from .._guest.tree import Tree
from .._system import limits
from .._transfers.archives import unpack_backup
from .._transfers.migration import offer, receive
from . import creation
from .backups import FOLDERS, packed, restored

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.state import Snapshot


def offer_instance(
    call: Call,
    instance: Instance,
    asked: Json,
    resources: Json,
    snapshot: Snapshot | None = None,
) -> web.StreamResponse:
    """Offer an instance, or a snapshot: ``POST /1.0/instances/<name>`` with ``migration``."""
    if asked.get("live") and instance.running:
        text = call.flavour.either("container live migration", "live container migration")
        raise Refused(500, f"Unable to perform {text}. CRIU isn't installed")
    alone = bool(asked.get("instance_only") or asked.get("container_only"))
    return offer(
        call,
        lambda: packed(instance, alone=alone, packer="none", snapshot=snapshot),
        asked,
        description="Migrating instance" if snapshot is None else "Transferring snapshot",
        resources=resources,
        what="instance",
        may_cancel=snapshot is None,
    )


def receive_instance(call: Call, name: str, asked: Json) -> web.StreamResponse:
    """Take an instance: ``POST /1.0/instances`` with a source of type ``migration``."""
    source: Json = asked["source"]
    before = "Failed creating instance record: "
    if not asked.get("architecture"):
        raise Refused(400, "Architecture isn't supported: ")
    check.profiles(call, asked.get("profiles") or [], 500)
    there = call.state.project(call.project).instances.get(name)
    refreshing = there is not None and bool(source.get("refresh"))
    if not refreshing:
        limits.allow_new(call, name, asked)
        creation.check_free(call, name, before)
    made = Instance(
        name,
        call.project,
        call.daemon.clock.text(),
        check.config(call, asked.get("config"), 500, before),
        check.devices(asked.get("devices"), 500, before),
        list(asked.get("profiles") or []),
        Tree(),
        description=text_in(asked, "description"),
        ephemeral=bool(asked.get("ephemeral")),
    )
    made.config = check.stored(creation.volatile_config(call, made), made.config)
    creation.check_devices(call, made, before)
    loop = asyncio.get_running_loop()

    async def take(content: bytes) -> None:
        index, trees = await loop.run_in_executor(None, unpack_backup, content, FOLDERS)
        made.tree = trees[""]
        restored(made, index, trees)
        made.empty = bool(index["empty"])
        if source.get("instance_only") or source.get("container_only"):
            made.snapshots.clear()
        if there is not None and refreshing:
            there.tree.become(made.tree)
            there.snapshots = made.snapshots | there.snapshots
            return
        creation.check_free(call, name, before)
        creation.add(call, made)

    return receive(
        call,
        source,
        take,
        descriptions=("Creating instance", "Creating instance"),
        failed="Error transferring instance data: ",
        resources=call.resources(name),
        what="instance",
    )
