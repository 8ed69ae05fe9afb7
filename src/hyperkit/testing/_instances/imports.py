"""Instances made of backups, and instances made anew in their place."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from .._engine.answers import Json, Refused
from .._engine.state import Instance, Snapshot
from .._guest.tree import Tree
from .._transfers.archives import unpack_backup
from . import creation
from .backups import FOLDERS

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation


async def import_backup(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances`` with an archive that the embedded server has made."""
    content = await call.raw()
    call.content.clear()
    loop = asyncio.get_running_loop()
    index, trees = await loop.run_in_executor(None, unpack_backup, content, FOLDERS)
    name = call.header("name") or str(index["name"])
    config, devices = _given(call)

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
        made.config = dict(sorted((made.config | creation.notes(call, made)).items()))
        restored(made, index, trees)
        creation.add(call, made)

    return call.start("Restoring backup", work, resources=call.about(name))


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
    image = creation.image_of(call, source) if kind == "image" else None

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
            creation.apply_templates(instance, "create")
        instance.config = dict(sorted(kept.items()))

    return call.start("Rebuilding instance", work, resources=call.about(instance.name))


async def access(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/access`` and ``GET /1.0/projects/<name>/access``."""
    if not call.names["name"]:
        raise Refused(404, "Not Found")
    return call.sync(
        [
            {"identifier": one, "role": "admin", "provider": "tls"}
            for one in call.state.certificates
        ]
    )


ROUTES = {
    "POST /1.0/instances/{name}/rebuild": rebuild,
    "GET /1.0/instances/{name}/access": access,
    "GET /1.0/projects/{name}/access": access,
}
