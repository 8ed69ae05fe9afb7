import json
import pickle
import socket
from datetime import UTC, datetime

import pytest

import hyperkit
from hyperkit import _endpoint, _options, errors
from hyperkit._resource import Resource


@pytest.fixture(autouse=True)
def restored():
    yield
    hyperkit.reset()


def test_a_variable_of_the_module_is_the_default_clients_option():
    before = hyperkit.Client()
    hyperkit.auto_sync = False
    assert hyperkit.default_client().auto_sync is False
    assert hyperkit.Client().auto_sync is False
    assert hyperkit.Client(auto_sync=True).auto_sync is True
    assert before.auto_sync is True
    hyperkit.reset()
    assert hyperkit.auto_sync is True


def test_configure_sets_all_or_none():
    hyperkit.configure(auto_sync=False, default_project="blue")
    assert hyperkit.default_client().same_options({"auto_sync": False, "default_project": "blue"})
    with pytest.raises(TypeError, match="'auto_snyc': did you mean 'auto_sync'"):
        hyperkit.configure(default_project="red", auto_snyc=True)
    assert hyperkit.default_project == "blue"
    with pytest.raises(TypeError, match="'colour': the options are api_endpoint, auto_sync"):
        hyperkit.configure(colour="red")


def test_a_misspelt_option_is_not_set_in_silence():
    client = hyperkit.Client()
    for owner in (hyperkit, client):
        with pytest.raises(AttributeError, match="no option 'timout': did you mean 'timeout'"):
            owner.timout = 5
        assert not hasattr(owner, "timout")


def test_other_attributes_can_be_set(monkeypatch):
    """Methods are replaced in tests, and classes of others have attributes of their own."""

    class Inventory(hyperkit.Client):
        pass

    client = Inventory()
    client.targets = ["a"]
    for owner in (hyperkit, client, hyperkit.Client()):
        monkeypatch.setattr(owner, "server", "something else")
        monkeypatch.setattr(owner, "server_name", "vm", raising=False)
        assert owner.server == "something else"


@pytest.mark.parametrize("word", ["0", "false", "NO", "off"])
def test_no_in_the_environment(word):
    assert _options.defaults({"HYPERKIT_AUTO_SYNC": word})["auto_sync"] is False


def test_neither_yes_nor_no():
    with pytest.raises(hyperkit.ArgumentError, match="maybe"):
        _options.defaults({"HYPERKIT_AUTO_SYNC": "maybe"})


def test_the_parents_name_for_the_key():
    assert _options.defaults({"HYPERKIT_KEY": "k"})["client_key"] == "k"


@pytest.mark.parametrize(
    ("text", "base", "socket"),
    [
        ("https://host", "https://host:8443", None),
        ("https://host:1/", "https://host:1", None),
        ("https://[::1]:1", "https://[::1]:1", None),
        ("http://host", "http://host", None),
        ("unix:///a/b", _endpoint.SOCKET_BASE, "/a/b"),
        ("/a/b", _endpoint.SOCKET_BASE, "/a/b"),
    ],
)
def test_endpoints(text, base, socket):
    assert _endpoint.parse(text)[:2] == (base, socket)


@pytest.mark.parametrize(
    "text", ["host", "ftp://host", "https://", "https://h:x", "https://u:p@h"]
)
def test_what_is_no_endpoint(text):
    with pytest.raises(hyperkit.ArgumentError) as caught:
        _endpoint.parse(text)
    assert "u:p" not in str(caught.value)


def test_a_socket_that_one_may_not_use_is_named(tmp_path, monkeypatch):
    place = tmp_path / "unix.socket"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        monkeypatch.setattr(_endpoint.os, "access", lambda place, mode: False)
        found = _endpoint.parse(None, {"LXD_SOCKET": str(place)})
        assert found.socket is None
        assert f"the socket {place}, only {place.owner()} and the group" in found.explain()
        assert "join the group" in _endpoint.Endpoint("", str(place)).explain()


def test_a_place_that_cannot_be_looked_at_is_no_socket(monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_endpoint.Path, "is_socket", refuse)
    assert _endpoint.parse(None, {}).socket is None


def test_a_client_pickles():
    client = pickle.loads(pickle.dumps(hyperkit.Client(api_endpoint="/a", auto_sync=False)))
    assert (client.api_endpoint, client.auto_sync) == ("/a", False)


def test_attributes_are_python_and_items_the_wire():
    text = '{"class": "task", "created_at": "2026-01-02T03:04:05.123456789Z", "last_used_at": "0001-01-01T00:00:00Z", "x": {"y": 1}}'
    resource = json.loads(text, object_hook=Resource)
    assert resource.class_ == "task"
    assert resource.created_at == datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)
    assert resource.last_used_at is None
    assert resource.x.y == 1
    assert resource == json.loads(text)
    assert json.loads(json.dumps(resource)) == resource
    assert pickle.loads(pickle.dumps(resource)) == resource
    with pytest.raises(AttributeError, match="z"):
        _ = resource.z
    assert {"class_", "created_at", "x", "items"} <= set(dir(resource))


def test_a_misspelt_field_is_met_with_a_hint():
    found = hyperkit.Resource(status="Running")
    with pytest.raises(
        AttributeError, match="^The Resource has no field 'statsu': did you mean 's"
    ):
        found.statsu  # noqa: B018
    assert not hasattr(found, "colour")


KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.Error)
]


ARGUMENTS = {
    errors.CalledProcessError: ("web", 1, ["ls", "/a b"], "", "ls: no such file\n"),
    errors.InstanceNotReady: ("web", "ip", 2.5, None),
    errors.MissingExtension: ("ext", "This"),
    errors.TimeoutExpired: ("web", ["sleep", "9"], 0.5, b"so far"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_pickles_and_speaks(kind):
    error = kind(*ARGUMENTS.get(kind, ("It went wrong.",)))
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert " " in str(again)
    assert again.__dict__ == error.__dict__
