import pytest
from faults.recorded import fault_is_recorded  # noqa: F401 - a fixture

from hyperkit.testing import Server


@pytest.fixture(params=["lxd-5.0", "incus-6.0"])
def server(request):
    with Server(request.param) as server:
        yield server


@pytest.fixture
def asked(server):
    """Count the requests that have come to the server."""

    def count(method, path):
        return len([one for one in server.requests if (one.method, one.path) == (method, path)])

    return count


@pytest.fixture(autouse=True)
def of_no_environment(monkeypatch, tmp_path_factory):
    """No key pair, proxy or authority of the machine's own."""
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    for name in ("LXD_CONF", "INCUS_CONF", "XDG_CONFIG_HOME", "NETRC", "SSLKEYLOGFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
