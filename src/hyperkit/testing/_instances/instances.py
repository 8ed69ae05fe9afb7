"""Instances: lists, making, changing, renaming, removing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._engine import check
from .._engine.answers import Json, Refused, in_project
from .._engine.call import no_instance
from .._engine.filter import filtered
from .._engine.state import RUNNING, WORDS, Instance

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.daemon import Daemon
    from .._engine.operations import Operation
    from .._engine.state import Project, Snapshot

_KINDS = ("container", "virtual-machine")


# What is shown.


def expanded(project: Project, instance: Instance | Snapshot) -> tuple[dict[str, str], Json]:
    """Put together what an instance gets from its profiles and from itself."""
    config: dict[str, str] = {}
    devices: Json = {}
    for name in instance.profiles:
        profile = project.profiles.get(name)
        if profile is not None:
            config |= profile.config
            devices |= profile.devices
    return config | instance.config, devices | instance.devices


def shown(daemon: Daemon, instance: Instance) -> Json:
    """Write an instance as the API does."""
    home = daemon.state.home(instance.project, "profiles")
    config, devices = expanded(home, instance)
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
    from .backups import shown as backup_shown  # noqa: PLC0415 - chapters know each other
    from .snapshots import shown as snapshot_shown  # noqa: PLC0415
    from .states import shown as state_shown  # noqa: PLC0415

    return {
        **shown(daemon, instance),
        "backups": [backup_shown(daemon, one) for one in instance.backups.values()] or None,
        "state": state_shown(daemon, instance),
        "snapshots": [snapshot_shown(daemon, instance, one) for one in instance.snapshots.values()]
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
    chosen = list(projects) if call.all_projects else [call.project]
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


async def update_instance(call: Call) -> web.StreamResponse:
    """``PUT /1.0/instances/<name>``."""
    instance = call.instance()
    asked = await call.json()
    if asked.get("restore"):
        from .snapshots import restore  # noqa: PLC0415 - it needs this module

        return restore(call, instance, asked)
    call.check_etag(*writable(instance))
    profiles = asked.get("profiles")
    check.profiles(call, profiles or [])

    async def work(_operation: Operation) -> None:
        config = check.config(call, asked.get("config"), 500, "Invalid config: ")
        devices = check.devices(asked.get("devices"), 500, "Invalid devices: ")
        _check_disks(call, instance, devices)
        if "volatile.idmap.next" in instance.config and "volatile.idmap.next" not in config:
            raise Refused(500, "Volatile idmap keys can't be deleted by the user")
        instance.config = config
        instance.devices = devices
        instance.profiles = profiles or []
        instance.ephemeral = bool(asked.get("ephemeral"))
        instance.description = str(asked.get("description") or "")
        _updated(call, instance)

    return call.start("Updating instance", work, resources=call.about(instance.name))


async def patch_instance(call: Call) -> web.StreamResponse:
    """``PATCH /1.0/instances/<name>``."""
    instance = call.instance()
    asked = await call.json()
    call.check_etag(*writable(instance))
    profiles = asked.get("profiles")
    check.profiles(call, profiles or [])
    config = check.config(call, asked.get("config"), 500, "Invalid config: ")
    devices = check.devices(asked.get("devices"), 500, "Invalid devices: ")
    _check_disks(call, instance, devices)
    instance.config = instance.config | config
    instance.devices = instance.devices | devices
    if profiles is not None:
        instance.profiles = profiles
    instance.ephemeral = bool(asked.get("ephemeral", instance.ephemeral))
    instance.description = str(asked.get("description", instance.description))
    _updated(call, instance)
    return call.sync({})


def _check_disks(call: Call, instance: Instance, devices: Json) -> None:
    from .._storage.mounts import check as check_disks  # noqa: PLC0415 - it needs this module

    check_disks(call.daemon, instance.project, devices, "")


def _updated(call: Call, instance: Instance) -> None:
    from .._storage.mounts import mount  # noqa: PLC0415 - it needs this module

    if instance.running:
        mount(call.daemon, instance)
    call.daemon.events.lifecycle(
        "instance-updated", f"/1.0/instances/{instance.name}", instance.project
    )


async def post_instance(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>``: rename, move, or offer for migration."""
    from .copies import move_instance  # noqa: PLC0415 - it needs this module

    asked = await call.json()
    try:
        instance = call.instance()
    except Refused as refusal:
        if call.flavour.lxd:
            raise
        text = "Failed to get address of instance's member: Instance not found"
        raise Refused(refusal.code, text) from None
    name = str(asked.get("name") or "")
    if asked.get("migration") and not (asked.get("pool") or asked.get("project")):
        from .._transfers.arrivals import offer_instance  # noqa: PLC0415 - it needs this module

        return offer_instance(call, instance, asked, call.about(instance.name))
    if asked.get("project") or asked.get("pool"):
        return move_instance(call, instance, name or instance.name, asked)
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

    return call.start("Renaming instance", work, resources=call.about(instance.name))


async def delete_instance(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/instances/<name>``."""
    instance = call.instance()
    forced = call.flag("force") and call.flavour.has("instance_force_delete")
    if instance.running and not forced:
        raise Refused(400, "Instance is running")

    async def work(_operation: Operation) -> None:
        if instance.status == RUNNING:
            from .states import halt  # noqa: PLC0415 - it needs this module

            halt(call.daemon, instance)
        remove(call.daemon, instance)

    return call.start("Deleting instance", work, resources=call.about(instance.name))


def remove(daemon: Daemon, instance: Instance) -> None:
    """Take an instance out of its project, and tell."""
    project = daemon.state.project(instance.project)
    if project.instances.get(instance.name) is not instance:
        return
    for name in list(instance.snapshots):
        del instance.snapshots[name]
        source = f"/1.0/instances/{instance.name}/snapshots/{name}"
        daemon.events.lifecycle("instance-snapshot-deleted", source, instance.project)
    del project.instances[instance.name]
    daemon.events.lifecycle(
        "instance-deleted", f"/1.0/instances/{instance.name}", instance.project
    )


def find(daemon: Daemon, name: str, project: str) -> Instance:
    """Find an instance, for operations.

    Raises:
        Refused: there is none.
    """
    found = daemon.state.project(project).instances.get(name)
    if found is None:
        raise Refused(404, no_instance(daemon.flavour, name, project))
    return found


ROUTES = {
    "GET /1.0/instances": list_instances,
    "GET /1.0/instances/{name}": get_instance,
    "PUT /1.0/instances/{name}": update_instance,
    "PATCH /1.0/instances/{name}": patch_instance,
    "POST /1.0/instances/{name}": post_instance,
    "DELETE /1.0/instances/{name}": delete_instance,
}
