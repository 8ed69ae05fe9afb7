"""Projects: what keeps the instances, images and networks of one user from another's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import described, editing, patched
from .._request import check_names, given, path, strings
from ..types import AccessEntry, Project, ProjectState
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation


class ProjectsMixin(OperationsMixin):
    """Chapter "projects" of the API."""

    def create_project(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        network: str | None = None,
        storage: str | None = None,
    ) -> None:
        """Create a project: ``POST /1.0/projects``. API extension ``projects``.

        Args:
            name: such as ``"blue"``.
            config: such as ``{"features.networks": True, "limits.instances": 5}``; the
                server fills in the features that are not named.
            description: for people.
            network: the one that a card in the project's default profile is plugged into,
                such as ``"br0"`` (LXD 5.21; API extension
                ``project_default_network_and_storage``).
            storage: the pool of a root disk in the project's default profile, such as
                ``"default"`` (the same).

        Raises:
            BadRequest: the server takes no such name or configuration.
            MissingExtension: the server fills no default profile.
            APIError: there is a project of that name.

        Example:
            >>> client.create_project("blue", config={"features.images": False})
            >>> client.using(project="blue").instances()
            []
        """
        check_names(name)
        if network is not None or storage is not None:
            self._need("project_default_network_and_storage", "network and storage of a project")
        body = given(
            name=name,
            config=strings(config),
            description=description,
            network=network,
            storage=storage,
        )
        self._post(self._project(), body)

    def delete_project(
        self, name: str, *, force: bool | None = None, sync: bool | None = None
    ) -> Operation:
        """Delete a project: ``DELETE /1.0/projects/<name>``. API extension ``projects``.

        Args:
            name: such as ``"blue"``; there may be nothing in it.
            force: True deletes all that is in it as well (Incus, LXD 5.21; API extension
                ``projects_force_delete``).
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such project.
            APIError: something is in it: a BadRequest, or (Incus 6) an
                InternalServerError.
            MissingExtension: the server cannot delete what is in it.

        Example:
            >>> client.delete_project("blue", force=True).status
            'Success'
        """
        url = self._project(name)
        if force:
            self._need("projects_force_delete", "force")
        deleted = self._delete(url, force="1" if force else None)
        return self._handle_async(deleted, sync)

    def edit_project(self, name: str) -> AbstractContextManager[Project]:
        """Change a project in a ``with`` block: ``GET``, then ``PUT /1.0/projects/<name>``.

        It is written back when the block ends, with its ETag: what somebody else has
        changed meanwhile is not lost. Nothing is written if the block raises, or
        changes nothing. API extension ``projects``.

        Args:
            name: such as ``"blue"``.

        Returns:
            A context manager that gives the project.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such project.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_project("blue") as project:
            ...     project.config["limits.instances"] = "10"
        """
        return editing(
            self,
            lambda: self.project(name),
            lambda found, etag: self._put(self._project(name), described(found), etag=etag),
        )

    def patch_project(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
    ) -> None:
        """Change some fields of a project: ``PATCH /1.0/projects/<name>``.

        Servers replace the whole ``config`` nevertheless, features too, so the project is
        read first and the other keys are sent back as they are. API extension
        ``projects``.

        Args:
            name: such as ``"blue"``.
            config: the keys to add or to change; the others stay. An empty string unsets a
                key.
            description: for people.
            etag: of the project that was read; another one is refused.

        Raises:
            NotFound: there is no such project.
            BadRequest: a limit is below what is used, or a feature of a project in use
                was changed.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_project("blue", config={"limits.memory": "8GiB"})
        """
        body = given(config=strings(config), description=description)
        patched(self, self._project(name), body, "config", etag=etag)

    def project(self, name: str) -> Project:
        """Read a project: ``GET /1.0/projects/<name>``. API extension ``projects``.

        Args:
            name: such as ``"default"``, which is always there.

        Raises:
            NotFound: there is no such project.

        Example:
            >>> client.project("default").config["features.images"]
            'true'
        """
        return self._object(self._project(name), Project)

    def project_access(self, name: str) -> list[AccessEntry]:
        """Read who may use a project: ``GET /1.0/projects/<name>/access`` (Incus).

        API extension ``project_access``.

        Args:
            name: such as ``"blue"``.

        Returns:
            Certificates and users, with the role that each has there.

        Raises:
            NotFound: there is no such project.
            MissingExtension: it is not Incus.

        Example:
            >>> [entry.role for entry in client.project_access("blue")]
            ['admin']
        """
        url = path("projects", name, "access")
        self._need("project_access", "project_access")
        return self._entries(url, AccessEntry)

    def project_state(self, name: str) -> ProjectState:
        """Read what a project uses of its limits: ``GET /1.0/projects/<name>/state``.

        API extension ``project_usage``.

        Args:
            name: such as ``"blue"``.

        Raises:
            NotFound: there is no such project.

        Example:
            >>> client.project_state("blue").resources["instances"].Usage
            0
        """
        url = path("projects", name, "state")
        self._need("project_usage", "project_state")
        return self._object(url, ProjectState)

    @overload
    def projects(self, *, filter: str | None = None, recursion: Literal[0] = 0) -> list[str]: ...

    @overload
    def projects(self, *, filter: str | None = None, recursion: Literal[1]) -> list[Project]: ...

    def projects(
        self, *, filter: str | None = None, recursion: Literal[0, 1] = 0
    ) -> list[str] | list[Project]:
        """List the projects: ``GET /1.0/projects``. API extension ``projects``.

        Args:
            filter: such as ``where("config.user.team", "blue")`` (Incus; API extension
                ``api_filtering_extended``).
            recursion: 0 for names, 1 for the projects themselves.

        Raises:
            MissingExtension: the server does not filter projects.

        Example:
            >>> client.projects()
            ['default', 'blue']
        """
        return self._list(self._project(), Project, recursion, filter=filter)

    def rename_project(
        self, old_name: str, new_name: str, *, sync: bool | None = None
    ) -> Operation:
        """Rename a project: ``POST /1.0/projects/<name>``. API extension ``projects``.

        Args:
            old_name: such as ``"blue"``; there may be nothing in it.
            new_name: such as ``"navy"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation.

        Raises:
            NotFound: there is no such project.
            BadRequest: it is in use, or there is one of the new name.

        Example:
            >>> client.rename_project("blue", "navy").status
            'Success'
        """
        check_names(new_name)
        return self._handle_async(self._post(self._project(old_name), {"name": new_name}), sync)

    def update_project(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
    ) -> None:
        """Replace all of a project: ``PUT /1.0/projects/<name>``. API extension ``projects``.

        What is not given becomes empty, features too; to change some only, use
        `patch_project` or `edit_project`.

        Args:
            name: such as ``"blue"``.
            config: all keys; values of any type.
            description: for people.
            etag: of the project that was read; another one is refused.

        Raises:
            NotFound: there is no such project.
            BadRequest: a limit is below what is used, or a feature of a project in use
                was changed.
            PreconditionFailed: it has changed since.

        Example:
            >>> config = client.project("blue").config
            >>> client.update_project("blue", config={**config, "limits.cpu": 4})
        """
        body = {"config": strings(config or {}), "description": description or ""}
        self._put(self._project(name), body, etag=etag)

    def update_project_state(
        self,
        name: str,
        *,
        force: bool | None = None,
        replica_mode: Literal["", "leader", "standby"],
        sync: bool | None = None,
    ) -> Operation:
        """Promote or demote a replicated project: ``PUT /1.0/projects/<name>/state`` (LXD 6).

        API extension ``project_replica_mode``.

        Args:
            name: such as ``"blue"``.
            force: True does not ask the other cluster first.
            replica_mode: ``"leader"``, ``"standby"``, or ``""`` for neither.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation.

        Raises:
            NotFound: there is no such project.
            BadRequest: the other cluster's project is in the same mode.
            MissingExtension: the server replicates no projects.

        Example:
            >>> client.update_project_state("blue", replica_mode="leader").status
            'Success'
        """
        url = path("projects", name, "state")
        self._need("project_replica_mode", "update_project_state")
        body = {"replica_mode": replica_mode}
        return self._handle_async(self._put(url, body, force="1" if force else None), sync)

    def _project(self, *segments: str) -> str:
        """Build the path of the projects, or of one, where the server has them."""
        url = path("projects", *segments)
        self._need("projects", "projects")
        return url
