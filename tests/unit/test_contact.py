"""The certificate that a server shows, read before anybody is trusted."""

import socket

import pytest
from unit.servers import (
    free_place,
    place_of,
)

import hyperkit
from hyperkit.testing import Server


def test_a_certificate_is_read_unverified_and_nothing_is_sent():
    with Server(tls=True) as server:
        certificate = hyperkit.server_certificate(server.url)
        assert str(certificate) == server.certificate
        assert certificate.fingerprint == hyperkit._trust.pin(server.certificate)
        assert server.requests == []
        with hyperkit.Client(api_endpoint=server.url, server_cert=certificate) as client:
            assert client.server().auth == "untrusted"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "/run/unix.socket", "127.0.0.1"])
def test_an_address_without_tls_has_no_certificate(url):
    with pytest.raises(hyperkit.ArgumentError):
        hyperkit.server_certificate(url)


def test_a_server_that_does_not_answer_shows_none():
    with pytest.raises(hyperkit.ConnectionFailed):
        hyperkit.server_certificate(f"https://{free_place()}")
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(hyperkit.RequestTimeout),
    ):
        hyperkit.server_certificate(f"https://{place_of(silent)}", timeout=0.1)
