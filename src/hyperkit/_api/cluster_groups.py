"""Cluster groups: members of a cluster that belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import editing
from .._nested import texts
from .._request import check_names, given, path, strings
from ..types import ClusterGroup
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager


class ClusterGroupsMixin(OperationsMixin):
    """Chapter "cluster groups" of the API."""

    def cluster_group(self, name: str) -> ClusterGroup:
        """Read a group of cluster members: ``GET /1.0/cluster/groups/<name>``.

        API extension ``clustering_groups``.

        Args:
            name: such as ``"default"``, which new members are in.

        Raises:
            NotFound: there is no such group.

        Example:
            >>> client.cluster_group("default").members
            ['node-1']
        """
        return self._object(self._cluster_group(name), ClusterGroup)

    @overload
    def cluster_groups(self, *, recursion: Literal[0] = 0) -> list[str]: ...

    @overload
    def cluster_groups(self, *, recursion: Literal[1]) -> list[ClusterGroup]: ...

    def cluster_groups(self, *, recursion: Literal[0, 1] = 0) -> list[str] | list[ClusterGroup]:
        """List the groups of cluster members: ``GET /1.0/cluster/groups``.

        API extension ``clustering_groups``.

        Args:
            recursion: 0 for names, 1 for the groups themselves.

        Raises:
            BadRequest: the server is not part of a cluster.

        Example:
            >>> client.cluster_groups()
            ['default', 'fast']
        """
        return self._list(self._cluster_group(), ClusterGroup, recursion)

    def create_cluster_group(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        members: Sequence[str] | None = None,
    ) -> None:
        """Create a group of cluster members: ``POST /1.0/cluster/groups``.

        Instances are placed in it with ``target="@fast"``. API extension
        ``clustering_groups``.

        Args:
            name: such as ``"fast"``.
            config: such as ``{"user.rack": 7}`` (Incus; API extension
                ``clustering_groups_config``).
            description: for people.
            members: such as ``["node-1", "node-2"]``; they stay in the groups that they
                are in.

        Raises:
            BadRequest: the server takes no such name or configuration.
            MissingExtension: the server's groups have no configuration.
            APIError: there is a group of that name, or a member is not there.

        Example:
            >>> client.create_cluster_group("fast", members=["node-1"])
            >>> client.create_instance("web", alias="busybox", target="@fast").status
            'Success'
        """
        check_names(name)
        body = self._group_fields(config, description, members)
        self._post(self._cluster_group(), {"name": name, **body})

    def delete_cluster_group(self, name: str) -> None:
        """Delete a group of cluster members: ``DELETE /1.0/cluster/groups/<name>``.

        API extension ``clustering_groups``.

        Args:
            name: such as ``"fast"``; nobody may be in it.

        Raises:
            NotFound: there is no such group.
            BadRequest: members are in it.

        Example:
            >>> client.update_cluster_group("fast", members=[])
            >>> client.delete_cluster_group("fast")
        """
        self._delete(self._cluster_group(name))

    def edit_cluster_group(self, name: str) -> AbstractContextManager[ClusterGroup]:
        """Change a group in a ``with`` block: ``GET``, then ``PUT /1.0/cluster/groups/<name>``.

        It is written back when the block ends, with its ETag, which LXD 5 and Incus 7 do
        not compare yet: the last writer wins there. Nothing is written if the block
        raises, or changes nothing. API extension ``clustering_groups``.

        Args:
            name: such as ``"fast"``.

        Returns:
            A context manager that gives the group.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such group.
            PreconditionFailed: somebody else was faster, and the server looks at it.

        Example:
            >>> with client.edit_cluster_group("fast") as group:
            ...     group.members.append("node-3")
        """

        def write(group: ClusterGroup, etag: str | None) -> None:
            body = given(
                config=strings(group.get("config")),
                description=group["description"],
                members=group["members"],
            )
            self._put(self._cluster_group(name), body, etag=etag)

        return editing(
            self, lambda: self.cluster_group(name), write, ("config", "description", "members")
        )

    def patch_cluster_group(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        members: Sequence[str] | None = None,
    ) -> None:
        """Change some fields of a group: ``PATCH /1.0/cluster/groups/<name>``.

        Incus 6.0 refuses it for a group of several members; there, use
        `edit_cluster_group`. API extension ``clustering_groups``.

        Args:
            name: such as ``"fast"``.
            config: the keys to add or to change; the others stay (Incus; API extension
                ``clustering_groups_config``).
            description: for people.
            etag: of the group that was read. LXD 5 and Incus 7 refuse any.
            members: all of them; an empty list makes the group empty.

        Raises:
            NotFound: there is no such group.
            MissingExtension: the server's groups have no configuration.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_cluster_group("fast", description="With the new disks")
        """
        check_names(name)
        body = self._group_fields(config, description, members)
        self._patch(self._cluster_group(name), body, etag=etag)

    def rename_cluster_group(self, old_name: str, new_name: str) -> None:
        """Rename a group of cluster members: ``POST /1.0/cluster/groups/<name>``.

        API extension ``clustering_groups``.

        Args:
            old_name: such as ``"fast"``; not ``"default"``.
            new_name: such as ``"quick"``.

        Raises:
            NotFound: there is no such group.
            APIError: there is one of the new name.

        Example:
            >>> client.rename_cluster_group("fast", "quick")
        """
        check_names(new_name)
        self._post(self._cluster_group(old_name), {"name": new_name})

    def update_cluster_group(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        members: Sequence[str] | None = None,
    ) -> None:
        """Replace all of a group: ``PUT /1.0/cluster/groups/<name>``.

        What is not given becomes empty; to change some only, use `patch_cluster_group` or
        `edit_cluster_group`. API extension ``clustering_groups``.

        Args:
            name: such as ``"fast"``.
            config: all keys; values of any type (Incus; API extension
                ``clustering_groups_config``).
            description: for people.
            etag: of the group that was read; LXD 5 and Incus 7 take any.
            members: all of them.

        Raises:
            NotFound: there is no such group.
            MissingExtension: the server's groups have no configuration.
            PreconditionFailed: it has changed since, and the server looks at it.

        Example:
            >>> client.update_cluster_group("fast", members=["node-1"])
        """
        check_names(name)
        body = self._group_fields(config, description or "", members or ())
        self._put(self._cluster_group(name), body, etag=etag)

    def _cluster_group(self, *segments: str) -> str:
        """Build the path of the groups, or of one, where the server has them."""
        url = path("cluster", "groups", *segments)
        self._need("clustering_groups", "cluster groups")
        return url

    def _group_fields(
        self,
        config: Mapping[str, Any] | None,
        description: str | None,
        members: Sequence[str] | None,
    ) -> dict[str, Any]:
        """Collect the fields of a group; only Incus' groups have a configuration."""
        fields = given(
            config=strings(config), description=description, members=texts("members", members)
        )
        if config is not None:
            self._need("clustering_groups_config", "config of a cluster group")
        return fields
