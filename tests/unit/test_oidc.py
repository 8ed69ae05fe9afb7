"""Logging in by OpenID Connect, at a provider of the tests' own."""

import contextlib
import json
import socket
import sys
from urllib.parse import parse_qsl

import pytest
from unit.servers import envelope, free_place, key_pair, place_of, refused, serving, tls

import hyperkit
from hyperkit.testing import Server

TOKENS = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 300, "refresh_token": "rt"}
STARTED = {
    "device_code": "dc",
    "user_code": "ABCD-EFGH",
    "verification_uri": "https://id.test/device",
    "interval": 0.001,
    "expires_in": 60,
}


class World:
    """An identity provider, and a server that sends strangers to it."""

    def __init__(self, folder, monkeypatch):
        self.pair = key_pair(folder, "world")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", self.pair[0])
        self.discovery = {}
        self.started = (200, dict(STARTED))
        self.answers = [(200, dict(TOKENS))]
        self.asked = []
        self.prefix, self.status, self.headers = "X-LXD-OIDC-", 403, {}

    @contextlib.contextmanager
    def open(self):
        context = tls(*self.pair)
        here = ("127.0.0.1", 0)
        with (
            serving(here, self.provide, context=context) as provider,
            serving(here, self.serve, context=tls(*self.pair)) as server,
        ):
            self.issuer = provider.url
            self.discovery = {
                "device_authorization_endpoint": f"{self.issuer}/device",
                "token_endpoint": f"{self.issuer}/token",
                **self.discovery,
            }
            self.headers = {"issuer": self.issuer, "clientid": "lxd", **self.headers}
            with hyperkit.Client(api_endpoint=server.url, server_cert=self.pair[0]) as client:
                self.client = client
                yield self

    def provide(self, handler):
        path = handler.path
        if path == "/.well-known/openid-configuration":
            return 200, {}, json.dumps(self.discovery).encode()
        assert handler.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert handler.headers["Authorization"] is None
        self.asked.append((path, dict(parse_qsl(handler.body.decode()))))
        status, answer = self.started if path == "/device" else self.answers.pop(0)
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return status, {}, content

    def serve(self, handler):
        if handler.headers["Authorization"] == "Bearer at-1":
            return 200, {}, envelope({"auth": "trusted"})
        assert handler.headers["X-LXD-authenticated"] == "true"
        assert handler.headers["X-Incus-authenticated"] == "true"
        headers = {self.prefix + name: value for name, value in self.headers.items() if value}
        return self.status, headers, refused(self.status, "no")


@pytest.fixture
def world(tmp_path, monkeypatch):
    with World(tmp_path, monkeypatch).open() as world:
        yield world


def silent(url, code):
    pass


@pytest.mark.parametrize("prefix", ["X-LXD-OIDC-", "X-Incus-OIDC-"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_token_comes_when_somebody_has_entered_the_code(world, prefix, status):
    world.prefix, world.status = prefix, status
    pending = (400, {"error": "authorization_pending"})
    world.answers = [pending, pending, *world.answers]
    prompts = []
    tokens = world.client.log_in(on_prompt=lambda *told: prompts.append(told))
    assert prompts == [("https://id.test/device", "ABCD-EFGH")]
    assert (tokens.access_token, tokens.refresh_token) == ("at-1", "rt")
    assert tokens.expires_at is not None
    assert world.client.server().auth == "trusted"
    start, *polls = world.asked
    assert start[0] == "/device"
    assert (start[1]["client_id"], start[1]["scope"]) == ("lxd", "openid offline_access")
    code = {"client_id": "lxd", "device_code": "dc"}
    grant = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}
    assert polls == [("/token", code | grant)] * 3


def test_scopes_and_audience_are_those_that_the_server_asks_for(world):
    world.headers |= {"scopes": '["openid", "groups"]', "audience": "https://lxd.test"}
    world.client.log_in(on_prompt=silent)
    assert world.asked[0][1]["scope"] == "openid groups"
    assert world.asked[0][1]["audience"] == "https://lxd.test"


def test_scopes_need_not_be_json(world):
    world.headers["scopes"] = "openid,groups"
    world.client.log_in(on_prompt=silent)
    assert world.asked[0][1]["scope"] == "openid groups"


def test_scopes_that_are_none_are_those_that_all_servers_need(world):
    world.headers["scopes"] = "5"
    world.client.log_in(on_prompt=silent)
    assert world.asked[0][1]["scope"].startswith("openid")


def test_the_prompt_is_printed(world, capsys):
    world.started[1]["verification_uri_complete"] = "https://id.test/device?user_code=ABCD-EFGH"
    world.client.log_in()
    told = capsys.readouterr().out
    assert told == "Open https://id.test/device?user_code=ABCD-EFGH and enter ABCD-EFGH.\n"


def test_the_provider_is_asked_less_often_when_it_says_so(world, monkeypatch):
    slept = []
    monkeypatch.setattr("hyperkit._oidc.time.sleep", slept.append)
    world.answers = [(400, {"error": "slow_down"}), *world.answers]
    world.client.log_in(on_prompt=silent)
    assert slept == [0.001, 5.001]


def test_nobody_is_asked_while_the_refresh_token_is_good(world):
    world.answers[0][1].pop("refresh_token")
    tokens = world.client.log_in(refresh_token="old")
    assert (tokens.access_token, tokens.refresh_token) == ("at-1", "old")
    [(path, body)] = world.asked
    assert (path, body["grant_type"], body["refresh_token"]) == ("/token", "refresh_token", "old")


def test_somebody_is_asked_when_it_is_not(world):
    world.answers = [(400, {"error": "invalid_grant"}), *world.answers]
    prompts = []
    world.client.log_in(refresh_token="old", on_prompt=lambda *told: prompts.append(told))
    assert len(prompts) == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ({"error": "access_denied", "error_description": "Jane said no"}, "Jane said no"),
        ({"error": "expired_token"}, "expired_token"),
        ({}, "no token came"),
        ({"access_token": 5, "error": ["x"]}, "refuses"),
    ],
)
def test_a_refusal_is_told_in_the_providers_words(world, error, words):
    world.answers = [(400, error)]
    with pytest.raises(hyperkit.Unauthorized, match=words):
        world.client.log_in(on_prompt=silent)
    assert world.client.token is None


def test_a_code_that_nobody_enters_is_not_waited_for_for_ever(world):
    world.started[1]["expires_in"] = 0.01
    world.answers = [(400, {"error": "authorization_pending"})] * 100
    with pytest.raises(hyperkit.Unauthorized, match="Nobody entered"):
        world.client.log_in(on_prompt=silent)
    world.started[1]["expires_in"] = 600
    with pytest.raises(hyperkit.Unauthorized, match="Nobody entered"):
        world.client.log_in(on_prompt=silent, timeout=0.01)


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"error": "invalid_client"}, hyperkit.Unauthorized),
        ({}, hyperkit.InvalidResponse),
        ({"device_code": "dc", "verification_uri": "javascript:0"}, hyperkit.InvalidResponse),
        (b"<html>", hyperkit.InvalidResponse),
        (b"[" * 100_000, hyperkit.InvalidResponse),
        (b"[]", hyperkit.InvalidResponse),
    ],
)
def test_a_provider_that_answers_otherwise_is_refused(world, answer, kind):
    world.started = (400, answer)
    with pytest.raises(kind):
        world.client.log_in(on_prompt=silent)


@pytest.mark.parametrize("url", [None, "http://id.test/device", 5])
def test_a_provider_without_a_device_flow_is_refused(world, url):
    world.discovery["device_authorization_endpoint"] = url
    with pytest.raises(hyperkit.NotImplementedByServer, match="device flow"):
        world.client.log_in(on_prompt=silent)


def test_a_provider_in_the_clear_is_refused(world):
    world.headers["issuer"] = "http://id.test"
    with pytest.raises(hyperkit.InvalidResponse, match="no https"):
        world.client.log_in(on_prompt=silent)


def test_a_provider_that_is_not_there_is_said_so(world):
    world.headers["issuer"] = f"https://{free_place()}"
    with pytest.raises(hyperkit.ConnectionFailed, match="cannot be reached"):
        world.client.log_in(on_prompt=silent)


def test_a_provider_that_says_nothing_is_left_in_time(world):
    with socket.create_server(("127.0.0.1", 0)) as silence:
        world.headers["issuer"] = f"https://{place_of(silence)}"
        world.client.timeout = 0.2
        with pytest.raises(hyperkit.RequestTimeout):
            world.client.log_in(on_prompt=silent)


def test_the_pin_of_the_server_is_not_the_provider_s(world, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    world.client.verify_ssl = False
    with pytest.raises(hyperkit.ConnectionFailed, match="cannot be reached"):
        world.client.log_in(on_prompt=silent)


def test_a_server_without_a_provider_is_said_so():
    with Server(tls=True) as server, server.client() as client:
        with pytest.raises(hyperkit.NotImplementedByServer, match="no identity provider"):
            client.log_in()
        client.api_endpoint = server.socket
        with pytest.raises(hyperkit.ArgumentError, match="trusted there"):
            client.log_in()


def test_a_server_that_fails_is_no_refusal(world):
    world.status = 500
    with pytest.raises(hyperkit.InternalServerError):
        world.client.log_in()


def test_without_the_extra_it_says_what_to_install(world, monkeypatch):
    monkeypatch.setitem(sys.modules, "oauthlib.oauth2", None)
    with pytest.raises(hyperkit.MissingExtra, match=r"pyhyperkit\[oidc\]"):
        world.client.log_in()


@pytest.mark.parametrize("timeout", [0, -1])
def test_no_time_at_all_is_refused(world, timeout):
    with pytest.raises(hyperkit.ArgumentError, match="above 0"):
        world.client.log_in(timeout=timeout)
