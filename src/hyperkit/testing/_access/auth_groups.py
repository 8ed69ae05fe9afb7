"""Groups of identities, and those of identity providers: LXD 6 only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.answers import Json, Refused, listing, text_in
from .._engine.call import parse
from .._engine.family import Family
from .permissions import ENTITLEMENTS, UNKNOWN, entities, read_permission

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call


def _named(_call: Call, name: str) -> None:
    if not name:
        raise Refused(400, "Group name cannot be empty")
    if "/" in name:
        raise Refused(400, "Group name cannot contain a forward slash")
    if ":" in name:
        raise Refused(400, "Group name cannot contain a colon")


def _group_fields(call: Call, asked: Json) -> Json:
    permissions = [read_permission(call, one) for one in listing(asked.get("permissions"))]
    return {"description": text_in(asked, "description"), "permissions": permissions}


def _group_shown(call: Call, group: Json) -> Json:
    identities: dict[str, list[str]] = {}
    for one in call.state.identities.values():
        if group["name"] in one["groups"]:
            identities.setdefault(one["authentication_method"], []).append(one["id"])
    return {
        "name": group["name"],
        "description": group["description"],
        "permissions": group["permissions"],
        "identities": identities,
        "identity_provider_groups": [
            one["name"]
            for one in PROVIDER_GROUPS.all(call).values()
            if group["name"] in one["groups"]
        ],
    }


GROUPS = Family(
    "auth/groups",
    "auth_groups",
    lambda _call: "Auth group",
    _group_fields,
    adds=("permissions",),
    event="auth-group",
    named=_named,
    shown=_group_shown,
)


def groups_of(call: Call, given: object) -> list[str]:
    """Read the names of groups from a body.

    Args:
        call: the request.
        given: from its body.

    Raises:
        Refused: there is no such group.
    """
    names = [str(one) for one in listing(given)]
    known = [name for _, name in GROUPS.all(call)]
    missing = [name for name in names if name not in known]
    if missing:
        text = f"One or more groups were not found: {', '.join(missing)}"
        raise Refused(404, text)
    return names


PROVIDER_GROUPS = Family(
    "auth/identity-provider-groups",
    "identity_provider_groups",
    lambda _call: "Identity provider group",
    lambda call, asked: {"groups": groups_of(call, asked.get("groups"))},
    adds=("groups",),
    event="identity-provider-group",
    named=_named,
)


def _everywhere(call: Call, change: str, new: str = "") -> None:
    """Follow a group's new name, or its end, in whatever speaks of it."""
    for one in (*call.state.identities.values(), *PROVIDER_GROUPS.all(call).values()):
        names = [new if name == change else name for name in one["groups"]]
        one["groups"] = [name for name in names if name]


async def rename_group(call: Call) -> web.StreamResponse:
    """``POST /1.0/auth/groups/<name>``."""
    old = call.names["name"]
    answer = await GROUPS.rename(call)
    _everywhere(call, old, str(parse(bytes(call.content))["name"]))
    return answer


async def delete_group(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/auth/groups/<name>``; its members stay."""
    answer = await GROUPS.delete(call)
    _everywhere(call, call.names["name"])
    return answer


async def list_permissions(call: Call) -> web.StreamResponse:
    """``GET /1.0/auth/permissions``."""
    wanted = call.query.get("entity-type")
    if wanted and wanted not in ENTITLEMENTS:
        raise Refused(501, UNKNOWN.format(wanted))
    found: list[Json] = []
    for kind, url, project in entities(call):
        if (wanted and kind != wanted) or ("project" in call.query and project != call.project):
            continue
        found += [
            {"entity_type": kind, "url": url, "entitlement": one} for one in ENTITLEMENTS[kind]
        ]
    if call.recursion:
        groups = GROUPS.all(call).values()
        found = [
            {**one, "groups": [group["name"] for group in groups if one in group["permissions"]]}
            for one in found
        ]
    return call.sync(found)


ROUTES = {
    **GROUPS.routes(),
    **PROVIDER_GROUPS.routes(),
    "POST /1.0/auth/groups/{name}": rename_group,
    "DELETE /1.0/auth/groups/{name}": delete_group,
    "GET /1.0/auth/permissions": list_permissions,
}
