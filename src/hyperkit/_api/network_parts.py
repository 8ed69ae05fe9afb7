"""What the chapters on networks share."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, TypeVar

from .._edit import described, editing, put_matching
from .._resource import Resource
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from ..types import Operation

Kind = TypeVar("Kind", bound=Resource)
# What can be written of what there is: each has some of these.
_FIELDS = (
    *("addresses", "backends", "config", "description", "egress", "entries", "ingress"),
    *("instances", "ports"),
)


class NetworkPartsMixin(OperationsMixin):
    """Creating and editing of what belongs to networks."""

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
        writable: Callable[[Kind], dict[str, Any]] = described,
        *,
        match: bool = False,
    ) -> AbstractContextManager[Kind]:
        """Hand out an object, and put what is writable of it with its ETag."""

        def write(found: Kind, etag: str | None) -> None:
            put = self._put_matching if match else self._put
            self._handle_async(put(url, writable(found), etag=etag), sync=True)

        return editing(self, read, write, _FIELDS)

    def _put_matching(self, url: str, body: dict[str, Any], *, etag: str | None) -> Operation:
        """Put what belongs to one network, if its ETag is still this one.

        Servers send one, and then pass over ``If-Match`` without a word: with forwards,
        load balancers and peers, LXD and Incus alike.
        """
        return put_matching(self, url, body, etag=etag)


def _unspecified(address: str) -> bool:
    try:
        return ip_address(address).is_unspecified
    except ValueError:
        return False  # the server refuses it
