"""Groups of identity providers, and the server's groups that they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._edit import editing
from .._request import check_names, path
from ..types import IdentityProviderGroup
from .identities import membership
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager


class IdentityProviderGroupsMixin(OperationsMixin):
    """Chapter "identity_provider_groups" of the API: LXD only."""

    def create_identity_provider_group(
        self, name: str, *, groups: Sequence[str] | None = None
    ) -> None:
        """Say what a provider's group stands for: ``POST /1.0/auth/identity-provider-groups``.

        API extension ``access_management``.

        Args:
            name: of the group with the provider, such as ``"sales"``.
            groups: of the server's, whose members all of that group are to be.

        Raises:
            Conflict: that group is known.
            NotFound: the server has no such group.

        Example:
            >>> client.create_identity_provider_group("sales", groups=["viewers"])
        """
        check_names(name)
        body = {"name": name, **membership(groups)}
        self._post(self._provider_group(), body)

    def delete_identity_provider_group(self, name: str) -> None:
        """Forget a group: ``DELETE /1.0/auth/identity-provider-groups/<name>``.

        API extension ``access_management``.

        Args:
            name: of the group with the provider, such as ``"sales"``.

        Raises:
            NotFound: that group is not known.

        Example:
            >>> client.delete_identity_provider_group("sales")
        """
        self._delete(self._provider_group(name))

    def edit_identity_provider_group(
        self, name: str
    ) -> AbstractContextManager[IdentityProviderGroup]:
        """Change one in a ``with`` block: ``PUT /1.0/auth/identity-provider-groups/<name>``.

        It is read first, and written back when the block ends, with its ETag: what
        somebody else has changed meanwhile is not lost. Nothing is written if the block
        raises, or changes nothing. API extension ``access_management``.

        Args:
            name: of the group with the provider, such as ``"sales"``.

        Returns:
            A context manager that gives the group.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: that group is not known.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_identity_provider_group("sales") as group:
            ...     group.groups.append("viewers")
        """

        def write(group: IdentityProviderGroup, etag: str | None) -> None:
            body = membership(group.get("groups") or ())
            self._put(self._provider_group(name), body, etag=etag)

        return editing(self, lambda: self.identity_provider_group(name), write, ("groups",))

    def identity_provider_group(self, name: str) -> IdentityProviderGroup:
        """Read what a group stands for: ``GET /1.0/auth/identity-provider-groups/<name>``.

        API extension ``access_management``.

        Args:
            name: of the group with the provider, such as ``"sales"``.

        Raises:
            NotFound: that group is not known.

        Example:
            >>> client.identity_provider_group("sales").groups
            ['viewers']
        """
        return self._object(self._provider_group(name), IdentityProviderGroup)

    @overload
    def identity_provider_groups(self, *, recursion: Literal[0] = 0) -> list[str]: ...

    @overload
    def identity_provider_groups(
        self, *, recursion: Literal[1]
    ) -> list[IdentityProviderGroup]: ...

    def identity_provider_groups(
        self, *, recursion: Literal[0, 1] = 0
    ) -> list[str] | list[IdentityProviderGroup]:
        """List the groups of providers: ``GET /1.0/auth/identity-provider-groups``.

        API extension ``access_management``.

        Args:
            recursion: 0 for names, 1 for the groups themselves.

        Example:
            >>> client.identity_provider_groups()
            ['sales']
        """
        return self._list(self._provider_group(), IdentityProviderGroup, recursion)

    def patch_identity_provider_group(
        self, name: str, *, etag: str | None = None, groups: Sequence[str] | None = None
    ) -> None:
        """Let it stand for more: ``PATCH /1.0/auth/identity-provider-groups/<name>``.

        API extension ``access_management``.

        Args:
            name: of the group with the provider, such as ``"sales"``.
            etag: of the group that was read; another one is refused.
            groups: of the server's, in addition to those that it stands for.

        Raises:
            NotFound: that group is not known, or the server has no such group.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_identity_provider_group("sales", groups=["viewers"])
        """
        body = membership(groups)
        self._patch(self._provider_group(name), body, etag=etag)

    def rename_identity_provider_group(self, old_name: str, new_name: str) -> None:
        """Follow a provider's renaming: ``POST /1.0/auth/identity-provider-groups/<name>``.

        API extension ``access_management``.

        Args:
            old_name: such as ``"sales"``.
            new_name: such as ``"marketing"``.

        Raises:
            Conflict: a group of the new name is known.
            NotFound: that group is not known.

        Example:
            >>> client.rename_identity_provider_group("sales", "marketing")
        """
        check_names(new_name)
        self._post(self._provider_group(old_name), {"name": new_name})

    def update_identity_provider_group(
        self, name: str, *, etag: str | None = None, groups: Sequence[str] | None = None
    ) -> None:
        """Replace what it stands for: ``PUT /1.0/auth/identity-provider-groups/<name>``.

        API extension ``access_management``.

        Args:
            name: of the group with the provider, such as ``"sales"``.
            etag: of the group that was read; another one is refused.
            groups: of the server's: all of them; none if not given.

        Raises:
            NotFound: that group is not known, or the server has no such group.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_identity_provider_group("sales", groups=["viewers"])
        """
        body = membership(groups or ())
        self._put(self._provider_group(name), body, etag=etag)

    def _provider_group(self, *segments: str) -> str:
        url = path("auth", "identity-provider-groups", *segments)
        self._need("access_management", "groups of identity providers")
        return url
