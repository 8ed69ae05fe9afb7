"""Snapshots: instances as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._edit import editing
from .._request import NEVER, given, named, time_of
from ..types import Snapshot
from .instances import InstancesMixin

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime

    from ..types import Operation

DiskVolumesMode = Literal["root", "all-exclusive"]


class SnapshotsMixin(InstancesMixin):
    """Chapter "instances" of the API, as far as their snapshots go."""

    def create_snapshot(
        self,
        container: str,
        snapshot: str,
        *,
        disk_volumes_mode: DiskVolumesMode | None = None,
        expires_at: datetime | str | None = None,
        stateful: bool | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Take a snapshot: ``POST /1.0/instances/<name>/snapshots``.

        Args:
            container: the instance's name, such as ``"web"``; it may be running.
            snapshot: the new one's name, such as ``"before"``.
            disk_volumes_mode: ``"root"`` for the root disk alone, which it is if not
                given; ``"all-exclusive"`` takes snapshots of attached volumes too, unless
                other instances share them. API extension
                ``instance_snapshots_multi_volume`` (LXD).
            expires_at: when the server deletes it; as the instance's configuration
                says if not given.
            stateful: True keeps the memory too; containers need CRIU for it.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: ``expires_at`` is no moment with a time zone.
            BadRequest: a stateful one of an instance that does not run.
            NotFound: there is no such instance.
            OperationFailed: it could not be taken, or there is one of that name.

        Example:
            >>> client.create_snapshot("web", "before").status
            'Success'
        """
        named(snapshot)
        body = given(
            name=snapshot,
            disk_volumes_mode=disk_volumes_mode,
            expires_at=time_of(expires_at),
            stateful=stateful,
        )
        url = self._path(container, "snapshots")
        if expires_at is not None:
            self._need("snapshot_expiry_creation", "expires_at")
        if disk_volumes_mode is not None:
            self._need("instance_snapshots_multi_volume", "disk_volumes_mode")
        return self._handle_async(self._post(url, body), sync)

    def delete_snapshot(
        self,
        container: str,
        snapshot: str,
        *,
        disk_volumes: DiskVolumesMode | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Delete a snapshot: ``DELETE /1.0/instances/<name>/snapshots/<snapshot>``.

        Args:
            container: the instance's name, such as ``"web"``.
            snapshot: such as ``"before"``.
            disk_volumes: ``"root"`` for the root disk's alone, which it is if not given;
                ``"all-exclusive"`` deletes those of attached volumes too that were taken
                with it. API extension ``instance_snapshots_multi_volume`` (LXD).
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such snapshot.

        Example:
            >>> client.delete_snapshot("web", "before").status
            'Success'
        """
        url = self._path(container, "snapshots", snapshot)
        if disk_volumes is not None:
            self._need("instance_snapshots_multi_volume", "disk_volumes")
        return self._handle_async(self._delete(url, **{"disk-volumes": disk_volumes}), sync)

    def edit_snapshot(self, container: str, snapshot: str) -> AbstractContextManager[Snapshot]:
        """Change a snapshot: ``GET``, then ``PUT /1.0/instances/<name>/snapshots/<snapshot>``.

        API extension ``snapshot_expiry``. Only ``expires_at`` can be changed. It is
        written back when the block ends, with its ETag: what somebody else has changed
        meanwhile is not lost. Nothing is written if the block raises, or changes nothing.

        Args:
            container: the instance's name, such as ``"web"``.
            snapshot: such as ``"before"``.

        Returns:
            A context manager that gives the snapshot.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such snapshot.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_snapshot("web", "before") as snapshot:
            ...     snapshot["expires_at"] = "2030-01-01T00:00:00Z"
        """

        def write(found: Snapshot, etag: str | None) -> None:
            moment = found["expires_at"]
            self.update_snapshot(container, snapshot, expires_at=moment, etag=etag, sync=True)

        return editing(self, lambda: self.snapshot(container, snapshot), write, ("expires_at",))

    def patch_snapshot(
        self,
        container: str,
        snapshot: str,
        *,
        expires_at: datetime | str | None = None,
        etag: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Change some fields of a snapshot: ``PATCH /1.0/instances/<name>/snapshots/<snapshot>``.

        API extension ``snapshot_expiry``. To have it never expire, use `update_snapshot`.

        Args:
            container: the instance's name, such as ``"web"``.
            snapshot: such as ``"before"``.
            expires_at: when the server deletes it; as before if not given.
            etag: of the snapshot that was read; another one is refused.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: ``expires_at`` is no moment with a time zone.
            NotFound: there is no such snapshot.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_snapshot("web", "before", expires_at="2030-01-01T00:00:00Z").status
            'Success'
        """
        body = given(expires_at=time_of(expires_at))
        url = self._path(container, "snapshots", snapshot)
        self._need("snapshot_expiry", "patch_snapshot")
        return self._handle_async(self._patch(url, body, etag=etag), sync)

    def rename_snapshot(
        self, container: str, old_name: str, new_name: str, *, sync: bool | None = None
    ) -> Operation:
        """Rename a snapshot: ``POST /1.0/instances/<name>/snapshots/<snapshot>``.

        Args:
            container: the instance's name, such as ``"web"``.
            old_name: such as ``"before"``.
            new_name: such as ``"monday"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            Conflict: there is one of the new name.
            NotFound: there is no such snapshot.

        Example:
            >>> client.rename_snapshot("web", "before", "monday").status
            'Success'
        """
        named(new_name)
        url = self._path(container, "snapshots", old_name)
        return self._handle_async(self._post(url, {"name": new_name}), sync)

    def restore_snapshot(
        self,
        container: str,
        snapshot: str,
        *,
        disk_only: bool | None = None,
        disk_volumes_mode: DiskVolumesMode | None = None,
        stateful: bool | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Set an instance back to a snapshot: ``PUT /1.0/instances/<name>``.

        Servers empty its description with that.

        Args:
            container: the instance's name, such as ``"web"``.
            snapshot: such as ``"before"``.
            disk_only: True sets back the files, and leaves the configuration as it is;
                API extension ``instance_snapshot_disk_only_restore`` (Incus).
            disk_volumes_mode: ``"root"`` for the root disk alone, which it is if not
                given; ``"all-exclusive"`` sets back attached volumes too whose snapshots
                were taken with it. API extension ``instance_snapshots_multi_volume``
                (LXD).
            stateful: True restores the memory too.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such instance.
            OperationFailed: there is no such snapshot, or it could not be restored.

        Example:
            >>> client.restore_snapshot("web", "before").status
            'Success'
        """
        named(snapshot)
        body = given(
            restore=snapshot,
            disk_only=disk_only,
            restore_disk_volumes_mode=disk_volumes_mode,
            stateful=stateful,
        )
        url = self._path(container)
        if disk_only is not None:
            self._need("instance_snapshot_disk_only_restore", "disk_only")
        if disk_volumes_mode is not None:
            self._need("instance_snapshots_multi_volume", "disk_volumes_mode")
        return self._handle_async(self._put(url, body), sync)

    def snapshot(self, container: str, snapshot: str) -> Snapshot:
        """Read a snapshot: ``GET /1.0/instances/<name>/snapshots/<snapshot>``.

        Args:
            container: the instance's name, such as ``"web"``.
            snapshot: such as ``"before"``.

        Raises:
            NotFound: there is no such snapshot.

        Example:
            >>> client.snapshot("web", "before").stateful
            False
        """
        return self._object(self._path(container, "snapshots", snapshot), Snapshot)

    @overload
    def snapshots(self, container: str, *, recursion: Literal[0] = 0) -> list[str]: ...

    @overload
    def snapshots(self, container: str, *, recursion: Literal[1]) -> list[Snapshot]: ...

    def snapshots(
        self, container: str, *, recursion: Literal[0, 1] = 0
    ) -> list[str] | list[Snapshot]:
        """List the snapshots of an instance: ``GET /1.0/instances/<name>/snapshots``.

        Args:
            container: its name, such as ``"web"``.
            recursion: 0 for names, 1 for the snapshots themselves.

        Raises:
            NotFound: there is no such instance.

        Example:
            >>> client.snapshots("web")
            ['before']
        """
        where = self._path(container, "snapshots")
        return self._list(where, Snapshot, recursion)

    def update_snapshot(
        self,
        container: str,
        snapshot: str,
        *,
        expires_at: datetime | str | None,
        etag: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Change when a snapshot expires: ``PUT /1.0/instances/<name>/snapshots/<snapshot>``.

        API extension ``snapshot_expiry``.

        Args:
            container: the instance's name, such as ``"web"``.
            snapshot: such as ``"before"``.
            expires_at: when the server deletes it; None for never.
            etag: of the snapshot that was read; another one is refused.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: ``expires_at`` is no moment with a time zone.
            NotFound: there is no such snapshot.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_snapshot("web", "before", expires_at="2030-01-01T00:00:00Z").status
            'Success'
        """
        body = {"expires_at": time_of(expires_at) or NEVER}
        url = self._path(container, "snapshots", snapshot)
        self._need("snapshot_expiry", "update_snapshot")
        return self._handle_async(self._put(url, body, etag=etag), sync)

    create_instance_snapshot = create_snapshot
    delete_instance_snapshot = delete_snapshot
    edit_instance_snapshot = edit_snapshot
    instance_snapshot = snapshot
    instance_snapshots = snapshots
    patch_instance_snapshot = patch_snapshot
    rename_instance_snapshot = rename_snapshot
    restore_instance_snapshot = restore_snapshot
    revert_to_snapshot = restore_snapshot
    update_instance_snapshot = update_snapshot
