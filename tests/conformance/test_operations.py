"""Operations: every way in which one can end."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import hyperkit

UNKNOWN = "81a9a5d3-4a3f-4b6a-9d7a-2f1f0d1c2b3a"


def test_success(client, name):
    operation = client.create_container(name, empty=True, sync=False)
    assert operation.id in client.operations()
    assert client.wait_for_operation(f"/1.0/operations/{operation.id}").status == "Success"
    assert client.operation(operation).status_code == 200


def test_failure(client, running):
    operation = client.start_container(running, sync=False)
    with pytest.raises(hyperkit.OperationFailed, match="already running") as caught:
        client.wait_for_operation(operation)
    assert caught.value.operation.status_code == 400
    assert client.operation(operation).err == caught.value.operation.err


def test_a_cancelled_operation_raises_that_it_was(client):
    token = client.create_certificate(name="hyperkit-test", token=True)
    assert (token.class_, token.status) == ("token", "Running")
    [listed] = [one for one in client.operations(recursion=1) if one.id == token.id]
    assert listed.class_ == "token"
    client.cancel_operation(token)
    with pytest.raises(hyperkit.OperationCancelled):
        client.wait_for_operation(token)


def test_a_token_is_never_waited_for(client):
    token = client.create_certificate(name="hyperkit-test", token=True)
    assert client._handle_async(token, sync=True) is token
    client.cancel_operation(token)


def test_operations_of_every_project_are_one_list(client, kind):
    token = client.create_certificate(name="hk-all", token=True)
    try:
        if kind == "incus":
            assert token.id in client.operations(all_projects=True)
        else:
            with pytest.raises(hyperkit.MissingExtension, match="get_query_all_projects"):
                client.operations(all_projects=True)
        with pytest.raises(hyperkit.MissingExtension, match="bulk_operations"):
            client.operations(recursion=2)
    finally:
        client.cancel_operation(token)


@pytest.mark.live_only
def test_a_stranger_waits_with_a_secret(client, stranger):
    image = client.images()[0]
    token = client.create_image_secret(image)
    with pytest.raises(hyperkit.OperationTimeout):
        stranger.wait_for_operation(token.id, timeout=1, secret=token.metadata.secret)
    with pytest.raises(hyperkit.Forbidden):
        stranger.wait_for_operation(token.id, timeout=1, secret="0" * 64)
    client.cancel_operation(token)
    with pytest.raises(hyperkit.OperationError):
        stranger.wait_for_operation(token.id, secret=token.metadata.secret)


@pytest.mark.live_only
def test_an_operation_goes_on_when_the_wait_for_it_is_over(client, running):
    operation = client.execute_command(running, "sleep 3", sync=False)
    with pytest.raises(hyperkit.OperationTimeout) as caught:
        client.wait_for_operation(operation, timeout=0.5)
    assert caught.value.operation.id == operation.id
    assert client.operation(operation).status == "Running"
    assert client.wait_for_operation(operation, timeout=60).status == "Success"


@pytest.mark.live_only
def test_an_operation_that_cannot_be_cancelled_goes_on(client, running):
    operation = client.execute_command(running, "sleep 1", sync=False)
    with pytest.raises(hyperkit.BadRequest, match="cancelled"):
        client.cancel_operation(operation)
    client.wait_for_operation(operation)


def test_an_operation_that_is_gone_has_an_unknown_outcome(client):
    with pytest.raises(hyperkit.OperationGone, match="outcome is unknown"):
        client.wait_for_operation(UNKNOWN)
    with pytest.raises(hyperkit.NotFound):
        client.operation(UNKNOWN)


@pytest.mark.live_only
def test_the_read_timeout_does_not_cut_a_wait(connect, running):
    client = connect(timeout=0.5)
    assert client.execute_command(running, "sleep 2").metadata["return"] == 0


@pytest.mark.live_only
@pytest.mark.fault(
    "server killed and restarted: wait",
    "ConnectionFailed, OperationGone or a `gap`; the work is started once",
)
def test_a_restart_of_the_server_ends_a_wait(client, running, restart):
    operation = client.execute_command(running, "sleep 30", sync=False)
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(client.wait_for_operation, operation, timeout=60)
        time.sleep(0.5)
        restart()
        error = waiting.exception(60)
    # Neither server keeps operations over a restart: no bare connection error comes out.
    assert isinstance(error, hyperkit.OperationError)
    assert client.container_state(running).status == "Running"
