"""``python -m hyperkit doctor``: each thing that can be wrong is named, with what to do."""

import contextlib
import datetime as dt
import json
import os
import re
import socket
import subprocess
import sys
import tomllib
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from unit.double import about
from unit.servers import envelope, free_place, key_pair, refused, serving, tls

import hyperkit
from hyperkit import _doctor
from hyperkit.__main__ import main

pytestmark = pytest.mark.usefixtures("nowhere")


def doctor(capsys, *arguments):
    """Run it; return what it ends with, and each kind of finding as one text."""
    code = main(["doctor", "--json", *arguments])
    found = json.loads(capsys.readouterr().out)
    kinds = ("good", "note", "trouble")
    for one in found:
        assert one["kind"] != "trouble" or one["step"]
    return code, *(
        "\n".join(f"{one['text']} {one['step']}" for one in found if one["kind"] == kind)
        for kind in kinds
    )


@pytest.fixture
def known(server):
    """A client's pair that the server trusts."""
    pair = hyperkit.generate_key_pair("~/.config/hyperkit")
    server.add_trust(Path(pair.certificate).read_text(), name="doctor")
    return pair


def test_all_is_well(server, known, capsys):
    code, good, _, trouble = doctor(
        capsys, "--server", server.url, "--server-cert", server.certificate
    )
    assert (code, trouble) == (0, "")
    for words in ("Incus 6", "takes connections", "is the pinned one", "clock", "extensions"):
        assert words in good
    assert "There are 0 instances in the project default" in good
    server.client().create_instance("web", empty=True)
    assert "There is 1 instance in" in doctor(capsys, "--server", server.socket)[1]


def test_it_is_told_in_plain_words(server, known, capsys):
    pin = hyperkit.server_certificate(server.url).fingerprint
    assert main(["doctor", "--server", server.url, "--server-cert", pin]) == 0
    told = capsys.readouterr().out
    assert "All is well." in told
    assert re.search(r"^\[  ok  \] The server is https", told, re.MULTILINE)
    assert main(["doctor", "--server", "ftp://a"]) == 1
    told = capsys.readouterr().out
    assert "1 thing is wrong." in told
    assert "\n         -> Name the server" in told


def test_every_extra_is_looked_for():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert _doctor._EXTRAS.keys() == project["optional-dependencies"].keys()


def test_a_socket_that_answers_is_well(server, capsys):
    code, good, _, _ = doctor(capsys, "--server", server.socket)
    assert code == 0
    assert f"The socket {server.socket} is there" in good


def test_a_stranger_is_told_how_to_become_trusted(server, capsys):
    code, _, note, trouble = doctor(
        capsys, "--server", server.url, "--server-cert", server.certificate
    )
    assert code == 1
    assert "no certificate" in note
    assert "python -m hyperkit trust URL TOKEN" in trouble
    assert "incus config trust add" in trouble


def test_a_certificate_that_nobody_vouches_for_is_to_be_compared(server, known, capsys):
    code, good, _, trouble = doctor(capsys, "--server", server.url)
    assert code == 1
    assert hyperkit.server_certificate(server.url).fingerprint in good
    assert "Compare the fingerprint" in trouble


def test_another_certificate_than_the_pinned_one_is_sent_nothing(server, known, capsys):
    code, _, _, trouble = doctor(capsys, "--server", server.url, "--server-cert", "f" * 64)
    assert code == 1
    assert "Ask the server's administrator" in trouble
    assert [one.path for one in server.requests] == []


@pytest.mark.parametrize("pin", ["nowhere.crt", "-----BEGIN "])
def test_a_pin_that_is_none_is_told(server, capsys, pin):
    code, _, _, trouble = doctor(capsys, "--server", server.url, f"--server-cert={pin}")
    assert (code, "Give server_cert a path" in trouble) == (1, True)


def test_a_server_certificate_that_has_expired_is_told(server, known, capsys):
    server.faults.expire_certificate()
    code, _, _, trouble = doctor(capsys, "--server", server.url)
    assert code == 1
    assert "The server's certificate has expired" in trouble


@pytest.mark.parametrize(
    ("days", "back", "words"),
    [(-1, 0, "has expired"), (30, 61, "not valid yet"), (3, 0, "expires in 2 days")],
)
def test_a_certificate_out_of_its_time_is_told(days, back, words, tmp_path, monkeypatch):
    certificate, _ = key_pair(tmp_path, "dated", days=days)

    class Clock(dt.datetime):
        @classmethod
        def now(cls, zone=None):
            return super().now(zone) - dt.timedelta(days=back)

    monkeypatch.setattr("hyperkit._doctor.dt.datetime", Clock)
    [finding] = _doctor._dates(Path(certificate).read_text(), "It", "somebody")
    assert words in finding.text


def test_a_key_that_others_may_read_is_told(server, known, capsys):
    os.chmod(known.key, 0o644)
    code, _, _, trouble = doctor(capsys, "--server", server.url)
    assert code == 1
    assert f"chmod 600 {known.key}" in trouble


def test_a_client_certificate_that_is_none_is_told(server, capsys, monkeypatch, tmp_path):
    (tmp_path / "a.crt").write_text("-----BEGIN CERTIFICATE-----\n")
    monkeypatch.setattr(hyperkit.default_client(), "client_cert", str(tmp_path / "a.crt"))
    code, _, _, trouble = doctor(capsys, "--server", server.url)
    assert (code, "HYPERKIT_CLIENT_CERT" in trouble) == (1, True)


def test_a_port_where_nobody_listens_is_told(capsys):
    code, _, _, trouble = doctor(capsys, "--server", f"https://{free_place()}")
    assert code == 1
    assert "core.https_address" in trouble


def test_a_port_where_somebody_else_listens_is_told(capsys):
    with serving(("127.0.0.1", 0), lambda handler: (200, {}, envelope())) as plain:
        code, _, _, trouble = doctor(capsys, "--server", f"https://{plain.place}")
    assert code == 1
    assert "core.https_address" in trouble


def test_a_name_that_dns_does_not_know_is_told(capsys, monkeypatch):
    def unknown(*arguments, **options):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    code, _, _, trouble = doctor(capsys, "--server", "https://nowhere.test:8443")
    assert (code, "DNS" in trouble) == (1, True)


def test_silence_is_taken_for_a_firewall(capsys, monkeypatch):
    def silent(*arguments, **options):
        raise TimeoutError

    monkeypatch.setattr("socket.create_connection", silent)
    code, _, _, trouble = doctor(capsys, "--server", "https://127.0.0.1:8443")
    assert (code, "firewall" in trouble) == (1, True)


def test_a_proxy_is_told_without_its_password(capsys, monkeypatch):
    place = free_place()
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@{place}")
    code, good, note, trouble = doctor(capsys, "--server", "https://host.test:8443")
    assert code == 1
    assert f"through the proxy http://{place}" in note
    assert "secret" not in good + note + trouble


def test_nothing_is_sent_in_the_clear(capsys):
    with serving(("127.0.0.1", 0), lambda handler: (200, {}, envelope())) as plain:
        code, _, _, trouble = doctor(capsys, "--server", plain.url)
        assert plain.requests == []
    assert (code, "in the clear" in trouble) == (1, True)


def test_the_variable_that_names_the_server_is_told(server, monkeypatch, capsys):
    monkeypatch.setenv("HYPERKIT_API_ENDPOINT", server.socket)
    code, good, _, _ = doctor(capsys)
    assert (code, "HYPERKIT_API_ENDPOINT is" in good) == (0, True)


def test_a_variable_that_makes_no_sense():
    done = subprocess.run(
        [sys.executable, "-m", "hyperkit", "doctor"],
        env=os.environ | {"HYPERKIT_AUTO_SYNC": "maybe"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "HYPERKIT_AUTO_SYNC='maybe' is neither" in done.stdout


def test_a_remote_is_found_and_its_project_looked_for(server, capsys):
    folder = Path.home() / ".config" / "incus"
    folder.mkdir(parents=True)
    text = f"remotes:\n  far: {{addr: 'unix://{server.socket}', project: nosuch}}\n"
    (folder / "config.yml").write_text(text)
    code, good, _, trouble = doctor(capsys, "--server", "remote:far")
    assert "project nosuch" in good
    assert (code, "Name another project" in trouble) == (1, True)
    assert doctor(capsys, "--server", "remote:near")[0] == 1


@contextlib.contextmanager
def sockets(monkeypatch, *places):
    named = [str(one) for one in places]
    monkeypatch.setattr(
        "hyperkit._endpoint.sockets", lambda environment, product=None: iter(named)
    )
    monkeypatch.setattr("hyperkit._doctor.sockets", lambda environment: iter(named))
    yield


def test_the_sockets_that_are_not_there_are_told(monkeypatch, capsys):
    with sockets(monkeypatch, "/nowhere/a.socket", "/nowhere/b.socket"):
        code, _, note, trouble = doctor(capsys)
    assert code == 1
    assert "/nowhere/a.socket, /nowhere/b.socket" in note
    assert "systemctl start incus" in trouble


def test_the_first_socket_that_may_be_used_is_taken(server, monkeypatch, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    with sockets(monkeypatch, "/nowhere", tmp_path / "file", server.socket):
        code, good, note, _ = doctor(capsys)
    assert (code, f"The server is {server.socket}" in good) == (0, True)
    assert "is not a socket" in note


@pytest.fixture
def forbidden(tmp_path, monkeypatch):
    """A socket that this user may not write to."""
    path = tmp_path / "unix.socket"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        path.chmod(0o660)
        monkeypatch.setattr("os.access", lambda place, mode: str(place) != str(path))
        yield path


class Group:
    gr_name = "incus-admin"

    def __init__(self, *members):
        self.gr_mem = list(members)


@pytest.mark.parametrize(
    ("members", "words"),
    [((), "sudo usermod -aG incus-admin jane"), (("jane",), "newgrp incus-admin")],
)
def test_the_group_to_join_is_named(forbidden, members, words, monkeypatch, capsys):
    real = os.stat

    def owned(place, **options):
        about = real(place, **options)
        return os.stat_result([*about[:5], 998, *about[6:]])

    monkeypatch.setattr("pathlib.Path.stat", owned)
    monkeypatch.setattr("grp.getgrgid", lambda number: Group(*members))
    monkeypatch.setattr("hyperkit._doctor._user", lambda: "jane")
    with sockets(monkeypatch, forbidden):
        code, _, _, trouble = doctor(capsys)
    assert (code, words in trouble) == (1, True)
    code, _, _, trouble = doctor(capsys, "--server", str(forbidden))
    assert (code, words in trouble) == (1, True)


def test_a_socket_for_root_only_is_told(forbidden):
    forbidden.chmod(0o600)
    assert "Only root" in _doctor._step_for_socket(str(forbidden))


def test_a_socket_where_nobody_answers_is_told(tmp_path, capsys):
    path = tmp_path / "unix.socket"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    code, _, _, trouble = doctor(capsys, "--server", str(path))
    assert (code, "Start the server" in trouble) == (1, True)


def answering(tmp_path, answer):
    return serving(str(tmp_path / "s.socket"), answer)


@pytest.mark.parametrize(
    ("status", "words"), [(503, "try again in a minute"), (401, "another one"), (403, "rights")]
)
def test_what_a_server_refuses_has_a_step_to_take(tmp_path, capsys, status, words):
    with answering(tmp_path, lambda handler: (status, {}, refused(status, "no"))):
        code, _, _, trouble = doctor(capsys, "--server", str(tmp_path / "s.socket"))
    assert (code, words in trouble) == (1, True)


@pytest.mark.parametrize(
    ("minutes", "words"), [(10, "behind"), (-10, "ahead of"), (-600, "hours")]
)
def test_clocks_that_disagree_are_told(minutes, words):
    there = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes))
    client = SimpleNamespace(last_response=SimpleNamespace(headers={"Date": there}))
    [finding] = _doctor._clock(client)
    assert (finding.kind, words in finding.text) == ("trouble", True)
    client.last_response = None
    assert list(_doctor._clock(client)) == []


def test_what_a_server_is_too_old_for_is_told(tmp_path, capsys):
    def answer(handler):
        listed = handler.path.startswith("/1.0/instances")
        return 200, {}, envelope([] if listed else about())

    with answering(tmp_path, answer):
        code, _, note, _ = doctor(capsys, "--server", str(tmp_path / "s.socket"))
    assert (code, "It is too old for" in note) == (0, True)


def test_an_identity_provider_is_named(tmp_path, capsys):
    certificate, key = key_pair(tmp_path, "own")

    def answer(handler):
        return 200, {}, envelope(about() | {"auth": "untrusted", "auth_methods": ["tls", "oidc"]})

    with serving(("127.0.0.1", 0), answer, context=tls(certificate, key)) as server:
        _, _, _, trouble = doctor(capsys, "--server", server.url, "--server-cert", certificate)
    assert "client.log_in()" in trouble
