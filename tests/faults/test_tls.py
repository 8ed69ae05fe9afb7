"""Who the server is: pins, authorities, dates, versions, and what cannot weaken them."""

import contextlib
import datetime as dt
import os
import ssl
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import requests
from faults.lies import Script
from unit.double import about
from unit.servers import envelope, key_pair, serving, tls
from unit.tunnel import proxying

import hyperkit
from hyperkit import _trust
from hyperkit.testing import Server

fault = pytest.mark.fault
PINNED = fault("TLS: another certificate", "UntrustedServer, on HTTP and websockets alike")
DATES = fault("TLS: dates and clocks", "TLSError or UntrustedServer, which names the clock")
HERE = "127.0.0.1"


def what(handler):
    return 200, {}, envelope(about())


@pytest.fixture
def pair(tmp_path):
    return key_pair(tmp_path, "server")


def both(client):
    """What a request raises, and what a websocket does."""
    raised = []
    for ask in (lambda: client.get("/1.0"), lambda: client.events().__enter__()):
        with pytest.raises(hyperkit.Error) as caught:
            ask()
        raised.append(caught.value)
    return raised


@contextlib.contextmanager
def at(certificate, key, *, context=None):
    """A server with this certificate, and its address."""
    with serving((HERE, 0), what, context=context or tls(certificate, key)) as server:
        yield server.url, server


@PINNED
def test_a_pin_holds_after_the_certificate_has_changed(tmp_path, pair):
    other = key_pair(tmp_path, "other")
    with at(*pair) as (url, server):
        client = hyperkit.Client(api_endpoint=url, server_cert=pair[0], token="t-secret")
        assert client.get("/1.0").metadata.auth == "trusted"
        address = server.server_address
        server.hang_up()
    asked = []

    def remember(handler):
        asked.append(handler.headers)
        return what(handler)

    with serving(address, remember, context=tls(*other)):
        client.close()
        for error in both(client):
            assert isinstance(error, hyperkit.UntrustedServer)
            assert "server_cert" in str(error)
    # Neither the token nor the path went to the stranger.
    assert asked == []


@PINNED
def test_a_pin_holds_on_the_embedded_server():
    with Server("lxd-5.0", tls=True) as server:
        client = server.client()
        assert client.profiles() == ["default"]
        server.faults.expire_certificate()
        client.close()
        for error in both(client):
            assert isinstance(error, hyperkit.TLSError)
        server.faults.clear()
        with client.events() as events:
            client.create_profile("new")
            assert events.next(10) is not None


@fault("TLS: wrong key", "CertificateError, before anything is sent")
def test_a_key_that_is_not_the_certificates_is_refused(tmp_path, pair):
    other = key_pair(tmp_path, "other")
    client = hyperkit.Client(
        api_endpoint=f"https://{HERE}:1", client_cert=pair[0], client_key=other[1]
    )
    for error in both(client):
        assert isinstance(error, hyperkit.CertificateError)


@fault("TLS: authorities", "UntrustedServer, unless the authority has signed it for this host")
def test_authorities(tmp_path, pair):
    stranger = key_pair(tmp_path, "stranger")
    elsewhere = key_pair(tmp_path, "elsewhere", host="192.0.2.1")
    with at(*pair) as (url, _):
        client = hyperkit.Client(api_endpoint=url, verify_ssl=pair[0])
        assert client.get("/1.0").metadata.auth == "trusted"
        for authority in (stranger[0], True):
            client.verify_ssl = authority
            assert {type(error) for error in both(client)} == {hyperkit.UntrustedServer}
        client.close()
    with at(*elsewhere) as (url, _):
        client = hyperkit.Client(api_endpoint=url, verify_ssl=elsewhere[0])
        assert {type(error) for error in both(client)} == {hyperkit.UntrustedServer}


@DATES
@pytest.mark.parametrize("mode", ["server_cert", "verify_ssl"])
def test_an_expired_certificate(tmp_path, mode):
    old = key_pair(tmp_path, "old", days=-10)
    with at(*old) as (url, _):
        for error in both(hyperkit.Client(api_endpoint=url, **{mode: old[0]})):
            assert isinstance(error, hyperkit.TLSError)
            assert "expired" in str(error)
            assert str(dt.datetime.now(dt.UTC).year) in str(error)


@DATES
@pytest.mark.parametrize("mode", ["server_cert", "verify_ssl"])
def test_a_certificate_that_is_not_valid_yet(tmp_path, mode):
    young = key_pair(tmp_path, "young", since=10)
    with at(*young) as (url, _):
        for error in both(hyperkit.Client(api_endpoint=url, **{mode: young[0]})):
            assert isinstance(error, hyperkit.TLSError)
            assert "clock of this machine" in str(error)


@DATES
@pytest.mark.parametrize(("days", "said"), [(-3650, "only from"), (3650, "expired")])
def test_a_clock_that_is_wrong(monkeypatch, pair, days, said):
    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return dt.datetime.now(tz) + dt.timedelta(days=days)

    monkeypatch.setattr(_trust, "datetime", Clock)
    with at(*pair) as (url, _):
        for error in both(hyperkit.Client(api_endpoint=url, server_cert=pair[0])):
            assert isinstance(error, hyperkit.TLSError)
            assert said in str(error)
            assert str(Clock.now(dt.UTC).year) in str(error)


@fault("TLS: versions below 1.2", "TLSError")
@pytest.mark.parametrize("mode", ["server_cert", "verify_ssl", False])
def test_no_version_below_1_2(pair, mode):
    context = tls(*pair)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    options = {mode: pair[0]} if mode else {"verify_ssl": False}
    with at(*pair, context=context) as (url, _):
        client = hyperkit.Client(api_endpoint=url, **options)
        for error in both(client):
            assert isinstance(error, hyperkit.TLSError)
            assert not isinstance(error, hyperkit.UntrustedServer)
    assert _trust.trust(client).context.minimum_version is ssl.TLSVersion.TLSv1_2


ENVIRONMENT = fault("TLS: the environment", "verification stays what the options say")


@ENVIRONMENT
@pytest.mark.parametrize("value", ["", "/nowhere", "the stranger's"])
@pytest.mark.parametrize(
    "name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"]
)
def test_variables_do_not_weaken_a_pin(monkeypatch, tmp_path, pair, name, value):
    stranger = key_pair(tmp_path, "stranger")
    monkeypatch.setenv(name, stranger[0] if value == "the stranger's" else value)
    with at(*pair) as (url, _):
        client = hyperkit.Client(api_endpoint=url, server_cert=pair[0])
        assert client.get("/1.0").metadata.auth == "trusted"
        client.close()
        client = hyperkit.Client(api_endpoint=url, verify_ssl=pair[0])
        assert client.get("/1.0").metadata.auth == "trusted"
        client.close()
    with at(*stranger) as (url, _):
        for options in ({"server_cert": pair[0]}, {"verify_ssl": pair[0]}):
            client = hyperkit.Client(api_endpoint=url, **options)
            assert {type(error) for error in both(client)} == {hyperkit.UntrustedServer}


@ENVIRONMENT
@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("value", ["", "/nowhere"])
def test_no_variable_turns_verification_off(monkeypatch, pair, name, value):
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    with at(*pair) as (url, _):
        for error in both(hyperkit.Client(api_endpoint=url)):
            assert isinstance(error, hyperkit.TLSError)


@ENVIRONMENT
def test_a_session_of_the_users_does_not_weaken_it(monkeypatch, tmp_path, pair):
    stranger = key_pair(tmp_path, "stranger")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", stranger[0])
    session = requests.Session()
    session.verify = False
    with at(*stranger) as (url, _):
        client = hyperkit.Client(api_endpoint=url, server_cert=pair[0], session=session)
        assert {type(error) for error in both(client)} == {hyperkit.UntrustedServer}


@ENVIRONMENT
def test_a_session_of_the_users_carries_no_trust_from_client_to_client(tmp_path, pair):
    session = requests.Session()
    with at(*pair) as (url, server):
        with hyperkit.Client(api_endpoint=url, verify_ssl=False, session=session) as client:
            client.get("/1.0")
            client.server_cert = key_pair(tmp_path, "stranger")[0]
            pinned = hyperkit.Client(
                api_endpoint=url, server_cert=client.server_cert, session=session
            )
            for one in (client, pinned):
                assert {type(error) for error in both(one)} == {hyperkit.UntrustedServer}
        assert len(server.requests) == 1


@ENVIRONMENT
def test_a_proxy_sees_no_more_than_the_address(monkeypatch, tmp_path, pair):
    stranger = key_pair(tmp_path, "stranger")
    with proxying() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with at(*pair) as (url, _):
            client = hyperkit.Client(api_endpoint=url, server_cert=pair[0])
            assert client.get("/1.0").metadata.auth == "trusted"
            assert proxy.asked == [("CONNECT", url.removeprefix("https://"))]
            client.close()
        with at(*stranger) as (url, _):
            client = hyperkit.Client(api_endpoint=url, server_cert=pair[0])
            assert {type(error) for error in both(client)} == {hyperkit.UntrustedServer}


@ENVIRONMENT
def test_netrc_is_not_read(monkeypatch, tmp_path, pair):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {HERE} login somebody password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with at(*pair) as (url, server):
        for session in (None, requests.Session()):
            client = hyperkit.Client(api_endpoint=url, server_cert=pair[0], session=session)
            client.get("/1.0")
            client.close()
    assert [one.headers.get("Authorization") for one in server.requests] == [None, None]


@ENVIRONMENT
def test_no_keys_of_sessions_are_written(tmp_path, pair):
    written = tmp_path / "keys"
    with at(*pair) as (url, _):
        code = (
            "import hyperkit;"
            f"hyperkit.Client(api_endpoint={url!r}, server_cert={pair[0]!r}).get('/1.0')"
        )
        environment = {**os.environ, "SSLKEYLOGFILE": str(written)}
        environment["PYTHONPATH"] = str(Path(hyperkit.__file__).parent.parent)
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert not written.exists()


@fault("redirect to another host", "InvalidResponse; the other host is never spoken to")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_to_another_host(pair, status, method):
    with at(*pair) as (other, stranger):

        def elsewhere(handler):
            return status, {"Location": f"{other}/1.0", "Content-Length": "0"}, b""

        with serving((HERE, 0), elsewhere, context=tls(*pair)) as server:
            for session in (None, requests.Session()):
                client = hyperkit.Client(
                    api_endpoint=server.url,
                    client_cert=pair[0],
                    client_key=pair[1],
                    server_cert=pair[0],
                    session=session,
                    token="t-secret",
                )
                with pytest.raises(hyperkit.InvalidResponse) as caught:
                    client.get("/1.0/x") if method == "GET" else client.post("/1.0/x", {})
                assert "t-secret" not in str(caught.value)
                client.close()
        assert (stranger.connections, stranger.requests) == (0, [])
        assert len(server.requests) == 2


@fault("redirect to another host", "InvalidResponse; the other host is never spoken to")
@pytest.mark.parametrize(
    "location", ["http://[", "//other.test/", "http://unix.socket:1/", "\x01"]
)
def test_a_redirect_to_nowhere_is_not_followed(tmp_path, location):
    head = f"HTTP/1.1 307 Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    with Script(str(tmp_path / "s"), lambda asked: head) as server:
        with hyperkit.Client(api_endpoint=f"unix://{tmp_path}/s") as client:
            with pytest.raises((hyperkit.InvalidResponse, hyperkit.ConnectionFailed)):
                client.post("/1.0/profiles", {"name": "x"})
    assert len(server.requests) <= 5
