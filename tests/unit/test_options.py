import pickle
import socket
from pathlib import Path
from unittest import mock

import pytest

import hyperkit
from hyperkit import _endpoint, _options, errors


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


@pytest.mark.parametrize(
    ("name", "meant"), [("endpoint", "api_endpoint"), ("project", "default_project")]
)
def test_what_other_clients_call_an_option(name, meant):
    for owner in (hyperkit, hyperkit.Client()):
        with pytest.raises(AttributeError, match=f"no option '{name}': did you mean '{meant}'"):
            setattr(owner, name, "blue")
    assert callable(hyperkit.project)


def test_paths_of_any_kind():
    client = hyperkit.Client(server_cert=Path("server.crt"))
    client.client_key = Path("/etc/client.key")
    hyperkit.api_endpoint = Path("/run/unix.socket")
    assert (client.server_cert, client.client_key) == ("server.crt", "/etc/client.key")
    assert hyperkit.api_endpoint == "/run/unix.socket"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"auto_sync": "no"}, "auto_sync must be True or False, not str."),
        ({"client_key": b"-----BEGIN"}, "client_key must be text or None, not bytes."),
        ({"timeout": "5"}, "timeout must be a number of seconds, a pair of them, or None"),
    ],
)
def test_values_of_the_wrong_type(options, words):
    for use in (lambda: hyperkit.Client(**options), lambda: hyperkit.configure(**options)):
        with pytest.raises(hyperkit.ArgumentError, match=f"^{words}"):
            use()


def test_tools_for_tests_put_options_back():
    with mock.patch.object(hyperkit, "auto_sync", new=False):
        assert hyperkit.auto_sync is False
    assert hyperkit.auto_sync is True
    hyperkit.timeout = 5
    del hyperkit.timeout
    assert hyperkit.timeout == 60


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


KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.Error)
]


ARGUMENTS = {
    errors.ErrorGroup: ("2 of 3 operations did not succeed", [errors.Error("It went wrong.")]),
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
