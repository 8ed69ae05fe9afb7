"""Replicators: what copies a project to a linked cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import described, editing
from .._request import check_names, given, path, strings
from ..types import Replicator, ReplicatorState
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation


class ReplicatorsMixin(OperationsMixin):
    """Chapter "replicators" of the API: LXD 6 only."""

    def create_replicator(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
    ) -> None:
        """Create a replicator of the project: ``POST /1.0/replicators`` (LXD 6).

        API extension ``replicators``.

        Args:
            name: such as ``"nightly"``.
            config: such as ``{"cluster": "backup", "schedule": "@daily"}``, where
                ``"backup"`` is a cluster link.
            description: for people.

        Raises:
            BadRequest: the server takes no such configuration.
            MissingExtension: the server replicates no projects.
            APIError: there is a replicator of that name.

        Example:
            >>> client.create_replicator("nightly", config={"cluster": "backup"})
        """
        check_names(name)
        body = given(name=name, config=strings(config), description=description)
        self._post(self._replicator(), body)

    def delete_replicator(self, name: str) -> None:
        """Delete a replicator: ``DELETE /1.0/replicators/<name>`` (LXD 6).

        API extension ``replicators``.

        Args:
            name: such as ``"nightly"``.

        Raises:
            NotFound: there is no such replicator.
            MissingExtension: the server replicates no projects.

        Example:
            >>> client.delete_replicator("nightly")
        """
        self._delete(self._replicator(name))

    def edit_replicator(self, name: str) -> AbstractContextManager[Replicator]:
        """Change a replicator in a ``with`` block: ``GET``, then ``PUT /1.0/replicators/<name>``.

        It is written back when the block ends, with its ETag: what somebody else has
        changed meanwhile is not lost. Nothing is written if the block raises, or
        changes nothing. LXD 6; API extension ``replicators``.

        Args:
            name: such as ``"nightly"``.

        Returns:
            A context manager that gives the replicator.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such replicator.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_replicator("nightly") as replicator:
            ...     replicator.config["schedule"] = "@daily"
        """
        return editing(
            self,
            lambda: self.replicator(name),
            lambda found, etag: self._put(self._replicator(name), described(found), etag=etag),
        )

    def patch_replicator(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
    ) -> None:
        """Change some fields of a replicator: ``PATCH /1.0/replicators/<name>`` (LXD 6).

        API extension ``replicators``.

        Args:
            name: such as ``"nightly"``.
            config: the keys to add or to change; the others stay.
            description: for people.
            etag: of the replicator that was read; another one is refused.

        Raises:
            NotFound: there is no such replicator.
            MissingExtension: the server replicates no projects.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_replicator("nightly", config={"schedule": "@hourly"})
        """
        body = given(config=strings(config), description=description)
        self._patch(self._replicator(name), body, etag=etag)

    def rename_replicator(self, old_name: str, new_name: str) -> None:
        """Rename a replicator: ``POST /1.0/replicators/<name>`` (LXD 6).

        API extension ``replicators``.

        Args:
            old_name: such as ``"nightly"``.
            new_name: such as ``"hourly"``.

        Raises:
            NotFound: there is no such replicator.
            MissingExtension: the server replicates no projects.

        Example:
            >>> client.rename_replicator("nightly", "hourly")
        """
        check_names(new_name)
        self._post(self._replicator(old_name), {"name": new_name})

    def replicator(self, name: str) -> Replicator:
        """Read a replicator: ``GET /1.0/replicators/<name>`` (LXD 6).

        API extension ``replicators``.

        Args:
            name: such as ``"nightly"``.

        Raises:
            NotFound: there is no such replicator.
            MissingExtension: the server replicates no projects.

        Example:
            >>> client.replicator("nightly").last_run_status
            'Pending'
        """
        return self._object(self._replicator(name), Replicator)

    def replicator_state(self, name: str) -> ReplicatorState:
        """Read what a replicator does: ``GET /1.0/replicators/<name>/state`` (LXD 6).

        API extension ``replicators``.

        Args:
            name: such as ``"nightly"``.

        Raises:
            NotFound: there is no such replicator.
            MissingExtension: the server replicates no projects.

        Example:
            >>> client.replicator_state("nightly").status
            'Pending'
        """
        return self._object(self._replicator(name, "state"), ReplicatorState)

    @overload
    def replicators(
        self, *, all_projects: bool | None = None, recursion: Literal[0] = 0
    ) -> list[str]: ...

    @overload
    def replicators(
        self, *, all_projects: bool | None = None, recursion: Literal[1]
    ) -> list[Replicator]: ...

    def replicators(
        self, *, all_projects: bool | None = None, recursion: Literal[0, 1] = 0
    ) -> list[str] | list[Replicator]:
        """List the replicators: ``GET /1.0/replicators`` (LXD 6).

        API extension ``replicators``.

        Args:
            all_projects: True lists those of every project.
            recursion: 0 for names, 1 for the replicators themselves.

        Raises:
            MissingExtension: the server replicates no projects.

        Example:
            >>> client.replicators()
            ['nightly']
        """
        return self._list(self._replicator(), Replicator, recursion, all_projects=all_projects)

    def run_replicator(
        self,
        name: str,
        *,
        action: Literal["start", "restore"] = "start",
        sync: bool | None = None,
    ) -> Operation:
        """Replicate now, or take the copies back: ``PUT /1.0/replicators/<name>/state`` (LXD 6).

        API extension ``replicators``.

        Args:
            name: such as ``"nightly"``.
            action: ``"start"`` copies the project to the linked cluster, ``"restore"``
                brings it back from there; the instances here must be stopped for that.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation.

        Raises:
            NotFound: there is no such replicator.
            BadRequest: an instance runs that would be restored.
            MissingExtension: the server replicates no projects.

        Example:
            >>> client.run_replicator("nightly").status
            'Success'
        """
        started = self._put(self._replicator(name, "state"), {"action": action})
        return self._handle_async(started, sync)

    def update_replicator(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
    ) -> None:
        """Replace all of a replicator: ``PUT /1.0/replicators/<name>`` (LXD 6).

        What is not given becomes empty; to change some only, use `patch_replicator` or
        `edit_replicator`. API extension ``replicators``.

        Args:
            name: such as ``"nightly"``.
            config: all keys; values of any type.
            description: for people.
            etag: of the replicator that was read; another one is refused.

        Raises:
            NotFound: there is no such replicator.
            MissingExtension: the server replicates no projects.
            PreconditionFailed: it has changed since.

        Example:
            >>> config = client.replicator("nightly").config
            >>> client.update_replicator("nightly", config={**config, "schedule": "@weekly"})
        """
        body = {"config": strings(config or {}), "description": description or ""}
        self._put(self._replicator(name), body, etag=etag)

    def _replicator(self, *segments: str) -> str:
        """Build the path of the replicators, or of one, where the server has them."""
        url = path("replicators", *segments)
        self._need("replicators", "replicators")
        return url
