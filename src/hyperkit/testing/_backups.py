"""Backups of instances."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from ._answers import Json, Refused
from ._archives import pack_files
from ._clock import NEVER
from ._files import sent
from ._state import Backup

if TYPE_CHECKING:
    from aiohttp import web

    from ._call import Call
    from ._daemon import Daemon
    from ._operations import Operation
    from ._state import Instance


def shown(daemon: Daemon, backup: Backup) -> Json:
    """Write a backup as the API does."""
    found: Json = {
        "name": backup.name,
        "created_at": backup.created_at,
        "expires_at": backup.expires_at,
        "instance_only": backup.instance_only,
        "container_only": backup.instance_only,
        "optimized_storage": backup.optimized_storage,
    }
    if not daemon.flavour.lxd:
        del found["container_only"]
    return found


def _found(call: Call) -> tuple[Instance, Backup]:
    try:
        instance = call.instance()
    except Refused:
        if call.flavour.lxd:
            raise
        raise Refused(404, "Instance backup not found") from None
    backup = instance.backups.get(call.names["backup"])
    if backup is None:
        before = call.flavour.either("Load backup from database: ", "")
        raise Refused(404, f"{before}Instance backup not found")
    return instance, backup


async def list_backups(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/backups``."""
    instance = call.instance()
    found = instance.backups.values()
    if not call.recursion:
        return call.sync(
            [call.url("instances", instance.name, "backups", one.name) for one in found]
        )
    return call.sync([shown(call.daemon, one) for one in found])


async def create_backup(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/backups``."""
    instance = call.instance()
    asked = await call.json()
    name = str(asked.get("name") or "")
    if not name:
        number = 0
        while f"backup{number}" in instance.backups:
            number += 1
        name = f"backup{number}"
    if "/" in name:
        raise Refused(400, "Backup names may not contain slashes")
    alone = bool(asked.get("instance_only") or asked.get("container_only"))
    if asked.get("target"):
        raise Refused(501, "The embedded server cannot send a backup elsewhere")
    accepted = call.request.headers.get("Accept")
    if accepted == "application/octet-stream" and call.flavour.has("direct_backup"):
        data = await asyncio.get_running_loop().run_in_executor(None, _packed, instance, alone)
        return sent(call, data, {})

    async def work(operation: Operation) -> None:
        del operation
        if name in instance.backups:
            raise Refused(500, f'Backup "{name}" already exists')
        data = await asyncio.get_running_loop().run_in_executor(None, _packed, instance, alone)
        instance.backups[name] = Backup(
            name,
            call.daemon.clock.text(),
            data,
            asked.get("expires_at") or NEVER,
            instance_only=alone,
            optimized_storage=bool(asked.get("optimized_storage")),
        )
        source = f"/1.0/instances/{instance.name}/backups/{name}"
        call.daemon.events.lifecycle("instance-backup-created", source, instance.project)

    path = call.flavour.either(
        f"/1.0/backups/{name}", f"/1.0/instances/{instance.name}/backups/{name}"
    )
    return call.start(
        "Backing up instance", work, resources={"backups": [path], **call.about(instance.name)}
    )


def _packed(instance: Instance, alone: bool) -> bytes:
    """Pack an instance."""
    index = {
        "name": instance.name,
        "config": instance.config,
        "devices": instance.devices,
        "profiles": instance.profiles,
        "description": instance.description,
        "architecture": instance.architecture,
        "metadata": instance.metadata,
        "snapshots": [] if alone else list(instance.snapshots),
    }
    trees = {"backup/container/rootfs": instance.tree}
    if not alone:
        for name, snapshot in instance.snapshots.items():
            trees[f"backup/snapshots/{name}/rootfs"] = snapshot.tree
    # JSON is YAML too.
    return pack_files({"backup/index.yaml": json.dumps(index).encode()}, trees)


async def get_backup(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/backups/<backup>``."""
    return call.sync(shown(call.daemon, _found(call)[1]))


async def rename_backup(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/backups/<backup>``."""
    instance, backup = _found(call)
    name = str((await call.json()).get("name") or "")
    if "/" in name:
        raise Refused(400, "Backup names may not contain slashes")

    async def work(operation: Operation) -> None:
        del operation
        if name in instance.backups:
            raise Refused(500, f'Backup "{name}" already exists')
        old = backup.name
        del instance.backups[old]
        backup.name = name
        instance.backups[name] = backup
        source = f"/1.0/instances/{instance.name}/backups/{name}"
        call.daemon.events.lifecycle(
            "instance-backup-renamed", source, instance.project, old_name=f"{instance.name}/{old}"
        )

    return call.start("Renaming instance backup", work, resources=call.about(instance.name))


async def delete_backup(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/instances/<name>/backups/<backup>``."""
    instance, backup = _found(call)

    async def work(operation: Operation) -> None:
        del operation
        instance.backups.pop(backup.name, None)
        source = f"/1.0/instances/{instance.name}/backups/{backup.name}"
        call.daemon.events.lifecycle("instance-backup-deleted", source, instance.project)

    resources = call.about(instance.name)
    if call.flavour.lxd and not call.flavour.has("bulk_operations"):
        resources = {"container": [f"/1.0/container/{instance.name}"]}
    return call.start("Removing instance backup", work, resources=resources)


async def export_backup(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/backups/<backup>/export``."""
    _, backup = _found(call)
    return sent(call, backup.data, {"Content-Disposition": "inline;filename="})


ROUTES = {
    "GET /1.0/instances/{name}/backups": list_backups,
    "POST /1.0/instances/{name}/backups": create_backup,
    "GET /1.0/instances/{name}/backups/{backup}": get_backup,
    "POST /1.0/instances/{name}/backups/{backup}": rename_backup,
    "DELETE /1.0/instances/{name}/backups/{backup}": delete_backup,
    "GET /1.0/instances/{name}/backups/{backup}/export": export_backup,
}
