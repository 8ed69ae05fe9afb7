"""The websockets of a command: from its threads to the event loop and back."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from .streams import Pipe, octets
from .tty import Terminal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .._engine.operations import Operation
    from .jobs import Job

_ROOM = 256 * 1024
_BLOCK = 128 * 1024
_CLOSED = {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}


class Outlet:
    """What a command writes, on its way to a websocket.

    Args:
        job: that writes.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._loop = asyncio.get_running_loop()
        self._waiting = bytearray()
        self._news = asyncio.Event()
        self._broken = False
        self._last = False

    def write(self, data: bytes | str) -> None:
        """Send; waits while the client is behind.

        Raises:
            BrokenPipeError: nobody reads any more.
        """
        content = octets(data)
        with self._job.changed:
            self._job.wait(lambda: len(self._waiting) < _ROOM or self._broken)
            if self._broken:
                raise BrokenPipeError
            self._waiting += content
        self._loop.call_soon_threadsafe(self._news.set)

    def put(self, data: bytes) -> None:
        """Send, from the event loop itself."""
        with self._job.changed:
            self._waiting += data
        self._news.set()

    async def pump(self, websocket: web.WebSocketResponse, log: bytearray | None = None) -> None:
        """Move what is written, to the end.

        Args:
            websocket: where to.
            log: keeps a copy.
        """
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                while self._waiting:
                    with self._job.changed:
                        block = bytes(self._waiting[:_BLOCK])
                        del self._waiting[:_BLOCK]
                        self._job.changed.notify_all()
                    if log is not None:
                        log += block
                    await websocket.send_bytes(block)
                if self._last:
                    await websocket.send_str("")
                    return
        except (ConnectionError, RuntimeError):
            self.break_off()

    def break_off(self) -> None:
        """Let writers know that nobody reads any more."""
        with self._job.changed:
            self._broken = True
            self._waiting.clear()
            self._job.changed.notify_all()

    def end(self) -> None:
        """Say that this was all."""
        self._last = True
        self._news.set()


class Session:
    """The websockets of one command, or of a console.

    Args:
        job: the command.
        interactive: True has a terminal.
        size: of the terminal, in characters and lines.
        log: keeps a copy of what is shown.

    Attributes:
        secrets: the secret of each websocket, by its name.
        files: standard input, output and error of the command.
    """

    def __init__(
        self,
        job: Job,
        *,
        interactive: bool,
        size: tuple[int, int] = (80, 24),
        log: bytearray | None = None,
    ) -> None:
        names = ["0", "control"] if interactive else ["0", "1", "2", "control"]
        self.secrets = {name: secrets.token_hex(32) for name in names}
        # Without a terminal the control websocket may stay away.
        self._needed = set(names) if interactive else set(names[:3])
        self._job = job
        self._log = log
        self._there = asyncio.Event()
        self._over = asyncio.Event()
        self._said_goodbye = asyncio.Event()
        self._room = asyncio.Event()
        self._sockets: dict[str, web.WebSocketResponse] = {}
        loop = asyncio.get_running_loop()
        self._input = Pipe(job, lambda: loop.call_soon_threadsafe(self._room.set))
        self._outlets = {name: Outlet(job) for name in names if name != "control"}
        self.files: dict[int, Any]
        if interactive:
            job.terminal = Terminal(job, self._outlets["0"], *size)
            self.files = dict.fromkeys((0, 1, 2), job.terminal)
        else:
            del self._outlets["0"]
            self.files = {0: self._input, 1: self._outlets["1"], 2: self._outlets["2"]}
        self._pumps: list[asyncio.Future[None]] = []

    def offer(self, operation: Operation) -> None:
        """Let clients connect."""
        for name, secret in self.secrets.items():
            operation.sockets[secret] = self._door(name)

    def _door(self, name: str) -> Callable[[web.WebSocketResponse], Awaitable[None]]:
        async def attach(websocket: web.WebSocketResponse) -> None:
            if name in self._sockets:
                return
            self._sockets[name] = websocket
            pump: asyncio.Future[None] | None = None
            if name in self._outlets:
                pump = asyncio.ensure_future(self._outlets[name].pump(websocket, self._log))
                self._pumps.append(pump)
            if set(self._sockets) >= self._needed:
                self._there.set()
            reading = asyncio.ensure_future(self._read(name, websocket))
            ending = asyncio.ensure_future(self._over.wait())
            try:
                await asyncio.wait([reading, ending], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in (reading, ending):
                    one.cancel()
                if pump is not None and pump.cancel():
                    self._outlets[name].break_off()
                self._gone(name)

        return attach

    async def connected(self, seconds: float) -> None:
        """Wait for the clients.

        Args:
            seconds: how long.

        Raises:
            TimeoutError: not all have come.
        """
        async with asyncio.timeout(seconds):
            await self._there.wait()

    async def finish(self) -> None:
        """Send what is left, and the end marks."""
        for outlet in self._outlets.values():
            outlet.end()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        if self._job.terminal is not None:
            # The server lets go of a terminal when the client does.
            await self._said_goodbye.wait()
        self._over.set()

    async def _read(self, name: str, websocket: web.WebSocketResponse) -> None:
        while True:
            message = await websocket.receive()
            if message.type in _CLOSED:
                return
            if name == "control":
                with suppress(ValueError, KeyError, TypeError):
                    self._control(json.loads(message.data))
            elif name == "0":
                await self._take(message.data)

    async def _take(self, data: str | bytes) -> None:
        terminal = self._job.terminal
        if data == "":
            self._said_goodbye.set()
            self._input.close()
        elif terminal is not None:
            terminal.type(octets(data))
        else:
            with suppress(BrokenPipeError):
                self._input.feed(octets(data))
            while self._input.full:
                self._room.clear()
                if self._input.full:
                    await self._room.wait()

    def _control(self, message: dict[str, Any]) -> None:
        if message["command"] == "signal":
            self._job.deliver(int(message["signal"]))
        elif message["command"] == "window-resize" and self._job.terminal is not None:
            size = message["args"]
            self._job.terminal.width = int(size["width"])
            self._job.terminal.height = int(size["height"])

    def _gone(self, name: str) -> None:
        """Somebody has left."""
        if name == "0":
            self._said_goodbye.set()
            self._input.close()
            if self._job.terminal is not None:
                self._job.terminal.hang_up()
        if name == "control" and not self._over.is_set():
            self._said_goodbye.set()
            self._job.abandon()
