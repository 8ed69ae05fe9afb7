"""The commands of the built-in image: small ones, of the kind that tests are made of.

Here are those about the system; those about files and about text have files of their own.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from .file_commands import FILE_COMMANDS
from .jobs import SIGNALS, Exit
from .options import Usage, read_options
from .text_commands import TEXT_COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .jobs import Command
    from .shell import Shell


def _true(_command: Command, _shell: Shell) -> int:
    return 0


def _false(_command: Command, _shell: Shell) -> int:
    return 1


def _pwd(command: Command, _shell: Shell) -> int:
    command.stdout.write(command.cwd + "\n")
    return 0


def _env(command: Command, shell: Shell) -> int:
    words, env = command.args[1:], dict(command.env)
    if words and words[0].startswith("-"):
        raise Usage(words[0].lstrip("-"))
    while words and "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        env[name] = value
    if words:
        return shell.launch(words, {0: command.stdin, 1: command.stdout, 2: command.stderr}, env)
    command.stdout.write("".join(f"{name}={value}\n" for name, value in env.items()))
    return 0


def _id(command: Command, _shell: Shell) -> int:
    options, _ = read_options(command, "ugn")
    text = f"uid={command.user} gid={command.group} groups={command.group}"
    for letter, number in (("u", command.user), ("g", command.group)):
        if letter in options:
            text = "root" if "n" in options and number == 0 else str(number)
    command.stdout.write(text + "\n")
    return 0


def _whoami(command: Command, _shell: Shell) -> int:
    command.stdout.write("root\n" if command.user == 0 else f"user{command.user}\n")
    return 0


def _uname(command: Command, _shell: Shell) -> int:
    options = read_options(command, "asnrm")[0] or {"s": ""}
    parts = {"s": "Linux", "n": command.instance, "r": "6.1.0", "m": "x86_64"}
    wanted = parts if "a" in options else [one for one in parts if one in options]
    command.stdout.write(" ".join(parts[one] for one in wanted) + "\n")
    return 0


def _hostname(command: Command, shell: Shell) -> int:
    addresses, _ = read_options(command, "Ii")
    command.stdout.write((shell.job.instance.address if addresses else command.instance) + "\n")
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
    read_options(command)
    lines = ["PID   USER     TIME  COMMAND", "    1 root      0:00 {init} /bin/sh /sbin/init"]
    lines += [
        f"{job.pid:5} root      0:00 {' '.join(job.title)}" for job in shell.job.instance.jobs
    ]
    command.stdout.write("\n".join(lines) + "\n")
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
    _, words = read_options(command, "u")
    if words and not words[0].startswith("+"):
        raise Usage(words[0], "invalid date")
    pattern = words[0][1:] if words else "%a %b %e %H:%M:%S UTC %Y"
    command.stdout.write(now.strftime(pattern) + "\n")
    return 0


def _sh(command: Command, shell: Shell) -> int:
    inner = shell.another(command.env)
    files = {0: command.stdin, 1: command.stdout, 2: command.stderr}
    try:
        args = inner.choose(command.args[1:])
    except ValueError as fault:
        command.stderr.write(f"sh: {fault}\n")
        return 2
    if args[:1] == ["-c"]:
        inner.args = args[2:] or [command.args[0]]
        return inner.run(args[1], files)
    if args and not shell.tree.exists(shell.path(args[0])):
        command.stderr.write(f"sh: can't open '{args[0]}': No such file or directory\n")
        return 2
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


def run_command(name: str, command: Command, shell: Shell) -> int:
    """Run one of these commands; what it does not understand it says, and ends with 1.

    Args:
        name: of the command.
        command: how it was called.
        shell: that it runs in.
    """
    try:
        return COMMANDS[name](command, shell) or 0
    except Usage as fault:
        text = str(fault)
    except FileNotFoundError as fault:
        text = f"{fault}: No such file or directory"
    except (IndexError, KeyError, ValueError):
        words = " ".join(command.args[1:])
        text = f"the embedded server's {name} does not understand {words!r}"
    command.stderr.write(f"{name}: {text}\n")
    return 1


COMMANDS: dict[str, Callable[[Command, Shell], int | None]] = {
    **FILE_COMMANDS,
    **TEXT_COMMANDS,
    "ash": _login_shell,
    "date": _date,
    "env": _env,
    "false": _false,
    "hostname": _hostname,
    "id": _id,
    "kill": _kill,
    "ps": _ps,
    "pwd": _pwd,
    "sh": _login_shell,
    "sleep": _sleep,
    "stty": _stty,
    "su": _su,
    "true": _true,
    "tty": _tty,
    "uname": _uname,
    "whoami": _whoami,
}
