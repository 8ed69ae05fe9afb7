"""What is in storage volumes: files, SFTP, blocks; and making them empty again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.answers import Refused
from .._guest.tree import Node
from .._transfers import files
from . import mounts, nbd
from .volume_shared import ONE, bytes_of, empty_tree, find_custom, find_volume, home_of, resources

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation
    from .._engine.state import Volume

# Where the blocks of a volume are, and how large one is if nobody said it.
_IMAGE, _USUAL = "/root.img", "10GiB"


def _place(call: Call) -> files.Place:
    volume = _with_files(call)
    source = f"/1.0/storage-pools/{volume.pool}/volumes/custom/{volume.name}"
    return files.Place(volume.tree, "storage-volume", source, call.project)


def _with_files(call: Call) -> Volume:
    """Find the volume that the path names; Incus looks among custom ones alone."""
    kind, name, pool = (call.names[one] for one in ("type", "volume", "pool"))
    if kind in {"container", "virtual-machine"} and pool in call.state.pools:
        text = f'Storage volume "{name}" in project "{call.project}" of type "custom" does not '
        raise Refused(404, f'{text}exist on pool "{pool}": Storage volume not found')
    return find_custom(call)


def _blocks(call: Call) -> Volume:
    """Find the volume that the path names, which must have blocks."""
    kind = call.names["type"]
    if kind in {"container", "image"}:
        raise Refused(400, f'Unsupported storage volume type "{kind}"')
    return find_volume(call)


async def speak_nbd(call: Call) -> web.StreamResponse:
    """``GET …/volumes/custom/<volume>/nbd``."""
    call.check_upgrade("nbd")
    volume = _blocks(call)
    if volume.content_type != "block":
        raise Refused(
            500, "qemu-nbd failed: Failed when running qemu-nbd: No such file or directory"
        )
    if not volume.tree.exists(_IMAGE):
        volume.tree.add(_IMAGE, Node("file", mode=0o600))
    node, size = volume.tree.find(_IMAGE), bytes_of(volume.config.get("size") or _USUAL)
    return await nbd.serve(call, node, size, writable=call.flag("writable"))


async def no_bitmaps(call: Call) -> web.StreamResponse:
    """``GET``, ``POST`` and ``DELETE …/volumes/custom/<volume>/bitmaps``.

    They are of what a virtual machine has open; there is none.
    """
    if _blocks(call).content_type != "block":
        raise Refused(400, "Only block volumes are supported")
    raise Refused(500, "Volume is not attached to running instance")


async def rebuild(call: Call) -> web.StreamResponse:
    """``POST …/volumes/custom/<volume>/rebuild``."""
    if call.names["type"] in {"container", "virtual-machine", "image"}:
        text = f'Storage volumes of type "{call.names["type"]}" cannot be rebuilt'
        raise Refused(400, text)
    volume = find_custom(call)

    async def work(_operation: Operation) -> None:
        if volume.snapshots:
            raise Refused(500, "Cannot rebuild custom volume with snapshots")
        if any(one.running for one in mounts.users(call.daemon, home_of(call), volume)):
            raise Refused(500, "Volume is still in use by running instances")
        volume.tree.become(empty_tree())

    about = resources(call, volume)
    return call.start("Rebuilding storage volume", work, resources=about)


ROUTES = {
    **files.routes(ONE, _place),
    f"GET {ONE}/nbd": speak_nbd,
    f"POST {ONE}/rebuild": rebuild,
    f"GET {ONE}/bitmaps": no_bitmaps,
    f"POST {ONE}/bitmaps": no_bitmaps,
    f"GET {ONE}/bitmaps/{{bitmap}}": no_bitmaps,
    f"DELETE {ONE}/bitmaps/{{bitmap}}": no_bitmaps,
}
