"""Instances made of backups, and instances made anew in their place."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import yaml

from . import _instances as instances
from ._answers import Json, Refused
from ._archives import open_archive, put
from ._clock import NEVER
from ._state import Instance, Snapshot
from ._tree import Tree

if TYPE_CHECKING:
    from aiohttp import web

    from ._call import Call
    from ._operations import Operation

_INDEX = "backup/index.yaml"
_ROOT = "backup/container/rootfs"
_SNAPSHOTS = "backup/snapshots/"


async def import_backup(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances`` with an archive that the embedded server has made."""
    content = await call.raw()
    call.content.clear()
    loop = asyncio.get_running_loop()
    index, trees = await loop.run_in_executor(None, _unpack, content)
    name = call.header("name") or str(index["name"])
    config, devices = _overriding(call)

    async def work(operation: Operation) -> None:
        del operation
        if name in call.state.project(call.project).instances:
            raise Refused(500, f'Create instance from backup: Instance "{name}" already exists')
        made = Instance(
            name,
            call.project,
            call.daemon.clock.text(),
            {**index["config"], **config},
            {**index["devices"], **devices},
            [*index["profiles"]],
            trees.get("", Tree()),
            architecture=index["architecture"],
            description=index["description"],
            metadata=index["metadata"],
        )
        made.logs["lxc.log"] = b""
        made.config = dict(sorted((made.config | instances.notes(call, made)).items()))
        for one in index["snapshots"]:
            made.snapshots[one] = Snapshot(
                one,
                call.daemon.clock.text(),
                dict(made.config),
                dict(made.devices),
                list(made.profiles),
                trees.get(one, Tree()),
                expires_at=NEVER,
            )
        instances.add(call, made)

    return call.start("Restoring backup", work, resources=call.about(name))


def _overriding(call: Call) -> tuple[dict[str, str], Json]:
    """Read what is to be other than in the backup; Incus has words for it, LXD a query."""
    config = dict(word.split("=", 1) for word in (call.header("config") or "").split())
    given = call.header("devices") or ""
    devices: Json = {}
    if call.flavour.lxd:
        return {}, {name: dict(parse_qsl(text)) for name, text in parse_qsl(given)}
    for word in given.split():
        name, _, option = word.partition(",")
        devices.setdefault(name, {}).update([option.split("=", 1)])
    return config, devices


def _unpack(content: bytes) -> tuple[Json, dict[str, Tree]]:
    """Read a backup: what it says of itself, and its files; those of snapshots by their names."""
    trees: dict[str, Tree] = {}
    index: Json | None = None
    with open_archive(content) as archive:
        for entry in archive:
            if entry.name == _INDEX:
                file = archive.extractfile(entry)
                index = yaml.safe_load(file.read() if file else b"")
            elif entry.name.startswith(_ROOT):
                put(trees.setdefault("", Tree()), archive, entry, entry.name[len(_ROOT) :])
            elif entry.name.startswith(_SNAPSHOTS):
                name, _, rest = entry.name[len(_SNAPSHOTS) :].partition("/rootfs")
                put(trees.setdefault(name, Tree()), archive, entry, rest)
    if index is None:
        raise Refused(500, "Backup is missing index.yaml")
    return index, trees


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
    image = instances.image_of(call, source) if kind == "image" else None

    async def work(operation: Operation) -> None:
        del operation
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
            instances.apply_templates(instance, "create")
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
