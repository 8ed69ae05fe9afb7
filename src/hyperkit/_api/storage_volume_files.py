"""Files in storage volumes (Incus): without an instance that uses them."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from .._files import Place, absolute, mode_of
from .._payload import Payload, content_of
from .._progress import Meter, check_progress
from .._sftp import sftp_client_over
from .._transfer import save, sending
from .._upgrade import upgrade
from .storage_volumes import StorageVolumesMixin

if TYPE_CHECKING:
    import os
    import socket

    from paramiko import SFTPClient

    from .._files import RemotePath
    from .._payload import Content
    from .._progress import OnProgress
    from .._transfer import Destination
    from ..types import FileInfo


class StorageVolumeFilesMixin(StorageVolumesMixin):
    """Chapter "storage volumes" of the API, as far as the files in them go."""

    def delete_storage_volume_file(
        self, pool: str, volume: str, file: RemotePath, *, force: bool | None = None
    ) -> None:
        """Delete a file or a folder in a volume.

        ``DELETE /1.0/storage-pools/<pool>/volumes/custom/<volume>/files``, API extension
        ``file_storage_volume`` (Incus).

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            file: its absolute path in the volume, such as ``"/reports/may"``; of a
                symbolic link, the link is deleted.
            force: True deletes a folder with all that is in it: at once, or one by one where
                the server lacks the API extension ``file_delete_force``. Else it must be empty.

        Raises:
            NotFound: there is no such volume, or no such file.

        Example:
            >>> client.delete_storage_volume_file("default", "data", "/reports", force=True)
        """
        self._volume_place(pool, volume, file).delete(force=force)

    def list_storage_volume_directory(
        self, pool: str, volume: str, directory: RemotePath
    ) -> list[str]:
        """List a folder in a volume.

        ``GET /1.0/storage-pools/<pool>/volumes/custom/<volume>/files``, API extension
        ``file_storage_volume`` (Incus).

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            directory: its absolute path in the volume, such as ``"/"``.

        Returns:
            The names in it, sorted, without their path.

        Raises:
            NotFound: there is no such volume, or no such folder.
            ArgumentError: it is no folder.

        Example:
            >>> client.list_storage_volume_directory("default", "data", "/")
            ['reports']
        """
        return self._volume_place(pool, volume, directory).names()

    def make_storage_volume_directory(
        self,
        pool: str,
        volume: str,
        directory: RemotePath,
        *,
        gid: int | None = None,
        mode: int | None = None,
        parents: bool = False,
        uid: int | None = None,
    ) -> None:
        """Make a folder in a volume.

        ``POST /1.0/storage-pools/<pool>/volumes/custom/<volume>/files``, API extension
        ``file_storage_volume`` (Incus). One that is there already stays as it is.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            directory: its absolute path in the volume, such as ``"/reports/may"``.
            gid: its group; root's if not given.
            mode: its permissions, such as ``0o755``.
            parents: True makes the folders above it as well, with the same owner and
                mode.
            uid: its owner; root if not given.

        Raises:
            NotFound: there is no such volume, or no folder above it.

        Example:
            >>> client.make_storage_volume_directory("default", "data", "/reports")
        """
        place = self._volume_place(pool, volume, directory)
        place.make_directory(gid=gid, mode=mode, parents=parents, uid=uid)

    def make_storage_volume_symlink(
        self, pool: str, volume: str, target: RemotePath, file: RemotePath
    ) -> None:
        """Make a symbolic link in a volume.

        ``POST /1.0/storage-pools/<pool>/volumes/custom/<volume>/files``, API extension
        ``file_storage_volume`` (Incus).

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            target: what it points to, as it is to be written; it need not be there.
            file: the link's own absolute path in the volume, such as ``"/latest"``.

        Raises:
            NotFound: there is no such volume, or no folder for it.

        Example:
            >>> client.make_storage_volume_symlink("default", "data", "reports/may", "/latest")
        """
        self._volume_place(pool, volume, file).send(Payload(str(target).encode()), type="symlink")

    def pull_storage_volume_file(
        self,
        pool: str,
        volume: str,
        source_file: RemotePath,
        dest: Destination,
        *,
        on_progress: OnProgress | None = None,
        progress: bool = False,
    ) -> Destination:
        """Copy a file from a volume.

        ``GET /1.0/storage-pools/<pool>/volumes/custom/<volume>/files``, API extension
        ``file_storage_volume`` (Incus). It comes in pieces, however large it is. A file
        at ``dest`` is replaced when all of it has come; what breaks half-way leaves it
        as it was. A symbolic link is followed.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            source_file: its absolute path in the volume, such as ``"/reports/may"``.
            dest: a path, which gets the file's permissions too, or a file that is
                open for writing bytes.
            on_progress: called with bytes done, bytes in all, and the file's path.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).

        Returns:
            ``dest``.

        Raises:
            NotFound: there is no such volume, or no such file.
            ArgumentError: it is a folder.
            ConnectionFailed: it broke half-way.
            OSError: ``dest`` cannot be written, or the disk is full.

        Example:
            >>> client.pull_storage_volume_file("default", "data", "/reports/may", "may")
            'may'
        """
        check_progress(progress)
        place = self._volume_place(pool, volume, source_file)
        with (
            place.open() as download,
            Meter(on_progress, progress=progress, text=str(source_file)) as meter,
        ):
            return save(download, dest, meter, mode=place.described(download.headers).mode)

    def push_storage_volume_file(
        self,
        source: str | os.PathLike[str] | IO[bytes],
        pool: str,
        volume: str,
        dest_file: RemotePath,
        *,
        append: bool = False,
        gid: int | None = None,
        mode: int | None = None,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        uid: int | None = None,
    ) -> None:
        """Copy a file into a volume.

        ``POST /1.0/storage-pools/<pool>/volumes/custom/<volume>/files``, API extension
        ``file_storage_volume`` (Incus). It goes in pieces, however large it is. Owner
        and mode are those of a new file; one that is there keeps its own.

        Args:
            source: a path, or a file that is open for reading bytes.
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            dest_file: the absolute path in the volume, such as ``"/reports/may"``.
            append: True adds to a file that is there.
            gid: its group; root's if not given.
            mode: its permissions, such as ``0o644``; those of ``source`` if that is a
                path.
            on_progress: called with bytes done, bytes in all (or None), and the path.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            uid: its owner; root if not given.

        Raises:
            NotFound: there is no such volume, or no folder for the file.
            ArgumentError: ``source`` became shorter while it was sent, or is a pipe that does
                not wait for what is to come.
            OSError: ``source`` cannot be read; then nothing was sent.

        Example:
            >>> client.push_storage_volume_file("may", "default", "data", "/reports/may")
        """
        place = self._volume_place(pool, volume, dest_file)
        with sending(source, on_progress, progress=progress, text=str(dest_file)) as payload:
            mode = mode_of(source) if mode is None else mode
            place.send(payload, append=append, gid=gid, mode=mode, uid=uid)

    def read_storage_volume_file(self, pool: str, volume: str, file: RemotePath) -> bytes:
        """Read a file in a volume.

        ``GET /1.0/storage-pools/<pool>/volumes/custom/<volume>/files``, API extension
        ``file_storage_volume`` (Incus). All of it is held in memory;
        `pull_storage_volume_file` is for large ones. A symbolic link is followed.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            file: its absolute path in the volume, such as ``"/reports/may"``.

        Raises:
            NotFound: there is no such volume, or no such file.
            ArgumentError: it is a folder.

        Example:
            >>> client.read_storage_volume_file("default", "data", "/reports/may")
            b'all well'
        """
        with self._volume_place(pool, volume, file).open() as download:
            return b"".join(download.blocks())

    def storage_volume_file_info(self, pool: str, volume: str, file: RemotePath) -> FileInfo:
        """Look at a file or folder in a volume.

        ``HEAD /1.0/storage-pools/<pool>/volumes/custom/<volume>/files``, API extension
        ``file_storage_volume`` (Incus). A symbolic link is not followed.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            file: its absolute path in the volume, such as ``"/reports/may"``.

        Returns:
            Type (``"file"``, ``"directory"``, ``"symlink"``), mode, owner; the size in
            bytes of a file.

        Raises:
            NotFound: there is no such volume, or no such file.

        Example:
            >>> client.storage_volume_file_info("default", "data", "/reports/may").size
            8
        """
        return self._volume_place(pool, volume, file).info()

    def storage_volume_sftp(self, pool: str, volume: str) -> socket.socket:
        """Connect to the files in a volume.

        ``GET /1.0/storage-pools/<pool>/volumes/custom/<volume>/sftp``, API extension
        ``custom_volume_sftp`` (Incus).

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.

        Returns:
            A connected socket that speaks version 3 of the SSH File Transfer Protocol,
            without SSH: begin with ``SSH_FXP_INIT``. Close it when you are done. Over HTTPS it
            bears one thread at a time, as all of Python's TLS sockets do.

        Raises:
            ConnectionFailed: the server cannot be reached, or hung up.
            NotFound: there is no such volume.

        Example:
            >>> with client.storage_volume_sftp("default", "data") as connection:
            ...     connection.sendall(bytes([0, 0, 0, 5, 1, 0, 0, 0, 3]))
            ...     len(connection.recv(9))
            9
        """
        url = self._volume(pool, "custom", volume, "sftp")
        self._need("custom_volume_sftp", "storage_volume_sftp")
        return upgrade(self, url, "sftp")

    def storage_volume_sftp_client(self, pool: str, volume: str) -> SFTPClient:
        """Connect to the files in a volume, with paramiko's client.

        ``GET /1.0/storage-pools/<pool>/volumes/custom/<volume>/sftp``, API extension
        ``custom_volume_sftp`` (Incus); needs the extra ``pyhyperkit[sftp]``.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.

        Returns:
            A ``paramiko.SFTPClient``, which is a context manager.

        Raises:
            ConnectionFailed: the server cannot be reached, or hung up.
            MissingExtra: paramiko is not installed.
            NotFound: there is no such volume.

        Example:
            >>> with client.storage_volume_sftp_client("default", "data") as sftp:
            ...     sftp.listdir("/")
            ['reports']
        """
        return sftp_client_over(
            lambda: self.storage_volume_sftp(pool, volume), "storage_volume_sftp_client"
        )

    def write_storage_volume_file(
        self,
        pool: str,
        volume: str,
        dest_file: RemotePath,
        *,
        append: bool = False,
        content: Content,
        gid: int | None = None,
        mode: int | None = None,
        uid: int | None = None,
    ) -> None:
        """Write a file in a volume.

        ``POST /1.0/storage-pools/<pool>/volumes/custom/<volume>/files``, API extension
        ``file_storage_volume`` (Incus). Owner and mode are those of a new file; one that
        is there keeps its own.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            dest_file: its absolute path in the volume, such as ``"/reports/may"``.
            append: True adds to a file that is there.
            content: bytes, text (written as UTF-8), or a file that is open for
                reading.
            gid: its group; root's if not given.
            mode: its permissions, such as ``0o644``.
            uid: its owner; root if not given.

        Raises:
            NotFound: there is no such volume, or no folder for the file.

        Example:
            >>> client.write_storage_volume_file(
            ...     "default", "data", "/reports/may", content="all well"
            ... )
        """
        place = self._volume_place(pool, volume, dest_file)
        payload = Payload(content_of(content))
        place.send(payload, append=append, gid=gid, mode=mode, uid=uid)

    def _volume_place(self, pool: str, volume: str, file: RemotePath) -> Place:
        """Name a path in a volume; what cannot be one sends nothing."""
        url = self._volume(pool, "custom", volume, "files")
        where = absolute(file)

        def checked() -> str:
            self._need("file_storage_volume", "files in volumes")
            return url

        return Place(self, checked, f"volume {volume}", where)
