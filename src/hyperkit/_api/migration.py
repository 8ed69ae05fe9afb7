"""Migration: instances on their way from one server to another."""

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
from .._nested import texts
from .._progress import check_progress
from .._request import BASE_IMAGE, check_names, devices_of, given, lasting, path, strings
from .._resource import Resource
from ..errors import MissingProfiles
from ..types import Instance, MigrationSource, Operation
from .instances import InstancesMixin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._progress import OnProgress


class MigrationMixin(InstancesMixin):
    """Chapter "migration" of the API: instances between servers."""

    def init_migration(
        self,
        container: str,
        snapshot: str | None = None,
        *,
        allow_inconsistent: bool | None = None,
        instance_only: bool | None = None,
        live: bool | None = None,
    ) -> MigrationSource:
        """Offer an instance to another server: ``POST /1.0/instances/<name>``.

        The other one must begin to fetch it (`migrate`) within some ten seconds. This
        server must listen on the network (``core.https_address``).

        Args:
            container: the instance's name, such as ``"web"``; it must be stopped,
                unless the servers have CRIU.
            snapshot: of it, if that is to become the instance.
            allow_inconsistent: True bears with files that change meanwhile; API
                extension ``cluster_migration_inconsistent_copy``.
            instance_only: True leaves its snapshots behind.
            live: True sends the memory of a running one too; `migrate` must be told the
                same.

        Returns:
            What `migrate` needs, the operation of this server among it.

        Raises:
            NotFound: there is no such instance or snapshot.
            ArgumentError: this server has no address that another one could reach.

        Example:
            >>> source = client.init_migration("web")
            >>> other.migrate(source, "web").status
            'Success'
        """
        check_names(container, *given(snapshot=snapshot).values())
        addresses, certificate = addresses_of(self)
        how = self._how(snapshot, allow_inconsistent, instance_only, live)
        source = self._described(container, snapshot)
        source["operation"] = operation = self._offer(container, snapshot, how)
        source["certificate"] = certificate
        urls = urls_of(operation, addresses)
        source["websocket"] = Resource(url=urls[0], urls=urls, secrets=secrets_of(operation))
        return source

    def migrate(
        self,
        source: MigrationSource,
        dest_name: str,
        *,
        architecture: str | None = None,
        certificate: str | None = None,
        config: Mapping[str, Any] | None = None,
        devices: Mapping[str, Mapping[str, Any]] | None = None,
        ephemeral: bool | None = None,
        instance_only: bool | None = None,
        live: bool | None = None,
        move: bool = False,
        on_progress: OnProgress | None = None,
        profiles: Sequence[str] | None = None,
        progress: bool = False,
        refresh: bool | None = None,
        refresh_exclude_older: bool | None = None,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Fetch an instance that another server offers: ``POST /1.0/instances``.

        Args:
            source: what `init_migration` of the other server gave.
            dest_name: the instance's name here.
            architecture: in the place of its own.
            certificate: PEM of the other server; the one that it told if not given.
            config: in the place of its own, which is taken without what is volatile
                (addresses of network cards, say).
            devices: in the place of its own.
            ephemeral: in the place of its own.
            instance_only: True leaves its snapshots behind.
            live: True takes the memory too, where `init_migration` was told so.
            move: True keeps what is volatile as well, since the other one is to go.
            on_progress: called with percent, 100 (or None), and the server's words.
            profiles: in the place of its own; they must be here.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            refresh: True brings the files and snapshots of a copy that is here up to
                date; its configuration stays as it is.
            refresh_exclude_older: with ``refresh``, True leaves out what the source has of
                snapshots that are older than the copy's newest one; API extension
                ``custom_volume_refresh_exclude_older_snapshots`` (Incus).
            target: the cluster member to place it on.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            MissingProfiles: this server lacks profiles of the instance.
            OperationFailed: it could not be fetched, or the name is taken.

        Example:
            >>> source = client.init_migration("web")
            >>> other.migrate(source, "web", profiles=["default"]).status
            'Success'
        """
        check_progress(progress)
        profiles = texts("profiles", profiles)
        body = self._arrival(
            source, dest_name, architecture, config, devices, ephemeral, profiles, move=move
        )
        pull = given(
            type="migration",
            mode="pull",
            certificate=certificate or source.certificate,
            secrets=dict(source.websocket["secrets"]),
            instance_only=instance_only,
            live=live,
            refresh=refresh,
            refresh_exclude_older=refresh_exclude_older,
        )
        if refresh_exclude_older is not None:
            self._need("custom_volume_refresh_exclude_older_snapshots", "refresh_exclude_older")
        pull["base-image"] = source.config.get(BASE_IMAGE, "")
        urls: list[str] = source.websocket.get("urls") or [source.websocket["url"]]

        def fetch(url: str) -> Operation:
            operation = self._post(
                path(self._capabilities().instances),
                {**body, "source": {**pull, "operation": url}},
                target=target,
            )
            return self._handle_async(operation, sync, on_progress, progress=progress)

        return fetched(urls, fetch)

    def transfer_instance(
        self,
        name: str,
        to: MigrationMixin,
        *,
        allow_inconsistent: bool | None = None,
        config: Mapping[str, Any] | None = None,
        devices: Mapping[str, Mapping[str, Any]] | None = None,
        instance_only: bool | None = None,
        live: bool | None = None,
        mode: Literal["pull", "push", "relay"] = "pull",
        move: bool = False,
        new_name: str | None = None,
        on_progress: OnProgress | None = None,
        profiles: Sequence[str] | None = None,
        progress: bool = False,
        snapshot: str | None = None,
    ) -> Operation:
        """Copy or move an instance to another server, and wait until it is there.

        ``POST /1.0/instances/<name>`` here, or ``.../snapshots/<snapshot>``, and ``POST
        /1.0/instances`` there.

        Args:
            name: such as ``"web"``; it must be stopped, unless the servers have CRIU.
            to: a client of the other server.
            allow_inconsistent: True bears with files that change meanwhile; API
                extension ``cluster_migration_inconsistent_copy``.
            config: in the place of its own.
            devices: in the place of its own.
            instance_only: True leaves its snapshots behind.
            live: True sends the memory of a running one too.
            mode: ``"pull"``: the other server fetches it from this one. ``"push"``:
                this one sends it. ``"relay"``: it goes through this program, where
                the servers cannot reach each other.
            move: True deletes it here, when it is there.
            new_name: its name there, if that is another one.
            on_progress: called with percent, 100 (or None), and the server's words.
            profiles: in the place of its own; they must be there.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            snapshot: of it, if that is to become the instance there.

        Returns:
            The finished operation of the other server.

        Raises:
            MissingProfiles: the other server lacks profiles of the instance.
            NotFound: there is no such instance or snapshot.
            ArgumentError: a snapshot cannot be moved; or a server that the other is to
                reach has no address.
            OperationFailed: it could not be transferred; it is still here.

        Example:
            >>> client.transfer_instance("web", to=other, mode="relay", move=True).status
            'Success'
        """
        check_progress(progress)
        check_transfer(mode, to, snapshot, move=move)
        profiles = texts("profiles", profiles)
        dest_name = name if new_name is None else new_name
        check_names(name, dest_name, *given(snapshot=snapshot).values())
        if mode == "pull":
            to._check_profiles(self._described(name, snapshot), profiles)
            source = self.init_migration(
                name,
                snapshot,
                allow_inconsistent=allow_inconsistent,
                instance_only=instance_only,
                live=live,
            )
            done = pulled(
                self,
                source.operation,
                lambda: to.migrate(
                    source,
                    dest_name,
                    config=config,
                    devices=devices,
                    instance_only=instance_only,
                    live=live,
                    move=move,
                    on_progress=on_progress,
                    profiles=profiles,
                    progress=progress,
                    sync=True,
                ),
            )
        else:
            if mode == "push":
                self._need("container_push", 'mode="push"')
            how = self._how(snapshot, allow_inconsistent, instance_only, live)
            source = self._described(name, snapshot)
            body = to._arrival(source, dest_name, None, config, devices, None, profiles, move=move)
            door = to._open_door(body, source, given(instance_only=instance_only, live=live))
            done = delivered(
                mode,
                self,
                lambda target: self._offer(name, snapshot, given(target=target, **how)),
                to,
                door,
                on_progress,
                progress=progress,
            )
        if move:
            self.delete_instance(name, sync=True)
        return done

    def _described(self, name: str, snapshot: str | None) -> MigrationSource:
        """Say what the instance or snapshot is like."""
        instance = self._object(self._path(name), Instance)
        found: Mapping[str, Any] = instance
        if snapshot is not None:
            found = self._object(self._path(name, "snapshots", snapshot), Resource)
        return MigrationSource(
            name=name,
            architecture=found.get("architecture") or instance.get("architecture", ""),
            config=found.get("config") or {},
            description=instance.get("description", ""),
            devices=found.get("devices") or {},
            ephemeral=found.get("ephemeral", False),
            profiles=found.get("profiles") or [],
            snapshot=snapshot is not None,
            stateful=found.get("stateful", False),
            type=instance.get("type", "container"),
        )

    def _how(
        self,
        snapshot: str | None,
        allow_inconsistent: bool | None,
        instance_only: bool | None,
        live: bool | None,
    ) -> dict[str, Any]:
        """Say how the source is to send; a snapshot has no others, and does not change."""
        if allow_inconsistent is not None:
            self._need("cluster_migration_inconsistent_copy", "allow_inconsistent")
        if snapshot is not None:
            return given(live=live)
        return given(allow_inconsistent=allow_inconsistent, instance_only=instance_only, live=live)

    def _offer(self, name: str, snapshot: str | None, how: Mapping[str, Any]) -> Operation:
        """Start the source's side."""
        url = self._path(name) if snapshot is None else self._path(name, "snapshots", snapshot)
        return self._post(url, {"name": snapshot or name, "migration": True, **how})

    def _arrival(
        self,
        source: MigrationSource,
        name: str,
        architecture: str | None,
        config: Mapping[str, Any] | None,
        devices: Mapping[str, Mapping[str, Any]] | None,
        ephemeral: bool | None,
        profiles: Sequence[str] | None,
        *,
        move: bool,
    ) -> dict[str, Any]:
        """Write what the instance is to be like here."""
        check_names(name)
        self._check_profiles(source, profiles)
        kept = source.config if move else lasting(source.config)
        body = {
            "name": name,
            "architecture": architecture or source.architecture,
            "config": strings(kept if config is None else config),
            "description": source.get("description", ""),
            "devices": devices_of(source.devices if devices is None else devices),
            "ephemeral": source.ephemeral if ephemeral is None else ephemeral,
            "profiles": list(source.profiles if profiles is None else profiles),
        }
        if self._capabilities().instances == "instances":
            body["type"] = source.get("type", "container")
        return body

    def _check_profiles(self, source: MigrationSource, profiles: Sequence[str] | None) -> None:
        wanted = source.profiles if profiles is None else profiles
        missing = sorted(set(wanted) - set(self._names(path("profiles"))))
        if missing:
            message = (
                f"The target server lacks the profiles {', '.join(missing)}: create them there, "
                "or name others in profiles."
            )
            raise MissingProfiles(message)

    def _open_door(
        self, body: Mapping[str, Any], source: MigrationSource, how: Mapping[str, Any]
    ) -> Operation:
        """Start the target's side of a push."""
        self._need("container_push_target", "push and relay")
        push = {"type": "migration", "mode": "push", **how}
        push["base-image"] = source.config.get(BASE_IMAGE, "")
        return self._post(path(self._capabilities().instances), {**body, "source": push})
