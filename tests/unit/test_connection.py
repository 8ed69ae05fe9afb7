"""What goes over real connections, and what comes of faults."""

import copy
import functools
import math
import pickle
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from unit.servers import envelope, key_pair, place_of, refused, serving, tls
from unit.tunnel import proxying

import hyperkit
from hyperkit import Client

# Deeper than anything that is read or written.
NESTED = functools.reduce(lambda inner, _: [inner], range(100_000), [])


def always(content=None, *, status=200, headers=None):
    content = envelope({}) if content is None else content
    return lambda handler: (status, headers or {}, content)


def test_many_urls_take_one_connection(asking):
    with asking(always()) as (client, server):
        for number in range(5):
            client.get(f"/1.0/instances/{number}")
            client.post("/1.0/profiles", {"name": str(number)})
        assert (server.connections, len(server.requests)) == (1, 10)


def test_nothing_is_sent_on_construction(socket_path):
    with serving(socket_path, always()) as server:
        Client(api_endpoint=socket_path).close()
        assert server.connections == 0


@pytest.mark.parametrize("verb", ["get", "post"])
def test_a_connection_that_was_closed_while_idle_is_opened_anew(asking, verb):
    with asking(always()) as (client, server):
        client.get("/1.0")
        server.hang_up()
        getattr(client, verb)("/1.0")
        assert server.connections == 2


def test_a_connection_that_was_idle_for_long_is_not_used_again(asking, monkeypatch):
    with asking(always()) as (client, server):
        client.get("/1.0")
        monkeypatch.setattr("hyperkit._transport.MAX_IDLE", -1)
        client.post("/1.0/x")
        assert server.connections == 2


def hang_up_once():
    calls = []

    def answer(handler):
        calls.append(handler)
        return None if len(calls) == 1 else (200, {}, envelope({}))

    return answer


def test_a_get_is_repeated_after_a_drop(asking):
    with asking(hang_up_once()) as (client, server):
        client.get("/1.0")
        assert len(server.requests) == 2


@pytest.mark.parametrize("change", ["delete", "patch", "post", "put"])
def test_a_change_is_not_repeated_after_a_drop(asking, change):
    with asking(hang_up_once()) as (client, server):
        with pytest.raises(hyperkit.ConnectionFailed, match="broke"):
            getattr(client, change)("/1.0/instances")
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [100, 103])
def test_an_interim_answer_is_not_the_answer(asking, status):
    def answer(handler):
        handler.send_response_only(status)
        handler.end_headers()
        return 200, {}, envelope(handler.path)

    with asking(answer) as (client, server):
        assert [client.get(path).metadata for path in ("/1.0/a", "/1.0/b")] == ["/1.0/a", "/1.0/b"]
        assert server.connections == 1


def redirecting(status, location):
    return lambda handler: (
        (200, {}, envelope(handler.body.decode()))
        if handler.path == "/1.0/there"
        else (status, {"Location": location}, b"")
    )


@pytest.mark.parametrize("status", [307, 308])
def test_redirects_keep_method_and_body(asking, status):
    with asking(redirecting(status, "/1.0/there")) as (client, server):
        assert client.put("/1.0/here", {"a": 1}).metadata == '{"a": 1}'
        assert [one.command for one in server.requests] == ["PUT", "PUT"]


@pytest.mark.parametrize("location", ["https://elsewhere.test/1.0/there", "/1.0/here", ""])
def test_redirects_to_elsewhere_and_for_ever_are_refused(asking, location):
    with asking(redirecting(308, location)) as (client, _):
        with pytest.raises(hyperkit.InvalidResponse, match="redirect"):
            client.get("/1.0/here")


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize(
    ("answer", "raised", "words"),
    [
        (
            always(b"<html>", headers={"Content-Type": "text/html"}),
            hyperkit.InvalidResponse,
            "web page",
        ),
        (always(b""), hyperkit.InvalidResponse, "empty body"),
        (always(b'{"type": "sync", "meta'), hyperkit.InvalidResponse, "breaks off"),
        (always(b'{"error": null}'), hyperkit.InvalidResponse, "no answer of the API"),
        (always(b"[]"), hyperkit.InvalidResponse, "no answer of the API"),
        (always(b"[" * 100_000), hyperkit.InvalidResponse, "malformed"),
        (always(b"<html>", status=502), hyperkit.BadGateway, "web page"),
        (always(refused(404, "not found")), hyperkit.NotFound, "not found"),
        (always(refused(0, "")), hyperkit.InternalServerError, "no reason"),
        (
            always(refused(403, "not authorized"), status=403),
            hyperkit.Forbidden,
            # Whoever may open a socket is trusted, and may not do this all the same.
            r"not authorized \(403\)$",
        ),
        (
            always(refused(400, "The profile already exists"), status=400),
            hyperkit.Conflict,
            "already exists",
        ),
        (
            always(refused(500, "open: no such file or directory"), status=500),
            hyperkit.NotFound,
            "open",
        ),
        (always(b"{}", status=418), hyperkit.ClientError, "418"),
        (
            always(b'{"type"', headers={"Content-Length": "900"}),
            hyperkit.ConnectionFailed,
            "broke",
        ),
    ],
)
def test_an_answer_that_is_none_says_what_it_is(asking, answer, raised, words):
    with asking(answer) as (client, _):
        with pytest.raises(raised, match=words) as caught:
            client.get("/1.0")
        assert type(caught.value) is raised
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_path_without_a_socket_is_named(tmp_path):
    with pytest.raises(hyperkit.ConnectionFailed, match="no socket at /nope"):
        Client(api_endpoint="unix:///nope").get("/1.0")
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(hyperkit.ConnectionFailed, match="not a socket"):
        Client(api_endpoint=str(file)).get("/1.0")


@pytest.fixture
def crowded(socket_path):
    """A socket whose queue is full, and one that waits in it."""
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(socket_path)
        listener.listen(0)
        first.connect(socket_path)
        yield listener


def test_a_socket_that_many_wait_for_is_waited_for(crowded, socket_path):
    def serve():
        time.sleep(0.1)
        crowded.accept()[0].close()
        with crowded.accept()[0] as near:
            near.recv(9999)
            near.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n")
            near.sendall(b'{"type": "sync", "status": 1}')

    thread = threading.Thread(target=serve)
    thread.start()
    with Client(api_endpoint=socket_path, timeout=20) as client:
        assert client.get("/1.0").status == 1
    thread.join()


def test_a_socket_that_lets_nobody_in_is_left(crowded, socket_path):
    with pytest.raises(hyperkit.RequestTimeout, match="did not answer in time"):
        Client(api_endpoint=socket_path, timeout=0.05).get("/1.0")


def test_nothing_found_names_all_that_was_tried(monkeypatch):
    monkeypatch.setenv("LXD_SOCKET", "/nope/lxd.socket")
    monkeypatch.setattr("pathlib.Path.is_socket", lambda place: False)
    monkeypatch.setattr("hyperkit._endpoint.FALLBACK", "https://127.0.0.1:1")
    with pytest.raises(hyperkit.ConnectionFailed) as caught:
        Client(api_endpoint=None, verify_ssl=False).get("/1.0")
    for word in (
        "/nope/lxd.socket",
        "/var/lib/incus/unix.socket",
        "HYPERKIT_API_ENDPOINT",
        "INCUS_DIR",
    ):
        assert word in str(caught.value)


def test_a_port_where_nobody_listens_refuses():
    with pytest.raises(hyperkit.ConnectionFailed, match="refused"):
        Client(api_endpoint="http://127.0.0.1:1").get("/1.0")


def test_a_server_that_does_not_answer_in_time_is_left(asking):
    release = threading.Event()

    def answer(handler):
        release.wait(10)
        return 200, {}, envelope({})

    with asking(answer, timeout=0.05) as (client, _):
        with pytest.raises(hyperkit.RequestTimeout):
            client.get("/1.0")
        release.set()


@pytest.mark.parametrize("timeout", [30 * 86400, 1e12, math.inf, (1, math.inf)])
def test_a_timeout_may_be_long(asking, timeout):
    with asking(always(), timeout=timeout) as (client, _):
        client.get("/1.0")


@pytest.mark.parametrize("timeout", [0, -1, (1, 0), (1, 2, 3), ("1", "2"), True, math.nan])
def test_a_timeout_that_is_none_is_refused(socket_path, timeout):
    with pytest.raises(hyperkit.ArgumentError, match="timeout must be"):
        Client(api_endpoint=socket_path, timeout=timeout).get("/1.0")


@pytest.mark.parametrize("bad", ["/1.0/../x", "/1.0/%2e%2E/x", "1.0", "//host/1.0", "/1.0#x"])
def test_a_path_that_leads_elsewhere_is_refused(socket_path, bad):
    with pytest.raises(hyperkit.ArgumentError):
        Client(api_endpoint=socket_path).delete(bad)


def test_an_error_knows_what_was_asked_and_what_was_said(asking):
    with asking(always(refused(404, "no such profile"))) as (client, _):
        with pytest.raises(hyperkit.NotFound, match="GET .*no such profile") as caught:
            client.get("/1.0/profiles/a", params={"secret": "abc123"})
    known = caught.value
    assert (known.method, known.status_code, known.reason) == ("GET", 404, "no such profile")
    assert known.url.endswith("/1.0/profiles/a?secret=***")


def test_secrets_are_not_shown(asking):
    with asking(always(refused(404, "no")), token="t0ken", client_key="s3cret") as (client, _):
        with pytest.raises(hyperkit.NotFound) as caught:
            client.get("/1.0/images/f", params={"secret": "abc123"})
        shown = f"{caught.value} {caught.value.url} {client!r}"
        assert not [word for word in ("abc123", "t0ken", "s3cret") if word in shown]


@pytest.mark.parametrize(
    ("endpoint", "shown"),
    [
        ("https://jane:pa55word@host:8443", "https://host:8443"),
        ("https://jane:pa://5@word@host:8443", "https://host:8443"),
        ("jane:pa55word@host:8443", "host:8443"),
        ("unix:///run/a@b/unix.socket", "unix:///run/a@b/unix.socket"),
        ("/run/a@b/unix.socket", "/run/a@b/unix.socket"),
    ],
)
def test_a_login_in_an_endpoint_is_not_shown(endpoint, shown):
    assert f"api_endpoint='{shown}'" in repr(Client(api_endpoint=endpoint))


def test_a_token_of_two_lines_is_no_header(socket_path):
    with pytest.raises(hyperkit.ArgumentError, match="Authorization"):
        Client(api_endpoint=socket_path, token="a\r\nX-Evil: 1").get("/1.0")


def test_a_token_beyond_ascii_is_none(socket_path):
    with pytest.raises(hyperkit.ArgumentError, match="token must be ASCII"):
        Client(api_endpoint=socket_path, token="tok✓en").get("/1.0")


@pytest.mark.parametrize("text", ["Übung", "a–b", "✓"])
def test_headers_go_as_utf8(asking, text):
    with asking(always(), user_agent=text) as (client, server):
        client.get("/1.0")
        assert server.requests[0].headers["User-Agent"].encode("latin-1").decode() == text


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("body", [{"a": {1, 2}}, NESTED])
def test_a_body_that_is_no_json_is_refused(socket_path, body):
    with pytest.raises(hyperkit.ArgumentError, match="JSON"):
        Client(api_endpoint=socket_path).post("/1.0", body)


def test_the_last_response_is_the_threads_own(asking):
    with asking(always()) as (client, _):
        client.get("/1.0")
        seen = []
        thread = threading.Thread(target=lambda: seen.append(client.last_response))
        thread.start()
        thread.join()
        assert seen == [None]
        assert client.last_response.status_code == 200


def test_a_child_process_has_connections_of_its_own(socket_path):
    code = (
        "import os, sys, hyperkit\n"
        "client = hyperkit.Client(api_endpoint=sys.argv[1])\n"
        "client.get('/1.0')\n"
        "child = os.fork()\n"
        "client.get('/1.0')\n"
        "child and sys.exit(os.waitpid(child, 0)[1])\n"
    )
    with serving(socket_path, always()) as server:
        subprocess.run([sys.executable, "-c", code, socket_path], check=True)
        assert (server.connections, len(server.requests)) == (2, 3)


def test_a_changed_endpoint_takes_effect(tmp_path):
    places = [str(tmp_path / "1"), str(tmp_path / "2")]
    with serving(places[0], always()) as first, serving(places[1], always()) as second:
        with Client(api_endpoint=places[0]) as client:
            client.get("/1.0")
            client.api_endpoint = places[1]
            client.get("/1.0")
        assert (first.connections, second.connections) == (1, 1)


def test_a_socket_is_never_reached_by_a_proxy(asking, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with asking(always(), proxy="http://127.0.0.1:1") as (client, _):
        client.get("/1.0")


def test_a_session_of_the_users_own_keeps_its_headers_and_not_its_netrc(asking):
    (Path.home() / ".netrc").write_text("machine unix.socket login evil password evil\n")
    session = requests.Session()
    session.headers["X-Trace"] = "7"
    with asking(always(), session=session, token="mine") as (client, server):
        client.get("/1.0")
        [asked] = server.requests
        assert (asked.headers["X-Trace"], asked.headers["Authorization"]) == ("7", "Bearer mine")
    session.close()


def test_a_session_of_two_clients_leads_each_to_its_own_server(tmp_path):
    session = requests.Session()
    before = dict(session.adapters)
    for place in (str(tmp_path / "1"), str(tmp_path / "2")):
        with serving(place, always(envelope(place))) as server:
            with Client(api_endpoint=place, session=session) as client:
                assert client.get("/1.0").metadata == place
            assert server.connections == 1
    assert session.adapters == before


def test_what_changes_in_a_session_counts_with_the_next_request(asking):
    session = requests.Session()
    with asking(always(headers={"Set-Cookie": "a=1"}), session=session) as (client, server):
        client.get("/1.0")
        session.headers = {"X-Trace": "8"}
        session.auth = ("jane", "open sesame")
        client.get("/1.0")
        asked = server.requests[-1].headers
        assert (asked["X-Trace"], asked["Cookie"]) == ("8", "a=1")
        assert asked["Authorization"].startswith("Basic ")


def test_a_client_with_a_session_is_copied_after_use(asking):
    with asking(always(), session=requests.Session()) as (client, _):
        client.get("/1.0")
        for copied in (pickle.loads(pickle.dumps(client)), copy.deepcopy(client)):
            with copied:
                copied.get("/1.0")


# TLS


@pytest.fixture
def server(tmp_path):
    certificate, key = key_pair(tmp_path, "server")
    with serving(("127.0.0.1", 0), always(), context=tls(certificate, key)) as server:
        server.certificate = certificate
        yield server


def ask(server, **options):
    with Client(api_endpoint=server.url, timeout=5, **options) as client:
        return client.get("/1.0")


def test_a_part_of_a_fingerprint_is_no_pin(server):
    part = hyperkit._trust.pin(server.certificate)[:12]
    with pytest.raises(hyperkit.CertificateError, match=f"'{part}' is a part of a fingerprint"):
        ask(server, server_cert=part)


def test_a_server_that_speaks_tls_is_hinted_at(server):
    with Client(api_endpoint=server.url.replace("https:", "http:")) as client:
        with pytest.raises(hyperkit.ConnectionFailed, match=r"Does it speak https://\?$"):
            client.get("/1.0")


def test_a_server_is_trusted_by_pin_by_authority_and_by_neglect(server, monkeypatch):
    text = Path(server.certificate).read_text()
    fingerprint = hyperkit._trust.pin(text)
    colons = ":".join(fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nope")
    for pin in (server.certificate, text, fingerprint, colons):
        ask(server, server_cert=pin)
    ask(server, verify_ssl=server.certificate)
    ask(server, verify_ssl=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", server.certificate)
    ask(server)


def test_a_server_is_not_trusted_otherwise(server, tmp_path, monkeypatch):
    other = key_pair(tmp_path, "other")[0]
    with pytest.raises(hyperkit.UntrustedServer, match="another certificate"):
        ask(server, server_cert=other)
    with pytest.raises(hyperkit.UntrustedServer, match="server_cert"):
        ask(server)
    with pytest.raises(hyperkit.UntrustedServer, match="(?i)hostname"):
        server.url = server.url.replace("127.0.0.1", "localhost")
        ask(server, verify_ssl=server.certificate)
    with pytest.raises(hyperkit.CertificateError, match="/nope"):
        ask(server, verify_ssl="/nope")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", server.certificate)
    with pytest.raises(hyperkit.UntrustedServer):
        ask(server, server_cert=other)


def test_a_client_certificate_is_a_path_or_text_and_its_key_may_be_locked(server, tmp_path):
    certificate, key = key_pair(tmp_path, "client")
    locked = key_pair(tmp_path, "locked", password="open sesame")
    for pair in ((certificate, key), (Path(certificate).read_text(), Path(key).read_text())):
        ask(server, server_cert=server.certificate, client_cert=pair[0], client_key=pair[1])
    ask(
        server,
        server_cert=server.certificate,
        client_cert=locked[0],
        client_key=locked[1],
        client_key_password="open sesame",
    )


def test_a_client_certificate_that_will_not_do_is_refused_before_connecting(server, tmp_path):
    good = key_pair(tmp_path, "client")
    other = key_pair(tmp_path, "other")
    old = key_pair(tmp_path, "old", days=-1)
    locked = key_pair(tmp_path, "locked", password="open sesame")
    junk = tmp_path / "junk"
    junk.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for certificate, key, password, words in (
        (good[0], other[1], None, "does not belong"),
        (old[0], old[1], None, "expired"),
        (locked[0], locked[1], None, "give client_key_password"),
        (locked[0], locked[1], "wrong", "does not open"),
        (str(junk), good[1], None, "no readable PEM"),
        ("/nope", good[1], None, "/nope"),
        (good[0], None, None, "without client_key"),
        (good[0], str(junk), None, "private key"),
        (None, good[1], None, "without client_cert"),
    ):
        with pytest.raises(hyperkit.CertificateError, match=words) as caught:
            ask(
                server,
                verify_ssl=False,
                client_cert=certificate,
                client_key=key,
                client_key_password=password,
            )
        assert "PRIVATE KEY-----" not in str(caught.value)
    assert server.connections == 0


def test_an_explicit_no_proxy_beats_the_environment(server, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    ask(server, server_cert=server.certificate, proxy="")
    with pytest.raises(hyperkit.ConnectionFailed, match="proxy"):
        ask(server, server_cert=server.certificate)


@pytest.mark.parametrize("given", ["option", "environment"])
def test_a_proxy_tunnels_and_the_server_is_verified_through_it(server, given, monkeypatch):
    with proxying() as proxy:
        options = {"proxy": proxy.url} if given == "option" else {}
        if given == "environment":
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        ask(server, server_cert=server.certificate, **options)
        assert proxy.asked == [("CONNECT", server.url.removeprefix("https://"))]
        with pytest.raises(hyperkit.UntrustedServer):
            ask(server, server_cert="0" * 64, **options)
        assert len(server.requests) == 1


def test_a_proxy_is_told_who_asks(server):
    with proxying() as proxy:
        login = proxy.url.replace("//", "//jane:open%20sesame@")
        ask(server, server_cert=server.certificate, proxy=login)
        assert proxy.headers["Proxy-Authorization"] == "Basic amFuZTpvcGVuIHNlc2FtZQ=="
    assert "Proxy-Authorization" not in server.requests[0].headers


def test_many_urls_take_one_tls_connection(server):
    with Client(api_endpoint=server.url, server_cert=server.certificate) as client:
        for number in range(5):
            client.get(f"/1.0/instances/{number}")
    assert server.connections == 1


def test_plain_words_where_tls_was_expected_are_an_error_of_tls():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak():
            connection, _ = listener.accept()
            connection.recv(100)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=speak)
        thread.start()
        with pytest.raises(hyperkit.TLSError):
            Client(api_endpoint=f"https://{place_of(listener)}", verify_ssl=False).get("/1.0")
        thread.join()
