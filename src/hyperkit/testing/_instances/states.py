"""States of instances: what is shown of them, and how they are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.answers import Json, Refused, mapping
from .._engine.state import FROZEN, RUNNING, STOPPED, WORDS, Instance
from .running import freeze, restart, start, stop, unfreeze

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from .._engine.call import Call
    from .._engine.daemon import Daemon
    from .._engine.operations import Operation

_WORDS = {
    "start": "Starting instance",
    "stop": "Stopping instance",
    "restart": "Restarting instance",
    "freeze": "Freezing instance",
    "unfreeze": "Unfreezing instance",
}


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
