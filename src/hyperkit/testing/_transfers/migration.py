"""Migration: from one embedded server to another, over two websockets.

How it is asked for is as with the real servers; what goes over the websockets is the embedded
server's own: on ``control`` a greeting and the outcome, on ``fs`` an archive and an empty text.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import ssl
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import aiohttp
from aiohttp import ClientSession, Fingerprint, WSMsgType

from .._engine.answers import Json, Refused, mapping, text_in

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation

    Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse
    Sockets = dict[str, Socket]
    # Makes of an archive what is to be made.
    Take = Callable[[bytes], Awaitable[None]]

_NAMES = ("fs", "control")
_GREETING = "hyperkit embedded server"
_STRANGER = "The embedded server exchanges instances and volumes with others of its kind alone"
_BLOCK = 128 * 1024
# Seconds that one side waits for the other.
_PATIENCE = 10


class Door:
    """Two websockets that another server connects to, or a client that relays.

    Attributes:
        secrets: the secret of each, by its name.
    """

    def __init__(self) -> None:
        self.secrets = {name: secrets.token_hex(32) for name in ("control", "fs")}
        self._sockets: Sockets = {}
        self._there = asyncio.Event()

    def offer(self, operation: Operation) -> None:
        """Let others connect, and stay until the operation ends."""
        for name, secret in self.secrets.items():
            operation.sockets[secret] = self._attacher(name, operation)

    def _attacher(
        self, name: str, operation: Operation
    ) -> Callable[[web.WebSocketResponse], Awaitable[None]]:
        async def attach(websocket: web.WebSocketResponse) -> None:
            if name in self._sockets:
                return
            self._sockets[name] = websocket
            if len(self._sockets) == len(self.secrets):
                self._there.set()
            await operation.ended.wait()

        return attach

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[Sockets]:
        """Wait until both are there.

        Raises:
            TimeoutError: they have not come.
        """
        async with asyncio.timeout(_PATIENCE):
            await self._there.wait()
        yield self._sockets


def pinned(certificate: str) -> Fingerprint:
    """Trust the one server that shows a certificate (PEM), and no other.

    Raises:
        ValueError: it is no certificate.
    """
    return Fingerprint(hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).digest())


@asynccontextmanager
async def _reached(place: Json) -> AsyncGenerator[Sockets]:
    """Connect to the websockets of another server's operation.

    Args:
        place: its ``operation``, ``certificate`` and ``secrets``.

    Raises:
        Refused: it cannot be reached, or knows nothing of this.
    """
    url = text_in(place, "operation")
    known = mapping(place.get("secrets"))
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())
        sockets: Sockets = {}
        try:
            trusted = pinned(place["certificate"])
            for name in _NAMES:
                connecting = session.ws_connect(
                    url.replace("https:", "wss:", 1) + "/websocket",
                    params={"secret": str(known.get(name))},
                    ssl=trusted,
                    max_msg_size=0,
                )
                sockets[name] = await stack.enter_async_context(connecting)
        except aiohttp.WSServerHandshakeError:
            raise Refused(500, "websocket: bad handshake") from None
        except (
            aiohttp.ClientError,
            aiohttp.ServerFingerprintMismatch,
            KeyError,
            ValueError,
        ) as fault:
            raise Refused(
                500, f"Unable to connect to: {urlsplit(url).netloc} ([{fault}])"
            ) from None
        yield sockets


async def _send(sockets: Sockets, content: bytes) -> None:
    """Send an archive, and wait for the outcome."""
    control, files = sockets["control"], sockets["fs"]
    try:
        await control.send_str(json.dumps({"from": _GREETING}))
        for begin in range(0, len(content), _BLOCK):
            await files.send_bytes(content[begin : begin + _BLOCK])
        await files.send_str("")
    except (ConnectionError, RuntimeError):
        raise Refused(500, "The other side has hung up") from None
    outcome = await _heard(control)
    if not outcome.get("success"):
        raise Refused(500, str(outcome.get("message")))


async def _heard(control: Socket) -> Json:
    """Read what the other side says."""
    message = await control.receive()
    if message.type in {WSMsgType.BINARY, WSMsgType.TEXT}:
        with suppress(ValueError):
            said = json.loads(message.data)
            if isinstance(said, dict):
                return mapping(cast("Any", said))
        raise Refused(501, _STRANGER)
    raise Refused(500, "The other side has hung up")


async def _receive(sockets: Sockets, take: Take) -> None:
    """Take an archive, make something of it, and say how it went."""
    control, files = sockets["control"], sockets["fs"]
    try:
        if (await _heard(control)).get("from") != _GREETING:
            raise Refused(501, _STRANGER)  # noqa: TRY301 - the other side is told below
        content = bytearray()
        while (message := await files.receive()).type is WSMsgType.BINARY:
            content += message.data
        if message.type is not WSMsgType.TEXT:
            raise Refused(500, "The other side has hung up")  # noqa: TRY301
        await take(bytes(content))
    except Refused as refusal:
        with suppress(ConnectionError, RuntimeError):
            await control.send_str(json.dumps({"success": False, "message": refusal.text}))
        raise
    with suppress(ConnectionError, RuntimeError):
        await control.send_str(json.dumps({"success": True}))


def _missed(call: Call, what: str, side: str) -> str:
    """Say that the other side has not come."""
    instance = what == "instance"
    if not call.flavour.recent:
        return f"Timed out waiting for {'migration ' if instance else ''}connections"
    control = "control" if instance else '"control"'
    return (
        f"Failed waiting for migration {control} connection on {side}: context deadline exceeded"
    )


def offer(
    call: Call,
    pack: Callable[[], bytes],
    asked: Json,
    *,
    description: str,
    resources: Json,
    what: str,
    may_cancel: bool = False,
) -> web.StreamResponse:
    """Answer as the source: wait for the other server, or push to it.

    Args:
        call: the request.
        pack: makes the archive.
        asked: the body; with ``target``, it is pushed.
        description: of the operation.
        resources: of the operation.
        what: ``"instance"`` or ``"storage volume"``.
        may_cancel: whether the operation that waits can be cancelled.
    """
    loop = asyncio.get_running_loop()
    target: Json = asked.get("target") or {}
    if target:

        async def push(operation: Operation) -> None:
            operation.daemon.dialled = True
            content = await loop.run_in_executor(None, pack)
            async with _reached(target) as sockets:
                await _send(sockets, content)

        return call.start(description, push, resources=resources)
    door = Door()

    async def work(_operation: Operation) -> None:
        content = await loop.run_in_executor(None, pack)
        try:
            async with door.opened() as sockets:
                await _send(sockets, content)
        except TimeoutError:
            raise Refused(500, _missed(call, what, "source")) from None

    return call.start(
        description,
        work,
        class_="websocket",
        may_cancel=may_cancel or call.flavour.incus7,
        metadata=dict(door.secrets),
        resources=resources,
        session=door,
    )


def receive(
    call: Call,
    source: Json,
    take: Take,
    *,
    descriptions: tuple[str, str],
    failed: str,
    resources: Json,
    what: str,
) -> web.StreamResponse:
    """Answer as the target: fetch from the other server, or wait for it.

    Args:
        call: the request.
        source: of the body.
        take: makes the thing of its archive.
        descriptions: of the operation that fetches, and of that which waits.
        failed: what a failure begins with.
        resources: of the operation.
        what: ``"instance"`` or ``"storage volume"``.

    Raises:
        Refused: there is no such mode.
    """
    mode = source.get("mode") or "pull"
    if mode not in {"pull", "push"}:
        raise Refused(501, f'Mode "{mode}" not implemented')
    door = Door()

    async def work(operation: Operation) -> None:
        operation.daemon.dialled = True
        try:
            async with door.opened() if mode == "push" else _reached(source) as sockets:
                await _receive(sockets, take)
        except TimeoutError:
            raise Refused(500, failed + _missed(call, what, "target")) from None
        except Refused as refusal:
            raise Refused(refusal.code, failed + refusal.text) from None

    if mode == "pull":
        return call.start(descriptions[0], work, resources=resources)
    return call.start(
        descriptions[1],
        work,
        class_="websocket",
        may_cancel=call.flavour.incus7,
        metadata=dict(door.secrets),
        resources=resources,
        session=door,
    )
