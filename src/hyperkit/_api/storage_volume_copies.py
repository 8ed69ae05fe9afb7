"""Copying and moving storage volumes: between pools, projects, cluster members and servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .._migration import (
    addresses_of,
    check_transfer,
    delivered,
    fetched,
    pulled,
    secrets_of,
    urls_of,
)
from .._progress import check_progress
from .._request import check_names, given, lasting, named, strings
from ..errors import ArgumentError
from ..types import Resource, StorageVolumeOffer
from .storage_volumes import StorageVolumesMixin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._progress import OnProgress
    from ..types import Operation


class StorageVolumeCopiesMixin(StorageVolumesMixin):
    """Chapter "storage volumes" of the API, as far as copies and moves go."""

    def copy_storage_volume(
        self,
        pool: str,
        source_name: str,
        target_name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        new_pool: str | None = None,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        project: str | None = None,
        refresh: bool | None = None,
        refresh_exclude_older: bool | None = None,
        source_location: str | None = None,
        target: str | None = None,
        volume_only: bool | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Copy a volume on one server or within one cluster.

        ``POST /1.0/storage-pools/<pool>/volumes/custom``, API extension
        ``storage_api_local_volume_handling``; other servers are reached by
        `transfer_storage_volume`.

        Args:
            pool: of the source, such as ``"default"``.
            source_name: such as ``"data"``, or ``"data/before"`` for a snapshot of it.
            target_name: the copy's name.
            config: keys to add to the source's, or to change.
            description: in the place of the source's.
            new_pool: the copy's, if it is to be another one.
            on_progress: called with percent, 100 (or None), and the server's words.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            project: the copy's, if it is to be another one.
            refresh: True brings a copy that is there up to date, its snapshots too; its
                configuration stays as it is.
            refresh_exclude_older: True leaves out snapshots that are older than the
                copy's newest (Incus).
            source_location: the cluster member that has the source, where each has a
                pool of its own.
            target: the cluster member to place the copy on.
            volume_only: True leaves the snapshots out.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such pool, volume or snapshot.
            APIError: the name is taken, or it could not be copied.

        Example:
            >>> client.copy_storage_volume("default", "data", "data-2", new_pool="fast").status
            'Success'
        """
        check_progress(progress)
        check_names(source_name)
        name, mark, snapshot = source_name.partition("/")
        rest = ("snapshots", named(snapshot)) if mark else ()
        where = self._volume(pool, "custom", name, *rest)
        url = self._pool(pool if new_pool is None else new_pool, "volumes", "custom")
        body = given(
            name=named(target_name), type="custom", config=strings(config), description=description
        )
        source = given(
            type="copy",
            name=source_name,
            pool=pool,
            location=source_location,
            refresh=refresh,
            refresh_exclude_older=refresh_exclude_older,
            volume_only=volume_only,
        )
        self._need("storage_api_local_volume_handling", "copy_storage_volume")
        if source_location is not None:
            self._need("cluster_internal_custom_volume_copy", "source_location")
        if refresh is not None:
            self._need("custom_volume_refresh", "refresh")
        if refresh_exclude_older is not None:
            self._need("custom_volume_refresh_exclude_older_snapshots", "refresh_exclude_older")
        if project is not None:
            self._need("storage_api_project", "project")
            source["project"] = self._own_project() or "default"
        if config is not None or source_location is not None:
            # A server takes what is given for the whole, and asks no other member.
            found = self._object(where, Resource, target=source_location)
            body = {
                **given(content_type=found.get("content_type") or None),
                "description": found.get("description", ""),
                **body,
                "config": lasting(found.get("config") or {}) | (strings(config) or {}),
            }
        started = self._post(url, {**body, "source": source}, project=project, target=target)
        return self._handle_async(started, sync, on_progress, progress=progress)

    def init_storage_volume_migration(
        self,
        pool: str,
        name: str,
        snapshot: str | None = None,
        *,
        target: str | None = None,
        volume_only: bool | None = None,
    ) -> StorageVolumeOffer:
        """Offer a volume to another server.

        ``POST /1.0/storage-pools/<pool>/volumes/custom/<name>``, API extension
        ``storage_api_remote_volume_handling``; of a snapshot ``POST
        .../snapshots/<snapshot>``, API extensions ``storage_api_volume_snapshots`` and
        ``storage_api_remote_volume_snapshot_copy``. The other server must begin to fetch
        it (`migrate_storage_volume`) within some ten seconds. This one must listen on
        the network (``core.https_address``).

        Args:
            pool: such as ``"default"``.
            name: such as ``"data"``.
            snapshot: of it, if that is to become the volume.
            target: the cluster member that has it, where several have one of that name.
            volume_only: True leaves its snapshots behind.

        Returns:
            What `migrate_storage_volume` needs, the operation of this server among it.

        Raises:
            ArgumentError: this server has no address that another one could reach.
            NotFound: there is no such volume or snapshot.

        Example:
            >>> offer = client.init_storage_volume_migration("default", "data")
            >>> other.migrate_storage_volume(offer, "default", "data").status
            'Success'
        """
        url = self._migrating(pool, name, snapshot)
        addresses, certificate = addresses_of(self)
        offer = self._described_volume(pool, name, target)
        operation = self._offer_volume(url, name, snapshot, volume_only, target)
        offer["certificate"] = certificate
        offer["operation"] = operation
        offer["websocket"] = Resource(
            urls=urls_of(operation, addresses), secrets=secrets_of(operation)
        )
        return offer

    def migrate_storage_volume(
        self,
        source: StorageVolumeOffer,
        pool: str,
        name: str,
        *,
        certificate: str | None = None,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        refresh: bool | None = None,
        target: str | None = None,
        volume_only: bool | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Fetch a volume that another server offers.

        ``POST /1.0/storage-pools/<pool>/volumes/custom``, API extension
        ``storage_api_remote_volume_handling``.

        Args:
            source: what `init_storage_volume_migration` of the other server gave.
            pool: of this server, such as ``"default"``.
            name: the volume's name here.
            certificate: PEM of the other server; the one that it told if not given.
            config: in the place of its own.
            description: in the place of its own.
            on_progress: called with percent, 100 (or None), and the server's words.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            refresh: True brings a volume that is here up to date.
            target: the cluster member to place it on.
            volume_only: True leaves its snapshots behind.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            APIError: it could not be fetched, or the name is taken.

        Example:
            >>> offer = client.init_storage_volume_migration("default", "data")
            >>> other.migrate_storage_volume(offer, "fast", "archive").status
            'Success'
        """
        check_progress(progress)
        url = self._pool(pool, "volumes", "custom")
        body = self._arriving_volume(source, name, config, description, refresh)
        pull = given(
            type="migration",
            mode="pull",
            certificate=certificate or source.certificate,
            refresh=refresh,
            secrets=dict(source.websocket["secrets"]),
            volume_only=volume_only,
        )

        def fetch(address: str) -> Operation:
            started = self._post(
                url, {**body, "source": {**pull, "operation": address}}, target=target
            )
            return self._handle_async(started, sync, on_progress, progress=progress)

        return fetched(source.websocket["urls"], fetch)

    def move_storage_volume(
        self,
        pool: str,
        name: str,
        *,
        new_name: str | None = None,
        new_pool: str | None = None,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        project: str | None = None,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Move a volume to another pool or project.

        ``POST /1.0/storage-pools/<pool>/volumes/custom/<name>``; other cluster members
        are reached by `relocate_storage_volume`, other servers by
        `transfer_storage_volume`.

        Args:
            pool: where it is now, such as ``"default"``.
            name: such as ``"data"``; nothing may use it.
            new_name: its name afterwards, if that is to be another one.
            new_pool: the pool to move it to.
            on_progress: called with percent, 100 (or None), and the server's words.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            project: the project to move it to.
            target: the cluster member that has it, where several have one of that name.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: nothing says where to.
            NotFound: there is no such volume.
            APIError: it is in use, or could not be moved.

        Example:
            >>> client.move_storage_volume("default", "data", new_pool="fast").status
            'Success'
        """
        check_progress(progress)
        if new_name is None and new_pool is None and project is None:
            message = "Say where to move the volume: new_pool, project or new_name."
            raise ArgumentError(message)
        url = self._volume(pool, "custom", name)
        final = named(name if new_name is None else new_name)
        if new_pool is None and project is None:
            return self.rename_storage_volume(pool, name, final, target=target, sync=sync)
        # Servers look for the pool even where it stays.
        body = given(name=final, pool=pool if new_pool is None else new_pool, project=project)
        check_names(*body.values())
        self._need("storage_api_local_volume_handling", "move_storage_volume")
        if project is not None:
            self._need("storage_volume_project_move", "project")
        started = self._post(url, body, target=target)
        return self._handle_async(started, sync, on_progress, progress=progress)

    def relocate_storage_volume(
        self,
        pool: str,
        name: str,
        *,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        source_location: str,
        target: str,
    ) -> Operation:
        """Move a volume to another member of a cluster, and wait until it is there.

        ``POST /1.0/storage-pools/<pool>/volumes/custom``, then ``DELETE``; API extension
        ``cluster_internal_custom_volume_copy``. It is copied with all that belongs to it
        and then deleted where it was: the servers' own way of moving says that it is
        done before it is, and loses configuration and description (Incus 6.0).

        Args:
            pool: such as ``"default"``, of which each member has its own part.
            name: such as ``"data"``; nothing may use it.
            on_progress: called with percent, 100 (or None), and the server's words.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            source_location: the cluster member that has it, such as ``"node-1"``.
            target: the cluster member to move it to, such as ``"node-2"``.

        Returns:
            The finished operation of the copying.

        Raises:
            ArgumentError: it is there already.
            MissingExtension: the server cannot copy between its members.
            NotFound: there is no such volume.
            APIError: it could not be copied; it is still where it was.

        Example:
            >>> client.relocate_storage_volume(
            ...     "default", "data", source_location="node-1", target="node-2"
            ... ).status
            'Success'
        """
        if source_location == target:
            message = f"{name} is to move from {target} to the same member."
            raise ArgumentError(message)
        done = self.copy_storage_volume(
            pool,
            name,
            name,
            on_progress=on_progress,
            progress=progress,
            source_location=source_location,
            target=target,
            sync=True,
        )
        self.delete_storage_volume(pool, name, target=source_location, sync=True)
        return done

    def transfer_storage_volume(
        self,
        pool: str,
        name: str,
        to: StorageVolumeCopiesMixin,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        mode: Literal["pull", "push", "relay"] = "pull",
        move: bool = False,
        new_name: str | None = None,
        new_pool: str | None = None,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        refresh: bool | None = None,
        snapshot: str | None = None,
        volume_only: bool | None = None,
    ) -> Operation:
        """Copy or move a volume to another server, and wait until it is there.

        ``POST /1.0/storage-pools/<pool>/volumes/custom/<name>`` here, and ``POST
        .../volumes/custom`` there; API extension ``storage_api_remote_volume_handling``. Of
        a snapshot ``POST .../snapshots/<snapshot>``, API extensions
        ``storage_api_volume_snapshots`` and ``storage_api_remote_volume_snapshot_copy``.

        Args:
            pool: such as ``"default"``.
            name: such as ``"data"``.
            to: a client of the other server.
            config: in the place of its own.
            description: in the place of its own.
            mode: ``"pull"``: the other server fetches it from this one. ``"push"``:
                this one sends it. ``"relay"``: it goes through this program, where
                the servers cannot reach each other.
            move: True deletes it here, when it is there.
            new_name: its name there, if that is another one.
            new_pool: the pool there, if it is called otherwise.
            on_progress: called with percent, 100 (or None), and the server's words.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            refresh: True brings a volume that is there up to date.
            snapshot: of it, if that is to become the volume there (API extension
                ``storage_api_remote_volume_snapshot_copy``).
            volume_only: True leaves its snapshots behind.

        Returns:
            The finished operation of the other server.

        Raises:
            ArgumentError: a snapshot cannot be moved; or a server that the other is to
                reach has no address.
            NotFound: there is no such volume or snapshot.
            APIError: it could not be transferred; it is still here.

        Example:
            >>> client.transfer_storage_volume("default", "data", to=other, move=True).status
            'Success'
        """
        check_progress(progress)
        check_transfer(mode, to, snapshot, move=move)
        dest_name = named(name if new_name is None else new_name)
        dest_pool = pool if new_pool is None else new_pool
        check_names(dest_pool)
        if mode == "pull":
            offer = self.init_storage_volume_migration(
                pool, name, snapshot, volume_only=volume_only
            )
            done = pulled(
                self,
                offer.operation,
                lambda: to.migrate_storage_volume(
                    offer,
                    dest_pool,
                    dest_name,
                    config=config,
                    description=description,
                    on_progress=on_progress,
                    progress=progress,
                    refresh=refresh,
                    volume_only=volume_only,
                    sync=True,
                ),
            )
        else:
            url = self._migrating(pool, name, snapshot)
            body = to._arriving_volume(
                self._described_volume(pool, name), dest_name, config, description, refresh
            )
            body["source"] = given(
                type="migration", mode="push", refresh=refresh, volume_only=volume_only
            )
            door = to._post(to._pool(dest_pool, "volumes", "custom"), body)
            done = delivered(
                mode,
                self,
                lambda target: self._offer_volume(
                    url, name, snapshot, volume_only, migration_target=target
                ),
                to,
                door,
                on_progress,
                progress=progress,
            )
        if move:
            self.delete_storage_volume(pool, name, sync=True)
        return done

    def _migrating(self, pool: str, name: str, snapshot: str | None) -> str:
        """Build the path of what is to go to another server."""
        rest = () if snapshot is None else ("snapshots", snapshot)
        url = self._volume(pool, "custom", name, *rest)
        self._need("storage_api_remote_volume_handling", "volumes for other servers")
        if snapshot is not None:
            # A server that lacks it would rename the snapshot.
            self._need("storage_api_remote_volume_snapshot_copy", "snapshot")
        return url

    def _described_volume(
        self, pool: str, name: str, target: str | None = None
    ) -> StorageVolumeOffer:
        """Say what a volume is like."""
        found = self.storage_volume(pool, name, target=target)
        return StorageVolumeOffer(
            name=name,
            config=found.get("config") or {},
            content_type=found.get("content_type", ""),
            description=found.get("description", ""),
        )

    def _offer_volume(
        self,
        url: str,
        name: str,
        snapshot: str | None,
        volume_only: bool | None,
        target: str | None = None,
        migration_target: Mapping[str, Any] | None = None,
    ) -> Operation:
        """Start the source's side of a migration; a snapshot has no others."""
        body = given(
            name=snapshot or name,
            migration=True,
            target=migration_target,
            volume_only=volume_only if snapshot is None else None,
        )
        return self._post(url, body, target=target)

    def _arriving_volume(
        self,
        source: StorageVolumeOffer,
        name: str,
        config: Mapping[str, Any] | None,
        description: str | None,
        refresh: bool | None,
    ) -> dict[str, Any]:
        """Write what the volume is to be like here."""
        named(name)
        self._need("storage_api_remote_volume_handling", "volumes of other servers")
        if refresh is not None:
            self._need("custom_volume_refresh", "refresh")
        content_type = source.get("content_type") or None
        return given(
            name=name,
            type="custom",
            config=strings(lasting(source.config) if config is None else config),
            content_type=content_type,
            description=source.description if description is None else description,
        )
