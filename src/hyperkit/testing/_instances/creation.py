"""Making instances of an image or of nothing, and making them anew."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from .._engine import check
from .._engine.answers import Json, Refused, text_in
from .._engine.state import Instance, mac_address
from .._guest.tree import Tree
from .._images.images import by_alias, by_fingerprint
from .._storage import mounts
from .._system import limits
from . import templates
from .running import start

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation
    from .._engine.state import Image, Project, State

_MAP = (
    '[{"Isuid":true,"Isgid":false,"Hostid":100000,"Nsid":0,"Maprange":10000001},'
    '{"Isuid":false,"Isgid":true,"Hostid":100000,"Nsid":0,"Maprange":10000001}]'
)


def create(call: Call, name: str, asked: Json, source: Json) -> web.StreamResponse:
    """Begin to make an instance, of an image or of nothing."""
    kind = source["type"]
    limits.allow_new(call, name, asked)
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
            start(call.daemon, instance)

    resources = call.resources(name)
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
    home = call.home("images")
    if source.get("server"):
        return _stand_in(home, source)
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


def _stand_in(home: Project, source: Json) -> Image:
    """Find the image of the embedded server that stands for another server's."""
    alias, fingerprint = text_in(source, "alias"), text_in(source, "fingerprint")
    found = by_alias(home, alias) if alias else home.images.get(fingerprint)
    if found is None:
        text = (
            f"The embedded server fetches nothing from {source['server']}: an image of its own "
            f"stands for {alias or fingerprint!r} if it has that alias (create_image_alias)"
        )
        raise Refused(501, text)
    return found


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
        description=text_in(asked, "description"),
        ephemeral=bool(asked.get("ephemeral")),
        architecture=asked.get("architecture") or "x86_64",
    )
    instance.empty = image is None
    if image is not None:
        instance.metadata, instance.templates = image.metadata, dict(image.templates)
    instance.config = check.stored(instance.config, volatile_config(call, instance))
    check_devices(call, instance, before)
    if image is not None:
        templates.apply(instance, "create")
        instance.logs["lxc.log"] = b""
    return instance


def check_devices(call: Call, instance: Instance, before: str) -> None:
    """Refuse an instance without a root disk, or with devices that it cannot use."""
    word = call.flavour.either("initialising", "initializing")
    devices = call.state.devices(instance)
    check_networks(
        call, instance.project, devices, f"{before}Failed {word} instance: Invalid devices: "
    )
    roots = [one for one in devices.values() if one.get("path") == "/"]
    if not roots:
        text = "Failed getting root disk: No root device could be found"
        raise Refused(500, f"{before}Failed {word} instance: {text}")
    if roots[0].get("pool") not in call.state.pools:
        text = "Failed loading storage pool: Storage pool not found"
        raise Refused(404, f"{before}Failed {word} instance: {text}")
    mounts.check(call.daemon, instance.project, devices, f"{before}Failed {word} instance: ")


def into_pool(state: State, instance: Instance, pool: str) -> None:
    """Give an instance a root disk of its own, in a pool."""
    for key, device in state.devices(instance).items():
        if device.get("path") == "/" and device.get("type") == "disk":
            instance.devices = {**instance.devices, key: {**device, "pool": pool}}


def check_networks(call: Call, project: str, devices: Json, before: str) -> None:
    """Refuse network cards in networks that are not there.

    Args:
        call: the request.
        project: of the instance.
        devices: of the instance.
        before: what the refusal begins with.
    """
    home = call.state.home(project, "networks")
    for name, device in devices.items():
        network = device.get("network") if device["type"] == "nic" else None
        if network and network not in home.networks:
            text = f'Failed to load network "{network}" for project "{home.name}"'
            failed = f'Device validation failed for "{name}": Failed loading device "{name}": '
            raise Refused(404, f"{before}{failed}{text}: Network not found")


def volatile_config(call: Call, instance: Instance) -> dict[str, str]:
    """Write what the server notes down of an instance that is new: its ``volatile`` keys."""
    identity = str(uuid.uuid4())
    found = {
        "volatile.cloud-init.instance-id": str(uuid.uuid4()),
        "volatile.idmap.base": "0",
        "volatile.idmap.next": _MAP,
        "volatile.last_state.idmap": "[]",
        "volatile.uuid": identity,
    }
    if call.flavour.recent:
        found["volatile.uuid.generation"] = identity
    for name, device in call.state.devices(instance).items():
        if device.get("type") == "nic" and not device.get("hwaddr"):
            found[f"volatile.{name}.hwaddr"] = mac_address(call.flavour.lxd)
    return found


async def rebuild(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/rebuild``."""
    try:
        instance = call.instance()
    except Refused:
        raise Refused(404, "Failed loading instance: Instance not found") from None
    source: Json = (await call.json()).get("source") or {}
    kind = source.get("type")
    if kind not in {"image", "none"}:
        raise Refused(400, f"Unknown source type {kind}")
    image = image_of(call, source) if kind == "image" else None

    async def work(_operation: Operation) -> None:
        if kind == "image" and image is None:
            raise Refused(500, "Image not provided for instance rebuild")
        if instance.running:
            raise Refused(500, "The instance must be stopped to be rebuilt")
        if instance.snapshots:
            text = "Cannot remove an instance volume that has snapshots"
            raise Refused(500, f"Failed rebuilding as an empty instance: {text}")
        kept = {
            key: value
            for key, value in instance.config.items()
            if not key.startswith(("image.", "volatile.base_image"))
        }
        instance.tree = image.tree.copy() if image else Tree()
        instance.empty = image is None
        if image is not None:
            kept |= {f"image.{key}": value for key, value in image.properties.items()}
            kept["volatile.base_image"] = image.fingerprint
            instance.metadata, instance.templates = image.metadata, dict(image.templates)
            templates.apply(instance, "create")
        instance.config = dict(sorted(kept.items()))

    return call.start("Rebuilding instance", work, resources=call.resources(instance.name))


ROUTES = {"POST /1.0/instances/{name}/rebuild": rebuild}
