"""What the chapters on networks share."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, TypeVar

from .._edit import editing, etag_of
from .._resource import Resource
from ..errors import PreconditionFailed
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from ..types import Operation

Kind = TypeVar("Kind", bound=Resource)

# How often a change goes on top of what others have changed meanwhile.
_TRIES = 5


class NetworkPartsMixin(OperationsMixin):
    """Listing, patching and editing of what belongs to networks."""

    def _create_listener(
        self, url: str, listen_address: str, body: dict[str, Any], sync: bool | None
    ) -> Operation:
        """Create what listens at an address, and tell where it is."""
        if _unspecified(listen_address):
            # Without it, an address that nothing is ever sent to would be listened at.
            self._need("network_allocate_external_ips", "an address of the server's choice")
        body = {"listen_address": listen_address, **body}
        operation = self._handle_async(self._post(url, body), sync)
        response = self.last_response
        if not operation["id"] and response is not None:
            # A server that has done the work at once says it in a header only.
            operation["metadata"] = Resource(entity_url=response.headers.get("Location"))
        return operation

    def _edit_part(
        self,
        url: str,
        read: Callable[[], Kind],
        writable: Callable[[Kind], dict[str, Any]],
        *,
        match: bool = False,
    ) -> AbstractContextManager[Kind]:
        """Hand out an object, and put what is writable of it with its ETag."""

        def write(found: Kind, etag: str | None) -> None:
            put = self._put_matching if match else self._put
            self._handle_async(put(url, writable(found), etag=etag), sync=True)

        return editing(self, read, write)

    def _matching(self, method: str, url: str, etag: str | None) -> Any:
        """Read what belongs to one network, and compare its ETag.

        Servers send one, and then pass over ``If-Match`` without a word: with forwards,
        load balancers and peers, LXD and Incus alike.
        """
        found = self._get(url)
        current = etag_of(self)
        if etag and current and current.strip('"') != etag.strip('"'):
            message = "it has changed since it was read"
            raise PreconditionFailed(message, status_code=412, method=method, url=url)
        return found

    def _patch_part(
        self,
        url: str,
        body: dict[str, Any],
        *kept: str,
        etag: str | None,
        match: bool = False,
        **query: Any,
    ) -> Operation:
        """Change the fields that are given, and lose none of the others.

        Servers clear the fields that such a PATCH leaves out, rules and ports among
        them, and drop the connection where ``config`` is. So it names all of them, as
        they were just read, and is refused if somebody else has changed them since.

        Args:
            url: of the object.
            body: the fields that are given.
            kept: the fields that the server would clear.
            etag: the caller's; None goes on top of what the object has become.
            match: whether the server has to be helped with the ETag.
            query: parameters.
        """
        body = {"config": {}, **body}
        if set(kept) <= set(body) and "config" not in kept and not (match and etag):
            return self._patch(url, body, etag=etag, **query)
        left = _TRIES
        while True:
            found = self._matching("PATCH", url, etag) if match else self._get(url, **query)
            # Of records and peers, servers replace the configuration too.
            own = found.get("config") if "config" in kept else None
            whole = {name: found.get(name) for name in kept} | body
            whole["config"] = {**(own or {}), **body["config"]}
            left -= 1
            try:
                return self._patch(url, whole, etag=etag or etag_of(self), **query)
            except PreconditionFailed:
                if etag or not left:
                    raise

    def _put_matching(self, url: str, body: dict[str, Any], *, etag: str | None) -> Operation:
        """Put what belongs to one network, if its ETag is still this one."""
        if etag:
            self._matching("PUT", url, etag)
        return self._put(url, body, etag=etag)


def _unspecified(address: str) -> bool:
    try:
        return ip_address(address).is_unspecified
    except ValueError:
        return False  # the server refuses it
