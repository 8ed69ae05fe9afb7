"""One request: who asks, what for, and how it is answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web

from .._keys import fingerprint_of
from .answers import Json, Refused, etag_of, in_project, mapping, respond, sync
from .fields import check_fields
from .operations import Operation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from .._flavours import Flavour
    from .._guest.sockets import Session
    from .._transfers.migration import Door
    from .daemon import Daemon
    from .operations import Work
    from .state import Instance, Project, State

    Handler = Callable[["Call"], Awaitable[web.StreamResponse]]

_YES = {"1", "true", "yes", "on"}


class Call:
    """A request, read.

    Attributes:
        content: what was read of its body.
        request: as the web server has it.
        daemon: the server.
        names: what stands in the path, by the names of the route.
        query: the parameters.
        trusted: whether the server knows the client.
        kept: the projects that the client is kept to; None if it may do all.
        peer: the client's certificate (PEM), or empty.
        alias: ``"containers"`` or ``"virtual-machines"``, if the path was an alias of instances.
    """

    def __init__(
        self,
        request: web.BaseRequest,
        daemon: Daemon,
        names: dict[str, str],
        alias: str,
        peer: str,
        trusted: bool,
    ) -> None:
        self.request = request
        self.daemon = daemon
        self.names = names
        self.alias = alias
        self.peer = peer
        self.trusted = trusted
        self.kept: frozenset[str] | None = None
        self.content = bytearray()
        passed_over = {
            parameter
            for parameter, extension in (("project", "projects"), ("target", "clustering"))
            if not daemon.flavour.has(extension)
        }
        given = request.query
        self.query: Mapping[str, str] = {
            name: given[name] for name in given if name not in passed_over
        }
        if "project" in self.query and self.all_projects:
            raise Refused(400, "Cannot specify a project when requesting all projects")

    @property
    def flavour(self) -> Flavour:
        """The kind of server."""
        return self.daemon.flavour

    @property
    def state(self) -> State:
        """What the server holds."""
        return self.daemon.state

    @property
    def project(self) -> str:
        """The project that is asked for."""
        return self.query.get("project") or "default"

    @property
    def all_projects(self) -> bool:
        """Tell whether all projects are asked for."""
        return self.flag("all-projects")

    def may_see(self, project: str) -> bool:
        """Tell whether the client may see what is in a project."""
        return self.kept is None or project in self.kept

    @property
    def projects(self) -> list[Project]:
        """The projects that the client may see."""
        return [one for one in self.state.projects.values() if self.may_see(one.name)]

    @property
    def recursion(self) -> int:
        """How much a list is to show."""
        text = self.query.get("recursion", "0").partition(";")[0]
        return int(text) if text.isdigit() else 0

    @property
    def patching(self) -> bool:
        """Tell whether something is to be changed by ``PATCH``: what is not named stays."""
        return self.request.method == "PATCH"

    @property
    def forbidden(self) -> str:
        """The words that strangers are turned away with."""
        modern = self.flavour.lxd6
        return "Forbidden" if modern else "not authorized"

    def flag(self, name: str) -> bool:
        """Read a parameter that is yes or no."""
        return self.query.get(name, "").lower() in _YES

    def header(self, name: str) -> str | None:
        """Read a header of the server's own, such as ``mode`` of ``X-LXD-mode``."""
        text = self.request.headers.get(self.flavour.product.header_prefix + name)
        # What is no UTF-8 comes out of a server as U+FFFD.
        return text and text.encode(errors="surrogateescape").decode(errors="replace")

    def home(self, feature: str) -> Project:
        """Find the project that has the images, profiles, ... of the one asked for."""
        return self.state.home(self.project, feature)

    def instance(self, name: str | None = None) -> Instance:
        """Find the instance that the path names.

        Raises:
            Refused: there is none.
        """
        name = self.names["name"] if name is None else name
        if "/" in name:
            raise Refused(400, "Invalid instance name")
        project = self.state.projects.get(self.project)
        found = project.instances.get(name) if project else None
        kinds = {"containers": "container", "virtual-machines": "virtual-machine"}
        if found is None or found.type != kinds.get(self.alias, found.type):
            raise Refused(404, no_instance(self.flavour, name, self.project))
        return found

    def find_instance(self, name: str, project: str) -> Instance:
        """Find an instance that the body names.

        Raises:
            Refused: there is none.
        """
        found = self.state.project(project).instances.get(name)
        if found is None:
            raise Refused(404, no_instance(self.flavour, name, project))
        return found

    def url(self, *segments: str) -> str:
        """Write a path of the API, as lists and locations have it."""
        return in_project("/1.0/" + "/".join(segments), self.project)

    async def raw(self) -> bytes:
        """Read the body."""
        while block := await self.request.content.readany():
            self.content += block
        return bytes(self.content)

    async def upload(self) -> bytes:
        """Read a body that is a file: it is not kept among the requests."""
        blocks: list[bytes] = []
        while block := await self.request.content.readany():
            blocks.append(block)
        return b"".join(blocks)

    async def json(self) -> Json:
        """Read the body: an object.

        Raises:
            Refused: it is none, or a field holds what it cannot hold.
        """
        body = parse(await self.raw())
        check_fields(body)
        return body

    def check_upgrade(self, protocol: str) -> None:
        """Refuse a request that does not ask for another protocol than HTTP.

        Raises:
            Refused: it does not.
        """
        if self.request.headers.get("Upgrade", "").lower() != protocol:
            raise Refused(400, "Missing or invalid upgrade header")

    def check_etag(self, *writable: Any) -> None:
        """Refuse a change of what has changed since.

        Args:
            writable: what can be written of the object, as it is now.

        Raises:
            Refused: ``If-Match`` names another state.
        """
        given = self.request.headers.get("If-Match", "").strip('"')
        now = etag_of(*writable)
        if given and given != now:
            raise Refused(412, f"ETag doesn't match: {now} vs {given}")

    def sync(self, metadata: Any = None, *, etag: tuple[Any, ...] | None = None) -> web.Response:
        """Answer at once.

        Args:
            metadata: what is answered.
            etag: what can be written of it, if it has an ETag.
        """
        headers: dict[str, str] = {}
        if etag is not None and not self.flavour.lxd2:
            headers["ETag"] = f'"{etag_of(*etag)}"'
        return respond(sync(metadata), 200, headers)

    def created(self, *segments: str) -> web.Response:
        """Answer that something was made, and where it is."""
        location = "/1.0/" + "/".join(segments)
        return respond(sync(None), 201, {"Location": location})

    def done(
        self,
        description: str,
        url: str = "",
        *,
        extension: str = "storage_and_network_operations",
        project: str | None = None,
        resources: Json | None = None,
    ) -> web.Response:
        """Answer a change that is made: at once, or by an operation where the server does so.

        Args:
            description: of the operation, such as ``"Creating network"``.
            url: of what was made or has a new name now, if the answer is to name it.
            extension: that a server has which answers by an operation.
            project: that the operation belongs to, if it is another than the one asked for.
            resources: of the operation.
        """
        if self.flavour.has(extension):
            metadata: Json | None = {"entity_url": url} if url else None
            return self.start(
                description, _nothing, metadata=metadata, project=project, resources=resources
            )
        if url:
            return respond(sync(None), 201, {"Location": url})
        return self.sync({})

    def start(
        self,
        description: str,
        work: Work | None,
        *,
        class_: str = "task",
        may_cancel: bool = False,
        metadata: Json | None = None,
        project: str | None = None,
        resources: Json | None = None,
        secret: str = "",
        session: Session | Door | None = None,
    ) -> web.Response:
        """Answer with an operation, which does the rest.

        Args:
            description: such as ``"Creating instance"``.
            work: what is to be done; raises `Refused` if it cannot be.
            class_: ``"task"``, ``"websocket"`` or ``"token"``.
            may_cancel: whether the operation can be cancelled.
            metadata: what it shows from the beginning.
            project: that it belongs to, if it is another than the one asked for.
            resources: the paths that it is about, by kind.
            secret: opens ``/wait`` to strangers; empty if nothing does.
            session: the websockets that clients may connect to from now on.
        """
        operation = Operation(
            self.daemon,
            description,
            class_=class_,
            may_cancel=may_cancel or self.flavour.lxd6,
            metadata=metadata,
            project=project or self.project,
            resources=resources,
        )
        operation.secret = secret
        if self.flavour.lxd6:
            self._describe(operation)
        if session is not None:
            session.offer(operation)
        return self.answer(self.daemon.operations.start(operation, work))

    def _describe(self, operation: Operation) -> None:
        """Say as LXD 6 does what an operation is about, and who has asked for it."""
        urls = next(iter((operation.resources or {}).values()), None)
        if urls:
            operation.metadata = {**(operation.metadata or {}), "entity_url": urls[0]}
        if self.peer:
            operation.requestor = {
                "username": fingerprint_of(self.peer),
                "protocol": "tls",
                "address": "127.0.0.1",
            }

    def answer(self, operation: Operation) -> web.Response:
        """Answer with an operation that has been started."""
        envelope = sync(operation.answered()) | {
            "type": "async",
            "status": "Operation created",
            "status_code": 100,
            "operation": operation.url,
        }
        return respond(envelope, 202, {"Location": operation.url})

    def resources(self, *names: str) -> Json:
        """Name an operation's resources: instances.

        Args:
            names: of the instances.
        """
        found = {"instances": [self.url("instances", name) for name in names]}
        if self.flavour.containers:
            found = {"containers": [self.url("containers", name) for name in names], **found}
        if self.flavour.lxd2:
            del found["instances"]
        return found

    async def websocket(self) -> web.WebSocketResponse:
        """Turn the connection into a websocket."""
        websocket = web.WebSocketResponse(compress=False, max_msg_size=0, timeout=1)
        await websocket.prepare(self.request)
        return websocket


async def _nothing(_operation: Operation) -> None:
    """Do nothing more."""


def parse(content: bytes) -> Json:
    """Read a body that must be a JSON object.

    Raises:
        Refused: it is none, in the words of Go.
    """
    try:
        found: Any = json.loads(content)
    except ValueError as fault:
        text = content.decode(errors="replace").strip()
        if not text:
            raise Refused(400, "EOF") from None
        if text[0] in "{[" and getattr(fault, "pos", 0) >= len(text):
            raise Refused(400, "unexpected EOF") from None
        at = text[min(getattr(fault, "pos", 0), len(text) - 1)]
        where = "looking for beginning of object key string" if text[0] == "{" else ""
        where = where or "looking for beginning of value"
        raise Refused(400, f"invalid character '{at}' {where}") from None
    if not isinstance(found, dict):
        raise Refused(400, "json: cannot unmarshal the body into an object")
    return mapping(cast("Any", found))


def no_instance(flavour: Flavour, name: str, project: str) -> str:
    """Say that there is no such instance."""
    if flavour.lxd:
        return "Instance not found"
    return f'Failed to fetch instance "{name}" in project "{project}": Instance not found'
