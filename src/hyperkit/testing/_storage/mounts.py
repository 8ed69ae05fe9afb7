"""Volumes in instances: what a disk of an instance refers to, and what is seen of it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from .._engine.answers import Json, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._engine.daemon import Daemon
    from .._engine.state import Instance, Project, Volume


def disks(devices: Json) -> Iterator[tuple[str, Json]]:
    """List the disks among devices that are volumes, by their names."""
    for name, device in devices.items():
        if device.get("type") == "disk" and device.get("pool") and device.get("source"):
            yield name, device


def volume_of(daemon: Daemon, project: str, disk: Json) -> Volume | None:
    """Find the volume that a disk is."""
    home = daemon.state.home(project, "storage.volumes")
    return home.volumes.get((disk["pool"], disk["source"]))


def check(daemon: Daemon, project: str, devices: Json, before: str) -> None:
    """Refuse disks of a container that are no volumes it could use.

    Args:
        daemon: the server.
        project: of the container.
        devices: all that it is to have.
        before: what the refusal begins with.

    Raises:
        Refused: there is no such volume, or it holds no files, or has no place.
    """
    for name, disk in disks(devices):
        failed = f'{before}Failed add validation for device "{name}": '
        volume = volume_of(daemon, project, disk)
        if volume is None:
            raise Refused(404, f"{failed}Failed loading custom volume: Storage volume not found")
        if volume.content_type != "filesystem":
            raise Refused(500, f"{failed}Custom block volumes cannot be used on containers")
        if not disk.get("path"):
            text = "Custom filesystem volumes require a path to be defined"
            raise Refused(500, failed + text)


def mount(daemon: Daemon, instance: Instance) -> None:
    """Show an instance that runs the files of its volumes."""
    instance.tree.mounts.clear()
    devices = daemon.state.devices(instance)
    for _, disk in sorted(disks(devices)):
        volume = volume_of(daemon, instance.project, disk)
        if volume is not None and disk.get("path"):
            instance.tree.mount(posixpath.join("/", disk["path"]), volume.tree.root)


def users(daemon: Daemon, home: Project, volume: Volume) -> list[Instance]:
    """List the instances that have a volume, from their profiles or by themselves."""
    found: list[Instance] = []
    for instance in daemon.state.instances():
        if daemon.state.home(instance.project, "storage.volumes") is not home:
            continue
        devices = daemon.state.devices(instance)
        if any(
            (disk["pool"], disk["source"]) == (volume.pool, volume.name)
            for _, disk in disks(devices)
        ):
            found.append(instance)
    return found
