"""The server itself: what it is, its configuration, its machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aiohttp import web

from .._engine.answers import Json, Refused, mapping
from .._keys import fingerprint_of
from . import server_keys

if TYPE_CHECKING:
    from .._engine.call import Call

_FEATURES = ("netnsid_getifaddrs", "seccomp_listener", "seccomp_listener_continue")


async def get_root(call: Call) -> web.StreamResponse:
    """``GET /``."""
    return call.sync(["/1.0"])


def _config(call: Call) -> Json:
    """Show the configuration; of the password only that there is one."""
    found: Json = {**call.state.config}
    if call.daemon.addresses:
        found["core.https_address"] = call.daemon.addresses[0]
    flavour = call.flavour
    if not flavour.recent:
        found["core.trust_password"] = True
    return dict(sorted(found.items()))


def _methods(call: Call) -> list[str]:
    return ["tls", "bearer"] if call.flavour.has("auth_bearer") else ["tls"]


async def get_server(call: Call) -> web.StreamResponse:
    """``GET /1.0``."""
    flavour = call.flavour
    found: Json = {
        "config": _config(call) if call.trusted and call.kept is None else None,
        "api_extensions": list(flavour.extensions),
        "api_status": "stable",
        "api_version": "1.0",
        "auth": "trusted" if call.trusted else "untrusted",
        "public": False,
        "auth_methods": _methods(call),
    }
    if not call.trusted:
        if not flavour.lxd:
            found["api_extensions"] = None
        if flavour.has("client_cert_presence"):
            found["client_certificate"] = bool(call.peer)
        if flavour.lxd2:
            del found["api_extensions"], found["auth_methods"]
        return call.sync(found)
    if flavour.lxd2:
        del found["api_extensions"], found["auth_methods"]
    elif not flavour.lxd:
        found |= {"auth_user_name": "root", "auth_user_method": "unix"}
    found["environment"] = _environment(call)
    return call.sync(found, etag=(_config(call),))


def _environment(call: Call) -> Json:
    flavour = call.flavour
    found: Json = {
        "addresses": list(call.daemon.addresses),
        "architectures": ["x86_64", "i686"],
        "certificate": call.daemon.pair.certificate,
        "certificate_fingerprint": fingerprint_of(call.daemon.pair.certificate),
        "driver": "lxc",
        "driver_version": "5.0.2",
        "firewall": "nftables",
        "kernel": "Linux",
        "kernel_architecture": "x86_64",
        "kernel_features": dict.fromkeys(_FEATURES, "true"),
        "kernel_version": "6.1.0",
        "lxc_features": {"cgroup2": "true", "pidfd": "true"},
        "os_name": "Debian GNU/Linux",
        "os_version": "12",
        "project": call.project,
        "server": flavour.product.name,
        "server_clustered": call.state.cluster is not None,
        "server_event_mode": "full-mesh",
        "server_name": call.daemon.member,
        "server_pid": os.getpid(),
        "server_version": flavour.version,
        "storage": "dir",
        "storage_version": "1",
        "storage_supported_drivers": [{"Name": "dir", "Version": "1", "Remote": False}],
    }
    if flavour.has("server_instance_type_info"):
        found["instance_types"] = ["container"]
    if flavour.has("backup_metadata_version"):
        found["backup_metadata_version_range"] = [1, 2]
    if flavour.has("server_version_lts"):
        found["server_lts"] = False
    if flavour.lxd2:
        old = (
            "addresses architectures certificate certificate_fingerprint driver driver_version "
            "kernel kernel_architecture kernel_version server server_pid server_version storage "
            "storage_version"
        )
        return {key: found[key] for key in old.split()}
    return found


async def update_server(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0``."""
    call.check_etag(_config(call))
    given = mapping((await call.json()).get("config"))
    config = {key: str(value) for key, value in given.items() if value is not True}
    if text := server_keys.wrong(call.flavour, config):
        raise Refused(400, text)
    config.pop("core.trust_password", None)
    # Where it listens was decided when it was made.
    config.pop("core.https_address", None)
    merged = call.state.config | config if call.patching else config
    call.state.config = {key: value for key, value in merged.items() if value}
    call.daemon.events.lifecycle("config-updated", "/1.0", "")
    return call.sync({})


async def get_resources(call: Call) -> web.StreamResponse:
    """``GET /1.0/resources``."""
    found: Json = {
        "cpu": {"architecture": "x86_64", "sockets": [_socket()], "total": 2},
        "memory": {"used": 1 << 30, "total": 4 << 30, "nodes": [], "hugepages_size": 2 << 20},
        "gpu": {"cards": [], "total": 0},
        "network": {"cards": [], "total": 0},
        "storage": {"disks": [], "total": 0},
        "usb": {"devices": [], "total": 0},
        "pci": {"devices": [], "total": 0},
        "system": {"uuid": "", "vendor": "", "product": "Embedded", "type": "virtual-machine"},
    }
    if not call.flavour.lxd:
        found["load"] = {
            "Average1Min": 0.1,
            "Average5Min": 0.1,
            "Average10Min": 0.1,
            "Processes": 100,
        }
    return call.sync(found)


def _socket() -> Json:
    """Write a processor with two cores."""
    threads = {"id": 0, "numa_node": 0, "thread": 0, "online": True, "isolated": False}
    cores = [
        {"core": number, "die": 0, "threads": [{**threads, "id": number}]} for number in (0, 1)
    ]
    return {"name": "Embedded", "vendor": "hyperkit", "socket": 0, "cache": [], "cores": cores}


async def get_metrics(call: Call) -> web.StreamResponse:
    """``GET /1.0/metrics``."""
    product = call.flavour.product.name
    lines: list[str] = []
    running = [
        one
        for one in call.state.instances()
        if one.running and call.query.get("project", one.project) == one.project
    ]
    for name, text, value in (
        ("memory_MemTotal_bytes", "The amount of used memory.", 4 << 30),
        ("procs_total", "The number of running processes.", 4),
    ):
        if running:
            lines += [f"# HELP {product}_{name} {text}", f"# TYPE {product}_{name} gauge"]
        for one in running:
            labels = f'name="{one.name}",project="{one.project}",type="{one.type}"'
            lines.append(f"{product}_{name}{{{labels}}} {value}")
    return web.Response(text="\n".join([*lines, "# EOF\n"]))


ROUTES = {
    "GET /": get_root,
    "GET /1.0": get_server,
    "PUT /1.0": update_server,
    "PATCH /1.0": update_server,
    "GET /1.0/resources": get_resources,
    "GET /1.0/metrics": get_metrics,
}
UNTRUSTED = {"GET /", "GET /1.0"}
