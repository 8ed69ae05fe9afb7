"""What the shell does itself, since it changes the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .jobs import SIGNALS, Exit

if TYPE_CHECKING:
    from collections.abc import Callable

    from .shell import Shell
    from .streams import Files


def _colon(_shell: Shell, _args: list[str], _files: Files) -> int:
    return 0


def _cd(shell: Shell, args: list[str], files: Files) -> int:
    goal = args[1] if args[1:] else shell.env.get("HOME", "/")
    path = shell.path(goal)
    if not shell.tree.exists(path) or shell.tree.find(path, follow=True).kind != "directory":
        files[2].write(f"sh: cd: can't cd to {goal}: No such file or directory\n")
        return 1
    shell.cwd = path
    return 0


def _exec(shell: Shell, args: list[str], files: Files) -> int:
    if not args[1:]:
        return 0
    shell.job.title = args[1:]
    raise Exit(shell.launch(args[1:], files, shell.env))


def _exit(shell: Shell, args: list[str], _files: Files) -> int:
    raise Exit(int(args[1]) & 255 if args[1:] and args[1].isdigit() else shell.status)


def _export(shell: Shell, args: list[str], _files: Files) -> int:
    for one in args[1:]:
        name, is_given, value = one.partition("=")
        shell.env[name] = value if is_given else shell.value(name)
    return 0


def _read(shell: Shell, args: list[str], files: Files) -> int:
    names = [one for one in args[1:] if not one.startswith("-")] or ["REPLY"]
    line = files[0].readline()
    words = line.decode(errors="replace").strip("\n").split(None, len(names) - 1)
    for index, name in enumerate(names):
        shell.local[name] = words[index] if index < len(words) else ""
    return 0 if line.endswith(b"\n") else 1


def _set(shell: Shell, args: list[str], files: Files) -> int:
    try:
        rest = shell.choose(args[1:])
    except ValueError as fault:
        files[2].write(f"sh: set: {fault}\n")
        raise Exit(2) from None
    if rest or args[1:2] == ["--"]:
        shell.args = [shell.args[0], *rest]
    return 0


def _shift(shell: Shell, args: list[str], _files: Files) -> int:
    count = int(args[1]) if args[1:] else 1
    del shell.args[1 : 1 + count]
    return 0


def _trap(shell: Shell, args: list[str], _files: Files) -> int:
    for name in args[2:]:
        number = int(name) if name.isdigit() else SIGNALS.get(name.removeprefix("SIG"), 0)
        if args[1] == "-":
            shell.job.traps.pop(number, None)
        else:
            shell.job.traps[number] = args[1]
    return 0


def _unset(shell: Shell, args: list[str], _files: Files) -> int:
    for name in args[1:]:
        shell.env.pop(name, None)
        shell.local.pop(name, None)
    return 0


def _wait(shell: Shell, _args: list[str], _files: Files) -> int:
    for thread in shell._background:
        thread.join()
    return 0


BUILTINS: dict[str, Callable[[Shell, list[str], Files], int]] = {
    ":": _colon,
    "cd": _cd,
    "exec": _exec,
    "exit": _exit,
    "export": _export,
    "read": _read,
    "set": _set,
    "shift": _shift,
    "trap": _trap,
    "unset": _unset,
    "wait": _wait,
}
