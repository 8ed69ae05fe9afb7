"""Backups of storage volumes, and other files that volumes are made of and become."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Literal, overload

from .._backup import export_as_backup, fetch_backup, unnamed
from .._progress import check_progress
from .._request import given, named, time_of
from .._server import import_headers
from .._transfer import sending
from ..errors import ArgumentError
from ..types import StorageVolumeBackup
from .storage_volumes import StorageVolumesMixin

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from datetime import datetime

    from .._progress import OnProgress
    from .._transfer import Destination
    from ..types import Operation

_IMPORTS = {
    "backup": "custom_volume_backup",
    "iso": "custom_volume_iso",
    "tar": "import_custom_volume_tar",
}


class StorageVolumeBackupsMixin(StorageVolumesMixin):
    """Chapter "storage volumes" of the API, as far as backups go."""

    def create_storage_volume_backup(
        self,
        pool: str,
        volume: str,
        name: str | None = None,
        *,
        compression_algorithm: str | None = None,
        expires_at: datetime | str | None = None,
        optimized_storage: bool | None = None,
        target: str | None = None,
        upload_to: Mapping[str, Any] | None = None,
        version: int | None = None,
        volume_only: bool | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Have the server make a backup of a volume, and keep it.

        ``POST /1.0/storage-pools/<pool>/volumes/custom/<volume>/backups``, API extension
        ``custom_volume_backup``. `export_storage_volume` makes one, fetches it and
        removes it in one call.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            name: the backup's, such as ``"monday"``; a number from the server if not given.
            compression_algorithm: such as ``"gzip"``, ``"zstd"`` or ``"none"``; as the
                server is configured if not given.
            expires_at: when the server deletes it; never if not given.
            optimized_storage: True writes it in the form of the pool's driver, which
                only pools of the same kind can read.
            target: the cluster member that has the volume, where several have one of
                that name.
            upload_to: where to send it to instead (Incus): ``protocol`` (``"s3"``), ``url``,
                ``bucket_name``, ``path``, ``access_key`` and ``secret_key``; such a backup
                has no name.
            version: of its format (LXD), such as ``1`` for older servers.
            volume_only: True leaves the snapshots out.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: ``expires_at`` is no moment with a time zone; both ``name``
                and ``upload_to`` are given.
            NotFound: there is no such volume.
            APIError: there is one of that name, or it could not be made.

        Example:
            >>> client.create_storage_volume_backup("default", "data", "monday").status
            'Success'
        """
        unnamed(name, "upload_to", upload_to)
        body = given(
            name=None if name is None else named(name),
            expires_at=time_of(expires_at),
            target=None if upload_to is None else dict(upload_to),
        )
        url = self._volume_backups(pool, volume)
        body |= self._volume_backup_body(
            compression_algorithm, optimized_storage, version, volume_only
        )
        if upload_to is not None:
            self._need("backup_s3_upload", "upload_to")
        return self._handle_async(self._post(url, body, target=target), sync)

    def delete_storage_volume_backup(
        self,
        pool: str,
        volume: str,
        name: str,
        *,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Delete a backup of a volume.

        ``DELETE /1.0/storage-pools/<pool>/volumes/custom/<volume>/backups/<name>``, API
        extension ``custom_volume_backup``.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            name: such as ``"monday"``.
            target: the cluster member that has the volume, where several have one of
                that name.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such backup.

        Example:
            >>> client.delete_storage_volume_backup("default", "data", "monday").status
            'Success'
        """
        url = self._volume_backups(pool, volume, name)
        return self._handle_async(self._delete(url, target=target), sync)

    def export_storage_volume(
        self,
        pool: str,
        name: str,
        dest: Destination,
        *,
        compression_algorithm: str | None = None,
        on_progress: OnProgress | None = None,
        optimized_storage: bool | None = None,
        progress: bool = False,
        target: str | None = None,
        version: int | None = None,
        volume_only: bool | None = None,
    ) -> Destination:
        """Save a volume to a file, from which `import_storage_volume` makes it again.

        ``POST /1.0/storage-pools/<pool>/volumes/custom/<name>/backups``, API extension
        ``custom_volume_backup``: where the server can (Incus, API extension
        ``direct_backup``), the answer is the file. Else a backup is made, fetched and
        deleted. It comes in pieces, however large it is.

        Args:
            pool: such as ``"default"``.
            name: such as ``"data"``.
            dest: a path, or a file that is open for writing bytes. A file at a path is
                replaced when all has come; what breaks half-way leaves it as it was.
            compression_algorithm: such as ``"gzip"``, ``"zstd"`` or ``"none"``; as the
                server is configured if not given.
            on_progress: called with bytes done, bytes in all (or None), and the name.
            optimized_storage: True writes it in the form of the pool's driver, which
                only pools of the same kind can read.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            target: the cluster member that has the volume, where several have one of
                that name.
            version: of the file's format (LXD), such as ``1`` for older servers.
            volume_only: True leaves the snapshots out.

        Returns:
            ``dest``.

        Raises:
            NotFound: there is no such volume.
            ConnectionFailed: it broke half-way.
            OSError: ``dest`` cannot be written, or the disk is full.

        Example:
            >>> client.export_storage_volume("default", "data", "data.tar.gz")
            'data.tar.gz'
        """
        check_progress(progress)
        url = self._volume_backups(pool, name)
        body = self._volume_backup_body(
            compression_algorithm, optimized_storage, version, volume_only
        )
        return export_as_backup(
            self, url, body, dest, on_progress, progress=progress, text=name, target=target
        )

    def export_storage_volume_backup(
        self,
        pool: str,
        volume: str,
        name: str,
        dest: Destination,
        *,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        target: str | None = None,
    ) -> Destination:
        """Save a backup of a volume to a file.

        ``GET /1.0/storage-pools/<pool>/volumes/custom/<volume>/backups/<name>/export``,
        API extension ``custom_volume_backup``. It comes in pieces, however large it is.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            name: such as ``"monday"``.
            dest: a path, or a file that is open for writing bytes. A file at a path is
                replaced when all has come; what breaks half-way leaves it as it was.
            on_progress: called with bytes done, bytes in all, and the backup's name.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            target: the cluster member that has the volume, where several have one of
                that name.

        Returns:
            ``dest``.

        Raises:
            NotFound: there is no such backup.
            ConnectionFailed: it broke half-way.
            OSError: ``dest`` cannot be written, or the disk is full.

        Example:
            >>> client.export_storage_volume_backup("default", "data", "monday", "data.tar.gz")
            'data.tar.gz'
        """
        check_progress(progress)
        url = self._volume_backups(pool, volume, name)
        return fetch_backup(
            self, url, dest, on_progress, progress=progress, text=name, target=target
        )

    def import_storage_volume(
        self,
        pool: str,
        source: str | os.PathLike[str] | IO[bytes],
        *,
        kind: Literal["backup", "iso", "tar"] = "backup",
        name: str | None = None,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Make a volume from a file: ``POST /1.0/storage-pools/<pool>/volumes/custom``.

        It goes in pieces, however large it is.

        Args:
            pool: such as ``"default"``.
            source: a path, or a file that is open for reading bytes.
            kind: ``"backup"``: what `export_storage_volume` has saved, of LXD or Incus.
                ``"iso"``: an image of a disc for virtual machines (API extension
                ``custom_volume_iso``). ``"tar"``: an archive of the files that are to be
                in the volume (LXD, API extension ``import_custom_volume_tar``).
            name: of the new volume; a backup's own if not given.
            on_progress: called with bytes done, bytes in all (or None), and the name.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            target: the cluster member to create it on, where each has a pool of its own.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: ``kind`` is none of these, or it needs a name.
            MissingExtension: the server cannot make a volume from such a file.
            OSError: ``source`` cannot be read; then nothing was sent.
            APIError: there is a volume of that name, or the file is no backup.

        Example:
            >>> client.import_storage_volume("default", "data.tar.gz", name="copy").status
            'Success'
        """
        if kind not in _IMPORTS:
            message = f'kind must be "backup", "iso" or "tar", not {kind!r}.'
            raise ArgumentError(message)
        if name is None and kind != "backup":
            message = f"A file of the kind {kind!r} tells no name: give one to the volume."
            raise ArgumentError(message)
        url = self._pool(pool, "volumes", "custom")
        if name is not None and not named(name).isascii():
            message = f"{name!r} cannot travel in a header: take an ASCII name, and rename it."
            raise ArgumentError(message)
        text = name or str(getattr(source, "name", source))
        with sending(source, on_progress, progress=progress, text=text) as payload:
            self._need(_IMPORTS[kind], f"kind={kind!r}")
            if name is not None:
                self._need("backup_override_name", "name")
            headers = import_headers(self._capabilities().product, name=name, kind=kind)
            return self._handle_async(
                self._upload(url, payload, headers=headers, target=target), sync
            )

    def rename_storage_volume_backup(
        self,
        pool: str,
        volume: str,
        old_name: str,
        new_name: str,
        *,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Rename a backup of a volume.

        ``POST /1.0/storage-pools/<pool>/volumes/custom/<volume>/backups/<name>``, API
        extension ``custom_volume_backup``.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            old_name: such as ``"monday"``.
            new_name: such as ``"before"``.
            target: the cluster member that has the volume, where several have one of
                that name.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such backup.
            APIError: there is one of the new name.

        Example:
            >>> client.rename_storage_volume_backup("default", "data", "monday", "old").status
            'Success'
        """
        body = {"name": named(new_name)}
        url = self._volume_backups(pool, volume, old_name)
        return self._handle_async(self._post(url, body, target=target), sync)

    def storage_volume_backup(
        self, pool: str, volume: str, name: str, *, target: str | None = None
    ) -> StorageVolumeBackup:
        """Read what is known of a backup of a volume.

        ``GET /1.0/storage-pools/<pool>/volumes/custom/<volume>/backups/<name>``, API
        extension ``custom_volume_backup``.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            name: such as ``"monday"``.
            target: the cluster member that has the volume, where several have one of
                that name.

        Raises:
            NotFound: there is no such backup.

        Example:
            >>> client.storage_volume_backup("default", "data", "monday").volume_only
            False
        """
        url = self._volume_backups(pool, volume, name)
        return self._object(url, StorageVolumeBackup, target=target)

    @overload
    def storage_volume_backups(
        self,
        pool: str,
        volume: str,
        *,
        recursion: Literal[0] = 0,
        target: str | None = None,
    ) -> list[str]: ...

    @overload
    def storage_volume_backups(
        self, pool: str, volume: str, *, recursion: Literal[1], target: str | None = None
    ) -> list[StorageVolumeBackup]: ...

    def storage_volume_backups(
        self,
        pool: str,
        volume: str,
        *,
        recursion: Literal[0, 1] = 0,
        target: str | None = None,
    ) -> list[str] | list[StorageVolumeBackup]:
        """List the backups of a volume that the server keeps.

        ``GET /1.0/storage-pools/<pool>/volumes/custom/<volume>/backups``, API extension
        ``custom_volume_backup``.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            recursion: 0 for names, 1 for the backups themselves.
            target: the cluster member that has the volume, where several have one of
                that name.

        Raises:
            NotFound: there is no such volume.

        Example:
            >>> client.storage_volume_backups("default", "data")
            ['monday']
        """
        return self._list(
            self._volume_backups(pool, volume), StorageVolumeBackup, recursion, target=target
        )

    def _volume_backup_body(
        self,
        compression_algorithm: str | None,
        optimized_storage: bool | None,
        version: int | None,
        volume_only: bool | None,
    ) -> dict[str, Any]:
        """Say what a backup is to be like."""
        if version is not None:
            self._need("backup_metadata_version", "version")
        return given(
            compression_algorithm=compression_algorithm,
            optimized_storage=optimized_storage,
            version=version,
            volume_only=volume_only,
        )

    def _volume_backups(self, pool: str, volume: str, *rest: str) -> str:
        """Build the path of a volume's backups, or of one of them."""
        url = self._volume(pool, "custom", volume, "backups", *rest)
        self._need("custom_volume_backup", "backups of volumes")
        return url
