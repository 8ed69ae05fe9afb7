"""Instances from below: who may reach them, their memory, their disks, their ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._progress import Meter, check_progress
from .._request import check_names, given
from .._transfer import save
from .._upgrade import upgrade
from ..errors import ArgumentError
from ..types import AccessEntry
from .instances import InstancesMixin

if TYPE_CHECKING:
    import socket

    from .._progress import OnProgress
    from .._transfer import Destination

_PORTS = range(1, 65536)


class InstanceDebugMixin(InstancesMixin):
    """Chapter "instances" of the API, for those who look under the lid; all of it is Incus'."""

    def connect_instance_port(
        self, instance: str, port: int, *, address: str | None = None
    ) -> socket.socket:
        r"""Connect to a TCP port in an instance: ``POST /1.0/instances/<name>/port-forward``.

        API extension ``instance_port_forward`` (Incus). The connection goes through the
        server: the instance needs no network that this program can reach. Incus closes it
        whole when one side has finished sending, so do not shut down only your half.

        Args:
            instance: its name, such as ``"web"``; it must be running.
            port: such as ``80``.
            address: in the instance, such as ``"::1"``; ``"127.0.0.1"`` if not given.

        Returns:
            A connected socket. Close it when you are done. Over HTTPS it bears one thread
            at a time, as all of Python's TLS sockets do.

        Raises:
            ArgumentError: there is no such port.
            BadRequest: the address is none.
            ConnectionFailed: the server cannot be reached, or hung up.
            InternalServerError: the instance is not running, or nobody listens there.
            NotFound: there is no such instance.

        Example:
            >>> with client.connect_instance_port("web", 80) as connection:
            ...     connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            ...     connection.recv(8)
            b'HTTP/1.0'
        """
        if isinstance(port, bool) or port not in _PORTS:
            message = f"A port is a number from 1 to 65535, not {port!r}."
            raise ArgumentError(message)
        url = self._path(instance, "port-forward")
        self._need("instance_port_forward", "connect_instance_port")
        body = given(address=address, port=port)
        return upgrade(self, url, "tcp", method="POST", body=body)

    def create_instance_bitmap(
        self,
        instance: str,
        bitmap: str,
        *,
        disabled: bool | None = None,
        granularity: int | None = None,
        persistent: bool | None = None,
    ) -> None:
        """Begin to note what changes on all disks: ``POST /1.0/instances/<name>/bitmaps``.

        API extension ``storage_volume_nbd`` (Incus). The bitmaps are what an incremental
        backup by NBD goes by; they are read and deleted with the volumes.

        Args:
            instance: the virtual machine's name, such as ``"web"``; it must be running.
            bitmap: its name, such as ``"monday"``.
            disabled: True does not begin yet.
            granularity: how many bytes one bit stands for, such as ``65536``.
            persistent: True keeps it when the machine stops.

        Raises:
            BadRequest: it is not running, or no virtual machine.
            NotFound: there is no such instance.

        Example:
            >>> client.create_instance_bitmap("web", "monday", persistent=True)
        """
        check_names(bitmap)
        url = self._path(instance, "bitmaps")
        self._need("storage_volume_nbd", "bitmaps")
        self._post(
            url,
            given(name=bitmap, disabled=disabled, granularity=granularity, persistent=persistent),
        )

    def export_instance_memory(
        self,
        instance: str,
        dest: Destination,
        *,
        format: str = "elf",
        on_progress: OnProgress | None = None,
        progress: bool = False,
    ) -> Destination:
        """Save a virtual machine's memory: ``GET /1.0/instances/<name>/debug/memory``.

        API extension ``instance_debug_memory`` (Incus).

        Args:
            instance: the virtual machine's name, such as ``"web"``; it must be running.
            dest: a path, or a file that is open for writing bytes. A file at a path gets
                its name when all of it has come.
            format: ``"elf"``, or another that QEMU knows, such as ``"kdump-zlib"``.
            on_progress: called with bytes done, bytes in all (or None), and the name.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).

        Returns:
            ``dest``.

        Raises:
            BadRequest: it is not running, or no virtual machine.
            ConnectionFailed: the connection broke; a file at the path stays as it was.
            NotFound: there is no such instance.
            OSError: it cannot be written there, or the disk is full.

        Example:
            >>> client.export_instance_memory("web", "web.elf")
            'web.elf'
        """
        check_progress(progress)
        url = self._path(instance, "debug", "memory")
        self._need("instance_debug_memory", "export_instance_memory")
        with (
            self._stream(url, format=format) as download,
            Meter(on_progress, progress=progress, text=instance) as meter,
        ):
            return save(download, dest, meter)

    def instance_access(self, instance: str) -> list[AccessEntry]:
        """List who may reach an instance: ``GET /1.0/instances/<name>/access``.

        API extension ``instance_access`` (Incus).

        Args:
            instance: its name, such as ``"web"``.

        Returns:
            The entries; of an instance that there is not, Incus tells who could.

        Example:
            >>> [entry.role for entry in client.instance_access("web")]
            ['admin']
        """
        url = self._path(instance, "access")
        self._need("instance_access", "instance_access")
        return self._entries(url, AccessEntry)

    def instance_nbd(self, instance: str, *, reuse: bool | None = None) -> socket.socket:
        """Connect to the disks of a virtual machine: ``GET /1.0/instances/<name>/nbd``.

        API extension ``instance_nbd`` (Incus). Each disk is an export that is called as
        its device.

        Args:
            instance: the virtual machine's name, such as ``"web"``; it must be running.
            reuse: True adds a connection to the session that is going on.

        Returns:
            A connected socket that speaks the protocol of Network Block Devices; the
            server speaks first. Close it when you are done. Over HTTPS it bears one thread
            at a time, as all of Python's TLS sockets do.

        Raises:
            BadRequest: it is not running, or no virtual machine.
            ConnectionFailed: the server cannot be reached, or hung up.
            NotFound: there is no such instance.

        Example:
            >>> with client.instance_nbd("web") as connection:
            ...     connection.recv(8)
            b'NBDMAGIC'
        """
        url = self._path(instance, "nbd")
        self._need("instance_nbd", "instance_nbd")
        query = {"reuse": "1" if reuse else None}
        return upgrade(self, url, "nbd", query=query)

    def repair_instance(self, instance: str, action: str) -> None:
        """Set something right that is broken: ``POST /1.0/instances/<name>/debug/repair``.

        API extension ``instances_debug_repair`` (Incus).

        Args:
            instance: its name, such as ``"web"``.
            action: such as ``"rebuild-config-volume"``.

        Raises:
            BadRequest: there is no such action.
            InternalServerError: it does not fit the instance.
            NotFound: there is no such instance.

        Example:
            >>> client.repair_instance("web", "rebuild-config-volume")
        """
        url = self._path(instance, "debug", "repair")
        self._need("instances_debug_repair", "repair_instance")
        self._post(url, {"action": action})
