"""The only member of the cluster."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .._clock import later
from .._engine import check
from .._engine.answers import Json, Refused, listing, text_in
from .._engine.filter import filtered
from .._keys import fingerprint_of
from .cluster import check_name, refuse_unclustered

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation
    from .._engine.state import Cluster

_OWN_ROLES = ["database-leader", "database"]
_ROLES = ("event-hub", "ovn-chassis")
# How long a token lasts.
_LASTS = "3H"


def _shown(call: Call, cluster: Cluster) -> Json:
    address = call.state.config.get("cluster.https_address", "")
    return {
        "roles": [*cluster.roles, *_OWN_ROLES],
        "failure_domain": cluster.failure_domain,
        "description": cluster.description,
        "config": cluster.config,
        "groups": _groups_of(call, cluster),
        "server_name": cluster.name,
        "url": f"https://{address}",
        "database": True,
        "status": "Evacuated" if cluster.evacuated else "Online",
        "message": "Unavailable due to maintenance" if cluster.evacuated else "Fully operational",
        "architecture": "x86_64",
    }


def _groups(call: Call) -> list[Json]:
    return list(call.state.families["cluster/groups"].values())


def _groups_of(call: Call, cluster: Cluster) -> list[str]:
    return sorted(one["name"] for one in _groups(call) if cluster.name in one["members"])


def _writable(call: Call, cluster: Cluster) -> tuple[Any, ...]:
    names = ("roles", "failure_domain", "description", "config", "groups")
    shown = _shown(call, cluster)
    return tuple(shown[name] for name in names)


def _member(call: Call) -> Cluster:
    """Find the member that the path names."""
    cluster = call.state.cluster
    if cluster is None:
        raise Refused(500, "Server is not clustered")
    if call.names["member"] != cluster.name:
        raise Refused(404, "Cluster member not found")
    return cluster


def _member_or_none(call: Call) -> Cluster:
    """Find the member that the path names; there is none where there is no cluster."""
    if call.state.cluster is None:
        raise Refused(404, "Cluster member not found")
    return _member(call)


async def list_members(call: Call) -> web.StreamResponse:
    """``GET /1.0/cluster/members``."""
    cluster = call.state.cluster
    if cluster is None:
        raise Refused(500, "Server is not clustered")
    found = [_shown(call, cluster)]
    if not call.recursion:
        return call.sync([f"/1.0/cluster/members/{quote(cluster.name, safe='')}"])
    # Incus 6 takes the filter, and lists all of them.
    return call.sync(filtered(call, found, dict) if call.flavour.incus7 else found)


async def issue_token(call: Call) -> web.StreamResponse:
    """``POST /1.0/cluster/members``: a token with which a server could join."""
    refuse_unclustered(call)
    daemon = call.daemon
    name = text_in(await call.json(), "server_name")
    if name == daemon.member and daemon.flavour.recent:
        raise Refused(500, f"The cluster already has a member with name: {name}")
    expires_at = later(daemon.clock, _LASTS)
    metadata: Json = {
        "addresses": [call.state.config["cluster.https_address"]],
        "expiresAt": expires_at,
        "fingerprint": fingerprint_of(daemon.pair.certificate),
        "serverName": name,
    }
    operation = daemon.operations.token("Executing operation", metadata, {"cluster": None})
    operation.expires_at = expires_at
    return call.answer(operation)


async def get_member(call: Call) -> web.StreamResponse:
    """``GET /1.0/cluster/members/<name>``."""
    cluster = _member(call)
    return call.sync(_shown(call, cluster), etag=_writable(call, cluster))


def _fields(call: Call, asked: Json) -> tuple[list[str], list[str], dict[str, str]]:
    """Read a member's roles, groups and configuration from a body."""
    roles = [str(one) for one in listing(asked.get("roles"))]
    if "database" not in roles:
        raise Refused(400, 'The "database" role cannot be dropped at this time')
    groups = [str(one) for one in listing(asked.get("groups"))]
    if not groups:
        raise Refused(400, "Cluster members need to belong to at least one group")
    if not asked.get("failure_domain"):
        raise Refused(500, "Update failure domain: Failure domain name can't be empty")
    for role in roles:
        if role not in {*_OWN_ROLES, *_ROLES}:
            raise Refused(400, f'Invalid cluster role "{role}"')
    config = check.texts(asked.get("config"))
    for key in config:
        if not key.startswith(("scheduler.instance", "user.")):
            raise Refused(400, f'Invalid cluster member configuration key "{key}"')
    for name in groups:
        if name not in [one["name"] for one in _groups(call)]:
            raise Refused(404, "Cluster group not found")
    return roles, groups, config


async def update_member(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/cluster/members/<name>``: only ``config`` is merged."""
    cluster = _member(call)
    call.check_etag(*_writable(call, cluster))
    asked = await call.json()
    roles, groups, config = _fields(call, asked)
    cluster.config = cluster.config | config if call.patching else config
    cluster.description = text_in(asked, "description")
    cluster.failure_domain = str(asked["failure_domain"])
    cluster.roles = [role for role in roles if role in _ROLES]
    for group in _groups(call):
        members = [one for one in group["members"] if one != cluster.name]
        group["members"] = [*members, cluster.name] if group["name"] in groups else members
    _tell(call, "updated", cluster)
    return call.sync({})


def _tell(call: Call, what: str, cluster: Cluster, **context: Any) -> None:
    path = f"/1.0/cluster/members/{quote(cluster.name, safe='')}"
    call.daemon.events.lifecycle(f"cluster-member-{what}", path, "", **context)


async def rename_member(call: Call) -> web.StreamResponse:
    """``POST /1.0/cluster/members/<name>``."""
    name = text_in(await call.json(), "server_name")
    cluster = call.state.cluster
    if cluster is None or call.names["member"] != cluster.name:
        if not call.flavour.recent:
            raise Refused(500, "expected to update one row, not 0")
        raise Refused(404, "Cluster member not found")
    # Older servers take an empty name, and cannot find their only member afterwards.
    check_name("cluster member", name)
    old = cluster.name
    for group in _groups(call):
        group["members"] = [name if one == old else one for one in group["members"]]
    cluster.name = name
    _tell(call, "renamed", cluster, old_name=old)
    return call.sync({})


async def delete_member(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/cluster/members/<name>``: there is no other who could stay."""
    _member(call)
    raise Refused(500, "Member is the only member in the cluster")


async def get_member_state(call: Call) -> web.StreamResponse:
    """``GET /1.0/cluster/members/<name>/state``."""
    _member_or_none(call)
    total, free = 4 << 30, 3 << 30
    system: Json = {
        "uptime": 3600,
        "load_averages": [0.1, 0.1, 0.1],
        "total_ram": total,
        "free_ram": free,
        "shared_ram": 0,
        "buffered_ram": 0,
        "total_swap": 0,
        "free_swap": 0,
        "processes": 100,
    }
    if call.flavour.lxd:
        system["logical_cpus"] = os.cpu_count() or 1
    pool = {"space": {"used": free, "total": total}, "inodes": {"used": 0, "total": 1 << 20}}
    return call.sync({"sysinfo": system, "storage_pools": dict.fromkeys(call.state.pools, pool)})


async def update_member_state(call: Call) -> web.StreamResponse:
    """``POST /1.0/cluster/members/<name>/state``: evacuate it, or take it into use again."""
    cluster = _member_or_none(call)
    action = (await call.json()).get("action") or ""
    if action not in {"evacuate", "restore"}:
        raise Refused(400, f'Unknown action "{action}"')
    leaving = action == "evacuate"
    if leaving and any(one.running for one in call.state.instances()):
        raise Refused(501, "The embedded server cannot evacuate instances that run")

    async def work(_operation: Operation) -> None:
        if cluster.evacuated == leaving:
            state = "already" if leaving else "not"
            raise Refused(400, f"Cluster member is {state} evacuated")
        cluster.evacuated = leaving
        _tell(call, "evacuated" if leaving else "restored", cluster)

    word = "Evacuating" if leaving else "Restoring"
    return call.start(f"{word} cluster member", work)


ROUTES = {
    "GET /1.0/cluster/members": list_members,
    "POST /1.0/cluster/members": issue_token,
    "GET /1.0/cluster/members/{member}": get_member,
    "PUT /1.0/cluster/members/{member}": update_member,
    "PATCH /1.0/cluster/members/{member}": update_member,
    "POST /1.0/cluster/members/{member}": rename_member,
    "DELETE /1.0/cluster/members/{member}": delete_member,
    "GET /1.0/cluster/members/{member}/state": get_member_state,
    "POST /1.0/cluster/members/{member}/state": update_member_state,
}
