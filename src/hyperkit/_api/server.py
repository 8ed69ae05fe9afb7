"""The server itself: what it is, how it is configured, what hardware it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._connection import Connection
from .._request import path, strings
from ..types import HostResources, Server

if TYPE_CHECKING:
    from collections.abc import Mapping


class ServerMixin(Connection):
    """Chapter "server" of the API."""

    def patch_server(self, config: Mapping[str, Any], *, etag: str | None = None) -> None:
        """Change some keys of the server's configuration: ``PATCH /1.0``.

        Args:
            config: keys and values, such as ``{"core.proxy_ignore_hosts": "10.0.0.1"}``;
                the keys that are not named stay. An empty string unsets a key.
            etag: of the configuration that was read; another one is refused.

        Raises:
            BadRequest: the server does not know a key, or takes no such value.
            PreconditionFailed: the configuration has changed since.

        Example:
            >>> client.patch_server({"core.proxy_ignore_hosts": "10.0.0.1"})
        """
        self._patch("/1.0", {"config": strings(config)}, etag=etag)

    def resources(self) -> HostResources:
        """Read what hardware the server has: ``GET /1.0/resources``.

        Returns:
            Processors, memory (in bytes), network cards, disks and the rest.

        Example:
            >>> client.resources().memory.total
            25213427712
        """
        return HostResources(self._get(path("resources")))

    def server(self) -> Server:
        """Read what the server is and how it is configured: ``GET /1.0``.

        Strangers may ask too; they get ``auth == "untrusted"`` and little else.

        Returns:
            ``environment.server`` is ``"lxd"`` or ``"incus"``, ``config`` holds the
            settings, ``api_extensions`` what it can do.

        Example:
            >>> client.server().environment.server_version
            '5.0.2'
        """
        return Server(self._get("/1.0"))

    def update_server(self, config: Mapping[str, Any], *, etag: str | None = None) -> None:
        """Replace the server's whole configuration: ``PUT /1.0``.

        Args:
            config: all keys and values; a key that is not named is unset. To change
                some only, use `patch_server`.
            etag: of the configuration that was read; another one is refused.

        Raises:
            BadRequest: the server does not know a key, or takes no such value.
            PreconditionFailed: the configuration has changed since.

        Example:
            >>> server = client.server()
            >>> client.update_server({**server.config, "core.proxy_ignore_hosts": "10.0.0.1"})
        """
        self._put("/1.0", {"config": strings(config)}, etag=etag)
