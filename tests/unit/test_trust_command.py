"""``python -m hyperkit trust``: it finds or makes a pair, redeems the token, says how to go on."""

import io
import stat
from pathlib import Path

import pytest

import hyperkit
from hyperkit.__main__ import main


@pytest.fixture
def home():
    return Path.home()


def files(folder):
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def test_a_stranger_becomes_trusted_and_is_told_how_to_go_on(server, home, capsys):
    assert main(["trust", server.url, server.token("laptop")]) == 0
    assert files(home) == [".config/hyperkit/client.crt", ".config/hyperkit/client.key"]
    key = home / ".config/hyperkit/client.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    told = capsys.readouterr().out
    known = {}
    exec(told[told.index("import hyperkit") :], known)
    with known["client"] as client:
        assert client.server().auth == "trusted"
    assert main(["trust", server.url, server.token("again")]) == 0
    assert "already; the token is unused" in capsys.readouterr().out
    assert files(home) == [".config/hyperkit/client.crt", ".config/hyperkit/client.key"]


def test_the_pair_of_a_command_is_used_and_its_folder_left_alone(server, home, capsys):
    folder = home / ".config/incus"
    hyperkit.generate_key_pair(folder)
    (folder / "config.yml").write_text("remotes: {}\n")
    before = {name: (folder / name).read_bytes() for name in files(folder)}
    assert main(["trust", server.token()]) == 0
    assert {name: (folder / name).read_bytes() for name in files(folder)} == before
    assert files(home) == [f".config/incus/{name}" for name in before]
    assert "client_cert" not in capsys.readouterr().out


def test_a_folder_of_ones_own_is_filled_once_and_named(server, home, capsys):
    folder = home / "keys"
    for _ in range(2):
        assert main(["trust", server.url, server.token(), "--folder", str(folder)]) == 0
    assert files(home) == ["keys/client.crt", "keys/client.key"]
    assert f"client_cert='{folder}/client.crt'" in capsys.readouterr().out


def test_a_token_is_read_from_standard_input(server, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(server.token() + "\n"))
    assert main(["trust", server.url, "-"]) == 0


def test_a_token_that_is_none_is_not_repeated(server, home, capsys):
    assert main(["trust", server.url, "c2VjcmV0"]) == 1
    assert files(home) == []
    told = capsys.readouterr().err
    assert told.startswith("trust: This is no token")
    assert "c2VjcmV0" not in told


def test_half_a_pair_is_not_overwritten(server, tmp_path, capsys):
    (tmp_path / "client.key").write_text("")
    assert main(["trust", server.url, server.token(), "--folder", str(tmp_path)]) == 1
    assert "is there already" in capsys.readouterr().err
