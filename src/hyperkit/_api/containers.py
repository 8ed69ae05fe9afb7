"""Containers: Hyperkit's names for what the API calls instances.

Where the request is the same, the name is all that differs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .instances import InstancesMixin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._progress import OnProgress
    from .._source import ImageProtocol
    from ..types import Instance, Operation


class ContainersMixin(InstancesMixin):
    """Instances under their old name."""

    container = InstancesMixin.instance
    container_state = InstancesMixin.instance_state

    @overload
    def containers(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[str]: ...

    @overload
    def containers(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[1, 2],
    ) -> list[Instance]: ...

    def containers(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0, 1, 2] = 0,
    ) -> list[str] | list[Instance]:
        """List the containers, and no virtual machines: ``GET /1.0/instances``.

        Args:
            all_projects: True lists those of every project.
            filter: such as ``"status eq running"``; see "Filtering" in the manual.
            recursion: 0 for names, 1 for instances, 2 for instances with their
                state, snapshots and backups.

        Example:
            >>> client.containers()
            ['db', 'web']
        """
        if recursion == 0:
            return self.instances(all_projects=all_projects, filter=filter, type="container")
        return self.instances(
            all_projects=all_projects, filter=filter, recursion=recursion, type="container"
        )

    def create_container(
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
        start: bool | None = None,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Create a container: ``POST /1.0/instances``; see `create_instance`.

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
            protocol: of the image server, such as ``"simplestreams"``.
            secret: of a private image on the image server.
            server: URL of an image server, such as ``"https://images.example.net"``.
            start: True starts it as well.
            target: the cluster member to place it on.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ImageIdentifierRequired: no image is named, and ``empty`` is not true.
            InvalidImageAttributes: arguments that exclude each other.
            InvalidProtocol: no server speaks this protocol.
            OperationFailed: the server could not create it.

        Example:
            >>> client.create_container("web", alias="busybox").status
            'Success'
        """
        return self.create_instance(
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
            start=start,
            target=target,
            type="container",
            sync=sync,
        )

    delete_container = InstancesMixin.delete_instance
    edit_container = InstancesMixin.edit_instance
    freeze_container = InstancesMixin.freeze_instance
    patch_container = InstancesMixin.patch_instance
    pause_container = InstancesMixin.freeze_instance
    rename_container = InstancesMixin.rename_instance
    restart_container = InstancesMixin.restart_instance
    resume_container = InstancesMixin.unfreeze_instance
    start_container = InstancesMixin.start_instance
    stop_container = InstancesMixin.stop_instance
    suspend_container = InstancesMixin.freeze_instance
    unfreeze_container = InstancesMixin.unfreeze_instance
    update_container = InstancesMixin.update_instance
