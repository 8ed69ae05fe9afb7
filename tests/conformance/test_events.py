"""Listening to what happens."""

import threading

import pytest

import hyperkit

pytestmark = [pytest.mark.live_only, pytest.mark.usefixtures("nothing_left_behind")]


def test_what_happens_in_the_block_is_heard(client, name):
    with client.events(types=["lifecycle", "operation"], timeout=2) as events:
        started = client.create_container(name, empty=True, sync=False)
        heard = list(events)
    operations = [one for one in heard if one.type == "operation"]
    assert {one.metadata.id for one in operations} == {started.id}
    assert operations[-1].metadata.status == "Success"
    [made] = [one for one in heard if one.type == "lifecycle"]
    assert made.metadata.action in {"instance-created", "container-created"}
    assert name in made.metadata.source
    assert made.timestamp.tzinfo is not None


def test_a_type_that_no_server_has_is_refused(client):
    with pytest.raises(hyperkit.APIError, match="weather"), client.events(types="weather"):
        pass


def test_types_are_judged_by_the_server(client, kind):
    for name, known in (("ovn", False), ("security", False), ("network-acl", kind == "incus")):
        if known:
            with client.events(types=name, timeout=0.1) as events:
                assert list(events) == []
        else:
            with pytest.raises(hyperkit.APIError, match=name), client.events(types=name):
                pass


def test_another_project_is_not_heard(client, name):
    client.post("/1.0/projects", {"name": "hk-other", "config": {"features.images": "false"}})
    try:
        with client.events(types="lifecycle", project="hk-other", timeout=1) as events:
            client.create_container(name, empty=True)
            assert list(events) == []
        with client.events(types="lifecycle", all_projects=True, timeout=1) as events:
            client.delete_container(name)
            assert [one.project for one in events] == ["default"]
    finally:
        client.delete("/1.0/projects/hk-other")


def test_another_thread_ends_it(client):
    with client.events() as events:
        timer = threading.Timer(0.3, events.close)
        timer.start()
        assert all(event.type for event in events)
        timer.join()
        assert list(events) == []


@pytest.mark.fault(
    "server killed and restarted: events",
    "ConnectionFailed, OperationGone or a `gap`; the work is started once",
)
def test_a_restart_is_a_gap(client, restart, name):
    with client.events(types="lifecycle", timeout=30) as events:
        client.create_container(name, empty=True)
        assert next(events).metadata.source.endswith(name)
        restart()
        assert next(events).type == "gap"
        client.delete_container(name)
        while (event := next(events)).metadata.get("action") != "instance-deleted":
            assert event.type in {"lifecycle", "gap"}


def test_a_restart_without_coming_back_is_an_error(client, restart):
    with client.events(types="lifecycle", timeout=30, reconnect=False) as events:
        restart()
        with pytest.raises(hyperkit.ConnectionFailed):
            next(events)


def test_a_misspelt_type_is_met_with_a_hint(client):
    with pytest.raises(hyperkit.ArgumentError, match="'lifecyle': did you mean 'lifecycle'"):
        client.events(types=["operation", "lifecyle"])
