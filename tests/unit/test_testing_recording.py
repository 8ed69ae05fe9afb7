"""Recordings for users' own tests."""

import json

import pytest

import hyperkit
from hyperkit.testing import RecordingMismatch, Server, record, replay


def life(client):
    client.create_container("web", alias="busybox", config={"user.password": "geheim"})
    client.write_file("web", "/root/a", content=b"\x00\xff")
    assert client.read_file("web", "/root/a") == b"\x00\xff"
    with client.edit_instance("web") as instance:
        instance.config["user.b"] = "1"
    token = client.create_certificate(name="new", token=True)
    client.cancel_operation(token)
    client.delete_container("web")
    with pytest.raises(hyperkit.NotFound):
        client.instance("web")


@pytest.fixture
def path(tmp_path):
    with Server() as server, record(tmp_path / "life.json", api_endpoint=server.url) as client:
        life(client)
    return tmp_path / "life.json"


def test_the_same_without_the_server(path):
    with replay(path) as client:
        life(client)


def test_secrets_are_gone(path):
    text = path.read_text()
    assert "geheim" not in text
    assert "BEGIN CERTIFICATE" not in text
    [token] = [
        one["answer"]["text"]
        for one in json.loads(text)
        if one["request"]["url"] == "/1.0/certificates"
    ]
    assert '"secret":"<secret>"' in token


def test_another_question(path):
    with pytest.raises(RecordingMismatch, match="was recorded"), replay(path) as client:
        client.create_container("db", alias="busybox")


def test_fewer_questions(path):
    with pytest.raises(RecordingMismatch, match="more requests"), replay(path) as client:
        client.server()


def test_more_questions(tmp_path):
    with Server() as server, record(tmp_path / "one.json", api_endpoint=server.url) as client:
        client.server()
    with (
        pytest.raises(RecordingMismatch, match="at its end"),
        replay(tmp_path / "one.json") as one,
    ):
        one.server()
        one.profiles()


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.run("web", ["true"]),
        lambda client: client.launch_instance("new", alias="busybox"),
        lambda client: client.wait_for_instance("web"),
        lambda client: client.batch().__enter__(),
        lambda client: client.using(project="default").events().__enter__(),
    ],
)
def test_what_needs_a_websocket_is_refused_when_it_is_recorded(tmp_path, call):
    with Server() as server:
        server.client().launch_instance("web", alias="busybox")
        refused = pytest.raises(RecordingMismatch, match="needs a websocket")
        with refused, record(tmp_path / "one.json", api_endpoint=server.url) as client:
            call(client)


def test_what_needs_a_websocket_is_refused_when_it_is_replayed(path):
    refused = pytest.raises(RecordingMismatch, match="needs a websocket")
    with refused, replay(path) as client, client.events():
        pass
