"""The screen of a virtual machine: a local socket for programs that speak SPICE."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from ._request import uuid_of
from ._shape import fields_of
from ._websocket import connect
from .errors import Error

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from ._connection import Connection
    from ._websocket import Websocket
    from .types import Operation

_BLOCK = 64 * 1024


class VgaConsole:
    """A unix socket that leads to the screen of a virtual machine.

    It is a context manager; the socket is there until the block ends. Each connection to
    it is one channel of SPICE.

    Attributes:
        path: of the socket, in a folder that only its owner may enter.
        url: the same for a viewer: ``spice+unix://...``.
    """

    def __init__(self, client: Connection, operation: Operation) -> None:
        self._client = client
        self._operation = uuid_of(operation)
        secrets = fields_of(fields_of(operation.get("metadata")).get("fds"))
        self._secret = str(secrets["0"])
        self._control = connect(client, self._operation, str(secrets["control"]))
        self._folder = tempfile.TemporaryDirectory(prefix="hyperkit-")
        self.path = os.path.join(self._folder.name, "spice")  # noqa: PTH118 - a text
        self.url = f"spice+unix://{self.path}"
        self._open: list[socket.socket | Websocket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        self._start(self._accept)

    def __enter__(self) -> Self:
        """Use it as a context manager."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close all connections, and remove the socket."""
        self.close()

    def close(self) -> None:
        """Close all connections, and remove the socket."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            _drop(one)
        self._control.drop()
        for thread in self._threads:
            thread.join(1)
        self._folder.cleanup()

    def _start(self, work: Callable[..., object], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                viewer, _ = self._listener.accept()
            except OSError:
                return
            try:
                channel = connect(self._client, self._operation, self._secret)
            except Error:
                viewer.close()
                continue
            self._open += [viewer, channel]
            self._start(_up, viewer, channel)
            self._start(_down, channel, viewer)


def _up(viewer: socket.socket, channel: Websocket) -> None:
    with suppress(OSError, Error):
        while block := viewer.recv(_BLOCK):
            channel.send(block)
    channel.drop()


def _down(channel: Websocket, viewer: socket.socket) -> None:
    with suppress(OSError, Error, EOFError):
        while True:
            block = channel.receive()
            viewer.sendall(block.encode() if isinstance(block, str) else block)
    _drop(viewer)


def _drop(one: socket.socket | Websocket) -> None:
    if isinstance(one, socket.socket):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
    else:
        one.drop()
