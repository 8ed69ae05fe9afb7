"""The connection: the only place that talks to the server."""

from __future__ import annotations

import json as jsonlib
import threading
import time
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from requests import PreparedRequest, Response
from requests.structures import CaseInsensitiveDict

from ._endpoint import SOCKET_BASE, without_login
from ._envelope import masked, read_envelope
from ._link import Download, Dropped, Link, is_starting, redirected
from ._log import noted
from ._options import OPTIONS, ClientOptions, values
from ._payload import BYTES, Payload
from ._request import NEVER, name_of, refuse
from ._resource import Kind, Resource
from ._server import Capabilities, capabilities
from ._shape import entries, listed, shaped
from ._turn import Lock, turn
from ._wire import LONGEST
from .errors import (
    ArgumentError,
    InvalidResponse,
    MissingExtension,
)
from .types import Operation, Server

if TYPE_CHECKING:
    import socket
    from collections.abc import Generator, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

_REDIRECTS = {307, 308}
_MAX_REDIRECTS = 5
_REPEATABLE = {"GET", "HEAD"}
# How long a server that is starting is waited for, where no timeout is given, in seconds.
_STARTUP = 60.0
# Between two questions to it.
PAUSE = 0.25
# When and where the server has done it, it does not say.
_DONE = {
    "id": "",
    "class": "task",
    "description": "",
    "created_at": NEVER,
    "updated_at": NEVER,
    "location": "",
    "status": "Success",
    "status_code": 200,
    "resources": None,
    "may_cancel": False,
    "err": "",
}


class Connection(ClientOptions):
    """The connection to one server, and what every chapter is made of.

    Nothing is opened or read before the first request. An option that is
    changed takes effect with the next one.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.__dict__.update(options)
        self._reset_connection()

    def _reset_connection(self) -> None:
        self._lock = Lock()
        self._local = threading.local()
        self._link: Link | None = None
        self._lender: Connection | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the options; the copy opens a connection of its own."""
        return values(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the options."""
        self.__dict__.update(state)
        self._reset_connection()

    def __repr__(self) -> str:
        """Say endpoint, server and project; never a secret."""
        link = self._link or (self._lender._link if self._lender is not None else None)
        endpoint = masked(without_login(self.api_endpoint or "")) or None
        if link is not None:
            endpoint = link.endpoint.socket or link.endpoint.base
        product = link.capabilities.product.name if link and link.capabilities else None
        parts = {"api_endpoint": endpoint, "server": product, "project": self.default_project}
        shown = ", ".join(f"{name}={value!r}" for name, value in parts.items() if value)
        return f"<{type(self).__name__} {shown or 'of the local server'}>"

    def __enter__(self) -> Self:
        """Use the client as a context manager that closes its connections."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections to the server; the next request opens one again.

        Example:
            >>> client.close()
        """
        with self._lock.held:
            link, self._link = self._link, None
        if link is not None:
            link.transport.close()

    def _borrow(self, lender: Connection) -> None:
        """Use the connections of another client, as long as the options lead to its server."""
        self._reset_connection()
        self._lender = lender

    def _narrowed(self, **options: Any) -> Self:
        """Make a client of the same kind that has other options, and borrows connections."""
        narrow = object.__new__(type(self))
        narrow.__dict__.update(self.__dict__, **options)
        narrow._borrow(self)
        return narrow

    def has_extension(self, name: str) -> bool:
        """Tell whether the server has an API extension.

        The server is asked once; strangers that are told nothing get True.
        See the list of API extensions in the servers' manuals.

        Args:
            name: such as ``"instances"``.

        Example:
            >>> client.has_extension("instances")
            True
        """
        return self._capabilities().has(name)

    @property
    def last_response(self) -> Response | None:
        """The last answer that this thread got: ``status_code``, ``headers``."""
        return getattr(self._local, "response", None)

    def same_options(self, options: Mapping[str, Any]) -> bool:
        """Tell whether this client has these options.

        Args:
            options: names and values, such as ``{"auto_sync": False}``.

        Example:
            >>> client.same_options({"auto_sync": True})
            True
        """
        return all(name in OPTIONS and getattr(self, name) == options[name] for name in options)

    # What the chapters are made of.

    def _capabilities(self) -> Capabilities:
        """Find out once what the server is."""
        link = self._connected()
        if link.capabilities is None:
            link.capabilities = capabilities(self._object("/1.0", Server))
        return link.capabilities

    def _need(self, extension: str, what: str, *, ask: bool = True) -> None:
        """Refuse a call that the server cannot follow.

        Args:
            extension: what it takes; an empty one every server has.
            what: needs it, for people.
            ask: False goes by what is known already: where only LXD 2 lacks it, that is not
                worth a question of its own.
        """
        if not ask and self._connected().capabilities is None:
            return
        if extension and not self.has_extension(extension):
            found = self._capabilities()
            raise MissingExtension(extension, what, server=found.shown)

    def _get(self, path: str, /, **query: Any) -> Any:
        """GET one object, or whatever the metadata is."""
        return self._envelope("GET", path, query=query).get("metadata")

    def _object(self, path: str, kind: type[Kind], /, **query: Any) -> Kind:
        """GET one object of a type of its own."""
        return shaped(self._get(path, **query), kind)

    def _entries(self, path: str, kind: type[Kind], /, **query: Any) -> list[Kind]:
        """GET a list of objects, as it is."""
        return entries(self._get(path, **query), kind)

    def _names(self, path: str, **query: Any) -> list[str]:
        """GET a list of URLs, as names."""
        return [name_of(url) for url in listed(self._get(path, **query))]

    def _list(
        self,
        path: str,
        kind: type[Kind],
        recursion: int = 1,
        *,
        all_projects: bool | None = None,
        extension: str = "",
        filter: str | None = None,
        filtering: str = "api_filtering_extended",
        legible: bool = True,
        **query: Any,
    ) -> list[str] | list[Kind]:
        """GET a list: of names (``recursion`` 0), or of objects.

        Args:
            path: of the list.
            kind: what the objects are.
            recursion: as the server counts it.
            all_projects: True lists what is in every project.
            extension: the one that ``all_projects`` needs.
            filter: as `where` writes it.
            filtering: the extension that ``filter`` needs: others would list everything.
            legible: False takes names from the objects, since some server quotes them twice
                in URLs.
            query: further parameters.
        """
        if filter is not None:
            if not isinstance(filter, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                refuse("filter", 'text, such as where("name", "web")', filter)
            self._need(filtering, "filter")
            query["filter"] = filter
        if all_projects:
            self._need(extension, "all_projects")
            query["all-projects"] = "true"
        if not recursion and legible:
            return self._names(path, **query)
        found = self._entries(path, kind, recursion=recursion or 1, **query)
        return found if recursion else [str(one["name"]) for one in found]

    def _post(self, path: str, body: Any = None, **query: Any) -> Operation:
        return self._change("POST", path, body, query)

    def _put(
        self, path: str, body: Any = None, *, etag: str | None = None, **query: Any
    ) -> Operation:
        return self._change("PUT", path, body, query, etag)

    def _patch(
        self, path: str, body: Any = None, *, etag: str | None = None, **query: Any
    ) -> Operation:
        self._need("patch", "a change of some fields", ask=False)
        return self._change("PATCH", path, body, query, etag)

    def _delete(self, path: str, /, **query: Any) -> Operation:
        return self._change("DELETE", path, None, query)

    def _change(
        self,
        method: str,
        path: str,
        body: Any,
        query: Mapping[str, Any],
        etag: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Operation:
        """Change something; an answer that came at once is an operation born finished."""
        # What is changed in another project than was meant stays changed: this is worth asking.
        self._check_scope(self._scoped(path, query, self._connected()), ask=True)
        if etag:
            headers = {**(headers or {}), "If-Match": etag}
        merges = etag or method == "PATCH"
        with self._alone(path, query) if merges else nullcontext():
            envelope = self._envelope(method, path, body=body, query=query, headers=headers)
        if envelope["type"] == "async":
            return shaped(envelope["metadata"], Operation)
        return self._done(envelope.get("metadata"))

    def _alone(self, path: str, query: Mapping[str, Any]) -> AbstractContextManager[None]:
        """Keep the other threads of this program from changing an object meanwhile."""
        link = self._connected()
        where = link.endpoint.socket or link.endpoint.base
        return turn(where + path + self._query(path, query, link))

    @staticmethod
    def _done(metadata: Any = None) -> Operation:
        """Make an operation that is born finished."""
        return Operation(_DONE, metadata=metadata)

    def _raw(self, path: str, /, **query: Any) -> bytes:
        """GET bytes that have no envelope."""
        response = self._request("GET", path, query=query)
        if response.status_code >= 400:
            self._read(response)
        return response.content

    def _upload(
        self,
        path: str,
        payload: Payload,
        /,
        *,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Operation:
        """POST bytes that have no envelope."""
        return self._change("POST", path, payload, query, headers=headers)

    @contextmanager
    def _stream(
        self, path: str, /, *, body: Any = None, method: str = "GET", **query: Any
    ) -> Generator[Download]:
        """Read bytes that have no envelope, piece by piece; a refusal raises at once.

        Args:
            path: of what is read.
            body: of a ``POST`` that is answered by bytes.
            method: ``"GET"``, or ``"POST"`` for what the server makes on demand.
            query: parameters.
        """
        headers = {"Accept": BYTES} if method == "POST" else None
        response = self._request(
            method, path, body=body, query=query, headers=headers, stream=True
        )
        download = Download(response, self._connected())
        try:
            if response.status_code >= 400:
                download.fill()
                self._read(response)
            download.check()
            yield download
        finally:
            download.close()

    def _open_socket(self) -> socket.socket:
        """Open a connection of its own, for a websocket."""
        return self._connected().open_socket(self._timeouts(None))

    def _header(self, name: str) -> str:
        """Name a header of the server's own: ``X-LXD-`` or ``X-Incus-`` and this."""
        return self._capabilities().product.header_prefix + name

    def _envelope(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        read_timeout: float | None = None,
    ) -> Resource:
        response = self._request(
            method, path, body=body, query=query, headers=headers, read_timeout=read_timeout
        )
        return self._read(response)

    @staticmethod
    def _read(response: Response) -> Resource:
        request: Any = response.request
        if request.method == "HEAD" and response.ok:
            return Resource()
        return read_envelope(
            response.status_code,
            response.headers.get("Content-Type", ""),
            response.content,
            method=request.method,
            url=request.path_url,
            trust=not request.url.startswith(SOCKET_BASE),
        )

    def _request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        read_timeout: float | None = None,
        stream: bool = False,
    ) -> Response:
        """Send one request and read its answer, unless ``stream``: the only place that talks."""
        link = self._connected()
        prepared = PreparedRequest()
        prepared.method = method
        prepared.url = link.endpoint.base + path + self._query(path, query, link)
        prepared.headers = CaseInsensitiveDict(self._headers(headers))
        prepared.hooks = {"response": []}
        if isinstance(body, Payload):
            prepared.headers["Content-Type"] = body.content_type
            length = body.length
        else:
            if body is not None:
                prepared.body = _json(body, f"{method} {path}")
                prepared.headers["Content-Type"] = "application/json"
            length = len(prepared.body or b"")
        if length is None:
            prepared.headers["Transfer-Encoding"] = "chunked"
        elif body is not None or method not in _REPEATABLE:
            prepared.headers["Content-Length"] = str(length)
        timeout = self._timeouts(read_timeout)
        payload = body if isinstance(body, Payload) else None
        response = self._exchange(link, prepared, timeout, payload, stream=stream)
        self._local.response = response
        return response

    def _query(self, path: str, query: Mapping[str, Any] | None, link: Link) -> str:
        """Write the query, with the client's own project and target."""
        fields = self._scoped(path, query, link)
        if not fields:
            return ""
        if path != "/1.0":  # which says whether there are any
            self._check_scope(fields)
        recursion = fields.get("recursion", 0)
        # True would be sent as a word, and answered as 0 is.
        if isinstance(recursion, int) and str(recursion) not in {"0", "1", "2"}:
            message = f"recursion must be 0, 1 or 2, not {recursion!r}."
            raise ArgumentError(message)
        try:
            return ("&" if "?" in path else "?") + urlencode(fields, errors="surrogateescape")
        except UnicodeEncodeError as error:
            message = f"A parameter for {path} holds text that cannot be written as UTF-8."
            raise ArgumentError(message) from error

    def _scoped(self, path: str, query: Mapping[str, Any] | None, link: Link) -> dict[str, Any]:
        """Add the client's own project and target to the fields of a query."""
        fields = {name: value for name, value in (query or {}).items() if value is not None}
        if path != "/":
            project = self._own_project(link)
            if project is not None and "all-projects" not in fields:
                fields.setdefault("project", project)
            if self.target is not None:
                fields.setdefault("target", self.target)
        return fields

    def _check_scope(self, fields: Mapping[str, Any], *, ask: bool = False) -> None:
        """Refuse a project or a member where there are none: old servers would pass over it.

        Args:
            fields: of the query.
            ask: as of `_need`.
        """
        if fields.get("project", "default") != "default":
            self._need("projects", "project", ask=ask)
        if fields.get("target"):
            self._need("clustering", "target", ask=ask)

    def _own_project(self, link: Link | None = None) -> str | None:
        """Name the project of all calls: the client's own, else that of its remote."""
        if self.default_project is not None:
            return self.default_project
        return (link or self._connected()).project

    def _headers(self, extra: Mapping[str, str] | None) -> dict[str, str]:
        headers = {"User-Agent": self.user_agent, "Accept": self.default_media_type}
        if self.token is not None:
            if not self.token.isascii():
                message = "token must be ASCII, as all bearer tokens are."
                raise ArgumentError(message)
            headers["Authorization"] = f"Bearer {self.token}"
        if extra:
            headers.update(extra)
        for name, value in headers.items():
            if not isinstance(value, str) or not value.isprintable():  # pyright: ignore[reportUnnecessaryIsInstance]
                message = f"The header {name} must be one line of printable text."
                raise ArgumentError(message)
            # The servers read UTF-8; what is below here writes Latin-1.
            headers[name] = value.encode().decode("latin-1")
        return headers

    def _timeouts(self, read_timeout: float | None) -> tuple[float | None, float | None]:
        timeout = self.timeout
        pair = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        # One that is longer than sockets can count is as long as they can.
        connect, read = [None if limit is None else min(limit, LONGEST) for limit in pair]
        return connect, read if read_timeout is None else read_timeout

    def _exchange(
        self,
        link: Link,
        request: PreparedRequest,
        timeout: tuple[float | None, float | None],
        payload: Payload | None = None,
        *,
        stream: bool = False,
    ) -> Response:
        """Send until there is an answer.

        Once more, if a GET met a dropped connection; again, while the server is starting;
        elsewhere on the same server, if it redirects.
        """
        patience = _STARTUP if timeout[1] is None else timeout[1]
        deadline = time.monotonic() + patience
        redirects = 0
        while redirects < _MAX_REDIRECTS:
            try:
                response = self._send(link, request, timeout, payload, stream)
            except Dropped as dropped:
                if request.method not in _REPEATABLE:
                    raise dropped.failure from dropped.__cause__
                try:
                    response = self._send(link, request, timeout, None, stream)
                except Dropped as again:
                    raise again.failure from again.__cause__
            if response.status_code in _REDIRECTS:
                response.close()
                request.url = redirected(request, response)
                redirects += 1
                continue
            repeatable = payload is None or payload.repeatable
            left = deadline - time.monotonic()
            if not (repeatable and left > 0 and is_starting(response, link)):
                return response
            # Nothing was done, so that this may be asked for again, whatever it is.
            time.sleep(min(PAUSE, left))
        message = f"{request.method} {masked(request.path_url)}: too many redirects."
        raise InvalidResponse(message)

    @staticmethod
    def _send(
        link: Link,
        request: PreparedRequest,
        timeout: tuple[float | None, float | None],
        payload: Payload | None,
        stream: bool,
    ) -> Response:
        """Send once, and log it."""
        begun = time.monotonic()
        outcome: object = None
        operation = None
        try:
            response = link.send(request, timeout, payload, stream=stream)
            outcome, operation = response.status_code, response.headers.get("Location")
        except Dropped as dropped:
            outcome = dropped.failure
            raise
        except BaseException as error:
            outcome = error
            raise
        finally:
            noted(request.method or "", request.path_url, outcome, begun, operation)
        return response

    def _connected(self) -> Link:
        """Get the way to the server; made at the first request and when an option changes."""
        if self._lender is not None:
            lent = self._lender._connected()
            if lent.made_for(self):
                return lent
        link = self._link
        if link is not None and link.made_for(self):
            return link
        with self._lock.held:
            link = self._link
            if link is None or not link.made_for(self):
                link = self._link = Link(self)
        return link


def _json(body: Any, what: str) -> bytes:
    """Write a body as JSON."""
    try:
        return jsonlib.dumps(body, allow_nan=False).encode()
    except (RecursionError, TypeError, ValueError) as error:
        message = f"The body of {what} cannot be written as JSON: {error}."
        raise ArgumentError(message) from error
