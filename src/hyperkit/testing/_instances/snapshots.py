"""Snapshots of instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._clock import NEVER, passed
from .._engine import check
from .._engine.answers import Json, Refused, text_in
from .._engine.state import Instance, Snapshot
from .._storage.mounts import mount
from .._system import restrictions
from .._transfers.backups import free_name, snapshot_end
from .migration import offer_instance

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.daemon import Daemon
    from .._engine.operations import Operation


def shown(daemon: Daemon, instance: Instance, snapshot: Snapshot) -> Json:
    """Write a snapshot as the API does."""
    config, devices = daemon.state.expanded(instance.project, snapshot)
    return {
        "expires_at": snapshot.expires_at,
        "architecture": instance.architecture,
        "config": snapshot.config,
        "created_at": snapshot.created_at,
        "devices": snapshot.devices,
        "ephemeral": snapshot.ephemeral,
        "expanded_config": config,
        "expanded_devices": devices,
        "last_used_at": snapshot.last_used_at,
        "name": snapshot.name,
        "profiles": snapshot.profiles,
        "stateful": snapshot.stateful,
        "size": -1,
    }


def snapshots_of(daemon: Daemon, instance: Instance) -> dict[str, Snapshot]:
    """List an instance's snapshots; those whose time is over are gone."""
    now = daemon.clock.now()
    for snapshot in list(instance.snapshots.values()):
        if passed(snapshot.expires_at, now):
            del instance.snapshots[snapshot.name]
    return instance.snapshots


def no_snapshot(call: Call, name: str, snapshot: str) -> Refused:
    """Say that there is no such snapshot."""
    kind = call.flavour.either("InstanceSnapshot", "Instance_snapshot")
    text = f'Failed to fetch snapshot "{snapshot}" of instance "{name}"'
    return Refused(404, f'{text} in project "{call.project}": {kind} not found')


def _found(call: Call) -> tuple[Instance, Snapshot]:
    instance = call.instance()
    name = call.names["snapshot"]
    snapshots = snapshots_of(call.daemon, instance)
    if name not in snapshots:
        raise no_snapshot(call, instance.name, name)
    return instance, snapshots[name]


def _resources(call: Call, instance: Instance, snapshot: str, lxd: str = "") -> Json:
    """Name an operation's resources: LXD 5.0 has the instance only, or what looks like one."""
    if call.flavour.lxd:
        return call.resources(lxd or instance.name)
    path = call.url("instances", instance.name, "snapshots", snapshot)
    return {**call.resources(instance.name), "instances_snapshots": [path]}


async def list_snapshots(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/snapshots``."""
    try:
        instance = call.instance()
    except Refused:
        if call.flavour.lxd or call.recursion:
            raise
        return call.sync([])
    found = snapshots_of(call.daemon, instance).values()
    if not call.recursion:
        base = call.alias or "instances"
        return call.sync(
            [call.url(base, instance.name, "snapshots", snapshot.name) for snapshot in found]
        )
    return call.sync([shown(call.daemon, instance, one) for one in found])


async def create_snapshot(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/snapshots``."""
    instance = call.instance()
    project = call.state.project(instance.project)
    restrictions.check_allowed(project.name, project.config, "snapshot")
    asked = await call.json()
    known = snapshots_of(call.daemon, instance)
    name = free_name(asked, dict(known), "snap")
    check.segment(name, "Invalid snapshot name: ")

    config, _ = call.state.expanded(instance.project, instance)
    end = snapshot_end(call, asked, config)

    async def work(_operation: Operation) -> None:
        if asked.get("stateful"):
            _refuse_stateful(call, instance)
        text = f'Failed creating instance snapshot record "{name}": '
        _check_name(call, name, text)
        if name in instance.snapshots:
            text += "Add snapshot info to the database: "
            text += call.flavour.either(
                'This "instances_snapshots" entry already exists',
                'Failed to create "instances_snapshots" entry: UNIQUE constraint failed: '
                "instances_snapshots.instance_id, instances_snapshots.name",
            )
            raise Refused(500, text)
        instance.snapshots[name] = taken(call.daemon, instance, name)
        instance.snapshots[name].expires_at = end or NEVER
        source = f"/1.0/instances/{instance.name}/snapshots/{name}"
        call.daemon.events.lifecycle("instance-snapshot-created", source, instance.project)

    resources = _resources(call, instance, name)
    return call.start("Snapshotting instance", work, resources=resources)


def _check_name(call: Call, name: str, before: str) -> None:
    """Refuse what is no name of a snapshot, which the servers notice late."""
    text = "Invalid instance snapshot name: Cannot contain space or / characters"
    if call.flavour.lxd6:
        forbidden = "Cannot contain *, spaces, forward or back slashes"
        text = f'Invalid instance snapshot name "{name}": {forbidden}'
    if " " in name or (call.flavour.lxd6 and {*name} & {*"*\\"}):
        raise Refused(500, before + text)


def _refuse_stateful(call: Call, instance: Instance) -> None:
    """Say why an instance's memory cannot be kept."""
    if not call.flavour.lxd and instance.config.get("migration.stateful") != "true":
        text = "Stateful snapshots require that the instance has migration.stateful be set to true"
        raise Refused(500, text)
    reason = "CRIU isn't installed" if instance.running else "The instance isn't running"
    raise Refused(500, f"Unable to create a stateful snapshot. {reason}")


def taken(daemon: Daemon, instance: Instance, name: str) -> Snapshot:
    """Take a snapshot."""
    return Snapshot(
        name,
        daemon.clock.text(),
        dict(instance.config),
        dict(instance.devices),
        list(instance.profiles),
        instance.tree.copy(),
        ephemeral=instance.ephemeral,
        last_used_at=instance.last_used_at,
    )


async def get_snapshot(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/snapshots/<snapshot>``."""
    instance, snapshot = _found(call)
    return call.sync(shown(call.daemon, instance, snapshot), etag=_writable(snapshot))


def _writable(snapshot: Snapshot) -> tuple[Any, ...]:
    return (snapshot.expires_at,)


async def update_snapshot(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/instances/<name>/snapshots/<snapshot>``."""
    instance, snapshot = _found(call)
    asked = await call.json()
    call.check_etag(*_writable(snapshot))

    async def work(_operation: Operation) -> None:
        if not call.patching or "expires_at" in asked:
            snapshot.expires_at = asked.get("expires_at") or NEVER

    resources = _resources(call, instance, snapshot.name, snapshot.name)
    return call.start("Updating snapshot", work, resources=resources)


async def rename_snapshot(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/snapshots/<snapshot>``."""
    instance, snapshot = _found(call)
    asked = await call.json()
    if asked.get("migration"):
        about = _resources(call, instance, snapshot.name)
        return offer_instance(call, instance, asked, about, snapshot)
    name = text_in(asked, "name")
    if not name:
        raise Refused(400, "A new name for the snapshot must be provided")
    check.segment(name, "Invalid snapshot name: ")
    if name in instance.snapshots:
        raise Refused(409, f"Name '{instance.name}/{name}' already in use")
    old = snapshot.name

    async def work(_operation: Operation) -> None:
        _check_name(call, name, "")
        instance.snapshots = {
            (name if key == old else key): one for key, one in instance.snapshots.items()
        }
        snapshot.name = name
        source = f"/1.0/instances/{instance.name}/snapshots/{name}"
        call.daemon.events.lifecycle(
            "instance-snapshot-renamed", source, instance.project, old_name=old
        )

    return call.start("Renaming snapshot", work, resources=_resources(call, instance, old))


async def delete_snapshot(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/instances/<name>/snapshots/<snapshot>``."""
    instance, snapshot = _found(call)

    async def work(_operation: Operation) -> None:
        instance.snapshots.pop(snapshot.name, None)
        source = f"/1.0/instances/{instance.name}/snapshots/{snapshot.name}"
        call.daemon.events.lifecycle("instance-snapshot-deleted", source, instance.project)

    resources = _resources(call, instance, snapshot.name, f"{instance.name}/{snapshot.name}")
    return call.start("Deleting snapshot", work, resources=resources)


def _take_back(instance: Instance, snapshot: Snapshot) -> None:
    """Configure an instance as it was."""
    own = {key: value for key, value in instance.config.items() if key.startswith("volatile.")}
    kept = {
        key: value for key, value in snapshot.config.items() if not key.startswith("volatile.")
    }
    instance.config = dict(sorted((kept | own).items()))
    instance.devices = dict(snapshot.devices)
    instance.profiles = list(snapshot.profiles)
    instance.ephemeral = snapshot.ephemeral


def restore(call: Call, instance: Instance, asked: Json) -> web.StreamResponse:
    """Make an instance what it was: ``PUT /1.0/instances/<name>`` with ``restore``."""
    name = str(asked["restore"])
    files_alone = bool(asked.get("disk_only")) and call.flavour.has(
        "instance_snapshot_disk_only_restore"
    )

    async def work(_operation: Operation) -> None:
        snapshot = snapshots_of(call.daemon, instance).get(name.rpartition("/")[2])
        if snapshot is None:
            raise Refused(500, f"Snapshot {instance.name}/{name} does not exist")
        if not files_alone:
            _take_back(instance, snapshot)
        instance.tree = snapshot.tree.copy()
        if instance.running:
            mount(call.daemon, instance)
        call.daemon.events.lifecycle(
            "instance-restored",
            f"/1.0/instances/{instance.name}",
            instance.project,
            snapshot=name,
        )

    return call.start("Restoring snapshot", work, resources=call.resources(instance.name))


ROUTES = {
    "GET /1.0/instances/{name}/snapshots": list_snapshots,
    "POST /1.0/instances/{name}/snapshots": create_snapshot,
    "GET /1.0/instances/{name}/snapshots/{snapshot}": get_snapshot,
    "PUT /1.0/instances/{name}/snapshots/{snapshot}": update_snapshot,
    "PATCH /1.0/instances/{name}/snapshots/{snapshot}": update_snapshot,
    "POST /1.0/instances/{name}/snapshots/{snapshot}": rename_snapshot,
    "DELETE /1.0/instances/{name}/snapshots/{snapshot}": delete_snapshot,
}
