"""What there is to permit: what can be done, and to what. LXD 6 only."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .._engine.answers import Json, Refused, text_in

if TYPE_CHECKING:
    from collections.abc import Iterator

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
UNKNOWN = "The embedded server has no permissions on entities of type {}"
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


def entities(call: Call) -> Iterator[tuple[str, str, str]]:
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


def read_permission(call: Call, given: Json) -> Json:
    """Read a permission from a body.

    Raises:
        Refused: there is no such permission.
    """
    kind, url = text_in(given, "entity_type"), text_in(given, "url")
    entitlement = text_in(given, "entitlement")
    if kind not in ENTITLEMENTS:
        raise Refused(501, UNKNOWN.format(kind))
    if entitlement not in ENTITLEMENTS[kind]:
        raise Refused(400, f'Entitlement "{entitlement}" not valid for entity type "{kind}"')
    known = {path for at, path, _ in entities(call) if at == kind}
    full = url if urlsplit(url).query or kind in {"server", "project", "storage_pool"} else ""
    if (full or f"{url}?project=default") not in known:
        raise Refused(400, f'Failed to find entity with URL "{url}"')
    return {
        "entity_type": kind,
        "url": full or f"{url}?project=default",
        "entitlement": entitlement,
    }
