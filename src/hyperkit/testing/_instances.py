"""Instances: lists, making, changing, renaming, removing."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from . import _check as check
from ._answers import Json, Refused, mapping
from ._call import no_instance
from ._filter import matches
from ._state import RUNNING, WORDS, Instance, mac_address
from ._tree import Node, Tree

if TYPE_CHECKING:
    from aiohttp import web

    from ._call import Call
    from ._daemon import Daemon
    from ._operations import Operation
    from ._state import Image, Project, Snapshot

_MAP = (
    '[{"Isuid":true,"Isgid":false,"Hostid":100000,"Nsid":0,"Maprange":10000001},'
    '{"Isuid":false,"Isgid":true,"Hostid":100000,"Nsid":0,"Maprange":10000001}]'
)
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
    if daemon.flavour.old:
        for key in ("description", "last_used_at", "location", "type", "project"):
            del found[key]
    return found


def full(daemon: Daemon, instance: Instance) -> Json:
    """Write an instance with its state, snapshots and backups."""
    from ._backups import shown as backup_shown  # noqa: PLC0415 - chapters know each other
    from ._snapshots import shown as snapshot_shown  # noqa: PLC0415
    from ._states import shown as state_shown  # noqa: PLC0415

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
    modern = call.flavour.recent
    if kind and kind not in _KINDS:
        raise Refused(400 if modern else 500, "Invalid instance type")
    kind = {"containers": "container", "virtual-machines": "virtual-machine"}.get(call.alias, kind)
    projects = call.state.projects
    chosen = list(projects) if call.all_projects else [call.project]
    found = [
        instance
        for name in chosen
        for instance in (projects[name].instances.values() if name in projects else ())
        if instance.type == (kind or instance.type)
    ]
    wanted = call.query.get("filter")
    if wanted:
        test = matches(wanted, 400 if modern else 500)
        found = [one for one in found if test(full(call.daemon, one))]
    if not call.recursion:
        return call.sync([_url(call, one) for one in found])
    write = full if call.recursion > 1 else shown
    return call.sync([write(call.daemon, one) for one in found])


def _url(call: Call, instance: Instance) -> str:
    path = f"/1.0/{call.alias or 'instances'}/{instance.name}"
    return path if instance.project == "default" else f"{path}?project={instance.project}"


async def get_instance(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>``."""
    instance = call.instance()
    write = full if call.recursion and call.flavour.has("instance_get_full") else shown
    return call.sync(write(call.daemon, instance), etag=writable(instance))


# What is made.


async def create_instance(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances``."""
    if call.request.content_type != "application/json":
        from ._imports import import_backup  # noqa: PLC0415 - it needs this module

        return await import_backup(call)
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
        from ._copies import copy_instance  # noqa: PLC0415 - it needs this module

        return copy_instance(call, name, asked)
    if kind == "migration":
        raise Refused(501, "The embedded server cannot make an instance by migration")
    if kind not in {"image", "none"}:
        raise Refused(400, f"Unknown source type {kind}")
    return _begin(call, name, asked, source)


def _begin(call: Call, name: str, asked: Json, source: Json) -> web.StreamResponse:
    """Begin to make an instance, of an image or of nothing."""
    kind = source["type"]
    limit = call.state.project(call.project).config.get("limits.instances")
    if limit and len(call.state.project(call.project).instances) >= int(limit):
        raise Refused(500, f'Reached maximum number of instances in project "{call.project}"')
    check.profiles(call, asked.get("profiles") or [], 500)
    image = image_of(call, source) if kind == "image" else None

    async def work(operation: Operation) -> None:
        before = "Failed creating instance record: "
        if kind == "image" and image is None:
            raise Refused(500, "Image not provided for instance creation")
        if asked.get("type") == "virtual-machine":
            text = "vhost_vsock kernel module not loaded"
            text = f'Instance type "virtual-machine" is not supported on this server: {text}'
            raise Refused(500, before + text)
        check_free(call, name, before)
        instance = _made(call, name, asked, image, before)
        add(call, instance)
        if image is not None:
            image.last_used_at = call.daemon.clock.text()
            _unpacked(call, operation)
        if asked.get("start") and call.flavour.has("instance_create_start"):
            from ._states import start  # noqa: PLC0415 - it needs this module

            start(call.daemon, instance)

    resources = call.about(name)
    if asked.get("type") == "virtual-machine":
        resources.pop("containers", None)
    return call.start("Creating instance", work, resources=resources)


def add(call: Call, instance: Instance) -> None:
    """Put an instance into its project, and tell."""
    call.state.project(instance.project).instances[instance.name] = instance
    context = {"storage_pool": "default", "type": instance.type}
    if not call.flavour.lxd:
        context = {"location": call.daemon.location, **context}
    call.daemon.events.lifecycle(
        "instance-created", f"/1.0/instances/{instance.name}", instance.project, **context
    )


def _unpacked(call: Call, operation: Operation) -> None:
    """Tell that the image has been unpacked."""
    words = call.flavour.either("Unpack", "Unpacking image")
    operation.update(
        create_instance_from_image_unpack_progress=f"{words}: 100% (100.00MB/s)",
        progress={
            "percent": "100",
            "speed": "100000000",
            "stage": "create_instance_from_image_unpack",
        },
    )


def check_free(call: Call, name: str, before: str, project: str | None = None) -> None:
    """Refuse a name that is taken."""
    if name not in call.state.project(project or call.project).instances:
        return
    text = call.flavour.either(
        'Add instance info to the database: This "instances" entry already exists',
        'Add instance info to the database: Failed to create "instances" entry: '
        "UNIQUE constraint failed: instances.project_id, instances.name",
    )
    raise Refused(500, before + text)


def image_of(call: Call, source: Json) -> Image | None:
    """Find the image that an instance is to be made of."""
    from ._images import by_alias, by_fingerprint  # noqa: PLC0415 - it needs the state only

    home = call.home("images")
    if source.get("server"):
        raise Refused(501, "The embedded server cannot make an instance of another server's image")
    if alias := source.get("alias"):
        found = by_alias(home, alias)
        if found is None and call.flavour.lxd:
            raise Refused(404, "Image alias not found")
        return found
    if fingerprint := source.get("fingerprint"):
        return by_fingerprint(home, fingerprint)
    wanted: Json = source.get("properties") or {}
    if not wanted:
        text = "Must specify one of alias, fingerprint or properties for init from image"
        raise Refused(500, text)
    fitting = [
        one
        for one in home.images.values()
        if all(one.properties.get(key) == value for key, value in wanted.items())
    ]
    if not fitting:
        raise Refused(500, "No matching image could be found")
    return max(fitting, key=lambda one: one.created_at)


def _made(call: Call, name: str, asked: Json, image: Image | None, before: str) -> Instance:
    """Make an instance, which is in no project yet."""
    profiles = asked.get("profiles")
    if profiles is None:
        profiles = list(image.profiles) if image else ["default"]
    own = check.config(call, asked.get("config"), 500, before)
    word = call.flavour.either("initialising", "initializing")
    devices = check.devices(
        asked.get("devices"), 500, f"{before}Failed {word} instance: Invalid devices: "
    )
    if image is not None:
        own = {f"image.{key}": value for key, value in image.properties.items()} | own
        own["volatile.base_image"] = image.fingerprint
        own["volatile.apply_template"] = "create"
    instance = Instance(
        name,
        call.project,
        call.daemon.clock.text(),
        own,
        devices,
        profiles,
        image.tree.copy() if image else Tree(),
        description=str(asked.get("description") or ""),
        ephemeral=bool(asked.get("ephemeral")),
        architecture=asked.get("architecture") or "x86_64",
    )
    instance.empty = image is None
    if image is not None:
        instance.metadata, instance.templates = image.metadata, dict(image.templates)
    instance.config |= notes(call, instance)
    instance.config = dict(sorted(instance.config.items()))
    root = expanded(call.home("profiles"), instance)[1]
    if not any(one.get("path") == "/" for one in root.values()):
        text = "Failed getting root disk: No root device could be found"
        raise Refused(500, f"{before}Failed {word} instance: {text}")
    if image is not None:
        apply_templates(instance, "create")
        instance.logs["lxc.log"] = b""
    return instance


def notes(call: Call, instance: Instance) -> dict[str, str]:
    """Write what the server notes down of an instance that is new."""
    identity = str(uuid.uuid4())
    found = {
        "volatile.cloud-init.instance-id": str(uuid.uuid4()),
        "volatile.idmap.base": "0",
        "volatile.idmap.next": _MAP,
        "volatile.last_state.idmap": "[]",
        "volatile.uuid": identity,
    }
    if not call.flavour.lxd or call.flavour.has("bulk_operations"):
        found["volatile.uuid.generation"] = identity
    for name, device in expanded(call.home("profiles"), instance)[1].items():
        if device.get("type") == "nic" and not device.get("hwaddr"):
            found[f"volatile.{name}.hwaddr"] = mac_address(call.flavour.lxd)
    return found


def apply_templates(instance: Instance, moment: str) -> None:
    """Write the files that the image has templates for.

    Args:
        instance: whose files.
        moment: ``"create"`` or ``"copy"``.
    """
    for path, how in mapping(instance.metadata.get("templates")).items():
        text = instance.templates.get(how.get("template", ""))
        if text is None or moment not in (how.get("when") or ()):
            continue
        for word in (b"{{ container.name }}", b"{{ instance.name }}"):
            text = text.replace(word, instance.name.encode())
        instance.tree.folders(path.rpartition("/")[0])
        instance.tree.add(path, Node("file", data=text))


# What is changed.


async def update_instance(call: Call) -> web.StreamResponse:
    """``PUT /1.0/instances/<name>``."""
    instance = call.instance()
    asked = await call.json()
    if asked.get("restore"):
        from ._snapshots import restore  # noqa: PLC0415 - it needs this module

        return restore(call, instance, asked)
    call.check_etag(*writable(instance))
    profiles = asked.get("profiles")
    check.profiles(call, profiles or [])

    async def work(operation: Operation) -> None:
        del operation
        config = check.config(call, asked.get("config"), 500, "Invalid config: ")
        devices = check.devices(asked.get("devices"), 500, "Invalid devices: ")
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
    instance.config = instance.config | config
    instance.devices = instance.devices | devices
    if profiles is not None:
        instance.profiles = profiles
    instance.ephemeral = bool(asked.get("ephemeral", instance.ephemeral))
    instance.description = str(asked.get("description", instance.description))
    _updated(call, instance)
    return call.sync({})


def _updated(call: Call, instance: Instance) -> None:
    call.daemon.events.lifecycle(
        "instance-updated", f"/1.0/instances/{instance.name}", instance.project
    )


async def post_instance(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>``: rename, move, or offer for migration."""
    from ._copies import move_instance  # noqa: PLC0415 - it needs this module

    asked = await call.json()
    try:
        instance = call.instance()
    except Refused as refusal:
        if call.flavour.lxd:
            raise
        text = "Failed to get address of instance's member: Instance not found"
        raise Refused(refusal.code, text) from None
    name = str(asked.get("name") or "")
    if asked.get("migration"):
        if asked.get("live") or not (asked.get("pool") or asked.get("project")):
            raise Refused(501, "The embedded server cannot offer an instance for migration")
        return move_instance(call, instance, name or instance.name, asked)
    if asked.get("project") or asked.get("pool"):
        return move_instance(call, instance, name or instance.name, asked)
    return _rename(call, instance, name)


def _rename(call: Call, instance: Instance, name: str) -> web.StreamResponse:
    if "/" in name:
        raise Refused(400, 'The character "/" is reserved for snapshots')
    project = call.state.project(instance.project)
    if name in project.instances and (call.flavour.lxd or name != instance.name):
        raise Refused(409, f'Name "{name}" already in use')

    async def work(operation: Operation) -> None:
        del operation
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

    async def work(operation: Operation) -> None:
        del operation
        if instance.status == RUNNING:
            from ._states import halt  # noqa: PLC0415 - it needs this module

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
    "POST /1.0/instances": create_instance,
    "GET /1.0/instances/{name}": get_instance,
    "PUT /1.0/instances/{name}": update_instance,
    "PATCH /1.0/instances/{name}": patch_instance,
    "POST /1.0/instances/{name}": post_instance,
    "DELETE /1.0/instances/{name}": delete_instance,
}
