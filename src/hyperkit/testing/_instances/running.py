"""Starting, stopping and freezing instances, and removing what is stopped for good."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from .._clock import NEVER
from .._engine.answers import Refused
from .._engine.state import FROZEN, RUNNING, STOPPED, Instance
from .._storage.mounts import mount
from . import templates

if TYPE_CHECKING:
    from .._engine.daemon import Daemon

_MOTD = (
    "{name}: ready\r\n\r\n\r\nBusyBox v1.35.0 built-in shell (ash)\r\n"
    "Enter 'help' for a list of built-in commands.\r\n\r\n"
)
_pids = itertools.count(1000)
_addresses = itertools.count(2)


def start(daemon: Daemon, instance: Instance) -> None:
    """Start an instance.

    Raises:
        Refused: it runs, or has nothing to run.
    """
    if instance.running:
        raise Refused(500, "The instance is already running")
    if instance.empty:
        folder = f"/var/lib/{daemon.flavour.product.name}/containers/{instance.name}/rootfs"
        raise Refused(
            500, f'Failed to handle idmapped storage: No such file or directory: "{folder}"'
        )
    _run(daemon, instance)
    mount(daemon, instance)
    templates.apply(instance, "start")
    daemon.events.lifecycle(
        "instance-started", f"/1.0/instances/{instance.name}", instance.project
    )


def _run(daemon: Daemon, instance: Instance) -> None:
    instance.status = RUNNING
    instance.pid = next(_pids)
    instance.started_at = instance.last_used_at = daemon.clock.text()
    instance.address = _address(daemon, instance)
    instance.config.pop("volatile.apply_template", None)
    instance.config |= {
        "volatile.idmap.current": instance.config.get("volatile.idmap.next", "[]"),
        "volatile.last_state.power": "RUNNING",
    }
    for name in [key for key in instance.config if key.endswith(".hwaddr")]:
        host = name.removesuffix("hwaddr") + "host_name"
        instance.config[host] = f"veth{instance.pid:08x}"
    instance.config = dict(sorted(instance.config.items()))
    instance.console += _MOTD.format(name=instance.name).encode()
    log = f"lxc {instance.name} INFO start - started init\n".encode()
    instance.logs |= {"lxc.log": log, "lxc.conf": b"lxc.log.level = info\n"}


def _address(daemon: Daemon, instance: Instance) -> str:
    """Choose an address in the network that an instance has a card in; empty if in none."""
    devices = daemon.state.devices(instance)
    networks = daemon.state.home(instance.project, "networks").networks
    for device in devices.values():
        network = networks.get(device.get("network", ""))
        subnet = network.config.get("ipv4.address", "none") if network else "none"
        if subnet != "none" and device.get("ipv4.address"):
            return str(device["ipv4.address"])
        if subnet != "none":
            return f"{subnet.rpartition('.')[0]}.{next(_addresses) % 250 + 2}"
    return ""


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


def halt(daemon: Daemon, instance: Instance) -> None:
    """Stop an instance; one that is ephemeral is gone then."""
    for job in list(instance.jobs):
        job.abandon()
    instance.status, instance.pid, instance.address = STOPPED, 0, ""
    instance.started_at = NEVER
    instance.tree.mounts.clear()
    instance.config = {
        key: value for key, value in instance.config.items() if not key.endswith(".host_name")
    } | {"volatile.last_state.power": "STOPPED"}
    daemon.events.lifecycle(
        "instance-stopped", f"/1.0/instances/{instance.name}", instance.project
    )
    if instance.ephemeral:
        remove(daemon, instance)


def stop(daemon: Daemon, instance: Instance) -> None:
    """Stop an instance that runs.

    Raises:
        Refused: it does not run.
    """
    if not instance.running:
        raise Refused(400, "The instance is already stopped")
    halt(daemon, instance)


def restart(daemon: Daemon, instance: Instance) -> None:
    """Stop an instance, and start it.

    Raises:
        Refused: it does not run.
    """
    if not instance.running:
        raise Refused(400, "The instance is already stopped")
    for job in list(instance.jobs):
        job.abandon()
    _run(daemon, instance)
    daemon.events.lifecycle(
        "instance-restarted", f"/1.0/instances/{instance.name}", instance.project
    )


def freeze(daemon: Daemon, instance: Instance) -> None:
    """Freeze an instance.

    Raises:
        Refused: it does not run.
    """
    if not instance.running:
        kind = daemon.flavour.either("container", "instance")
        raise Refused(500, f"The {kind} isn't running")
    if instance.status == FROZEN:
        raise Refused(500, "The container is already frozen")
    instance.status = FROZEN
    daemon.events.lifecycle("instance-paused", f"/1.0/instances/{instance.name}", instance.project)


def unfreeze(daemon: Daemon, instance: Instance) -> None:
    """Let an instance go on.

    Raises:
        Refused: it is not frozen.
    """
    if not instance.running:
        raise Refused(500, "The container isn't running")
    if instance.status == RUNNING:
        raise Refused(500, "The container is already running")
    instance.status = RUNNING
    daemon.events.lifecycle(
        "instance-resumed", f"/1.0/instances/{instance.name}", instance.project
    )
