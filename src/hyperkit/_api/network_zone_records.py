"""Records of network zones: what names in them stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import patched
from .._nested import nested
from .._request import check_names, given, path, strings
from ..types import NetworkZoneRecord
from .network_parts import NetworkPartsMixin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation

_ENTRY: dict[str, type] = {"ttl": int, "type": str, "value": str}


class NetworkZoneRecordsMixin(NetworkPartsMixin):
    """Chapter "network-zones" of the API, as far as records go."""

    def create_network_zone_record(
        self,
        zone: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        entries: Iterable[Mapping[str, Any]] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Create a record of a zone: ``POST /1.0/network-zones/<zone>/records``.

        API extension ``network_dns_records``. The names of instances are records of their
        own, which are not among these.

        Args:
            zone: such as ``"example.net"``.
            name: such as ``"www"``, or ``"@"`` for the zone itself.
            config: such as ``{"user.owner": "ann"}``; values of any type.
            description: for people.
            entries: such as ``[{"type": "A", "value": "10.7.0.9", "ttl": 3600}]``; ``ttl``
                is in seconds, and may be left out.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: an entry has a key that entries do not have.
            APIError: there is no such zone, the server takes no such entry, or there is a
                record of that name.

        Example:
            >>> entry = {"type": "A", "value": "10.7.0.9"}
            >>> client.create_network_zone_record("example.net", "www", entries=[entry]).status
            'Success'
        """
        body = {"name": name, **_fields(config, description, entries)}
        check_names(zone, name)
        return self._handle_async(self._post(self._record(zone), body), sync)

    def delete_network_zone_record(
        self,
        zone: str,
        name: str,
        *,
        sync: bool | None = None,
    ) -> Operation:
        """Delete a record of a zone: ``DELETE /1.0/network-zones/<zone>/records/<name>``.

        API extension ``network_dns_records``.

        Args:
            zone: such as ``"example.net"``.
            name: such as ``"www"``, or ``"@"`` for the zone itself.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such record.

        Example:
            >>> client.delete_network_zone_record("example.net", "www").status
            'Success'
        """
        return self._handle_async(self._delete(self._record(zone, name)), sync)

    def edit_network_zone_record(
        self,
        zone: str,
        name: str,
    ) -> AbstractContextManager[NetworkZoneRecord]:
        """Change a record in a ``with`` block: ``PUT /1.0/network-zones/<zone>/records/<name>``.

        API extension ``network_dns_records``. It is written back when the block ends, with
        its ETag: what somebody else has changed meanwhile is not lost. Nothing is written
        if the block raises, or changes nothing.

        Args:
            zone: such as ``"example.net"``.
            name: such as ``"www"``, or ``"@"`` for the zone itself.

        Returns:
            A context manager that gives the record.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such record.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_network_zone_record("example.net", "www") as record:
            ...     record.entries.append({"type": "TXT", "value": "hello"})
        """
        url = self._record(zone, name)
        return self._edit_part(url, lambda: self.network_zone_record(zone, name), _writable)

    def network_zone_record(self, zone: str, name: str) -> NetworkZoneRecord:
        """Read a record of a zone: ``GET /1.0/network-zones/<zone>/records/<name>``.

        API extension ``network_dns_records``.

        Args:
            zone: such as ``"example.net"``.
            name: such as ``"www"``, or ``"@"`` for the zone itself.

        Raises:
            NotFound: there is no such record.

        Example:
            >>> client.network_zone_record("example.net", "www").entries[0].value
            '10.7.0.9'
        """
        return self._object(self._record(zone, name), NetworkZoneRecord)

    @overload
    def network_zone_records(
        self,
        zone: str,
        *,
        filter: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[str]: ...

    @overload
    def network_zone_records(
        self,
        zone: str,
        *,
        filter: str | None = None,
        recursion: Literal[1],
    ) -> list[NetworkZoneRecord]: ...

    def network_zone_records(
        self,
        zone: str,
        *,
        filter: str | None = None,
        recursion: Literal[0, 1] = 0,
    ) -> list[str] | list[NetworkZoneRecord]:
        """List the records of zones: ``GET /1.0/network-zones/<zone>/records``.

        API extension ``network_dns_records``.

        Args:
            zone: such as ``"example.net"``.
            filter: such as ``"name eq www"`` (Incus); see "Filtering" in the manual.
            recursion: 0 for names, 1 for the records themselves.

        Raises:
            NotFound: there is no such zone.

        Example:
            >>> client.network_zone_records("example.net")
            ['www']
        """
        url = self._record(zone)
        return self._list(url, NetworkZoneRecord, recursion, filter=filter, legible=False)

    def patch_network_zone_record(
        self,
        zone: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        entries: Iterable[Mapping[str, Any]] | None = None,
        etag: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Change some fields of a record: ``PATCH /1.0/network-zones/<zone>/records/<name>``.

        API extension ``network_dns_records``. What is not given stays: servers would clear
        everything else, so the record is read first, and what is missing is sent along.

        Args:
            zone: such as ``"example.net"``.
            name: such as ``"www"``, or ``"@"`` for the zone itself.
            config: the keys to add or to change; the others stay.
            description: for people.
            entries: all of them; see `create_network_zone_record`.
            etag: of the record that was read; another one is refused.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: an entry has a key that entries do not have.
            NotFound: there is no such record.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_network_zone_record("example.net", "www", description="Web").status
            'Success'
        """
        body = _fields(config, description, entries)
        url = self._record(zone, name)
        operation = patched(self, url, body, "config", "description", "entries", etag=etag)
        return self._handle_async(operation, sync)

    def update_network_zone_record(
        self,
        zone: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        entries: Iterable[Mapping[str, Any]] | None = None,
        etag: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Replace all of a record: ``PUT /1.0/network-zones/<zone>/records/<name>``.

        API extension ``network_dns_records``. What is not given becomes empty; to change
        some only, use `patch_network_zone_record` or `edit_network_zone_record`.

        Args:
            zone: such as ``"example.net"``.
            name: such as ``"www"``, or ``"@"`` for the zone itself.
            config: all keys; values of any type.
            description: for people.
            entries: all of them; see `create_network_zone_record`.
            etag: of the record that was read; another one is refused.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: an entry has a key that entries do not have.
            NotFound: there is no such record.
            PreconditionFailed: it has changed since.

        Example:
            >>> entry = {"type": "A", "value": "10.7.0.9"}
            >>> client.update_network_zone_record("example.net", "www", entries=[entry]).status
            'Success'
        """
        body = _fields(config or {}, description or "", entries or ())
        return self._handle_async(self._put(self._record(zone, name), body, etag=etag), sync)

    def _record(self, zone: str, *segments: str) -> str:
        """Build the path of a zone's records, or of one, on a server that has them."""
        url = path("network-zones", zone, "records", *segments)
        self._need("network_dns_records", "records of zones")
        return url


def _fields(
    config: Mapping[str, Any] | None,
    description: str | None,
    entries: Iterable[Mapping[str, Any]] | None,
) -> dict[str, Any]:
    return given(
        config=strings(config),
        description=description,
        entries=nested("entries", entries, _ENTRY),
    )


def _writable(found: NetworkZoneRecord) -> dict[str, Any]:
    return _fields(found.get("config"), found.get("description"), found.get("entries"))
