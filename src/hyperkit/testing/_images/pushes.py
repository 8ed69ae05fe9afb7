"""Images that one server sends to another: a secret here, an upload there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout, FormData

from .._engine.answers import Json, Refused, listing, mapping
from .._transfers.migration import pinned
from .images import find_image

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation
    from .._engine.state import Image

_SECONDS = 60


def await_push(call: Call, asked: Json) -> web.StreamResponse:
    """Let another server send an image: ``POST /1.0/images`` with the mode ``push``."""
    fingerprint = str(mapping(asked.get("source")).get("fingerprint") or "")
    if not fingerprint:
        raise Refused(400, "Missing fingerprint")
    known = {"aliases": listing(asked.get("aliases")), "fingerprint": fingerprint}
    operation = call.daemon.operations.token(
        "Image download token", known, {"images": [f"/1.0/images/{fingerprint}"]}
    )
    return call.answer(operation)


async def push_image(call: Call) -> web.StreamResponse:
    """``POST /1.0/images/<fingerprint>/export``: send an image to a server that awaits it."""
    found = find_image(call)
    asked = await call.json()

    async def work(operation: Operation) -> None:
        operation.daemon.dialled = True
        try:
            await _push(call, found, asked)
        except (ClientError, TimeoutError, ValueError, KeyError) as fault:
            raise Refused(500, f"Failed sending the image: {fault}") from None

    return call.start("Downloading image", work)


async def _push(call: Call, found: Image, asked: Json) -> None:
    """Send an image, and wait until the other server has it."""
    prefix, secret = call.flavour.product.header_prefix, str(asked["secret"])
    headers = {
        f"{prefix}fingerprint": found.fingerprint,
        f"{prefix}properties": urlencode(found.properties),
        f"{prefix}secret": secret,
    }
    if asked.get("profiles"):
        headers[f"{prefix}profiles"] = urlencode({"profile": asked["profiles"]}, doseq=True)
    project = {"project": asked["project"]} if asked.get("project") else {}
    timeout = ClientTimeout(total=_SECONDS)
    options: Json = {"ssl": pinned(asked["certificate"])}
    async with ClientSession(asked["target"], timeout=timeout) as session:
        async with session.post(
            "/1.0/images", data=_body(found), headers=headers, params=project, **options
        ) as answer:
            url = _read(await answer.json())["operation"]
        path = f"{url.partition('?')[0]}/wait"
        async with session.get(path, params={"secret": secret}, **options) as answer:
            done = mapping(_read(await answer.json())["metadata"])
    if done.get("err"):
        raise Refused(500, str(done["err"]))


def _body(found: Image) -> bytes | FormData:
    """Write the body of an upload: one file, or a form of two."""
    if len(found.parts) == 1:
        return found.parts[0]
    form = FormData()
    for name, part in zip(("metadata", "rootfs"), found.parts, strict=True):
        form.add_field(name, part, filename=name)
    return form


def _read(answer: Any) -> Json:
    """Take an answer, unless it is a refusal."""
    envelope = mapping(answer)
    if envelope.get("error"):
        raise Refused(500, str(envelope["error"]))
    return envelope


ROUTES = {"POST /1.0/images/{fingerprint}/export": push_image}
