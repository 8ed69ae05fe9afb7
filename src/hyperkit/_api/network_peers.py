"""Network peers: ways from one OVN network to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import patched
from .._request import check_names, given, path, strings
from ..types import NetworkPeer
from .network_parts import NetworkPartsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation


class NetworkPeersMixin(NetworkPartsMixin):
    """Chapter "network-peers" of the API."""

    def create_network_peer(
        self,
        network: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        target_integration: str | None = None,
        target_network: str | None = None,
        target_project: str | None = None,
        type: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Create a network peer: ``POST /1.0/networks/<network>/peers``.

        API extension ``network_peer``. Nothing goes that way until the other network has a
        peer that leads back.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            name: such as ``"lab"``.
            config: such as ``{"user.owner": "ann"}``; values of any type.
            description: for people.
            target_integration: the integration that leads there, such as ``"region1"``, for
                peers of type ``"remote"`` (API extension ``network_integrations``).
            target_network: the other network, such as ``"ovn2"``.
            target_project: the project of the other network; None means that of this one.
            type: ``"local"`` for a network of this server, ``"remote"`` for another (API
                extension ``network_integrations``).
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            APIError: the network is no OVN network, or has a peer of that name.

        Example:
            >>> client.create_network_peer("ovn1", "lab", target_network="ovn2").status
            'Success'
        """
        body = given(
            name=name,
            config=strings(config),
            description=description,
            target_integration=target_integration,
            target_network=target_network,
            target_project=target_project,
            type=type,
        )
        check_names(network, name)
        if type is not None or target_integration is not None:
            self._need("network_integrations", "type and target_integration")
        return self._handle_async(self._post(self._peer(network), body), sync)

    def delete_network_peer(
        self,
        network: str,
        name: str,
        *,
        sync: bool | None = None,
    ) -> Operation:
        """Delete a network peer: ``DELETE /1.0/networks/<network>/peers/<name>``.

        API extension ``network_peer``.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            name: such as ``"lab"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such peer.
            APIError: it is in use.

        Example:
            >>> client.delete_network_peer("ovn1", "lab").status
            'Success'
        """
        return self._handle_async(self._delete(self._peer(network, name)), sync)

    def edit_network_peer(self, network: str, name: str) -> AbstractContextManager[NetworkPeer]:
        """Change a peer in a ``with`` block: ``PUT /1.0/networks/<network>/peers/<name>``.

        API extension ``network_peer``. It is written back when the block ends, with its
        ETag. Servers pass over that, so it is compared just before. Nothing is written if
        the block raises, or changes nothing.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            name: such as ``"lab"``.

        Returns:
            A context manager that gives the peer.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such peer.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_network_peer("ovn1", "lab") as peer:
            ...     peer["description"] = "The laboratory"
        """
        url = self._peer(network, name)
        return self._edit_part(url, lambda: self.network_peer(network, name), match=True)

    def network_peer(self, network: str, name: str) -> NetworkPeer:
        """Read a network peer: ``GET /1.0/networks/<network>/peers/<name>``.

        API extension ``network_peer``.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            name: such as ``"lab"``.

        Raises:
            NotFound: there is no such peer.

        Example:
            >>> client.network_peer("ovn1", "lab").status
            'Created'
        """
        return self._object(self._peer(network, name), NetworkPeer)

    @overload
    def network_peers(
        self,
        network: str,
        *,
        filter: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[str]: ...

    @overload
    def network_peers(
        self,
        network: str,
        *,
        filter: str | None = None,
        recursion: Literal[1],
    ) -> list[NetworkPeer]: ...

    def network_peers(
        self,
        network: str,
        *,
        filter: str | None = None,
        recursion: Literal[0, 1] = 0,
    ) -> list[str] | list[NetworkPeer]:
        """List the network peers: ``GET /1.0/networks/<network>/peers``.

        API extension ``network_peer``.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            filter: such as ``"name eq lab"`` (Incus); see "Filtering" in the manual.
            recursion: 0 for names, 1 for the peers themselves.

        Raises:
            NotFound: there is no such network.

        Example:
            >>> client.network_peers("ovn1")
            ['lab']
        """
        url = self._peer(network)
        return self._list(url, NetworkPeer, recursion, filter=filter)

    def patch_network_peer(
        self,
        network: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Change some fields of a peer: ``PATCH /1.0/networks/<network>/peers/<name>``.

        API extension ``network_peer``. What is not given stays: servers would clear
        everything else, so the peer is read first, and what is missing is sent along.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            name: such as ``"lab"``.
            config: the keys to add or to change; the others stay.
            description: for people.
            etag: of the peer that was read; another one is refused.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such peer.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_network_peer("ovn1", "lab", config={"user.owner": "bob"}).status
            'Success'
        """
        body = given(config=strings(config), description=description)
        url = self._peer(network, name)
        operation = patched(self, url, body, "config", "description", etag=etag, match=True)
        return self._handle_async(operation, sync)

    def update_network_peer(
        self,
        network: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Replace all of a peer: ``PUT /1.0/networks/<network>/peers/<name>``.

        API extension ``network_peer``. What is not given becomes empty; to change some
        only, use `patch_network_peer` or `edit_network_peer`.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            name: such as ``"lab"``.
            config: all keys; values of any type.
            description: for people.
            etag: of the peer that was read; another one is refused.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such peer.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_network_peer("ovn1", "lab", description="The laboratory").status
            'Success'
        """
        body = {"config": strings(config or {}), "description": description or ""}
        url = self._peer(network, name)
        return self._handle_async(self._put_matching(url, body, etag=etag), sync)

    def _peer(self, network: str, *segments: str) -> str:
        """Build the path of a network's peers, or of one, on a server that has them."""
        url = path("networks", network, "peers", *segments)
        self._need("network_peer", "network peers")
        return url
