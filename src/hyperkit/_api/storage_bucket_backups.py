"""Backups of storage buckets: whole buckets as files."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Literal, overload

from .._backup import export_as_backup, fetch_backup
from .._progress import check_progress
from .._request import check_names, given, named, time_of
from .._shape import entries
from .._transfer import sending
from ..errors import InvalidResponse
from ..types import StorageBucketBackup
from .storage_buckets import StorageBucketsMixin

if TYPE_CHECKING:
    import os
    from datetime import datetime

    from .._progress import OnProgress
    from .._transfer import Destination
    from ..types import Operation


class StorageBucketBackupsMixin(StorageBucketsMixin):
    """Chapter "storage" of the API, as far as the backups of buckets go; all of it is Incus'."""

    def create_storage_bucket_backup(
        self,
        pool: str,
        bucket: str,
        name: str,
        *,
        compression_algorithm: str | None = None,
        expires_at: datetime | str | None = None,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Make a backup of a bucket: ``POST /1.0/storage-pools/<pool>/buckets/<bucket>/backups``.

        API extension ``storage_bucket_backup`` (Incus). It stays on the server until it is
        deleted; `export_storage_bucket` makes one, saves it here, and leaves none.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            bucket: its name, such as ``"photos"``.
            name: the backup's, such as ``"monday"``.
            compression_algorithm: such as ``"zstd"``, or ``"none"``; as the server is
                configured if not given.
            expires_at: when the server deletes it; never if not given.
            target: the cluster member that has the bucket.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: ``expires_at`` is no moment with a time zone.
            NotFound: there is no such bucket.
            OperationFailed: it could not be made, or there is one of that name.

        Example:
            >>> client.create_storage_bucket_backup("default", "photos", "monday").status
            'Success'
        """
        body = given(
            name=named(name),
            compression_algorithm=compression_algorithm,
            expires_at=time_of(expires_at),
        )
        url = self._bucket_backup(pool, bucket)
        return self._handle_async(self._post(url, body, target=target), sync)

    def delete_storage_bucket_backup(
        self,
        pool: str,
        bucket: str,
        name: str,
        *,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Delete a backup: ``DELETE /1.0/storage-pools/<pool>/buckets/<bucket>/backups/<backup>``.

        API extension ``storage_bucket_backup`` (Incus).

        Args:
            pool: the storage pool's name, such as ``"default"``.
            bucket: its name, such as ``"photos"``.
            name: the backup's, such as ``"monday"``.
            target: the cluster member that has the bucket.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such backup.

        Example:
            >>> client.delete_storage_bucket_backup("default", "photos", "monday").status
            'Success'
        """
        url = self._bucket_backup(pool, bucket, name)
        return self._handle_async(self._delete(url, target=target), sync)

    def export_storage_bucket(
        self,
        pool: str,
        bucket: str,
        dest: Destination,
        *,
        compression_algorithm: str | None = None,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        target: str | None = None,
    ) -> Destination:
        """Save a bucket to a file: ``POST /1.0/storage-pools/<pool>/buckets/<bucket>/backups``.

        API extension ``storage_bucket_backup`` (Incus). With the extension
        ``direct_backup``, the server writes straight into the connection. Without it, a
        backup is made, fetched, and deleted again, whatever happens.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            bucket: its name, such as ``"photos"``.
            dest: a path, or a file that is open for writing bytes. A file at a path gets
                its name when all of it has come.
            compression_algorithm: such as ``"zstd"``, or ``"none"``; as the server is
                configured if not given.
            on_progress: called with bytes done, bytes in all (or None), and the name.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            target: the cluster member that has the bucket.

        Returns:
            ``dest``.

        Raises:
            ConnectionFailed: the connection broke; a file at the path stays as it was.
            NotFound: there is no such bucket.
            OperationFailed: the backup could not be made.
            OSError: it cannot be written there, or the disk is full.

        Example:
            >>> client.export_storage_bucket("default", "photos", "photos.tar.gz")
            'photos.tar.gz'
        """
        check_progress(progress)
        return export_as_backup(
            self,
            self._bucket_backup(pool, bucket),
            given(compression_algorithm=compression_algorithm),
            dest,
            on_progress,
            progress=progress,
            text=bucket,
            target=target,
        )

    def export_storage_bucket_backup(
        self,
        pool: str,
        bucket: str,
        name: str,
        dest: Destination,
        *,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        target: str | None = None,
    ) -> Destination:
        """Save it: ``GET /1.0/storage-pools/<pool>/buckets/<bucket>/backups/<backup>/export``.

        API extension ``storage_bucket_backup`` (Incus).

        Args:
            pool: the storage pool's name, such as ``"default"``.
            bucket: its name, such as ``"photos"``.
            name: the backup's, such as ``"monday"``.
            dest: a path, or a file that is open for writing bytes. A file at a path gets
                its name when all of it has come.
            on_progress: called with bytes done, bytes in all (or None), and the name.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            target: the cluster member that has the bucket.

        Returns:
            ``dest``.

        Raises:
            ConnectionFailed: the connection broke; a file at the path stays as it was.
            NotFound: there is no such backup.
            OSError: it cannot be written there, or the disk is full.

        Example:
            >>> client.export_storage_bucket_backup("default", "photos", "monday", "monday.tar.gz")
            'monday.tar.gz'
        """
        check_progress(progress)
        url = self._bucket_backup(pool, bucket, name)
        return fetch_backup(
            self, url, dest, on_progress, progress=progress, text=name, target=target
        )

    def import_storage_bucket(
        self,
        pool: str,
        source: str | os.PathLike[str] | IO[bytes],
        *,
        name: str | None = None,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        sync: bool | None = None,
    ) -> Operation:
        """Make a bucket from a backup: ``POST /1.0/storage-pools/<pool>/buckets``.

        API extensions ``storage_buckets`` and ``storage_bucket_backup`` (Incus). The file
        goes in pieces, however large it is.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            source: the backup: a path, or a file that is open for reading bytes.
            name: of the bucket, if that is to be another one.
            on_progress: called with bytes done, bytes in all (or None), and the file.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            BadRequest: this is no backup.
            NotFound: there is no such pool.
            OperationFailed: it could not be imported, or the name is taken.
            OSError: the file cannot be read; then nothing was sent.

        Example:
            >>> client.import_storage_bucket("default", "photos.tar.gz", name="again").status
            'Success'
        """
        check_progress(progress)
        if name is not None:
            check_names(name)
        url = self._bucket(pool)
        self._need("storage_bucket_backup", "backups of buckets")
        headers = given(**{self._header("name"): name})
        text = str(getattr(source, "name", None) or source)
        with sending(source, on_progress, progress=progress, text=text) as payload:
            return self._handle_async(self._upload(url, payload, headers=headers), sync)

    def rename_storage_bucket_backup(
        self,
        pool: str,
        bucket: str,
        old_name: str,
        new_name: str,
        *,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Rename a backup: ``POST /1.0/storage-pools/<pool>/buckets/<bucket>/backups/<backup>``.

        API extension ``storage_bucket_backup`` (Incus).

        Args:
            pool: the storage pool's name, such as ``"default"``.
            bucket: its name, such as ``"photos"``.
            old_name: such as ``"monday"``.
            new_name: such as ``"last"``.
            target: the cluster member that has the bucket.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such backup.
            OperationFailed: there is one of the new name.

        Example:
            >>> client.rename_storage_bucket_backup("default", "photos", "monday", "last").status
            'Success'
        """
        body = {"name": named(new_name)}
        url = self._bucket_backup(pool, bucket, old_name)
        return self._handle_async(self._post(url, body, target=target), sync)

    def storage_bucket_backup(
        self, pool: str, bucket: str, name: str, *, target: str | None = None
    ) -> StorageBucketBackup:
        """Read a backup: ``GET /1.0/storage-pools/<pool>/buckets/<bucket>/backups/<backup>``.

        API extension ``storage_bucket_backup`` (Incus).

        Args:
            pool: the storage pool's name, such as ``"default"``.
            bucket: its name, such as ``"photos"``.
            name: the backup's, such as ``"monday"``.
            target: the cluster member that has the bucket.

        Raises:
            NotFound: there is no such backup.

        Example:
            >>> client.storage_bucket_backup("default", "photos", "monday").expires_at
        """
        url = self._bucket_backup(pool, bucket, name)
        return self._object(url, StorageBucketBackup, target=target)

    @overload
    def storage_bucket_backups(
        self, pool: str, bucket: str, *, recursion: Literal[0] = 0, target: str | None = None
    ) -> list[str]: ...

    @overload
    def storage_bucket_backups(
        self, pool: str, bucket: str, *, recursion: Literal[1], target: str | None = None
    ) -> list[StorageBucketBackup]: ...

    def storage_bucket_backups(
        self, pool: str, bucket: str, *, recursion: Literal[0, 1] = 0, target: str | None = None
    ) -> list[str] | list[StorageBucketBackup]:
        """List the backups: ``GET /1.0/storage-pools/<pool>/buckets/<bucket>/backups``.

        API extension ``storage_bucket_backup`` (Incus).

        Args:
            pool: the storage pool's name, such as ``"default"``.
            bucket: its name, such as ``"photos"``.
            recursion: 0 for names, 1 for the backups themselves.
            target: the cluster member that has the bucket.

        Raises:
            InvalidResponse: an Incus that makes backups, but does not list them.
            NotFound: there is no such bucket. Incus 7 says that it has no backups.

        Example:
            >>> client.storage_bucket_backups("default", "photos")
            ['monday']
        """
        url = self._bucket_backup(pool, bucket)
        # Asked for the names alone, Incus 7.0 hangs up.
        listed: Any = self._get(url, recursion=1, target=target)
        if isinstance(listed, dict):
            # What Incus answered here before it had a list: the bucket.
            message = f"The server does not list the backups of the bucket {bucket!r}."
            raise InvalidResponse(message)
        found = entries(listed, StorageBucketBackup)
        return found if recursion else [backup.name for backup in found]

    def _bucket_backup(self, pool: str, bucket: str, *rest: str) -> str:
        """Build the path of the backups of a bucket, or of one of them."""
        url = self._bucket(pool, bucket, "backups", *rest)
        self._need("storage_bucket_backup", "backups of buckets")
        return url
