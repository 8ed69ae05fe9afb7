"""Instances that are waited for: what becomes of them when the wait ends badly."""

import functools

import pytest

import hyperkit


@pytest.fixture
def host(server):
    """A client of a server where somebody has the instance ``db``."""
    client = server.client()
    client.create_instance("db", empty=True)
    return client


def interrupt_the_first_wait(monkeypatch):
    waits = iter([KeyboardInterrupt])
    wait = hyperkit.Client.wait_for_operation

    def interrupted(self, *arguments, **options):
        for error in waits:
            raise error
        return wait(self, *arguments, **options)

    monkeypatch.setattr(hyperkit.Client, "wait_for_operation", interrupted)


def test_an_instance_that_was_there_outlives_a_creation_of_unknown_outcome(server, host):
    server.faults.restart(path="/1.0/operations/*/wait")
    with (
        pytest.raises(hyperkit.OperationGone),
        host.temporary_instance("db", alias="busybox"),
    ):
        pass
    assert host.instances() == ["db"]


def test_an_interrupt_spares_an_instance_that_was_there(host, monkeypatch):
    interrupt_the_first_wait(monkeypatch)
    with pytest.raises(KeyboardInterrupt), host.temporary_instance("db", alias="busybox"):
        pass
    assert host.instances() == ["db"]


@pytest.mark.parametrize("name", [None, "own"])
def test_an_interrupt_leaves_nothing_of_ones_own(host, monkeypatch, name):
    interrupt_the_first_wait(monkeypatch)
    with pytest.raises(KeyboardInterrupt), host.temporary_instance(name, alias="busybox"):
        pass
    assert host.instances() == ["db"]


def test_a_condition_without_a_name_is_named_all_the_same(host):
    frozen = functools.partial(lambda status, state: state.status == status, "Frozen")
    with pytest.raises(hyperkit.InstanceNotReady, match="Frozen"):
        host.wait_for_instance("db", until=frozen, timeout=0)
