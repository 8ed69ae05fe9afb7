"""Pools of network load balancers: the instances that they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._nested import nested
from .._request import check_names, given, path, strings
from ..types import NetworkLoadBalancerPool, NetworkLoadBalancerPoolState
from .network_parts import NetworkPartsMixin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation

_INSTANCE: dict[str, type] = {"name": str, "target_port": str}


class NetworkLoadBalancerPoolsMixin(NetworkPartsMixin):
    """Chapter "network-load-balancer-pools" of the API: LXD only."""

    def create_network_load_balancer_pool(
        self,
        network: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        instances: Iterable[Mapping[str, Any]] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Create a load balancer pool: ``POST /1.0/networks/<network>/load-balancer-pools``.

        API extension ``network_load_balancer_pool``. The ports of load balancers name it as
        their ``target_pool``.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            name: such as ``"https"``.
            config: such as ``{"protocol": "tcp"}``; values of any type.
            description: for people.
            instances: such as ``[{"name": "c1"}, {"name": "c2", "target_port": 8443}]``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: an instance has a key that it does not have here.
            APIError: the network is no OVN network, or has a pool of that name.

        Example:
            >>> web = [{"name": "c1"}, {"name": "c2"}]
            >>> client.create_network_load_balancer_pool("ovn1", "https", instances=web).status
            'Success'
        """
        body = {"name": name, **_fields(config, description, instances)}
        check_names(network, name)
        return self._handle_async(self._post(self._balancer_pool(network), body), sync)

    def delete_network_load_balancer_pool(
        self,
        network: str,
        name: str,
        *,
        sync: bool | None = None,
    ) -> Operation:
        """Delete a pool: ``DELETE /1.0/networks/<network>/load-balancer-pools/<name>``.

        API extension ``network_load_balancer_pool``.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            name: such as ``"https"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such pool.
            APIError: it is in use.

        Example:
            >>> client.delete_network_load_balancer_pool("ovn1", "https").status
            'Success'
        """
        return self._handle_async(self._delete(self._balancer_pool(network, name)), sync)

    def edit_network_load_balancer_pool(
        self,
        network: str,
        name: str,
    ) -> AbstractContextManager[NetworkLoadBalancerPool]:
        """Edit a pool: ``PUT /1.0/networks/<network>/load-balancer-pools/<name>``.

        API extension ``network_load_balancer_pool``. It is written back when the block
        ends, with its ETag, which is compared here, too, just before. Nothing is written if
        the block raises, or changes nothing.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            name: such as ``"https"``.

        Returns:
            A context manager that gives the pool.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such pool.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_network_load_balancer_pool("ovn1", "https") as pool:
            ...     pool.instances.append({"name": "c2"})
        """
        url = self._balancer_pool(network, name)
        return self._edit_part(
            url, lambda: self.network_load_balancer_pool(network, name), _writable, match=True
        )

    def network_load_balancer_pool(self, network: str, name: str) -> NetworkLoadBalancerPool:
        """Read a load balancer pool: ``GET /1.0/networks/<network>/load-balancer-pools/<name>``.

        API extension ``network_load_balancer_pool``.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            name: such as ``"https"``.

        Raises:
            NotFound: there is no such pool.

        Example:
            >>> client.network_load_balancer_pool("ovn1", "https").instances[0].name
            'c1'
        """
        return self._object(self._balancer_pool(network, name), NetworkLoadBalancerPool)

    def network_load_balancer_pool_state(
        self, network: str, name: str
    ) -> NetworkLoadBalancerPoolState:
        """Read its health: ``GET /1.0/networks/<network>/load-balancer-pools/<name>/state``.

        API extension ``network_load_balancer_pool``. It is told of each address of each
        instance in the pool.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            name: such as ``"https"``.

        Raises:
            NotFound: there is no such pool.

        Example:
            >>> state = client.network_load_balancer_pool_state("ovn1", "https")
            >>> [target.status for target in state.targets]
            ['online']
        """
        url = self._balancer_pool(network, name, "state")
        return self._object(url, NetworkLoadBalancerPoolState)

    @overload
    def network_load_balancer_pools(
        self, network: str, *, recursion: Literal[0] = 0
    ) -> list[str]: ...

    @overload
    def network_load_balancer_pools(
        self, network: str, *, recursion: Literal[1]
    ) -> list[NetworkLoadBalancerPool]: ...

    def network_load_balancer_pools(
        self, network: str, *, recursion: Literal[0, 1] = 0
    ) -> list[str] | list[NetworkLoadBalancerPool]:
        """List the pools: ``GET /1.0/networks/<network>/load-balancer-pools``.

        API extension ``network_load_balancer_pool``. The server sends the pools
        themselves, whether they are asked for or not.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            recursion: 0 for names, 1 for the pools themselves.

        Raises:
            NotFound: there is no such network.

        Example:
            >>> client.network_load_balancer_pools("ovn1")
            ['https']
        """
        pools = self._entries(self._balancer_pool(network), NetworkLoadBalancerPool)
        if recursion:
            return pools
        return [pool["name"] for pool in pools]

    def update_network_load_balancer_pool(
        self,
        network: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        instances: Iterable[Mapping[str, Any]] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Replace all of a pool: ``PUT /1.0/networks/<network>/load-balancer-pools/<name>``.

        API extension ``network_load_balancer_pool``. What is not given becomes empty; to
        change some only, use `edit_network_load_balancer_pool`.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            name: such as ``"https"``.
            config: all keys; values of any type.
            description: for people.
            etag: of the pool that was read; another one is refused.
            instances: all of them; see `create_network_load_balancer_pool`.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: an instance has a key that it does not have here.
            NotFound: there is no such pool.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_network_load_balancer_pool("ovn1", "https", instances=[]).status
            'Success'
        """
        body = _fields(config or {}, description or "", instances or ())
        url = self._balancer_pool(network, name)
        return self._handle_async(self._put_matching(url, body, etag=etag), sync)

    def _balancer_pool(self, network: str, *segments: str) -> str:
        """Build the path of a network's pools, or of one, on a server that has them."""
        url = path("networks", network, "load-balancer-pools", *segments)
        self._need("network_load_balancer_pool", "load balancer pools")
        return url


def _fields(
    config: Mapping[str, Any] | None,
    description: str | None,
    instances: Iterable[Mapping[str, Any]] | None,
) -> dict[str, Any]:
    return given(
        config=strings(config),
        description=description,
        instances=nested("instances", instances, _INSTANCE),
    )


def _writable(found: NetworkLoadBalancerPool) -> dict[str, Any]:
    return _fields(found.get("config"), found.get("description"), found.get("instances"))
