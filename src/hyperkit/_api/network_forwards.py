"""Network forwards: addresses outside, and where they lead to inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import patched
from .._nested import nested
from .._request import check_names, given, path, strings
from ..types import NetworkForward
from .network_parts import NetworkPartsMixin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation

_PORT: dict[str, type] = {
    "description": str,
    "listen_port": str,
    "protocol": str,
    "snat": bool,
    "target_address": str,
    "target_port": str,
}


class NetworkForwardsMixin(NetworkPartsMixin):
    """Chapter "network-forwards" of the API."""

    def create_network_forward(
        self,
        network: str,
        listen_address: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        ports: Iterable[Mapping[str, Any]] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Create a network forward: ``POST /1.0/networks/<network>/forwards``.

        API extension ``network_forward``. The metadata of an operation that is born
        finished has ``entity_url``, which ends in the address that is listened at.

        Args:
            network: such as ``"br0"``.
            listen_address: such as ``"192.0.2.1"``. ``"0.0.0.0"`` and ``"::"`` leave the
                choice to the server (OVN networks on LXD 5.21 and later; API extension
                ``network_allocate_external_ips``).
            config: such as ``{"target_address": "10.7.0.9"}``; values of any type.
            description: for people.
            ports: such as ``[{"protocol": "tcp", "listen_port": "80,443", "target_address":
                "10.7.0.9"}]``; ``target_port`` if it is another one, and ``"snat": True``
                (Incus).
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: a port has a key that ports do not have.
            APIError: the server takes no such forward, or there is one of that address.

        Example:
            >>> to = {"target_address": "10.7.0.9"}
            >>> client.create_network_forward("br0", "192.0.2.1", config=to).status
            'Success'
        """
        body = _fields(config, description, ports)
        check_names(network, listen_address)
        self._check_ports(body)
        return self._create_listener(self._forward(network), listen_address, body, sync)

    def delete_network_forward(
        self,
        network: str,
        listen_address: str,
        *,
        sync: bool | None = None,
    ) -> Operation:
        """Delete a network forward: ``DELETE /1.0/networks/<network>/forwards/<address>``.

        API extension ``network_forward``.

        Args:
            network: such as ``"br0"``.
            listen_address: such as ``"192.0.2.1"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such forward.

        Example:
            >>> client.delete_network_forward("br0", "192.0.2.1").status
            'Success'
        """
        return self._handle_async(self._delete(self._forward(network, listen_address)), sync)

    def edit_network_forward(
        self,
        network: str,
        listen_address: str,
    ) -> AbstractContextManager[NetworkForward]:
        """Edit a forward: ``PUT /1.0/networks/<network>/forwards/<address>``.

        API extension ``network_forward``. It is written back when the block ends, with its
        ETag. Servers pass over that, so it is compared just before. Nothing is written if
        the block raises, or changes nothing.

        Args:
            network: such as ``"br0"``.
            listen_address: such as ``"192.0.2.1"``.

        Returns:
            A context manager that gives the forward.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such forward.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_network_forward("br0", "192.0.2.1") as forward:
            ...     forward.config["target_address"] = "10.7.0.10"
        """
        url = self._forward(network, listen_address)
        return self._edit_part(
            url, lambda: self.network_forward(network, listen_address), _writable, match=True
        )

    def network_forward(self, network: str, listen_address: str) -> NetworkForward:
        """Read a network forward: ``GET /1.0/networks/<network>/forwards/<address>``.

        API extension ``network_forward``.

        Args:
            network: such as ``"br0"``.
            listen_address: such as ``"192.0.2.1"``.

        Raises:
            NotFound: there is no such forward.

        Example:
            >>> client.network_forward("br0", "192.0.2.1").config["target_address"]
            '10.7.0.9'
        """
        return self._object(self._forward(network, listen_address), NetworkForward)

    @overload
    def network_forwards(
        self,
        network: str,
        *,
        filter: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[str]: ...

    @overload
    def network_forwards(
        self,
        network: str,
        *,
        filter: str | None = None,
        recursion: Literal[1],
    ) -> list[NetworkForward]: ...

    def network_forwards(
        self,
        network: str,
        *,
        filter: str | None = None,
        recursion: Literal[0, 1] = 0,
    ) -> list[str] | list[NetworkForward]:
        """List the network forwards: ``GET /1.0/networks/<network>/forwards``.

        API extension ``network_forward``.

        Args:
            network: such as ``"br0"``.
            filter: such as ``"listen_address eq 192.0.2.1"`` (Incus); see "Filtering" in
                the manual.
            recursion: 0 for listen addresses, 1 for the forwards themselves.

        Raises:
            NotFound: there is no such network.

        Example:
            >>> client.network_forwards("br0")
            ['192.0.2.1']
        """
        url = self._forward(network)
        return self._list(url, NetworkForward, recursion, filter=filter)

    def patch_network_forward(
        self,
        network: str,
        listen_address: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        ports: Iterable[Mapping[str, Any]] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Change some fields of a forward: ``PATCH /1.0/networks/<network>/forwards/<address>``.

        API extension ``network_forward``. What is not given stays: servers would clear the
        description, so the forward is read first, and what is missing is sent along.

        Args:
            network: such as ``"br0"``.
            listen_address: such as ``"192.0.2.1"``.
            config: the keys to add or to change; the others stay.
            description: for people.
            etag: of the forward that was read; another one is refused.
            ports: all of them; see `create_network_forward`.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: a port has a key that ports do not have.
            NotFound: there is no such forward.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_network_forward("br0", "192.0.2.1", description="Web").status
            'Success'
        """
        body = _fields(config, description, ports)
        self._check_ports(body)
        url = self._forward(network, listen_address)
        operation = patched(self, url, body, "description", "ports", etag=etag, match=True)
        return self._handle_async(operation, sync)

    def update_network_forward(
        self,
        network: str,
        listen_address: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        ports: Iterable[Mapping[str, Any]] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Replace all of a forward: ``PUT /1.0/networks/<network>/forwards/<address>``.

        API extension ``network_forward``. What is not given becomes empty; to change some
        only, use `patch_network_forward` or `edit_network_forward`.

        Args:
            network: such as ``"br0"``.
            listen_address: such as ``"192.0.2.1"``.
            config: all keys; values of any type.
            description: for people.
            etag: of the forward that was read; another one is refused.
            ports: all of them; see `create_network_forward`.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: a port has a key that ports do not have.
            NotFound: there is no such forward.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_network_forward("br0", "192.0.2.1", description="Nothing yet").status
            'Success'
        """
        body = _fields(config or {}, description or "", ports or ())
        self._check_ports(body)
        url = self._forward(network, listen_address)
        return self._handle_async(self._put_matching(url, body, etag=etag), sync)

    def _check_ports(self, body: dict[str, Any]) -> None:
        """Refuse what the server would pass over without a word."""
        if any(port.get("snat") for port in body.get("ports") or ()):
            self._need("network_forward_snat", "snat")

    def _forward(self, network: str, *segments: str) -> str:
        """Build the path of a network's forwards, or of one, on a server that has them."""
        url = path("networks", network, "forwards", *segments)
        self._need("network_forward", "network forwards")
        return url


def _fields(
    config: Mapping[str, Any] | None,
    description: str | None,
    ports: Iterable[Mapping[str, Any]] | None,
) -> dict[str, Any]:
    return given(
        config=strings(config),
        description=description,
        ports=nested("ports", ports, _PORT),
    )


def _writable(found: NetworkForward) -> dict[str, Any]:
    return _fields(found.get("config"), found.get("description"), found.get("ports"))
