"""Block volumes as devices on the network, and what has been written to them (Incus)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._request import given, named
from .._upgrade import upgrade
from ..types import StorageVolumeBitmap
from .storage_volumes import StorageVolumesMixin

if TYPE_CHECKING:
    import socket


class StorageVolumeBlocksMixin(StorageVolumesMixin):
    """Chapter "storage volumes" of the API, as far as their blocks go."""

    def create_storage_volume_bitmap(
        self,
        pool: str,
        volume: str,
        name: str,
        *,
        disabled: bool | None = None,
        granularity: int | None = None,
        persistent: bool | None = None,
        target: str | None = None,
        type: str = "custom",
    ) -> None:
        """Begin to note which blocks of a volume are written to.

        ``POST /1.0/storage-pools/<pool>/volumes/<type>/<volume>/bitmaps``, API extension
        ``storage_volume_nbd`` (Incus). A running virtual machine must use the volume.

        Args:
            pool: such as ``"default"``.
            volume: such as ``"disk"``.
            name: the bitmap's, such as ``"monday"``.
            disabled: True makes it without noting anything yet.
            granularity: the smallest part to be told apart, in bytes: a power of 2.
            persistent: True keeps it when the virtual machine stops.
            target: the cluster member that has it, where several have one of that name.
            type: ``"custom"`` or ``"virtual-machine"``.

        Raises:
            MissingExtension: the server cannot do it.
            NotFound: there is no such volume.
            APIError: no running virtual machine uses it.

        Example:
            >>> client.create_storage_volume_bitmap("default", "disk", "monday")
        """
        body = given(
            name=named(name), disabled=disabled, granularity=granularity, persistent=persistent
        )
        self._post(self._bitmaps(pool, type, volume), body, target=target)

    def delete_storage_volume_bitmap(
        self,
        pool: str,
        volume: str,
        name: str,
        *,
        target: str | None = None,
        type: str = "custom",
    ) -> None:
        """Forget which blocks of a volume were written to.

        ``DELETE /1.0/storage-pools/<pool>/volumes/<type>/<volume>/bitmaps/<name>``, API
        extension ``storage_volume_nbd`` (Incus).

        Args:
            pool: such as ``"default"``.
            volume: such as ``"disk"``.
            name: such as ``"monday"``.
            target: the cluster member that has it, where several have one of that name.
            type: ``"custom"`` or ``"virtual-machine"``.

        Raises:
            MissingExtension: the server cannot do it.
            NotFound: there is no such bitmap.

        Example:
            >>> client.delete_storage_volume_bitmap("default", "disk", "monday")
        """
        self._delete(self._bitmaps(pool, type, volume, name), target=target)

    def storage_volume_bitmap(
        self,
        pool: str,
        volume: str,
        name: str,
        *,
        target: str | None = None,
        type: str = "custom",
    ) -> StorageVolumeBitmap:
        """Ask how much of a volume was written to.

        ``GET /1.0/storage-pools/<pool>/volumes/<type>/<volume>/bitmaps/<name>``, API
        extension ``storage_volume_nbd`` (Incus).

        Args:
            pool: such as ``"default"``.
            volume: such as ``"disk"``.
            name: such as ``"monday"``.
            target: the cluster member that has it, where several have one of that name.
            type: ``"custom"`` or ``"virtual-machine"``.

        Raises:
            MissingExtension: the server cannot do it.
            NotFound: there is no such bitmap.

        Example:
            >>> client.storage_volume_bitmap("default", "disk", "monday").count
            65536
        """
        url = self._bitmaps(pool, type, volume, name)
        return self._object(url, StorageVolumeBitmap, target=target)

    @overload
    def storage_volume_bitmaps(
        self,
        pool: str,
        volume: str,
        *,
        recursion: Literal[0] = 0,
        target: str | None = None,
        type: str = "custom",
    ) -> list[str]: ...

    @overload
    def storage_volume_bitmaps(
        self,
        pool: str,
        volume: str,
        *,
        recursion: Literal[1],
        target: str | None = None,
        type: str = "custom",
    ) -> list[StorageVolumeBitmap]: ...

    def storage_volume_bitmaps(
        self,
        pool: str,
        volume: str,
        *,
        recursion: Literal[0, 1] = 0,
        target: str | None = None,
        type: str = "custom",
    ) -> list[str] | list[StorageVolumeBitmap]:
        """List the bitmaps of a volume.

        ``GET /1.0/storage-pools/<pool>/volumes/<type>/<volume>/bitmaps``, API extension
        ``storage_volume_nbd`` (Incus).

        Args:
            pool: such as ``"default"``.
            volume: such as ``"disk"``.
            recursion: 0 for names, 1 for the bitmaps themselves.
            target: the cluster member that has it, where several have one of that name.
            type: ``"custom"`` or ``"virtual-machine"``.

        Raises:
            MissingExtension: the server cannot do it.
            NotFound: there is no such volume.
            APIError: no running virtual machine uses it.

        Example:
            >>> client.storage_volume_bitmaps("default", "disk")
            ['monday']
        """
        return self._list(
            self._bitmaps(pool, type, volume), StorageVolumeBitmap, recursion, target=target
        )

    def storage_volume_nbd(
        self,
        pool: str,
        name: str,
        *,
        type: str = "custom",
        writable: bool | None = None,
    ) -> socket.socket:
        """Connect to the blocks of a volume.

        ``GET /1.0/storage-pools/<pool>/volumes/<type>/<name>/nbd``, API extension
        ``storage_volume_nbd`` (Incus).

        Args:
            pool: such as ``"default"``.
            name: such as ``"disk"``; its content is a block device.
            type: ``"custom"`` or ``"virtual-machine"``.
            writable: True lets the blocks be written, too.

        Returns:
            A connected socket that speaks the Network Block Device protocol: the server
            begins, with ``NBDMAGIC``. Close it when you are done. Over HTTPS it bears one
            thread at a time, as all of Python's TLS sockets do.

        Raises:
            ConnectionFailed: the server cannot be reached, or hung up.
            MissingExtension: the server cannot do it.
            NotFound: there is no such volume.

        Example:
            >>> with client.storage_volume_nbd("default", "disk") as connection:
            ...     connection.recv(8)
            b'NBDMAGIC'
        """
        url = self._volume(pool, type, name, "nbd")
        self._need("storage_volume_nbd", "storage_volume_nbd")
        query = {"writable": None if writable is None else int(writable)}
        return upgrade(self, url, "nbd", query=query)

    def _bitmaps(self, pool: str, type: str, volume: str, *rest: str) -> str:
        """Build the path of a volume's bitmaps, or of one of them."""
        url = self._volume(pool, type, volume, "bitmaps", *rest)
        self._need("storage_volume_nbd", "bitmaps of volumes")
        return url
