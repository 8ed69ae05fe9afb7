"""Groups of members of a cluster; the embedded server's has one member."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine import check
from .._engine.answers import Json, Refused, listing, text_in
from .._engine.family import Family
from .cluster import check_name, refuse_unclustered

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call


def _noun(call: Call) -> str:
    return call.flavour.either("Cluster group", "Cluster_group")


def _named(call: Call, name: str) -> None:
    if call.flavour.incus7:
        check_name("cluster group", name)
    check.plain_name(name, "Cluster group")


def _fields(call: Call, asked: Json) -> Json:
    members = [str(one) for one in listing(asked.get("members"))]
    for name in members:
        if name == call.daemon.member:
            continue
        if call.request.method != "POST":
            raise Refused(404, "Failed to get node info: Cluster member not found")
        failed = call.flavour.either(
            "Insert nodes for cluster group", 'Failed to create "nodes_clusters_groups" entry'
        )
        text = "NOT NULL constraint failed: nodes_cluster_groups.node_id"
        raise Refused(500, f"{failed}: {text}")
    config: dict[str, str] = {}
    # Older servers pass the configuration over without a word.
    if call.flavour.has("clustering_groups_config"):
        config = check.texts(asked.get("config"))
        for key in config:
            if not key.startswith(("instances.", "user.")):
                raise Refused(400, f'Invalid cluster group configuration key "{key}"')
    return {
        "description": text_in(asked, "description"),
        "members": members,
        "config": config,
    }


def _shown(call: Call, group: Json) -> Json:
    found: Json = {
        "description": group["description"],
        "members": group["members"],
        "name": group["name"],
    }
    if call.flavour.has("clustering_groups_config"):
        found |= {"config": group["config"], "used_by": []}
    elif call.flavour.lxd6:
        found["used_by"] = []
    return found


def _refuse_used(call: Call, group: Json) -> None:
    if call.request.method == "DELETE" and group["members"]:
        code = 400 if call.flavour.lxd6 else 500
        raise Refused(code, "Only empty cluster groups can be removed")


_GROUPS = Family(
    "cluster/groups",
    "Cluster_group",
    _noun,
    _fields,
    checked=refuse_unclustered,
    event="cluster-group",
    named=_named,
    shown=_shown,
    unused=_refuse_used,
)


async def rename_group(call: Call) -> web.StreamResponse:
    """``POST /1.0/cluster/groups/<name>``."""
    if call.names["name"] == "default":
        raise Refused(403, 'The "default" group cannot be renamed')
    return await _GROUPS.rename(call)


async def delete_group(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/cluster/groups/<name>``."""
    if call.names["name"] == "default":
        raise Refused(403, "The 'default' cluster group cannot be deleted")
    return await _GROUPS.delete(call)


ROUTES = {
    **_GROUPS.routes(),
    "POST /1.0/cluster/groups/{name}": rename_group,
    "DELETE /1.0/cluster/groups/{name}": delete_group,
}
