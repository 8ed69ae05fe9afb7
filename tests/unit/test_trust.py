"""From a stranger to somebody whom the server trusts."""

import base64
import contextlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from unit.double import about, greet
from unit.servers import (
    envelope,
    free_place,
    key_pair,
    place_of,
    refused,
    serving,
    shaking_hands,
    tls,
)

import hyperkit
from hyperkit._token import decode_token, token_text
from hyperkit.testing import FLAVOURS, Server


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Nobody waits before a server is asked again."""
    monkeypatch.setattr("hyperkit._newcomer.PAUSE", 0.001)


@pytest.fixture(params=[flavour for flavour in FLAVOURS if flavour != "lxd-2.0"])
def server(request):
    with Server(request.param, tls=True, password="let me in") as server:
        yield server


@pytest.fixture
def pair(tmp_path):
    return hyperkit.generate_key_pair(tmp_path / "pair")


@pytest.fixture
def stranger(pair):
    with hyperkit.Client(client_cert=pair.certificate, client_key=pair.key) as client:
        yield client


def posted(server):
    return [one for one in server.requests if one.method == "POST"]


def tokens(server):
    with hyperkit.Client(api_endpoint=server.socket) as administrator:
        return administrator.certificate_tokens()


def token_of(**parts):
    """Write a token of nobody's, with these parts."""
    whole = {
        "client_name": "a",
        "fingerprint": "f" * 64,
        "addresses": ["127.0.0.1:1"],
        "secret": "s3cret",
    }
    return token_text(whole | parts)


@contextlib.contextmanager
def own_server(folder, answer):
    """Serve what a test says; hand out what makes tokens for it."""
    pair = key_pair(folder, "own")
    with serving(("127.0.0.1", 0), answer, context=tls(*pair)) as server:
        shown = {"fingerprint": hyperkit._trust.pin(pair[0]), "addresses": [server.place]}
        yield lambda **parts: token_of(**shown, **parts)


def changed(token, **parts):
    return token_text({**decode_token(token), **parts})


# Becoming trusted


def test_a_stranger_becomes_trusted(server, stranger):
    assert stranger.trust(server.token("laptop")) is True
    assert (stranger.api_endpoint, stranger.server_cert) == (server.url, server.certificate)
    assert stranger.server().auth == "trusted"
    stranger.create_profile("new")
    [mine] = stranger.certificates(recursion=1)
    assert mine.name == "laptop"
    assert tokens(server) == []


def test_once_trusted_no_token_is_spent(server, stranger):
    stranger.trust(server.token())
    server.requests.clear()
    assert stranger.trust(server.token("second")) is False
    assert posted(server) == []
    assert [one.metadata.request.name for one in tokens(server)] == ["second"]


def test_a_client_that_knows_nothing_of_it_is_trusted_all_the_same(server, pair, stranger):
    stranger.trust(server.token())
    another = hyperkit.Client(client_cert=pair.certificate, client_key=pair.key)
    assert another.trust(server.token("second")) is False
    assert another.server().auth == "trusted"
    another.close()


def test_what_strangers_may_know_is_forgotten(server, stranger):
    stranger.api_endpoint, stranger.server_cert = server.url, server.certificate
    stranger.has_extension("instances")
    stranger.trust(server.token())
    assert stranger._capabilities().version


@pytest.mark.parametrize("how", ["another", "garbled"])
def test_a_wrong_token_is_sent_once_and_not_shown(server, stranger, how):
    token = server.token()
    if how == "garbled":
        token = changed(token, secret="0" * 64)
    else:
        operation = tokens(server)[0]
        with hyperkit.Client(api_endpoint=server.socket) as administrator:
            administrator.cancel_operation(operation)
    with pytest.raises(hyperkit.Forbidden, match="redeemed or revoked") as caught:
        stranger.trust(token)
    assert decode_token(token).secret not in str(caught.value)
    assert len(posted(server)) == 1
    assert stranger.api_endpoint is None


def test_the_certificate_is_compared_before_anything_is_sent(server, stranger):
    token = changed(server.token(), fingerprint="f" * 64)
    server.requests.clear()
    with pytest.raises(hyperkit.UntrustedServer, match="somebody stands between"):
        stranger.trust(token)
    assert server.requests == []
    assert (stranger.api_endpoint, stranger.server_cert) == (None, None)


def test_not_even_our_certificate_is_shown_before(tmp_path, stranger):
    pair = key_pair(tmp_path, "server")
    with shaking_hands(pair, stranger.client_cert) as (place, seen):
        with pytest.raises(hyperkit.UntrustedServer):
            stranger.trust(token_of(addresses=[place]))
    assert seen == [(None, b"")]


def test_a_token_from_a_file_or_a_letter_is_redeemed(server, stranger):
    token = server.token()
    assert stranger.trust(f"  {token[:40]}\n{token[40:]}\n") is True


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("given", [b"abc", base64.b64encode(b"[" * 100_000).decode()])
def test_what_is_no_token_is_refused(stranger, given):
    with pytest.raises(hyperkit.ArgumentError, match="This is no token"):
        stranger.trust(given)


def test_each_address_is_tried(server, stranger):
    token = server.token()
    [address] = decode_token(token).addresses
    addresses = [free_place(), "no address", address]
    assert stranger.trust(changed(token, addresses=addresses)) is True
    assert stranger.api_endpoint == f"https://{address}"


def test_another_server_at_the_first_address_is_sent_nothing(server, stranger):
    """Bridges have the same addresses everywhere: another LXD may answer there."""
    with Server("incus-6.0" if server.flavour.startswith("lxd") else "lxd-6", tls=True) as other:
        token = server.token()
        [address] = decode_token(token).addresses
        [elsewhere] = decode_token(other.token()).addresses
        assert stranger.trust(changed(token, addresses=[elsewhere, address])) is True
        assert stranger.api_endpoint == f"https://{address}"
        assert other.requests == []


def test_a_server_that_lies_before_the_token_keeps_no_connection(server, stranger):
    server.faults.malformed(path="/1.0")
    with pytest.raises(hyperkit.InvalidResponse):
        stranger.trust(server.token())
    for _ in range(100):
        if not server._gate.connections:
            break
        time.sleep(0.02)
    assert not server._gate.connections


def test_an_address_where_nobody_speaks_tls_is_left(server, stranger):
    with serving(("127.0.0.1", 0), lambda handler: (200, {}, envelope())) as plain:
        token = server.token()
        [address] = decode_token(token).addresses
        assert stranger.trust(changed(token, addresses=[plain.place, address])) is True


def test_all_that_was_tried_is_said(stranger):
    places = [free_place(), free_place()]
    token = token_of(addresses=[*places, "/etc/passwd", "a@b:1"])
    with pytest.raises(hyperkit.ConnectionFailed, match="api_endpoint") as caught:
        stranger.trust(token)
    text = str(caught.value)
    assert all(f"https://{place} cannot be reached" in text for place in places)
    assert "'/etc/passwd' is no address" in text
    assert "s3cret" not in text


def test_an_address_that_says_nothing_is_left(stranger, monkeypatch):
    monkeypatch.setattr("hyperkit._newcomer._PATIENCE", 1)
    with Server(tls=True) as server, socket.create_server(("127.0.0.1", 0)) as silent:
        token = server.token()
        [address] = decode_token(token).addresses
        assert stranger.trust(changed(token, addresses=[place_of(silent), address])) is True


def test_ones_own_endpoint_is_the_only_one(server, stranger):
    token = changed(server.token(), addresses=["127.0.0.1:1"])
    stranger.api_endpoint = server.url
    assert stranger.trust(token) is True
    stranger.api_endpoint = f"https://{free_place()}"
    with pytest.raises(hyperkit.ConnectionFailed):
        stranger.trust(server.token())


def test_the_endpoint_of_the_environment_is_the_only_one(server, stranger, monkeypatch):
    monkeypatch.setenv("HYPERKIT_API_ENDPOINT", server.url)
    assert stranger.trust(changed(server.token(), addresses=["127.0.0.1:1"])) is True
    assert stranger.api_endpoint == server.url


def test_a_pin_of_ones_own_stays(server, stranger):
    fingerprint = hyperkit.server_certificate(server.url).fingerprint
    stranger.server_cert = fingerprint.upper()
    stranger.trust(server.token())
    assert stranger.server_cert == fingerprint.upper()
    stranger.server_cert = "f" * 64
    server.requests.clear()
    with pytest.raises(hyperkit.UntrustedServer, match="another server than the one"):
        stranger.trust(server.token())
    assert server.requests == []


@pytest.mark.parametrize("work", ["done", "not done"])
def test_a_lost_answer_is_asked_after_and_the_token_not_sent_again(server, stranger, work):
    token = server.token()
    server.requests.clear()
    if work == "done":
        server.faults.drop(after=10, method="POST")
        assert stranger.trust(token) is True
    else:
        server.faults.drop(method="POST")
        with pytest.raises(hyperkit.ConnectionFailed, match=r"sent, once.*called again"):
            stranger.trust(token)
    assert len(posted(server)) == 1
    assert stranger.trust(token) is (work == "not done")
    assert len(posted(server)) == (1 if work == "done" else 2)


def test_a_server_that_restarts_when_the_token_comes_is_sent_it_once(server, stranger):
    token = server.token()
    server.faults.restart(method="POST")
    # It may have done it before it went down, or not: either is told as it is.
    try:
        done = stranger.trust(token)
    except hyperkit.ConnectionFailed:
        done = False
    assert (stranger.api_endpoint == server.url) is done
    assert len(posted(server)) == 1


def test_a_server_that_fails_is_sent_the_token_once(server, stranger):
    server.faults.error(500, "database is locked", method="POST")
    with pytest.raises(hyperkit.InternalServerError, match="database is locked"):
        stranger.trust(server.token())
    assert len(posted(server)) == 1


def test_an_answer_that_is_none_is_not_followed_by_the_token_again(server, stranger):
    server.faults.malformed(b"<html>", method="POST")
    with pytest.raises(hyperkit.ConnectionFailed, match="sent, once"):
        stranger.trust(server.token())
    assert len(posted(server)) == 1


def test_somebody_else_made_us_trusted_meanwhile(tmp_path, stranger):
    """The server says that it knows us already: that is success."""
    trusted = []

    def answer(handler):
        if handler.command == "POST":
            trusted.append(handler.body)
            return 409, {}, refused(409, "Client is already trusted")
        return 200, {}, envelope(about() | {"auth": "trusted" if trusted else "untrusted"})

    with own_server(tmp_path, answer) as token:
        assert stranger.trust(token()) is False
    assert len(trusted) == 1


@pytest.mark.parametrize("code", [400, 409])
def test_a_certificate_that_is_known_and_not_trusted_is_refused(tmp_path, stranger, code):
    def answer(handler):
        if handler.command == "POST":
            return code, {}, refused(code, "Certificate already in trust store")
        return 200, {}, envelope(about() | {"auth": "untrusted"})

    with own_server(tmp_path, answer) as token, pytest.raises(hyperkit.ClientError):
        stranger.trust(token())
    assert stranger.server_cert is None


def test_a_token_that_does_not_make_trusted_is_told(tmp_path, stranger):
    def answer(handler):
        return 200, {}, envelope(about() | {"auth": "untrusted"})

    with own_server(tmp_path, answer) as token, pytest.raises(hyperkit.Forbidden, match="metrics"):
        stranger.trust(token())


def test_the_token_of_an_identity_goes_alone_to_the_identities(tmp_path, stranger):
    """LXD 6 takes it elsewhere, and nothing beside it."""
    posts = []

    def answer(handler):
        if handler.command == "POST":
            posts.append((handler.path, json.loads(handler.body)))
            return 200, {}, envelope({})
        server = about("access_management_tls") | {"auth": "trusted" if posts else "untrusted"}
        return 200, {}, envelope(server)

    with own_server(tmp_path, answer) as token:
        text = token(type="Client certificate")
        assert stranger.trust(text) is True
    assert posts == [("/1.0/auth/identities/tls", {"trust_token": text})]


# What is refused before anything is sent


def test_a_token_or_a_password_is_given(stranger):
    for arguments in ({}, {"token": "t", "password": "p"}):
        with pytest.raises(hyperkit.ArgumentError, match="a token, or a password"):
            stranger.trust(**arguments)


@pytest.mark.parametrize(
    "parts",
    [
        {"addresses": "127.0.0.1"},
        {"addresses": [1]},
        {"addresses": []},
        {"fingerprint": 5},
        {"client_name": None},
        {"secret": ["s"]},
        {"type": 5},
    ],
)
def test_a_token_with_something_else_in_it_is_none(stranger, parts):
    with pytest.raises(hyperkit.ArgumentError, match="no token"):
        stranger.trust(token_of(**parts))


def test_the_token_of_a_cluster_member_is_for_joining(stranger):
    token = {"server_name": "node-2", "fingerprint": "f", "addresses": ["a:1"], "secret": "s"}
    with pytest.raises(hyperkit.ArgumentError, match="join_cluster"):
        stranger.trust(token_text(token))


def test_a_client_without_a_certificate_has_to_make_one():
    with pytest.raises(hyperkit.CertificateError, match="generate_key_pair"):
        hyperkit.Client().trust(token_of())


@pytest.mark.parametrize("endpoint", ["/run/unix.socket", "http://127.0.0.1:1"])
def test_a_socket_needs_no_trust(stranger, endpoint):
    stranger.api_endpoint = endpoint
    for given in ({"token": token_of()}, {"password": "p"}):
        with pytest.raises(hyperkit.ArgumentError, match="asks for no certificate"):
            stranger.trust(**given)


def test_the_name_goes_with_the_password(stranger):
    with pytest.raises(hyperkit.ArgumentError, match="name goes with password"):
        stranger.trust("t", name="a")


# The trust password


def test_the_trust_password_is_sent_until_it_has_made_trusted(stranger):
    with Server("lxd-5.0", tls=True, password="let me in") as server:
        stranger.api_endpoint, stranger.server_cert = server.url, server.certificate
        with pytest.raises(hyperkit.Forbidden, match="password is wrong"):
            stranger.trust(password="open sesame")
        assert stranger.trust(password="let me in", name="laptop") is True
        assert stranger.trust(password="let me in") is False
        assert [one.name for one in stranger.certificates(recursion=1)] == ["laptop"]
        assert len(posted(server)) == 2


def test_a_password_goes_to_nobody_who_is_not_verified(stranger):
    with Server("lxd-5.0", tls=True) as server:
        stranger.api_endpoint = server.url
        with pytest.raises(hyperkit.UntrustedServer):
            stranger.trust(password="let me in")
        assert server.requests == []


def test_a_password_is_not_sent_where_there_is_none(stranger):
    with Server("incus-6.0", tls=True) as server:
        stranger.api_endpoint, stranger.server_cert = server.url, server.certificate
        with pytest.raises(hyperkit.ArgumentError, match="no trust password"):
            stranger.trust(password="let me in")
        assert posted(server) == []


def test_a_server_that_has_given_up_passwords_says_so(stranger):
    with Server("lxd-6", tls=True) as server:
        stranger.api_endpoint, stranger.server_cert = server.url, server.certificate
        with pytest.raises(hyperkit.NotImplementedByServer, match="no longer supported"):
            stranger.trust(password="let me in")


# Issuing tokens


def test_a_token_keeps_the_newcomer_in_bounds(server, stranger):
    with server.client() as administrator:
        administrator.create_project("blue")
        token = administrator.create_trust_token("laptop", projects=["blue"])
        assert decode_token(token).client_name == "laptop"
        stranger.trust(token)
        [mine] = [one for one in administrator.certificates(recursion=1) if one.name == "laptop"]
        assert (mine.restricted, mine.projects) == (True, ["blue"])


@pytest.mark.parametrize("before", ["", "2H"])
def test_a_token_expires_and_the_servers_setting_comes_back(server, before):
    with server.client() as administrator:
        administrator.patch_server({"core.remote_token_expiry": before})
        token = decode_token(administrator.create_trust_token("laptop", expires_in=3600))
        [operation] = administrator.certificate_tokens()
        lasts = token.expires_at - operation.created_at
        assert 3590 <= lasts.total_seconds() <= 3601
        config = administrator.server().config
        assert config.get("core.remote_token_expiry", "") == before


def test_threads_that_issue_tokens_wait_for_each_other(server):
    spans = [60, 86400, None] * 2
    with server.client() as administrator, ThreadPoolExecutor(6) as threads:
        administrator.patch_server({"core.remote_token_expiry": "2H"})

        def lasts(span):
            token = administrator.create_trust_token("laptop", expires_in=span)
            return (decode_token(token).expires_at - datetime.now(UTC)).total_seconds()

        wanted = [pytest.approx(span or 7200, abs=30) for span in spans]
        assert list(threads.map(lasts, spans)) == wanted
        assert administrator.server().config["core.remote_token_expiry"] == "2H"


def test_the_setting_comes_back_whatever_happens(server):
    with server.client() as administrator:
        server.faults.error(500, "no", method="POST")
        with pytest.raises(hyperkit.InternalServerError):
            administrator.create_trust_token("laptop", expires_in=60)
        assert not administrator.server().config.get("core.remote_token_expiry")


@pytest.mark.parametrize("seconds", [0, -1, 0.5, float("nan"), float("inf")])
def test_times_that_are_none_are_refused(bare, seconds):
    with pytest.raises(hyperkit.ArgumentError, match="one second"):
        bare.create_trust_token("laptop", expires_in=seconds)


@pytest.mark.parametrize(
    "arguments",
    [
        {"groups": ["a"], "projects": ["b"]},
        {"groups": [], "restricted": True},
        {"projects": ["b"], "restricted": False},
    ],
)
def test_bounds_that_exclude_each_other_are_refused(bare, arguments):
    with pytest.raises(hyperkit.ArgumentError):
        bare.create_trust_token("laptop", **arguments)


def test_a_token_for_an_identity_comes_at_once(bare, double):
    greet(double, "access_management_tls")
    token = {
        "client_name": "laptop",
        "fingerprint": "f" * 64,
        "addresses": ["192.0.2.1:8443"],
        "secret": "s",
        "type": "Client certificate",
    }
    body = {"name": "laptop", "token": True, "groups": ["ops"]}
    double.expect("POST", "/1.0/auth/identities/tls", token, body=body)
    text = bare.create_trust_token("laptop", groups=["ops"])
    assert decode_token(text).type == "Client certificate"


def test_a_name_that_nobody_can_have_is_refused(bare):
    with pytest.raises(hyperkit.InvalidName):
        bare.create_trust_token("")
