"""Websockets: the same socket, the same trust as for requests.

The protocol is that of the library ``websockets``, and the bytes are moved here: its own
connections lose what has come when a pong cannot be sent any more, and cost a thread each.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ._envelope import masked, read_envelope
from ._log import noted
from ._request import uuid_of
from ._shape import fields_of
from ._wire import Wire
from .errors import ConnectionFailed, Error, InvalidResponse, RequestTimeout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._api.operations import OperationsMixin
    from ._connection import Connection
    from .types import Operation

# Servers send some 128 KiB at once; one that sends more than this is none.
MAX_MESSAGE = 64 << 20
# Answers to pings that the server does not read: one that asks for more means no good.
MAX_UNSENT = 1024
# Seconds that the other side gets to say goodbye.
GOODBYE = 1.0
# The library would log secrets and data.
_SILENT = logging.Logger("hyperkit.websocket", logging.CRITICAL + 1)  # noqa: LOG001
_OUTPUTS = {"1", "2"}
# How a frame begins that is a whole message, of text or of bytes.
_WHOLE_TEXT, _WHOLE_BYTES = 0x81, 0x82
_MASKED = 0x80
_HUNG_UP = "the server hung up"
_SILENCE = "the server does not answer any more"
_FLOOD = "the server asks without end whether anybody is here"


class Websocket:
    """One websocket: messages in, messages out, and only this library's exceptions.

    One thread may receive while another sends; any thread may drop it. Nothing is read
    before somebody receives, so that a slow reader holds up the sender, not the memory.

    Args:
        client: of the server; its socket or TLS, its pin and its key are used.
        path: quoted, such as ``"/1.0/events"``.
        query: parameters.
        mute: True answers no pings. Servers ping the sockets of a command's output as well,
            but read nothing there: an answer that lies unread when they close makes the
            system reset the connection, and throw away what was still on its way.

    Raises:
        APIError: the server refuses.
        ConnectionFailed: it cannot be reached.
        UntrustedServer: its certificate is not the expected one.
    """

    def __init__(
        self,
        client: Connection,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        mute: bool = False,
    ) -> None:
        # Slow to import, and few programs need it.
        from websockets.client import ClientProtocol  # noqa: PLC0415
        from websockets.uri import parse_uri  # noqa: PLC0415

        url = path + ("?" + urlencode(query) if query else "")
        self._what = masked(url)
        self._messages: deque[str | bytes] = deque()
        self._fragments: list[bytes] = []
        self._unread = bytearray()
        self._dropped = False
        self._mute = mute
        self._heard = time.monotonic()
        self._asked = 0.0
        self._outgoing: deque[bytes] = deque()
        self._state = threading.Lock()  # of the protocol; never held while waiting
        # The collector may drop a websocket in the midst of a thread that holds these.
        self._reading = threading.RLock()
        self._sending = threading.RLock()
        headers = client._headers(None)
        timeout = client._timeouts(None)[1]
        # ws, not wss: the socket speaks TLS already, so that trust is checked in one place.
        uri = parse_uri("ws://unix.socket" + url)
        self._protocol = ClientProtocol(uri, max_size=MAX_MESSAGE, logger=_SILENT)
        begun = time.monotonic()
        outcome: object = 101
        try:
            self._wire = Wire(client._open_socket())
            try:
                self._shake_hands(headers, timeout)
            except BaseException:
                self._wire.close()
                raise
        except BaseException as error:
            outcome = getattr(error, "status_code", 0) or error
            raise
        finally:
            noted("GET", url, outcome, begun)

    @property
    def close_code(self) -> int | None:
        """The code that the other side has closed it with; None if it has not."""
        received = self._protocol.close_rcvd
        return None if received is None else received.code

    def receive(self, timeout: float | None = None) -> str | bytes:
        """Wait for the next message.

        Args:
            timeout: seconds; None for no limit.

        Raises:
            EOFError: there will be none: the other side has closed it.
            ConnectionFailed: the connection broke.
            TimeoutError: none has come in time.
        """
        with self._reading:
            if not self._messages:
                deadline = None if timeout is None else time.monotonic() + timeout
                while not self._messages:
                    self._read(deadline)
            return self._messages.popleft()

    def check(self, patience: float) -> None:
        """Ask the other side whether it is there, if it has not been heard of for long.

        A connection may be open, and nobody at its end: a server that is stopped, or a proxy.
        Whoever waits for messages calls this now and then.

        Args:
            patience: seconds without a sign of life until it is asked, and until it has to
                have answered.

        Raises:
            ConnectionFailed: it has not answered in time, or the connection broke.
        """
        now = time.monotonic()
        if now - self._heard < patience:
            return
        if self._asked < self._heard:
            self._asked = now
            self._send(lambda: self._protocol.send_ping(b"hyperkit"))
        elif now - self._asked >= patience:
            raise self._broken(_SILENCE)

    def send(self, message: str | bytes | memoryview) -> None:
        """Send a message, text or bytes; waits until it is on its way.

        Raises:
            ConnectionFailed: nobody reads it any more.
        """
        if isinstance(message, str):
            self._send(lambda: self._protocol.send_text(message.encode()))
        else:
            self._send(lambda: self._protocol.send_binary(message))

    def _send(self, say: Callable[[], None]) -> None:
        """Let the protocol say something, and wait until it is on its way."""
        from websockets.exceptions import WebSocketException  # noqa: PLC0415 - slow to import

        with self._sending:
            try:
                with self._state:
                    say()
                    self._outgoing += self._protocol.data_to_send()
                self._flush(None)
            except (OSError, WebSocketException) as error:
                raise self._broken(error) from error

    def close(self, code: int = 1000) -> None:
        """Say goodbye, wait a moment for the other side to do so too, and close."""
        from websockets.exceptions import WebSocketException  # noqa: PLC0415 - slow to import

        deadline = time.monotonic() + GOODBYE
        with suppress(OSError, WebSocketException), self._sending:
            with self._state:
                self._protocol.send_close(code)
                self._outgoing += self._protocol.data_to_send()
            self._flush(deadline)
        # Whoever is waiting for a message sees the answer.
        if self._reading.acquire(timeout=GOODBYE):
            self._reading.release()
            self.outlast(GOODBYE)
        self.drop()

    def outlast(self, seconds: float) -> None:
        """Wait for the other side to close it; messages are thrown away.

        Args:
            seconds: after which the wait is over.
        """
        deadline = time.monotonic() + seconds
        with suppress(Error, OSError, EOFError):
            while True:
                self.receive(max(0.0, deadline - time.monotonic()))

    def drop(self) -> None:
        """Close at once: whoever waits for a message, or to send one, stops waiting."""
        self._dropped = True
        self._wire.shut()
        with self._reading, self._sending:
            self._wire.close()

    def _shake_hands(self, headers: Mapping[str, str], timeout: float | None) -> None:
        from websockets.exceptions import InvalidHandshake, InvalidStatus  # noqa: PLC0415

        request = self._protocol.connect()
        request.headers.update(headers)
        self._protocol.send_request(request)
        self._outgoing += self._protocol.data_to_send()
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            self._flush(deadline)
            while self._protocol.handshake_exc is None and not self._opened:
                self._read(deadline)
        except TimeoutError as error:
            message = f"The websocket {self._what} was not opened in time."
            raise RequestTimeout(message) from error
        except Error:
            raise
        except OSError as error:
            raise self._broken(error) from error
        refused = self._protocol.handshake_exc
        if isinstance(refused, InvalidStatus):
            raise self._refusal(refused.response) from refused
        if isinstance(refused, InvalidHandshake):
            raise self._broken(refused) from refused
        if refused is not None:
            raise self._broken(_HUNG_UP) from refused

    @property
    def _opened(self) -> bool:
        return self._protocol.state.name != "CONNECTING"

    def _read(self, deadline: float | None) -> None:
        """Read once, and take apart what has come.

        Raises:
            EOFError: the other side has closed it.
            ConnectionFailed: the connection broke.
            TimeoutError: nothing has come in time.
        """
        try:
            data = self._wire.read(deadline)
        except TimeoutError:
            raise
        except (OSError, ValueError) as error:
            raise self._broken(error) from error
        shaking_hands = not self._opened
        self._heard = time.monotonic()
        with self._state:
            if data:
                self._unread += data
                with memoryview(self._unread) as view:
                    count = self._split(view)
                del self._unread[:count]
            else:
                self._hand_on(bytes(self._unread))
                self._unread.clear()
                self._protocol.receive_eof()
                self._hand_on(b"")
            answers = self._protocol.data_to_send()
            if not self._mute:
                self._outgoing += answers
            if len(self._outgoing) > MAX_UNSENT:
                raise self._broken(_FLOOD)
        self._answer()
        if data or self._messages or shaking_hands:
            return
        if self.close_code is not None:
            raise EOFError
        raise self._broken(self._protocol.parser_exc or _HUNG_UP)

    def _split(self, view: memoryview) -> int:
        """Take messages out of what has come.

        Nearly every message is one frame, and is read here: the protocol would take ten times
        as long, and copy it three times. It gets all else, frame by frame, so that both know
        where the next one begins.

        Returns:
            How many bytes are done with; the rest is the beginning of a frame.
        """
        begin, length = 0, len(view)
        state = self._protocol.state.name
        while begin < length:
            end = length
            if state == "CONNECTING":
                # The answer to the handshake is lines; it may end in the middle of what came.
                end = begin + bytes(view[begin:]).find(b"\n") + 1
                end = end if end > begin else length
            elif state == "OPEN":
                start, end = _frame(view, begin)
                if end > length:
                    break
                first = view[begin]
                if first in {_WHOLE_TEXT, _WHOLE_BYTES} and start and not self._fragments:
                    data = bytes(view[start:end])
                    text = first == _WHOLE_TEXT
                    self._messages.append(data.decode(errors="replace") if text else data)
                    begin = end
                    continue
            # A copy: the frames of an exception may outlive the view.
            self._hand_on(bytes(view[begin:end]))
            begin, state = end, self._protocol.state.name
        return begin

    def _hand_on(self, data: bytes) -> None:
        """Let the protocol take apart some bytes, and take what it has found."""
        if data:
            self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            self._take(event)

    def _take(self, event: Any) -> None:
        """Put a message together from its frames; pings are the protocol's affair."""
        from websockets.frames import Frame, Opcode  # noqa: PLC0415 - slow to import

        if not isinstance(event, Frame):
            return
        if event.opcode in {Opcode.TEXT, Opcode.BINARY}:
            self._text = event.opcode is Opcode.TEXT
        elif event.opcode is not Opcode.CONT:
            return
        if event.data:
            self._fragments.append(bytes(event.data))
        if event.fin:
            data = b"".join(self._fragments)
            self._fragments.clear()
            self._messages.append(data.decode(errors="replace") if self._text else data)

    def _answer(self) -> None:
        """Send pongs and the like; where somebody is sending, they follow what is sent."""
        if self._outgoing and self._sending.acquire(blocking=False):
            try:
                # What cannot go at once stays; and what has come counts, whatever happens here.
                with suppress(OSError):
                    self._flush(0.0)
            finally:
                self._sending.release()

    def _flush(self, deadline: float | None) -> None:
        """Write what the protocol has to say."""
        while self._outgoing:
            rest = self._wire.write(memoryview(self._outgoing[0]), deadline)
            if rest:
                self._outgoing[0] = bytes(rest)
                raise TimeoutError
            self._outgoing.popleft()

    def _broken(self, reason: object) -> ConnectionFailed:
        if self._dropped:
            reason = "it was closed here"
        return ConnectionFailed(f"The websocket {self._what} broke: {reason}.")

    def _refusal(self, response: Any) -> Error:
        """Read the answer that came in the place of a websocket."""
        try:
            read_envelope(
                response.status_code,
                response.headers.get("Content-Type", ""),
                bytes(response.body or b""),
                method="GET",
                url=self._what,
            )
        except Error as error:
            return error
        return InvalidResponse(f"GET {self._what} was answered, but with no websocket.")


def _frame(view: memoryview, begin: int) -> tuple[int, int]:
    """Tell where the data of a frame begins and ends.

    Returns:
        Both; the end is behind all that has come where the frame is not complete. For one that
        the protocol refuses, 0 and the end of all that has come.
    """
    length = len(view)
    if length - begin < 2:
        return 0, length + 1
    start, size = begin + 2, view[begin + 1]
    if size & _MASKED:
        return 0, length
    if size >= 126:
        start += 2 if size == 126 else 8
        if start > length:
            return 0, length + 1
        size = int.from_bytes(view[begin + 2 : start], "big")
        if size > MAX_MESSAGE:
            return 0, length
    return start, start + size


def connect(client: Connection, operation: str, secret: str, *, mute: bool = False) -> Websocket:
    """Connect to ``GET /1.0/operations/<uuid>/websocket``.

    Args:
        client: of the server.
        operation: UUID.
        secret: of this websocket, from the operation's metadata.
        mute: True for one that the server only sends to.

    Raises:
        APIError: the server refuses.
        ConnectionFailed: it cannot be reached.
    """
    path = f"/1.0/operations/{quote(operation, safe='')}/websocket"
    return Websocket(client, path, {"secret": secret}, mute=mute)


def connect_all(client: OperationsMixin, operation: Operation) -> dict[str, Websocket]:
    """Connect to all websockets of an operation, or to none.

    Args:
        client: of the server.
        operation: as the server has just begun it, with ``metadata.fds``.

    Returns:
        The websockets by the server's names: ``"0"``, ``"1"``, ``"2"``, ``"control"``.

    Raises:
        APIError: the server refuses.
        ConnectionFailed: it cannot be reached.
        InvalidResponse: the operation has no websockets.
    """
    secrets = fields_of(fields_of(operation.get("metadata")).get("fds"))
    if "0" not in secrets or "control" not in secrets:
        message = f"The operation {uuid_of(operation)} came without its websockets."
        raise InvalidResponse(message)
    opened: dict[str, Websocket] = {}
    # The work starts when the numbered ones are there; nobody may come later than that.
    try:
        for name in sorted(secrets, reverse=True):
            secret = str(secrets[name])
            opened[name] = connect(client, uuid_of(operation), secret, mute=name in _OUTPUTS)
    except BaseException:
        for websocket in opened.values():
            websocket.drop()
        with suppress(Error):
            client.cancel_operation(operation)
        raise
    return opened
