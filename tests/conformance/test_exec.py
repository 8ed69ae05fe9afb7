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


def test_files_of_recorded_output(client, running, kind):
    client.execute_command(running, "echo hello", record_output=True)
    if kind == "lxd":
        # LXD 5.0 has them among the logs, and takes the list's name for that of a log.
        with pytest.raises(hyperkit.BadRequest):
            client.exec_outputs(running)
        [file] = [one for one in client.logs(running) if one.endswith(".stdout")]
        with pytest.raises(hyperkit.NotFound):
            client.exec_output_file(running, file)
        with pytest.raises(hyperkit.NotFound):
            client.delete_exec_output_file(running, file)
        return
    files = client.exec_outputs(running)
    assert {file[-7:] for file in files} == {".stdout", ".stderr"}
    [file] = [one for one in files if one.endswith(".stdout")]
    assert client.exec_output_file(running, file) == b"hello\n"
    client.delete_exec_output_file(running, file)
    assert file not in client.exec_outputs(running)
    with pytest.raises(hyperkit.NotFound):
        client.exec_output_file(running, file)
    with pytest.raises(hyperkit.BadRequest):
        client.exec_output_file(running, "passwd")


def test_not_running(client, name):
    client.create_container(name, alias="busybox")
    with pytest.raises(hyperkit.BadRequest, match="not running"):
        client.execute_command(name, "true")
