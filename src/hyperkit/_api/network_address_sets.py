"""Network address sets: addresses under one name, for the rules of ACLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import patched
from .._nested import texts
from .._request import check_names, given, path, strings
from ..types import NetworkAddressSet
from .network_parts import NetworkPartsMixin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager


class NetworkAddressSetsMixin(NetworkPartsMixin):
    """Chapter "network-address-sets" of the API: Incus 6.12 and later."""

    def create_network_address_set(
        self,
        name: str,
        *,
        addresses: Iterable[str] | None = None,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
    ) -> None:
        """Create an address set: ``POST /1.0/network-address-sets``.

        API extension ``network_address_set``. Rules of ACLs name it with a dollar:
        ``{"source": "$admins", ...}``.

        Args:
            name: such as ``"admins"``; letters, digits and hyphens.
            addresses: such as ``["10.7.0.9", "10.8.0.0/24", "fd42::/64"]``.
            config: such as ``{"user.owner": "ann"}``; values of any type.
            description: for people.

        Raises:
            ArgumentError: ``addresses`` is not a list of texts.
            APIError: the server takes no such address, or there is a set of that name.

        Example:
            >>> client.create_network_address_set("admins", addresses=["10.7.0.9"])
        """
        body = {"name": name, **_fields(addresses, config, description)}
        check_names(name)
        self._post(self._address_set(), body)

    def delete_network_address_set(self, name: str) -> None:
        """Delete an address set: ``DELETE /1.0/network-address-sets/<name>``.

        API extension ``network_address_set``.

        Args:
            name: such as ``"admins"``; no ACL may use it.

        Raises:
            NotFound: there is no such set.
            APIError: it is in use.

        Example:
            >>> client.delete_network_address_set("admins")
        """
        self._delete(self._address_set(name))

    def edit_network_address_set(self, name: str) -> AbstractContextManager[NetworkAddressSet]:
        """Change a set in a ``with`` block: ``PUT /1.0/network-address-sets/<name>``.

        API extension ``network_address_set``. It is written back when the block ends,
        with its ETag: what somebody else has changed meanwhile is not lost. Nothing is
        written if the block raises, or changes nothing.

        Args:
            name: such as ``"admins"``.

        Returns:
            A context manager that gives the set.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such set.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_network_address_set("admins") as found:
            ...     found.addresses.append("10.7.0.10")
        """
        return self._edit_part(
            self._address_set(name), lambda: self.network_address_set(name), _writable
        )

    def network_address_set(self, name: str) -> NetworkAddressSet:
        """Read an address set: ``GET /1.0/network-address-sets/<name>``.

        API extension ``network_address_set``.

        Args:
            name: such as ``"admins"``.

        Raises:
            NotFound: there is no such set.

        Example:
            >>> client.network_address_set("admins").addresses
            ['10.7.0.9']
        """
        return self._object(self._address_set(name), NetworkAddressSet)

    @overload
    def network_address_sets(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[str]: ...

    @overload
    def network_address_sets(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[1],
    ) -> list[NetworkAddressSet]: ...

    def network_address_sets(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0, 1] = 0,
    ) -> list[str] | list[NetworkAddressSet]:
        """List the address sets: ``GET /1.0/network-address-sets``.

        API extension ``network_address_set``.

        Args:
            all_projects: True lists those of every project.
            filter: such as ``"name eq admins"``; see "Filtering" in the manual.
            recursion: 0 for names, 1 for the sets themselves.

        Example:
            >>> client.network_address_sets()
            ['admins']
        """
        return self._list(
            self._address_set(),
            NetworkAddressSet,
            recursion,
            all_projects=all_projects,
            filter=filter,
        )

    def patch_network_address_set(
        self,
        name: str,
        *,
        addresses: Iterable[str] | None = None,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
    ) -> None:
        """Change some fields of an address set: ``PATCH /1.0/network-address-sets/<name>``.

        API extension ``network_address_set``. What is not given stays: servers would
        clear the addresses and the description, so the set is read first, and these are
        sent along.

        Args:
            name: such as ``"admins"``.
            addresses: all of them, such as ``["10.7.0.9"]``.
            config: the keys to add or to change; the others stay.
            description: for people.
            etag: of the set that was read; another one is refused.

        Raises:
            ArgumentError: ``addresses`` is not a list of texts.
            NotFound: there is no such set.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_network_address_set("admins", description="Administrators")
        """
        body = _fields(addresses, config, description)
        url = self._address_set(name)
        patched(self, url, body, "addresses", "description", etag=etag)

    def rename_network_address_set(self, old_name: str, new_name: str) -> None:
        """Rename an address set: ``POST /1.0/network-address-sets/<name>``.

        API extension ``network_address_set``.

        Args:
            old_name: such as ``"admins"``; no ACL may use it.
            new_name: such as ``"staff"``.

        Raises:
            NotFound: there is no such set.
            APIError: it is in use, or there is one of the new name.

        Example:
            >>> client.rename_network_address_set("admins", "staff")
        """
        check_names(new_name)
        self._post(self._address_set(old_name), {"name": new_name})

    def update_network_address_set(
        self,
        name: str,
        *,
        addresses: Iterable[str] | None = None,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
    ) -> None:
        """Replace all of an address set: ``PUT /1.0/network-address-sets/<name>``.

        API extension ``network_address_set``. What is not given becomes empty; to change
        some only, use `patch_network_address_set` or `edit_network_address_set`.

        Args:
            name: such as ``"admins"``.
            addresses: all of them, such as ``["10.7.0.9"]``.
            config: all keys; values of any type.
            description: for people.
            etag: of the set that was read; another one is refused.

        Raises:
            ArgumentError: ``addresses`` is not a list of texts.
            NotFound: there is no such set.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_network_address_set("admins", addresses=["10.7.0.10"])
        """
        body = _fields(() if addresses is None else addresses, config or {}, description or "")
        self._put(self._address_set(name), body, etag=etag)

    def _address_set(self, *segments: str) -> str:
        """Build the path of the address sets, or of one, on a server that has them."""
        url = path("network-address-sets", *segments)
        self._need("network_address_set", "address sets")
        return url


def _fields(
    addresses: Iterable[str] | None,
    config: Mapping[str, Any] | None,
    description: str | None,
) -> dict[str, Any]:
    return given(
        addresses=texts("addresses", addresses), config=strings(config), description=description
    )


def _writable(found: NetworkAddressSet) -> dict[str, Any]:
    return _fields(found.get("addresses"), found.get("config"), found.get("description"))
