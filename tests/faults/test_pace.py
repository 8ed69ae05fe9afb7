"""Servers that are slow, that start, or that are full."""

import threading

import pytest
from faults.lies import ABOUT, HEAD, Script

import hyperkit

fault = pytest.mark.fault
LORIS = fault("slow loris", "RequestTimeout")
REFUSAL = b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\n"
FOLDER = HEAD + b"X-LXD-type: directory\r\nX-Incus-type: directory\r\nContent-Length: 1000\r\n\r\n"


def dripping(head, stop):
    """Send what comes first, and then a blank now and then, for ever."""

    def answers(asked):
        if b" /1.0 " in asked:
            yield ABOUT
            return
        yield head
        while not stop.wait(0.02):
            yield b" "

    return answers


@pytest.fixture
def loris(tmp_path):
    """A client with little patience, of a server that drips."""
    stop = threading.Event()

    def connect(head, timeout=1.0):
        server = Script(str(tmp_path / "s"), dripping(head, stop))
        client = hyperkit.Client(api_endpoint=f"unix://{tmp_path}/s", timeout=timeout)
        opened.extend([client, server])
        return client, server

    opened = []
    yield connect
    stop.set()
    opened[0].close()
    opened[1].__exit__()


@LORIS
@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-A: ",
        HEAD + b"Content-Length: 100000\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1000\r\n",
    ],
)
def test_an_answer_that_drips_is_not_waited_for(loris, head):
    client, server = loris(head)
    with pytest.raises(hyperkit.RequestTimeout):
        client.profiles()
    with pytest.raises(hyperkit.RequestTimeout):
        client.create_profile("new")
    # Neither was asked for again: what is slow is not dropped.
    assert [one.split()[0] for one in server.requests].count(b"POST") == 1


@LORIS
@pytest.mark.parametrize("head", [REFUSAL, FOLDER])
def test_a_refusal_and_a_listing_are_no_download(loris, head):
    client, _ = loris(head)
    with pytest.raises(hyperkit.RequestTimeout):
        client.list_directory("web", "/root")


@LORIS
def test_a_handshake_that_drips_is_not_waited_for(loris):
    client, server = loris(b"HTTP/1.1 101 Switching Protocols\r\nX-A: ")
    with pytest.raises(hyperkit.RequestTimeout):
        client.events().__enter__()
    assert len(server.requests) == 1


@LORIS
def test_another_protocol_that_drips_is_not_waited_for(loris):
    client, _ = loris(b"HTTP/1.1 101 Switching Protocols\r\nX-A: ")
    with pytest.raises(hyperkit.RequestTimeout):
        client.sftp("web")


@fault("slow link", "as long as something comes within the timeout, it goes on")
def test_a_download_may_take_its_time(loris, tmp_path):
    # In all, these bytes take twice as long.
    client, _ = loris(HEAD + b"Content-Length: 100\r\n\r\n", timeout=1)
    client.export_instance_backup("web", "b", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == b" " * 100


STARTING = fault("503 while the server starts", "waited for within the timeout, then 503")


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("hyperkit._connection.PAUSE", 0.001)


@STARTING
@pytest.mark.usefixtures("quick")
def test_a_read_waits_for_a_server_that_starts(server, asked, client):
    server.faults.unavailable(path="/1.0/profiles", times=3)
    assert client.profiles() == ["default"]
    assert asked("GET", "/1.0/profiles") == 4


@STARTING
@pytest.mark.usefixtures("quick")
def test_a_change_waits_for_a_server_that_starts(server, asked, client):
    server.faults.unavailable(method="POST", path="/1.0/profiles", times=3)
    client.create_profile("new")
    assert asked("POST", "/1.0/profiles") == 4
    assert client.profiles() == ["default", "new"]


@STARTING
@pytest.mark.usefixtures("quick")
def test_an_upload_and_a_download_wait_for_a_server_that_starts(server, client, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"data" * 1000)
    server.faults.unavailable(path="*/files", times=3)
    client.push_file(source, "web", "/root/f")
    server.faults.unavailable(path="*/files", times=3)
    client.pull_file("web", "/root/f", tmp_path / "there")
    assert (tmp_path / "there").read_bytes() == source.read_bytes()


@STARTING
@pytest.mark.usefixtures("quick")
def test_what_cannot_be_rewound_is_not_sent_again(server, asked, client):
    class Once:
        blocks = iter([b"data", b""])

        def read(self, count):
            return next(self.blocks)

    server.faults.unavailable(method="POST", path="*/files", times=3)
    with pytest.raises(hyperkit.ServiceUnavailable):
        client.push_file(Once(), "web", "/root/f")
    assert asked("POST", "/1.0/instances/web/files") == 1


@STARTING
def test_a_server_that_starts_is_not_waited_for_longer_than_the_timeout(server):
    impatient = server.client(timeout=0.4)
    server.faults.unavailable(path="/1.0/profiles", times=None)
    with pytest.raises(hyperkit.ServiceUnavailable, match="setup in progress"):
        impatient.profiles()


@STARTING
def test_another_503_is_an_answer(server, asked, client):
    server.faults.error(503, "shutting down", path="/1.0/profiles")
    with pytest.raises(hyperkit.ServiceUnavailable, match="shutting down"):
        client.profiles()
    assert asked("GET", "/1.0/profiles") == 1


@fault("a full pool", "OperationFailed in the server's words; what was there is unharmed")
def test_a_full_pool_harms_nothing_that_was_there(server, client):
    server.faults.fail("No space left on device", operation="Creating *")
    with pytest.raises(hyperkit.OperationFailed, match="No space left"):
        client.create_container("db", alias="busybox")
    assert client.instances() == ["web"]


@fault("a full pool", "OperationFailed in the server's words; what was there is unharmed")
def test_a_full_disk_here_leaves_no_file(client, monkeypatch, tmp_path):
    client.write_file("web", "/root/f", content=b"data")

    class Full:
        def __init__(self, file):
            self.file = file

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, data):
            raise OSError(28, "No space left on device")

    from contextlib import contextmanager

    from hyperkit import _transfer

    whole = _transfer.replacing

    @contextmanager
    def full(*arguments):
        with whole(*arguments) as file:
            yield Full(file)

    monkeypatch.setattr(_transfer, "replacing", full)
    (tmp_path / "there").mkdir()
    with pytest.raises(OSError, match="No space left"):
        client.pull_file("web", "/root/f", tmp_path / "there" / "f")
    assert list((tmp_path / "there").iterdir()) == []


@fault("operation forgotten", "OperationGone: its outcome is unknown; nothing is started again")
def test_an_operation_that_was_forgotten_is_gone(server, asked, client):
    operation = client.start_container("web", sync=False)
    client.wait_for_instance("web")
    server.clock.advance(10)
    with pytest.raises(hyperkit.OperationGone) as caught:
        client.wait_for_operation(operation)
    assert caught.value.operation.id == operation.id
    assert asked("PUT", "/1.0/instances/web/state") == 1
