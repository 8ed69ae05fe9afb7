"""The embedded server, as its users see it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from aiohttp import web

from .._client import Client
from ..errors import ArgumentError
from ._access.certificates import issue_token
from ._access.oidc_sessions import log_in
from ._clock import Clock
from ._engine.app import App, Request
from ._engine.daemon import Daemon
from ._engine.state import Certificate
from ._engine.wire import Gate
from ._faults import Faults
from ._flavours import Flavour, find_flavour
from ._keys import KeyPair, fingerprint_of, key_pair, server_context

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from types import TracebackType
    from typing import Self

    from ._flavours import Dialect

Result = TypeVar("Result")


class Server:
    """An LXD or Incus in memory, on a real socket: for tests, and for trying things out.

    It answers as the real servers do: operations run and end, events are told, commands have
    websockets, two writers get in each other's way. What it cannot do it refuses with status
    501, and says what that is. It runs in a thread of its own, needs no rights and no network,
    and leaves nothing behind.

    A new one has the image ``busybox`` (by its alias), the profile ``default``, the storage
    pool ``default`` and one network. Commands run in a small shell of its own;
    `add_command` adds more.

    Args:
        flavour: which server it poses as: ``"lxd-2.0"``, ``"lxd-5.0"``, ``"lxd-6"``,
            ``"incus-6.0"`` or ``"incus-7"``.
        dialect: what ``/wait`` answers for an operation that has failed, or not ended in time:
            ``"operation"``, ``"status"`` (an error), ``"body"`` (an error under HTTP 200) or
            ``"streamed"`` (the operation, long after its headers); None means as that server
            does.
        pace: seconds that each operation takes at least, such as ``0.2``.
        password: the trust password, where the server has such a thing.
        tls: True listens on a port of this machine, with TLS, beside the socket; `url` and
            `client` are the port's then.

    Attributes:
        clock: its clock, which can be turned.
        faults: what is to go wrong.

    Example:
        >>> with Server("lxd-5.0") as server, server.client() as client:
        ...     client.create_container("db", alias="busybox").status
        'Success'
    """

    def __init__(
        self,
        flavour: str = "incus-6.0",
        *,
        dialect: Dialect | None = None,
        pace: float = 0.0,
        password: str = "embedded",  # noqa: S107 - it protects nothing
        tls: bool = False,
    ) -> None:
        self._flavour: Flavour = find_flavour(flavour, dialect)
        self._tls = tls
        self.clock = Clock()
        self.faults = Faults(self)
        pair = key_pair(self._flavour.product.name)
        self._daemon = Daemon(
            self._flavour, self.clock, self.faults, pair, password=password, pace=pace
        )
        self._app = App(self._daemon)
        self._shown: KeyPair = pair
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._folder = ""
        self._port = 0
        self._listening: list[asyncio.Server] = []
        self._clients: list[Client] = []

    def __repr__(self) -> str:
        """Say what it poses as, and where it is."""
        return f"<Server: {self._flavour.name}{f', at {self.url}' if self._thread else ''}>"

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it."""
        broken = self._daemon.broken
        if error is not None:
            # The failure of a command is often what has led to this one: it is told, not raised.
            for one in broken:
                error.add_note(f"The embedded server ran a command that raised {one!r}.")
            broken.clear()
        self.stop()

    @property
    def certificate(self) -> str:
        """The certificate that the server shows, in PEM.

        Example:
            >>> server.certificate.splitlines()[0]
            '-----BEGIN CERTIFICATE-----'
        """
        return self._shown.certificate

    @property
    def flavour(self) -> str:
        """Which server it poses as.

        Example:
            >>> Server("lxd-6").flavour
            'lxd-6'
        """
        return self._flavour.name

    @property
    def requests(self) -> list[Request]:
        """What has been asked so far, the oldest first; ``clear()`` empties it.

        Example:
            >>> client.server_name = client.server().environment.server_name
            >>> (server.requests[-1].method, server.requests[-1].path)
            ('GET', '/1.0')
        """
        return self._app.requests

    @property
    def socket(self) -> str:
        """The path of its unix socket, where whoever connects is trusted.

        Raises:
            RuntimeError: the server does not run.

        Example:
            >>> server.socket.endswith("unix.socket")
            True
        """
        self._running_loop()
        return f"{self._folder}/unix.socket"

    @property
    def url(self) -> str:
        """Where it is, for ``Client(api_endpoint=...)``.

        Raises:
            RuntimeError: the server does not run.

        Example:
            >>> server.url.startswith("unix:///")
            True
        """
        self._running_loop()
        return f"https://127.0.0.1:{self._port}" if self._tls else f"unix://{quote(self.socket)}"

    def add_command(self, name: str, command: Callable[..., Any]) -> None:
        """Add a command that can be run in every instance.

        Args:
            name: such as ``"uptime"``.
            command: called with a `Command`, in a thread of its own. What it returns is what
                the command writes (text or bytes), or what it ends with (a number; None
                means 0); it may write to ``stdout`` and ``stderr`` as well, and call
                ``sys.exit``. What else it raises ends the command with 1, and is raised
                again when the server stops.

        Example:
            >>> server.add_command("greet", lambda command: f"hello {command.args[1]}")
            >>> client.run("web", ["greet", "you"], capture_output=True, text=True).stdout
            'hello you'
        """
        self._daemon.commands[name] = command

    def add_port(self, instance: str, port: int, *, local: int) -> None:
        """Let something listen in an instance, for `Client.connect_instance_port`.

        Nothing in the embedded server's instances does by itself.

        Args:
            instance: its name, such as ``"web"``.
            port: in the instance, such as ``80``.
            local: the port of this machine that connections are passed to, at 127.0.0.1.

        Example:
            >>> server.add_port("web", 80, local=8080)
        """
        self._daemon.ports[instance, port] = ("127.0.0.1", local)

    def add_trust(self, certificate: str, *, name: str = "") -> None:
        """Trust a client, without a token or a password.

        Args:
            certificate: the client's, in PEM.
            name: such as ``"laptop"``.

        Example:
            >>> server.add_trust(server.certificate, name="itself")
        """
        fingerprint = fingerprint_of(certificate)
        self._daemon.state.certificates[fingerprint] = Certificate(fingerprint, certificate, name)

    def add_user(self, email: str, *, groups: Sequence[str] = (), name: str = "") -> None:
        """Do what happens when somebody logs in at an identity provider; LXD 6 only.

        The server knows an identity from then on, with a session.

        Args:
            email: such as ``"jane@example.net"``.
            groups: those of the identity provider that it says they are in.
            name: such as ``"Jane"``.

        Raises:
            ArgumentError: servers of this flavour keep no identities.

        Example:
            >>> with Server("lxd-6") as other:
            ...     other.add_user("jane@example.net", name="Jane")
            ...     other.client().oidc_identity("jane@example.net").name
            'Jane'
        """
        if not self._flavour.has("access_management"):
            message = f"Servers like {self._flavour.name} keep no identities."
            raise ArgumentError(message)
        self._run(lambda: log_in(self._daemon, email, name, list(groups)))

    def client(self, **options: Any) -> Client:
        """Make a client of the server; it is closed when the server stops.

        Args:
            options: those of `Client`, such as ``auto_sync=False``.

        Example:
            >>> server.client(auto_sync=False).auto_sync
            False
        """
        where: dict[str, Any] = {"api_endpoint": self.url}
        if self._tls:
            pair = key_pair("client")
            self.add_trust(pair.certificate, name="client")
            where |= {
                "client_cert": pair.certificate,
                "client_key": pair.key,
                "server_cert": self.certificate,
            }
        self._clients.append(Client(**(where | options)))
        return self._clients[-1]

    def restart(self) -> None:
        """Restart it: connections break, operations are forgotten; all else is still there.

        Example:
            >>> server.restart()
            >>> "web" in client.instances()
            True
        """
        self._run(self._begin_anew)

    def start(self) -> None:
        """Start it; nothing happens if it runs.

        Example:
            >>> server.start()
        """
        if self._thread is not None:
            return
        self._folder = tempfile.mkdtemp(prefix="hyperkit-")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="hyperkit-server", daemon=True
        )
        self._thread.start()
        try:
            self._wait(self._open())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it; nothing happens if it does not run.

        Raises:
            Exception: what functions of `add_command` have raised meanwhile, such as the
                ``AssertionError`` of a test; an `ExceptionGroup` of them if there were more.

        Example:
            >>> Server().stop()
        """
        if self._thread is None or self._loop is None:
            return
        for client in self._clients:
            client.close()
        self._clients.clear()
        self._wait(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._thread = self._loop = None
        shutil.rmtree(self._folder, ignore_errors=True)
        broken = list(self._daemon.broken)
        self._daemon.broken.clear()
        if len(broken) > 1:
            message = "Commands of the test's own have failed."
            raise ExceptionGroup(message, broken)
        if broken:
            raise broken[0]

    def token(self, name: str = "client") -> str:
        """Issue a token that makes a client trusted, once.

        Args:
            name: of the client.

        Example:
            >>> len(server.token("laptop")) > 100
            True
        """
        return self._run(lambda: issue_token(self._daemon, name))

    # What happens in the server's thread.

    async def _open(self) -> None:
        self._web = web.Server(
            self._app.handle, handler_cancellation=True, access_log=None, keepalive_timeout=30
        )
        self._gate = Gate(self._web)
        self._daemon.hang_up = self._gate.hang_up
        self._daemon.show_certificate = self._show_certificate
        self._show_certificate()
        await self._listen()

    def _show_certificate(self, *, expired: bool = False) -> None:
        """Choose the certificate for the connections to come."""
        self._shown = self._daemon.pair
        if expired:
            self._shown = key_pair(self._flavour.product.name, expired=True)
        self._context = server_context(self._shown) if self._tls else None

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._listening.append(await loop.create_unix_server(self._gate.plain, self.socket))
        if self._tls:
            opened = await loop.create_server(self._secure, "127.0.0.1", self._port)
            self._port = opened.sockets[0].getsockname()[1]
            self._listening.append(opened)
            self._daemon.addresses = [f"127.0.0.1:{self._port}"]

    def _secure(self) -> asyncio.Protocol:
        if self._context is None:
            raise ConnectionRefusedError
        return self._gate.secure(self._context)

    async def _stop_listening(self) -> None:
        # asyncio loses a connection that is being accepted while its server closes: no more
        # are accepted, and those that are get two turns to be made.
        loop = asyncio.get_running_loop()
        for one in self._listening:
            for listener in one.sockets:
                loop.remove_reader(listener.fileno())
        for _ in range(2):
            await asyncio.sleep(0)
        for one in self._listening:
            one.close()
        self._listening.clear()
        with contextlib.suppress(FileNotFoundError):
            Path(self.socket).unlink()  # noqa: ASYNC240 - it takes no time
        self._gate.hang_up()
        await asyncio.sleep(0)

    def _begin_anew(self) -> None:
        self._gate.hang_up()
        self._daemon.restart()

    async def _close(self) -> None:
        await self._stop_listening()
        await self._daemon.stop()
        await self._web.shutdown(0.1)
        # What it has closed itself takes its leave.
        await asyncio.sleep(0.05 if self._daemon.dialled else 0)
        await asyncio.get_running_loop().shutdown_default_executor()

    # From other threads.

    def _swap_certificate(self, *, expired: bool) -> None:
        """Choose the certificate for the connections to come, and let its clients know it."""
        before = self.certificate
        self._run(lambda: self._show_certificate(expired=expired))
        for client in self._clients:
            if client.server_cert == before:
                client.server_cert = self.certificate

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            message = "The server does not run: use it as a context manager, or call start()."
            raise RuntimeError(message)
        return self._loop

    def _run(self, work: Callable[[], Result]) -> Result:
        """Do something in the server's thread."""

        async def done() -> Result:
            return work()

        return self._wait(done())

    def _wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        try:
            loop = self._running_loop()
        except RuntimeError:
            work.close()
            raise
        return asyncio.run_coroutine_threadsafe(work, loop).result()
