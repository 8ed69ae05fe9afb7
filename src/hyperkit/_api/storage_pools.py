"""Storage pools: where servers keep instances, images and volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import editing, patched
from .._everywhere import create_everywhere
from .._request import check_names, given, path, strings
from ..errors import ArgumentError
from ..types import StoragePool, StoragePoolResources
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation


class StoragePoolsMixin(OperationsMixin):
    """Chapter "storage pools" of the API."""

    def create_storage_pool(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        driver: str,
        member_config: Mapping[str, Mapping[str, Any]] | None = None,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Create a storage pool: ``POST /1.0/storage-pools``.

        In a cluster, a pool is defined on each member before it is created:
        ``member_config`` does both, ``target`` defines it on one member only.

        Args:
            name: such as ``"fast"``.
            config: such as ``{"source": "/dev/sdb"}`` or ``{"size": "20GiB"}``; of a
                cluster, what all members have in common.
            description: for people.
            driver: such as ``"dir"``, ``"btrfs"``, ``"lvm"``, ``"zfs"`` or ``"ceph"``.
            member_config: of a cluster: the configuration that members have for
                themselves, such as ``{"node-1": {"source": "/dev/sdb"}}``; ``{}`` where
                none has any.
            target: the cluster member to define it on.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: both ``member_config`` and ``target`` are given, or a member
                is named that the cluster does not have.
            BadRequest: the server takes no such configuration.
            APIError: there is a pool of that name, or the driver is not there.

        Example:
            >>> client.create_storage_pool("fast", driver="dir").status
            'Success'
        """
        url = self._pool()
        check_names(name)
        body = given(name=name, config=strings(config), description=description, driver=driver)
        if member_config is not None:
            if target is not None:
                message = "member_config is for all members, target for one: leave one out."
                raise ArgumentError(message)
            return create_everywhere(self, "storage-pools", body, member_config)
        return self._handle_async(self._post(url, body, target=target), sync)

    def delete_storage_pool(self, name: str, *, sync: bool | None = None) -> Operation:
        """Delete a storage pool: ``DELETE /1.0/storage-pools/<name>``.

        Args:
            name: such as ``"fast"``; nothing may be kept in it.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such pool.
            BadRequest: it is in use.

        Example:
            >>> client.delete_storage_pool("fast").status
            'Success'
        """
        return self._handle_async(self._delete(self._pool(name)), sync)

    def edit_storage_pool(
        self, name: str, *, target: str | None = None
    ) -> AbstractContextManager[StoragePool]:
        """Change a storage pool in a ``with`` block: ``PUT /1.0/storage-pools/<name>``.

        It is written back when the block ends, with its ETag where the server has one
        (LXD 5.0 has none for pools). Nothing is written if the block raises, or changes
        nothing.

        Args:
            name: such as ``"fast"``.
            target: the cluster member whose own configuration is to be changed.

        Returns:
            A context manager that gives the pool.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such pool.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_storage_pool("fast") as pool:
            ...     pool.config["rsync.bwlimit"] = "50MiB"
        """

        def write(pool: StoragePool, etag: str | None) -> None:
            self.update_storage_pool(
                name,
                config=pool["config"],
                description=pool["description"],
                etag=etag,
                target=target,
                sync=True,
            )

        return editing(self, lambda: self.storage_pool(name, target=target), write)

    def patch_storage_pool(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Change some fields of a storage pool: ``PATCH /1.0/storage-pools/<name>``.

        Servers empty a description that such a request leaves out: if none is given, it
        is read first, and sent along.

        Args:
            name: such as ``"fast"``.
            config: the keys to add or to change; the others stay.
            description: for people.
            etag: of the pool that was read; another one is refused.
            target: the cluster member whose own configuration is to be changed.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such pool.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_storage_pool("fast", config={"rsync.bwlimit": "50MiB"}).status
            'Success'
        """
        url = self._pool(name)
        body = given(config=strings(config), description=description)
        operation = patched(self, url, body, "description", etag=etag, target=target)
        return self._handle_async(operation, sync)

    def storage_pool(self, name: str, *, target: str | None = None) -> StoragePool:
        """Read a storage pool: ``GET /1.0/storage-pools/<name>``.

        Args:
            name: such as ``"default"``.
            target: the cluster member whose own configuration is to be shown too.

        Raises:
            NotFound: there is no such pool.

        Example:
            >>> client.storage_pool("default").driver
            'dir'
        """
        return self._object(self._pool(name), StoragePool, target=target)

    def storage_pool_resources(
        self, name: str, *, target: str | None = None
    ) -> StoragePoolResources:
        """Ask how full a storage pool is: ``GET /1.0/storage-pools/<name>/resources``.

        API extension ``resources``.

        Args:
            name: such as ``"default"``.
            target: the cluster member whose part of the pool is meant.

        Returns:
            Bytes and files: ``space.total``, ``space.used``, ``inodes.total``,
            ``inodes.used``.

        Raises:
            APIError: there is no such pool; servers say 500.

        Example:
            >>> space = client.storage_pool_resources("default").space
            >>> space.used < space.total
            True
        """
        url = self._pool(name, "resources")
        self._need("resources", "storage_pool_resources")
        return self._object(url, StoragePoolResources, target=target)

    @overload
    def storage_pools(
        self, *, filter: str | None = None, recursion: Literal[0] = 0
    ) -> list[str]: ...

    @overload
    def storage_pools(
        self, *, filter: str | None = None, recursion: Literal[1]
    ) -> list[StoragePool]: ...

    def storage_pools(
        self, *, filter: str | None = None, recursion: Literal[0, 1] = 0
    ) -> list[str] | list[StoragePool]:
        """List the storage pools: ``GET /1.0/storage-pools``.

        Args:
            filter: such as ``"driver eq zfs"`` (Incus); see "Filtering" in the manual.
            recursion: 0 for names, 1 for the pools themselves.

        Example:
            >>> client.storage_pools()
            ['default']
        """
        return self._list(self._pool(), StoragePool, recursion, filter=filter)

    def update_storage_pool(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Replace all of a storage pool: ``PUT /1.0/storage-pools/<name>``.

        What is not given becomes empty, or is refused if it cannot change (``source``);
        to change some only, use `patch_storage_pool` or `edit_storage_pool`.

        Args:
            name: such as ``"fast"``.
            config: all keys; values of any type.
            description: for people.
            etag: of the pool that was read; another one is refused.
            target: the cluster member whose own configuration is to be replaced.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such pool.
            PreconditionFailed: it has changed since.

        Example:
            >>> pool = client.storage_pool("fast")
            >>> client.update_storage_pool("fast", config={**pool.config, "user.a": 1}).status
            'Success'
        """
        body = {"config": strings(config or {}), "description": description or ""}
        return self._handle_async(
            self._put(self._pool(name), body, etag=etag, target=target), sync
        )

    def _pool(self, *segments: str) -> str:
        """Build the path of the pools, or of what is in one."""
        url = path("storage-pools", *segments)
        self._need("storage", "storage pools", ask=False)
        return url
