"""Bearer tokens of LXD 6: they say by themselves which server they are for."""

import base64
import json

import pytest
from unit.double import about
from unit.servers import (
    envelope,
    key_pair,
    serving,
    tls,
)

import hyperkit
from hyperkit._token import named_certificate


def bearer(**claims):
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJIUzI1NiJ9.{payload}.c2lnbmF0dXJl"


@pytest.fixture
def recorder(tmp_path):
    """A server that takes what comes, and its certificate's fingerprint."""
    certificate, key = key_pair(tmp_path, "bearer")

    def answer(handler):
        return 200, {}, envelope(about())

    with serving(("127.0.0.1", 0), answer, context=tls(certificate, key)) as server:
        server.fingerprint = hyperkit._trust.pin(certificate)
        yield server


def test_a_bearer_token_is_sent_and_says_which_certificate_is_right(recorder):
    token = bearer(server_cert_fingerprint=recorder.fingerprint.upper())
    with hyperkit.Client(api_endpoint=recorder.url, token=token) as client:
        assert client.server().auth == "trusted"
        assert token not in repr(client)
    [request] = recorder.requests
    assert request.headers["Authorization"] == f"Bearer {token}"


def test_a_bearer_token_is_not_sent_to_another_server(recorder):
    token = bearer(server_cert_fingerprint="f" * 64)
    with hyperkit.Client(api_endpoint=recorder.url, token=token) as client:
        with pytest.raises(hyperkit.UntrustedServer):
            client.server()
    assert recorder.requests == []


def test_a_websocket_is_as_trusted_and_as_trusting(recorder):
    token = bearer(server_cert_fingerprint=recorder.fingerprint)
    with hyperkit.Client(api_endpoint=recorder.url, token=token) as client:
        with pytest.raises(hyperkit.InvalidResponse), client.events():
            pass
    asked = [(one.path, one.headers["Authorization"]) for one in recorder.requests]
    assert ("/1.0/events", f"Bearer {token}") in [
        (path.partition("?")[0], how) for path, how in asked
    ]
    recorder.requests.clear()
    token = bearer(server_cert_fingerprint="f" * 64)
    with hyperkit.Client(api_endpoint=recorder.url, token=token) as client:
        with pytest.raises(hyperkit.UntrustedServer), client.events():
            pass
    assert recorder.requests == []


def test_a_pin_beats_the_token(recorder):
    token = bearer(server_cert_fingerprint=recorder.fingerprint)
    with hyperkit.Client(api_endpoint=recorder.url, server_cert="f" * 64, token=token) as client:
        with pytest.raises(hyperkit.UntrustedServer):
            client.server()


def test_another_token_may_name_another_certificate(recorder):
    right = bearer(server_cert_fingerprint=recorder.fingerprint)
    with hyperkit.Client(api_endpoint=recorder.url, token=right) as client:
        client.server()
        client.token = bearer(server_cert_fingerprint="f" * 64)
        with pytest.raises(hyperkit.UntrustedServer):
            client.server()


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "opaque",
        "a.b.c",
        "a.\udc80.c",
        "a.W10.c",
        bearer(),
        bearer(server_cert_fingerprint=5),
        bearer(server_cert_fingerprint="f" * 63),
    ],
)
def test_what_is_no_such_token_names_no_certificate(token):
    assert named_certificate(token) is None


def test_a_bearer_token_that_is_over_is_refused_in_the_servers_words(bare, double):
    bare.token = "jwt"
    raw = {"type": "error", "error": "token is expired", "error_code": 401}
    double.expect("GET", "/1.0", raw=raw, status=401)
    with pytest.raises(hyperkit.Unauthorized, match="expired"):
        bare.server()
    assert double.headers[-1]["Authorization"] == "Bearer jwt"
