"""A server on a unix socket that sends what a test gives it, whatever it is asked."""

import contextlib
import socket
from unittest import mock

from surface.requests_of import ANYTHING, Notes
from unit.double import about
from unit.listener import Listener
from unit.servers import envelope

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
# What the answer to this key is, so that a handshake can be written down before it happens.
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


def answer(body, head=HEAD):
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


# What a server says that it is, as it goes over the line.
ABOUT = answer(
    envelope(
        about(
            "directory_manipulation",
            "file_get_symlink",
            "container_backup",
            server="incus",
            server_version="6.0.4",
        )
    )
)


class Liar(Notes):
    """Answers every question with the same lie; enough is enough after some of them."""

    lie = None
    kind = "sync"
    honest = True
    asked = 0

    def answer(self, method, path):
        if path == "/1.0" and self.honest:
            return super().answer(method, path)
        self.asked += 1
        if self.asked > 30:
            return {"type": "error", "error": "enough", "error_code": 400}
        return {"type": self.kind, "metadata": self.lie, "operation": "/1.0/operations/u"}


def in_every_field(value):
    return dict.fromkeys(ANYTHING, value)


class Script(Listener):
    """A unix socket; `answers(request)` gives the bytes for what is asked, None hangs up."""

    def __init__(self, path, answers):
        self.answers = answers
        self.sent = 0
        self.requests = []
        super().__init__(path)

    def take(self, connection):
        self.start(self.serve, connection)

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                block = connection.recv(65536)
                if not block:
                    return
                head += block
            self.requests.append(head)
            given = self.answers(head)
            for piece in [given] if isinstance(given, bytes) else given or []:
                connection.sendall(piece)
                self.sent += len(piece)


def websocket_of(client_class, sent):
    """A websocket whose other side sends this, and hangs up."""
    from hyperkit._websocket import Websocket

    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    ours.sendall(SWITCHED)
    client = client_class(api_endpoint="unix:///nowhere")
    client._open_socket = lambda: theirs
    with mock.patch("websockets.client.generate_key", return_value=KEY):
        websocket = Websocket(client, "/1.0/events")
    ours.sendall(sent)
    ours.shutdown(socket.SHUT_WR)
    return ours, websocket
