"""The server itself: what it is, how it is configured, what hardware it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._connection import Connection
from .._edit import editing
from .._request import path
from .._server import server_config
from ..types import HostResources, MetadataConfiguration, Server

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager


class ServerMixin(Connection):
    """Chapter "server" of the API."""

    def edit_server(self, *, target: str | None = None) -> AbstractContextManager[Server]:
        """Change the server's configuration in a ``with`` block: ``GET``, then ``PUT /1.0``.

        It is written back when the block ends, with its ETag: what somebody else has
        changed meanwhile is not lost. Nothing is written if the block raises, or
        changes nothing. Only ``config`` can be changed.

        Args:
            target: the cluster member whose own configuration it is, such as ``"node-2"``.

        Returns:
            A context manager that gives the server.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            BadRequest: the server does not know a key, or takes no such value.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_server() as server:
            ...     server.config["core.proxy_ignore_hosts"] = "10.0.0.1"
        """

        def write(server: Server, etag: str | None) -> None:
            self.update_server(server["config"], etag=etag, target=target)

        return editing(self, lambda: self.server(target=target), write, ("config",))

    def metadata_configuration(self) -> MetadataConfiguration:
        """Read which configuration keys the server knows: ``GET /1.0/metadata/configuration``.

        API extension ``metadata_configuration``.

        Returns:
            ``configs``: by kind of object and group, with type, default and description of
            each key.

        Example:
            >>> "instance" in client.metadata_configuration().configs
            True
        """
        self._need("metadata_configuration", "metadata_configuration")
        return self._object(path("metadata", "configuration"), MetadataConfiguration)

    def patch_server(
        self, config: Mapping[str, Any], *, etag: str | None = None, target: str | None = None
    ) -> None:
        """Change some keys of the server's configuration: ``PATCH /1.0``.

        Where Incus 6.0 refuses a key, it unsets ``core.https_address`` as well, and listens
        nowhere from its next start. With `edit_server` it does not.

        Args:
            config: keys and values, such as ``{"core.proxy_ignore_hosts": "10.0.0.1"}``;
                the keys that are not named stay. An empty string unsets a key.
            etag: of the configuration that was read; another one is refused.
            target: the cluster member whose own configuration it is, such as ``"node-2"``.

        Raises:
            BadRequest: the server does not know a key, or takes no such value.
            PreconditionFailed: the configuration has changed since.

        Example:
            >>> client.patch_server({"core.proxy_ignore_hosts": "10.0.0.1"})
        """
        self._patch("/1.0", {"config": server_config(config)}, etag=etag, target=target)

    def resources(self, *, target: str | None = None) -> HostResources:
        """Read what hardware the server has: ``GET /1.0/resources``.

        API extension ``resources``.

        Args:
            target: the cluster member to ask, such as ``"node-2"``.

        Returns:
            Processors, memory (in bytes), network cards, disks and the rest.

        Example:
            >>> client.resources().memory.total
            4294967296
        """
        self._need("resources", "resources")
        return self._object(path("resources"), HostResources, target=target)

    def server(self, *, project: str | None = None, target: str | None = None) -> Server:
        """Read what the server is and how it is configured: ``GET /1.0``.

        Strangers may ask too; they get ``auth == "untrusted"`` and little else.

        Args:
            project: the one that ``environment.project`` is to name; it must be there.
            target: the cluster member to ask, such as ``"node-2"``.

        Returns:
            ``environment.server`` is ``"lxd"`` or ``"incus"``, ``config`` holds the
            settings, ``api_extensions`` what it can do.

        Example:
            >>> client.server().environment.server_version
            '7.0.2'
        """
        return self._object("/1.0", Server, project=project, target=target)

    def update_server(
        self, config: Mapping[str, Any], *, etag: str | None = None, target: str | None = None
    ) -> None:
        """Replace the server's whole configuration: ``PUT /1.0``.

        Args:
            config: all keys and values; a key that is not named is unset. To change
                some only, use `patch_server` or `edit_server`. A password that LXD shows
                as True stays what it is.
            etag: of the configuration that was read; another one is refused.
            target: the cluster member whose own configuration it is, such as ``"node-2"``.

        Raises:
            BadRequest: the server does not know a key, or takes no such value.
            PreconditionFailed: the configuration has changed since.

        Example:
            >>> server = client.server()
            >>> client.update_server({**server.config, "core.proxy_ignore_hosts": "10.0.0.1"})
        """
        self._put("/1.0", {"config": server_config(config)}, etag=etag, target=target)
