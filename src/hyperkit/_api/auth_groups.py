"""Groups of identities, and the permissions that they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import editing
from .._request import check_names, given, path
from ..types import AuthGroup, Permission, PermissionInfo
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager


class AuthGroupsMixin(OperationsMixin):
    """Chapter "auth_groups" of the API, and permissions: LXD only."""

    def auth_group(self, name: str) -> AuthGroup:
        """Read a group: ``GET /1.0/auth/groups/<name>``.

        API extension ``access_management``.

        Args:
            name: such as ``"operators"``.

        Raises:
            NotFound: there is no such group.

        Example:
            >>> client.auth_group("operators").permissions[0].entitlement
            'operator'
        """
        return self._object(self._auth_group(name), AuthGroup)

    @overload
    def auth_groups(self, *, recursion: Literal[0] = 0) -> list[str]: ...

    @overload
    def auth_groups(self, *, recursion: Literal[1]) -> list[AuthGroup]: ...

    def auth_groups(self, *, recursion: Literal[0, 1] = 0) -> list[str] | list[AuthGroup]:
        """List the groups: ``GET /1.0/auth/groups``.

        API extension ``access_management``.

        Args:
            recursion: 0 for names, 1 for the groups themselves.

        Example:
            >>> client.auth_groups()
            ['operators']
        """
        return self._list(self._auth_group(), AuthGroup, recursion)

    def create_auth_group(
        self,
        name: str,
        *,
        description: str | None = None,
        permissions: Sequence[Mapping[str, str]] | None = None,
    ) -> None:
        """Create a group: ``POST /1.0/auth/groups``.

        API extension ``access_management``.

        Args:
            name: such as ``"operators"``.
            description: for people.
            permissions: of its members: mappings of ``entity_type``, ``url`` and
                ``entitlement``, as `permissions` lists them.

        Raises:
            BadRequest: there is no such permission.
            Conflict: there is a group of that name.

        Example:
            >>> client.create_auth_group(
            ...     "operators",
            ...     permissions=[
            ...         {
            ...             "entity_type": "project",
            ...             "url": "/1.0/projects/default",
            ...             "entitlement": "operator",
            ...         }
            ...     ],
            ... )
        """
        check_names(name)
        self._post(self._auth_group(), {"name": name, **_writable(description, permissions)})

    def delete_auth_group(self, name: str) -> None:
        """Delete a group; its members stay: ``DELETE /1.0/auth/groups/<name>``.

        API extension ``access_management``.

        Args:
            name: such as ``"operators"``.

        Raises:
            NotFound: there is no such group.

        Example:
            >>> client.delete_auth_group("operators")
        """
        self._delete(self._auth_group(name))

    def edit_auth_group(self, name: str) -> AbstractContextManager[AuthGroup]:
        """Change a group in a ``with`` block: ``GET``, then ``PUT /1.0/auth/groups/<name>``.

        It is written back when the block ends, with its ETag: what somebody else has
        changed meanwhile is not lost. Nothing is written if the block raises, or
        changes nothing. API extension ``access_management``.

        Args:
            name: such as ``"operators"``.

        Returns:
            A context manager that gives the group.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such group.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_auth_group("operators") as group:
            ...     group["description"] = "Who keeps it going"
        """

        def write(group: AuthGroup, etag: str | None) -> None:
            body = _writable(group.get("description") or "", group.get("permissions") or ())
            self._put(self._auth_group(name), body, etag=etag)

        return editing(self, lambda: self.auth_group(name), write, ("description", "permissions"))

    def patch_auth_group(
        self,
        name: str,
        *,
        description: str | None = None,
        etag: str | None = None,
        permissions: Sequence[Mapping[str, str]] | None = None,
    ) -> None:
        """Change some of a group: ``PATCH /1.0/auth/groups/<name>``.

        API extension ``access_management``.

        Args:
            name: such as ``"operators"``.
            description: for people.
            etag: of the group that was read; another one is refused.
            permissions: to add to those that it has.

        Raises:
            BadRequest: there is no such permission.
            NotFound: there is no such group.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_auth_group("operators", description="Who keeps it going")
        """
        self._patch(self._auth_group(name), _writable(description, permissions), etag=etag)

    @overload
    def permissions(
        self,
        *,
        entity_type: str | None = None,
        project: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[Permission]: ...

    @overload
    def permissions(
        self,
        *,
        entity_type: str | None = None,
        project: str | None = None,
        recursion: Literal[1],
    ) -> list[PermissionInfo]: ...

    def permissions(
        self,
        *,
        entity_type: str | None = None,
        project: str | None = None,
        recursion: Literal[0, 1] = 0,
    ) -> list[Permission] | list[PermissionInfo]:
        """List what groups can be allowed: ``GET /1.0/auth/permissions``.

        These are all combinations of what there is and what can be done with it: many.
        API extension ``access_management``.

        Args:
            entity_type: to what, such as ``"instance"`` or ``"project"``.
            project: whose objects; the client's project if not given, and without one
                those of every project.
            recursion: 0 for the permissions, 1 tells in addition which groups have them.

        Example:
            >>> [one.entitlement for one in client.permissions(entity_type="project")][:2]
            ['can_create_image_aliases', 'can_create_images']
        """
        kind = PermissionInfo if recursion else Permission
        url = path("auth", "permissions")
        self._need("access_management", "permissions")
        query: dict[str, Any] = {"entity-type": entity_type, "project": project}
        return self._entries(url, kind, recursion=recursion or None, **query)

    def rename_auth_group(self, old_name: str, new_name: str) -> None:
        """Rename a group: ``POST /1.0/auth/groups/<name>``.

        API extension ``access_management``.

        Args:
            old_name: such as ``"operators"``.
            new_name: such as ``"night-shift"``.

        Raises:
            Conflict: there is a group of the new name.
            NotFound: there is no such group.

        Example:
            >>> client.rename_auth_group("operators", "night-shift")
        """
        check_names(new_name)
        self._post(self._auth_group(old_name), {"name": new_name})

    def update_auth_group(
        self,
        name: str,
        *,
        description: str | None = None,
        etag: str | None = None,
        permissions: Sequence[Mapping[str, str]] | None = None,
    ) -> None:
        """Replace all of a group but its members: ``PUT /1.0/auth/groups/<name>``.

        What is not given becomes empty; to change some only, use `patch_auth_group` or
        `edit_auth_group`. API extension ``access_management``.

        Args:
            name: such as ``"operators"``.
            description: for people.
            etag: of the group that was read; another one is refused.
            permissions: all that its members have.

        Raises:
            BadRequest: there is no such permission.
            NotFound: there is no such group.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_auth_group("operators", description="May do nothing for now")
        """
        body = _writable(description or "", permissions or ())
        self._put(self._auth_group(name), body, etag=etag)

    def _auth_group(self, *segments: str) -> str:
        url = path("auth", "groups", *segments)
        self._need("access_management", "groups of identities")
        return url


def _writable(
    description: str | None, permissions: Sequence[Mapping[str, str]] | None
) -> dict[str, Any]:
    return given(
        description=description,
        permissions=None if permissions is None else [dict(one) for one in permissions],
    )
