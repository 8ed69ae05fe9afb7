import pytest
import requests
from unit.double import ENDPOINT, Double, greet

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
def client(bare, double):
    """A client that has found an LXD 5."""
    greet(double)
    assert bare.has_extension("instances")
    return bare


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path):
    """No waiting between two questions, and no key pair of the machine's own."""
    monkeypatch.setattr("hyperkit._wait.PAUSE", 0.001)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (
        "LXD_CONF",
        "INCUS_CONF",
        "XDG_CONFIG_HOME",
        "HYPERKIT_API_ENDPOINT",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "HTTPS_PROXY",
        "https_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
