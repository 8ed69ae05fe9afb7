"""Keeping an image: what its files say, what was said of it, and its names."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from .._clock import EPOCH, NEVER
from .._engine.answers import Json, Refused, listing, mapping, text_in
from .._engine.state import Alias, Image
from .._transfers.archives import moment, unpack

if TYPE_CHECKING:
    from .._engine.call import Call
    from .._engine.operations import Operation


async def store(
    call: Call, operation: Operation, parts: list[bytes], asked: Json, expected: str | None = None
) -> Image:
    """Keep an image.

    Args:
        call: that brought it.
        operation: that it is done in.
        parts: its files.
        asked: what was said of it.
        expected: its fingerprint, if that was said.

    Raises:
        Refused: it is no image, is there already, or is another one than was said.
    """
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part)
    fingerprint = whole.hexdigest()
    if expected and expected != fingerprint:
        text = f"fingerprints don't match, got {fingerprint} expected {expected}"
        raise Refused(500, text)
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(None, unpack, parts)
    project = call.home("images")
    size = sum(len(part) for part in parts)
    operation.update(fingerprint=fingerprint, size=str(size))
    if fingerprint in project.images:
        raise Refused(500, "Image with same fingerprint already exists")
    properties = {
        str(key): str(value) for key, value in mapping(found.metadata.get("properties")).items()
    }
    made = Image(
        fingerprint,
        parts,
        found.metadata,
        found.tree,
        text_in(asked, "filename"),
        call.daemon.clock.text(),
        architecture=str(found.metadata.get("architecture") or "x86_64"),
        auto_update=bool(asked.get("auto_update")),
        created_at=moment(found.metadata.get("creation_date")),
        expires_at=asked.get("expires_at") or (EPOCH if call.flavour.lxd else NEVER),
        profiles=list(asked.get("profiles") or ["default"]),
        properties=properties | mapping(asked.get("properties")),
        public=bool(asked.get("public")),
        templates=found.templates,
    )
    project.images[fingerprint] = made
    call.daemon.events.lifecycle(
        "image-created", f"/1.0/images/{fingerprint}", call.project, type=made.type
    )
    for alias in listing(asked.get("aliases")):
        _name(call, fingerprint, alias)
    return made


def _name(call: Call, fingerprint: str, alias: Json) -> None:
    """Give an image a name, which must not have one yet."""
    name = str(alias["name"])
    aliases = call.home("images").aliases
    if name in aliases:
        raise Refused(500, f"Alias already exists: {name}")
    aliases[name] = Alias(fingerprint, text_in(alias, "description"))
    call.daemon.events.lifecycle(
        "image-alias-created", f"/1.0/images/aliases/{name}", call.project, target=fingerprint
    )
