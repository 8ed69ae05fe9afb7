"""Image files and backups: archives, read and written."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import tarfile
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from ._answers import Json, Refused
from ._busybox import add, add_tree, base_tree
from ._tree import Node, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

_SQUASHFS = b"hsqs"
_ZSTD = b"\x28\xb5\x2f\xfd"


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


def pack(metadata: Mapping[str, Any], templates: dict[str, bytes], tree: Tree) -> bytes:
    """Write an image: one archive with everything."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        text = yaml.safe_dump(dict(metadata)).encode()
        add(archive, "metadata.yaml", Node("file", data=text))
        for name, content in templates.items():
            add(archive, f"templates/{name}", Node("file", data=content))
        add_tree(archive, "rootfs", tree)
    return gzip.compress(packed.getvalue(), 1, mtime=0)


def pack_files(files: dict[str, bytes], trees: dict[str, Tree]) -> bytes:
    """Write an archive of files and trees, by their names."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            add(archive, name, Node("file", data=content))
        for name, tree in trees.items():
            add_tree(archive, name, tree)
    return gzip.compress(packed.getvalue(), 1, mtime=0)


def moment(seconds: Any) -> str:
    """Write a time of ``metadata.yaml`` as the API does."""
    try:
        found = dt.datetime.fromtimestamp(int(seconds or 0), dt.UTC)
    except (TypeError, ValueError):
        return "1970-01-01T00:00:00Z"
    return f"{found:%Y-%m-%dT%H:%M:%S}Z"
