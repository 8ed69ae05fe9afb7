"""Instances: lists, changing, renaming, removing; and which way a new one is made."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._engine import check
from .._engine.answers import Json, Refused, in_project, mapping, text_in
from .._engine.filter import filtered
from .._engine.state import RUNNING, WORDS, Instance
from .._storage import mounts
from .._system import limits
from . import backups, copies, creation, migration, running, snapshots, states

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.daemon import Daemon
    from .._engine.operations import Operation

_KINDS = ("container", "virtual-machine")


# What is shown.


def shown(daemon: Daemon, instance: Instance) -> Json:
    """Write an instance as the API does."""
    config, devices = daemon.state.expanded(instance.project, instance)
    found: Json = {
        "architecture": instance.architecture,
        "config": instance.config,
        "devices": instance.devices,
        "ephemeral": instance.ephemeral,
        "profiles": instance.profiles,
        "stateful": instance.stateful,
        "description": instance.description,
        "created_at": instance.created_at,
        "expanded_config": config,
        "expanded_devices": devices,
        "name": instance.name,
        "status": WORDS[instance.status],
        "status_code": instance.status,
        "last_used_at": instance.last_used_at,
        "location": daemon.location,
        "type": instance.type,
        "project": instance.project,
    }
    if daemon.flavour.lxd2:
        for key in ("description", "last_used_at", "location", "type", "project"):
            del found[key]
    return found


def full(daemon: Daemon, instance: Instance) -> Json:
    """Write an instance with its state, snapshots and backups."""
    return {
        **shown(daemon, instance),
        "backups": [backups.shown(daemon, one) for one in instance.backups.values()] or None,
        "state": states.shown(daemon, instance),
        "snapshots": [
            snapshots.shown(daemon, instance, one) for one in instance.snapshots.values()
        ]
        or None,
    }


def writable(instance: Instance) -> tuple[Any, ...]:
    """Say what can be written of an instance: what its ETag is made of."""
    return (
        instance.architecture,
        instance.config,
        instance.devices,
        instance.ephemeral,
        instance.profiles,
    )


async def list_instances(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances``."""
    kind = call.query.get("instance-type", "")
    if kind and kind not in _KINDS:
        raise Refused(400 if call.flavour.recent else 500, "Invalid instance type")
    kind = {"containers": "container", "virtual-machines": "virtual-machine"}.get(call.alias, kind)
    projects = call.state.projects
    chosen = [one.name for one in call.projects] if call.all_projects else [call.project]
    found = [
        instance
        for name in chosen
        for instance in (projects[name].instances.values() if name in projects else ())
        if instance.type == (kind or instance.type)
    ]
    found = filtered(call, found, lambda one: full(call.daemon, one))
    if not call.recursion:
        return call.sync([_url(call, one) for one in found])
    write = full if call.recursion > 1 else shown
    return call.sync([write(call.daemon, one) for one in found])


def _url(call: Call, instance: Instance) -> str:
    return in_project(f"/1.0/{call.alias or 'instances'}/{instance.name}", instance.project)


async def get_instance(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>``."""
    instance = call.instance()
    write = full if call.recursion and call.flavour.has("instance_get_full") else shown
    return call.sync(write(call.daemon, instance), etag=writable(instance))


# What is changed.


async def create_instance(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances``."""
    if call.request.content_type != "application/json":
        return await backups.import_backup(call)
    asked = await call.json()
    name = str(asked.get("name") or f"instance-{uuid.uuid4().hex[:8]}")
    check.instance_name(name, lxd=call.flavour.lxd)
    source: Json = asked.get("source") or {}
    kind = source.get("type", "")
    if asked.get("instance_type"):
        raise Refused(400, f"Provided instance type doesn't exist: {asked['instance_type']}")
    if call.project not in call.state.projects:
        raise Refused(404, "Failed loading project: Project not found")
    if kind == "copy":
        return copies.copy_instance(call, name, asked)
    if kind == "migration":
        return migration.receive_instance(call, name, asked)
    if kind not in {"image", "none"}:
        raise Refused(400, f"Unknown source type {kind}")
    return creation.create(call, name, asked, source)


async def update_instance(call: Call) -> web.StreamResponse:
    """``PUT /1.0/instances/<name>``."""
    instance = call.instance()
    asked = await call.json()
    if asked.get("restore"):
        return snapshots.restore(call, instance, asked)
    call.check_etag(*writable(instance))
    profiles = asked.get("profiles")
    check.profiles(call, profiles or [])
    given = check.texts(asked.get("config")), mapping(asked.get("devices"))
    _allow(call, instance, *given, profiles or [])

    async def work(_operation: Operation) -> None:
        config = check.config(call, asked.get("config"), 500, "Invalid config: ")
        devices = check.devices(asked.get("devices"), 500, "Invalid devices: ")
        creation.check_networks(call, instance.project, devices, "Invalid devices: ")
        mounts.check(call.daemon, instance.project, devices, "")
        if "volatile.idmap.next" in instance.config and "volatile.idmap.next" not in config:
            raise Refused(500, "Volatile idmap keys can't be deleted by the user")
        instance.config = check.stored(config)
        instance.devices = devices
        instance.profiles = profiles or []
        instance.ephemeral = bool(asked.get("ephemeral"))
        instance.description = text_in(asked, "description")
        _updated(call, instance)

    return call.start("Updating instance", work, resources=call.resources(instance.name))


def _allow(
    call: Call, instance: Instance, config: dict[str, str], devices: Json, profiles: list[str]
) -> None:
    """Refuse a change of an instance that its project does not allow."""
    changed = replace(instance, config=config, devices=devices, profiles=profiles)
    limits.allow_instance(call, changed)


async def patch_instance(call: Call) -> web.StreamResponse:
    """``PATCH /1.0/instances/<name>``."""
    instance = call.instance()
    asked = await call.json()
    call.check_etag(*writable(instance))
    profiles = asked.get("profiles")
    check.profiles(call, profiles or [])
    config = check.config(call, asked.get("config"), 500, "Invalid config: ")
    devices = check.devices(asked.get("devices"), 500, "Invalid devices: ")
    creation.check_networks(call, instance.project, devices, "Invalid devices: ")
    mounts.check(call.daemon, instance.project, devices, "")
    config = check.stored(instance.config, config)
    devices = instance.devices | devices
    profiles = instance.profiles if profiles is None else profiles
    _allow(call, instance, config, devices, profiles)
    instance.config, instance.devices, instance.profiles = config, devices, profiles
    instance.ephemeral = bool(asked.get("ephemeral", instance.ephemeral))
    instance.description = str(asked.get("description", instance.description))
    _updated(call, instance)
    return call.sync({})


def _updated(call: Call, instance: Instance) -> None:
    if instance.running:
        mounts.mount(call.daemon, instance)
    call.daemon.events.lifecycle(
        "instance-updated", f"/1.0/instances/{instance.name}", instance.project
    )


async def post_instance(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>``: rename, move, or offer for migration."""
    asked = await call.json()
    try:
        instance = call.instance()
    except Refused as refusal:
        if call.flavour.lxd:
            raise
        text = "Failed to get address of instance's member: Instance not found"
        raise Refused(refusal.code, text) from None
    name = text_in(asked, "name")
    if asked.get("migration") and not (asked.get("pool") or asked.get("project")):
        return migration.offer_instance(call, instance, asked, call.resources(instance.name))
    if asked.get("project") or asked.get("pool"):
        return copies.move_instance(call, instance, name or instance.name, asked)
    return _rename(call, instance, name)


def _rename(call: Call, instance: Instance, name: str) -> web.StreamResponse:
    if "/" in name:
        raise Refused(400, 'The character "/" is reserved for snapshots')
    project = call.state.project(instance.project)
    if name in project.instances and (call.flavour.lxd or name != instance.name):
        raise Refused(409, f'Name "{name}" already in use')

    async def work(_operation: Operation) -> None:
        try:
            check.instance_name(name, lxd=call.flavour.lxd)
        except Refused as refusal:
            raise Refused(500, refusal.text) from None
        if name == instance.name:
            raise Refused(500, "Invalid instance name: Name must be 1-63 characters long")
        if instance.running:
            kind = call.flavour.either("container", "instance")
            raise Refused(500, f"Renaming of running {kind} not allowed")
        old = instance.name
        # The place in the list stays.
        project.instances = {
            (name if key == old else key): one for key, one in project.instances.items()
        }
        instance.name = name
        call.daemon.events.lifecycle(
            "instance-renamed", f"/1.0/instances/{name}", instance.project, old_name=old
        )

    return call.start("Renaming instance", work, resources=call.resources(instance.name))


async def delete_instance(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/instances/<name>``."""
    instance = call.instance()
    forced = call.flag("force") and call.flavour.has("instance_force_delete")
    if instance.running and not forced:
        raise Refused(400, "Instance is running")

    async def work(_operation: Operation) -> None:
        if instance.status == RUNNING:
            running.halt(call.daemon, instance)
        running.remove(call.daemon, instance)

    return call.start("Deleting instance", work, resources=call.resources(instance.name))


ROUTES = {
    "GET /1.0/instances": list_instances,
    "POST /1.0/instances": create_instance,
    "GET /1.0/instances/{name}": get_instance,
    "PUT /1.0/instances/{name}": update_instance,
    "PATCH /1.0/instances/{name}": patch_instance,
    "POST /1.0/instances/{name}": post_instance,
    "DELETE /1.0/instances/{name}": delete_instance,
}
