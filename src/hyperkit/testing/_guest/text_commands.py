"""The commands of the built-in image that write, read and change text."""

from __future__ import annotations

import hashlib
import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .jobs import Command
    from .shell import Shell
    from .streams import Reader

_BLOCK = 64 * 1024
_UNITS = {"k": 1 << 10, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "0": "\0", "a": "\a", "b": "\b"}


def _echo(command: Command, _shell: Shell) -> int:
    words = command.args[1:]
    end = "" if words[:1] == ["-n"] else "\n"
    command.stdout.write(" ".join(words[1:] if not end else words) + end)
    return 0


def _printf(command: Command, _shell: Shell) -> int:
    if not command.args[1:]:
        return 1
    pattern, values = command.args[1], command.args[2:]
    pattern = re.sub(
        r"\\([0-7]{1,3}|.)",
        lambda found: (
            chr(int(found[1], 8))
            if found[1][0] in "01234567"
            else _ESCAPES.get(found[1], found[0])
        ),
        pattern,
    )
    places = len(re.findall(r"%[sd]", pattern))
    while True:
        taken, values = values[:places], values[places:]
        filled = iter([*taken, *[""] * (places - len(taken))])
        text = re.sub(
            r"%([sd%])",
            lambda found: "%" if found[1] == "%" else next(filled) or "0" * (found[1] == "d"),  # noqa: B023
            pattern,
        )
        # Octal escapes stand for bytes, all else is UTF-8.
        command.stdout.write(
            b"".join(bytes([ord(c)]) if ord(c) < 256 else c.encode() for c in text)
            if re.search(r"\\[0-7]", command.args[1])
            else text
        )
        if not values or not places:
            return 0


def _cat(command: Command, shell: Shell) -> int:
    status = 0
    for name in command.args[1:] or ["-"]:
        try:
            source: Reader = command.stdin if name == "-" else shell.reader(name)
        except OSError:
            command.stderr.write(f"cat: can't open '{name}': No such file or directory\n")
            status = 1
            continue
        while block := source.read1(_BLOCK):
            command.stdout.write(block)
    return status


def _head(command: Command, shell: Shell) -> int:
    args = list(command.args[1:])
    count, of_bytes = 10, False
    while args and args[0].startswith("-"):
        option = args.pop(0)
        of_bytes = option.startswith("-c")
        count = int(option[2:] or args.pop(0)) if option[1] in "nc" else int(option[1:])
    source = shell.reader(args[0]) if args else command.stdin
    if not of_bytes:
        for _ in range(count):
            command.stdout.write(source.readline())
        return 0
    while count:
        block = source.read1(min(count, _BLOCK))
        if not block:
            break
        command.stdout.write(block)
        count -= len(block)
    return 0


def _tail(command: Command, shell: Shell) -> int:
    args = list(command.args[1:])
    count = 10
    while args and args[0].startswith("-"):
        option = args.pop(0)
        count = int(option[2:] or args.pop(0)) if option[1] == "n" else int(option[1:])
    source = shell.reader(args[0]) if args else command.stdin
    command.stdout.write(b"".join(source.read().splitlines(keepends=True)[-count:]))
    return 0


def _wc(command: Command, shell: Shell) -> int:
    options = [one for one in command.args[1:] if one.startswith("-")]
    names = [one for one in command.args[1:] if not one.startswith("-")]
    lines = words = size = 0
    source = shell.reader(names[0]) if names else command.stdin
    while block := source.read1(_BLOCK):
        lines, words, size = (
            lines + block.count(b"\n"),
            words + len(block.split()),
            size + len(block),
        )
    found = {"-l": lines, "-w": words, "-c": size}
    shown = [str(found[one]) for one in options if one in found]
    text = " ".join(shown or [str(one) for one in (lines, words, size)])
    command.stdout.write(" ".join([text, *names]) + "\n")
    return 0


def _tr(command: Command, _shell: Shell) -> int:
    def letters(text: str) -> bytes:
        text = re.sub(r"\\([0-7]{1,3}|.)", _octal, text)
        text = re.sub(r"(.)-(.)", _range, text)
        return text.encode("latin-1", "replace")

    args = command.args[1:]
    delete = args[:1] == ["-d"]
    source = letters(args[1 if delete else 0])
    target = b"" if delete else letters(args[1])
    target += target[-1:] * (len(source) - len(target))
    table = None if delete else bytes.maketrans(source, target[: len(source)])
    while block := command.stdin.read1(_BLOCK):
        command.stdout.write(block.translate(table, source if delete else b""))
    return 0


def _octal(found: re.Match[str]) -> str:
    if found[1][0] in "01234567":
        return chr(int(found[1], 8))
    return _ESCAPES.get(found[1], found[1])


def _range(found: re.Match[str]) -> str:
    return "".join(chr(one) for one in range(ord(found[1]), ord(found[2]) + 1))


def _dd(command: Command, _shell: Shell) -> int:
    options = dict(one.split("=", 1) for one in command.args[1:] if "=" in one)
    size = options.get("bs", "512")
    count = int(options.get("count", "1"))
    block = bytes(int(size.rstrip("kKMG")) * _UNITS.get(size[-1], 1))
    if options.get("if") != "/dev/zero":
        command.stderr.write("dd: the embedded server's dd reads /dev/zero only\n")
        return 1
    for _ in range(count):
        command.stdout.write(block)
    command.stderr.write(f"{count}+0 records in\n{count}+0 records out\n")
    return 0


def _yes(command: Command, _shell: Shell) -> int:
    line = (" ".join(command.args[1:]) or "y").encode() + b"\n"
    block = line * (8192 // len(line))
    while True:
        command.stdout.write(block)


def _digest(command: Command, shell: Shell) -> int:
    kind = posixpath.basename(command.args[0]).removesuffix("sum")
    for name in command.args[1:] or ["-"]:
        found = hashlib.new(kind, usedforsecurity=False)
        source = command.stdin if name == "-" else shell.reader(name)
        while block := source.read1(_BLOCK):
            found.update(block)
        command.stdout.write(f"{found.hexdigest()}  {name}\n")
    return 0


def _seq(command: Command, _shell: Shell) -> int:
    numbers = [int(one) for one in command.args[1:]]
    first, last = (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[-1])
    command.stdout.write("".join(f"{one}\n" for one in range(first, last + 1)))
    return 0


def _grep(command: Command, shell: Shell) -> int:
    options = "".join(one[1:] for one in command.args[1:] if one.startswith("-"))
    words = [one for one in command.args[1:] if not one.startswith("-")]
    flags = re.IGNORECASE if "i" in options else 0
    pattern = re.compile(re.escape(words[0]) if "F" in options else words[0], flags)
    found = False
    for source in [shell.reader(one) for one in words[1:]] or [command.stdin]:
        while line := source.readline():
            text = line.decode(errors="replace")
            if bool(pattern.search(text.rstrip("\n"))) is not ("v" in options):
                found = True
                if "q" not in options:
                    command.stdout.write(text)
    return 0 if found else 1


def _basename(command: Command, _shell: Shell) -> int:
    command.stdout.write(posixpath.basename(command.args[1]) + "\n")
    return 0


def _dirname(command: Command, _shell: Shell) -> int:
    command.stdout.write((posixpath.dirname(command.args[1]) or ".") + "\n")
    return 0


TEXT_COMMANDS: dict[str, Callable[[Command, Shell], int | None]] = {
    "basename": _basename,
    "cat": _cat,
    "dd": _dd,
    "dirname": _dirname,
    "echo": _echo,
    "grep": _grep,
    "head": _head,
    "md5sum": _digest,
    "printf": _printf,
    "seq": _seq,
    "sha256sum": _digest,
    "tail": _tail,
    "tr": _tr,
    "wc": _wc,
    "yes": _yes,
}
