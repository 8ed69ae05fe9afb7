"""Waiting for many operations, and for instances."""

import hashlib
import signal
import threading
import time

import pytest
from conformance.archives import METADATA, archive
from conformance.image_server import serving_image

import hyperkit

pytestmark = [pytest.mark.live_only, pytest.mark.usefixtures("nothing_left_behind")]


@pytest.fixture
def names(name):
    """The names of five instances, which are gone before and after."""
    return [f"{name}-{number}" for number in range(5)]


def test_a_batch_waits_in_waves(client, names):
    told = []
    with client.batch(on_progress=lambda *one: told.append(one[:2])) as batch:
        for name in names:
            assert batch.create_container(name, alias="busybox").status == "Running"
        created = batch.wait()
        assert [one.status for one in created] == ["Success"] * 5
        assert [one.resources["instances"][0].split("/")[-1] for one in created] == names
        for name in names:
            batch.start_container(name)
    assert told == [(done, 5) for done in (1, 2, 3, 4, 5)] * 2
    assert {client.container_state(name).status for name in names} == {"Running"}
    with client.batch() as batch:
        for name in names:
            batch.stop_container(name, force=True)
    assert client.auto_sync is True


def test_a_block_that_lasts_longer_than_servers_remember(client, names, later):
    with client.batch() as batch:
        batch.create_container(names[0], alias="busybox")
        time.sleep(1)
        later(6)
        [created] = batch.wait()
    assert created.status == "Success"


def test_failures_come_together(client, names):
    client.create_container(names[0], alias="busybox")
    client.start_container(names[0])
    with pytest.raises(hyperkit.ErrorGroup, match="2 of 3") as caught, client.batch() as batch:
        batch.create_container(names[1], alias="busybox")
        batch.start_container(names[0])
        batch.start_container(names[0])
    assert [type(one) for one in caught.value.exceptions] == [hyperkit.OperationFailed] * 2
    assert caught.value.exceptions[0].operation.status_code == 400
    assert names[1] in client.instances()


def test_what_is_created_is_started_on_every_server(client, names):
    told = []
    with client.batch(on_progress=lambda done, total, text: told.append((done, total))) as batch:
        for name in names[:3]:
            batch.create_container(name, alias="busybox", start=True)
    assert {client.container_state(name).status for name in names[:3]} == {"Running"}
    in_one_call = client.has_extension("instance_create_start")
    assert told[-1] == ((3, 3) if in_one_call else (6, 6))


def test_what_is_not_created_is_not_started(client, names):
    client.create_container(names[0], alias="busybox")
    with pytest.raises(hyperkit.ErrorGroup, match="^1 of ") as caught, client.batch() as batch:
        for name in names[:2]:
            batch.create_container(name, alias="busybox", start=True)
    assert [type(one) for one in caught.value.exceptions] == [hyperkit.OperationConflict]
    assert client.container_state(names[0]).status == "Stopped"
    assert client.container_state(names[1]).status == "Running"


def test_a_block_that_raises_still_waits(client, names):
    client.create_container(names[0], alias="busybox")
    client.start_container(names[0])
    with pytest.raises(ZeroDivisionError) as caught, client.batch() as batch:
        batch.create_container(names[1], alias="busybox")
        batch.start_container(names[0])
        raise ZeroDivisionError
    assert names[1] in client.instances()
    assert len(caught.value.__notes__) == 1


@pytest.mark.parametrize("options", [{"on_error": "cancel"}, {"cancel_on_interrupt": True}])
def test_a_block_that_raises_cancels_if_asked(client, options):
    image = archive({"metadata.yaml": METADATA, "rootfs": None, "mark": b"cancelled"})
    fingerprint = hashlib.sha256(image).hexdigest()
    if fingerprint in client.images():
        client.delete_image(fingerprint)
    asked, go_on = threading.Event(), threading.Event()

    def hold():
        asked.set()
        go_on.wait(20)

    with serving_image(image, "tiny", hold) as url:
        with pytest.raises(KeyboardInterrupt) as caught, client.batch(**options) as batch:
            batch.create_image_from_url(f"{url}/page")
            assert asked.wait(20)
            raise KeyboardInterrupt
        assert len(caught.value.__notes__) == 1
        go_on.set()
    assert fingerprint not in client.images()


def test_sync_within_a_batch_waits(client, names):
    with client.batch() as batch:
        assert batch.create_container(names[0], empty=True, sync=True).status == "Success"
        assert batch.wait() == []


def test_many_operations_over_few_connections(client, names):
    started = [client.create_container(name, alias="busybox", sync=False) for name in names]
    done = []
    ended = client.wait_for_operations(started, on_done=done.append)
    assert [one.id for one in ended] == [one.id for one in started]
    assert {one.id for one in done} == {one.id for one in started}
    assert client._link.transport.pool.num_connections <= 2


def test_results_of_operations_that_have_just_ended(client, names, later):
    started = [client.create_container(name, empty=True, sync=False) for name in names]
    time.sleep(2)
    assert {one.status for one in client.wait_for_operations(started)} == {"Success"}
    later(6)
    with pytest.raises(ExceptionGroup) as caught:
        client.wait_for_operations(started)
    assert {type(one) for one in caught.value.exceptions} == {hyperkit.OperationGone}


def test_what_is_too_late_is_named(client, running):
    slow = client.execute_command(running, "sleep 6", sync=False)
    quick = client.execute_command(running, "true", sync=False)
    with pytest.raises(ExceptionGroup, match="1 of 2") as caught:
        client.wait_for_operations([slow, quick], timeout=2)
    assert client.operation(slow).status == "Running"
    [error] = caught.value.exceptions
    assert isinstance(error, hyperkit.OperationTimeout)
    assert error.operation.id == slow.id
    client.wait_for_operation(slow)


def test_a_token_is_not_waited_for(client):
    token = client.create_certificate(name="hyperkit-test", token=True)
    assert client.wait_for_operations([token]) == [token]
    client.cancel_operation(token)


@pytest.mark.parametrize("cancel", [True, False])
def test_an_interrupt_cancels_if_asked(client, cancel):
    token = client.create_certificate(name="hyperkit-test", token=True)
    arguments = threading.main_thread().ident, signal.SIGINT
    timer = threading.Timer(0.5, signal.pthread_kill, arguments)
    # What runs in the background of a shell inherits that the signal is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            client.wait_for_operation(token, timeout=10, cancel_on_interrupt=cancel)
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    if cancel:
        with pytest.raises((hyperkit.OperationCancelled, hyperkit.NotFound)):
            client.wait_for_operation(token, timeout=5)
    else:
        assert client.operation(token).status == "Running"
        client.cancel_operation(token)


def test_an_instance_is_waited_for_until_it_has_an_address(client, running):
    state = client.wait_for_instance(running, until="ip", timeout=30)
    cards = [card for card in state.network if card != "lo"]
    scopes = {one.scope for card in cards for one in state.network[card].addresses}
    assert "global" in scopes
    assert client.wait_for_instance(running, until="agent").processes > 0


def test_a_wait_sees_what_another_thread_does(client, name):
    client.create_container(name, alias="busybox", ephemeral=True)
    timer = threading.Timer(0.5, client.start_container, [name])
    timer.start()
    assert client.wait_for_instance(name, timeout=20).status == "Running"
    timer.join()
    timer = threading.Timer(0.5, client.stop_container, [name], {"force": True})
    timer.start()
    assert client.wait_for_instance(name, until="stopped", timeout=20).status == "Stopped"
    timer.join()


def test_what_is_not_ready_in_time_says_what_it_is(client, name):
    client.create_container(name, alias="busybox")
    with pytest.raises(hyperkit.InstanceNotReady, match="it is Stopped") as caught:
        client.wait_for_instance(name, timeout=0.5)
    assert isinstance(caught.value, TimeoutError)
    with pytest.raises(hyperkit.NotFound):
        client.wait_for_instance(f"{name}-no")


def test_cloud_init_is_waited_for_and_its_failure_told(client, running):
    script = '#!/bin/sh\n[ "$*" = "status --wait" ] || exit 9\nsleep 1\nexit $(cat /code)\n'
    client.write_file(running, "/bin/cloud-init", content=script, mode=0o755)
    client.write_file(running, "/code", content="2")
    begin = time.monotonic()
    client.wait_for_instance(running, until="cloud-init", timeout=30)
    assert time.monotonic() - begin >= 1
    client.write_file(running, "/code", content="1")
    with pytest.raises(hyperkit.CalledProcessError, match="cloud-init"):
        client.wait_for_instance(running, until="cloud-init", timeout=30)
    with pytest.raises(hyperkit.InstanceNotReady, match="cloud-init"):
        client.wait_for_instance(running, until="cloud-init", timeout=0.3)


def test_a_condition_may_be_ones_own(client, running):
    seen = []
    state = client.wait_for_instance(running, until=lambda state: seen.append(state) or seen[2:])
    assert state.status == "Running"
    assert len(seen) == 3


def test_a_launch_waits_until_it_is_ready(client, name):
    state = client.launch_instance(name, alias="busybox", until="ip", timeout=30)
    assert state.status == "Running"


def test_a_temporary_instance_is_gone_afterwards(client, name):
    with client.temporary_instance(name, alias="busybox") as same:
        assert client.run(same, "true").returncode == 0
    assert name not in client.instances()
    with (
        pytest.raises(ZeroDivisionError),
        client.temporary_instance(alias="busybox") as other,
    ):
        raise ZeroDivisionError
    assert other not in client.instances()


def test_a_temporary_instance_spares_one_that_is_there(client, name):
    client.create_container(name, empty=True)
    with (
        pytest.raises((hyperkit.OperationFailed, hyperkit.InternalServerError)),
        client.temporary_instance(name, alias="busybox"),
    ):
        pass
    assert name in client.instances()
