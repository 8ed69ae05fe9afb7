"""Groups of identities, those of identity providers, and permissions: LXD 6 only."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .._engine.answers import Json, Refused, listing
from .._engine.call import parse
from .._engine.family import Family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

    from .._engine.call import Call

_THINGS = (
    "images",
    "image_aliases",
    "instances",
    "networks",
    "network_acls",
    "network_zones",
    "profiles",
    "storage_volumes",
    "storage_buckets",
)
_UNKNOWN = "The embedded server has no permissions on entities of type {}"
_ONE = ("can_delete", "can_edit", "can_view")
_MANAGED = (
    "image",
    "image_alias",
    "instance",
    "network",
    "network_acl",
    "network_zone",
    "profile",
    "storage_volume",
    "storage_bucket",
)
# What can be allowed, by the kind of what it is allowed to be done to.
ENTITLEMENTS: dict[str, tuple[str, ...]] = {
    "image": _ONE,
    "instance": (
        *_ONE,
        "can_access_console",
        "can_access_files",
        "can_connect_sftp",
        "can_exec",
        "can_manage_backups",
        "can_manage_snapshots",
        "can_update_state",
        "manager",
        "operator",
        "user",
        "viewer",
    ),
    "network": _ONE,
    "profile": _ONE,
    "project": tuple(
        sorted(
            [
                *_ONE,
                *(
                    f"can_{verb}_{thing}"
                    for verb in ("create", "delete", "edit", "view")
                    for thing in _THINGS
                ),
                *(f"{thing}_manager" for thing in _MANAGED),
                "can_operate_instances",
                "can_view_events",
                "can_view_metrics",
                "can_view_operations",
                "manager",
                "operator",
                "viewer",
            ]
        )
    ),
    "server": (
        "admin",
        "can_create_groups",
        "can_create_identities",
        "can_create_projects",
        "can_create_storage_pools",
        "can_edit",
        "can_view_metrics",
        "can_view_permissions",
        "can_view_resources",
        "can_view_warnings",
        "permission_manager",
        "project_manager",
        "storage_pool_manager",
        "viewer",
    ),
    "storage_pool": ("can_delete", "can_edit"),
}


def _entities(call: Call) -> Iterator[tuple[str, str, str]]:
    """List what there is: its kind, its path, and the project that it is in."""
    yield "server", "/1.0", ""
    for pool in call.state.pools:
        yield "storage_pool", f"/1.0/storage-pools/{pool}", ""
    for name, project in call.state.projects.items():
        yield "project", f"/1.0/projects/{name}", name
        for kind, path, things in (
            ("image", "images", project.images),
            ("instance", "instances", project.instances),
            ("network", "networks", project.networks),
            ("profile", "profiles", project.profiles),
        ):
            for thing in things:
                yield kind, f"/1.0/{path}/{thing}?project={name}", name


def _permission(call: Call, given: Json) -> Json:
    """Read a permission from a body."""
    kind, url = str(given.get("entity_type") or ""), str(given.get("url") or "")
    entitlement = str(given.get("entitlement") or "")
    if kind not in ENTITLEMENTS:
        raise Refused(501, _UNKNOWN.format(kind))
    if entitlement not in ENTITLEMENTS[kind]:
        raise Refused(400, f'Entitlement "{entitlement}" not valid for entity type "{kind}"')
    known = {path for at, path, _ in _entities(call) if at == kind}
    full = url if urlsplit(url).query or kind in {"server", "project", "storage_pool"} else ""
    if (full or f"{url}?project=default") not in known:
        raise Refused(400, f'Failed to find entity with URL "{url}"')
    return {
        "entity_type": kind,
        "url": full or f"{url}?project=default",
        "entitlement": entitlement,
    }


def _named(_call: Call, name: str) -> None:
    if not name:
        raise Refused(400, "Group name cannot be empty")
    if "/" in name:
        raise Refused(400, "Group name cannot contain a forward slash")
    if ":" in name:
        raise Refused(400, "Group name cannot contain a colon")


def _group_fields(call: Call, asked: Json) -> Json:
    permissions = [_permission(call, one) for one in listing(asked.get("permissions"))]
    return {"description": str(asked.get("description") or ""), "permissions": permissions}


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
        raise Refused(501, _UNKNOWN.format(wanted))
    found: list[Json] = []
    for kind, url, project in _entities(call):
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
