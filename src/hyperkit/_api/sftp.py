"""SFTP: the files of an instance in the protocol that many programs speak."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .._upgrade import upgrade
from .._wire import Wire
from .instances import InstancesMixin

if TYPE_CHECKING:
    import socket

    from paramiko import SFTPClient


class SftpMixin(InstancesMixin):
    """Chapter "instances" of the API, as far as SFTP goes."""

    def sftp(self, name: str) -> socket.socket:
        """Connect to the files of an instance: ``GET /1.0/instances/<name>/sftp``.

        Args:
            name: such as ``"web"``.

        Returns:
            A connected socket that speaks version 3 of the SSH File Transfer Protocol,
            without SSH: begin with ``SSH_FXP_INIT``. Close it when you are done.

        Raises:
            ConnectionFailed: the server cannot be reached, or hung up.
            NotFound: there is no such instance, or the server is older than SFTP.

        Example:
            >>> with client.sftp("web") as connection:
            ...     connection.sendall(bytes([0, 0, 0, 5, 1, 0, 0, 0, 3]))
            ...     len(connection.recv(9))
            9
        """
        url = self._path(name, "sftp")
        return upgrade(self, url + self._query(url, None), "sftp")

    def sftp_client(self, name: str) -> SFTPClient:
        """Connect to the files of an instance, with paramiko's client.

        ``GET /1.0/instances/<name>/sftp``; needs the extra ``pyhyperkit[sftp]``.

        Args:
            name: such as ``"web"``.

        Returns:
            A ``paramiko.SFTPClient``, which is a context manager.

        Raises:
            ConnectionFailed: the server cannot be reached, or hung up.
            ImportError: paramiko is not installed.
            NotFound: there is no such instance, or the server is older than SFTP.

        Example:
            >>> with client.sftp_client("web") as sftp:
            ...     "etc" in sftp.listdir("/")
            True
        """
        try:
            paramiko: Any = import_module("paramiko")
        except ImportError as error:
            message = "sftp_client needs paramiko: pip install 'pyhyperkit[sftp]'."
            raise ImportError(message) from error
        client: SFTPClient = paramiko.SFTPClient(_Channel(self.sftp(name)))
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
