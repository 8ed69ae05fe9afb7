"""Clients whose server is a double, or a small one on a socket."""

import contextlib

import pytest
import requests
from unit.double import ENDPOINT, Double, greet
from unit.environment import no_environment  # noqa: F401 - a fixture
from unit.servers import serving

import hyperkit


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
