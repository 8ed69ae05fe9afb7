"""A socket in front of the server's, in a process of its own, that counts what goes through."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from typing import Any

from .peers import CHUNK, unix_socket
from .processes import Beside, context

# Every client begins a request with a write of its own.
_REQUEST = re.compile(rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE) /\S* HTTP/1\.1\r\n")


class Relay(Beside):
    """Counts connections and requests, for those who do not tell.

    Args:
        path: of the server's socket.
    """

    def __init__(self, path: str) -> None:
        super().__init__("hk-relay-")
        ready = context().Event()
        # Connections that were used, requests, and how often it was begun anew.
        self._counts = context().Array("l", 3)
        arguments = (self.socket, path, self._counts, ready)
        self._start("the relay", _serve, arguments, ready)

    def restart(self) -> None:
        """Begin to count anew; a connection that is kept counts when it is used again."""
        with self._counts.get_lock():
            self._counts[:] = [0, 0, self._counts[2] + 1]

    @property
    def counts(self) -> dict[str, float]:
        """What was counted: connections that carried something, and requests."""
        connections, requests, _ = self._counts[:]
        return {"connections": connections, "requests": requests}


def _serve(here: str, there: str, counts: Any, ready: Any) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(here)
        door.listen(64)
        ready.set()
        while True:
            connection, _ = door.accept()
            threading.Thread(target=_carry, args=(connection, there, counts), daemon=True).start()


def _carry(client: socket.socket, there: str, counts: Any) -> None:
    """Carry one connection, which is opened when there is something to say."""
    with client:
        data = client.recv(CHUNK)
        if not data:
            return
        counted = -1
        with unix_socket(there) as server:
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            with suppress(OSError):
                while data:
                    with counts.get_lock():
                        counts[0] += counted != counts[2]
                        counted = counts[2]
                        counts[1] += _REQUEST.match(data) is not None
                    server.sendall(data)
                    data = client.recv(CHUNK)
                server.shutdown(socket.SHUT_WR)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
