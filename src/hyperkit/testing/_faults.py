"""Faults on demand: what a network and a server can do to a client."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ..errors import ArgumentError
from ._engine.answers import error, respond
from ._engine.wire import connection_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ._server import Server


_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
# A slash, or what stands for one.
_BEGINNINGS = ("/", "*", "?", "[")


@dataclass
class _Fault:
    """Something that is to happen to requests.

    Attributes:
        left: how many more times; None for ever.
        unused: whether it has struck nobody so far.
    """

    kind: str
    method: str | None
    path: str
    left: int | None
    value: Any = None
    unused: bool = True

    def strikes(self, method: str, path: str) -> bool:
        """Tell whether a request is meant, and count it."""
        if self.left == 0 or (self.method or method) != method:
            return False
        if not fnmatchcase(path, self.path):
            return False
        if self.left is not None:
            self.left -= 1
        self.unused = False
        return True

    def __str__(self) -> str:
        """Say what was planned, and for whom."""
        what = self.kind if self.value is None else f"{self.kind} {self.value!r}"
        meant = f"{self.method} {self.path}" if self.method else self.path
        return f"{what} for {meant!r}"


class Faults:
    """What goes wrong, planned.

    Each method plans one kind of fault for the requests to come. ``method`` and ``path`` say
    which requests are meant: all, unless they are given; in a path ``*`` stands for anything.
    ``times`` says how often; None for ever, or until `clear`. What can mean no request raises
    `ArgumentError`.

    Example:
        >>> server.faults.drop(method="GET", path="/1.0/instances")
        >>> "web" in client.instances()  # the client asks again: a GET changes nothing
        True
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._planned: list[_Fault] = []

    @property
    def unused(self) -> list[str]:
        """What was planned, and has struck nobody so far: often a path that nobody asks for.

        With pytest, the fixture ``hyperkit_server`` warns if there is any at the end of a test.

        Example:
            >>> server.faults.unavailable(path="/1.0/networks")
            >>> server.faults.unused
            ["error (503, 'Incus daemon setup in progress') for '/1.0/networks'"]
            >>> server.faults.clear()
        """
        return [str(fault) for fault in self._planned if fault.unused]

    def clear(self) -> None:
        """Forget all that was planned.

        Example:
            >>> server.faults.clear()
        """
        self._planned.clear()
        self._server._swap_certificate(expired=False)

    def delay(
        self,
        seconds: float,
        *,
        method: str | None = None,
        path: str = "*",
        times: int | None = 1,
    ) -> None:
        """Let a request wait before it is answered.

        Args:
            seconds: how long, such as ``0.5``.
            method: such as ``"GET"``; None means all.
            path: such as ``"/1.0/instances/*"``.
            times: how many requests; None means all.

        Example:
            >>> server.faults.delay(0.01, path="/1.0/operations/*")
        """
        self._plan("delay", method, path, times, seconds)

    def drop(
        self,
        *,
        after: int = 0,
        method: str | None = None,
        path: str = "*",
        times: int | None = 1,
    ) -> None:
        """Cut the connection while a request is answered.

        Args:
            after: how many bytes of the answer come through, its head included; at 0 the
                request is not carried out.
            method: such as ``"GET"``; None means all.
            path: such as ``"/1.0/images/*/export"``.
            times: how many requests; None means all.

        Example:
            >>> server.faults.drop(after=1000, path="/1.0/images/*/export")
        """
        self._plan("drop", method, path, times, after)

    def error(
        self,
        code: int,
        text: str,
        *,
        method: str | None = None,
        path: str = "*",
        times: int | None = 1,
    ) -> None:
        """Refuse a request.

        Args:
            code: HTTP status, such as ``500``.
            text: the server's words, such as ``"disk full"``.
            method: such as ``"POST"``; None means all.
            path: such as ``"/1.0/instances"``.
            times: how many requests; None means all.

        Example:
            >>> server.faults.error(500, "disk full", method="POST", path="/1.0/images")
        """
        self._plan("error", method, path, times, (code, text))

    def expire_certificate(self) -> None:
        """Show every new connection a certificate whose time is over, until `clear`.

        It is the pinned one for the clients that `Server.client` makes, or has made: all that
        is wrong is its date. For others it is another one than they know.

        Example:
            >>> server.faults.expire_certificate()
            >>> server.faults.clear()
        """
        self._server._swap_certificate(expired=True)

    def fail(self, text: str, *, operation: str = "*", times: int | None = 1) -> None:
        """Let an operation end in failure.

        Args:
            text: why, such as ``"No space left on device"``.
            operation: its description, such as ``"Creating instance"``; ``*`` stands for
                anything.
            times: how many operations; None means all.

        Example:
            >>> server.faults.fail("No space left on device", operation="Creating *")
        """
        self._plan("fail", None, operation, times, text)

    def forget(self) -> None:
        """Forget all operations that have ended, earlier than the server would.

        Example:
            >>> server.faults.forget()
        """
        self._server._run(self._server._daemon.operations.forget)

    def malformed(
        self,
        body: bytes = b'{"type":"sync","metadata":[',
        *,
        content_type: str = "application/json",
        method: str | None = None,
        path: str = "*",
        status: int = 200,
        times: int | None = 1,
    ) -> None:
        """Answer with something that is not the API's.

        Args:
            body: the bytes, such as ``b"<html>"``.
            content_type: what they are said to be.
            method: such as ``"GET"``; None means all.
            path: such as ``"/1.0"``.
            status: HTTP status.
            times: how many requests; None means all.

        Example:
            >>> server.faults.malformed(b"<html>", content_type="text/html", path="/1.0/x")
        """
        self._plan("malformed", method, path, times, (body, content_type, status))

    @contextmanager
    def refuse(self) -> Generator[None]:
        """Let nobody connect, for the time of a block.

        Example:
            >>> with server.faults.refuse():
            ...     pass  # a client that tries raises ConnectionFailed
        """
        self._server._wait(self._server._stop_listening())
        try:
            yield
        finally:
            self._server._wait(self._server._listen())

    def restart(
        self, *, method: str | None = None, path: str = "*", times: int | None = 1
    ) -> None:
        """Restart the server when a request comes; it is carried out, but never answered.

        Args:
            method: such as ``"GET"``; None means all.
            path: such as ``"/1.0/operations/*/wait"``.
            times: how many requests; None means all.

        Example:
            >>> server.faults.restart(path="/1.0/operations/*/wait")
        """
        self._plan("restart", method, path, times)

    def unavailable(
        self, *, method: str | None = None, path: str = "*", times: int | None = 1
    ) -> None:
        """Answer 503, as a server does that is starting.

        Args:
            method: such as ``"GET"``; None means all.
            path: such as ``"/1.0/instances"``.
            times: how many requests; None means all.

        Example:
            >>> server.faults.unavailable(path="/1.0/operations/*/wait", times=3)
        """
        name = self._server._daemon.flavour.product.title
        text = f"{name} daemon setup in progress"
        self._plan("error", method, path, times, (503, text))

    def _plan(
        self, kind: str, method: str | None, path: str, times: int | None, value: object = None
    ) -> None:
        message = ""
        if method is not None and method not in _METHODS:
            message = f"No request has the method {method!r}: use one of {', '.join(_METHODS)}."
        elif kind != "fail" and path[:1] not in _BEGINNINGS:
            message = f"No path is like {path!r}: it begins with a slash, as in '/1.0/instances'."
        elif kind != "fail" and "=" in path:
            message = f"No path is like {path!r}: what follows the question mark is not in it."
        elif times is not None and times < 1:
            message = f"times is {times}: use 1 or more, or None for all."
        if message:
            raise ArgumentError(message)
        self._planned.append(_Fault(kind, method, path, times, value))

    def failure_of(self, description: str) -> str:
        """Find what an operation is to fail of; empty if it is not."""
        for fault in self._planned:
            if fault.kind == "fail" and fault.strikes("", description):
                return str(fault.value)
        return ""

    async def strike(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """Do to a request what was planned; may answer it."""
        path = request.rel_url.path
        answer: web.StreamResponse | None = None
        for fault in list(self._planned):
            if fault.kind == "fail" or not fault.strikes(request.method, path):
                continue
            if fault.kind == "delay":
                await asyncio.sleep(fault.value)
            elif fault.kind == "drop":
                connection_of(request).cut_after(fault.value)
                if not fault.value:
                    answer = web.Response()
            elif fault.kind == "error":
                answer = respond(error(*fault.value), fault.value[0])
            elif fault.kind == "malformed":
                body, content_type, status = fault.value
                answer = web.Response(body=body, status=status, content_type=content_type)
            else:
                connection_of(request).cut_after(0)
                self._later(self._server._begin_anew)
        return answer

    @staticmethod
    def _later(work: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_soon(work)
