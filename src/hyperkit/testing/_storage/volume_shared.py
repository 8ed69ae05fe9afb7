"""What the chapters of volumes share: finding one, adding one, telling of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .._clock import passed
from .._engine.answers import Json, Refused
from .._engine.state import Volume, VolumeSnapshot
from .._guest.tree import Node, Tree
from .pools import find_pool, pool_of

if TYPE_CHECKING:
    from .._engine.call import Call
    from .._engine.state import Instance, Project

TYPES = ("container", "virtual-machine", "image", "custom")
_UNITS = {
    "": 1,
    "B": 1,
    **{f"{one}B": 1000**n for n, one in enumerate("kMGTPE", 1)},
    **{f"{one}iB": 1024**n for n, one in enumerate("KMGTPE", 1)},
}
_SIZE = re.compile(r"(\d+)([A-Za-z]*)")
BASE = "/1.0/storage-pools/{pool}/volumes"
ONE = BASE + "/{type}/{volume}"


def home_of(call: Call) -> Project:
    """Find the project that has the volumes of the one asked for."""
    return call.home("storage.volumes")


def empty_tree() -> Tree:
    """Make the files of a new volume."""
    return Tree(Node("directory", mode=0o711))


def forgets_times(call: Call) -> bool:
    """Tell whether the server does not know when a volume was made, as LXD 5.0."""
    return not call.flavour.recent


def of_instance(instance: Instance, pool: str) -> Volume:
    """Look at an instance as at a volume."""
    snapshots = {
        one.name: VolumeSnapshot(one.name, one.created_at, {}, one.tree)
        for one in instance.snapshots.values()
    }
    return Volume(
        instance.name,
        pool,
        instance.created_at,
        instance.tree,
        snapshots=snapshots,
        type=instance.type,
    )


def find_volume(call: Call) -> Volume:
    """Find the volume that the path names.

    Raises:
        Refused: there is none.
    """
    pool = find_pool(call)
    kind, name = call.names["type"], call.names["volume"]
    if kind not in TYPES:
        raise Refused(400, "Invalid storage volume type name")
    volume = home_of(call).volumes.get((pool.name, name)) if kind == "custom" else None
    if kind in {"container", "virtual-machine"}:
        instance = call.state.project(call.project).instances.get(name)
        if (
            instance is not None
            and instance.type == kind
            and pool_of(call.state, instance) == pool.name
        ):
            volume = of_instance(instance, pool.name)
    if volume is None:
        raise Refused(404, "Storage pool volume not found")
    now = call.daemon.clock.now()
    for snapshot in list(volume.snapshots.values()):
        if passed(snapshot.expires_at, now):
            del volume.snapshots[snapshot.name]
    return volume


def find_custom(call: Call) -> Volume:
    """Find the volume that the path names, which must be a custom one.

    Raises:
        Refused: there is none, or the volume is an instance's or an image's.
    """
    kind = call.names["type"]
    if kind in TYPES and kind != "custom":
        raise Refused(400, f'Invalid storage volume type "{kind}"')
    return find_volume(call)


def bytes_of(size: str) -> int:
    """Read a size such as ``"4MiB"``; what is none is 0."""
    match = _SIZE.fullmatch(size)
    return int(match[1]) * _UNITS.get(match[2], 0) if match else 0


def add(call: Call, volume: Volume) -> None:
    """Put a volume into its project, and tell."""
    home_of(call).volumes[volume.pool, volume.name] = volume
    tell(call, "created", volume)


def refresh(volume: Volume, tree: Tree, snapshots: dict[str, VolumeSnapshot]) -> None:
    """Bring a copy up to date: its files, and the snapshots that it lacks."""
    volume.tree.become(tree)
    for name, one in snapshots.items():
        volume.snapshots.setdefault(name, one.copy())


def tell(call: Call, what: str, volume: Volume, **context: Any) -> None:
    """Let those who listen to events know."""
    path = f"/1.0/storage-pools/{volume.pool}/volumes/{volume.type}/{volume.name}"
    call.daemon.events.lifecycle(f"storage-volume-{what}", path, call.project, **context)


def resources(call: Call, volume: Volume) -> Json:
    """Name an operation's resources."""
    path = f"/1.0/storage-pools/{volume.pool}/volumes/custom/{volume.name}"
    short = f"/1.0/storage_volumes/{volume.name}"
    return {"storage_volumes": [call.flavour.either(short, path)]}
