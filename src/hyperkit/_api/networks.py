"""Networks: bridges and the like of the server's, and interfaces of its machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import editing
from .._request import given, path, strings
from ..types import Network
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation


class NetworksMixin(OperationsMixin):
    """Chapter "networks" of the API."""

    def create_network(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        target: str | None = None,
        type: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Create a network: ``POST /1.0/networks``.

        Args:
            name: such as ``"br0"``; a bridge's has 15 characters at most.
            config: such as ``{"ipv4.address": "10.7.0.1/24", "ipv4.nat": True}``.
            description: for people.
            target: the cluster member to define it on.
            type: such as ``"bridge"``, which it is if not given.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            BadRequest: the server takes no such configuration.
            APIError: there is a network of that name.

        Example:
            >>> client.create_network("br0", config={"ipv6.address": "none"}).status
            'Success'
        """
        path("networks", name)
        body = given(name=name, config=strings(config), description=description, type=type)
        return self._handle_async(self._post(path("networks"), body, target=target), sync)

    def delete_network(self, name: str, *, sync: bool | None = None) -> Operation:
        """Delete a network: ``DELETE /1.0/networks/<name>``.

        Args:
            name: such as ``"br0"``; nothing may use it.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such network.
            BadRequest: it is in use.

        Example:
            >>> client.delete_network("br0").status
            'Success'
        """
        return self._handle_async(self._delete(path("networks", name)), sync)

    def edit_network(self, name: str) -> AbstractContextManager[Network]:
        """Change a network in a ``with`` block: ``GET``, then ``PUT /1.0/networks/<name>``.

        It is written back when the block ends, with its ETag: what somebody else has
        changed meanwhile is not lost. Nothing is written if the block raises, or
        changes nothing.

        Args:
            name: such as ``"br0"``.

        Returns:
            A context manager that gives the network.

        Raises:
            NotFound: there is no such network.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_network("br0") as network:
            ...     network["description"] = "Inside"
        """

        def write(network: Network, etag: str | None) -> None:
            body = {
                "config": strings(network["config"]),
                "description": network["description"],
            }
            self._handle_async(self._put(path("networks", name), body, etag=etag), sync=True)

        return editing(self, lambda: self.network(name), write)

    def network(self, name: str) -> Network:
        """Read a network: ``GET /1.0/networks/<name>``.

        Args:
            name: such as ``"br0"``; of an interface of the machine's, too.

        Raises:
            NotFound: there is no such network.

        Example:
            >>> client.network("br0").type
            'bridge'
        """
        return Network(self._get(path("networks", name)))

    @overload
    def networks(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[str]: ...

    @overload
    def networks(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[1],
    ) -> list[Network]: ...

    def networks(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0, 1] = 0,
    ) -> list[str] | list[Network]:
        """List the networks: ``GET /1.0/networks``.

        Args:
            all_projects: True lists those of every project (Incus, LXD 6).
            filter: such as ``"type eq bridge"`` (Incus); see "Filtering" in the manual.
            recursion: 0 for names, 1 for the networks themselves.

        Example:
            >>> [network.name for network in client.networks(recursion=1) if network.managed]
            ['br0']
        """
        query = given(filter=filter, recursion=recursion or None)
        if all_projects:
            self._need("networks_all_projects", "all_projects")
            query["all-projects"] = "true"
        if recursion:
            entries: list[dict[str, Any]] = self._get(path("networks"), **query) or []
            return [Network(entry) for entry in entries]
        return self._names(path("networks"), **query)

    def patch_network(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Change some fields of a network: ``PATCH /1.0/networks/<name>``.

        Args:
            name: such as ``"br0"``.
            config: the keys to add or to change; the others stay.
            description: for people.
            etag: of the network that was read; another one is refused.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such network.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_network("br0", config={"dns.domain": "test"}).status
            'Success'
        """
        body = given(config=strings(config), description=description)
        return self._handle_async(self._patch(path("networks", name), body, etag=etag), sync)

    def rename_network(
        self, old_name: str, new_name: str, *, sync: bool | None = None
    ) -> Operation:
        """Rename a network: ``POST /1.0/networks/<name>``.

        Args:
            old_name: such as ``"br0"``; nothing may use it.
            new_name: such as ``"inside"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such network.
            BadRequest: it is in use.

        Example:
            >>> client.rename_network("br0", "inside").status
            'Success'
        """
        path("networks", new_name)
        return self._handle_async(self._post(path("networks", old_name), {"name": new_name}), sync)

    def update_network(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Replace all of a network: ``PUT /1.0/networks/<name>``.

        What is not given becomes empty; to change some only, use `patch_network` or
        `edit_network`.

        Args:
            name: such as ``"br0"``.
            config: all keys; values of any type.
            description: for people.
            etag: of the network that was read; another one is refused.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such network.
            PreconditionFailed: it has changed since.

        Example:
            >>> network = client.network("br0")
            >>> client.update_network("br0", config={**network.config, "mtu": 1400}).status
            'Success'
        """
        body = {"config": strings(config or {}), "description": description or ""}
        return self._handle_async(self._put(path("networks", name), body, etag=etag), sync)
