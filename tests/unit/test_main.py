"""``python -m hyperkit``: its commands, and how it ends."""

import pytest

import hyperkit
from hyperkit.__main__ import main


def test_without_a_command_all_of_them_are_listed(capsys):
    assert main([]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    for command in ("demo", "doctor", "trust"):
        assert f"\n    {command} " in told.err


def test_an_interrupt_is_no_traceback(monkeypatch, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("hyperkit._doctor.run", interrupted)
    assert main(["doctor"]) == 130
    assert capsys.readouterr().err == ""


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"hyperkit {hyperkit.__version__}\n"
