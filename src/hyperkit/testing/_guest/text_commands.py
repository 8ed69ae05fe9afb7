"""The commands of the built-in image that write, read and change text."""

from __future__ import annotations

import hashlib
import itertools
import posixpath
import re
import sys
from typing import TYPE_CHECKING

from .options import Usage, read_options

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
    letters = ""
    while words and re.fullmatch(r"-[neE]+", words[0]):
        letters += words.pop(0)
    text = " ".join(words)
    if "e" in letters:
        text = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), text)
    command.stdout.write(text + ("" if "n" in letters else "\n"))
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
    for name in read_options(command, "u")[1] or ["-"]:
        try:
            source: Reader = command.stdin if name == "-" else shell.reader(name)
        except OSError:
            command.stderr.write(f"cat: can't open '{name}': No such file or directory\n")
            status = 1
            continue
        while block := source.read1(_BLOCK):
            command.stdout.write(block)
    return status


def _ends(command: Command, shell: Shell) -> tuple[dict[str, str], Reader]:
    """Read what ``head`` and ``tail`` are called with: ``-5`` is ``-n 5``."""
    first = command.args[1] if command.args[1:] else ""
    if first[:1] == "-" and first[1:].isdecimal():
        command.args[1:2] = ["-n", first[1:]]
    options, names = read_options(command, "c:n:")
    if names[1:]:
        raise Usage(names[1], "the embedded server reads one file only")
    return options, shell.reader(names[0]) if names and names[0] != "-" else command.stdin


def _head(command: Command, shell: Shell) -> int:
    options, source = _ends(command, shell)
    if "c" not in options:
        for _ in range(int(options.get("n", "10"))):
            command.stdout.write(source.readline())
        return 0
    count = int(options["c"])
    while count:
        block = source.read1(min(count, _BLOCK))
        if not block:
            break
        command.stdout.write(block)
        count -= len(block)
    return 0


def _tail(command: Command, shell: Shell) -> int:
    options, source = _ends(command, shell)
    text = options.get("c") or options.get("n", "10")
    count = int(text.lstrip("-"))
    whole = source.read()
    if "c" in options:
        cut = whole[count - 1 :] if text[0] == "+" else whole[max(len(whole) - count, 0) :]
        command.stdout.write(cut)
        return 0
    lines = whole.splitlines(keepends=True)
    lines = lines[count - 1 :] if text[0] == "+" else lines[max(len(lines) - count, 0) :]
    command.stdout.write(b"".join(lines))
    return 0


def _wc(command: Command, shell: Shell) -> int:
    options, names = read_options(command, "clw")
    totals = dict.fromkeys("lwc", 0)
    for name in names or [""]:
        found = dict.fromkeys("lwc", 0)
        source = shell.reader(name) if name else command.stdin
        while block := source.read1(_BLOCK):
            found["l"] += block.count(b"\n")
            found["w"] += len(block.split())
            found["c"] += len(block)
        command.stdout.write(_counted(found, options, name))
        totals = {one: totals[one] + found[one] for one in totals}
    if names[1:]:
        command.stdout.write(_counted(totals, options, "total"))
    return 0


def _counted(found: dict[str, int], options: dict[str, str], name: str) -> str:
    shown = [str(number) for one, number in found.items() if one in options or not options]
    return " ".join([*shown, *([name] if name else [])]) + "\n"


def _tr(command: Command, _shell: Shell) -> int:
    def letters(text: str) -> bytes:
        text = re.sub(r"\\([0-7]{1,3}|.)", _octal, text)
        text = re.sub(r"(.)-(.)", _range, text)
        return text.encode("latin-1", "replace")

    options, args = read_options(command, "d")
    delete = "d" in options
    source = letters(args[0])
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
    for name in read_options(command)[1] or ["-"]:
        found = hashlib.new(kind, usedforsecurity=False)
        source = command.stdin if name == "-" else shell.reader(name)
        while block := source.read1(_BLOCK):
            found.update(block)
        command.stdout.write(f"{found.hexdigest()}  {name}\n")
    return 0


def _seq(command: Command, _shell: Shell) -> int:
    numbers = [int(one) for one in command.args[1:]]
    first, last = (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[-1])
    step = numbers[1] if numbers[2:] else 1
    found = range(first, last + (1 if step > 0 else -1), step)
    command.stdout.write("".join(f"{one}\n" for one in found))
    return 0


def _grep(command: Command, shell: Shell) -> int:
    options, words = read_options(command, "EFHce:hinoqv")
    text = options["e"] if "e" in options else words.pop(0)
    flags = re.IGNORECASE if "i" in options else 0
    pattern = re.compile(re.escape(text) if "F" in options else text, flags)
    status = 1
    for name in words or ["-"]:
        source = shell.reader(name) if name != "-" else command.stdin
        many = ("H" in options or len(words) > 1) and "h" not in options
        count = _matched(command, source, pattern, options, f"{name}:" if many else "")
        if "c" in options and "q" not in options:
            command.stdout.write(f"{name + ':' if many else ''}{count}\n")
        status = 0 if count else status
    return status


def _matched(
    command: Command,
    source: Reader,
    pattern: re.Pattern[str],
    options: dict[str, str],
    before: str,
) -> int:
    """Write the lines that ``grep`` finds, and count them."""
    count = number = 0
    while line := source.readline():
        number += 1
        text = line.decode(errors="replace").removesuffix("\n")
        if bool(pattern.search(text)) is ("v" in options):
            continue
        count += 1
        if "c" in options or "q" in options:
            continue
        shown = [text]
        if "o" in options:
            shown = [] if "v" in options else [one[0] for one in pattern.finditer(text) if one[0]]
        at = f"{number}:" if "n" in options else ""
        command.stdout.write("".join(f"{before}{at}{one}\n" for one in shown))
    return count


def _sort(command: Command, shell: Shell) -> int:
    options, names = read_options(command, "nru")
    sources = [shell.reader(one) for one in names] or [command.stdin]
    lines = [one for source in sources for one in source.read().splitlines()]

    def number(line: bytes) -> tuple[float, bytes]:
        found = re.match(rb"\s*(-?\d+(\.\d+)?)", line)
        return (float(found[1]) if found else 0.0, line)

    lines = sorted({*lines} if "u" in options else lines)
    if "n" in options:
        lines.sort(key=number)
    if "r" in options:
        lines.reverse()
    command.stdout.write(b"".join(line + b"\n" for line in lines))
    return 0


def _uniq(command: Command, shell: Shell) -> int:
    options, names = read_options(command, "c")
    source = shell.reader(names[0]) if names else command.stdin
    for line, same in itertools.groupby(source.read().splitlines()):
        count = f"{len(list(same)):7} " if "c" in options else ""
        command.stdout.write(count.encode() + line + b"\n")
    return 0


def _tee(command: Command, shell: Shell) -> int:
    options, names = read_options(command, "a")
    files = [shell.writer(one, append="a" in options) for one in names]
    while block := command.stdin.read1(_BLOCK):
        for file in [command.stdout, *files]:
            file.write(block)
    return 0


def _cut(command: Command, shell: Shell) -> int:
    options, names = read_options(command, "c:d:f:s")
    between = options.get("d", "\t")
    wanted = _chosen(options["f"] if "f" in options else options["c"])
    for source in [shell.reader(one) for one in names] or [command.stdin]:
        while line := source.readline():
            text = line.decode(errors="replace").removesuffix("\n")
            parts = list(text) if "c" in options else text.split(between)
            if "f" in options and not parts[1:]:
                command.stdout.write("" if "s" in options else text + "\n")
                continue
            kept = [one for number, one in enumerate(parts, 1) if wanted(number)]
            command.stdout.write(("" if "c" in options else between).join(kept) + "\n")
    return 0


def _chosen(text: str) -> Callable[[int], bool]:
    """Read which fields ``cut`` is to keep, such as ``1,3-``."""
    ranges = [one.partition("-") for one in text.split(",")]
    spans = [(int(a or 1), int(b or (sys.maxsize if dash else a))) for a, dash, b in ranges]
    return lambda number: any(first <= number <= last for first, last in spans)


def _basename(command: Command, _shell: Shell) -> int:
    name, *ends = read_options(command)[1]
    name = posixpath.basename(name.rstrip("/"))
    command.stdout.write((name.removesuffix(ends[0]) if ends else name) + "\n")
    return 0


def _dirname(command: Command, _shell: Shell) -> int:
    command.stdout.write((posixpath.dirname(command.args[1]) or ".") + "\n")
    return 0


TEXT_COMMANDS: dict[str, Callable[[Command, Shell], int | None]] = {
    "basename": _basename,
    "cat": _cat,
    "cut": _cut,
    "dd": _dd,
    "dirname": _dirname,
    "echo": _echo,
    "grep": _grep,
    "head": _head,
    "md5sum": _digest,
    "printf": _printf,
    "seq": _seq,
    "sha256sum": _digest,
    "sort": _sort,
    "tail": _tail,
    "tee": _tee,
    "tr": _tr,
    "uniq": _uniq,
    "wc": _wc,
    "yes": _yes,
}
