"""The verbs, for requests of your own: whatever the API has, and this library has not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from .._connection import Connection
from ..errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._resource import Resource


class VerbsMixin(Connection):
    """Requests whose path the caller writes."""

    def delete(
        self,
        path: str,
        json: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Resource:
        """Send a DELETE request of your own.

        Args:
            path: such as ``"/1.0/profiles/web"``; quote the names in it.
            json: the body, if the call takes one.
            params: query parameters, such as ``{"project": "blue"}``.
            headers: additional ones.

        Returns:
            The envelope; the payload is its ``metadata``.

        Raises:
            APIError: the server said no.

        Example:
            >>> client.delete("/1.0/profiles/web")["type"]
            'sync'
        """
        return self._verb("DELETE", path, json, params, headers)

    def get(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Resource:
        """Send a GET request of your own.

        Args:
            path: such as ``"/1.0/profiles"``; quote the names in it.
            params: query parameters, such as ``{"recursion": 1}``.
            headers: additional ones.

        Returns:
            The envelope; the payload is its ``metadata``.

        Raises:
            APIError: the server said no.

        Example:
            >>> client.get("/1.0/profiles").metadata
            ['/1.0/profiles/default']
        """
        return self._verb("GET", path, None, params, headers)

    def head(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Resource:
        """Send a HEAD request of your own; read ``last_response.headers`` after it.

        Args:
            path: such as ``"/1.0/instances/web/files"``; quote the names in it.
            params: query parameters, such as ``{"path": "/etc/hosts"}``.
            headers: additional ones.

        Returns:
            An empty object.

        Raises:
            APIError: the server said no.

        Example:
            >>> client.head("/1.0/instances/web/files", params={"path": "/etc/hosts"})
            {}
        """
        return self._verb("HEAD", path, None, params, headers)

    def patch(
        self,
        path: str,
        json: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Resource:
        """Send a PATCH request of your own.

        Args:
            path: such as ``"/1.0/profiles/web"``; quote the names in it.
            json: the body.
            params: query parameters, such as ``{"project": "blue"}``.
            headers: additional ones, such as ``{"If-Match": etag}``.

        Returns:
            The envelope; the payload is its ``metadata``.

        Raises:
            APIError: the server said no.

        Example:
            >>> client.patch("/1.0/profiles/web", {"description": "Web servers"})["type"]
            'sync'
        """
        return self._verb("PATCH", path, json, params, headers)

    def post(
        self,
        path: str,
        json: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Resource:
        """Send a POST request of your own.

        Args:
            path: such as ``"/1.0/profiles"``.
            json: the body.
            params: query parameters, such as ``{"project": "blue"}``.
            headers: additional ones.

        Returns:
            The envelope; the payload is its ``metadata``.

        Raises:
            APIError: the server said no.

        Example:
            >>> client.post("/1.0/profiles", {"name": "web"})["type"]
            'sync'
        """
        return self._verb("POST", path, json, params, headers)

    def put(
        self,
        path: str,
        json: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Resource:
        """Send a PUT request of your own.

        Args:
            path: such as ``"/1.0/profiles/web"``; quote the names in it.
            json: the body: the whole object, since PUT replaces.
            params: query parameters, such as ``{"project": "blue"}``.
            headers: additional ones, such as ``{"If-Match": etag}``.

        Returns:
            The envelope; the payload is its ``metadata``.

        Raises:
            APIError: the server said no.

        Example:
            >>> client.put("/1.0/profiles/web", {"config": {}, "devices": {}})["type"]
            'sync'
        """
        return self._verb("PUT", path, json, params, headers)

    def root(self) -> Resource:
        """Read which versions of the API the server has: ``GET /``.

        Returns:
            The envelope; its ``metadata`` lists paths.

        Example:
            >>> client.root().metadata
            ['/1.0']
        """
        return self.get("/")

    def _verb(
        self,
        method: str,
        path: str,
        json: Any,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
    ) -> Resource:
        """Send a request whose path the caller wrote."""
        bare, mark, query = path.partition("?")
        if not bare.startswith("/") or "#" in path or bare.startswith("//"):
            message = f"{path!r} is no path: it begins with one / and has no #."
            raise ArgumentError(message)
        if any(unquote(segment) in {".", ".."} for segment in bare.split("/")):
            message = f"{path!r} would address another resource: it has a . or .. segment."
            raise ArgumentError(message)
        quoted = quote(bare, safe="/%:@!$&'()*+,;=~-._") + mark + query
        return self._envelope(method, quoted, body=json, query=params, headers=headers)
