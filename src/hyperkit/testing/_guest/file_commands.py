"""The commands of the built-in image that are about files."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from .tree import Node

if TYPE_CHECKING:
    from collections.abc import Callable

    from .jobs import Command
    from .shell import Shell

_GONE = "No such file or directory"


def _split(command: Command) -> tuple[str, list[str]]:
    """Split the arguments into options and names."""
    options = "".join(one[1:] for one in command.args[1:] if one.startswith("-") and one[1:])
    return options, [one for one in command.args[1:] if not one.startswith("-")]


def _complain(command: Command, name: str, why: str = _GONE) -> int:
    command.stderr.write(f"{posixpath.basename(command.args[0])}: {name}: {why}\n")
    return 1


def _ls(command: Command, shell: Shell) -> int:
    options, names = _split(command)
    status = 0
    for name in names or ["."]:
        try:
            node = shell.tree.find(shell.path(name), follow=True)
        except FileNotFoundError:
            status = _complain(command, name)
            continue
        if node.kind != "directory" or "d" in options:
            command.stdout.write(name + "\n")
            continue
        hidden = "a" in options
        shown = [one for one in sorted(node.children) if hidden or not one.startswith(".")]
        command.stdout.write("".join(one + "\n" for one in shown))
    return status


def _mkdir(command: Command, shell: Shell) -> int:
    options, names = _split(command)
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
    options, names = _split(command)
    for name in names:
        try:
            shell.tree.remove(shell.path(name), force="r" in options.lower())
        except FileNotFoundError:
            if "f" not in options:
                return _complain(command, name)
        except OSError as fault:
            return _complain(command, name, str(fault))
    return 0


def _touch(command: Command, shell: Shell) -> int:
    for name in _split(command)[1]:
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
    *sources, target = _split(command)[1]
    for source in sources:
        place = shell.path(target)
        if shell.tree.exists(place) and shell.tree.find(place, follow=True).kind == "directory":
            place = posixpath.join(place, posixpath.basename(source))
        try:
            node = shell.tree.find(shell.path(source))
            if move:
                shell.tree.remove(shell.path(source), force=True)
            shell.tree.add(place, node if move else node.copy())
        except FileNotFoundError:
            return _complain(command, source)
    return 0


def _ln(command: Command, shell: Shell) -> int:
    options, names = _split(command)
    if "s" not in options:
        return _complain(command, names[0], "the embedded server has symbolic links only")
    shell.tree.add(shell.path(names[1]), Node("symlink", target=names[0], mode=0o777))
    return 0


def _readlink(command: Command, shell: Shell) -> int:
    try:
        node = shell.tree.find(shell.path(command.args[1]))
    except FileNotFoundError:
        return 1
    command.stdout.write(node.target + "\n")
    return 0 if node.kind == "symlink" else 1


def _chmod(command: Command, shell: Shell) -> int:
    mode, *names = _split(command)[1]
    for name in names:
        try:
            node = shell.tree.find(shell.path(name), follow=True)
        except FileNotFoundError:
            return _complain(command, name)
        node.mode = node.mode | 0o111 if mode in {"+x", "a+x"} else int(mode, 8)
    return 0


def _chown(command: Command, shell: Shell) -> int:
    owner, *names = _split(command)[1]
    user, _, group = owner.partition(":")
    for name in names:
        try:
            node = shell.tree.find(shell.path(name), follow=True)
        except FileNotFoundError:
            return _complain(command, name)
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
