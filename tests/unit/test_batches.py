"""Batches: what is waited for, and whose error comes out of the block."""

import pytest

import hyperkit
from hyperkit.testing import Server

SHARED = ["features.images", "features.profiles"]


@pytest.fixture
def slow():
    """A server that takes its time, and starts what it creates by a second request."""
    with Server("lxd-5.0", pace=0.5) as server:
        yield server


def test_what_a_client_of_another_project_starts_is_waited_for(server):
    client = server.client()
    client.create_project("blue", config=dict.fromkeys(SHARED, False))
    with client.batch() as batch:
        blue = batch.using(project="blue")
        batch.create_instance("first", empty=True)
        batch.wait()
        blue.create_instance("second", empty=True)
        assert len(batch.wait()) == 1


def test_what_was_late_is_waited_for_again(slow):
    client = slow.client()
    with client.batch() as batch:
        batch.create_instance("web", alias="busybox", start=True)
        with pytest.raises(hyperkit.ErrorGroup) as caught:
            batch.wait(timeout=0)
        assert caught.group_contains(hyperkit.OperationTimeout)
        assert len(batch.wait()) == 2
    assert client.instance("web").status == "Running"


def test_the_end_of_the_block_waits_for_what_was_late(slow):
    with pytest.raises(hyperkit.ErrorGroup, match="1 of 1"), slow.client().batch() as batch:
        slow.faults.fail("No space left on device")
        batch.create_instance("web", alias="busybox")
        with pytest.raises(hyperkit.ErrorGroup):
            batch.wait(timeout=0)


def test_the_error_of_the_block_comes_out_of_it_whatever_else_is_wrong(slow, monkeypatch):
    monkeypatch.setattr("hyperkit._events.AWAY", 0)
    with pytest.raises(KeyboardInterrupt) as caught, slow.client().batch() as batch:
        batch.create_instance("web", alias="busybox")
        slow.stop()
        raise KeyboardInterrupt
    assert caught.value.__notes__[0].startswith("In the batch: ")
