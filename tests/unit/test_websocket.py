"""Websockets against servers that lie, break off and split what they send."""

import contextlib
import io
import json
import math
import socket
import threading
import time

import pytest
from unit.servers import refused as refused_json
from websockets.datastructures import Headers
from websockets.http11 import Response
from websockets.sync.server import unix_serve
from websockets.utils import accept_key

import hyperkit
from hyperkit import _websocket
from hyperkit._streams import END, Output
from hyperkit._vga import VgaConsole
from hyperkit._websocket import Websocket, connect, connect_all


@pytest.fixture
def serve(tmp_path):
    """Serve websockets by a function; hands out a client of that server."""
    with contextlib.ExitStack() as opened:

        def begin(handler, **options):
            path = str(tmp_path / "unix.socket")
            server = opened.enter_context(unix_serve(handler, path, **options))
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            opened.callback(thread.join)
            opened.callback(server.shutdown)
            return opened.enter_context(hyperkit.Client(api_endpoint=path))

        yield begin


def sends(*messages):
    """Send these, and wait for the other side to go."""

    def handler(connection):
        for message in messages:
            connection.send(message)
        with contextlib.suppress(Exception):
            connection.recv()

    return handler


def drained(client):
    websocket = Websocket(client, "/1.0/events")
    try:
        return b"".join(Output(websocket).blocks())
    finally:
        websocket.drop()


def test_what_is_split_comes_together(serve):
    client = serve(sends(b"\xe2\x82", b"\xac", [b"a", b"", b"b"], b"", END))
    websocket = Websocket(client, "/1.0/events")
    with io.TextIOWrapper(io.BufferedReader(Output(websocket)), "utf-8") as text:
        assert text.read() == "€ab"
    websocket.drop()


def test_a_goodbye_is_an_end_as_well(serve):
    assert drained(serve(lambda connection: connection.send(b"all"))) == b"all"


@pytest.mark.parametrize("code", [1001, 1011])
def test_other_goodbyes_are_a_break(serve, code):
    def handler(connection):
        connection.send(b"part")
        connection.close(code)

    with pytest.raises(hyperkit.ConnectionFailed, match=f"broke off.*{code}"):
        drained(serve(handler))


def test_a_cut_is_an_error(serve):
    def handler(connection):
        connection.send(b"part")
        connection.socket.shutdown(socket.SHUT_RDWR)

    with pytest.raises(hyperkit.ConnectionFailed, match="broke"):
        drained(serve(handler))


def test_a_message_has_a_limit(serve, monkeypatch):
    monkeypatch.setattr(_websocket, "MAX_MESSAGE", 1000)
    with pytest.raises(hyperkit.ConnectionFailed, match="broke"):
        drained(serve(sends(bytes(1001))))


def frame(first, data):
    size = len(data)
    if size < 126:
        return bytes([first, size]) + data
    if size < 1 << 16:
        return bytes([first, 126]) + size.to_bytes(2, "big") + data
    return bytes([first, 127]) + size.to_bytes(8, "big") + data


@pytest.fixture
def speak(tmp_path):
    """Say bytes in pieces to whoever asks for a websocket; hands out that."""
    with contextlib.ExitStack() as opened:

        def begin(stream, piece):
            door = opened.enter_context(socket.socket(socket.AF_UNIX))
            door.bind(str(tmp_path / "unix.socket"))
            door.listen()

            def serve():
                connection, _ = door.accept()
                with connection, contextlib.suppress(OSError):
                    asked = connection.recv(65536).decode()
                    key = asked.partition("Sec-WebSocket-Key: ")[2].partition("\r")[0]
                    head = (
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        f"Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n"
                    )
                    whole = head.encode() + stream
                    for place in range(0, len(whole), piece):
                        connection.sendall(whole[place : place + piece])
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass

            thread = threading.Thread(target=serve)
            thread.start()
            opened.callback(thread.join)
            client = opened.enter_context(hyperkit.Client(api_endpoint=door.getsockname()))
            websocket = Websocket(client, "/1.0/events")
            opened.callback(websocket.drop)
            return websocket

        yield begin


MESSAGES = ["now", b"", b"x" * 125, b"y" * 126, b"z" * 65536, "a\N{EURO SIGN}b", "", "end"]
STREAM = b"".join(
    [
        *[
            frame(0x81, one.encode()) if isinstance(one, str) else frame(0x82, one)
            for one in MESSAGES[:5]
        ],
        frame(0x01, b"a\xe2\x82"),
        frame(0x89, b"ping"),
        frame(0x80, b"\xacb"),
        frame(0x8A, b""),
        frame(0x81, b""),
        frame(0x81, b"end"),
        frame(0x88, b"\x03\xe8"),
    ]
)


@pytest.mark.parametrize("piece", [1, 2, 3, 10, 1000, 1 << 20])
def test_messages_are_whole_however_the_bytes_come(speak, piece):
    websocket = speak(STREAM, piece)
    assert [websocket.receive(10) for _ in MESSAGES] == MESSAGES
    with pytest.raises(EOFError):
        websocket.receive(10)


@pytest.mark.parametrize(
    "wrong",
    [
        b"\x81\x81" + bytes(5),  # masked, as only clients do
        b"\xc1\x01a",  # compressed, which was not agreed upon
        b"\x83\x00",  # of no known kind
        frame(0x01, b"a") + frame(0x81, b"b"),  # another message in the middle of one
        frame(0x80, b"a"),  # goes on with nothing
        b"\x82\x7f" + (1 << 40).to_bytes(8, "big"),  # endless
        b"\x82\x05abc",  # breaks off
    ],
)
def test_frames_that_cannot_be_are_a_break(speak, wrong):
    websocket = speak(frame(0x81, b"first") + wrong, 1 << 20)
    assert websocket.receive(10) == "first"
    with pytest.raises(hyperkit.ConnectionFailed, match="broke"):
        websocket.receive(10)


def test_nothing_counts_after_a_fault(speak):
    websocket = speak(b"\x83\x00" + frame(0x81, b"lie"), 1 << 20)
    with pytest.raises(hyperkit.ConnectionFailed, match="broke"):
        websocket.receive(10)


@pytest.mark.parametrize("mute", [True, False])
def test_pings_are_answered_unless_mute(serve, mute):
    answered = []

    def handler(connection):
        pong = connection.ping()
        connection.send("go on")
        answered.append(pong.wait(0.5 if mute else 20))

    client = serve(handler, close_timeout=0.1)
    websocket = Websocket(client, "/1.0/events", mute=mute)
    assert websocket.receive() == "go on"
    with pytest.raises(EOFError):
        websocket.receive()
    websocket.drop()
    assert answered == [not mute]


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_refusal_is_an_api_error(serve, status):
    headers = Headers({"Content-Type": "application/json"})
    answer = Response(status, "No", headers, refused_json(status, "no way"))
    client = serve(sends(), process_request=lambda connection, request: answer)
    with pytest.raises(hyperkit.errors.by_status(status), match="no way") as caught:
        connect(client, "u-1", "s3cret")
    assert "s3cret" not in str(caught.value)


def test_a_web_page_is_no_websocket(serve):
    answer = Response(200, "OK", Headers({"Content-Type": "text/html"}), b"<html>")
    client = serve(sends(), process_request=lambda connection, request: answer)
    with pytest.raises(hyperkit.InvalidResponse):
        Websocket(client, "/1.0/events")


def test_another_thread_ends_the_wait(serve):
    websocket = Websocket(serve(sends()), "/1.0/events")
    timer = threading.Timer(0.2, websocket.drop)
    timer.start()
    with pytest.raises(hyperkit.ConnectionFailed, match="closed here"):
        websocket.receive()
    timer.join()
    with pytest.raises(hyperkit.ConnectionFailed):
        websocket.send("late")


def test_a_reader_that_does_not_come_holds_up_the_sender(serve):
    sent = []

    def handler(connection):
        with contextlib.suppress(Exception):
            while True:
                connection.send(bytes(1 << 20))
                sent.append(1)

    websocket = Websocket(serve(handler), "/1.0/events")
    time.sleep(0.3)
    websocket.drop()
    assert len(sent) < 8


def test_many_messages_go_in_both_directions_at_once(serve):
    def echo(connection):
        for message in connection:
            connection.send(message)

    websocket = Websocket(serve(echo, max_size=None), "/1.0/events")
    blocks = [bytes([number]) * 300_000 for number in range(50)]
    thread = threading.Thread(target=lambda: [websocket.send(block) for block in blocks])
    thread.start()
    assert [websocket.receive() for _ in blocks] == blocks
    thread.join()
    websocket.close()


@pytest.mark.parametrize("metadata", [None, {}, {"fds": {"0": "a"}}, {"fds": {"control": "a"}}])
def test_operations_without_websockets_are_refused(bare, metadata):
    with pytest.raises(hyperkit.InvalidResponse):
        connect_all(bare, hyperkit.Operation(id="u-1", metadata=metadata))


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": 1}', "null", "[" * 100_000])
def test_what_is_no_event_is_refused(serve, text):
    with (
        serve(sends(text)).events() as events,
        pytest.raises(hyperkit.InvalidResponse),
    ):
        next(events)


def test_a_wait_may_be_longer_than_a_system_call(serve, monkeypatch):
    monkeypatch.setattr("hyperkit._wire.LONGEST", 0.01)
    late = threading.Event()
    client = serve(lambda connection: late.wait(20) and connection.send("at last"))
    websocket = Websocket(client, "/1.0/events")
    threading.Timer(0.1, late.set).start()
    assert websocket.receive(20) == "at last"
    websocket.drop()


@pytest.mark.parametrize("timeout", [30 * 86400, 1e12, math.inf])
def test_events_may_be_waited_for_for_long(serve, timeout):
    event = {"type": "lifecycle", "timestamp": "2026-01-02T03:04:05.123456789Z", "metadata": {}}
    client = serve(lambda connection: time.sleep(0.1) or connection.send(json.dumps(event)))
    client.timeout = None
    with client.events() as events:
        assert events.next(timeout).type == "lifecycle"


def test_events_end_after_silence(serve):
    event = {"type": "lifecycle", "timestamp": "2026-01-02T03:04:05.123456789Z", "metadata": {}}
    with serve(sends(json.dumps(event))).events(timeout=0.2) as events:
        assert events.next(20).timestamp.year == 2026
        assert list(events) == []


def test_the_screen_of_a_machine_is_a_socket_for_viewers(serve):
    def screen(connection):
        for message in connection:
            connection.send(message[::-1])

    client = serve(screen)
    secrets = {"0": "a", "control": "b"}
    operation = hyperkit.Operation(id="u-1", metadata={"fds": secrets})
    with VgaConsole(client, operation) as vga:
        for _ in range(2):
            with socket.socket(socket.AF_UNIX) as viewer:
                viewer.connect(vga.path)
                viewer.sendall(b"abc")
                assert viewer.recv(9) == b"cba"
    with socket.socket(socket.AF_UNIX) as viewer, pytest.raises(FileNotFoundError):
        viewer.connect(vga.path)
