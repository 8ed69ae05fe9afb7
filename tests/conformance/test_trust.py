"""From a stranger to somebody who is trusted, beside the commands and in their place."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hyperkit
from hyperkit._link import Dropped, Link
from hyperkit._token import decode_token
from hyperkit._transport import read_endpoint

pytestmark = pytest.mark.live_only


@pytest.fixture
def clean(client):
    """No client and no token of a test's is there afterwards."""
    yield
    for one in client.certificates(recursion=1):
        if one.name.startswith("hk-"):
            client.delete_certificate(one.fingerprint)
    for token in client.certificate_tokens():
        if token.metadata.request.name.startswith("hk-"):
            client.cancel_operation(token)


@pytest.fixture
def pair(tmp_path):
    return hyperkit.generate_key_pair(tmp_path / "pair")


@pytest.fixture
def stranger(pair, clean):
    with hyperkit.Client(client_cert=pair.certificate, client_key=pair.key) as stranger:
        yield stranger


def mine(client, pair):
    return client.certificate(hyperkit._trust.pin(pair.certificate))


def pending(client):
    return [one.metadata.request.name for one in client.certificate_tokens()]


def test_a_stranger_becomes_trusted_once(client, stranger, pair, lab):
    token = client.create_trust_token("hk-laptop")
    assert stranger.trust(token) is True
    assert (mine(client, pair).name, mine(client, pair).restricted) == ("hk-laptop", False)
    assert "hk-laptop" not in pending(client)
    assert stranger.server().auth == "trusted"
    assert hyperkit._trust.pin(stranger.server_cert) == hyperkit._trust.pin(
        lab["server_certificate"]
    )
    assert stranger.profiles()
    # What was redeemed is not shown again, and another token is not spent.
    assert stranger.trust(token) is False
    second = client.create_trust_token("hk-second")
    assert stranger.trust(second) is False
    assert "hk-second" in pending(client)


def test_a_token_whose_answer_is_lost_is_not_sent_again(client, stranger, pair, monkeypatch):
    """The server has done it, and its answer does not come: nothing is sent twice."""
    token = client.create_trust_token("hk-laptop")
    send, sent = Link.send, []

    def lossy(link, request, *arguments, **options):
        response = send(link, request, *arguments, **options)
        if request.method == "POST":
            sent.append(response.status_code)
            raise Dropped(hyperkit.ConnectionFailed("The answer is lost."))
        return response

    with monkeypatch.context() as patched:
        patched.setattr(Link, "send", lossy)
        assert stranger.trust(token) is True
    assert len(sent) == 1
    assert mine(client, pair).name == "hk-laptop"
    assert stranger.trust(token) is False


def test_a_token_is_redeemed_once(client, stranger, tmp_path):
    token = client.create_trust_token("hk-laptop")
    stranger.trust(token)
    other = hyperkit.generate_key_pair(tmp_path / "other")
    with hyperkit.Client(client_cert=other.certificate, client_key=other.key) as another:
        with pytest.raises(hyperkit.Forbidden, match="redeemed or revoked"):
            another.trust(token)


def test_a_token_keeps_the_newcomer_in_bounds(client, stranger, pair, lab):
    stranger.trust(client.create_trust_token("hk-laptop", projects=["default"]))
    assert (mine(client, pair).restricted, mine(client, pair).projects) == (True, ["default"])
    if "embedded" not in lab:
        with pytest.raises(hyperkit.Forbidden):
            stranger.create_project("hk-green")


def test_a_token_expires_and_the_servers_setting_comes_back(client, clean):
    before = client.server().config.get("core.remote_token_expiry")
    token = decode_token(client.create_trust_token("hk-laptop", expires_in=3600))
    [operation] = [
        one for one in client.certificate_tokens() if one.metadata.request.name == "hk-laptop"
    ]
    assert 3590 <= (token.expires_at - operation.created_at).total_seconds() <= 3605
    assert client.server().config.get("core.remote_token_expiry") == before


def test_a_token_whose_time_is_over_is_refused(client, stranger, later):
    token = client.create_trust_token("hk-laptop", expires_in=1)
    later(2)
    with pytest.raises(hyperkit.Forbidden, match="has expired"):
        stranger.trust(token)


def test_the_trust_password_makes_trusted_where_there_is_one(client, stranger, pair, lab, kind):
    stranger.api_endpoint = lab["https_url"]
    with pytest.raises(hyperkit.UntrustedServer):
        stranger.trust(password="open sesame")
    stranger.server_cert = hyperkit.server_certificate(lab["https_url"])
    if kind == "incus":
        with pytest.raises(hyperkit.ArgumentError, match="no trust password"):
            stranger.trust(password="open sesame")
        return
    with pytest.raises(hyperkit.Forbidden):
        stranger.trust(password="open sesame")
    assert stranger.trust(password=lab["trust_password"], name="hk-laptop") is True
    assert stranger.trust(password=lab["trust_password"]) is False
    assert mine(client, pair).name == "hk-laptop"


def test_the_certificate_that_is_shown_is_the_servers(lab):
    certificate = hyperkit.server_certificate(lab["https_url"])
    assert certificate.fingerprint == hyperkit._trust.pin(lab["server_certificate"])


# The commands of the servers.


@pytest.fixture
def command(lab, tmp_path):
    """Run the product's own command, with a configuration of its own."""
    folder = tmp_path / "command"
    folder.mkdir()
    variable = next(name for name in lab["client_environment"] if name.endswith("_CONF"))

    def run(*words, local=True):
        environment = {**os.environ, **lab["client_environment"], variable: str(folder)}
        if not local:
            environment[variable.replace("CONF", "DIR")] = "/nonexistent"
        done = subprocess.run(
            [lab["client"], *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run.folder, run.variable = folder, variable
    return run


def test_a_token_of_the_command_is_redeemed(client, stranger, pair, command, kind):
    words = ["--name", "hk-laptop"] if kind == "lxd" else ["hk-laptop"]
    told = command("config", "trust", "add", *words, "--restricted", "--projects", "default")
    assert stranger.trust(told.split()[-1]) is True
    assert (mine(client, pair).name, mine(client, pair).projects) == ("hk-laptop", ["default"])


def test_the_command_takes_our_token(client, clean, command, monkeypatch):
    command("remote", "add", "far", client.create_trust_token("hk-command"), local=False)
    assert "default" in command("profile", "list", "far:", local=False)
    assert "hk-command" in [one.name for one in client.certificates(recursion=1)]
    assert "hk-command" not in pending(client)
    # What it has written is what `from_remote` reads.
    monkeypatch.setenv(command.variable, str(command.folder))
    with hyperkit.Client.from_remote("far") as far:
        assert far.server().auth == "trusted"
        assert "default" in far.profiles()
    with pytest.raises(hyperkit.ArgumentError, match="image server"):
        hyperkit.Client.from_remote("images")


def test_the_command_s_own_pair_is_trusted_already(client, clean, command):
    command("remote", "add", "far", client.create_trust_token("hk-command"), local=False)
    certificate, key = (str(command.folder / name) for name in ("client.crt", "client.key"))
    with hyperkit.Client(client_cert=certificate, client_key=key) as same:
        assert same.trust(client.create_trust_token("hk-second")) is False
    assert "hk-second" in pending(client)


def test_the_command_s_project_and_default_remote_count(client, clean, command, monkeypatch):
    monkeypatch.setenv(command.variable, str(command.folder))
    command("remote", "add", "far", client.create_trust_token("hk-command"), local=False)
    with contextlib.suppress(hyperkit.NotFound):
        client.delete_project("hk-blue")
    client.create_project("hk-blue", config={"features.images": "false"})
    try:
        command("project", "switch", "far:hk-blue", local=False)
        command("remote", "switch", "far", local=False)
        with hyperkit.Client.from_remote() as far:
            far.create_profile("hk-mine")
        assert "hk-mine" in client.using(project="hk-blue").profiles()
    finally:
        blue = client.using(project="hk-blue")
        with contextlib.suppress(hyperkit.NotFound):
            blue.delete_profile("hk-mine")
        client.delete_project("hk-blue")


def test_our_pair_serves_the_command(client, stranger, pair, command, lab):
    """A folder that `generate_key_pair` has filled is one that the command can use."""
    for name in ("client.crt", "client.key"):
        (command.folder / name).write_bytes((Path(pair.key).parent / name).read_bytes())
    stranger.trust(client.create_trust_token("hk-laptop"))
    command("remote", "add", "far", lab["https_url"], "--accept-certificate", local=False)
    assert "default" in command("profile", "list", "far:", local=False)


def test_the_local_remote_is_the_commands_socket(command, lab, monkeypatch):
    command("remote", "list")
    for name, value in lab["client_environment"].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(command.variable, str(command.folder))
    with hyperkit.Client.from_remote("local") as local:
        assert read_endpoint(local).socket == lab["socket"]
        assert local.server().auth == "trusted"


# On the command line.


def hyperkit_command(folder, *words):
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": ""}
    environment["PYTHONPATH"] = str(Path(hyperkit.__file__).parent.parent)
    for name in ("LXD_CONF", "INCUS_CONF", "HYPERKIT_CLIENT_CERT", "HYPERKIT_CLIENT_KEY"):
        environment.pop(name, None)
    return subprocess.run(
        [sys.executable, "-m", "hyperkit", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
    )


def test_the_doctor_sees_what_trust_has_done(client, clean, lab, tmp_path):
    where = ("--server", lab["https_url"], "--server-cert", lab["server_certificate"])
    before = hyperkit_command(tmp_path, "doctor", *where)
    assert (before.returncode, "hyperkit trust URL TOKEN" in before.stdout) == (1, True)
    token = client.create_trust_token("hk-laptop")
    done = hyperkit_command(tmp_path, "trust", lab["https_url"], token)
    assert (done.returncode, "trusts this client now" in done.stdout) == (0, True)
    written = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert {one.parent for one in written} == {tmp_path / ".config" / "hyperkit"}
    after = hyperkit_command(tmp_path, "doctor", *where)
    assert (after.returncode, "All is well." in after.stdout) == (0, True), after.stdout


def test_the_doctor_finds_the_socket_well(client, lab, tmp_path):
    done = hyperkit_command(tmp_path, "doctor", "--server", lab["socket"])
    assert (done.returncode, "trusts this client" in done.stdout) == (0, True), done.stdout
