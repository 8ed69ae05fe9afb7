"""Placement groups: how instances are spread over the members of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import described, editing
from .._request import check_names, given, path, strings
from ..types import PlacementGroup
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager


class PlacementGroupsMixin(OperationsMixin):
    """Chapter "placement groups" of the API: LXD 6 only."""

    def create_placement_group(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
    ) -> None:
        """Create a placement group: ``POST /1.0/placement-groups`` (LXD 6).

        An instance is in it whose configuration has ``placement.group``. API extension
        ``instance_placement_groups``.

        Args:
            name: such as ``"apart"``.
            config: such as ``{"policy": "spread", "rigor": "strict"}``, which servers ask
                for; the others are ``"compact"`` and ``"permissive"``.
            description: for people.

        Raises:
            BadRequest: the server takes no such configuration.
            MissingExtension: the server has no placement groups.
            APIError: there is a group of that name.

        Example:
            >>> spread = {"policy": "spread", "rigor": "permissive"}
            >>> client.create_placement_group("apart", config=spread)
            >>> config = {"placement.group": "apart"}
            >>> client.create_instance("web", alias="busybox", config=config).status
            'Success'
        """
        check_names(name)
        body = given(name=name, config=strings(config), description=description)
        self._post(self._placement_group(), body)

    def delete_placement_group(self, name: str) -> None:
        """Delete a placement group: ``DELETE /1.0/placement-groups/<name>`` (LXD 6).

        API extension ``instance_placement_groups``.

        Args:
            name: such as ``"apart"``; nothing may use it.

        Raises:
            NotFound: there is no such group.
            BadRequest: it is in use.
            MissingExtension: the server has no placement groups.

        Example:
            >>> client.delete_placement_group("apart")
        """
        self._delete(self._placement_group(name))

    def edit_placement_group(self, name: str) -> AbstractContextManager[PlacementGroup]:
        """Change a group in a ``with`` block: ``GET``, then ``PUT /1.0/placement-groups/<name>``.

        It is written back when the block ends, with its ETag: what somebody else has
        changed meanwhile is not lost. Nothing is written if the block raises, or
        changes nothing. LXD 6; API extension ``instance_placement_groups``.

        Args:
            name: such as ``"apart"``.

        Returns:
            A context manager that gives the group.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such group.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_placement_group("apart") as group:
            ...     group.config["rigor"] = "strict"
        """
        return editing(
            self,
            lambda: self.placement_group(name),
            lambda found, etag: self._put(
                self._placement_group(name), described(found), etag=etag
            ),
        )

    def patch_placement_group(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
    ) -> None:
        """Change some fields of a placement group: ``PATCH /1.0/placement-groups/<name>``.

        LXD 6; API extension ``instance_placement_groups``.

        Args:
            name: such as ``"apart"``.
            config: the keys to add or to change; the others stay.
            description: for people.
            etag: of the group that was read; another one is refused.

        Raises:
            NotFound: there is no such group.
            MissingExtension: the server has no placement groups.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_placement_group("apart", config={"rigor": "strict"})
        """
        body = given(config=strings(config), description=description)
        self._patch(self._placement_group(name), body, etag=etag)

    def placement_group(self, name: str) -> PlacementGroup:
        """Read a placement group: ``GET /1.0/placement-groups/<name>`` (LXD 6).

        API extension ``instance_placement_groups``.

        Args:
            name: such as ``"apart"``.

        Raises:
            NotFound: there is no such group.
            MissingExtension: the server has no placement groups.

        Example:
            >>> client.placement_group("apart").config["policy"]
            'spread'
        """
        return self._object(self._placement_group(name), PlacementGroup)

    @overload
    def placement_groups(
        self, *, all_projects: bool | None = None, recursion: Literal[0] = 0
    ) -> list[str]: ...

    @overload
    def placement_groups(
        self, *, all_projects: bool | None = None, recursion: Literal[1]
    ) -> list[PlacementGroup]: ...

    def placement_groups(
        self, *, all_projects: bool | None = None, recursion: Literal[0, 1] = 0
    ) -> list[str] | list[PlacementGroup]:
        """List the placement groups: ``GET /1.0/placement-groups`` (LXD 6).

        API extension ``instance_placement_groups``.

        Args:
            all_projects: True lists those of every project.
            recursion: 0 for names, 1 for the groups themselves.

        Raises:
            MissingExtension: the server has no placement groups.

        Example:
            >>> client.placement_groups()
            ['apart']
        """
        return self._list(
            self._placement_group(), PlacementGroup, recursion, all_projects=all_projects
        )

    def rename_placement_group(self, old_name: str, new_name: str) -> None:
        """Rename a placement group: ``POST /1.0/placement-groups/<name>`` (LXD 6).

        API extension ``instance_placement_groups``.

        Args:
            old_name: such as ``"apart"``; nothing may use it.
            new_name: such as ``"spread"``.

        Raises:
            NotFound: there is no such group.
            MissingExtension: the server has no placement groups.

        Example:
            >>> client.rename_placement_group("apart", "spread")
        """
        check_names(new_name)
        self._post(self._placement_group(old_name), {"name": new_name})

    def update_placement_group(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
    ) -> None:
        """Replace all of a placement group: ``PUT /1.0/placement-groups/<name>`` (LXD 6).

        What is not given becomes empty; to change some only, use `patch_placement_group`
        or `edit_placement_group`. API extension ``instance_placement_groups``.

        Args:
            name: such as ``"apart"``.
            config: all keys; values of any type.
            description: for people.
            etag: of the group that was read; another one is refused.

        Raises:
            NotFound: there is no such group.
            MissingExtension: the server has no placement groups.
            PreconditionFailed: it has changed since.

        Example:
            >>> compact = {"policy": "compact", "rigor": "permissive"}
            >>> client.update_placement_group("apart", config=compact)
        """
        body = {"config": strings(config or {}), "description": description or ""}
        self._put(self._placement_group(name), body, etag=etag)

    def _placement_group(self, *segments: str) -> str:
        """Build the path of the placement groups, or of one, where the server has them."""
        url = path("placement-groups", *segments)
        self._need("instance_placement_groups", "placement groups")
        return url
