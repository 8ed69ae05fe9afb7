"""Images that the server fetches: from a page, an image server, another LXD or Incus."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests

from ..._client import Client
from ...errors import Error
from .._engine.answers import Json, Refused
from .pushes import await_push
from .store import store

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation

_SECONDS = 20


def fetch(call: Call, source: Json, asked: Json) -> web.StreamResponse:
    """Fetch an image, as ``POST /1.0/images`` asks for."""
    if source.get("mode") == "push":
        return await_push(call, asked)
    protocol = source.get("protocol") or ("lxd" if call.flavour.lxd else "incus")
    if source["type"] == "url":
        if call.flavour.lxd6:
            raise Refused(400, 'Image source type "url" is not supported anymore')
        get = _from_page
    elif protocol == "simplestreams":
        get = _from_streams
    elif protocol in {"lxd", "incus"}:
        get = _from_server
    else:
        raise Refused(501, f"The embedded server cannot fetch an image by the protocol {protocol}")

    async def work(operation: Operation) -> None:
        loop = asyncio.get_running_loop()
        try:
            parts, found = await loop.run_in_executor(None, get, call, source)
        except (Error, requests.RequestException, ValueError, KeyError) as fault:
            raise Refused(500, f"Failed getting remote image info: {fault}") from None
        if source.get("type") == "url":
            found = {}
        made = await store(call, operation, parts, found | asked)
        if source.get("type") != "url":
            made.source = {
                "alias": source.get("alias") or "",
                "certificate": source.get("certificate") or "",
                "protocol": protocol,
                "server": source.get("server") or "",
                "image_type": "container",
            }

    return call.start("Downloading image", work, may_cancel=True)


def _from_page(call: Call, source: Json) -> tuple[list[bytes], Json]:
    """Fetch what a page says in its headers."""
    page = requests.head(source["url"], timeout=_SECONDS, allow_redirects=True)
    title = call.flavour.product.title
    url = page.headers[f"{title}-Image-URL"]
    fingerprint = page.headers[f"{title}-Image-Hash"]
    content = _get(urljoin(source["url"], url))
    return [content], {"fingerprint": fingerprint}


def _get(url: str) -> bytes:
    answer = requests.get(url, timeout=_SECONDS)
    answer.raise_for_status()
    return answer.content


def _from_streams(call: Call, source: Json) -> tuple[list[bytes], Json]:
    """Fetch from a server of simplestreams."""
    base = source["server"].rstrip("/") + "/"
    index = json.loads(_get(base + "streams/v1/index.json"))
    wanted = source.get("alias") or source.get("fingerprint")
    for stream in index["index"].values():
        if stream.get("datatype") != "image-downloads":
            continue
        products = json.loads(_get(base + stream["path"]))["products"]
        for product in products.values():
            items = _items(product)
            unified = items.get(f"{call.flavour.product.name}_combined.tar.gz")
            names = [one.strip() for one in product.get("aliases", "").split(",")]
            if unified and wanted in {*names, unified["sha256"]}:
                return [_get(base + unified["path"])], {}
    message = f"The requested image couldn't be found: {wanted}"
    raise ValueError(message)


def _items(product: Json) -> dict[str, Json]:
    """Find the files of a product's last version, by their kinds."""
    versions: dict[str, Any] = product.get("versions") or {}
    if not versions:
        return {}
    return {one["ftype"]: one for one in versions[max(versions)]["items"].values()}


def _from_server(call: Call, source: Json) -> tuple[list[bytes], Json]:
    """Fetch from another LXD or Incus."""
    del call
    secret = source.get("secret")
    with (
        Client(
            api_endpoint=source["server"],
            default_project=source.get("project") or None,
            server_cert=source.get("certificate") or None,
        ) as client,
        tempfile.TemporaryDirectory() as folder,
    ):
        fingerprint = source.get("fingerprint")
        if not fingerprint:
            fingerprint = client.image_alias(source["alias"]).target
        query = {"secret": secret} if secret else {}
        found = client._get(f"/1.0/images/{fingerprint}", **query)
        place = Path(client.export_image(fingerprint, folder, filename="image", secret=secret))
        parts = [place.read_bytes()]
        rest = place.with_name(place.name + ".root")
        if rest.exists():
            parts.append(rest.read_bytes())
    kept = {key: found[key] for key in ("properties", "filename") if key in found}
    return parts, kept
