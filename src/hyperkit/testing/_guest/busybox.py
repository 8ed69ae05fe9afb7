"""The image that a new server has."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from functools import cache
from typing import TYPE_CHECKING

from .._engine.state import Image
from .builtins import BUILTINS
from .commands import COMMANDS
from .tree import Node, Tree

if TYPE_CHECKING:
    from .._engine.answers import Json

_FOLDERS = (
    *("bin", "dev", "etc", "home/user", "mnt", "opt", "proc", "root", "run", "sbin", "srv"),
    *("sys", "tmp", "usr/bin", "usr/sbin", "var/log"),
)
_FILES = {
    "etc/group": "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n",
    "etc/hostname": "busybox\n",
    "etc/hosts": "127.0.0.1 localhost\n",
    "etc/os-release": "ID=busybox\nNAME=busybox\nVERSION_ID=1\n",
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n",
}
_TEMPLATES = {
    "hostname.tpl": b"{{ container.name }}\n",
    "hosts.tpl": b"127.0.0.1 localhost\n127.0.1.1 {{ container.name }}\n",
}
_METADATA = """\
architecture: x86_64
creation_date: 1577836800
properties:
  architecture: x86_64
  description: busybox test image
  os: busybox
  release: "1"
templates:
  /etc/hostname:
    when: [create, copy]
    template: hostname.tpl
  /etc/hosts:
    when: [create, copy]
    template: hosts.tpl
"""
# What stands for a program of the machine.
_PROGRAM = b"\x7fELF of the embedded server\n"


def metadata() -> Json:
    """Write what the image's ``metadata.yaml`` says."""
    return {
        "architecture": "x86_64",
        "creation_date": 1577836800,
        "expiry_date": 0,
        "properties": {
            "architecture": "x86_64",
            "description": "busybox test image",
            "os": "busybox",
            "release": "1",
        },
        "templates": {
            f"/etc/{name}": {
                "when": ["create", "copy"],
                "create_only": False,
                "template": f"{name}.tpl",
                "properties": None,
            }
            for name in ("hostname", "hosts")
        },
    }


def base_tree() -> Tree:
    """Make the files of a small system."""
    return _files().copy()


@cache
def _files() -> Tree:
    tree = Tree()
    for path in _FOLDERS:
        tree.folders(path)
    for path, text in _FILES.items():
        tree.write(path, text.encode())
    for name in {*COMMANDS, *BUILTINS} - {":", "exec", "exit"}:
        tree.write(f"bin/{name}", _PROGRAM, mode=0o755)
    tree.find("tmp").mode = 0o777
    tree.find("root").mode = 0o700
    return tree


@cache
def _packed() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        add(tar, "metadata.yaml", Node("file", data=_METADATA.encode()))
        for name, content in _TEMPLATES.items():
            add(tar, f"templates/{name}", Node("file", data=content))
        add_tree(tar, "rootfs", base_tree())
    return gzip.compress(packed.getvalue(), 1, mtime=0)


def add_tree(tar: tarfile.TarFile, folder: str, tree: Tree) -> None:
    """Put a tree into an archive."""
    add(tar, folder, tree.root)
    for path, node in sorted(tree.walk()):
        add(tar, folder + path, node)


def add(tar: tarfile.TarFile, name: str, node: Node) -> None:
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


def busybox(uploaded_at: str) -> Image:
    """Make the image.

    Args:
        uploaded_at: what it says of itself.
    """
    content = _packed()
    found = metadata()
    return Image(
        hashlib.sha256(content).hexdigest(),
        [content],
        found,
        base_tree(),
        "busybox.tar.gz",
        uploaded_at,
        created_at="2020-01-01T00:00:00Z",
        properties=dict(found["properties"]),
        public=True,
        templates=dict(_TEMPLATES),
    )
