"""Options: of the module, of clients, and of the environment."""

import pickle
from pathlib import Path
from unittest import mock

import pytest

import hyperkit
from hyperkit import _options


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


def test_a_misspelt_method_says_what_was_meant():
    with pytest.raises(AttributeError, match="'create_instnace': did you mean 'create_instance'"):
        assert hyperkit.Client().create_instnace
    assert not hasattr(hyperkit.Client(), "_create_instance")


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


@pytest.mark.parametrize(
    ("option", "seconds", "words"),
    [
        ("operation_timeout", -5, "operation_timeout must be 0 seconds or more, not -5."),
        ("operation_timeout", float("nan"), "operation_timeout must be 0 seconds or more"),
        ("timeout", 0, "timeout must be above 0 seconds, not 0."),
        ("timeout", -1, "timeout must be above 0 seconds, not -1."),
        ("timeout", (1, 0), "timeout must be above 0 seconds, not 0."),
        ("timeout", (1, 2, 3), "timeout must be a number of seconds, a pair of them, or None."),
        ("timeout", (1, "2"), "timeout must be a number of seconds, a pair of them, or None."),
    ],
)
def test_a_time_that_cannot_be_is_refused_when_it_is_set(option, seconds, words):
    client = hyperkit.Client()
    with pytest.raises(hyperkit.ArgumentError, match=f"^{words}"):
        setattr(client, option, seconds)
    assert getattr(client, option) != seconds


def test_a_wait_that_only_looks_can_be_an_option():
    assert hyperkit.Client(operation_timeout=0).operation_timeout == 0


def test_tools_for_tests_put_options_back():
    with mock.patch.object(hyperkit, "auto_sync", new=False):
        assert hyperkit.auto_sync is False
    assert hyperkit.auto_sync is True
    hyperkit.timeout = 5
    del hyperkit.timeout
    assert hyperkit.timeout == 60


def test_attributes_that_are_no_slip_can_be_set(monkeypatch):
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
def test_a_variable_can_say_no(word):
    assert _options.defaults({"HYPERKIT_AUTO_SYNC": word})["auto_sync"] is False


def test_a_variable_that_says_neither_yes_nor_no_is_refused():
    with pytest.raises(hyperkit.ArgumentError, match="maybe"):
        _options.defaults({"HYPERKIT_AUTO_SYNC": "maybe"})


def test_the_variable_of_the_ruby_library_names_the_key():
    assert _options.defaults({"HYPERKIT_KEY": "k"})["client_key"] == "k"


def test_a_client_pickles():
    client = pickle.loads(pickle.dumps(hyperkit.Client(api_endpoint="/a", auto_sync=False)))
    assert (client.api_endpoint, client.auto_sync) == ("/a", False)
