"""Placement groups, links to other clusters, and replicators: LXD 6 only."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from .._access.auth_groups import groups_of
from .._clock import NEVER
from .._engine import check
from .._engine.answers import Json, Refused, in_project, mapping, respond, sync
from .._engine.family import Family
from .._keys import fingerprint_of
from .cluster import refuse_unclustered

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation

_CHOICES = {"policy": ("compact", "spread"), "rigor": ("permissive", "strict")}
_REPLICATOR = ("cluster", "schedule", "snapshot")


def _described(asked: Json, config: dict[str, str]) -> Json:
    return {"config": config, "description": str(asked.get("description") or "")}


# Placement groups.


def _group_fields(_call: Call, asked: Json) -> Json:
    config = check.texts(asked.get("config"))
    for key, choices in _CHOICES.items():
        if config.get(key) not in choices:
            text = f'Invalid value for config key "{key}": must be one of {", ".join(choices)}'
            raise Refused(400, text)
    for key in config:
        if key not in _CHOICES and not key.startswith("user."):
            raise Refused(400, f'Invalid placement group configuration key "{key}"')
    return _described(asked, config)


def _users(call: Call, group: Json) -> list[str]:
    """Find the instances and profiles that are to be placed by a group."""
    project = call.state.project(group["project"])
    return [
        in_project(f"/1.0/{kind}/{name}", project.name)
        for kind, things in (("instances", project.instances), ("profiles", project.profiles))
        for name, one in things.items()
        if one.config.get("placement.group") == group["name"]
    ]


def _refuse_used(call: Call, group: Json) -> None:
    if _users(call, group):
        raise Refused(400, f'Placement group "{group["name"]}" is currently in use')


_GROUPS = Family(
    "placement-groups",
    "placement_groups",
    lambda _call: "Placement group",
    _group_fields,
    event="placement-group",
    projects=True,
    shown=lambda call, one: {**one, "used_by": _users(call, one)},
    unused=_refuse_used,
)


async def create_group(call: Call) -> web.StreamResponse:
    """``POST /1.0/placement-groups``."""
    refuse_unclustered(call)
    return await _GROUPS.create(call)


# Links.


def _link_fields(_call: Call, asked: Json) -> Json:
    config = check.texts(asked.get("config"))
    for key in config:
        if not key.startswith(("user.", "volatile.")):
            raise Refused(400, f'Invalid cluster link configuration key "{key}"')
    return _described(asked, config)


def _replicating(call: Call, link: Json) -> list[str]:
    return [
        _REPLICATORS.url(one)
        for one in _REPLICATORS.all(call).values()
        if one["config"].get("cluster") == link["name"]
    ]


def _refuse_replicating(call: Call, link: Json) -> None:
    if _replicating(call, link):
        raise Refused(400, f'Cluster link "{link["name"]}" is currently in use')


def _link_shown(call: Call, link: Json) -> Json:
    names = ("config", "description", "name", "type")
    return {name: link[name] for name in names} | {"used_by": _replicating(call, link)}


_LINKS = Family(
    "cluster/links",
    "cluster_links",
    lambda _call: "Cluster link",
    _link_fields,
    checked=refuse_unclustered,
    event="cluster-link",
    shown=_link_shown,
    unused=_refuse_replicating,
)


async def create_link(call: Call) -> web.StreamResponse:
    """``POST /1.0/cluster/links``: issue the token by which another cluster could link to it."""
    refuse_unclustered(call)
    asked = await call.json()
    name = str(asked.get("name") or "")
    if asked.get("trust_token") or asked.get("cluster_certificate"):
        raise Refused(501, "The embedded server cannot link to another cluster")
    if not name:
        raise Refused(400, "No name provided")
    groups_of(call, asked.get("auth_groups"))
    if ("", name) in _LINKS.all(call):
        raise Refused(409, 'This "cluster_links" entry already exists')
    fields = _link_fields(call, asked) | {"type": asked.get("type") or "bidirectional"}
    made = _LINKS.add(call, name, fields)
    _LINKS.tell(call, "created", made)
    token: Json = {
        "client_name": name,
        "fingerprint": fingerprint_of(call.daemon.pair.certificate),
        "addresses": [call.state.config["cluster.https_address"]],
        "secret": secrets.token_hex(32),
        "expires_at": NEVER,
        "type": "Cluster link certificate",
    }
    return respond(sync(token), 201, {"Location": f"/1.0/cluster/links/{name}"})


async def get_link_state(call: Call) -> web.StreamResponse:
    """``GET /1.0/cluster/links/<name>/state``: nobody has redeemed the token."""
    refuse_unclustered(call)
    _LINKS.find(call, call.names["name"])
    return call.sync({"cluster_link_members": []})


# Replicators.


def _replicator_fields(call: Call, asked: Json) -> Json:
    config = check.texts(asked.get("config"))
    for key in config:
        if key not in _REPLICATOR and not key.startswith("user."):
            raise Refused(400, f'Invalid replicator configuration key "{key}"')
    if ("", config.get("cluster", "")) not in _LINKS.all(call):
        raise Refused(404, "Cluster link not found")
    return _described(asked, config)


def _replicator_shown(_call: Call, one: Json) -> Json:
    return {**one, "last_run_at": NEVER, "last_run_status": "Pending"}


_REPLICATORS = Family(
    "replicators",
    "replicators",
    lambda _call: "Replicator",
    _replicator_fields,
    event="replicator",
    projects=True,
    shown=_replicator_shown,
)


async def get_replicator_state(call: Call) -> web.StreamResponse:
    """``GET /1.0/replicators/<name>/state``: it has never run."""
    _REPLICATORS.find(call, call.names["name"])
    return call.sync({"status": "Pending"})


async def run_replicator(call: Call) -> web.StreamResponse:
    """``PUT /1.0/replicators/<name>/state``: there is nobody to copy to."""
    _REPLICATORS.find(call, call.names["name"])
    action = (await call.json()).get("action")
    if action not in {"start", "restore"}:
        raise Refused(400, f'Invalid replicator action "{action}"')
    raise Refused(501, "The embedded server cannot replicate: it is linked to no other cluster")


async def update_project_state(call: Call) -> web.StreamResponse:
    """``PUT /1.0/projects/<name>/state``."""
    name = call.names["project"]
    if name not in call.state.projects:
        raise Refused(404, "Project not found")
    mode = mapping(await call.json()).get("replica_mode") or ""
    if mode not in {"", "leader", "standby"}:
        raise Refused(400, f'Invalid replica mode "{mode}"')

    async def work(_operation: Operation) -> None:
        call.state.project(name).replica_mode = str(mode)

    return call.start("Updating project state", work, project=name)


ROUTES = {
    **_GROUPS.routes(),
    **_LINKS.routes(),
    **_REPLICATORS.routes(),
    "POST /1.0/placement-groups": create_group,
    "POST /1.0/cluster/links": create_link,
    "GET /1.0/cluster/links/{name}/state": get_link_state,
    "GET /1.0/replicators/{name}/state": get_replicator_state,
    "PUT /1.0/replicators/{name}/state": run_replicator,
    "PUT /1.0/projects/{project}/state": update_project_state,
}
