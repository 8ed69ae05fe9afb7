"""From a request to its answer: what was planned, the route, the trust, the chapter."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from .._access.checks import check_permissions, identity_of
from .._access.restricted import restrict
from .._keys import fingerprint_of
from .answers import Refused, error, respond
from .call import Call
from .routes import router
from .wire import connection_of

if TYPE_CHECKING:
    from aiohttp import web

    from .._flavours import Flavour
    from .call import Handler
    from .daemon import Daemon
    from .routes import Match, Route

_LOG = logging.getLogger("hyperkit.testing")


class Request(NamedTuple):
    """What a client has asked.

    Attributes:
        method: such as ``"POST"``.
        path: such as ``"/1.0/instances"``, decoded.
        query: the parameters.
        headers: all of them.
        content: the body; empty until the server has read it, and where it is not kept.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    content: bytearray

    @property
    def body(self) -> Any:
        """The body, if it is JSON; else None."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


_OF_ALL_PROJECTS = (
    "/1.0/events",
    "/1.0/images",
    "/1.0/instances",
    "/1.0/network-acls",
    "/1.0/network-allocations",
    "/1.0/network-zones",
    "/1.0/networks",
    "/1.0/operations",
    "/1.0/placement-groups",
    "/1.0/profiles",
    "/1.0/replicators",
)


def all_projects(flavour: Flavour, path: str) -> bool:
    """Tell whether a server lets one ask for the objects of all projects.

    Args:
        flavour: of the server. Others than LXD 6 take no notice where they cannot.
        path: of the route.
    """
    of_pools = path.startswith("/1.0/storage-") and ("/buckets" in path or "volumes" in path)
    return not flavour.lxd6 or path in _OF_ALL_PROJECTS or of_pools


class App:
    """Answers requests."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._router = router(daemon.flavour.name)
        self.requests: list[Request] = []

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        path = request.rel_url.path
        asked = Request(
            request.method, path, dict(request.query), dict(request.headers), bytearray()
        )
        self.requests.append(asked)
        planned = await self._daemon.faults.strike(request)
        if planned is not None:
            return planned
        try:
            return await self._answer(request, asked)
        except Refused as refusal:
            return respond(error(refusal.code, refusal.text), refusal.code)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as fault:  # noqa: BLE001 - whatever it is, the client shall hear of it
            _LOG.exception("%s %s broke the embedded server", request.method, path)
            text = f"The embedded server broke: {type(fault).__name__}: {fault}"
            return respond(error(500, text), 500)

    async def _answer(self, request: web.BaseRequest, asked: Request) -> web.StreamResponse:
        """Find who answers, read who asks, and see whether they may."""
        match, handler = self._route(request)
        names = self._router.named(request.method, match.route, match.names)
        connection = connection_of(request)
        identity = identity_of(
            self._daemon, connection.peer, request.headers.get("Authorization", "")
        )
        trusted = not connection.secure or self._knows(connection.peer) or identity is not None
        call = Call(request, self._daemon, names, match.alias, connection.peer, trusted)
        call.content = asked.content
        if not trusted and request.method not in match.route.untrusted:
            raise Refused(403, call.forbidden)
        self._check_query(call, match.route.path)
        if connection.secure and identity is not None:
            check_permissions(call, identity)
        elif connection.secure and trusted:
            self._restrict(call, match.route)
        return await handler(call)

    def _route(self, request: web.BaseRequest) -> tuple[Match, Handler]:
        """Find the route of a request, and what answers it."""
        match = self._router.find(request.raw_path.partition("?")[0])
        if match is None:
            raise Refused(404, "Not Found" if self._daemon.flavour.lxd6 else "not found")
        method, route = request.method, match.route
        if method not in route.methods:
            raise Refused(501, "not implemented")
        handler = route.methods[method]
        if handler is None:
            raise Refused(501, f"The embedded server cannot do {method} {route.path}")
        return match, handler

    @staticmethod
    def _check_query(call: Call, path: str) -> None:
        """Refuse all projects where they cannot be asked for, and members that are not there.

        Args:
            call: the request.
            path: of its route.
        """
        if call.all_projects and not all_projects(call.flavour, path):
            raise Refused(400, "All projects queries are not supported")
        target = call.query.get("target") or "none"
        if target not in {"none", call.daemon.member} and path != "/1.0/instances":
            raise Refused(404, "Cluster member not found")

    def _knows(self, peer: str) -> bool:
        return bool(peer) and fingerprint_of(peer) in self._daemon.state.certificates

    @staticmethod
    def _restrict(call: Call, route: Route) -> None:
        """Keep a restricted client to its projects; elsewhere it may do what strangers may."""
        known = call.state.certificates[fingerprint_of(call.peer)]
        if not known.restricted:
            return
        try:
            restrict(call, known)
        except Refused:
            if call.request.method not in route.untrusted:
                raise
            call.trusted = False
