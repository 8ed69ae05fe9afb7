"""The files of a small system, which the built-in image has."""

from __future__ import annotations

from functools import cache

from .builtins import BUILTINS
from .commands import COMMANDS
from .tree import Tree

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
# What stands for a program of the machine.
_PROGRAM = b"\x7fELF of the embedded server\n"


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
