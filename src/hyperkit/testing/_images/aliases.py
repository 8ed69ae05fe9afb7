"""Aliases of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .._engine.answers import Json, Refused, text_in
from .._engine.filter import filtered
from .._engine.state import Alias

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call


def _shown(name: str, alias: Alias) -> Json:
    return {
        "description": alias.description,
        "target": alias.target,
        "name": name,
        "type": alias.type,
    }


def _found(call: Call) -> tuple[str, Alias]:
    name = call.names["alias"]
    project = call.home("images")
    alias = project.aliases.get(name)
    if alias is not None and not call.trusted and not project.images[alias.target].public:
        alias = None
    if alias is None:
        raise Refused(404, "Image alias not found")
    return name, alias


def _writable(alias: Alias) -> tuple[Any, ...]:
    return (alias.description, alias.target)


def _quoted(call: Call, name: str) -> str:
    """Write a name in a path: LXD 5.0 quotes it twice."""
    once = quote(name, safe="")
    twice = not call.flavour.recent
    return quote(once, safe="") if twice else once


async def list_aliases(call: Call) -> web.StreamResponse:
    """``GET /1.0/images/aliases``."""
    known = sorted(call.home("images").aliases.items())
    aliases = filtered(call, known, lambda one: _shown(*one), "api_filtering_extended")
    if not call.recursion:
        return call.sync(
            [call.url("images", "aliases", quote(name, safe="")) for name, _ in aliases]
        )
    return call.sync([_shown(name, alias) for name, alias in aliases])


async def create_alias(call: Call) -> web.StreamResponse:
    """``POST /1.0/images/aliases``."""
    asked = await call.json()
    name, target = text_in(asked, "name"), text_in(asked, "target")
    if not name or not target:
        raise Refused(400, "name and target are required")
    project = call.home("images")
    if name in project.aliases:
        raise Refused(409, f'Alias "{name}" already exists')
    if target not in project.images:
        raise Refused(404, "Image not found")
    project.aliases[name] = Alias(target, text_in(asked, "description"))
    call.daemon.events.lifecycle(
        "image-alias-created", f"/1.0/images/aliases/{name}", call.project, target=target
    )
    return call.created("images", "aliases", _quoted(call, name))


async def get_alias(call: Call) -> web.StreamResponse:
    """``GET /1.0/images/aliases/<alias>``."""
    name, alias = _found(call)
    return call.sync(_shown(name, alias), etag=_writable(alias))


async def update_alias(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/images/aliases/<alias>``."""
    name, alias = _found(call)
    call.check_etag(*_writable(alias))
    asked = await call.json()
    if call.patching and not call.flavour.recent:
        # LXD 5.0 tries for ten seconds; here it fails at once.
        raise Refused(500, "Failed to begin transaction: context deadline exceeded")
    target = asked.get("target")
    if not call.patching and not target:
        raise Refused(400, "The target field is required")
    if target is not None:
        if target not in call.home("images").images:
            raise Refused(404, "Image not found")
        alias.target = target
    if not call.patching or "description" in asked:
        alias.description = text_in(asked, "description")
    call.daemon.events.lifecycle(
        "image-alias-updated", f"/1.0/images/aliases/{name}", call.project
    )
    return call.sync({})


async def rename_alias(call: Call) -> web.StreamResponse:
    """``POST /1.0/images/aliases/<alias>``."""
    name, alias = _found(call)
    new = text_in(await call.json(), "name")
    aliases = call.home("images").aliases
    if new in aliases:
        raise Refused(409, f'Alias "{new}" already exists')
    del aliases[name]
    aliases[new] = alias
    call.daemon.events.lifecycle(
        "image-alias-renamed", f"/1.0/images/aliases/{new}", call.project, old_name=name
    )
    return call.created("images", "aliases", _quoted(call, new))


async def delete_alias(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/images/aliases/<alias>``."""
    name, _ = _found(call)
    del call.home("images").aliases[name]
    call.daemon.events.lifecycle(
        "image-alias-deleted", f"/1.0/images/aliases/{name}", call.project
    )
    return call.sync({})


ROUTES = {
    "GET /1.0/images/aliases": list_aliases,
    "POST /1.0/images/aliases": create_alias,
    "GET /1.0/images/aliases/{alias}": get_alias,
    "PUT /1.0/images/aliases/{alias}": update_alias,
    "PATCH /1.0/images/aliases/{alias}": update_alias,
    "POST /1.0/images/aliases/{alias}": rename_alias,
    "DELETE /1.0/images/aliases/{alias}": delete_alias,
}
UNTRUSTED = {"GET /1.0/images/aliases/{alias}"}
