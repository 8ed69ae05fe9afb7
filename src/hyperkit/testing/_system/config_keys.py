"""The configuration keys that the server describes: a few of those that it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._access.permissions import ENTITLEMENTS

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.answers import Json
    from .._engine.call import Call

# By kind of object and group: the key, its type, its default, and what it is.
_KEYS: dict[str, dict[str, tuple[tuple[str, str, str, str], ...]]] = {
    "instance": {
        "boot": (
            ("boot.autostart", "bool", "", "Whether to start with the server"),
            ("boot.autostart.delay", "integer", "0", "Seconds to wait before the next one starts"),
            ("boot.autostart.priority", "integer", "0", "What order to start in"),
        ),
        "cloud-init": (
            ("cloud-init.user-data", "string", "`#cloud-config`", "User data for cloud-init"),
        ),
        "resource-limits": (
            ("limits.cpu", "string", "", "Which CPUs to use, or how many"),
            ("limits.memory", "string", "", "How much memory may be used"),
            ("limits.processes", "integer", "empty", "How many processes may run"),
        ),
        "security": (
            ("security.nesting", "bool", "`false`", "Whether to run containers inside"),
            ("security.privileged", "bool", "`false`", "Whether to run without a map of users"),
        ),
    },
    "project": {
        "features": (
            ("features.images", "bool", "`false`", "Whether it has images of its own"),
            ("features.networks", "bool", "`false`", "Whether it has networks of its own"),
            ("features.profiles", "bool", "`false`", "Whether it has profiles of its own"),
        ),
        "limits": (
            ("limits.instances", "integer", "", "How many instances there may be"),
            ("limits.memory", "string", "", "How much memory they may use together"),
        ),
    },
    "server": {
        "core": (
            ("core.https_address", "string", "", "Address to listen at"),
            ("core.proxy_ignore_hosts", "string", "", "Hosts that need no proxy"),
            ("core.remote_token_expiry", "string", "no expiry", "How long tokens last"),
        ),
        "cluster": (("cluster.https_address", "string", "", "Address for other members"),),
        "images": (
            ("images.auto_update_interval", "integer", "`6`", "Hours between looks for updates"),
        ),
    },
}


def _described(kind: str, key: tuple[str, str, str, str]) -> Json:
    name, type_, default, text = key
    found: Json = {"longdesc": "", "shortdesc": text, "type": type_}
    if default:
        found["defaultdesc"] = default
    found |= {"scope": "global"} if kind == "server" else {}
    return {name: found}


async def get_configuration(call: Call) -> web.StreamResponse:
    """``GET /1.0/metadata/configuration``."""
    configs = {
        kind: {
            group: {"keys": [_described(kind, key) for key in keys]}
            for group, keys in groups.items()
        }
        for kind, groups in _KEYS.items()
    }
    found: Json = {"configs": configs}
    if call.flavour.has("metadata_configuration_entity_types"):
        found["entities"] = {
            kind: {
                "project_specific": kind not in {"project", "server", "storage_pool"},
                "entitlements": [{"name": one, "description": ""} for one in names],
            }
            for kind, names in ENTITLEMENTS.items()
        }
    return call.sync(found)


ROUTES = {"GET /1.0/metadata/configuration": get_configuration}
