"""Where a server is: addresses, sockets, and what is none of them."""

import socket

import pytest

import hyperkit
from hyperkit import _endpoint
from hyperkit._transport import read_endpoint


@pytest.mark.parametrize(
    ("text", "base", "socket"),
    [
        ("https://host", "https://host:8443", None),
        ("https://host:1/", "https://host:1", None),
        ("https://[::1]:1", "https://[::1]:1", None),
        ("http://host", "http://host", None),
        ("unix:///a/b", _endpoint.SOCKET_BASE, "/a/b"),
        ("/a/b", _endpoint.SOCKET_BASE, "/a/b"),
    ],
)
def test_an_endpoint_is_a_url_or_a_socket(text, base, socket):
    assert _endpoint.parse(text)[:2] == (base, socket)


@pytest.mark.parametrize(
    "text", ["host", "ftp://host", "https://", "https://h:x", "https://u:p@h"]
)
def test_what_is_no_endpoint_is_refused_without_its_password(text):
    with pytest.raises(hyperkit.ArgumentError) as caught:
        _endpoint.parse(text)
    assert "u:p" not in str(caught.value)


def test_an_argument_beats_the_environment(monkeypatch):
    monkeypatch.setenv("HYPERKIT_API_ENDPOINT", "https://far.test")
    assert read_endpoint(hyperkit.Client()).base == "https://far.test:8443"
    assert read_endpoint(hyperkit.Client(api_endpoint="/a/b")).socket == "/a/b"


def test_a_socket_that_one_may_not_use_is_named(tmp_path, monkeypatch):
    place = tmp_path / "unix.socket"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        monkeypatch.setattr(_endpoint.os, "access", lambda place, mode: False)
        found = _endpoint.parse(None, {"LXD_SOCKET": str(place)})
        assert found.socket is None
        assert f"the socket {place}, only {place.owner()} and the group" in found.explain()
        assert "join the group" in _endpoint.Endpoint("", str(place)).explain()


def test_a_place_that_cannot_be_looked_at_is_no_socket(monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_endpoint.Path, "is_socket", refuse)
    assert _endpoint.parse(None, {}).socket is None


def test_a_login_in_a_url_is_told_of_and_not_repeated():
    with pytest.raises(
        hyperkit.ArgumentError, match="^'https://host:8443' .*tokens only"
    ) as caught:
        _endpoint.parse("https://user:s3cret@host:8443")
    assert "s3cret" not in str(caught.value)
