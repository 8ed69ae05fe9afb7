"""A server on a unix socket that sends what a test gives it, whatever it is asked."""

import contextlib
import json
import socket
import threading
from unittest import mock

from surface.requests_of import ANYTHING, Notes

ABOUT = {
    "auth": "trusted",
    "api_extensions": [
        "instances",
        "directory_manipulation",
        "file_get_symlink",
        "container_backup",
    ],
    "environment": {"server": "incus", "server_version": "6.0.4"},
}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
# What the answer to this key is, so that a handshake can be written down before it happens.
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


def envelope(metadata=None, **fields):
    body = {"type": "sync", "status": "Success", "status_code": 200, "metadata": metadata}
    return json.dumps(body | fields).encode()


def answer(body, head=HEAD):
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


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


class Script:
    """A unix socket; `answers(request)` gives the bytes for what is asked, None hangs up."""

    def __init__(self, path, answers):
        self.answers = answers
        self.sent = 0
        self.requests = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(16)
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(10)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.threads.append(
                threading.Thread(target=self.serve, args=(connection,), daemon=True)
            )
            self.threads[-1].start()

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
