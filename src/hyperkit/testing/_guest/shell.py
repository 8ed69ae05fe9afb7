"""A small shell: it runs what `sh -c` is given, over files in memory."""

from __future__ import annotations

import posixpath
import shlex
import signal
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from .builtins import BUILTINS
from .commands import COMMANDS, run_command
from .expansion import expand, text_of
from .grammar import Node, parse
from .jobs import (
    NOT_EXECUTABLE,
    NOT_FOUND,
    Command,
    Exit,
    Interrupted,
    Killed,
    NotRunnable,
    run_function,
)
from .streams import FromBytes, IntoConsole, IntoFile, Nowhere, Pipe
from .words import SyntaxFault, assignment

if TYPE_CHECKING:
    from collections.abc import Callable

    from .jobs import Job
    from .streams import Files, Reader, Writer
    from .tree import Tree

_OPTIONS = {"e", "u", "x", "pipefail"}
_LONG_OPTIONS = {"errexit": "e", "nounset": "u", "xtrace": "x"}
# Interactive, as a login, from standard input: they change nothing here.
_IGNORED_OPTIONS = {"i", "l", "s"}
_BROKEN_PIPE = 128 + signal.SIGPIPE
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Shell:
    """Runs programs of the shell.

    Args:
        job: that it is, or is part of.
        env: the environment.
        cwd: the folder it is in.
        user: its user's number.
        group: its group's number.
        args: ``$0`` and those that follow.

    Attributes:
        options: those that are set: ``"e"``, ``"u"``, ``"x"`` and ``"pipefail"``.
        stderr: of the command that is being run.
    """

    def __init__(
        self,
        job: Job,
        *,
        env: dict[str, str],
        cwd: str,
        user: int,
        group: int,
        args: list[str] | None = None,
    ) -> None:
        self.job = job
        self.env = dict(env)
        self.local: dict[str, str] = {}
        self.cwd = cwd
        self.user = user
        self.group = group
        self.args = args or ["sh"]
        self.status = 0
        self.options: set[str] = set()
        self.stderr: Writer = Nowhere()
        self._tested = 0
        self._background: list[threading.Thread] = []

    @property
    def tree(self) -> Tree:
        """The files."""
        return self.job.instance.tree

    def another(self, env: dict[str, str], args: list[str] | None = None) -> Shell:
        """Make a shell that knows no variables but those of an environment.

        Args:
            env: the environment.
            args: ``$0`` and those that follow.
        """
        return Shell(self.job, env=env, cwd=self.cwd, user=self.user, group=self.group, args=args)

    def copy(self) -> Shell:
        """Make a shell that changes nothing here."""
        made = self.another(self.env, self.args)
        made.local, made.status = dict(self.local), self.status
        made.options, made.stderr, made._tested = set(self.options), self.stderr, self._tested
        return made

    def choose(self, args: list[str]) -> list[str]:
        """Set the options at the beginning of arguments.

        Args:
            args: of ``set`` or ``sh``.

        Returns:
            The other arguments; ``-c`` stays before them.

        Raises:
            ValueError: there is an option that the shell does not know.
        """
        args = list(args)
        command: list[str] = []
        while args and args[0][0:1] in {"-", "+"} and args[0] not in {"-", "+"}:
            word = args.pop(0)
            if word == "--":
                break
            for letter in word[1:]:
                name = args.pop(0) if letter == "o" and args else letter
                name = _LONG_OPTIONS.get(name, name)
                if name == "c":
                    command = ["-c"]
                elif name in _OPTIONS:
                    (self.options.add if word[0] == "-" else self.options.discard)(name)
                elif name not in _IGNORED_OPTIONS:
                    message = f"the embedded shell does not know the option {name}"
                    raise ValueError(message)
        if command and not args:
            message = "-c requires an argument"
            raise ValueError(message)
        return command + args

    def run(self, program: str, files: Files) -> int:
        """Run a program, to its end.

        Args:
            program: its text.
            files: standard input, output and error.
        """
        try:
            node = parse(program)
        except SyntaxFault as fault:
            files[2].write(f"sh: syntax error: {fault}\n")
            return 2
        try:
            self.execute(node, files)
            self.look_at_signals(files)
        except Exit as ended:
            self.status = ended.code
        at_exit = self.job.traps.pop(0, "")
        if at_exit:
            self.execute(parse(at_exit), files)
        return self.status

    def look_at_signals(self, files: Files) -> None:
        """Do what was to be done when a signal comes."""
        self.job.check()
        while self.job.pending:
            action = self.job.traps.get(self.job.pending.popleft(), "")
            if action:
                self.execute(parse(action), files)

    def execute(self, node: Node, files: Files) -> int:
        """Run one command of any kind."""
        self.look_at_signals(files)
        self.stderr = files[2]
        files = self._redirected(node, files) if node.kind != "simple" else files
        self.status = getattr(self, f"_{node.kind}")(node, files)
        return self.status

    def _list(self, node: Node, files: Files) -> int:
        skip = False
        before = ";"
        for part, after in zip(node.parts, node.operators, strict=True):
            skip = (before == "&&" and self.status != 0) or (before == "||" and self.status == 0)
            before = after
            if skip:
                continue
            if after == "&":
                shell = self.copy()
                self._start(partial(shell.execute, part, files))
            elif after in {"&&", "||"}:
                self._test(part, files)
            else:
                self.execute(part, files)
        return self.status

    def _test(self, node: Node, files: Files) -> int:
        """Run what may fail without the end of the shell, for all that ``set -e`` says."""
        self._tested += 1
        try:
            return self.execute(node, files)
        finally:
            self._tested -= 1

    def _start(self, work: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            with suppress(Killed, Interrupted, Exit, BrokenPipeError):
                work()

        thread = threading.Thread(target=run, name="hyperkit-command", daemon=True)
        self._background.append(thread)
        thread.start()
        return thread

    def _pipe(self, node: Node, files: Files) -> int:
        self._tested += node.negated
        try:
            if len(node.parts) == 1:
                status = self.execute(node.parts[0], files)
            else:
                status = self._piped(node.parts, files)
        finally:
            self._tested -= node.negated
        if node.negated:
            return int(not status)
        if status and "e" in self.options and not self._tested:
            raise Exit(status)
        return status

    def _piped(self, parts: list[Node], files: Files) -> int:
        source = files[0]
        statuses: dict[int, int] = {}
        threads: list[threading.Thread] = []
        for index, part in enumerate(parts[:-1]):
            pipe = Pipe(self.job)
            shell = self.copy()
            own = {**files, 0: source, 1: pipe}

            def work(
                shell: Shell = shell, part: Node = part, own: Files = own, index: int = index
            ) -> None:
                statuses[index] = _BROKEN_PIPE
                try:
                    statuses[index] = shell.execute(part, own)
                except Exit as ended:
                    statuses[index] = ended.code
                finally:
                    own[1].close()
                    if isinstance(own[0], Pipe) and own[0] is not files[0]:
                        own[0].hang_up()

            threads.append(self._start(work))
            source = pipe
        try:
            status = self.copy().execute(parts[-1], {**files, 0: source})
        except Exit as ended:
            status = ended.code
        finally:
            source.hang_up()
        if "pipefail" not in self.options:
            return status
        for thread in threads:
            thread.join()
        failed = [code for _, code in sorted(statuses.items()) if code]
        return status or (failed[-1] if failed else 0)

    def _if(self, node: Node, files: Files) -> int:
        if self._test(node.parts[0], files) == 0:
            return self.execute(node.parts[1], files)
        return self.execute(node.parts[2], files) if len(node.parts) > 2 else 0

    def _while(self, node: Node, files: Files, *, until: bool = False) -> int:
        status = 0
        while (self._test(node.parts[0], files) != 0) is until:
            status = self.execute(node.parts[1], files)
        return status

    def _until(self, node: Node, files: Files) -> int:
        return self._while(node, files, until=True)

    def _for(self, node: Node, files: Files) -> int:
        for value in [one for word in node.words for one in expand(self, word)]:
            self.local[node.name] = value
            self.execute(node.parts[0], files)
        return self.status

    def _group(self, node: Node, files: Files) -> int:
        return self.execute(node.parts[0], files)

    def _subshell(self, node: Node, files: Files) -> int:
        try:
            return self.copy().execute(node.parts[0], files)
        except Exit as ended:
            return ended.code

    def _simple(self, node: Node, files: Files) -> int:
        words = list(node.words)
        given: dict[str, str] = {}
        while words and assignment(words[0]):
            name, _, value = text_of(self, words.pop(0)).partition("=")
            given[name] = value
        args = [one for word in words for one in expand(self, word)]
        if "x" in self.options:
            shown = [f"{name}={shlex.quote(value)}" for name, value in given.items()]
            files[2].write(" ".join(["+", *shown, *map(shlex.quote, args)]) + "\n")
        try:
            files = self._redirected(node, files)
        except OSError as fault:
            files[2].write(f"sh: can't open {fault}: no such file\n")
            return 1
        if not args:
            for name, value in given.items():
                target = self.env if name in self.env else self.local
                target[name] = value
            return self.status if any("command" in str(word) for word in node.words) else 0
        if args[0] in BUILTINS:
            return BUILTINS[args[0]](self, args, files)
        try:
            return self.launch(args, files, {**self.env, **given})
        except NotRunnable as fault:
            words_ = "not found" if fault.code == NOT_FOUND else "Permission denied"
            files[2].write(f"sh: {args[0]}: {words_}\n")
            return fault.code

    def _redirected(self, node: Node, files: Files) -> Files:
        files = dict(files)
        for one in node.redirections:
            target = text_of(self, one.target)
            if one.operator.endswith("&"):
                files[one.number] = files[int(target)]
            elif one.operator == "<":
                files[one.number] = self.reader(target)
            else:
                files[one.number] = self.writer(target, append=one.operator == ">>")
        return files

    def reader(self, path: str) -> Reader:
        """Open a file to read.

        Raises:
            FileNotFoundError: there is none.
        """
        path = self.path(path)
        if path == "/dev/null":
            return Nowhere()
        return FromBytes(self.tree.find(path, follow=True).data)

    def writer(self, path: str, *, append: bool) -> Writer:
        """Open a file to write.

        Raises:
            FileNotFoundError: there is no folder for it.
        """
        path = self.path(path)
        if path == "/dev/null":
            return Nowhere()
        if path == "/dev/console":
            return IntoConsole(self.job)
        return IntoFile(self.tree, path, append=append)

    def path(self, path: str) -> str:
        """Make a path one from the root."""
        return posixpath.normpath(posixpath.join(self.cwd, path))

    def knows(self, name: str) -> bool:
        """Tell whether a variable is set."""
        if name.isdigit():
            return int(name) < len(self.args)
        return name in {*self.local, *self.env, *"?$#*@!"}

    def value(self, name: str) -> str:
        """Find what a variable is."""
        special = {
            "?": str(self.status),
            "$": str(self.job.pid),
            "#": str(len(self.args) - 1),
            "*": " ".join(self.args[1:]),
            "@": " ".join(self.args[1:]),
            "!": "",
        }
        if name in special:
            return special[name]
        if name.isdigit():
            return self.args[int(name)] if int(name) < len(self.args) else ""
        return self.local.get(name, self.env.get(name, ""))

    # Commands.

    def launch(self, args: list[str], files: Files, env: dict[str, str]) -> int:
        """Run a command that is none of the shell's own.

        Raises:
            NotRunnable: there is none, or it is not executable.
        """
        command = Command(
            self.job,
            args,
            cwd=self.cwd,
            env=env,
            group=self.group,
            stderr=files[2],
            stdin=files[0],
            stdout=files[1],
            user=self.user,
        )
        name = posixpath.basename(args[0])
        own = self.job.daemon.commands.get(args[0]) or self.job.daemon.commands.get(name)
        if own is not None:
            return run_function(command, own)
        content = self._executable(args[0], env)
        if content.startswith(b"#!"):
            return self._script(content, args, files, env)
        if name not in COMMANDS:
            raise NotRunnable(NOT_FOUND)
        return run_command(name, command, self)

    def _executable(self, name: str, env: dict[str, str]) -> bytes:
        folders = [""] if "/" in name else env.get("PATH", PATH).split(":")
        for folder in folders:
            path = self.path(posixpath.join(folder, name))
            if not self.tree.exists(path):
                continue
            node = self.tree.find(path, follow=True)
            if node.kind == "directory" or not node.mode & 0o111:
                raise NotRunnable(NOT_EXECUTABLE)
            return node.data
        raise NotRunnable(NOT_FOUND)

    def _script(self, content: bytes, args: list[str], files: Files, env: dict[str, str]) -> int:
        """Run a script, which must be one of the shell."""
        line, _, program = content.decode(errors="replace").partition("\n")
        words = line[2:].split()
        if not words or posixpath.basename(words[0]) not in {"sh", "bash", "ash"}:
            raise NotRunnable(NOT_FOUND)
        shell = self.another(env, args)
        try:
            shell.choose(words[1:])
        except ValueError as fault:
            files[2].write(f"sh: {fault}\n")
            return 2
        return shell.run(program, files)
