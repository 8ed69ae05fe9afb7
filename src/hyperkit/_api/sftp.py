"""SFTP: the files of an instance in the protocol that many programs speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._sftp import sftp_client_over
from .._upgrade import upgrade
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
            without SSH: begin with ``SSH_FXP_INIT``. Close it when you are done. Over HTTPS it
            bears one thread at a time, as all of Python's TLS sockets do.

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
        return upgrade(self, url, "sftp")

    def sftp_client(self, name: str) -> SFTPClient:
        """Connect to the files of an instance, with paramiko's client.

        ``GET /1.0/instances/<name>/sftp``; needs the extra ``pyhyperkit[sftp]``.

        Args:
            name: such as ``"web"``.

        Returns:
            A ``paramiko.SFTPClient``, which is a context manager.

        Raises:
            ConnectionFailed: the server cannot be reached, or hung up.
            MissingExtra: paramiko is not installed.
            NotFound: there is no such instance, or the server is older than SFTP.

        Example:
            >>> with client.sftp_client("web") as sftp:
            ...     "etc" in sftp.listdir("/")
            True
        """
        return sftp_client_over(lambda: self.sftp(name), "sftp_client")
