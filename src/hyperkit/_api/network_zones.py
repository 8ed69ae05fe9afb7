"""Network zones: DNS zones that the server serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import patched
from .._request import check_names, given, path, strings
from ..types import NetworkZone
from .network_parts import NetworkPartsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation


class NetworkZonesMixin(NetworkPartsMixin):
    """Chapter "network-zones" of the API."""

    def create_network_zone(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Create a network zone: ``POST /1.0/network-zones``.

        API extension ``network_dns``. Networks name it as their ``dns.zone.forward``,
        ``dns.zone.reverse.ipv4`` or ``dns.zone.reverse.ipv6``; the server answers transfers
        of it at its ``core.dns_address``.

        Args:
            name: such as ``"example.net"``.
            config: such as ``{"dns.nameservers": "ns1.example.net"}``; values of any type.
            description: for people.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            APIError: the server takes no such configuration, or there is a zone of that
                name.

        Example:
            >>> client.create_network_zone("example.net").status
            'Success'
        """
        body = given(name=name, config=strings(config), description=description)
        check_names(name)
        return self._handle_async(self._post(self._zone(), body), sync)

    def delete_network_zone(self, name: str, *, sync: bool | None = None) -> Operation:
        """Delete a network zone: ``DELETE /1.0/network-zones/<zone>``.

        API extension ``network_dns``.

        Args:
            name: such as ``"example.net"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such zone.
            APIError: it is in use.

        Example:
            >>> client.delete_network_zone("example.net").status
            'Success'
        """
        return self._handle_async(self._delete(self._zone(name)), sync)

    def edit_network_zone(self, name: str) -> AbstractContextManager[NetworkZone]:
        """Change a zone in a ``with`` block: ``GET``, then ``PUT /1.0/network-zones/<zone>``.

        API extension ``network_dns``. It is written back when the block ends, with its
        ETag: what somebody else has changed meanwhile is not lost. Nothing is written if
        the block raises, or changes nothing.

        Args:
            name: such as ``"example.net"``.

        Returns:
            A context manager that gives the zone.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such zone.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_network_zone("example.net") as zone:
            ...     zone.config["dns.nameservers"] = "ns2.example.net"
        """
        url = self._zone(name)
        return self._edit_part(url, lambda: self.network_zone(name))

    def network_zone(self, name: str) -> NetworkZone:
        """Read a network zone: ``GET /1.0/network-zones/<zone>``.

        API extension ``network_dns``.

        Args:
            name: such as ``"example.net"``.

        Raises:
            NotFound: there is no such zone.

        Example:
            >>> client.network_zone("example.net").config
            {'dns.nameservers': 'ns1.example.net'}
        """
        return self._object(self._zone(name), NetworkZone)

    @overload
    def network_zones(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[str]: ...

    @overload
    def network_zones(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[1],
    ) -> list[NetworkZone]: ...

    def network_zones(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0, 1] = 0,
    ) -> list[str] | list[NetworkZone]:
        """List the network zones: ``GET /1.0/network-zones``.

        API extension ``network_dns``.

        Args:
            all_projects: True lists those of every project (API extension
                ``network_zones_all_projects``).
            filter: such as ``"name eq example.net"`` (Incus); see "Filtering" in the
                manual.
            recursion: 0 for names, 1 for the zones themselves.

        Example:
            >>> client.network_zones()
            ['example.net']
        """
        url = self._zone()
        return self._list(
            url,
            NetworkZone,
            recursion,
            filter=filter,
            all_projects=all_projects,
            extension="network_zones_all_projects",
            legible=False,
        )

    def patch_network_zone(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Change some fields of a zone: ``PATCH /1.0/network-zones/<zone>``.

        API extension ``network_dns``. What is not given stays: servers would clear the
        description, so the zone is read first, and what is missing is sent along.

        Args:
            name: such as ``"example.net"``.
            config: the keys to add or to change; the others stay.
            description: for people.
            etag: of the zone that was read; another one is refused.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such zone.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_network_zone("example.net", config={"user.owner": "ann"}).status
            'Success'
        """
        body = given(config=strings(config), description=description)
        url = self._zone(name)
        operation = patched(self, url, body, "description", etag=etag)
        return self._handle_async(operation, sync)

    def update_network_zone(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Replace all of a zone: ``PUT /1.0/network-zones/<zone>``.

        API extension ``network_dns``. What is not given becomes empty; to change some only,
        use `patch_network_zone` or `edit_network_zone`.

        Args:
            name: such as ``"example.net"``.
            config: all keys; values of any type.
            description: for people.
            etag: of the zone that was read; another one is refused.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such zone.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_network_zone("example.net", description="The laboratory").status
            'Success'
        """
        body = {"config": strings(config or {}), "description": description or ""}
        return self._handle_async(self._put(self._zone(name), body, etag=etag), sync)

    def _zone(self, *segments: str) -> str:
        """Build the path of the zones, or of one, on a server that has them."""
        url = path("network-zones", *segments)
        self._need("network_dns", "network zones")
        return url
