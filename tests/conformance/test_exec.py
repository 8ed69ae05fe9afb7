"""Commands with recorded output."""

import pytest

import hyperkit


def test_exit_codes(client, running):
    assert client.execute_command(running, ["sh", "-c", "exit 3"]).metadata["return"] == 3
    assert client.execute_command(running, "no-such-command").metadata["return"] == 127
    assert client.run_command(running, "/etc/hosts").metadata["return"] == 126


def test_environment_user_and_folder(client, running):
    done = client.execute_command(
        running,
        ["sh", "-c", "id -u; pwd; echo $WORD"],
        cwd="/tmp",
        environment={"WORD": "ok"},
        record_output=True,
        user=1000,
    )
    assert client.exec_output(done).stdout == b"1000\n/tmp\nok\n"


def test_output_is_removed_when_it_was_read(client, running):
    done = client.execute_command(running, "echo hello", record_output=True)
    client.exec_output(done)
    with pytest.raises(hyperkit.NotFound):
        client.exec_output(done)


def test_not_running(client, name):
    client.create_container(name, alias="busybox")
    with pytest.raises(hyperkit.BadRequest, match="not running"):
        client.execute_command(name, "true")
