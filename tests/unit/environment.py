"""Keeps what this machine is set up with, and what ran before, out of the tests."""

import gc

import pytest

NAMES = (
    "LXD_CONF",
    "INCUS_CONF",
    "XDG_CONFIG_HOME",
    "HYPERKIT_API_ENDPOINT",
    "HYPERKIT_CLIENT_CERT",
    "HYPERKIT_CLIENT_KEY",
    "HYPERKIT_SERVER_CERT",
    "NETRC",
    "SSLKEYLOGFILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch, tmp_path_factory):
    """No key pair, server, proxy or authority of the machine's own; an empty home folder."""
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    for name in (*NAMES, *PROXIES, *map(str.upper, PROXIES)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def uncollected():
    """No garbage is collected: in a stack that is nearly full, what that calls would fail."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
