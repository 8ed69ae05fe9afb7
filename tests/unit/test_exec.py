"""Commands whose output the server keeps: what is asked for, and what is read afterwards."""

from pathlib import PurePosixPath

import pytest
from unit.double import error, operation, started

import hyperkit

COMMON = {"environment": {}, "interactive": False, "wait-for-websocket": False}
OUTPUT = "/1.0/instances/web/logs/exec_u-1"


def test_a_string_is_split_as_a_shell_would(client, double):
    double.expect(
        "POST",
        "/1.0/instances/web/exec",
        raw=started(),
        body={**COMMON, "command": ["echo", "two words"], "environment": {"A": "true"}},
    )
    client.run_command("web", "echo 'two words'", environment={"A": True}, sync=False)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "at least one word"),
        ([], "at least one word"),
        ("echo '", "split"),
        (["a", 1], "Word 2 .* int"),
        ([b"a"], "Word 1"),
        (5, "list of words, not int"),
    ],
)
def test_what_is_no_command_is_refused(bare, command, said):
    with pytest.raises(hyperkit.ArgumentError, match=said):
        bare.execute_command("web", command)


def test_words_and_the_folder_may_be_paths(client, double):
    body = {**COMMON, "command": ["/bin/ls", "-l"], "cwd": "/srv"}
    double.expect("POST", "/1.0/instances/web/exec", raw=started(), body=body)
    command = [PurePosixPath("/bin/ls"), "-l"]
    client.execute_command("web", command, cwd=PurePosixPath("/srv"), sync=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"user": "root"}, "user must be a number, not 'root'.*id -u root"),
        ({"group": "wheel"}, "group must be a number.*id -g wheel"),
        ({"user": True}, "number"),
        ({"group": -1}, "0 or more"),
    ],
)
def test_users_and_groups_are_numbers(bare, arguments, said):
    for call in (bare.run, bare.popen, bare.execute_command):
        with pytest.raises(hyperkit.ArgumentError, match=said):
            call("web", "true", **arguments)


def test_arguments_that_exclude_each_other_are_refused(bare):
    for arguments in ({"interactive": True}, {"record_output": True, "wait_for_websocket": True}):
        with pytest.raises(hyperkit.ArgumentError):
            bare.execute_command("web", "true", **arguments)


def test_127_is_a_result(client, double):
    ended = operation(400, "Failure", err="Command not found", metadata={"return": 127})
    double.expect(
        "POST", "/1.0/instances/web/exec", raw=started(), body={**COMMON, "command": ["nope"]}
    )
    double.expect_wait(raw=error(400, "Command not found"))
    double.expect("GET", "/1.0/operations/u-1", ended)
    assert client.execute_command("web", "nope").metadata["return"] == 127


def test_output_is_read_and_then_removed(client, double):
    done = hyperkit.Operation(
        operation(metadata={"output": {"1": f"{OUTPUT}.stdout", "2": f"{OUTPUT}.stderr"}})
    )
    double.expect("GET", f"{OUTPUT}.stdout", raw=b"\x00\xff")
    double.expect("GET", f"{OUTPUT}.stderr", raw=b"")
    double.expect("DELETE", f"{OUTPUT}.stdout")
    double.expect("DELETE", f"{OUTPUT}.stderr")
    assert client.exec_output(done) == (b"\x00\xff", b"")


@pytest.mark.parametrize(
    "url", ["/1.0/instances/web", "/1.0/instances/x/logs/../../y", "http://h/"]
)
def test_output_that_is_said_to_be_elsewhere_is_not_read(client, url):
    done = hyperkit.Operation(operation(metadata={"output": {"1": url, "2": url}}))
    with pytest.raises(hyperkit.ArgumentError):
        client.exec_output(done)


def test_output_that_was_not_recorded_cannot_be_read(client):
    with pytest.raises(hyperkit.ArgumentError, match="record_output"):
        client.exec_output(hyperkit.Operation(operation()))
