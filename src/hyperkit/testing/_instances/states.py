"""Whether instances run: starting, stopping, freezing, and what can be seen of it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from .._clock import NEVER
from .._engine.answers import Json, Refused, mapping
from .._engine.state import FROZEN, RUNNING, STOPPED, WORDS, Instance
from .._storage.mounts import mount
from . import templates

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from .._engine.call import Call
    from .._engine.daemon import Daemon
    from .._engine.operations import Operation

_MOTD = (
    "{name}: ready\r\n\r\n\r\nBusyBox v1.35.0 built-in shell (ash)\r\n"
    "Enter 'help' for a list of built-in commands.\r\n\r\n"
)
_pids = itertools.count(1000)
_addresses = itertools.count(2)
_WORDS = {
    "start": "Starting instance",
    "stop": "Stopping instance",
    "restart": "Restarting instance",
    "freeze": "Freezing instance",
    "unfreeze": "Unfreezing instance",
}


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


_ACTIONS: dict[str, Callable[[Daemon, Instance], None]] = {
    "start": start,
    "stop": stop,
    "restart": restart,
    "freeze": freeze,
    "unfreeze": unfreeze,
}


async def set_state(call: Call) -> web.StreamResponse:
    """``PUT /1.0/instances/<name>/state``."""
    instance = call.instance()
    asked = await call.json()
    action = str(asked.get("action"))
    if action not in _ACTIONS:
        raise Refused(400, f"Unknown action: '{action}'")

    async def work(operation: Operation) -> None:
        if action == "start" and call.flavour.lxd and not instance.running:
            operation.update(container_progress="")
        if asked.get("stateful") and action == "stop":
            text = "CRIU isn't installed"
            lxd = f"Unable to perform container live migration. {text}"
            incus = (
                f"Unable to perform live container migration. {text}. To migrate the container, "
                "stop the container before migration or install CRIU"
            )
            raise Refused(500, call.flavour.either(lxd, incus))
        _ACTIONS[action](call.daemon, instance)

    resources = call.resources(instance.name)
    if not call.flavour.lxd2:
        resources.pop("containers", None)
    return call.start(_WORDS[action], work, resources=resources)


async def set_states(call: Call) -> web.StreamResponse:
    """``PUT /1.0/instances``: all instances that the action fits."""
    asked = await call.json()
    action = str(mapping(asked.get("state")).get("action"))
    if action not in _ACTIONS:
        raise Refused(400, f"Unknown action: '{action}'")
    fitting = {
        "start": {STOPPED},
        "stop": {RUNNING, FROZEN},
        "restart": {RUNNING},
        "freeze": {RUNNING},
        "unfreeze": {FROZEN},
    }
    project = call.state.project(call.project)
    chosen = [one for one in project.instances.values() if one.status in fitting[action]]

    async def work(_operation: Operation) -> None:
        for instance in chosen:
            _ACTIONS[action](call.daemon, instance)

    resources = call.resources(*[one.name for one in chosen])
    resources.pop("containers", None)
    return call.start(_WORDS[action], work, resources=resources if chosen else None)


def shown(daemon: Daemon, instance: Instance) -> Json:
    """Write an instance's state as the API does."""
    running = instance.running
    memory = {"usage": 0, "usage_peak": 0, "swap_usage": 0, "swap_usage_peak": 0}
    if running:
        memory |= {"usage": 835584, "usage_peak": 1609728}
    found: Json = {
        "status": WORDS[instance.status],
        "status_code": instance.status,
        "disk": {},
        "memory": memory,
        "network": _network(instance) if running else None,
        "pid": instance.pid,
        "processes": 4 + len(instance.jobs) if running else 0,
        "cpu": {"usage": 13319241 if running else 0},
    }
    if not daemon.flavour.lxd:
        memory["total"] = 4 << 30 if running else 0
        found["cpu"]["allocated_time"] = 2_000_000_000 if running else 0
        found |= {"started_at": instance.started_at, "os_info": None}
    return found


def _network(instance: Instance) -> Json:
    """Write an instance's network cards."""
    counters = {
        "bytes_received": 686,
        "bytes_sent": 864,
        "packets_received": 2,
        "packets_sent": 4,
        "errors_received": 0,
        "errors_sent": 0,
        "packets_dropped_outbound": 0,
        "packets_dropped_inbound": 0,
    }

    def address(family: str, text: str, netmask: str, scope: str) -> Json:
        return {"family": family, "address": text, "netmask": netmask, "scope": scope}

    cards: Json = {}
    for key, hwaddr in instance.config.items():
        if key.startswith("volatile.") and key.endswith(".hwaddr"):
            name = key.split(".")[1]
            own = [address("inet", instance.address, "24", "global")] if instance.address else []
            cards[name] = {
                "addresses": own,
                "counters": counters,
                "hwaddr": hwaddr,
                "host_name": instance.config.get(f"volatile.{name}.host_name", ""),
                "mtu": 1500,
                "state": "up",
                "type": "broadcast",
            }
    cards["lo"] = {
        "addresses": [
            address("inet", "127.0.0.1", "8", "local"),
            address("inet6", "::1", "128", "local"),
        ],
        "counters": dict.fromkeys(counters, 0),
        "hwaddr": "",
        "host_name": "",
        "mtu": 65536,
        "state": "up",
        "type": "loopback",
    }
    return cards


async def get_state(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/state``."""
    return call.sync(shown(call.daemon, call.instance()))


ROUTES = {
    "GET /1.0/instances/{name}/state": get_state,
    "PUT /1.0/instances/{name}/state": set_state,
    "PUT /1.0/instances": set_states,
}
