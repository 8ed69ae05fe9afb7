"""Images that come and go as files; and which way a new one comes."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, parse_qsl

from aiohttp import BodyPartReader, web

from .._engine.answers import Json, Refused, mapping
from .._engine.call import parse
from .._transfers.files import sent
from .images import find_image
from .publishing import publish
from .sources import fetch
from .store import store

if TYPE_CHECKING:
    from .._engine.call import Call
    from .._engine.operations import Operation

_JSON = "application/json"


async def create_image(call: Call) -> web.StreamResponse:
    """``POST /1.0/images``: an upload, or JSON that says where the image comes from."""
    kind = call.request.content_type
    if kind == "multipart/form-data":
        parts = await _parts(call)
        return _upload(call, parts)
    content = await call.upload()
    if kind != _JSON:
        return _upload(call, [content])
    asked = parse(content)
    if not call.trusted:
        raise Refused(403, call.forbidden)
    source: Json = asked.get("source") or {}
    kind = source.get("type", "")
    if kind in {"instance", "container", "virtual-machine", "snapshot"}:
        return publish(call, source, asked)
    if kind in {"url", "image"}:
        return fetch(call, source, asked)
    raise Refused(500, "Invalid images JSON")


async def _parts(call: Call) -> list[bytes]:
    """Read the two files of a split image."""
    reader = await call.request.multipart()
    parts: list[bytes] = []
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader):
            raise Refused(400, "Invalid multipart image")
        parts.append(bytes(await part.read()))
    if len(parts) != 2:
        raise Refused(400, "Invalid multipart image")
    return parts


def _upload(call: Call, parts: list[bytes]) -> web.StreamResponse:
    """Take an image that was sent."""
    token = _token(call)
    if token is None and not call.trusted:
        raise Refused(403, call.forbidden)
    expected = call.header("fingerprint")
    asked: Json = {
        "filename": call.header("filename") or "",
        "public": call.header("public") in {"1", "true"},
        "properties": dict(parse_qsl(call.header("properties") or "")),
    }
    profiles = parse_qs(call.header("profiles") or "").get("profile")
    if profiles:
        asked["profiles"] = profiles
    aliases = call.header("aliases") if call.flavour.has("image_import_alias") else None
    if aliases:
        names = parse_qs(aliases).get("alias") or [aliases]
        asked["aliases"] = [{"name": name} for name in names]
    elif token is not None:
        asked["aliases"] = mapping(token.metadata).get("aliases")

    async def work(operation: Operation) -> None:
        await store(call, operation, parts, asked, expected)

    # Whoever has brought it may wait for it.
    secret = token.secret if token is not None else ""
    return call.start("Downloading image", work, secret=secret)


def _token(call: Call) -> Operation | None:
    """Find the operation whose secret lets a stranger send an image, and end it."""
    secret = call.header("secret")
    for operation in call.daemon.operations.known():
        if secret and operation.secret == secret and not operation.ended.is_set():
            operation.cancel()
            return operation
    return None


async def export_image(call: Call) -> web.StreamResponse:
    """``GET /1.0/images/<fingerprint>/export``."""
    found = find_image(call)
    headers = {} if call.flavour.lxd else {"X-Incus-Type": "incus"}
    if len(found.parts) == 1:
        name = f"{found.fingerprint}.tar.gz"
        headers["Content-Disposition"] = f"inline;filename={name}"
        return sent(call, found.parts[0], headers)
    boundary = secrets.token_hex(30)
    headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
    response = web.StreamResponse(headers=headers)
    await response.prepare(call.request)
    for name, part in zip(("metadata", "rootfs"), found.parts, strict=True):
        prefix = "meta-" if name == "metadata" else ""
        disposition = f'form-data; name="{name}"; filename="{prefix}{found.fingerprint}.tar.gz"'
        head = (
            f"--{boundary}\r\nContent-Disposition: {disposition}\r\n"
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        await response.write(head.encode() + part + b"\r\n")
    await response.write(f"--{boundary}--\r\n".encode())
    await response.write_eof()
    return response


ROUTES = {
    "POST /1.0/images": create_image,
    "GET /1.0/images/{fingerprint}/export": export_image,
}
UNTRUSTED = {"POST /1.0/images", "GET /1.0/images/{fingerprint}/export"}
