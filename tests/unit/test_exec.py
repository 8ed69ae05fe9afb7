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


@pytest.mark.parametrize("command", ["", [], "echo '", ["a", 1]])
def test_bad_commands(bare, command):
    with pytest.raises(hyperkit.ArgumentError):
        bare.execute_command("web", command)


def test_arguments_that_exclude_each_other(bare):
    for arguments in ({"interactive": True}, {"record_output": True, "wait_for_websocket": True}):
        with pytest.raises(hyperkit.ArgumentError):
            bare.execute_command("web", "true", **arguments)


def test_127_is_a_result(client, double):
    ended = operation(400, "Failure", err="Command not found", metadata={"return": 127})
    double.expect(
        "POST", "/1.0/instances/web/exec", raw=started(), body={**COMMON, "command": ["nope"]}
    )
    double.expect(
        "GET",
        "/1.0/operations/u-1/wait",
        query={"timeout": "30"},
        raw=error(400, "Command not found"),
    )
    double.expect("GET", "/1.0/operations/u-1", ended)
    assert client.execute_command("web", "nope").metadata["return"] == 127


def test_output_is_read_then_removed(client, double):
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
def test_a_server_that_lies_about_the_output(client, url):
    done = hyperkit.Operation(operation(metadata={"output": {"1": url, "2": url}}))
    with pytest.raises(hyperkit.ArgumentError):
        client.exec_output(done)


def test_nothing_recorded(client):
    with pytest.raises(hyperkit.ArgumentError, match="record_output"):
        client.exec_output(hyperkit.Operation(operation()))
