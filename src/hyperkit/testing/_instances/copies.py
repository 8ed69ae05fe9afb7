"""Copies of instances, and moves to another pool or project."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .._engine import check
from .._engine.answers import Json, Refused, text_in
from .._engine.state import Instance, Snapshot
from .._system import limits
from .creation import add, check_devices, check_free, into_pool, volatile_config
from .snapshots import no_snapshot, snapshots_of

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation


def copy_instance(call: Call, name: str, asked: Json) -> web.StreamResponse:
    """Copy: ``POST /1.0/instances`` with a source of type ``copy``."""
    source: Json = asked.get("source") or {}
    original, _, snapshot_name = text_in(source, "source").partition("/")
    project = source.get("project") or call.project
    if not original:
        raise Refused(400, "Must specify a source instance")
    instance = call.find_instance(original, project)
    snapshot = snapshots_of(call.daemon, instance).get(snapshot_name)
    if snapshot_name and snapshot is None:
        raise no_snapshot(call, original, snapshot_name)
    profiles = asked.get("profiles")
    if profiles is None:
        # LXD 5.0 takes none, and then misses the root disk.
        profiles = list((snapshot or instance).profiles) if call.flavour.recent else []
    check.profiles(call, profiles, 500)
    refreshing = bool(source.get("refresh")) and name in call.state.project(call.project).instances
    if not refreshing:
        limits.allow_new(call, name, {**asked, "profiles": profiles}, snapshot or instance)

    async def work(_operation: Operation) -> None:
        before = "Failed creating instance record: "
        if refreshing:
            _refresh(call, instance, call.state.project(call.project).instances[name])
            return
        check_free(call, name, before)
        made = _copied(call, name, instance, snapshot, asked, profiles, before)
        if not (source.get("instance_only") or source.get("container_only") or snapshot):
            made.snapshots = {
                key: replace(one, tree=one.tree.copy()) for key, one in instance.snapshots.items()
            }
        add(call, made)

    resources = call.resources(name, original)
    return call.start("Creating instance", work, resources=resources)


def _copied(
    call: Call,
    name: str,
    instance: Instance,
    snapshot: Snapshot | None,
    asked: Json,
    profiles: list[str],
    before: str,
) -> Instance:
    """Make a copy, which is in no project yet."""
    source = snapshot or instance
    word = call.flavour.either("initialising", "initializing")
    kept = {
        key: value
        for key, value in source.config.items()
        if not key.startswith("volatile.") or key == "volatile.base_image"
    }
    given = check.config(call, asked.get("config"), 500, before)
    devices = check.devices(
        asked.get("devices"), 500, f"{before}Failed {word} instance: Invalid devices: "
    )
    made = Instance(
        name,
        call.project,
        call.daemon.clock.text(),
        kept | {"volatile.apply_template": "copy"} | given,
        source.devices | devices,
        profiles,
        source.tree.copy(),
        architecture=instance.architecture,
        description=text_in(asked, "description"),
        empty=instance.empty,
        ephemeral=bool(asked.get("ephemeral")),
        metadata=instance.metadata,
        templates=dict(instance.templates),
    )
    made.logs["lxc.log"] = b""
    made.config = check.stored(volatile_config(call, made), made.config)
    check_devices(call, made, before)
    return made


def _refresh(call: Call, source: Instance, target: Instance) -> None:
    """Bring a copy up to date."""
    if target.running:
        raise Refused(500, "Cannot refresh a running instance")
    target.tree = source.tree.copy()
    for name, snapshot in snapshots_of(call.daemon, source).items():
        target.snapshots.setdefault(name, replace(snapshot, tree=snapshot.tree.copy()))


def move_instance(call: Call, instance: Instance, name: str, asked: Json) -> web.StreamResponse:
    """Move: ``POST /1.0/instances/<name>`` with a pool, a project or another name."""
    pool, project = asked.get("pool"), asked.get("project")
    if call.query.get("target"):
        raise Refused(501, "The embedded server cannot move an instance to another member")
    if instance.running:
        raise Refused(501, "The embedded server cannot move an instance that runs")
    if project in call.state.projects and project != instance.project:
        limits.allow_instance(call, replace(instance, name=name, project=project), new=True)

    async def work(_operation: Operation) -> None:
        if pool and pool not in call.state.pools:
            raise Refused(404, "Storage pool not found")
        if project and project not in call.state.projects:
            raise Refused(404, "Project not found")
        goal = call.state.project(project or instance.project)
        if goal.name != instance.project or name != instance.name:
            check_free(call, name, "Failed creating instance record: ", goal.name)
        config = check.config(call, asked.get("Config"), 500, "Invalid config: ")
        devices = check.devices(asked.get("Devices"), 500, "Invalid devices: ")
        del call.state.project(instance.project).instances[instance.name]
        instance.name, instance.project = name, goal.name
        goal.instances[name] = instance
        instance.config = check.stored(instance.config, config)
        instance.devices |= devices
        if asked.get("Profiles") is not None:
            instance.profiles = asked["Profiles"]
        if pool:
            into_pool(call.state, instance, pool)

    resources = call.resources(instance.name)
    resources.pop("containers", None)
    return call.start("Migrating instance", work, resources=resources)
