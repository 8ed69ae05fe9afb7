"""Clients whose server is a double, or a small one on a socket."""

import contextlib

import pytest
import requests
from unit.double import ENDPOINT, Double, greet
from unit.environment import no_environment, uncollected  # noqa: F401 - fixtures
from unit.servers import serving

import hyperkit
from hyperkit.testing import Server


@pytest.fixture
def double():
    double = Double()
    yield double
    assert not double.expected, "expected requests did not come"


@pytest.fixture
def bare(double):
    """A client that does not know its server yet."""
    session = requests.Session()
    session.mount(ENDPOINT, double)
    return hyperkit.Client(api_endpoint=ENDPOINT, session=session)


@pytest.fixture
def met(bare, double):
    """Make a client that has met a server with some extensions besides."""

    def meet(*extensions, **server):
        greet(double, *extensions, **server)
        assert bare.has_extension("instances")
        return bare

    return meet


@pytest.fixture
def client(met):
    """A client that has found an LXD 5."""
    return met()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No waiting between two questions."""
    monkeypatch.setattr("hyperkit._wait.PAUSE", 0.001)


@pytest.fixture
def nowhere(monkeypatch):
    """No server on this machine, and no key pair in its environment."""
    monkeypatch.setattr("hyperkit._endpoint.sockets", lambda environment, product=None: iter(()))
    monkeypatch.setattr("hyperkit._doctor.sockets", lambda environment: iter(()))
    for name in ("HYPERKIT_CLIENT_CERT", "HYPERKIT_CLIENT_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    """An embedded Incus on the network."""
    with Server("incus-6.0", tls=True) as server:
        yield server


@pytest.fixture
def socket_path(tmp_path):
    """Where a test's server may listen."""
    return str(tmp_path / "unix.socket")


@pytest.fixture
def asking(socket_path):
    """Serve what a test answers; hand out a client of that server, and the server."""

    @contextlib.contextmanager
    def ask(answer, **options):
        with (
            serving(socket_path, answer) as server,
            hyperkit.Client(api_endpoint=socket_path, **options) as client,
        ):
            yield client, server

    return ask
