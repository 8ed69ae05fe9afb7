"""Images: lists, fields, removing, secrets."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from .._clock import EPOCH
from .._engine import check
from .._engine.answers import Json, Refused, listing
from .._engine.filter import filtered

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation
    from .._engine.state import Image, Project

_SECRET_LIFE = 5.0

# What is long enough for LXD 6 to stand for a fingerprint.
_PREFIX = re.compile(r"[0-9a-f]{12,64}")


def by_fingerprint(project: Project, fingerprint: str) -> Image | None:
    """Find an image by the beginning of its fingerprint, if only one begins so."""
    found = [
        one for key, one in project.images.items() if fingerprint and key.startswith(fingerprint)
    ]
    return found[0] if len(found) == 1 else None


def by_alias(project: Project, alias: str) -> Image | None:
    """Find an image by its alias."""
    known = project.aliases.get(alias)
    return project.images.get(known.target) if known else None


def find_image(call: Call) -> Image:
    """Find the image that the path names; strangers see public ones, and what a secret opens.

    Raises:
        Refused: there is none.
    """
    fingerprint = call.names["fingerprint"]
    if call.flavour.lxd6 and not _PREFIX.fullmatch(fingerprint):
        text = "Image fingerprint prefix must contain 12 characters or more"
        raise Refused(400, text)
    found = by_fingerprint(call.home("images"), fingerprint)
    if found is None:
        reading = call.request.method == "GET"
        raise _missing(call, fingerprint if reading and not call.flavour.lxd else "")
    if not (call.trusted or found.public or _opened(call, found)):
        raise _missing(call, fingerprint if not call.flavour.lxd else "")
    return found


def _missing(call: Call, fingerprint: str) -> Refused:
    if call.flavour.lxd6:
        return Refused(404, "Image not found")
    return Refused(404, f'Image "{fingerprint}" not found' if fingerprint else "Image not found")


def _opened(call: Call, found: Image) -> bool:
    """Tell whether a secret opens the image; it does so once, or for a moment."""
    secret = call.query.get("secret")
    url = f"/1.0/images/{found.fingerprint}"
    for operation in call.daemon.operations.known():
        about = listing((operation.resources or {}).get("images"))
        if secret and operation.secret == secret and url in about:
            if operation.ended.is_set():
                return False
            if operation.expires_at is None:
                end = call.daemon.clock.now() + _SECRET_LIFE
                operation.expires_at = _text(end)
            return True
    return False


def _text(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()


def shown(call: Call, project: Project, found: Image) -> Json:
    """Write an image as the API does."""
    aliases = [
        {"name": name, "description": alias.description}
        for name, alias in sorted(project.aliases.items())
        if alias.target == found.fingerprint
    ]
    answer: Json = {
        "auto_update": found.auto_update,
        "properties": found.properties,
        "public": found.public,
        "expires_at": found.expires_at,
        "profiles": found.profiles,
        "aliases": aliases,
        "architecture": found.architecture,
        "cached": False,
        "filename": found.filename,
        "fingerprint": found.fingerprint,
        "size": sum(len(part) for part in found.parts),
        "type": found.type,
        "created_at": found.created_at,
        "last_used_at": found.last_used_at,
        "uploaded_at": found.uploaded_at,
    }
    if found.source is not None:
        answer["update_source"] = found.source
    if not call.flavour.lxd:
        answer["project"] = project.name
    return answer


def writable(found: Image) -> tuple[Any, ...]:
    """Say what can be written of an image."""
    return (found.public, found.auto_update, found.properties)


async def list_images(call: Call) -> web.StreamResponse:
    """``GET /1.0/images``."""
    if call.all_projects:
        projects = call.projects
    else:
        try:
            projects = [call.home("images")]
        except Refused:
            text = "Check if project has images: fetch project: Project not found"
            raise Refused(404, text) from None
    found = [
        (project, one)
        for project in projects
        for one in project.images.values()
        if call.trusted or one.public
    ]
    found = filtered(call, found, lambda one: shown(call, *one))
    if not call.recursion:
        return call.sync([call.url("images", one.fingerprint) for _, one in found])
    return call.sync([shown(call, project, one) for project, one in found])


async def get_image(call: Call) -> web.StreamResponse:
    """``GET /1.0/images/<fingerprint>``."""
    found = find_image(call)
    return call.sync(shown(call, call.home("images"), found), etag=writable(found))


async def update_image(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/images/<fingerprint>``."""
    found = find_image(call)
    call.check_etag(*writable(found))
    asked = await call.json()
    given = check.texts(asked.get("properties"), "properties")
    if not call.patching or "public" in asked:
        found.public = bool(asked.get("public"))
    if not call.patching or "auto_update" in asked:
        found.auto_update = bool(asked.get("auto_update"))
    if not call.patching:
        found.properties = given
    elif given:
        # A property that is made empty goes.
        merged = found.properties | given
        found.properties = {key: value for key, value in merged.items() if value}
    if "expires_at" in asked:
        found.expires_at = asked["expires_at"] or EPOCH
    if asked.get("profiles") is not None:
        found.profiles = list(asked["profiles"])
    call.daemon.events.lifecycle("image-updated", f"/1.0/images/{found.fingerprint}", call.project)
    return call.sync({})


async def delete_image(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/images/<fingerprint>``."""
    found = find_image(call)
    project = call.home("images")

    async def work(_operation: Operation) -> None:
        project.images.pop(found.fingerprint, None)
        for name in [
            key for key, one in project.aliases.items() if one.target == found.fingerprint
        ]:
            del project.aliases[name]
        call.daemon.events.lifecycle(
            "image-deleted", f"/1.0/images/{found.fingerprint}", call.project
        )

    return call.start("Deleting image", work, resources=_resources(found))


def _resources(found: Image) -> Json:
    return {"images": [f"/1.0/images/{found.fingerprint}"]}


async def refresh_image(call: Call) -> web.StreamResponse:
    """``POST /1.0/images/<fingerprint>/refresh``."""
    found = find_image(call)

    async def work(operation: Operation) -> None:
        if found.source is None:
            text = f'Failed to update image "{found.fingerprint}" in project "{call.project}"'
            raise Refused(404, f"{text}: Image source not found")
        operation.update(refreshed=False)

    return call.start("Refreshing image", work)


async def create_secret(call: Call) -> web.StreamResponse:
    """``POST /1.0/images/<fingerprint>/secret``."""
    found = find_image(call)
    operation = call.daemon.operations.token("Image download token", {}, _resources(found))
    operation.project = call.project
    return call.answer(operation)


ROUTES = {
    "GET /1.0/images": list_images,
    "GET /1.0/images/{fingerprint}": get_image,
    "PUT /1.0/images/{fingerprint}": update_image,
    "PATCH /1.0/images/{fingerprint}": update_image,
    "DELETE /1.0/images/{fingerprint}": delete_image,
    "POST /1.0/images/{fingerprint}/refresh": refresh_image,
    "POST /1.0/images/{fingerprint}/secret": create_secret,
}
UNTRUSTED = {"GET /1.0/images", "GET /1.0/images/{fingerprint}"}
