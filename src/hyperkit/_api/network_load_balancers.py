"""Network load balancers: addresses outside that lead to several places inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import patched
from .._nested import nested
from .._request import check_names, given, path, strings
from ..types import NetworkLoadBalancer, NetworkLoadBalancerState
from .network_parts import NetworkPartsMixin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation

_BACKEND: dict[str, type] = {
    "description": str,
    "name": str,
    "target_address": str,
    "target_port": str,
}
_PORT: dict[str, type] = {
    "description": str,
    "listen_port": str,
    "protocol": str,
    "target_backend": list,
    "target_pool": str,
}


class NetworkLoadBalancersMixin(NetworkPartsMixin):
    """Chapter "network-load-balancers" of the API."""

    def create_network_load_balancer(
        self,
        network: str,
        listen_address: str,
        *,
        backends: Iterable[Mapping[str, Any]] | None = None,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        ports: Iterable[Mapping[str, Any]] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Create a network load balancer: ``POST /1.0/networks/<network>/load-balancers``.

        API extension ``network_load_balancer``. The metadata of an operation that is born
        finished has ``entity_url``, which ends in the address that is listened at.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            listen_address: such as ``"192.0.2.1"``. ``"0.0.0.0"`` and ``"::"`` leave the
                choice to the server (LXD 5.21 and later; API extension
                ``network_allocate_external_ips``).
            backends: such as ``[{"name": "c1", "target_address": "10.7.0.9", "target_port":
                80}]``.
            config: such as ``{"user.owner": "ann"}``; values of any type.
            description: for people.
            ports: such as ``[{"protocol": "tcp", "listen_port": 80, "target_backend":
                ["c1"]}]``; ``target_pool`` names a pool instead of backends (LXD).
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: a backend or a port has a key that it does not have.
            APIError: the network is no OVN network, or has a load balancer of that address.

        Example:
            >>> client.create_network_load_balancer("ovn1", "192.0.2.1").status
            'Success'
        """
        body = _fields(backends, config, description, ports)
        check_names(network, listen_address)
        self._check_pools(body)
        return self._create_listener(self._load_balancer(network), listen_address, body, sync)

    def delete_network_load_balancer(
        self,
        network: str,
        listen_address: str,
        *,
        sync: bool | None = None,
    ) -> Operation:
        """Delete a load balancer: ``DELETE /1.0/networks/<network>/load-balancers/<address>``.

        API extension ``network_load_balancer``.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            listen_address: such as ``"192.0.2.1"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such load balancer.

        Example:
            >>> client.delete_network_load_balancer("ovn1", "192.0.2.1").status
            'Success'
        """
        return self._handle_async(self._delete(self._load_balancer(network, listen_address)), sync)

    def edit_network_load_balancer(
        self,
        network: str,
        listen_address: str,
    ) -> AbstractContextManager[NetworkLoadBalancer]:
        """Edit a load balancer: ``PUT /1.0/networks/<network>/load-balancers/<address>``.

        API extension ``network_load_balancer``. It is written back when the block ends,
        with its ETag. Servers pass over that, so it is compared just before. Nothing is
        written if the block raises, or changes nothing.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            listen_address: such as ``"192.0.2.1"``.

        Returns:
            A context manager that gives the load balancer.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such load balancer.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_network_load_balancer("ovn1", "192.0.2.1") as balancer:
            ...     balancer.backends.append({"name": "c2", "target_address": "10.7.0.10"})
        """
        url = self._load_balancer(network, listen_address)
        return self._edit_part(
            url, lambda: self.network_load_balancer(network, listen_address), _writable, match=True
        )

    def network_load_balancer(self, network: str, listen_address: str) -> NetworkLoadBalancer:
        """Read a network load balancer: ``GET /1.0/networks/<network>/load-balancers/<address>``.

        API extension ``network_load_balancer``.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            listen_address: such as ``"192.0.2.1"``.

        Raises:
            NotFound: there is no such load balancer.

        Example:
            >>> client.network_load_balancer("ovn1", "192.0.2.1").backends[0].name
            'c1'
        """
        return self._object(self._load_balancer(network, listen_address), NetworkLoadBalancer)

    def network_load_balancer_state(
        self, network: str, listen_address: str
    ) -> NetworkLoadBalancerState:
        """Read its health: ``GET /1.0/networks/<network>/load-balancers/<address>/state``.

        API extension ``network_load_balancer_state`` (Incus). It is told of each port of
        each backend, where the load balancer's ``healthcheck`` is on.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            listen_address: such as ``"192.0.2.1"``.

        Raises:
            NotFound: there is no such load balancer.

        Example:
            >>> state = client.network_load_balancer_state("ovn1", "192.0.2.1")
            >>> [port.status for port in state.backend_health["c1"].ports]
            ['online']
        """
        url = path("networks", network, "load-balancers", listen_address, "state")
        self._need("network_load_balancer_state", "network_load_balancer_state")
        return self._object(url, NetworkLoadBalancerState)

    @overload
    def network_load_balancers(
        self,
        network: str,
        *,
        filter: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[str]: ...

    @overload
    def network_load_balancers(
        self,
        network: str,
        *,
        filter: str | None = None,
        recursion: Literal[1],
    ) -> list[NetworkLoadBalancer]: ...

    def network_load_balancers(
        self,
        network: str,
        *,
        filter: str | None = None,
        recursion: Literal[0, 1] = 0,
    ) -> list[str] | list[NetworkLoadBalancer]:
        """List the network load balancers: ``GET /1.0/networks/<network>/load-balancers``.

        API extension ``network_load_balancer``.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            filter: such as ``"listen_address eq 192.0.2.1"`` (Incus); see "Filtering" in
                the manual.
            recursion: 0 for listen addresses, 1 for the load balancers themselves.

        Raises:
            NotFound: there is no such network.

        Example:
            >>> client.network_load_balancers("ovn1")
            ['192.0.2.1']
        """
        url = self._load_balancer(network)
        return self._list(url, NetworkLoadBalancer, recursion, filter=filter)

    def patch_network_load_balancer(
        self,
        network: str,
        listen_address: str,
        *,
        backends: Iterable[Mapping[str, Any]] | None = None,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        ports: Iterable[Mapping[str, Any]] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Change a load balancer: ``PATCH /1.0/networks/<network>/load-balancers/<address>``.

        API extension ``network_load_balancer``. What is not given stays: servers would
        clear the others, so the load balancer is read first, and what is missing is sent
        along.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            listen_address: such as ``"192.0.2.1"``.
            backends: all of them; see `create_network_load_balancer`.
            config: the keys to add or to change; the others stay.
            description: for people.
            etag: of the load balancer that was read; another one is refused.
            ports: all of them; see `create_network_load_balancer`.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: a backend or a port has a key that it does not have.
            NotFound: there is no such load balancer.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_network_load_balancer("ovn1", "192.0.2.1", description="Web").status
            'Success'
        """
        body = _fields(backends, config, description, ports)
        self._check_pools(body)
        url = self._load_balancer(network, listen_address)
        operation = patched(
            self, url, body, "backends", "description", "ports", etag=etag, match=True
        )
        return self._handle_async(operation, sync)

    def update_network_load_balancer(
        self,
        network: str,
        listen_address: str,
        *,
        backends: Iterable[Mapping[str, Any]] | None = None,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        ports: Iterable[Mapping[str, Any]] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Replace a load balancer: ``PUT /1.0/networks/<network>/load-balancers/<address>``.

        API extension ``network_load_balancer``. What is not given becomes empty; to change
        some only, use `patch_network_load_balancer` or `edit_network_load_balancer`.

        Args:
            network: such as ``"ovn1"``; an OVN network.
            listen_address: such as ``"192.0.2.1"``.
            backends: all of them; see `create_network_load_balancer`.
            config: all keys; values of any type.
            description: for people.
            etag: of the load balancer that was read; another one is refused.
            ports: all of them; see `create_network_load_balancer`.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: a backend or a port has a key that it does not have.
            NotFound: there is no such load balancer.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_network_load_balancer("ovn1", "192.0.2.1", ports=[]).status
            'Success'
        """
        body = _fields(backends or (), config or {}, description or "", ports or ())
        self._check_pools(body)
        url = self._load_balancer(network, listen_address)
        return self._handle_async(self._put_matching(url, body, etag=etag), sync)

    def _check_pools(self, body: dict[str, Any]) -> None:
        """Refuse what the server would pass over without a word."""
        if any(port.get("target_pool") for port in body.get("ports") or ()):
            self._need("network_load_balancer_pool", "target_pool")

    def _load_balancer(self, network: str, *segments: str) -> str:
        """Build the path of a network's load balancers, or of one, on a server that has them."""
        url = path("networks", network, "load-balancers", *segments)
        self._need("network_load_balancer", "network load balancers")
        return url


def _fields(
    backends: Iterable[Mapping[str, Any]] | None,
    config: Mapping[str, Any] | None,
    description: str | None,
    ports: Iterable[Mapping[str, Any]] | None,
) -> dict[str, Any]:
    return given(
        backends=nested("backends", backends, _BACKEND),
        config=strings(config),
        description=description,
        ports=nested("ports", ports, _PORT),
    )


def _writable(found: NetworkLoadBalancer) -> dict[str, Any]:
    return _fields(
        found.get("backends"), found.get("config"), found.get("description"), found.get("ports")
    )
