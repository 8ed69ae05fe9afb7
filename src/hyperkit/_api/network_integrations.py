"""Network integrations: ways to networks of other servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import patched
from .._request import check_names, given, path, strings
from ..types import NetworkIntegration
from .network_parts import NetworkPartsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager


class NetworkIntegrationsMixin(NetworkPartsMixin):
    """Chapter "network-integrations" of the API: Incus only."""

    def create_network_integration(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        type: str | None = None,
    ) -> None:
        """Create a network integration: ``POST /1.0/network-integrations``.

        API extension ``network_integrations``. A peer of type ``"remote"`` names it as its
        ``target_integration``. Integrations belong to no project.

        Args:
            name: such as ``"region1"``.
            config: such as ``{"user.owner": "ann"}``; values of any type.
            description: for people.
            type: ``"ovn"``, which it is if not given.

        Raises:
            APIError: the server takes no such configuration, or there is an integration of
                that name.

        Example:
            >>> client.create_network_integration("region1", description="The other region")
        """
        body = given(
            name=name, type=type or "ovn", config=strings(config), description=description
        )
        check_names(name)
        self._post(self._integration(), body)

    def delete_network_integration(self, name: str) -> None:
        """Delete a network integration: ``DELETE /1.0/network-integrations/<name>``.

        API extension ``network_integrations``.

        Args:
            name: such as ``"region1"``.

        Raises:
            NotFound: there is no such integration.
            APIError: it is in use.

        Example:
            >>> client.delete_network_integration("region1")
        """
        self._delete(self._integration(name))

    def edit_network_integration(self, name: str) -> AbstractContextManager[NetworkIntegration]:
        """Change an integration in a ``with`` block: ``PUT /1.0/network-integrations/<name>``.

        API extension ``network_integrations``. It is written back when the block ends, with
        its ETag: what somebody else has changed meanwhile is not lost. Nothing is written
        if the block raises, or changes nothing.

        Args:
            name: such as ``"region1"``.

        Returns:
            A context manager that gives the integration.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such integration.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_network_integration("region1") as integration:
            ...     integration["description"] = "The other region"
        """
        url = self._integration(name)
        return self._edit_part(url, lambda: self.network_integration(name))

    def network_integration(self, name: str) -> NetworkIntegration:
        """Read a network integration: ``GET /1.0/network-integrations/<name>``.

        API extension ``network_integrations``.

        Args:
            name: such as ``"region1"``.

        Raises:
            NotFound: there is no such integration.

        Example:
            >>> client.network_integration("region1").type
            'ovn'
        """
        return self._object(self._integration(name), NetworkIntegration)

    @overload
    def network_integrations(
        self,
        *,
        filter: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[str]: ...

    @overload
    def network_integrations(
        self,
        *,
        filter: str | None = None,
        recursion: Literal[1],
    ) -> list[NetworkIntegration]: ...

    def network_integrations(
        self,
        *,
        filter: str | None = None,
        recursion: Literal[0, 1] = 0,
    ) -> list[str] | list[NetworkIntegration]:
        """List the network integrations: ``GET /1.0/network-integrations``.

        API extension ``network_integrations``.

        Args:
            filter: such as ``"name eq region1"``; see "Filtering" in the manual.
            recursion: 0 for names, 1 for the integrations themselves.

        Example:
            >>> client.network_integrations()
            ['region1']
        """
        url = self._integration()
        return self._list(url, NetworkIntegration, recursion, filter=filter)

    def patch_network_integration(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
    ) -> None:
        """Change some fields of an integration: ``PATCH /1.0/network-integrations/<name>``.

        API extension ``network_integrations``.

        Args:
            name: such as ``"region1"``.
            config: the keys to add or to change; the others stay.
            description: for people.
            etag: of the integration that was read; another one is refused.

        Raises:
            NotFound: there is no such integration.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_network_integration("region1", config={"user.owner": "ann"})
        """
        body = given(config=strings(config), description=description)
        url = self._integration(name)
        patched(self, url, body, etag=etag)

    def rename_network_integration(self, old_name: str, new_name: str) -> None:
        """Rename a network integration: ``POST /1.0/network-integrations/<name>``.

        API extension ``network_integrations``.

        Args:
            old_name: such as ``"region1"``.
            new_name: such as ``"region2"``.

        Raises:
            NotFound: there is no such integration.
            APIError: there is one of the new name.

        Example:
            >>> client.rename_network_integration("region1", "region2")
        """
        check_names(new_name)
        self._post(self._integration(old_name), {"name": new_name})

    def update_network_integration(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
    ) -> None:
        """Replace all of an integration: ``PUT /1.0/network-integrations/<name>``.

        API extension ``network_integrations``. What is not given becomes empty; to change
        some only, use `patch_network_integration` or `edit_network_integration`.

        Args:
            name: such as ``"region1"``.
            config: all keys; values of any type.
            description: for people.
            etag: of the integration that was read; another one is refused.

        Raises:
            NotFound: there is no such integration.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_network_integration("region1", description="The other region")
        """
        body = {"config": strings(config or {}), "description": description or ""}
        self._put(self._integration(name), body, etag=etag)

    def _integration(self, *segments: str) -> str:
        """Build the path of the integrations, or of one, on a server that has them."""
        url = path("network-integrations", *segments)
        self._need("network_integrations", "network integrations")
        return url
