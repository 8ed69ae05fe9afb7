"""SFTP without SSH: paramiko's client over a connection that is open already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._extra import extra
from ._wire import Wire

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from paramiko import SFTPClient


def sftp_client_over(connect: Callable[[], socket.socket], method: str) -> SFTPClient:
    """Make a client over a connection that is opened for it.

    Args:
        connect: opens it, once paramiko is there.
        method: the name of what was called, for the message.

    Raises:
        MissingExtra: paramiko is not installed.
    """
    paramiko = extra("sftp", "paramiko", method)
    client: SFTPClient = paramiko.SFTPClient(_Channel(connect()))
    return client


class _Channel:
    """A socket that paramiko waits for by reading: it would select one that it knows.

    What TLS has decrypted already is not seen by a select; and paramiko reads in one thread
    while it writes in another, which TLS does not bear.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._wire = Wire(connected)
        self._read = b""

    def get_name(self) -> str:
        return "sftp"

    def send(self, data: bytes) -> int:
        self._wire.write(memoryview(data))
        return len(data)

    def recv(self, count: int) -> bytes:
        if not self._read:
            self._read = self._wire.read()
        block, self._read = self._read[:count], self._read[count:]
        return block

    def close(self) -> None:
        self._wire.shut()
        self._wire.close()
