"""The commands of the built-in image that are about files."""

from __future__ import annotations

import datetime as dt
import posixpath
import stat
from typing import TYPE_CHECKING

from .options import read_options
from .tree import Node

if TYPE_CHECKING:
    from collections.abc import Callable

    from .jobs import Command
    from .shell import Shell

_GONE = "No such file or directory"


def _complain(command: Command, name: str, why: str = _GONE) -> int:
    command.stderr.write(f"{posixpath.basename(command.args[0])}: {name}: {why}\n")
    return 1


def _ls(command: Command, shell: Shell) -> int:
    options, names = read_options(command, "1Aadlrt")
    status = 0
    folders: list[tuple[str, Node]] = []
    files: list[tuple[str, Node]] = []
    for name in names or ["."]:
        path, itself = shell.path(name), "d" in options or "l" in options
        try:
            node = shell.tree.find(path, follow=not itself or name.endswith("/"))
        except FileNotFoundError:
            status = _complain(command, name)
            continue
        (folders if node.kind == "directory" and "d" not in options else files).append(
            (name, node)
        )
    command.stdout.write("".join(_lines(files, options)))
    for number, (name, node) in enumerate(folders):
        if names[1:]:
            command.stdout.write(f"{chr(10) if number or files else ''}{name}:\n")
        inside = [
            (one, child)
            for one, child in node.children.items()
            if "a" in options or "A" in options or not one.startswith(".")
        ]
        inside += [(".", node), ("..", node)] if "a" in options else []
        total = sum(-(-child.size // 4096) * 4 for _, child in inside)
        command.stdout.write(f"total {total}\n" if "l" in options else "")
        command.stdout.write("".join(_lines(inside, options)))
    return status


def _lines(found: list[tuple[str, Node]], options: dict[str, str]) -> list[str]:
    """Write what ``ls`` shows of some files."""
    found = sorted(found)
    if "t" in options:
        found.sort(key=lambda one: -one[1].modified)
    if "r" in options:
        found.reverse()
    return [
        f"{_long(node) if 'l' in options else ''}{name}{_arrow(node, options)}\n"
        for name, node in found
    ]


def _arrow(node: Node, options: dict[str, str]) -> str:
    return f" -> {node.target}" if node.kind == "symlink" and "l" in options else ""


def _long(node: Node) -> str:
    kinds = {"directory": stat.S_IFDIR, "file": stat.S_IFREG, "symlink": stat.S_IFLNK}
    owners = [f"{'root' if one == 0 else one!s:8}" for one in (node.uid, node.gid)]
    links = 2 if node.kind == "directory" else 1
    moment = dt.datetime.fromtimestamp(node.modified, dt.UTC)
    mode = stat.filemode(kinds[node.kind] | node.mode)
    return f"{mode} {links:4} {' '.join(owners)} {node.size:9} {moment:%b %e %H:%M} "


def _mkdir(command: Command, shell: Shell) -> int:
    options, names = read_options(command, "p")
    for name in names:
        path = shell.path(name)
        if "p" in options:
            shell.tree.folders(path)
            continue
        if shell.tree.exists(path):
            return _complain(command, name, "File exists")
        try:
            shell.tree.add(path, Node("directory", mode=0o755, uid=command.user))
        except FileNotFoundError:
            return _complain(command, name)
    return 0


def _rm(command: Command, shell: Shell) -> int:
    options, names = read_options(command, "fRr")
    for name in names:
        try:
            shell.tree.remove(shell.path(name), force=bool({"R", "r"} & {*options}))
        except FileNotFoundError:
            if "f" not in options:
                return _complain(command, name)
        except OSError as fault:
            return _complain(command, name, str(fault))
    return 0


def _touch(command: Command, shell: Shell) -> int:
    for name in read_options(command)[1]:
        try:
            shell.tree.write(shell.path(name), b"", append=True)
        except OSError:
            return _complain(command, name)
    return 0


def _cp(command: Command, shell: Shell) -> int:
    return _copy(command, shell, move=False)


def _mv(command: Command, shell: Shell) -> int:
    return _copy(command, shell, move=True)


def _copy(command: Command, shell: Shell, *, move: bool) -> int:
    options, words = read_options(command, "f" if move else "RafprL")
    *sources, target = words
    for source in sources:
        place = shell.path(target)
        if shell.tree.exists(place) and shell.tree.find(place, follow=True).kind == "directory":
            place = posixpath.join(place, posixpath.basename(source))
        try:
            node = shell.tree.find(shell.path(source))
            if node.kind == "directory" and not move and not {"R", "a", "r"} & {*options}:
                command.stderr.write(f"cp: omitting directory '{source}'\n")
                return 1
            if move:
                shell.tree.remove(shell.path(source), force=True)
            shell.tree.add(place, node if move else node.copy())
        except FileNotFoundError:
            return _complain(command, source)
    return 0


def _ln(command: Command, shell: Shell) -> int:
    options, names = read_options(command, "fns")
    if "s" not in options:
        return _complain(command, names[0], "the embedded server has symbolic links only")
    if "f" not in options and shell.tree.exists(shell.path(names[1])):
        return _complain(command, names[1], "File exists")
    shell.tree.add(shell.path(names[1]), Node("symlink", target=names[0], mode=0o777))
    return 0


def _readlink(command: Command, shell: Shell) -> int:
    try:
        options, names = read_options(command, "f")
        if "f" in options:
            command.stdout.write(shell.tree.real(shell.path(names[0])) + "\n")
            return 0
        node = shell.tree.find(shell.path(names[0]))
    except FileNotFoundError:
        return 1
    command.stdout.write(node.target + "\n")
    return 0 if node.kind == "symlink" else 1


def _chmod(command: Command, shell: Shell) -> int:
    options, (mode, *names) = read_options(command, "R")
    for name in names:
        for node in _chosen(shell, name, options):
            node.mode = node.mode | 0o111 if mode in {"+x", "a+x"} else int(mode, 8)
    return 0


def _chosen(shell: Shell, name: str, options: dict[str, str]) -> list[Node]:
    """Find a file, and with ``-R`` all that is in it."""
    found = [shell.tree.find(shell.path(name), follow=True)]
    for node in found:
        found += node.children.values() if "R" in options else []
    return found


def _chown(command: Command, shell: Shell) -> int:
    options, (owner, *names) = read_options(command, "R")
    user, _, group = owner.replace("root", "0").partition(":")
    for name in names:
        for node in _chosen(shell, name, options):
            node.uid = int(user or node.uid)
            node.gid = int(group or node.gid)
    return 0


_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda a, b: a == b,
    "-ne": lambda a, b: a != b,
    "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b,
    "-gt": lambda a, b: a > b,
    "-ge": lambda a, b: a >= b,
}


def _test(command: Command, shell: Shell) -> int:
    args = command.args[1:]
    if command.args[0] == "[":
        if args[-1:] != ["]"]:
            return _complain(command, "missing ]", "syntax error") + 1
        args = args[:-1]
    try:
        return 0 if _true(args, shell) else 1
    except (ValueError, KeyError):
        return _complain(command, " ".join(args), "the embedded server does not know this") + 1


def _true(args: list[str], shell: Shell) -> bool:  # noqa: PLR0911 - one sign after the other
    if args[:1] == ["!"]:
        return not _true(args[1:], shell)
    if len(args) < 2:
        return bool(args and args[0])
    if len(args) == 3:
        left, sign, right = args
        if sign in {"=", "=="}:
            return left == right
        if sign == "!=":
            return left != right
        return _NUMBERS[sign](int(left), int(right))
    sign, name = args
    if sign in {"-z", "-n"}:
        return bool(name) is (sign == "-n")
    path = shell.path(name)
    if not shell.tree.exists(path):
        return False
    node = shell.tree.find(path, follow=sign not in {"-L", "-h"})
    return {
        "-e": True,
        "-r": True,
        "-w": True,
        "-f": node.kind == "file",
        "-d": node.kind == "directory",
        "-L": node.kind == "symlink",
        "-h": node.kind == "symlink",
        "-s": bool(node.size),
        "-x": bool(node.mode & 0o111),
    }[sign]


FILE_COMMANDS: dict[str, Callable[[Command, Shell], int | None]] = {
    "[": _test,
    "chmod": _chmod,
    "chown": _chown,
    "cp": _cp,
    "ln": _ln,
    "ls": _ls,
    "mkdir": _mkdir,
    "mv": _mv,
    "readlink": _readlink,
    "rm": _rm,
    "test": _test,
    "touch": _touch,
}
