"""Copying and moving instances on one server, or within one cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._nested import texts
from .._progress import check_progress
from .._request import check_names, devices_of, given, lasting, named, path, strings
from .._resource import Resource
from ..errors import ArgumentError
from .instances import InstancesMixin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._progress import OnProgress
    from ..types import Operation

# Which API extensions the fields of a copy need, and those of a move.
_COPYING = {
    "allow_inconsistent": "instance_allow_inconsistent_copy",
    "override_snapshot_profiles": "override_snapshot_profiles_on_copy",
    "refresh_exclude_older": "custom_volume_refresh_exclude_older_snapshots",
}
_MOVING = {
    "Config": "instance_move_config",
    "Devices": "instance_move_config",
    "Profiles": "instance_move_config",
    "allow_inconsistent": "cluster_migration_inconsistent_copy",
    "override_snapshot_profiles": "override_snapshot_profiles_on_copy",
    "refresh": "instance_refresh_migration",
}


class CopyingMixin(InstancesMixin):
    """Chapter "instances" of the API, as far as copies and moves go."""

    def copy_instance(
        self,
        source_name: str,
        target_name: str,
        *,
        allow_inconsistent: bool | None = None,
        architecture: str | None = None,
        config: Mapping[str, Any] | None = None,
        devices: Mapping[str, Mapping[str, Any]] | None = None,
        ephemeral: bool | None = None,
        instance_only: bool | None = None,
        live: bool | None = None,
        on_progress: OnProgress | None = None,
        override_snapshot_profiles: bool | None = None,
        profiles: Sequence[str] | None = None,
        progress: bool = False,
        project: str | None = None,
        refresh: bool | None = None,
        refresh_exclude_older: bool | None = None,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Copy an instance: ``POST /1.0/instances``.

        The copy is like the source, but for what is volatile: its network cards get
        addresses of their own.

        Args:
            source_name: such as ``"web"``, or ``"web/before"`` for a snapshot of it.
            target_name: the copy's name.
            allow_inconsistent: True bears with files that change meanwhile.
            architecture: in the place of the source's.
            config: keys to add to the source's, or to change.
            devices: those to add to the source's, or to change.
            ephemeral: True deletes the copy when it stops; the source's own way if
                not given.
            instance_only: True leaves the snapshots out.
            live: True copies the memory of a running one too.
            on_progress: called with percent, 100 (or None), and the server's words.
            override_snapshot_profiles: True gives the copy's profiles to its snapshots as
                well; API extension ``override_snapshot_profiles_on_copy`` (LXD).
            profiles: in the place of the source's.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            project: the copy's, if it is to be another one.
            refresh: True brings the files and snapshots of a copy that is there up to
                date; its configuration stays as it is.
            refresh_exclude_older: with ``refresh``, True leaves out what the source has of
                snapshots that are older than the copy's newest one; API extension
                ``custom_volume_refresh_exclude_older_snapshots`` (Incus).
            target: the cluster member to place it on.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such instance or snapshot.
            OperationFailed: the name is taken, or it could not be copied.

        Example:
            >>> client.copy_instance("web", "web-2", config={"limits.cpu": 1}).status
            'Success'
        """
        check_progress(progress)
        check_names(source_name, target_name)
        profiles = texts("profiles", profiles)
        name, mark, snapshot = source_name.partition("/")
        if mark:
            named(snapshot)
        where = self._path(name)
        found: Mapping[str, Any] = self._object(where, Resource)
        if mark:
            found = {**found, **self._object(self._path(name, "snapshots", snapshot), Resource)}
        source = given(
            type="copy",
            source=source_name,
            allow_inconsistent=allow_inconsistent,
            instance_only=instance_only,
            live=live,
            override_snapshot_profiles=override_snapshot_profiles,
            refresh=refresh,
            refresh_exclude_older=refresh_exclude_older,
        )
        for key in source:
            self._need(_COPYING.get(key, ""), key)
        if project is not None:
            self._need("container_copy_project", "project")
            source["project"] = self._own_project() or "default"
        body = given(
            name=target_name,
            architecture=architecture or found.get("architecture"),
            config=lasting(found.get("config") or {}) | (strings(config) or {}),
            description=found.get("description"),
            devices={**(found.get("devices") or {}), **(devices_of(devices) or {})},
            ephemeral=found.get("ephemeral") if ephemeral is None else ephemeral,
            profiles=(found.get("profiles") or []) if profiles is None else profiles,
            type=found.get("type"),
            source=source,
        )
        url = path(self._capabilities().instances)
        return self._handle_async(
            self._post(url, body, project=project, target=target),
            sync,
            on_progress,
            progress=progress,
        )

    def move_instance(
        self,
        name: str,
        *,
        allow_inconsistent: bool | None = None,
        config: Mapping[str, Any] | None = None,
        devices: Mapping[str, Mapping[str, Any]] | None = None,
        instance_only: bool | None = None,
        live: bool | None = None,
        new_name: str | None = None,
        on_progress: OnProgress | None = None,
        override_snapshot_profiles: bool | None = None,
        pool: str | None = None,
        profiles: Sequence[str] | None = None,
        progress: bool = False,
        project: str | None = None,
        refresh: bool | None = None,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Move an instance to another pool, project or cluster member.

        ``POST /1.0/instances/<name>``; other servers are reached by
        `transfer_instance`.

        Args:
            name: such as ``"web"``; it must be stopped, unless ``live`` or ``refresh``
                can be.
            allow_inconsistent: True bears with files that change meanwhile; API
                extension ``cluster_migration_inconsistent_copy``.
            config: all keys, in the place of its own; API extension
                ``instance_move_config``, as for ``devices`` and ``profiles``.
            devices: all of them, in the place of its own.
            instance_only: True leaves its snapshots behind, that is: drops them.
            live: True moves a running one with its memory.
            new_name: its name afterwards, if that is to be another one.
            on_progress: called with percent, 100 (or None), and the server's words.
            override_snapshot_profiles: True gives its profiles to its snapshots as well;
                API extension ``override_snapshot_profiles_on_copy`` (LXD).
            pool: the storage pool to move it to.
            profiles: all of them, in the place of its own.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            project: the project to move it to.
            refresh: True moves a running one in two steps, so that it is stopped for the
                second alone; API extension ``instance_refresh_migration`` (Incus).
            target: the cluster member to move it to.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            ArgumentError: nothing says where to; or there is only a new name, with what
                does not go with renaming.
            NotFound: there is no such instance.
            OperationFailed: it is running, or could not be moved.

        Example:
            >>> client.move_instance("web", pool="fast").status
            'Success'
        """
        check_progress(progress)
        if new_name is None and pool is None and project is None and target is None:
            message = "Say where to move the instance: pool, project, target or new_name."
            raise ArgumentError(message)
        final = name if new_name is None else new_name
        # With an empty one of these, the server would wait for another one to fetch it.
        check_names(name, final, *given(pool=pool, project=project, target=target).values())
        how = given(
            Config=strings(config),
            Devices=devices_of(devices),
            Profiles=texts("profiles", profiles),
            allow_inconsistent=allow_inconsistent,
            instance_only=instance_only,
            live=live,
            override_snapshot_profiles=override_snapshot_profiles,
            refresh=refresh,
        )
        if pool is None and project is None and target is None:
            if how:
                message = f"{', '.join(map(str.lower, how))}: not with a new name alone."
                raise ArgumentError(message)
            # With "migration", the server would wait for another one to fetch it.
            return self.rename_instance(name, final, sync=sync)
        if pool is not None:
            self._need("instance_pool_move", "pool")
        if project is not None:
            self._need("instance_project_move", "project")
        for key in how:
            self._need(_MOVING.get(key, ""), key.lower())
        body = how | given(name=final, migration=True, pool=pool, project=project)
        return self._handle_async(
            self._post(self._path(name), body, target=target),
            sync,
            on_progress,
            progress=progress,
        )

    copy_container = copy_instance
    move_container = move_instance
