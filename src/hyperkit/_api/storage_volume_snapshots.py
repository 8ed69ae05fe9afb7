"""Snapshots of storage volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._edit import editing
from .._request import NEVER, given, named, time_of
from ..types import StorageVolumeSnapshot
from .storage_volumes import StorageVolumesMixin

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime

    from ..types import Operation


class StorageVolumeSnapshotsMixin(StorageVolumesMixin):
    """Chapter "storage volumes" of the API, as far as their snapshots go."""

    def create_storage_volume_snapshot(
        self,
        pool: str,
        volume: str,
        name: str,
        *,
        description: str | None = None,
        expires_at: datetime | str | None = None,
        target: str | None = None,
        type: str = "custom",
        sync: bool | None = None,
    ) -> Operation:
        """Take a snapshot of a volume.

        ``POST /1.0/storage-pools/<pool>/volumes/<type>/<volume>/snapshots``, API
        extension ``storage_api_volume_snapshots``.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            name: the new one's name, such as ``"before"``.
            description: for people; the volume's own if not given. Only the newest LXD
                takes it here: on other servers it is written by a further request after
                the snapshot has been taken, so there it needs a call that waits.
            expires_at: when the server deletes it; as the volume's configuration says
                if not given.
            target: the cluster member that has it, where several have one of that name.
            type: ``"custom"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: ``expires_at`` is no moment with a time zone.
            NotFound: there is no such volume.
            APIError: there is one of that name, or it could not be taken.

        Example:
            >>> client.create_storage_volume_snapshot("default", "data", "before").status
            'Success'
        """
        body = given(name=named(name), description=description, expires_at=time_of(expires_at))
        url = self._volume_snapshots(pool, type, volume)
        if expires_at is not None:
            self._need("custom_volume_snapshot_expiry", "expires_at")
        done = self._handle_async(self._post(url, body, target=target), sync)
        if description is not None and done.status_code >= 200:
            made = self.storage_volume_snapshot(pool, volume, name, target=target, type=type)
            if made.description != description:
                self.patch_storage_volume_snapshot(
                    pool,
                    volume,
                    name,
                    description=description,
                    target=target,
                    type=type,
                    sync=True,
                )
        return done

    def delete_storage_volume_snapshot(
        self,
        pool: str,
        volume: str,
        name: str,
        *,
        target: str | None = None,
        type: str = "custom",
        sync: bool | None = None,
    ) -> Operation:
        """Delete a snapshot of a volume.

        ``DELETE /1.0/storage-pools/<pool>/volumes/<type>/<volume>/snapshots/<name>``,
        API extension ``storage_api_volume_snapshots``.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            name: such as ``"before"``.
            target: the cluster member that has it, where several have one of that name.
            type: ``"custom"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such snapshot.

        Example:
            >>> client.delete_storage_volume_snapshot("default", "data", "before").status
            'Success'
        """
        url = self._volume_snapshots(pool, type, volume, name)
        return self._handle_async(self._delete(url, target=target), sync)

    def edit_storage_volume_snapshot(
        self,
        pool: str,
        volume: str,
        name: str,
        *,
        target: str | None = None,
        type: str = "custom",
    ) -> AbstractContextManager[StorageVolumeSnapshot]:
        """Change a snapshot of a volume in a ``with`` block: ``GET``, then ``PUT``.

        It is written back to
        ``/1.0/storage-pools/<pool>/volumes/<type>/<volume>/snapshots/<name>`` when the
        block ends, with its ETag. Description and expiry can be changed. Nothing is
        written if the block raises, or changes nothing.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            name: such as ``"before"``.
            target: the cluster member that has it, where several have one of that name.
            type: such as ``"custom"``.

        Returns:
            A context manager that gives the snapshot.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such snapshot.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_storage_volume_snapshot("default", "data", "before") as one:
            ...     one["description"] = "Before the upgrade"
        """

        def write(snapshot: StorageVolumeSnapshot, etag: str | None) -> None:
            self.update_storage_volume_snapshot(
                pool,
                volume,
                name,
                description=snapshot["description"],
                etag=etag,
                expires_at=snapshot.get("expires_at"),
                target=target,
                type=type,
                sync=True,
            )

        def read() -> StorageVolumeSnapshot:
            return self.storage_volume_snapshot(pool, volume, name, target=target, type=type)

        return editing(
            self,
            read,
            write,
            ("description", "expires_at"),
            url=self._volume_snapshots(pool, type, volume, name),
            unwatched=("description",),
            target=target,
        )

    def patch_storage_volume_snapshot(
        self,
        pool: str,
        volume: str,
        name: str,
        *,
        description: str | None = None,
        etag: str | None = None,
        expires_at: datetime | str | None = None,
        target: str | None = None,
        type: str = "custom",
        sync: bool | None = None,
    ) -> Operation:
        """Change some fields of a snapshot of a volume.

        ``PATCH /1.0/storage-pools/<pool>/volumes/<type>/<volume>/snapshots/<name>``.
        API extension ``storage_api_volume_snapshots``.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            name: such as ``"before"``.
            description: for people.
            etag: of the snapshot that was read; another one is refused.
            expires_at: when the server deletes it.
            target: the cluster member that has it, where several have one of that name.
            type: such as ``"custom"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: ``expires_at`` is no moment with a time zone.
            NotFound: there is no such snapshot.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_storage_volume_snapshot(
            ...     "default", "data", "before", expires_at="2030-01-01T00:00:00Z"
            ... ).status
            'Success'
        """
        body = given(description=description, expires_at=time_of(expires_at))
        url = self._volume_snapshots(pool, type, volume, name)
        if expires_at is not None:
            self._need("custom_volume_snapshot_expiry", "expires_at")
        return self._handle_async(self._patch(url, body, etag=etag, target=target), sync)

    def rename_storage_volume_snapshot(
        self,
        pool: str,
        volume: str,
        old_name: str,
        new_name: str,
        *,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Rename a snapshot of a volume.

        ``POST /1.0/storage-pools/<pool>/volumes/custom/<volume>/snapshots/<name>``.
        API extension ``storage_api_volume_snapshots``.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            old_name: such as ``"before"``.
            new_name: such as ``"monday"``.
            target: the cluster member that has it, where several have one of that name.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such snapshot.
            APIError: there is one of the new name.

        Example:
            >>> client.rename_storage_volume_snapshot("default", "data", "before", "then").status
            'Success'
        """
        body = {"name": named(new_name)}
        url = self._volume_snapshots(pool, "custom", volume, old_name)
        return self._handle_async(self._post(url, body, target=target), sync)

    def storage_volume_snapshot(
        self,
        pool: str,
        volume: str,
        name: str,
        *,
        target: str | None = None,
        type: str = "custom",
    ) -> StorageVolumeSnapshot:
        """Read a snapshot of a volume.

        ``GET /1.0/storage-pools/<pool>/volumes/<type>/<volume>/snapshots/<name>``.
        API extension ``storage_api_volume_snapshots``.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            name: such as ``"before"``.
            target: the cluster member that has it, where several have one of that name.
            type: such as ``"custom"`` or ``"container"``.

        Raises:
            NotFound: there is no such snapshot.

        Example:
            >>> client.storage_volume_snapshot("default", "data", "before").expires_at
        """
        url = self._volume_snapshots(pool, type, volume, name)
        return self._object(url, StorageVolumeSnapshot, target=target)

    @overload
    def storage_volume_snapshots(
        self,
        pool: str,
        volume: str,
        *,
        recursion: Literal[0] = 0,
        target: str | None = None,
        type: str = "custom",
    ) -> list[str]: ...

    @overload
    def storage_volume_snapshots(
        self,
        pool: str,
        volume: str,
        *,
        recursion: Literal[1],
        target: str | None = None,
        type: str = "custom",
    ) -> list[StorageVolumeSnapshot]: ...

    def storage_volume_snapshots(
        self,
        pool: str,
        volume: str,
        *,
        recursion: Literal[0, 1] = 0,
        target: str | None = None,
        type: str = "custom",
    ) -> list[str] | list[StorageVolumeSnapshot]:
        """List the snapshots of a volume.

        ``GET /1.0/storage-pools/<pool>/volumes/<type>/<volume>/snapshots``, API
        extension ``storage_api_volume_snapshots``.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            recursion: 0 for names, 1 for the snapshots themselves, which are called
                ``"data/before"`` here.
            target: the cluster member that has it, where several have one of that name.
            type: such as ``"custom"`` or ``"container"``.

        Raises:
            NotFound: there is no such volume.

        Example:
            >>> client.storage_volume_snapshots("default", "data")
            ['before']
        """
        url = self._volume_snapshots(pool, type, volume)
        return self._list(url, StorageVolumeSnapshot, recursion, target=target)

    def update_storage_volume_snapshot(
        self,
        pool: str,
        volume: str,
        name: str,
        *,
        description: str | None = None,
        etag: str | None = None,
        expires_at: datetime | str | None = None,
        target: str | None = None,
        type: str = "custom",
        sync: bool | None = None,
    ) -> Operation:
        """Replace what can be changed of a snapshot of a volume.

        ``PUT /1.0/storage-pools/<pool>/volumes/<type>/<volume>/snapshots/<name>``.
        API extension ``storage_api_volume_snapshots``. What is not given becomes empty.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"data"``.
            name: such as ``"before"``.
            description: for people.
            etag: of the snapshot that was read; another one is refused.
            expires_at: when the server deletes it; never if not given.
            target: the cluster member that has it, where several have one of that name.
            type: such as ``"custom"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: ``expires_at`` is no moment with a time zone.
            NotFound: there is no such snapshot.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_storage_volume_snapshot(
            ...     "default", "data", "before", description="Before the upgrade"
            ... ).status
            'Success'
        """
        body = {"description": description or "", "expires_at": time_of(expires_at) or NEVER}
        url = self._volume_snapshots(pool, type, volume, name)
        return self._handle_async(self._put(url, body, etag=etag, target=target), sync)

    def _volume_snapshots(self, pool: str, type: str, volume: str, *rest: str) -> str:
        """Build the path of a volume's snapshots, or of one of them."""
        url = self._volume(pool, type, volume, "snapshots", *rest)
        self._need("storage_api_volume_snapshots", "snapshots of volumes")
        return url
