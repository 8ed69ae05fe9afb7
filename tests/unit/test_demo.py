"""``python -m hyperkit demo``: on each server, and what it says where something fails."""

import subprocess
import sys

import pytest

import hyperkit
from hyperkit import __main__ as program
from hyperkit.testing import FLAVOURS, Server

pytestmark = pytest.mark.usefixtures("nowhere")


def test_the_demo(capsys):
    assert program.main(["demo", "--server", "embedded"]) == 0
    shown = capsys.readouterr().out
    for words in ("create_container", "stdout='demo-", "b'welcome\\n'", "5/5", "instance-deleted"):
        assert words in shown


def test_the_demo_on_a_server_that_is_named(capsys):
    with Server("lxd-5.0") as server:
        assert program.main(["demo", "--server", server.url, "--image", "busybox"]) == 0
        assert server.client().instances() == []
    assert "It is lxd 5.0.2" in capsys.readouterr().out
    assert program.main(["demo", "--server", "unix:///nowhere"]) == 1
    assert "no socket" in capsys.readouterr().err


def test_the_demo_takes_the_server_that_the_environment_names(capsys, monkeypatch):
    with Server("lxd-5.0") as server:
        monkeypatch.setenv("HYPERKIT_API_ENDPOINT", server.url)
        hyperkit.reset()
        assert program.main(["demo"]) == 0
        told = capsys.readouterr().out
        assert told.startswith(f"# The server at {server.socket} is used.\n# It is lxd 5.0.2.")
        assert server.client().instances() == []


def test_the_demo_undoes_what_it_did(capsys):
    with Server() as server:
        server.faults.fail("no", operation="Restoring *")
        assert program.main(["demo", "--server", server.url]) == 1
        assert server.client().instances() == []


def test_a_reader_of_the_demo_who_has_seen_enough():
    command = f"{sys.executable} -m hyperkit demo --server embedded | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")


def test_the_demo_takes_no_other_than_the_one_that_the_environment_names(capsys, monkeypatch):
    monkeypatch.setenv("HYPERKIT_API_ENDPOINT", "unix:///nowhere")
    hyperkit.reset()
    assert program.main(["demo"]) == 1
    told = capsys.readouterr()
    assert (told.out, "There is no socket at /nowhere." in told.err) == ("", True)


def test_the_demo_on_a_server_that_does_not_trust_this_client(server, capsys, tmp_path):
    pin = tmp_path / "server.crt"
    pin.write_text(server.certificate)
    assert program.main(["demo", "--server", server.url, "--server-cert", str(pin)]) == 1
    assert "does not trust this client" in capsys.readouterr().err


def test_the_demo_without_a_server(capsys, monkeypatch):
    monkeypatch.delenv("HYPERKIT_API_ENDPOINT", raising=False)
    hyperkit.reset()
    assert program.main(["demo"]) == 0
    assert capsys.readouterr().out.startswith("# There is no local LXD or Incus")


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_demo_works_on_each(flavour, capsys):
    with Server(flavour) as server:
        assert program.main(["demo", "--server", server.url]) == 0
        assert server.client().instances() == []


def test_the_demo_says_what_has_failed_in_its_batch(server, capsys):
    def fill_the_disk(command):
        server.faults.fail("no space left", operation="Creating *", times=2)
        return "demo\n"

    server.add_command("uname", fill_the_disk)
    assert program.main(["demo", "--server", server.socket]) == 1
    assert server.client().instances() == []
    assert capsys.readouterr().err.count("no space left") == 2
