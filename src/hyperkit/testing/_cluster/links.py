"""Links to other clusters, and replicators, which copy by them: LXD 6 only."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from .._access.auth_groups import groups_of
from .._clock import NEVER
from .._engine import check
from .._engine.answers import Json, Refused, respond, sync, text_in
from .._engine.family import Family
from .._keys import fingerprint_of
from .cluster import refuse_unclustered

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call

_REPLICATOR = ("cluster", "schedule", "snapshot")


def _described(asked: Json, config: dict[str, str]) -> Json:
    return {"config": config, "description": text_in(asked, "description")}


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
    name = text_in(asked, "name")
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


ROUTES = {
    **_LINKS.routes(),
    **_REPLICATORS.routes(),
    "POST /1.0/cluster/links": create_link,
    "GET /1.0/cluster/links/{name}/state": get_link_state,
    "GET /1.0/replicators/{name}/state": get_replicator_state,
    "PUT /1.0/replicators/{name}/state": run_replicator,
}
