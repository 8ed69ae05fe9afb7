"""The commands of the built-in image: small ones, of the kind that tests are made of."""

from __future__ import annotations

import datetime as dt
import hashlib
import posixpath
import re
from typing import TYPE_CHECKING

from .file_commands import FILE_COMMANDS
from .jobs import SIGNALS, Exit

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


def _true(_command: Command, _shell: Shell) -> int:
    return 0


def _false(_command: Command, _shell: Shell) -> int:
    return 1


def _pwd(command: Command, _shell: Shell) -> int:
    command.stdout.write(command.cwd + "\n")
    return 0


def _env(command: Command, _shell: Shell) -> int:
    command.stdout.write("".join(f"{name}={value}\n" for name, value in command.env.items()))
    return 0


def _id(command: Command, _shell: Shell) -> int:
    if command.args[1:2] == ["-u"]:
        text = str(command.user)
    elif command.args[1:2] == ["-g"]:
        text = str(command.group)
    else:
        text = f"uid={command.user} gid={command.group} groups={command.group}"
    command.stdout.write(text + "\n")
    return 0


def _whoami(command: Command, _shell: Shell) -> int:
    command.stdout.write("root\n" if command.user == 0 else f"user{command.user}\n")
    return 0


def _uname(command: Command, _shell: Shell) -> int:
    options = "".join(command.args[1:]).replace("-", "") or "s"
    parts = {"s": "Linux", "n": command.instance, "r": "6.1.0", "m": "x86_64"}
    wanted = parts if "a" in options else [one for one in parts if one in options]
    command.stdout.write(" ".join(parts[one] for one in wanted) + "\n")
    return 0


def _hostname(command: Command, _shell: Shell) -> int:
    command.stdout.write(command.instance + "\n")
    return 0


def _sleep(command: Command, _shell: Shell) -> int:
    command.sleep(float(command.args[1]))
    return 0


def _kill(command: Command, shell: Shell) -> int:
    number = 15
    for word in command.args[1:]:
        if word.startswith("-"):
            name = word[1:].removeprefix("SIG")
            number = int(name) if name.isdigit() else SIGNALS.get(name, 15)
            continue
        for job in list(shell.job.instance.jobs):
            if str(job.pid) == word:
                job.deliver(number)
                break
        else:
            command.stderr.write(f"sh: can't kill pid {word}: No such process\n")
            return 1
    return 0


def _ps(command: Command, shell: Shell) -> int:
    lines = ["PID   USER     TIME  COMMAND", "    1 root      0:00 {init} /bin/sh /sbin/init"]
    lines += [
        f"{job.pid:5} root      0:00 {' '.join(job.title)}" for job in shell.job.instance.jobs
    ]
    command.stdout.write("\n".join(lines) + "\n")
    return 0


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


def _tty(command: Command, shell: Shell) -> int:
    command.stdout.write("/dev/pts/0\n" if shell.job.terminal else "not a tty\n")
    return 0 if shell.job.terminal else 1


def _stty(command: Command, shell: Shell) -> int:
    terminal = shell.job.terminal
    if terminal is None:
        command.stderr.write("stty: standard input: Not a tty\n")
        return 1
    if command.args[1:] == ["size"]:
        command.stdout.write(f"{terminal.height} {terminal.width}\n")
    return 0


def _date(command: Command, shell: Shell) -> int:
    now = dt.datetime.fromtimestamp(shell.job.daemon.clock.now(), dt.UTC)
    pattern = command.args[1][1:] if command.args[1:] else "%a %b %e %H:%M:%S UTC %Y"
    command.stdout.write(now.strftime(pattern) + "\n")
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


def _sh(command: Command, shell: Shell) -> int:
    args = command.args[1:]
    inner = shell.another(command.env)
    files = {0: command.stdin, 1: command.stdout, 2: command.stderr}
    if args[:1] in (["-c"], ["-ec"]):
        inner.args = args[2:] or [command.args[0]]
        return inner.run(args[1], files)
    args = [one for one in args if one not in {"-i", "-l"}]
    if args:
        inner.args = args
        return inner.run(shell.reader(args[0]).read().decode(errors="replace"), files)
    if shell.job.terminal is not None and command.stdin is shell.job.terminal:
        return shell.job.terminal.converse(inner, files)
    return inner.run(command.stdin.read().decode(errors="replace"), files)


def _su(command: Command, shell: Shell) -> int:
    if "-c" in command.args:
        command.args = ["sh", *command.args[command.args.index("-c") :]]
    else:
        command.args = ["sh"]
    return _login_shell(command, shell)


def _login_shell(command: Command, shell: Shell) -> int:
    try:
        return _sh(command, shell)
    except Exit as ended:
        return ended.code


COMMANDS: dict[str, Callable[[Command, Shell], int | None]] = {
    **FILE_COMMANDS,
    "ash": _login_shell,
    "basename": _basename,
    "cat": _cat,
    "date": _date,
    "dd": _dd,
    "dirname": _dirname,
    "echo": _echo,
    "env": _env,
    "false": _false,
    "grep": _grep,
    "head": _head,
    "hostname": _hostname,
    "id": _id,
    "kill": _kill,
    "md5sum": _digest,
    "printf": _printf,
    "ps": _ps,
    "pwd": _pwd,
    "seq": _seq,
    "sh": _login_shell,
    "sha256sum": _digest,
    "sleep": _sleep,
    "stty": _stty,
    "su": _su,
    "tail": _tail,
    "tr": _tr,
    "true": _true,
    "tty": _tty,
    "uname": _uname,
    "wc": _wc,
    "whoami": _whoami,
    "yes": _yes,
}
