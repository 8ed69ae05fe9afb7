"""Image files and backups: archives, read and written."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import json
import lzma
import tarfile
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from .._clock import EPOCH
from .._engine.answers import Json, Refused
from .._guest.system import base_tree
from .._guest.tree import Node, Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SQUASHFS = b"hsqs"
_ZSTD = b"\x28\xb5\x2f\xfd"
_NOWHERE = {"own": "backup/nowhere", "snapshots": "backup/nowhere"}


class Unpacked(NamedTuple):
    """What an image's files hold.

    Attributes:
        metadata: what ``metadata.yaml`` says.
        templates: by name.
        tree: the root file system.
    """

    metadata: Json
    templates: dict[str, bytes]
    tree: Tree


def open_archive(content: bytes) -> tarfile.TarFile:
    """Open an archive.

    Raises:
        Refused: it is none, or of a kind that cannot be read here.
    """
    if content.startswith(_ZSTD):
        raise Refused(501, "The embedded server cannot read archives packed by zstd")
    try:
        return tarfile.open(fileobj=io.BytesIO(content))
    except (tarfile.TarError, EOFError, OSError):
        raise Refused(500, "Unsupported compression") from None


def unpack(parts: list[bytes]) -> Unpacked:
    """Read an image.

    Args:
        parts: one archive with everything, or one with the metadata and the root file system.
            Of a squashfs only the fingerprint counts: instances of it have the files of the
            built-in image.

    Raises:
        Refused: it is no image.
    """
    metadata: Json | None = None
    templates: dict[str, bytes] = {}
    tree = Tree()
    with open_archive(parts[0]) as archive:
        for entry in archive:
            name = entry.name.removeprefix("./")
            if name == "metadata.yaml":
                metadata = _read(archive, entry)
            elif name.startswith("templates/"):
                templates[name.removeprefix("templates/")] = _content(archive, entry)
            elif name == "rootfs" or name.startswith("rootfs/"):
                put(tree, archive, entry, name.removeprefix("rootfs"))
    if metadata is None:
        raise Refused(500, "Metadata tarball is missing metadata.yaml")
    if len(parts) > 1:
        if parts[1].startswith(_SQUASHFS):
            tree = base_tree()
        else:
            with open_archive(parts[1]) as archive:
                for entry in archive:
                    put(tree, archive, entry, "/" + entry.name.removeprefix("./"))
    return Unpacked(metadata, templates, tree)


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(entry)
    return file.read() if file is not None else b""


def _read(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> Json:
    try:
        found: Any = yaml.safe_load(_content(archive, entry))
    except yaml.YAMLError as fault:
        raise Refused(500, f"Could not parse metadata.yaml: {fault}") from None
    return dict(found or {})


def put(tree: Tree, archive: tarfile.TarFile, entry: tarfile.TarInfo, path: str) -> None:
    """Put an entry of an archive into a tree."""
    path = path.strip("/")
    if not path or not (entry.isfile() or entry.isdir() or entry.issym()):
        return
    folder = path.rpartition("/")[0]
    tree.folders(folder)
    node = Node(
        "directory" if entry.isdir() else "symlink" if entry.issym() else "file",
        data=_content(archive, entry) if entry.isfile() else b"",
        gid=entry.gid,
        mode=entry.mode,
        target=entry.linkname if entry.issym() else "",
        uid=entry.uid,
    )
    node.modified = entry.mtime
    if entry.isdir() and tree.exists("/" + path):
        return
    tree.add("/" + path, node)


def unpack_backup(
    content: bytes, folders: Mapping[str, str] = _NOWHERE
) -> tuple[Json, dict[str, Tree]]:
    """Read a backup that the embedded server has made.

    Args:
        content: of the file.
        folders: where its trees are, if it has some: that of the thing itself (``"own"``), and
            those of its snapshots (``"snapshots"``).

    Returns:
        What it says of itself, and the trees: the own one by an empty name.

    Raises:
        Refused: it is no backup.
    """
    trees: dict[str, Tree] = {"": Tree()}
    index: Json | None = None
    own, others = folders["own"], folders["snapshots"] + "/"
    with open_archive(content) as archive:
        for entry in archive:
            if entry.name == "backup/index.yaml":
                index = yaml.safe_load(_content(archive, entry))
            elif entry.name == own or entry.name.startswith(own + "/"):
                put(trees[""], archive, entry, entry.name[len(own) :])
            elif entry.name.startswith(others):
                name, _, rest = entry.name[len(others) :].partition("/")
                put(trees.setdefault(name, Tree()), archive, entry, rest)
    if index is None:
        raise Refused(500, "Backup is missing index.yaml")
    return index, trees


def pack_backup(
    index: Json,
    packer: str,
    trees: Mapping[str, Tree] = MappingProxyType({}),
    folders: Mapping[str, str] = _NOWHERE,
) -> bytes:
    """Write a backup, as `unpack_backup` reads it.

    Args:
        index: what it says of itself.
        packer: what it is packed by, of those that `packer_of` gives.
        trees: the own one by an empty name, and those of the snapshots by theirs.
        folders: where they are put.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        _add(archive, "backup/index.yaml", Node("file", data=json.dumps(index).encode()))
        for name, tree in trees.items():
            _add_tree(archive, f"{folders['snapshots']}/{name}" if name else folders["own"], tree)
    return _PACKERS[packer](packed.getvalue())


def pack(metadata: Json, templates: dict[str, bytes], tree: Tree) -> bytes:
    """Write an image: one archive with everything."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        # JSON is YAML too.
        text = json.dumps(metadata, indent=2).encode()
        _add(archive, "metadata.yaml", Node("file", data=text))
        for name, content in templates.items():
            _add(archive, f"templates/{name}", Node("file", data=content))
        _add_tree(archive, "rootfs", tree)
    return _gzipped(packed.getvalue())


def _add_tree(tar: tarfile.TarFile, folder: str, tree: Tree) -> None:
    """Put a tree into an archive."""
    _add(tar, folder, tree.root)
    for path, node in sorted(tree.walk()):
        _add(tar, folder + path, node)


def _add(tar: tarfile.TarFile, name: str, node: Node) -> None:
    """Put one file into an archive; it has no time, so that the archive is always the same."""
    entry = tarfile.TarInfo(name)
    entry.mode, entry.uid, entry.gid = node.mode, node.uid, node.gid
    if node.kind == "directory":
        entry.type = tarfile.DIRTYPE
    elif node.kind == "symlink":
        entry.type, entry.linkname = tarfile.SYMTYPE, node.target
    else:
        entry.size = len(node.data)
    tar.addfile(entry, io.BytesIO(node.data))


def packer_of(name: str) -> str:
    """Find a way of compressing by its name in the API; empty is the server's own.

    Raises:
        Refused: there is none of that name, or none here.
    """
    known = {"": "gzip", "gzip": "gzip", "none": "none", "bzip2": "bzip2", "xz": "xz"}
    if name in {"lz4", "lzma", "zstd", "squashfs"}:
        raise Refused(501, f"The embedded server cannot pack by {name}")
    if name not in known:
        raise Refused(400, f'Compression algorithm "{name}" isn\'t currently supported')
    return known[name]


def _gzipped(content: bytes) -> bytes:
    return gzip.compress(content, 1, mtime=0)


_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gzip": _gzipped,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


def moment(seconds: Any) -> str:
    """Write a time of ``metadata.yaml`` as the API does."""
    try:
        found = dt.datetime.fromtimestamp(int(seconds or 0), dt.UTC)
    except (TypeError, ValueError):
        return EPOCH
    return f"{found:%Y-%m-%dT%H:%M:%S}Z"
