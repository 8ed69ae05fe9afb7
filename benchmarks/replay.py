"""A server in a process of its own that says what an LXD has once said, many times over."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from .peers import CHUNK
from .processes import Beside, context

SAID = json.loads((Path(__file__).parent / "said.json").read_text())
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY = re.compile(rb"(?i)sec-websocket-key: *(\S+)")


def instances(count: int, recursion: int) -> bytes:
    """Write the list of many instances, each with a name and an address of its own."""
    entries = []
    for number in range(count):
        entry = copy.deepcopy(SAID["instance"])
        entry["name"] = f"web-{number:05}"
        entry["config"]["volatile.uuid"] = entry["expanded_config"]["volatile.uuid"] = _id(number)
        entry["created_at"] = f"2026-11-25T14:25:02.{number:09}Z"
        entry["state"]["pid"] = number
        if recursion == 1:
            for name in ("backups", "snapshots", "state"):
                del entry[name]
        entries.append(entry)
    return envelope(entries)


def events(count: int) -> bytes:
    """Write many events as the frames of a websocket: of operations, lifecycles and the log."""
    frames = []
    for number in range(count):
        event = copy.deepcopy(SAID["events"][number % len(SAID["events"])])
        event["timestamp"] = f"2026-11-25T14:25:03.{number:09}Z"
        if event["type"] == "operation":
            event["metadata"]["id"] = _id(number)
        text = _json(event)
        assert 126 <= len(text) < 1 << 16
        frames.append(b"\x81\x7e" + struct.pack("!H", len(text)) + text)
    return b"".join(frames)


def envelope(metadata: Any) -> bytes:
    """Write an answer."""
    kind = {"type": "sync", "status": "Success", "status_code": 200}
    return _json({**kind, "operation": "", "error_code": 0, "error": "", "metadata": metadata})


def _id(number: int) -> str:
    return f"c65fabc3-2b1f-47be-80b8-{number:012}"


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


class Replay(Beside):
    """Answers, as a context manager.

    Args:
        bodies: by path; ``/1.0`` is what an LXD 5 is.
        frames: what every websocket gets, before it is closed.
    """

    def __init__(self, bodies: dict[str, bytes], frames: bytes = b"") -> None:
        super().__init__("hk-replay-")
        self._requests = context().Value("l", 0)
        ready = context().Event()
        # By a file: a pipe would be in the way of large ones.
        kept = Path(self._folder.name)
        (kept / "frames").write_bytes(frames)
        paths = {"/1.0": envelope(SAID["server"])} | bodies
        for number, body in enumerate(paths.values()):
            (kept / str(number)).write_bytes(body)
        arguments = (self.socket, list(paths), self._requests, ready)
        self._start("the replaying server", _serve, arguments, ready)

    @property
    def requests(self) -> int:
        """How many requests have come."""
        count: int = self._requests.value
        return count


def _serve(path: str, paths: list[str], requests: Any, ready: Any) -> None:
    folder = Path(path).parent
    bodies = {
        name.encode(): (folder / str(number)).read_bytes() for number, name in enumerate(paths)
    }
    frames = (folder / "frames").read_bytes()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen(64)
        ready.set()
        while True:
            arguments = (door.accept()[0], bodies, frames, requests)
            threading.Thread(target=_answer, args=arguments, daemon=True).start()


def _answer(
    connection: socket.socket, bodies: dict[bytes, bytes], frames: bytes, requests: Any
) -> None:
    """Answer the requests of a connection: none of them has a body."""
    rest = b""
    with connection, suppress(OSError):
        while True:
            while b"\r\n\r\n" not in rest:
                data = connection.recv(CHUNK)
                if not data:
                    return
                rest += data
            head, _, rest = rest.partition(b"\r\n\r\n")
            with requests.get_lock():
                requests.value += 1
            if key := _KEY.search(head):
                _speak(connection, key[1], frames)
                return
            target = head.split(b" ", 2)[1]
            body = bodies.get(target) or bodies.get(target.partition(b"?")[0])
            if body is None:
                body, status = (
                    b'{"type":"error","error":"not found","error_code":404}\n',
                    b"404 No",
                )
            else:
                status = b"200 OK"
            size = str(len(body)).encode()
            connection.sendall(
                b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\nContent-Length: "
                + size + b"\r\n\r\n"
            )  # fmt: skip
            connection.sendall(body)


def _speak(connection: socket.socket, key: bytes, frames: bytes) -> None:
    """Open a websocket, say everything, and close it."""
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    connection.sendall(frames + b"\x88\x02\x03\xe8")
    connection.settimeout(5)
    connection.recv(CHUNK)  # the other side's goodbye
