"""Readiness: waiting until an instance is what it is to be."""

from __future__ import annotations

import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

from .._progress import check_progress
from .._ready import Ready, check_until
from .._request import check_names
from ..errors import Error, NotFound, OperationError, OperationFailed
from .processes import ProcessesMixin
from .waiting import WaitingMixin

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from .._progress import OnProgress
    from .._source import ImageProtocol
    from ..types import InstanceState, Operation
    from .instances import InstanceType

    Until = (
        Literal["running", "stopped", "ip", "agent", "cloud-init"]
        | Callable[[InstanceState], object]
    )


class ReadinessMixin(ProcessesMixin, WaitingMixin):
    """Chapter "instances" of the API, as far as they are waited for."""

    def launch_instance(
        self,
        name: str,
        *,
        alias: str | None = None,
        architecture: str | None = None,
        certificate: str | None = None,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        devices: Mapping[str, Mapping[str, Any]] | None = None,
        empty: bool = False,
        ephemeral: bool | None = None,
        fingerprint: str | None = None,
        instance_type: str | None = None,
        on_progress: OnProgress | None = None,
        profiles: Sequence[str] | None = None,
        progress: bool = False,
        properties: Mapping[str, str] | None = None,
        protocol: ImageProtocol | None = None,
        secret: str | None = None,
        server: str | None = None,
        target: str | None = None,
        timeout: float | None = None,
        type: InstanceType = "container",
        until: Until = "running",
    ) -> InstanceState:
        """Create an instance, start it, and wait until it is ready.

        ``POST /1.0/instances``; servers without the API extension ``instance_create_start``
        are asked to start it by a second request. An instance that does not become ready
        stays as it is.

        Args:
            name: such as ``"web"``: letters, digits and hyphens.
            alias: of the image, such as ``"debian/12"``.
            architecture: such as ``"x86_64"``; the server's own if not given.
            certificate: PEM of the image server, if no authority signed it.
            config: such as ``{"limits.cpu": 2}``; values of any type.
            description: for people.
            devices: such as ``{"root": {"type": "disk", "pool": "default", "path": "/"}}``.
            empty: True creates it without any image.
            ephemeral: True deletes it when it stops.
            fingerprint: of the image: SHA-256 in lower-case hex.
            instance_type: a cloud's size, such as ``"t2.micro"``.
            on_progress: called with percent, 100 (or None), and the server's words.
            profiles: to apply; ``["default"]`` if not given, none if empty.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            properties: of the image, such as ``{"os": "debian"}``.
            protocol: of the image server: ``"simplestreams"``, ``"lxd"``,
                ``"incus"`` or ``"oci"``.
            secret: of a private image on the image server.
            server: URL of an image server, such as ``"https://images.example.net"``.
            target: the cluster member to place it on.
            timeout: seconds to wait until it is ready; None for no limit.
            type: ``"container"`` or ``"virtual-machine"``.
            until: what it is to be, as for `wait_for_instance`.

        Returns:
            Its state, when it is ready.

        Raises:
            CalledProcessError: cloud-init failed.
            InstanceNotReady: it was not ready in time.
            OperationFailed: the server could not create or start it.

        Example:
            >>> client.launch_instance("web", alias="busybox", until="ip").status
            'Running'
        """
        check_until(until, timeout)
        self.create_instance(
            name,
            alias=alias,
            architecture=architecture,
            certificate=certificate,
            config=config,
            description=description,
            devices=devices,
            empty=empty,
            ephemeral=ephemeral,
            fingerprint=fingerprint,
            instance_type=instance_type,
            on_progress=on_progress,
            profiles=profiles,
            progress=progress,
            properties=properties,
            protocol=protocol,
            secret=secret,
            server=server,
            target=target,
            type=type,
            start=True,
            sync=True,
        )
        return self.wait_for_instance(name, timeout=timeout, until=until)

    def temporary_instance(
        self,
        name: str | None = None,
        *,
        alias: str | None = None,
        architecture: str | None = None,
        certificate: str | None = None,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        devices: Mapping[str, Mapping[str, Any]] | None = None,
        empty: bool = False,
        ephemeral: bool | None = None,
        fingerprint: str | None = None,
        instance_type: str | None = None,
        on_progress: OnProgress | None = None,
        profiles: Sequence[str] | None = None,
        progress: bool = False,
        properties: Mapping[str, str] | None = None,
        protocol: ImageProtocol | None = None,
        secret: str | None = None,
        server: str | None = None,
        target: str | None = None,
        timeout: float | None = None,
        type: InstanceType = "container",
        until: Until = "running",
    ) -> AbstractContextManager[str]:
        """Have an instance for as long as a block lasts: for tests, say.

        It is created, started and waited for as by `launch_instance`; when the block
        ends, or anything fails, it is stopped by force and deleted. One that may be somebody
        else's stays: it has the name that was given, and the server does not say whether it
        has created it.

        Args:
            name: such as ``"test"``; one that nobody has is found if not given.
            alias: of the image, such as ``"debian/12"``.
            architecture: such as ``"x86_64"``; the server's own if not given.
            certificate: PEM of the image server, if no authority signed it.
            config: such as ``{"limits.cpu": 2}``; values of any type.
            description: for people.
            devices: such as ``{"root": {"type": "disk", "pool": "default", "path": "/"}}``.
            empty: True creates it without any image.
            ephemeral: True deletes it when it stops.
            fingerprint: of the image: SHA-256 in lower-case hex.
            instance_type: a cloud's size, such as ``"t2.micro"``.
            on_progress: called with percent, 100 (or None), and the server's words.
            profiles: to apply; ``["default"]`` if not given, none if empty.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            properties: of the image, such as ``{"os": "debian"}``.
            protocol: of the image server: ``"simplestreams"``, ``"lxd"``,
                ``"incus"`` or ``"oci"``.
            secret: of a private image on the image server.
            server: URL of an image server, such as ``"https://images.example.net"``.
            target: the cluster member to place it on.
            timeout: seconds to wait until it is ready; None for no limit.
            type: ``"container"`` or ``"virtual-machine"``.
            until: what it is to be, as for `wait_for_instance`.

        Returns:
            A context manager that gives the instance's name.

        Raises:
            CalledProcessError: cloud-init failed.
            InstanceNotReady: it was not ready in time.
            OperationFailed: the server could not create or start it.

        Example:
            >>> with client.temporary_instance(alias="busybox") as name:
            ...     print(client.run(name, "uname", capture_output=True).returncode)
            0
        """
        check_progress(progress)
        check_until(until, timeout)
        chosen = f"hyperkit-{secrets.token_hex(4)}" if name is None else name

        @contextmanager
        def temporary() -> Generator[str]:
            operation = self.create_instance(
                chosen,
                alias=alias,
                architecture=architecture,
                certificate=certificate,
                config=config,
                description=description,
                devices=devices,
                empty=empty,
                ephemeral=ephemeral,
                fingerprint=fingerprint,
                instance_type=instance_type,
                profiles=profiles,
                properties=properties,
                protocol=protocol,
                secret=secret,
                server=server,
                target=target,
                type=type,
                sync=False,
            )
            try:
                self.wait_for_operation(operation, on_progress=on_progress, progress=progress)
            except OperationFailed:
                raise  # the name is taken, say: that one is somebody else's
            except BaseException:
                self._remove(chosen, operation, ours=name is None)
                raise
            try:
                self.start_instance(chosen, sync=True)
                self.wait_for_instance(chosen, timeout=timeout, until=until)
                yield chosen
            finally:
                self._remove(chosen, operation, ours=True)

        return temporary()

    def wait_for_instance(
        self, name: str, *, timeout: float | None = None, until: Until = "running"
    ) -> InstanceState:
        """Wait until an instance is what it is to be.

        ``GET /1.0/events`` tells when to look; addresses and the like, of which no event
        tells, are looked for twice a second (``GET /1.0/instances/<name>/state``).

        Args:
            name: such as ``"web"``.
            timeout: seconds; None for no limit.
            until: ``"running"``; ``"stopped"``, where an ephemeral one may be gone;
                ``"ip"``: it has an address beyond the machine itself; ``"agent"``: commands
                can be run in it; ``"cloud-init"``: that has done its work; or a function of
                the `InstanceState` that says so.

        Returns:
            Its state then.

        Raises:
            ArgumentError: ``until`` is none of these.
            CalledProcessError: cloud-init failed, or is not there.
            InstanceNotReady: it was not in time; also a ``TimeoutError``.
            NotFound: there is no such instance.

        Example:
            >>> client.wait_for_instance("web", until="ip", timeout=30).status
            'Running'
        """
        check_names(name)
        check_until(until, timeout)
        return Ready(self, name, until, timeout).run()

    launch_container = launch_instance
    temporary_container = temporary_instance
    wait_for_container = wait_for_instance

    def _remove(self, name: str, creation: Operation, *, ours: bool) -> None:
        """Stop an instance by force and delete it, even if it is only just being made.

        Args:
            name: the instance's.
            creation: the operation that makes it.
            ours: whether it is, whatever has become of that; else only if that succeeds.
        """
        try:
            self.wait_for_operation(creation)
        except OperationError:
            if not ours:
                return
        with suppress(Error):
            self.stop_instance(name, force=True, sync=True)
        with suppress(NotFound):
            self.delete_instance(name, sync=True)
