"""Backups of instances, and instances made of them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .._engine.answers import Json, Refused, text_in
from .._engine.state import Instance, Snapshot
from .._guest.tree import Tree
from .._storage.pools import pool_of
from .._system import limits, restrictions
from .._transfers import backups
from .._transfers.archives import pack_backup, unpack_backup
from . import creation

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.daemon import Daemon
    from .._engine.operations import Operation
    from .._engine.state import Backup

FOLDERS = {"own": "backup/container/rootfs", "snapshots": "backup/snapshots"}


def shown(daemon: Daemon, backup: Backup) -> Json:
    """Write a backup as the API does."""
    found: Json = {
        **backups.backup_shown(backup),
        "instance_only": backup.alone,
        "container_only": backup.alone,
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
    before = call.flavour.either("Load backup from database: ", "")
    missing = f"{before}Instance backup not found"
    return instance, backups.find(instance, call.names["backup"], missing)


def _tell(call: Call, instance: Instance, what: str, name: str, **context: Any) -> None:
    source = f"/1.0/instances/{instance.name}/backups/{name}"
    call.daemon.events.lifecycle(f"instance-backup-{what}", source, instance.project, **context)


async def list_backups(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/backups``."""
    instance = call.instance()
    return backups.listed(
        call, ("instances", instance.name), instance, partial(shown, call.daemon)
    )


async def create_backup(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/backups``."""
    instance = call.instance()
    project = call.state.project(instance.project)
    restrictions.check_allowed(project.name, project.config, "backup")
    asked = await call.json()
    alone = bool(asked.get("instance_only") or asked.get("container_only"))

    def resources(name: str) -> Json:
        path = call.flavour.either(
            f"/1.0/backups/{name}", f"/1.0/instances/{instance.name}/backups/{name}"
        )
        return {**({"backups": [path]} if name else {}), **call.resources(instance.name)}

    return await backups.make(
        call,
        instance,
        asked,
        lambda packer: packed(instance, alone=alone, packer=packer),
        alone=alone,
        before="",
        description="Backing up instance",
        label="",
        resources=resources,
        tell=partial(_tell, call, instance),
    )


def packed(
    instance: Instance, *, alone: bool, packer: str, snapshot: Snapshot | None = None
) -> bytes:
    """Pack an instance.

    Args:
        instance: what is packed.
        alone: True leaves its snapshots out.
        packer: the way of compressing.
        snapshot: of it, if that is to be packed in its place.
    """
    snapshots = [] if alone or snapshot else list(instance.snapshots.values())
    index: Json = {
        "name": instance.name,
        "config": instance.config,
        "devices": instance.devices,
        "profiles": instance.profiles,
        "description": instance.description,
        "architecture": instance.architecture,
        "empty": instance.empty,
        "metadata": instance.metadata,
        "templates": {name: text.decode("latin-1") for name, text in instance.templates.items()},
        "snapshots": [
            {
                "name": one.name,
                "config": one.config,
                "created_at": one.created_at,
                "devices": one.devices,
                "ephemeral": one.ephemeral,
                "expires_at": one.expires_at,
                "profiles": one.profiles,
            }
            for one in snapshots
        ],
    }
    trees = {"": (snapshot or instance).tree, **{one.name: one.tree for one in snapshots}}
    return pack_backup(index, packer, trees, FOLDERS)


async def get_backup(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/backups/<backup>``."""
    return call.sync(shown(call.daemon, _found(call)[1]))


async def rename_backup(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/backups/<backup>``."""
    instance, backup = _found(call)
    name = text_in(await call.json(), "name")
    backups.check_name(name)

    async def work(_operation: Operation) -> None:
        old = backup.name
        backups.rename(instance, backup, name, f'Backup "{name}" already exists')
        _tell(call, instance, "renamed", name, old_name=f"{instance.name}/{old}")

    return call.start("Renaming instance backup", work, resources=call.resources(instance.name))


async def delete_backup(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/instances/<name>/backups/<backup>``."""
    instance, backup = _found(call)

    async def work(_operation: Operation) -> None:
        instance.backups.pop(backup.name, None)
        _tell(call, instance, "deleted", backup.name)

    resources = call.resources(instance.name)
    if not call.flavour.recent:
        resources = {"container": [f"/1.0/container/{instance.name}"]}
    return call.start("Removing instance backup", work, resources=resources)


async def export_backup(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/backups/<backup>/export``."""
    return backups.export(call, _found(call)[1])


# Instances made of backups.


async def import_backup(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances`` with an archive that the embedded server has made."""
    content = await call.upload()
    loop = asyncio.get_running_loop()
    index, trees = await loop.run_in_executor(None, unpack_backup, content, FOLDERS)
    name = call.header("name") or str(index["name"])
    config, devices = _given(call)
    pool = call.header("pool")
    limits.allow_new(call, name, {**index, "config": index["config"] | config})
    if pool and pool not in call.state.pools:
        raise Refused(500, "Storage pool not found: Storage pool not found")

    async def work(_operation: Operation) -> None:
        if name in call.state.project(call.project).instances:
            raise Refused(500, f'Create instance from backup: Instance "{name}" already exists')
        made = Instance(
            name,
            call.project,
            call.daemon.clock.text(),
            index["config"] | config,
            index["devices"] | devices,
            index["profiles"],
            trees[""],
            description=index["description"],
        )
        made.config = dict(sorted((made.config | creation.volatile_config(call, made)).items()))
        if pool and pool != pool_of(call.state, made):
            creation.into_pool(call.state, made, pool)
        restored(made, index, trees)
        creation.add(call, made)

    return call.start("Restoring backup", work, resources=call.resources(name))


def _given(call: Call) -> tuple[dict[str, str], Json]:
    """Read the configuration and the devices that headers change."""
    devices: Json = {}
    config = dict(one.split("=", 1) for one in (call.header("config") or "").split())
    text = call.header("devices") or ""
    if call.flavour.lxd:
        pairs = [(name, dict(parse_qsl(one))) for name, one in parse_qsl(text)]
        return config, dict(pairs)
    for one in text.split():
        name, _, option = one.partition(",")
        devices.setdefault(name, {}).update([option.split("=", 1)])
    return config, devices


def restored(made: Instance, index: Json, trees: dict[str, Tree]) -> None:
    """Give an instance what a packed one has of files, templates and snapshots.

    Args:
        made: the instance, with its own configuration, devices and files.
        index: what the packed one says of itself.
        trees: the files of its snapshots, by their names.
    """
    made.architecture = index["architecture"]
    made.metadata = index["metadata"]
    made.templates = {key: text.encode("latin-1") for key, text in index["templates"].items()}
    made.logs["lxc.log"] = b""
    for one in index["snapshots"]:
        made.snapshots[one["name"]] = Snapshot(**one, tree=trees.get(one["name"], Tree()))


ROUTES = {
    "GET /1.0/instances/{name}/backups": list_backups,
    "POST /1.0/instances/{name}/backups": create_backup,
    "GET /1.0/instances/{name}/backups/{backup}": get_backup,
    "POST /1.0/instances/{name}/backups/{backup}": rename_backup,
    "DELETE /1.0/instances/{name}/backups/{backup}": delete_backup,
    "GET /1.0/instances/{name}/backups/{backup}/export": export_backup,
}
