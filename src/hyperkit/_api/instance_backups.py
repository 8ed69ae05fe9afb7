"""Backups of instances: whole instances as files."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Literal, overload

from .._backup import export_as_backup, fetch_backup, unnamed
from .._progress import check_progress
from .._request import check_names, devices_of, given, named, path, strings, time_of
from .._server import config_in_words
from .._transfer import sending
from ..types import InstanceBackup
from .instances import InstancesMixin

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from datetime import datetime

    from .._progress import OnProgress
    from .._transfer import Destination
    from ..types import Operation


class InstanceBackupsMixin(InstancesMixin):
    """Chapter "instances" of the API, as far as their backups go."""

    def create_instance_backup(
        self,
        instance: str,
        name: str | None = None,
        *,
        compression_algorithm: str | None = None,
        expires_at: datetime | str | None = None,
        instance_only: bool | None = None,
        optimized_storage: bool | None = None,
        root_only: bool | None = None,
        target: Mapping[str, str] | None = None,
        version: int | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Make a backup of an instance: ``POST /1.0/instances/<name>/backups``.

        API extension ``container_backup``. It stays on the server until it is deleted;
        `export_instance` makes one, saves it here, and leaves none.

        Args:
            instance: its name, such as ``"web"``; it may be running.
            name: the backup's, such as ``"monday"``; a number from the server if not given.
            compression_algorithm: such as ``"zstd"``, or ``"none"``; as the server is
                configured if not given.
            expires_at: when the server deletes it; never if not given.
            instance_only: True leaves the snapshots out.
            optimized_storage: True writes it in the storage driver's own form, which
                only a pool of that driver can read.
            root_only: True leaves out the volumes that depend on the instance; API
                extension ``dependent`` (Incus).
            target: where the server sends it instead of keeping it: ``protocol``
                (``"s3"``), ``url``, ``bucket_name``, ``path``, ``access_key`` and
                ``secret_key``; such a backup has no name. API extension
                ``backup_s3_upload`` (Incus).
            version: of the form of the backup, for older servers, such as ``1``; API
                extension ``backup_metadata_version`` (LXD).
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: ``expires_at`` is no moment with a time zone; both ``name``
                and ``target`` are given.
            NotFound: there is no such instance.
            OperationFailed: it could not be made, or there is one of that name.

        Example:
            >>> client.create_instance_backup("web", "monday", instance_only=True).status
            'Success'
        """
        unnamed(name, "target", target)
        body = given(name=None if name is None else named(name), expires_at=time_of(expires_at))
        url = self._instance_backup(instance)
        body |= self._instance_backup_body(
            compression_algorithm=compression_algorithm,
            instance_only=instance_only,
            optimized_storage=optimized_storage,
            root_only=root_only,
            version=version,
        )
        if target is not None:
            self._need("backup_s3_upload", "target")
            body["target"] = dict(target)
        return self._handle_async(self._post(url, body), sync)

    def delete_instance_backup(
        self, instance: str, name: str, *, sync: bool | None = None
    ) -> Operation:
        """Delete a backup: ``DELETE /1.0/instances/<name>/backups/<backup>``.

        API extension ``container_backup``.

        Args:
            instance: its name, such as ``"web"``.
            name: the backup's, such as ``"monday"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such backup.

        Example:
            >>> client.delete_instance_backup("web", "monday").status
            'Success'
        """
        return self._handle_async(self._delete(self._instance_backup(instance, name)), sync)

    def export_instance(
        self,
        instance: str,
        dest: Destination,
        *,
        compression_algorithm: str | None = None,
        instance_only: bool | None = None,
        on_progress: OnProgress | None = None,
        optimized_storage: bool | None = None,
        progress: bool = False,
        root_only: bool | None = None,
        version: int | None = None,
    ) -> Destination:
        """Save an instance to a file: ``POST /1.0/instances/<name>/backups``.

        API extension ``container_backup``. With the extension ``direct_backup``, the
        server writes straight into the connection. Without it, a backup is made,
        fetched, and deleted again, whatever happens.

        Args:
            instance: its name, such as ``"web"``; it may be running.
            dest: a path, or a file that is open for writing bytes. A file at a path gets
                its name when all of it has come.
            compression_algorithm: such as ``"zstd"``, or ``"none"``; as the server is
                configured if not given.
            instance_only: True leaves the snapshots out.
            on_progress: called with bytes done, bytes in all (or None), and the name.
            optimized_storage: True writes it in the storage driver's own form, which
                only a pool of that driver can read.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            root_only: True leaves out the volumes that depend on the instance; API
                extension ``dependent`` (Incus).
            version: of the form of the backup, for older servers, such as ``1``; API
                extension ``backup_metadata_version`` (LXD).

        Returns:
            ``dest``.

        Raises:
            ConnectionFailed: the connection broke; a file at the path stays as it was.
            NotFound: there is no such instance.
            OperationFailed: the backup could not be made.
            OSError: it cannot be written there, or the disk is full.

        Example:
            >>> client.export_instance("web", "web.tar.gz")
            'web.tar.gz'
        """
        check_progress(progress)
        url = self._instance_backup(instance)
        body = self._instance_backup_body(
            compression_algorithm=compression_algorithm,
            instance_only=instance_only,
            optimized_storage=optimized_storage,
            root_only=root_only,
            version=version,
        )
        return export_as_backup(
            self, url, body, dest, on_progress, progress=progress, text=instance
        )

    def export_instance_backup(
        self,
        instance: str,
        name: str,
        dest: Destination,
        *,
        on_progress: OnProgress | None = None,
        progress: bool = False,
    ) -> Destination:
        """Save a backup to a file: ``GET /1.0/instances/<name>/backups/<backup>/export``.

        API extension ``container_backup``.

        Args:
            instance: its name, such as ``"web"``.
            name: the backup's, such as ``"monday"``.
            dest: a path, or a file that is open for writing bytes. A file at a path gets
                its name when all of it has come.
            on_progress: called with bytes done, bytes in all (or None), and the name.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).

        Returns:
            ``dest``.

        Raises:
            ConnectionFailed: the connection broke; a file at the path stays as it was.
            NotFound: there is no such backup.
            OSError: it cannot be written there, or the disk is full.

        Example:
            >>> client.export_instance_backup("web", "monday", "web.tar.gz")
            'web.tar.gz'
        """
        check_progress(progress)
        url = self._instance_backup(instance, name)
        return fetch_backup(self, url, dest, on_progress, progress=progress, text=name)

    def import_instance(
        self,
        source: str | os.PathLike[str] | IO[bytes],
        *,
        config: Mapping[str, Any] | None = None,
        devices: Mapping[str, Mapping[str, Any]] | None = None,
        name: str | None = None,
        on_progress: OnProgress | None = None,
        pool: str | None = None,
        progress: bool = False,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Make an instance from a backup: ``POST /1.0/instances``.

        API extension ``container_backup``. The file goes in pieces, however large it is.

        Args:
            source: the backup: a path, or a file that is open for reading bytes.
            config: keys to change, such as ``{"limits.cpu": 2}``; API extension
                ``backup_override_config`` (Incus). Incus takes no value with a space.
            devices: those to add or to change; API extension
                ``import_instance_devices`` (LXD) or ``backup_override_config`` (Incus).
                Incus takes no value with a space.
            name: of the instance, if that is to be another one; API extension
                ``backup_override_name``.
            on_progress: called with bytes done, bytes in all (or None), and the file.
            pool: the storage pool to put it in, if that is to be another one; API
                extension ``container_backup_override_pool``.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            target: the cluster member to place it on.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: ``config`` or ``devices`` hold what the server cannot take.
            BadRequest: this is no backup.
            OperationFailed: it could not be imported, or the name is taken.
            OSError: the file cannot be read; then nothing was sent.

        Example:
            >>> client.import_instance("web.tar.gz", name="web-2").status
            'Success'
        """
        check_progress(progress)
        check_names(*given(name=name, pool=pool).values())
        server = self._capabilities()
        self._need("container_backup", "backups of instances")
        headers: dict[str, str] = {}
        if name is not None:
            self._need("backup_override_name", "name")
            headers[self._header("name")] = name
        if pool is not None:
            self._need("container_backup_override_pool", "pool")
            headers[self._header("pool")] = pool
        if config:
            self._need("backup_override_config", "config")
            headers[self._header("config")] = config_in_words(strings(config) or {})
        if devices:
            self._need(server.product.import_devices, "devices")
            words = server.product.write_devices(devices_of(devices) or {})
            headers[self._header("devices")] = words
        text = getattr(source, "name", None) or source
        with sending(source, on_progress, progress=progress, text=str(text)) as payload:
            return self._handle_async(
                self._upload(path(server.instances), payload, headers=headers, target=target),
                sync,
            )

    def instance_backup(self, instance: str, name: str) -> InstanceBackup:
        """Read what a backup is: ``GET /1.0/instances/<name>/backups/<backup>``.

        API extension ``container_backup``.

        Args:
            instance: its name, such as ``"web"``.
            name: the backup's, such as ``"monday"``.

        Raises:
            NotFound: there is no such backup.

        Example:
            >>> client.instance_backup("web", "monday").instance_only
            True
        """
        return self._object(self._instance_backup(instance, name), InstanceBackup)

    @overload
    def instance_backups(self, instance: str, *, recursion: Literal[0] = 0) -> list[str]: ...

    @overload
    def instance_backups(
        self, instance: str, *, recursion: Literal[1]
    ) -> list[InstanceBackup]: ...

    def instance_backups(
        self, instance: str, *, recursion: Literal[0, 1] = 0
    ) -> list[str] | list[InstanceBackup]:
        """List the backups of an instance: ``GET /1.0/instances/<name>/backups``.

        API extension ``container_backup``.

        Args:
            instance: its name, such as ``"web"``.
            recursion: 0 for names, 1 for the backups themselves.

        Raises:
            NotFound: there is no such instance.

        Example:
            >>> client.instance_backups("web")
            ['monday']
        """
        return self._list(self._instance_backup(instance), InstanceBackup, recursion)

    def rename_instance_backup(
        self, instance: str, old_name: str, new_name: str, *, sync: bool | None = None
    ) -> Operation:
        """Rename a backup: ``POST /1.0/instances/<name>/backups/<backup>``.

        API extension ``container_backup``.

        Args:
            instance: its name, such as ``"web"``.
            old_name: such as ``"monday"``.
            new_name: such as ``"last"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such backup.
            OperationFailed: there is one of the new name.

        Example:
            >>> client.rename_instance_backup("web", "monday", "last").status
            'Success'
        """
        body = {"name": named(new_name)}
        url = self._instance_backup(instance, old_name)
        return self._handle_async(self._post(url, body), sync)

    def _instance_backup(self, instance: str, *rest: str) -> str:
        """Build the path of the backups of an instance, or of one of them."""
        url = self._path(instance, "backups", *rest)
        self._need("container_backup", "backups of instances")
        return url

    def _instance_backup_body(
        self,
        *,
        compression_algorithm: str | None,
        instance_only: bool | None,
        optimized_storage: bool | None,
        root_only: bool | None,
        version: int | None,
    ) -> dict[str, Any]:
        """Say how a backup is to be."""
        if compression_algorithm is not None:
            self._need("backup_compression_algorithm", "compression_algorithm")
        if root_only is not None:
            self._need("dependent", "root_only")
        if version is not None:
            self._need("backup_metadata_version", "version")
        return given(
            compression_algorithm=compression_algorithm,
            instance_only=instance_only,
            optimized_storage=optimized_storage,
            root_only=root_only,
            version=version,
        )
