"""Files in instances: ``/1.0/instances/<name>/files`` and ``/1.0/instances/<name>/sftp``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.answers import Refused
from .._transfers import files, sftp

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call


def _place(call: Call) -> files.Place:
    instance = call.instance()
    source = f"/1.0/instances/{instance.name}"
    return files.Place(instance.tree, "instance", source, instance.project)


async def get_file(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/files``."""
    return files.get(call, _place(call))


async def head_file(call: Call) -> web.StreamResponse:
    """``HEAD /1.0/instances/<name>/files``."""
    try:
        return files.head(call, _place(call))
    except Refused as refusal:
        return files.headless(refusal)


async def post_file(call: Call) -> web.StreamResponse:
    """``POST /1.0/instances/<name>/files``."""
    return await files.post(call, _place(call))


async def delete_file(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/instances/<name>/files``."""
    return files.delete(call, _place(call))


async def speak_sftp(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/sftp``."""
    return await sftp.serve(call, call.instance().tree)


ROUTES = {
    "GET /1.0/instances/{name}/files": get_file,
    "HEAD /1.0/instances/{name}/files": head_file,
    "POST /1.0/instances/{name}/files": post_file,
    "DELETE /1.0/instances/{name}/files": delete_file,
    "GET /1.0/instances/{name}/sftp": speak_sftp,
}
