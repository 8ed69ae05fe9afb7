"""The metadata and the templates that an instance has from its image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.answers import Json, Refused, mapping
from .._guest.tree import Node
from .._transfers.files import sent

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.state import Instance

_EMPTY: Json = {
    "architecture": "",
    "creation_date": 0,
    "expiry_date": 0,
    "properties": None,
    "templates": None,
}


def apply(instance: Instance, moment: str) -> None:
    """Write the files that the image has templates for.

    Args:
        instance: whose files.
        moment: ``"create"`` or ``"copy"``.
    """
    for path, how in mapping(instance.metadata.get("templates")).items():
        text = instance.templates.get(how.get("template", ""))
        if text is None or moment not in (how.get("when") or ()):
            continue
        for word in (b"{{ container.name }}", b"{{ instance.name }}"):
            text = text.replace(word, instance.name.encode())
        instance.tree.folders(path.rpartition("/")[0])
        instance.tree.add(path, Node("file", data=text))


async def get_metadata(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/metadata``."""
    found = {**_EMPTY, **call.instance().metadata}
    return call.sync(found, etag=(found,))


async def update_metadata(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/instances/<name>/metadata``."""
    instance = call.instance()
    call.check_etag({**_EMPTY, **instance.metadata})
    asked = await call.json()
    before = instance.metadata if call.patching else {}
    instance.metadata = {**_EMPTY, **before, **asked}
    return call.sync({})


def _path(call: Call) -> str:
    path = call.query.get("path", "")
    if not path:
        raise Refused(400, "missing path argument")
    return path


async def get_templates(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/metadata/templates``."""
    instance = call.instance()
    if "path" not in call.query:
        return call.sync(sorted(instance.templates))
    name = _path(call)
    if name not in instance.templates:
        raise Refused(404, f'Path "{name}" not found')
    return sent(call, instance.templates[name], {"Content-Disposition": f"inline;filename={name}"})


async def put_template(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/metadata/templates``."""
    instance = call.instance()
    instance.templates[_path(call)] = await call.raw()
    return call.sync({})


async def delete_template(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/instances/<name>/metadata/templates``."""
    instance = call.instance()
    name = _path(call)
    if instance.templates.pop(name, None) is None:
        raise Refused(404, f'Path "{name}" not found')
    return call.sync({})


ROUTES = {
    "GET /1.0/instances/{name}/metadata": get_metadata,
    "PUT /1.0/instances/{name}/metadata": update_metadata,
    "PATCH /1.0/instances/{name}/metadata": update_metadata,
    "GET /1.0/instances/{name}/metadata/templates": get_templates,
    "POST /1.0/instances/{name}/metadata/templates": put_template,
    "DELETE /1.0/instances/{name}/metadata/templates": delete_template,
}
