"""Connections that stay open while nobody is at the other end: a stopped server, or a proxy."""

import contextlib
import socket
import threading

import pytest
from unit.listener import Listener

import hyperkit

SILENCE = pytest.mark.fault(
    "silence on an open connection", "RequestTimeout, OperationTimeout or a `gap`"
)
PATIENCE = 0.3


class Frozen(Listener):
    """Forwards connections, until it is frozen: then it takes them, and what is sent, and no more.

    Args:
        target: a socket's path.
        address: likewise.
    """

    def __init__(self, target, address):
        self.target = target
        self.open = []
        self.moving = threading.Event()
        self.moving.set()
        super().__init__(address)

    def take(self, near):
        far = socket.socket(self.family)
        far.connect(self.target)
        self.open += [near, far]
        self.start(self.forward, near, far)
        self.start(self.forward, far, near)

    def forward(self, source, target):
        with contextlib.suppress(OSError):
            while (block := source.recv(65536)) and self.moving.is_set():
                target.sendall(block)
            while block:
                block = source.recv(65536)

    def freeze(self):
        self.moving.clear()

    def hang_up(self):
        for one in self.open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture
def frozen(server, tmp_path, monkeypatch):
    for module in ("_events", "_wait"):
        monkeypatch.setattr(f"hyperkit.{module}.AWAY", PATIENCE)
    monkeypatch.setattr("hyperkit._wait.GRACE", PATIENCE)
    monkeypatch.setattr("hyperkit._wait.SLICE", 1.0)
    with (
        Frozen(server.url.removeprefix("unix://"), str(tmp_path / "p")) as proxy,
        hyperkit.Client(api_endpoint=str(tmp_path / "p"), timeout=PATIENCE) as client,
    ):
        client.launch_instance("web", alias="busybox")
        yield proxy, client


@SILENCE
def test_a_command(frozen):
    proxy, client = frozen
    with (
        pytest.raises((hyperkit.RequestTimeout, hyperkit.OperationTimeout)),
        client.popen("web", ["sh", "-c", "echo a; sleep 60"]) as process,
    ):
        assert process.stdout.readline() == b"a\n"
        proxy.freeze()
        with pytest.raises(hyperkit.ConnectionFailed, match=r"^sh -c .* in web: the output broke"):
            process.stdout.read()
        process.wait()


@SILENCE
def test_a_command_that_is_waited_for(frozen):
    proxy, client = frozen

    class Sink:
        def write(self, data):
            proxy.freeze()

    with pytest.raises((hyperkit.RequestTimeout, hyperkit.OperationTimeout)):
        client.run("web", ["sh", "-c", "echo a; sleep 60"], stdout=Sink())


@SILENCE
def test_events(frozen):
    proxy, client = frozen
    with client.events(types="lifecycle") as events:
        client.stop_instance("web", force=True)
        assert next(events).metadata.action == "instance-stopped"
        proxy.freeze()
        with pytest.raises((hyperkit.ConnectionFailed, hyperkit.RequestTimeout)):
            next(events)  # no gap: there is nobody to come back to


@SILENCE
def test_events_of_a_server_that_has_nothing_to_tell(frozen):
    _, client = frozen
    with client.events(types="lifecycle", timeout=PATIENCE * 5) as events:
        assert list(events) == []


@pytest.mark.fault("a command whose operation fails", "OperationFailed")
def test_a_command_whose_operation_fails(server):
    with server.client() as client:
        client.launch_instance("web", alias="busybox")
        server.faults.fail("the runtime is gone")
        with pytest.raises(hyperkit.OperationFailed, match="the runtime is gone"):
            client.run("web", ["true"])
