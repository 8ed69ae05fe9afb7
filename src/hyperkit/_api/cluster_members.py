"""Cluster members: the servers of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import editing, etag_of
from .._nested import texts
from .._request import check_names, given, path, strings
from ..errors import ArgumentError
from ..types import ClusterMember, ClusterMemberState
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from ..types import Operation

# What a server would empty if it were left out.
_KEPT = ("description", "failure_domain", "groups", "roles")


class ClusterMembersMixin(OperationsMixin):
    """Chapter "cluster members" of the API."""

    def cluster_member(self, name: str) -> ClusterMember:
        """Read a member of the cluster: ``GET /1.0/cluster/members/<name>``.

        API extension ``clustering``.

        Args:
            name: such as ``"node-1"``.

        Raises:
            NotFound: there is no such member.

        Example:
            >>> client.cluster_member("node-1").status
            'Online'
        """
        return self._object(self._cluster_member(name), ClusterMember)

    def cluster_member_state(self, name: str) -> ClusterMemberState:
        """Read how loaded a member is: ``GET /1.0/cluster/members/<name>/state``.

        API extension ``cluster_member_state``.

        Args:
            name: such as ``"node-1"``.

        Raises:
            NotFound: there is no such member.
            MissingExtension: the server does not tell it: LXD before 5.21.

        Example:
            >>> client.cluster_member_state("node-1").sysinfo.load_averages
            [0.1, 0.1, 0.1]
        """
        url = path("cluster", "members", name, "state")
        self._need("cluster_member_state", "cluster_member_state")
        return self._object(url, ClusterMemberState)

    @overload
    def cluster_members(
        self, *, filter: str | None = None, recursion: Literal[0] = 0
    ) -> list[str]: ...

    @overload
    def cluster_members(
        self, *, filter: str | None = None, recursion: Literal[1]
    ) -> list[ClusterMember]: ...

    def cluster_members(
        self, *, filter: str | None = None, recursion: Literal[0, 1] = 0
    ) -> list[str] | list[ClusterMember]:
        """List the members of the cluster: ``GET /1.0/cluster/members``.

        API extension ``clustering``.

        Args:
            filter: such as ``where("status", "Online")`` (Incus 7; API extension
                ``api_filtering_extended``).
            recursion: 0 for names, 1 for the members themselves.

        Raises:
            APIError: the server is not part of a cluster.
            ArgumentError: Incus 6, which would list all of them.
            MissingExtension: the server does not filter members.

        Example:
            >>> client.cluster_members()
            ['node-1']
        """
        url = self._cluster_member()
        if filter is None:
            return self._list(url, ClusterMember, recursion)
        self._need("api_filtering_extended", "filter")
        server = self._capabilities()
        if not server.filters_members:
            message = f"{server.shown} does not filter cluster members: it would list all of them."
            raise ArgumentError(message)
        # Servers filter the members themselves, but not their names.
        members = self._entries(url, ClusterMember, recursion=1, filter=filter)
        return members if recursion else [member.server_name for member in members]

    def create_cluster_join_token(self, name: str) -> Operation:
        """Issue a token with which a server can join: ``POST /1.0/cluster/members``.

        API extension ``clustering_join_token``.

        Args:
            name: that the new member will have, such as ``"node-4"``.

        Returns:
            The operation that ends when the token is redeemed: it is never waited for.
            `cluster_join_token` makes the text of it, `cancel_operation` takes it back.

        Raises:
            BadRequest: the server is not part of a cluster, or there is such a member.

        Example:
            >>> issued = client.create_cluster_join_token("node-4")
            >>> token = client.cluster_join_token(issued)
            >>> other.join_cluster(token, server_address="10.0.0.4:8443").status
            'Success'
        """
        check_names(name)
        self._need("clustering_join_token", "join tokens")
        return self._post(path("cluster", "members"), {"server_name": name})

    def delete_cluster_member(
        self, name: str, *, force: bool | None = None, pending: bool | None = None
    ) -> None:
        """Remove a server from the cluster: ``DELETE /1.0/cluster/members/<name>``.

        The server that leaves starts anew, with an empty database. API extension
        ``clustering``.

        Args:
            name: such as ``"node-4"``; there may be no instances, volumes or images on it.
            force: True removes it though it is gone, or has things on it, which are lost.
            pending: True removes what is left of a join that failed, and nothing else
                (Incus 7; other servers find no such member).

        Raises:
            ArgumentError: ``pending``, but it has joined.
            NotFound: there is no such member.
            BadRequest: it is in use.

        Example:
            >>> client.evacuate_cluster_member("node-4").status
            'Success'
            >>> client.delete_cluster_member("node-4")
        """
        url = self._cluster_member(name)
        if pending and name in self.cluster_members():
            # Half of the servers would remove it all the same.
            message = f"{name!r} has joined the cluster, so it is not pending."
            raise ArgumentError(message)
        self._delete(url, force="1" if force else None, pending="1" if pending else None)

    def edit_cluster_member(self, name: str) -> AbstractContextManager[ClusterMember]:
        """Change a member in a ``with`` block: ``GET``, then ``PUT /1.0/cluster/members/<name>``.

        It is written back when the block ends, with its ETag: what somebody else has
        changed meanwhile is not lost. Nothing is written if the block raises, or
        changes nothing. API extension ``clustering_edit_roles``.

        Args:
            name: such as ``"node-1"``.

        Returns:
            A context manager that gives the member.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such member.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_cluster_member("node-1") as member:
            ...     member.config["scheduler.instance"] = "manual"
        """

        def write(member: ClusterMember, etag: str | None) -> None:
            body = {**_kept(member), "config": strings(member.get("config") or {})}
            self._put(self._cluster_member(name), body, etag=etag)

        return editing(self, lambda: self.cluster_member(name), write, ("config", *_KEPT))

    def evacuate_cluster_member(
        self,
        name: str,
        *,
        force: bool | None = None,
        mode: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Empty a member of its instances: ``POST /1.0/cluster/members/<name>/state``.

        They are moved to others, or stopped, as their ``cluster.evacuate`` says; nothing
        new is placed there until `restore_cluster_member`. API extension
        ``clustering_evacuation``.

        Args:
            name: such as ``"node-2"``.
            force: True does it even if too few members are left that vote (LXD 6; API
                extension ``clustering_evacuation_force``).
            mode: for all instances, whatever they say: ``"stop"``, ``"migrate"``,
                ``"live-migrate"``, and (Incus) ``"force-stop"`` and ``"stateful-stop"``
                (Incus, LXD 5.21; API extension ``clustering_evacuation_mode``).
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation.

        Raises:
            NotFound: there is no such member.
            MissingExtension: the server does not take ``force`` or ``mode``.
            OperationFailed: an instance could not be moved; those before it are.

        Example:
            >>> client.evacuate_cluster_member("node-2").status
            'Success'
            >>> client.cluster_member("node-2").status
            'Evacuated'
        """
        url = self._evacuation(name, "evacuate_cluster_member")
        if force is not None:
            self._need("clustering_evacuation_force", "force")
        if mode is not None:
            self._need("clustering_evacuation_mode", "mode")
        body = given(action="evacuate", force=force, mode=mode)
        return self._handle_async(self._post(url, body), sync)

    def patch_cluster_member(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        failure_domain: str | None = None,
        groups: Sequence[str] | None = None,
        roles: Sequence[str] | None = None,
    ) -> None:
        """Change some fields of a member: ``PATCH /1.0/cluster/members/<name>``.

        Servers merge ``config`` only, so the member is read first, and what is not given is
        sent back as it is. API extension ``clustering_edit_roles``.

        Args:
            name: such as ``"node-1"``.
            config: the keys to add or to change; the others stay.
            description: for people.
            etag: of the member that was read; another one is refused.
            failure_domain: such as ``"rack-1"``.
            groups: all groups that it is in; one at least.
            roles: all that it has, such as ``["database", "event-hub"]``.

        Raises:
            NotFound: there is no such member.
            BadRequest: a role was left out that only the cluster can take away.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_cluster_member("node-1", failure_domain="rack-1")
        """
        fields = _fields(config, description, failure_domain, groups, roles)
        body = _kept(self.cluster_member(name)) | fields
        self._patch(self._cluster_member(name), body, etag=etag or etag_of(self))

    def rename_cluster_member(self, old_name: str, new_name: str) -> None:
        """Rename a member of the cluster: ``POST /1.0/cluster/members/<name>``.

        API extension ``clustering``.

        Args:
            old_name: such as ``"node-1"``.
            new_name: such as ``"west-1"``.

        Raises:
            NotFound: there is no such member.
            APIError: there is one of the new name.

        Example:
            >>> client.rename_cluster_member("node-1", "west-1")
        """
        check_names(new_name)
        self._post(self._cluster_member(old_name), {"server_name": new_name})

    def restore_cluster_member(
        self, name: str, *, mode: str | None = None, sync: bool | None = None
    ) -> Operation:
        """Take an evacuated member into use again: ``POST /1.0/cluster/members/<name>/state``.

        The instances that were moved away come back, and those that were stopped start.
        API extension ``clustering_evacuation``.

        Args:
            name: such as ``"node-2"``.
            mode: ``"skip"`` leaves the instances where they are (Incus 7; LXD 5.21: API
                extension ``clustering_restore_skip_mode``).
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation.

        Raises:
            NotFound: there is no such member.
            BadRequest: it is not evacuated.
            MissingExtension: the server does not take ``mode``.
            OperationFailed: an instance could not be moved back.

        Example:
            >>> client.restore_cluster_member("node-2").status
            'Success'
        """
        url = self._evacuation(name, "restore_cluster_member")
        if mode is not None and not self._capabilities().restores_in_place:
            # Older servers would move the instances all the same.
            self._need("clustering_restore_skip_mode", "mode")
        body = given(action="restore", mode=mode)
        return self._handle_async(self._post(url, body), sync)

    def update_cluster_member(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        failure_domain: str | None = None,
        groups: Sequence[str] | None = None,
        roles: Sequence[str] | None = None,
    ) -> None:
        """Replace all of a member: ``PUT /1.0/cluster/members/<name>``.

        What is not given becomes empty, or ``"default"`` where something has to be; to
        change some only, use `patch_cluster_member` or `edit_cluster_member`. API extension
        ``clustering_edit_roles``.

        Args:
            name: such as ``"node-1"``.
            config: all keys; values of any type.
            description: for people.
            etag: of the member that was read; another one is refused.
            failure_domain: such as ``"rack-1"``; ``"default"`` if not given.
            groups: all groups that it is in; ``["default"]`` if not given.
            roles: all of them, those too that the cluster gives, such as ``"database"``.

        Raises:
            NotFound: there is no such member.
            BadRequest: a role was left out that only the cluster can take away.
            PreconditionFailed: it has changed since.

        Example:
            >>> roles = client.cluster_member("node-1").roles
            >>> client.update_cluster_member("node-1", roles=roles, failure_domain="rack-1")
        """
        body = _fields(
            config or {},
            description or "",
            failure_domain or "default",
            groups or ["default"],
            roles or [],
        )
        self._put(self._cluster_member(name), body, etag=etag)

    def _cluster_member(self, *segments: str) -> str:
        """Build the path of the members, or of one, where the server has them."""
        url = path("cluster", "members", *segments)
        self._need("clustering", "cluster members")
        return url

    def _evacuation(self, name: str, what: str) -> str:
        """Build the path that a member is evacuated and restored by."""
        url = path("cluster", "members", name, "state")
        self._need("clustering_evacuation", what)
        return url


def _fields(
    config: Mapping[str, Any] | None,
    description: str | None,
    failure_domain: str | None,
    groups: Sequence[str] | None,
    roles: Sequence[str] | None,
) -> dict[str, Any]:
    return given(
        config=strings(config),
        description=description,
        failure_domain=failure_domain,
        groups=texts("groups", groups),
        roles=texts("roles", roles),
    )


def _kept(member: ClusterMember) -> dict[str, Any]:
    """Take what a server would empty if it were left out; LXD 4 does not know all of it."""
    return {name: member[name] for name in _KEPT if name in member}
