"""Terminals: shells and consoles on the caller's own terminal."""

from __future__ import annotations

import json
import os
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, overload

from .._process import window_size
from .._request import given
from .._streams import Output, acknowledge
from .._terminal import Terminal
from .._vga import VgaConsole
from .._websocket import GOODBYE, connect_all
from ..errors import ArgumentError, NotFound
from .exec import words_of
from .processes import ProcessesMixin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._files import RemotePath
    from .exec import Command

# As the servers' own commands start a shell.
_SHELL = ("su", "-l")
# What LXD says where nothing is new: it looks for the file that the log is not kept in.
_NO_LOG = "open : no such file"


class TerminalsMixin(ProcessesMixin):
    """Chapters "exec" and "console" of the API, for somebody at a terminal."""

    @overload
    def console(
        self, name: str, *, force: bool | None = None, type: Literal["console"] = "console"
    ) -> None: ...

    @overload
    def console(
        self, name: str, *, force: bool | None = None, type: Literal["vga"]
    ) -> VgaConsole: ...

    def console(
        self,
        name: str,
        *,
        force: bool | None = None,
        type: Literal["console", "vga"] = "console",
    ) -> VgaConsole | None:
        """Attach this terminal to an instance's console: ``POST /1.0/instances/<name>/console``.

        Ctrl-a, q detaches; Ctrl-a twice sends one. It goes on until then, or until the
        instance stops.

        Args:
            name: such as ``"web"``; it must be running.
            force: True takes the console from whoever has it (Incus).
            type: ``"console"``; or ``"vga"`` for the screen of a virtual machine.

        Returns:
            None; with ``"vga"``, a context manager whose ``path`` is a local socket that
            speaks SPICE, and whose ``url`` is the same for a viewer.

        Raises:
            ArgumentError: this program has no terminal.
            BadRequest: the instance is not running, or somebody else has its console.
            ConnectionFailed: the connection broke.
            NotFound: there is no such instance.

        Example:
            >>> client.console("web")  # doctest: +SKIP
        """
        _check(type)
        terminal = Terminal() if type == "console" else None
        width, height = terminal.size if terminal else (0, 0)
        url = self._console_path(name)
        if force:
            self._need("console_force", "force")
        body = given(width=width, height=height, type=type, force=force)
        operation = self._post(url, body)
        if terminal is None:
            return VgaConsole(self, operation)
        sockets = connect_all(self, operation)
        first = sockets["0"]

        def resize(columns: int, lines: int) -> None:
            sockets["control"].send(json.dumps(window_size(columns, lines)))

        try:
            with terminal.raw():
                ended = terminal.converse(
                    Output(first, at_end=partial(acknowledge, first)).blocks(),
                    first.send,
                    resize,
                    detach=True,
                )
            if ended:
                # LXD 5.0 may crash where its end of this and ours come at the same moment.
                first.outlast(GOODBYE)
        finally:
            for websocket in sockets.values():
                websocket.drop()
        return None

    def console_log(self, name: str, *, type: Literal["console", "vga"] = "console") -> bytes:
        """Read what a console has shown: ``GET /1.0/instances/<name>/console``.

        Args:
            name: such as ``"web"``.
            type: ``"console"``; or ``"vga"`` for a picture of the screen of a virtual
                machine, which needs the API extension ``instance_console_screenshot``
                (Incus).

        Returns:
            The log; the newest part of it, where it is long. LXD 5.0 gives each part once,
            while the instance runs. Or the picture, as PNG; of a container there is
            none, and the log comes instead.

        Raises:
            ArgumentError: there is no such type.
            BadRequest: a picture of what does not run.
            NotFound: there is no such instance.
            InternalServerError: there is no log, as of virtual machines on LXD.

        Example:
            >>> client.console_log("web")[:3]
            b'web'
        """
        _check(type)
        where = self._console_path(name)
        if type == "vga":
            self._need("instance_console_screenshot", 'type="vga"')
            return self._raw(where, type=type)
        try:
            return self._raw(where)
        except NotFound as error:
            if _NO_LOG in error.reason:
                return b""
            raise

    def delete_console_log(self, name: str) -> None:
        """Empty the log of a console: ``DELETE /1.0/instances/<name>/console``.

        Args:
            name: such as ``"web"``.

        Raises:
            NotFound: there is no such instance.

        Example:
            >>> client.delete_console_log("web")
        """
        self._delete(self._console_path(name))

    def shell(
        self,
        instance: str,
        command: Command | None = None,
        *,
        cwd: RemotePath | None = None,
        env: Mapping[str, Any] | None = None,
        group: int | None = None,
        user: int | None = None,
    ) -> int:
        """Work in an instance from this terminal: ``POST /1.0/instances/<name>/exec``.

        Keys go there as they are, Ctrl-C included; the size of the window is followed. The
        terminal is set back afterwards, whatever happens.

        Args:
            instance: the instance's name, such as ``"web"``.
            command: what to run there; ``su -l`` if not given.
            cwd: the folder to run it in, such as ``"/srv"``.
            env: variables, beside those that the server sets and this terminal's ``TERM``.
            group: its numeric group.
            user: its numeric user.

        Returns:
            What the command ended with.

        Raises:
            ArgumentError: this program has no terminal.
            BadRequest: the instance is not running.
            ConnectionFailed: the connection broke.
            NotFound: there is no such instance.

        Example:
            >>> client.shell("web", "sh")  # doctest: +SKIP
            0
        """
        terminal = Terminal()
        width, height = terminal.size
        words = list(_SHELL) if command is None else words_of(command)
        environment = {"TERM": os.environ.get("TERM", "xterm")} | dict(env or {})
        with self.popen(
            instance,
            words,
            cwd=cwd,
            env=environment,
            group=group,
            height=height,
            pty=True,
            user=user,
            width=width,
        ) as process:
            with terminal.raw():
                terminal.converse(
                    process.blocks(),
                    process.stdin.write,
                    process.resize,
                )
            return process.wait()

    def _console_path(self, name: str) -> str:
        url = self._path(name, "console")
        self._need("console", "the console of an instance", ask=False)
        return url


def _check(type: str) -> None:
    """Refuse what no console is."""
    if type not in {"console", "vga"}:
        message = f'type must be "console" or "vga", not {type!r}.'
        raise ArgumentError(message)
