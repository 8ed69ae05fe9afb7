"""Exec: running commands in instances."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from .._files import check_id
from .._process import ended_command
from .._request import given, strings
from .._shape import fields_of
from ..errors import ArgumentError, OperationFailed
from ..types import ExecOutput, Operation
from .instances import InstancesMixin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._files import RemotePath

    Command = str | Sequence[str | os.PathLike[str]]


class ExecMixin(InstancesMixin):
    """Chapter "exec" of the API."""

    def exec_output(self, operation: Mapping[str, Any]) -> ExecOutput:
        r"""Read what a recorded command wrote, and delete the record on the server.

        ``GET``, then ``DELETE`` of the URLs in ``operation.metadata["output"]``.

        Args:
            operation: the finished one of ``execute_command(..., record_output=True)``.

        Returns:
            ``stdout`` and ``stderr``, as bytes.

        Raises:
            ArgumentError: the operation has recorded nothing, or has not ended.
            NotFound: the output has been read already.

        Example:
            >>> done = client.execute_command("web", "echo hello", record_output=True)
            >>> client.exec_output(done).stdout
            b'hello\n'
        """
        output = fields_of(fields_of(operation.get("metadata")).get("output"))
        if not output:
            message = (
                "The operation has no recorded output: run the command with "
                "record_output=True, and wait for its end."
            )
            raise ArgumentError(message)
        urls = [self._output_url(str(output[stream])) for stream in ("1", "2")]
        stdout, stderr = (self._raw(url) for url in urls)
        for url in urls:
            self._delete(url)
        return ExecOutput(stdout, stderr)

    def execute_command(
        self,
        container: str,
        command: Command,
        *,
        cwd: RemotePath | None = None,
        environment: Mapping[str, Any] | None = None,
        group: int | None = None,
        interactive: bool = False,
        record_output: bool = False,
        user: int | None = None,
        wait_for_websocket: bool = False,
        sync: bool | None = None,
    ) -> Operation:
        """Run a command in an instance: ``POST /1.0/instances/<name>/exec``.

        The exit code is ``operation.metadata["return"]``: also 126 (not
        executable) and 127 (not found), for which the server says that the
        operation failed.

        Args:
            container: the instance's name, such as ``"web"``.
            command: a list of words (text, or paths), or a string that is split as a shell
                would; no shell runs it.
            cwd: the folder to run it in, such as ``"/srv"``.
            environment: variables, such as ``{"LANG": "C.UTF-8"}``.
            group: its numeric group.
            interactive: True gives it a terminal; goes with ``wait_for_websocket``.
            record_output: True keeps its output on the server for `exec_output`;
                else the output is thrown away.
            user: its numeric user.
            wait_for_websocket: True starts it when websockets are connected to the
                operation; it is not waited for then.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: an empty command, or arguments that exclude each other.
            NotFound: there is no such instance.
            BadRequest: it is not running.

        Example:
            >>> done = client.execute_command("web", ["sh", "-c", "exit 3"])
            >>> done.metadata["return"]
            3
        """
        if record_output and (interactive or wait_for_websocket):
            message = "record_output goes without interactive and wait_for_websocket."
            raise ArgumentError(message)
        if interactive and not wait_for_websocket:
            message = "interactive goes with wait_for_websocket: somebody must be at the terminal."
            raise ArgumentError(message)
        body = {"interactive": interactive, "wait-for-websocket": wait_for_websocket}
        if record_output:
            body["record-output"] = True
        operation = self._execute(
            container, words_of(command), body, cwd, environment, group, user
        )
        if wait_for_websocket:
            return operation
        try:
            return self._handle_async(operation, sync)
        except OperationFailed as error:
            return ended_command(error)

    run_command = execute_command

    def _execute(
        self,
        instance: str,
        words: list[str],
        body: dict[str, Any],
        cwd: RemotePath | None,
        environment: Mapping[str, Any] | None,
        group: int | None,
        user: int | None,
    ) -> Operation:
        """Have a command begin, or wait for its websockets."""
        check_id("user", user)
        check_id("group", group)
        url = self._path(instance, "exec")
        if "record-output" in body:
            self._need("container_exec_recording", "record_output")
        if user is not None or group is not None or cwd is not None:
            self._need("container_exec_user_group_cwd", "user, group and cwd")
        fields = given(
            command=words,
            cwd=str(cwd) if isinstance(cwd, PurePosixPath) else cwd,
            environment=strings(environment or {}),
            group=group,
            user=user,
        )
        return self._post(url, fields | body)

    def _output_url(self, url: str) -> str:
        """Take the URL as the server gave it, if it is one of recorded output."""
        bare = url.partition("?")[0]
        if not bare.startswith("/1.0/") or "/logs/" not in bare or ".." in bare:
            message = f"{url!r} is not where a server keeps recorded output."
            raise ArgumentError(message)
        return bare


def words_of(command: Command) -> list[str]:
    """Split a command into words, if it is a string.

    Raises:
        ArgumentError: there is none, or a word of it is neither text nor a path.
    """
    try:
        words = shlex.split(command) if isinstance(command, str) else list(command)
    except ValueError as error:
        message = f"The command cannot be split into words: {error}."
        raise ArgumentError(message) from error
    except TypeError as error:
        message = f"A command is text or a list of words, not {type(command).__name__}."
        raise ArgumentError(message) from error
    if not words:
        message = "A command has at least one word."
        raise ArgumentError(message)
    return [_word(number, word) for number, word in enumerate(words, 1)]


def _word(number: int, word: str | os.PathLike[str]) -> str:
    """Take a word of a command: text, or what has a path as text."""
    text = None
    with suppress(TypeError):
        text = os.fspath(word)
    if not isinstance(text, str):
        kind = type(word).__name__
        message = f"Word {number} of the command is neither text nor a path, but {kind}."
        raise ArgumentError(message)
    return text
