"""What is logged, and what never is: not there, not in a repr, not in an exception."""

import logging
import re
import traceback

import pytest
from faults.breaker import Breaker
from faults.secrets import Watch

import hyperkit
from hyperkit.testing import Server
from hyperkit.testing._keys import key_pair

LINE = re.compile(
    r"(GET|HEAD|POST|PUT|PATCH|DELETE) (/\S*) (\d{3}|[A-Z]\w+) \d+\.\d ms( operation \S+)?"
)
LOGGED = pytest.mark.fault("the log", "one line for each request, without bodies and secrets")
PASSWORD = "a password that is long enough"


@pytest.fixture
def lines(caplog):
    """Read the lines since the last time."""
    caplog.set_level(logging.DEBUG, "hyperkit")

    def read():
        found = [one.getMessage() for one in caplog.records if one.name == "hyperkit"]
        assert {one.levelname for one in caplog.records if one.name == "hyperkit"} <= {"DEBUG"}
        caplog.clear()
        return found

    return read


@pytest.fixture
def watch(monkeypatch):
    watch = Watch()
    watch.start(monkeypatch)
    yield watch
    watch.stop()


@LOGGED
def test_one_line_for_each_request(server, client, lines):
    before = len(server.requests)
    client.start_container("web")
    client.run("web", ["echo", "hello"], capture_output=True)
    client.write_file("web", "/root/f", content=b"hello")
    client.read_file("web", "/root/f")
    with pytest.raises(hyperkit.NotFound):
        client.profile("none")
    with client.events():
        pass
    found = lines()
    asked = [f"{one.method} {one.path}" for one in server.requests[before:]]
    assert [" ".join(line.split()[:2]).partition("?")[0] for line in found] == asked
    assert all(LINE.fullmatch(line) for line in found)
    assert "hello" not in "".join(found)


@LOGGED
def test_the_operation_is_named(client, lines):
    operation = client.start_container("web", sync=False)
    client.wait_for_operation(operation)
    started, waited = lines()
    assert started.startswith("PUT /1.0/instances/web/state 202 ")
    assert started.endswith(f" operation {operation.id}")
    assert waited.endswith(f" operation {operation.id}")


@LOGGED
def test_what_went_wrong_is_named(server, client, lines):
    server.faults.drop(method="POST", path="/1.0/profiles")
    with pytest.raises(hyperkit.ConnectionFailed):
        client.create_profile("new")
    server.faults.drop(path="/1.0/profiles")
    client.profiles()
    found = [line.split()[0::2][:2] for line in lines()]
    assert found == [["POST", "ConnectionFailed"], ["GET", "ConnectionFailed"], ["GET", "200"]]


@LOGGED
def test_secrets_in_urls_are_masked(client, lines, watch):
    client.start_container("web")
    client.run("web", ["true"], capture_output=True)
    token = client.create_certificate(name="n", token=True)
    stranger_waits = pytest.raises(hyperkit.OperationTimeout)
    with stranger_waits:
        client.wait_for_operation(token, timeout=0, secret=token.metadata.secret)
    found = "\n".join(lines())
    assert "secret=***" in found
    assert "urllib3.connectionpool DEBUG" in watch.text.getvalue()
    assert len(watch.known) >= 4
    assert watch.betrayed() == []


@LOGGED
def test_nothing_is_logged_unasked(client, caplog):
    caplog.set_level(logging.NOTSET, "hyperkit")  # whatever other tests have asked for
    client.profiles()
    assert [one for one in caplog.records if one.name == "hyperkit"] == []


SECRETS = pytest.mark.fault("secrets", "in no repr, log or exception")


@SECRETS
def test_whatever_goes_wrong_tells_no_secret(tmp_path, watch):
    """Every exception, with all that caused it, and what was logged meanwhile."""
    pair = key_pair("somebody")
    with Server("lxd-5.0", tls=True, password=PASSWORD) as server:
        server.add_trust(pair.certificate, name="somebody")
        watch.known |= {PASSWORD, "the passphrase of a key", "a-bearer-token-of-mine"}
        watch.known |= set(pair.key.splitlines()[1:-2])
        trusted = server.client()
        trusted.create_container("web", alias="busybox")
        trusted.start_container("web")
        said = []

        def try_it(what):
            try:
                what()
            except Exception as error:
                said.extend(traceback.format_exception(error))
                said.extend([repr(error), str(error), str(vars(error).get("url", ""))])

        with Breaker(server.socket, str(tmp_path / "s")) as breaker:
            options = {"token": "a-bearer-token-of-mine", "timeout": 5}
            client = hyperkit.Client(api_endpoint=f"unix://{breaker.address}", **options)
            command = ("web", ["cat"])
            for plan in ({"up": 25}, {"down": 0}, {"down": 25}, {"down": 100}):
                for mark in (b"/websocket?secret=", b"secret=", b"POST /1.0/certificates"):
                    breaker.plans.clear()
                    breaker.cut(mark, **plan, times=99)
                    try_it(lambda: client.run(*command, input=b"x", capture_output=True))
                    try_it(lambda: client.create_certificate(password=PASSWORD))
                    token = trusted.create_certificate(name="n", token=True)
                    secret = token.metadata.secret
                    watch.know(secret)
                    try_it(
                        lambda token=token, secret=secret: client.wait_for_operation(
                            token, timeout=0.01, secret=secret
                        )
                    )
                    trusted.cancel_operation(token)
            breaker.plans.clear()
            for code in (400, 403, 500):
                server.faults.error(code, "no", path="*websocket*", times=None)
                try_it(lambda: client.run(*command, capture_output=True))
                server.faults.clear()
                server.faults.error(code, "no", path="*certificates*", times=None)
                try_it(lambda: client.create_certificate(password=PASSWORD))
                server.faults.clear()
            server.faults.malformed(b"<", path="*operations*", times=None)
            try_it(lambda: client.run(*command, capture_output=True))
            server.faults.clear()
            client.close()
        for wrong in (
            {"client_key": pair.key},
            {"client_cert": pair.certificate, "client_key": pair.key[:-60]},
            {"client_cert": pair.key, "client_key": pair.key},
            {"client_cert": pair.certificate, "client_key": pair.key, "server_cert": pair.key},
            {"proxy": "http://somebody:the passphrase of a key@127.0.0.1:1"},
            {"token": "a-bearer-token-of-mine\n"},
        ):
            options = {"client_key_password": "the passphrase of a key", "verify_ssl": False}
            client = hyperkit.Client(api_endpoint=server.url, **options | wrong)
            try_it(client.profiles)
            said.extend([repr(client), str(client)])
        operation = trusted.execute_command("web", "cat", sync=False, wait_for_websocket=True)
        watch.learn(operation)
        try_it(lambda: trusted.wait_for_operation(operation, timeout=0))
        try_it(lambda: trusted.wait_for_operation({"metadata": operation.metadata}))
        server.faults.restart(path="*/wait")
        try_it(lambda: trusted.wait_for_operation(operation, timeout=5))
    assert len(said) > 50
    assert len(watch.known) > 20
    assert watch.betrayed("\n".join(said)) == []
    assert watch.betrayed() == []
