"""Storage volumes: file systems and block devices in storage pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import unquote

from .._edit import editing, patched
from .._request import given, named, path, strings
from .._shape import listed
from ..errors import InvalidResponse
from ..types import StorageVolume, StorageVolumeFull, StorageVolumeState
from .storage_pools import StoragePoolsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation


class StorageVolumesMixin(StoragePoolsMixin):
    """Chapter "storage volumes" of the API."""

    def create_storage_volume(
        self,
        pool: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        content_type: str | None = None,
        description: str | None = None,
        target: str | None = None,
        type: str = "custom",
        sync: bool | None = None,
    ) -> Operation:
        """Create an empty volume: ``POST /1.0/storage-pools/<pool>/volumes``.

        Args:
            pool: such as ``"default"``.
            name: such as ``"data"``.
            config: such as ``{"size": "10GiB", "snapshots.schedule": "@daily"}``.
            content_type: ``"filesystem"``, which it is if not given, or ``"block"``.
            description: for people.
            target: the cluster member to create it on, where each has a pool of its own.
            type: ``"custom"``; the others belong to instances and images.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such pool.
            APIError: there is a volume of that name, or the configuration is refused.

        Example:
            >>> client.create_storage_volume("default", "data", config={"size": "1GiB"}).status
            'Success'
        """
        url = self._pool(pool, "volumes")
        body = given(
            name=named(name),
            type=type,
            config=strings(config),
            content_type=content_type,
            description=description,
        )
        if content_type is not None:
            self._need("custom_block_volumes", "content_type")
        return self._handle_async(self._post(url, body, target=target), sync)

    def delete_storage_volume(
        self,
        pool: str,
        name: str,
        *,
        target: str | None = None,
        type: str = "custom",
        sync: bool | None = None,
    ) -> Operation:
        """Delete a volume: ``DELETE /1.0/storage-pools/<pool>/volumes/<type>/<name>``.

        Its snapshots and backups go with it.

        Args:
            pool: such as ``"default"``.
            name: such as ``"data"``; no instance may use it.
            target: the cluster member that has it, where several have one of that name.
            type: such as ``"custom"``, or ``"image"`` for what is kept of an image.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such volume.
            BadRequest: it is in use.

        Example:
            >>> client.delete_storage_volume("default", "data").status
            'Success'
        """
        url = self._volume(pool, type, name)
        return self._handle_async(self._delete(url, target=target), sync)

    def edit_storage_volume(
        self, pool: str, name: str, *, target: str | None = None, type: str = "custom"
    ) -> AbstractContextManager[StorageVolume]:
        """Change a volume in a ``with`` block: ``GET``, then ``PUT``.

        It is written back to ``/1.0/storage-pools/<pool>/volumes/<type>/<name>`` when
        the block ends, with its ETag: what somebody else has changed meanwhile is not
        lost. Nothing is written if the block raises, or changes nothing.

        Args:
            pool: such as ``"default"``.
            name: such as ``"data"``.
            target: the cluster member that has it, where several have one of that name.
            type: such as ``"custom"`` or ``"container"``.

        Returns:
            A context manager that gives the volume.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such volume.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_storage_volume("default", "data") as volume:
            ...     volume.config["snapshots.expiry"] = "3d"
        """

        def write(volume: StorageVolume, etag: str | None) -> None:
            self.update_storage_volume(
                pool,
                name,
                config=volume["config"],
                description=volume["description"],
                etag=etag,
                target=target,
                type=type,
                sync=True,
            )

        def read() -> StorageVolume:
            return self.storage_volume(pool, name, target=target, type=type)

        url = self._volume(pool, type, name)
        return editing(self, read, write, url=url, unwatched=("description",), target=target)

    def patch_storage_volume(
        self,
        pool: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        target: str | None = None,
        type: str = "custom",
        sync: bool | None = None,
    ) -> Operation:
        """Change some fields of a volume.

        ``PATCH /1.0/storage-pools/<pool>/volumes/<type>/<name>``. Servers empty a
        description that such a request leaves out: if none is given, it is read first,
        and sent along.

        Args:
            pool: such as ``"default"``.
            name: such as ``"data"``.
            config: the keys to add or to change; the others stay.
            description: for people.
            etag: of the volume that was read; another one is refused.
            target: the cluster member that has it, where several have one of that name.
            type: such as ``"custom"`` or ``"container"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such volume.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_storage_volume("default", "data", config={"size": "2GiB"}).status
            'Success'
        """
        url = self._volume(pool, type, name)
        body = given(config=strings(config), description=description)
        operation = patched(self, url, body, "description", etag=etag, target=target)
        return self._handle_async(operation, sync)

    def rebuild_storage_volume(
        self,
        pool: str,
        name: str,
        *,
        target: str | None = None,
        type: str = "custom",
        sync: bool | None = None,
    ) -> Operation:
        """Empty a volume, whose name and configuration stay (Incus).

        ``POST /1.0/storage-pools/<pool>/volumes/<type>/<name>/rebuild``, API extension
        ``storage_volumes_rebuild``.

        Args:
            pool: such as ``"default"``.
            name: such as ``"data"``; it may have no snapshots, and nothing may use it.
            target: the cluster member that has it, where several have one of that name.
            type: ``"custom"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            MissingExtension: the server cannot do it.
            NotFound: there is no such volume.
            OperationFailed: it has snapshots.

        Example:
            >>> client.rebuild_storage_volume("default", "data").status
            'Success'
        """
        url = self._volume(pool, type, name, "rebuild")
        self._need("storage_volumes_rebuild", "rebuild_storage_volume")
        return self._handle_async(self._post(url, {}, target=target), sync)

    def rename_storage_volume(
        self,
        pool: str,
        old_name: str,
        new_name: str,
        *,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Rename a volume: ``POST /1.0/storage-pools/<pool>/volumes/custom/<name>``.

        API extension ``storage_api_volume_rename``.

        Args:
            pool: such as ``"default"``.
            old_name: such as ``"data"``.
            new_name: such as ``"archive"``.
            target: the cluster member that has it, where several have one of that name.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such volume.
            APIError: there is one of the new name, or it is in use.

        Example:
            >>> client.rename_storage_volume("default", "data", "archive").status
            'Success'
        """
        url = self._volume(pool, "custom", old_name)
        body = {"name": named(new_name)}
        self._need("storage_api_volume_rename", "rename_storage_volume")
        return self._handle_async(self._post(url, body, target=target), sync)

    def restore_storage_volume(
        self,
        pool: str,
        name: str,
        snapshot: str,
        *,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Set a volume back to a snapshot of it.

        ``PUT /1.0/storage-pools/<pool>/volumes/custom/<name>``, API extension
        ``storage_api_volume_snapshots``. Its configuration stays as it is.

        Args:
            pool: such as ``"default"``.
            name: such as ``"data"``; nothing that runs may use it.
            snapshot: such as ``"before"``.
            target: the cluster member that has it, where several have one of that name.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such volume.
            APIError: there is no such snapshot, or it could not be restored.

        Example:
            >>> client.restore_storage_volume("default", "data", "before").status
            'Success'
        """
        url = self._volume(pool, "custom", name)
        body = {"restore": named(snapshot)}
        self._need("storage_api_volume_snapshots", "restore_storage_volume")
        return self._handle_async(self._put(url, body, target=target), sync)

    @overload
    def storage_volume(
        self,
        pool: str,
        name: str,
        *,
        recursion: Literal[0] = 0,
        target: str | None = None,
        type: str = "custom",
    ) -> StorageVolume: ...

    @overload
    def storage_volume(
        self,
        pool: str,
        name: str,
        *,
        recursion: Literal[1],
        target: str | None = None,
        type: str = "custom",
    ) -> StorageVolumeFull: ...

    def storage_volume(
        self,
        pool: str,
        name: str,
        *,
        recursion: Literal[0, 1] = 0,
        target: str | None = None,
        type: str = "custom",
    ) -> StorageVolume | StorageVolumeFull:
        """Read a volume: ``GET /1.0/storage-pools/<pool>/volumes/<type>/<name>``.

        Args:
            pool: such as ``"default"``.
            name: such as ``"data"``; an instance's volume has the instance's name, an
                image's the image's fingerprint.
            recursion: 1 for its snapshots, backups and state as well (Incus, API
                extension ``storage_volume_full``).
            target: the cluster member that has it, where several have one of that name.
            type: such as ``"custom"``, ``"container"``, ``"virtual-machine"`` or
                ``"image"``.

        Raises:
            NotFound: there is no such volume.

        Example:
            >>> client.storage_volume("default", "data").content_type
            'filesystem'
        """
        url = self._volume(pool, type, name)
        if not recursion:
            return self._object(url, StorageVolume, target=target)
        self._need("storage_volume_full", "recursion=1")
        return self._object(url, StorageVolumeFull, recursion=recursion, target=target)

    def storage_volume_state(
        self, pool: str, name: str, *, target: str | None = None, type: str = "custom"
    ) -> StorageVolumeState:
        """Ask how full a volume is.

        ``GET /1.0/storage-pools/<pool>/volumes/<type>/<name>/state``, API extension
        ``storage_volume_state``.

        Args:
            pool: such as ``"default"``.
            name: such as ``"data"``.
            target: the cluster member that has it, where several have one of that name.
            type: such as ``"custom"`` or ``"container"``.

        Returns:
            ``usage``, with ``used`` and ``total`` in bytes, as far as the pool's driver
            counts: ``"dir"`` does not.

        Raises:
            NotFound: there is no such volume.
            APIError: the driver does not count (LXD).

        Example:
            >>> client.storage_volume_state("default", "data").usage.total
            1073741824
        """
        url = self._volume(pool, type, name, "state")
        self._need("storage_volume_state", "storage_volume_state")
        return self._object(url, StorageVolumeState, target=target)

    @overload
    def storage_volumes(
        self,
        pool: str | None = None,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0] = 0,
        target: str | None = None,
        type: str | None = None,
    ) -> list[str]: ...

    @overload
    def storage_volumes(
        self,
        pool: str | None = None,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[1],
        target: str | None = None,
        type: str | None = None,
    ) -> list[StorageVolume]: ...

    @overload
    def storage_volumes(
        self,
        pool: str | None = None,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[2],
        target: str | None = None,
        type: str | None = None,
    ) -> list[StorageVolumeFull]: ...

    def storage_volumes(
        self,
        pool: str | None = None,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0, 1, 2] = 0,
        target: str | None = None,
        type: str | None = None,
    ) -> list[str] | list[StorageVolume] | list[StorageVolumeFull]:
        """List volumes: ``GET /1.0/storage-pools/<pool>/volumes``.

        Of one type: ``GET .../volumes/<type>``; in all pools: ``GET
        /1.0/storage-volumes``, API extension ``storage_volumes_all`` (LXD). LXD, and
        Incus before 7, list snapshots of volumes as well, as ``"data/before"``.

        Args:
            pool: such as ``"default"``; all pools if not given (LXD 5.21 and later).
            all_projects: True lists those of every project.
            filter: such as ``"content_type eq block"``; see "Filtering" in the manual.
            recursion: 0 for names, 1 for the volumes themselves, 2 for their snapshots,
                backups and state as well (Incus, API extension ``storage_volume_full``).
            target: the cluster member whose volumes are meant.
            type: only ``"custom"`` ones, or ``"container"``, ``"virtual-machine"``,
                ``"image"``.

        Returns:
            Names as ``"custom/data"``; with ``type`` just as ``"data"``.

        Raises:
            MissingExtension: the server cannot list all pools at once.
            NotFound: there is no such pool.

        Example:
            >>> client.storage_volumes("default")
            ['container/web', 'custom/data']
            >>> client.storage_volumes("default", type="custom")
            ['data']
        """
        kinds = () if type is None else (type,)
        if pool is not None:
            url = self._pool(pool, "volumes", *kinds)
        else:
            url = path("storage-volumes", *kinds)
            self._need("storage_volumes_all", "listing the volumes of all pools at once")
        if filter is not None:
            self._need("storage_volume_api_filtering", "filter")
        if recursion == 2:
            self._need("storage_volume_full", "recursion=2")
        query = given(filter=filter, recursion=recursion or None, target=target)
        if all_projects:
            self._need("storage_volumes_all_projects", "all_projects")
            query["all-projects"] = "true"
        if not recursion:
            urls = listed(self._get(url, **query))
            return [_listed(one, bare=type is not None) for one in urls]
        kind = StorageVolume if recursion == 1 else StorageVolumeFull
        return self._entries(url, kind, **query)

    def update_storage_volume(
        self,
        pool: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        target: str | None = None,
        type: str = "custom",
        sync: bool | None = None,
    ) -> Operation:
        """Replace all of a volume: ``PUT /1.0/storage-pools/<pool>/volumes/<type>/<name>``.

        What is not given becomes empty; to change some only, use `patch_storage_volume`
        or `edit_storage_volume`.

        Args:
            pool: such as ``"default"``.
            name: such as ``"data"``.
            config: all keys; values of any type.
            description: for people.
            etag: of the volume that was read; another one is refused.
            target: the cluster member that has it, where several have one of that name.
            type: such as ``"custom"`` or ``"container"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such volume.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_storage_volume("default", "data", config={"user.a": 1}).status
            'Success'
        """
        url = self._volume(pool, type, name)
        body = {"config": strings(config or {}), "description": description or ""}
        return self._handle_async(self._put(url, body, etag=etag, target=target), sync)

    def _volume(self, pool: str, type: str, name: str, *rest: str) -> str:
        """Build the path of a volume, or of something that belongs to it."""
        return self._pool(pool, "volumes", type, name, *rest)


def _listed(url: str, *, bare: bool) -> str:
    """Read type and name of a volume, or of its snapshot, in a URL that the server listed."""
    segments = [unquote(segment) for segment in url.partition("?")[0].split("/")[5:]]
    if len(segments) < 2:
        message = f"The server lists {url!r}, which is no volume."
        raise InvalidResponse(message)
    kind, name, *rest = segments
    name = "/".join([name, *rest[1:]])  # what follows "snapshots"
    return name if bare else f"{kind}/{name}"
