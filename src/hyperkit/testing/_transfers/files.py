"""Files in instances and in volumes, by HTTP and by SFTP."""

from __future__ import annotations

import datetime as dt
import posixpath
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from .._engine.answers import Refused, error, to_json
from .._guest.tree import Node
from . import sftp

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._engine.call import Call, Handler
    from .._guest.tree import Tree

_BYTES = "application/octet-stream"


class Place(NamedTuple):
    """Whose files are asked for.

    Attributes:
        tree: the files.
        kind: ``"instance"`` or ``"storage-volume"``.
        source: its path in the API.
        project: that it belongs to.
    """

    tree: Tree
    kind: str
    source: str
    project: str


def routes(path: str, place: Callable[[Call], Place]) -> dict[str, Handler]:
    """List what is served of the files of something.

    Args:
        path: of what has the files, such as ``"/1.0/instances/{name}"``.
        place: finds it.
    """

    async def get(call: Call) -> web.StreamResponse:
        return _get(call, place(call))

    async def head(call: Call) -> web.StreamResponse:
        try:
            return _head(call, place(call))
        except Refused as refusal:
            return _headless(refusal)

    async def post(call: Call) -> web.StreamResponse:
        return await _post(call, place(call))

    async def delete(call: Call) -> web.StreamResponse:
        return _delete(call, place(call))

    async def speak_sftp(call: Call) -> web.StreamResponse:
        call.check_upgrade("sftp")
        return await sftp.serve(call, place(call).tree)

    return {
        f"GET {path}/files": get,
        f"HEAD {path}/files": head,
        f"POST {path}/files": post,
        f"DELETE {path}/files": delete,
        f"GET {path}/sftp": speak_sftp,
    }


def _path(call: Call) -> str:
    path = call.query.get("path", "")
    if not path:
        raise Refused(400, "Missing path argument")
    return posixpath.normpath("/" + path.lstrip("/"))


def _found(call: Call, place: Place) -> tuple[str, Node]:
    path = _path(call)
    try:
        return path, place.tree.find(path)
    except FileNotFoundError:
        if call.flavour.lxd2:
            raise Refused(500, "open: No such file or directory") from None
        raise Refused(404, "Not Found") from None


def _headers(call: Call, node: Node) -> dict[str, str]:
    """Describe a file in headers."""
    prefix = call.flavour.product.header_prefix.title()
    modified = dt.datetime.fromtimestamp(node.modified, dt.UTC)
    found = {
        f"{prefix}Uid": str(node.uid),
        f"{prefix}Gid": str(node.gid),
        f"{prefix}Mode": f"{node.mode & 0o7777:04o}",
    }
    if not call.flavour.lxd2:
        found[f"{prefix}Type"] = node.kind
        found[f"{prefix}Modified"] = f"{modified:%Y-%m-%d %H:%M:%S} +0000 UTC"
    return found


def _get(call: Call, place: Place) -> web.StreamResponse:
    """Answer with a file, or with the names in a folder."""
    path, node = _found(call, place)
    headers = _headers(call, node)
    if node.kind == "directory":
        response = call.sync(list(node.children))
        response.headers.update(headers)
        return response
    name = posixpath.basename(path)
    content = node.data
    if node.kind == "symlink":
        content = posixpath.join(posixpath.dirname(path), node.target).encode()
    disposition = f"inline;filename={name}"
    return sent(call, content, {**headers, "Content-Disposition": disposition})


def sent(call: Call, content: bytes, headers: dict[str, str]) -> web.Response:
    """Answer with bytes, or with the part of them that was asked for."""
    wanted = call.request.headers.get("Range", "")
    headers = {**headers, "Accept-Ranges": "bytes"}
    first, mark, last = wanted.removeprefix("bytes=").partition("-")
    if not (mark and first.isdigit()):
        return web.Response(body=content, headers=headers, content_type=_BYTES)
    begin = int(first)
    end = min(int(last) + 1 if last.isdigit() else len(content), len(content))
    headers["Content-Range"] = f"bytes {begin}-{end - 1}/{len(content)}"
    return web.Response(body=content[begin:end], status=206, headers=headers, content_type=_BYTES)


def _head(call: Call, place: Place) -> web.StreamResponse:
    """Describe a file in headers alone."""
    _, node = _found(call, place)
    headers = _headers(call, node)
    if node.kind == "file" and not call.flavour.lxd:
        headers["Content-Length"] = str(len(node.data))
        return _headed(headers, 200, _BYTES)
    return _headed(headers, 200, "application/json")


def _headless(refusal: Refused) -> web.Response:
    """Refuse a ``HEAD``: what is said has a length, but does not come."""
    length = len(to_json(error(refusal.code, refusal.text)))
    return _headed({"Content-Length": str(length)}, refusal.code, "application/json")


def _headed(headers: dict[str, str], status: int, kind: str) -> web.Response:
    return web.Response(status=status, headers={**headers, "Content-Type": kind})


async def _post(call: Call, place: Place) -> web.StreamResponse:
    """Write a file, or make a folder or a link."""
    path = _path(call)
    kind = call.header("type") or "file"
    how = call.header("write") or "overwrite"
    if kind not in {"file", "directory", "symlink"}:
        raise Refused(400, f"Bad file type: {kind}")
    if how not in {"overwrite", "append"}:
        raise Refused(400, f"Bad file write mode: {how}")
    default = 0o644
    if kind == "directory":
        default = 0o750 if call.flavour.lxd6 else 0o755
    made = Node(
        "directory" if kind == "directory" else "file",
        mode=_mode(call.header("mode"), default),
        uid=int(call.header("uid") or 0),
        gid=int(call.header("gid") or 0),
    )
    content = await call.upload()
    tree = place.tree
    try:
        if kind == "symlink":
            _link(tree, path, content.decode())
        elif kind == "directory":
            if not tree.exists(path):
                tree.add(path, made)
        elif how == "append" or tree.exists(path):
            node = tree.find(path, follow=True)
            if node.kind == "directory":
                raise Refused(500, f'sftp: "open {path}: is a directory" (SSH_FX_FAILURE)')
            node.write(content, append=how == "append")
            _modify(call, node, made)
        else:
            made.data = content
            tree.add(tree.real(path), made)
    except FileNotFoundError:
        raise Refused(404, "Not Found") from None
    _tell(call, place, "pushed", path=path)
    return call.sync({})


def _tell(call: Call, place: Place, what: str, **context: str) -> None:
    name = f"{place.kind}-file-{what}"
    call.daemon.events.lifecycle(name, place.source, place.project, **context)


def _mode(text: str | None, default: int) -> int:
    """Read a mode: with a leading zero it is octal, as the servers have it."""
    if not text:
        return default
    try:
        return int(text, 8 if text.startswith("0") else 10)
    except ValueError:
        return default


def _modify(call: Call, node: Node, given: Node) -> None:
    """Change a file's owner and mode too, if that is asked for, and can be."""
    asked = call.header("modify-perm")
    if asked and call.flavour.has("instances_files_modify_permissions"):
        for name in asked.split(","):
            setattr(node, name.strip(), getattr(given, name.strip()))


def _link(tree: Tree, path: str, target: str) -> None:
    try:
        tree.find(path)
    except FileNotFoundError:
        tree.add(path, Node("symlink", target=target, mode=0o777))
        return
    raise Refused(500, f'sftp: "symlink {target} {path}: file exists" (SSH_FX_FAILURE)')


def _delete(call: Call, place: Place) -> web.StreamResponse:
    """Delete a file, or a folder."""
    path = _path(call)
    force = call.header("force") == "true" and call.flavour.has("file_delete_force")
    try:
        place.tree.remove(path, force=force)
    except FileNotFoundError:
        own = place.kind == "instance"
        raise Refused(404, "Not Found" if own else f"remove {path}: file does not exist") from None
    except OSError as fault:
        raise Refused(500, f'sftp: "remove {path}: {fault}" (SSH_FX_FAILURE)') from None
    _tell(call, place, "deleted", file=path)
    return call.sync({})
