"""Networks: bridges and the like of the server's, and interfaces of its machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import patched
from .._everywhere import create_everywhere
from .._request import check_names, given, path, strings
from ..errors import ArgumentError
from ..types import Network, NetworkLease, NetworkState
from .network_parts import NetworkPartsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation


class NetworksMixin(NetworkPartsMixin):
    """Chapter "networks" of the API."""

    def create_network(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        member_config: Mapping[str, Mapping[str, Any]] | None = None,
        target: str | None = None,
        type: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Create a network: ``POST /1.0/networks``.

        API extension ``network``. A cluster wants a network defined on each of its
        members, and then created: ``member_config`` does both, and takes all of it back
        if one of them refuses.

        Args:
            name: such as ``"br0"``; a bridge's has 15 characters at most.
            config: such as ``{"ipv4.address": "10.7.0.1/24", "ipv4.nat": True}``.
            description: for people.
            member_config: what the members of a cluster have for themselves, by their
                names, such as ``{"node1": {"parent": "eth0"}, "node2": {"parent":
                "eth1"}}``; those that are not named get nothing of their own. ``{}`` will
                do for most networks.
            target: the cluster member to define it on, and no more.
            type: such as ``"bridge"``, which it is if not given.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: both ``member_config`` and ``target`` are given, or a member is
                named that the cluster does not have.
            BadRequest: the server takes no such configuration.
            APIError: there is a network of that name.

        Example:
            >>> client.create_network("br0", config={"ipv6.address": "none"}).status
            'Success'
        """
        body = given(name=name, config=strings(config), description=description, type=type)
        check_names(name)
        if member_config is None:
            return self._handle_async(
                self._post(self._network(target=target), body, target=target), sync
            )
        if target is not None:
            message = "member_config is for all members, target for one: leave one out."
            raise ArgumentError(message)
        self._need("clustering", "member_config")
        self._network()
        return create_everywhere(self, "networks", body, member_config)

    def delete_network(self, name: str, *, sync: bool | None = None) -> Operation:
        """Delete a network: ``DELETE /1.0/networks/<name>``.

        API extension ``network``.

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
        return self._handle_async(self._delete(self._network(name)), sync)

    def edit_network(self, name: str) -> AbstractContextManager[Network]:
        """Change a network in a ``with`` block: ``GET``, then ``PUT /1.0/networks/<name>``.

        API extension ``network``. It is written back when the block ends, with its ETag:
        what somebody else has changed meanwhile is not lost. Nothing is written if the
        block raises, or changes nothing.

        Args:
            name: such as ``"br0"``.

        Returns:
            A context manager that gives the network.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such network.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_network("br0") as network:
            ...     network["description"] = "Inside"
        """
        return self._edit_part(self._network(name), lambda: self.network(name))

    def network(self, name: str, *, target: str | None = None) -> Network:
        """Read a network: ``GET /1.0/networks/<name>``.

        Args:
            name: such as ``"br0"``; of an interface of the machine's, too.
            target: the cluster member whose own configuration is to be told, too, such as
                ``"node1"``.

        Raises:
            NotFound: there is no such network, or no such member.

        Example:
            >>> client.network("br0").type
            'bridge'
        """
        url = path("networks", name)
        self._need_members(target)
        return self._object(url, Network, target=target)

    def network_leases(self, name: str, *, target: str | None = None) -> list[NetworkLease]:
        """List the addresses a network has given: ``GET /1.0/networks/<name>/leases``.

        API extension ``network_leases``.

        Args:
            name: such as ``"br0"``.
            target: the cluster member to ask, such as ``"node1"``; None asks them all.

        Raises:
            NotFound: there is no such network.

        Example:
            >>> sorted(lease.hostname for lease in client.network_leases("br0"))
            ['br0.gw', 'web']
        """
        url = path("networks", name, "leases")
        self._need("network_leases", "network_leases")
        self._need_members(target)
        return self._entries(url, NetworkLease, target=target)

    def network_state(self, name: str, *, target: str | None = None) -> NetworkState:
        """Read what a network is doing now: ``GET /1.0/networks/<name>/state``.

        API extension ``network_state``.

        Args:
            name: such as ``"br0"``; of an interface of the machine's, too.
            target: the cluster member whose interface it is, such as ``"node1"``.

        Raises:
            NotFound: there is no such network.

        Example:
            >>> state = client.network_state("br0")
            >>> state.state, [address.address for address in state.addresses]
            ('up', ['10.7.0.1'])
        """
        url = path("networks", name, "state")
        self._need("network_state", "network_state")
        self._need_members(target)
        return self._object(url, NetworkState, target=target)

    @overload
    def networks(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0] = 0,
        target: str | None = None,
    ) -> list[str]: ...

    @overload
    def networks(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[1],
        target: str | None = None,
    ) -> list[Network]: ...

    def networks(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0, 1] = 0,
        target: str | None = None,
    ) -> list[str] | list[Network]:
        """List the networks: ``GET /1.0/networks``.

        Args:
            all_projects: True lists those of every project (API extension
                ``networks_all_projects``).
            filter: such as ``"type eq bridge"`` (Incus); see "Filtering" in the manual.
            recursion: 0 for names, 1 for the networks themselves.
            target: the cluster member whose interfaces are to be among them, such as
                ``"node1"`` (LXD).

        Example:
            >>> [network.name for network in client.networks(recursion=1) if network.managed]
            ['lxdbr0', 'br0']
        """
        self._need_members(target)
        return self._list(
            path("networks"),
            Network,
            recursion,
            all_projects=all_projects,
            extension="networks_all_projects",
            filter=filter,
            target=target,
        )

    def patch_network(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Change some fields of a network: ``PATCH /1.0/networks/<name>``.

        API extension ``network``. What is not given stays: servers would clear the
        description, so the network is read first, and it is sent along.

        Args:
            name: such as ``"br0"``.
            config: the keys to add or to change; the others stay.
            description: for people.
            etag: of the network that was read; another one is refused.
            target: the cluster member whose own configuration it is, such as ``"node1"``.
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
        url = self._network(name, target=target)
        operation = patched(self, url, body, "description", etag=etag, target=target)
        return self._handle_async(operation, sync)

    def rename_network(
        self, old_name: str, new_name: str, *, sync: bool | None = None
    ) -> Operation:
        """Rename a network: ``POST /1.0/networks/<name>``.

        API extension ``network``.

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
        check_names(new_name)
        operation = self._post(self._network(old_name), {"name": new_name})
        return self._handle_async(operation, sync)

    def update_network(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Replace all of a network: ``PUT /1.0/networks/<name>``.

        API extension ``network``. What is not given becomes empty; to change some only,
        use `patch_network` or `edit_network`.

        Args:
            name: such as ``"br0"``.
            config: all keys; values of any type.
            description: for people.
            etag: of the network that was read; another one is refused.
            target: the cluster member whose own configuration it is, such as ``"node1"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such network.
            PreconditionFailed: it has changed since.

        Example:
            >>> network = client.network("br0")
            >>> client.update_network("br0", config={**network.config, "bridge.mtu": 1400}).status
            'Success'
        """
        body = {"config": strings(config or {}), "description": description or ""}
        url = self._network(name, target=target)
        return self._handle_async(self._put(url, body, etag=etag, target=target), sync)

    def _network(self, *segments: str, target: str | None = None) -> str:
        """Build the path of the networks, or of one, on a server that manages them."""
        url = path("networks", *segments)
        self._need("network", "networks of the server's own")
        self._need_members(target)
        return url

    def _need_members(self, target: str | None) -> None:
        """Refuse to ask a member of what cannot be a cluster."""
        if target is not None:
            self._need("clustering", "target")
