"""Clients that are narrower than the one they come from."""

import pickle

import pytest
from unit.double import greet, started

import hyperkit


def test_project_and_target_go_with_every_request(client, double):
    blue = client.using(project="blue", target="node-2")
    double.expect("GET", "/1.0/profiles", [], query={"project": "blue", "target": "node-2"})
    double.expect("GET", "/1.0/profiles", [])
    assert blue.profiles() == client.profiles() == []


def test_what_is_not_given_stays(client, double):
    client.default_project = "blue"
    double.expect("DELETE", "/1.0/instances/web", raw=started(), query={"project": "blue"})
    client.using(auto_sync=False).delete_instance("web")
    assert client.auto_sync


def test_the_connection_is_shared_and_the_server_asked_once(client):
    narrow = client.using(project="blue")
    assert narrow.has_extension("instances")
    assert narrow._connected() is client._connected()
    narrow.close()
    assert narrow._connected() is client._connected()


def test_later_changes_stay_apart(client):
    narrow = client.using(project="blue")
    client.default_project = "red"
    assert narrow.default_project == "blue"
    narrow.api_endpoint = "https://other.test:8443"
    narrow.session = None
    assert narrow._connected() is not client._connected()


def test_a_copy_has_a_connection_of_its_own():
    narrow = hyperkit.Client(api_endpoint="https://lxd.test:8443").using(project="blue")
    again = pickle.loads(pickle.dumps(narrow))
    assert again.default_project == "blue"
    assert again._connected() is not narrow._connected()


@pytest.mark.parametrize(
    ("scope", "extension"), [({"project": "blue"}, "projects"), ({"target": "a"}, "clustering")]
)
def test_what_an_old_server_does_not_have_is_no_scope(met, scope, extension):
    narrow = met(lacks={extension}).using(**scope)
    for call in (narrow.delete_instance, narrow.instance, narrow.console_log):
        with pytest.raises(hyperkit.MissingExtension, match=f'"{extension}"'):
            call("web")


def test_a_server_is_asked_before_a_change_in_a_project(bare, double):
    greet(double, lacks={"projects"}, query={"project": "blue"})
    with pytest.raises(hyperkit.MissingExtension):
        bare.using(project="blue").delete_profile("small")


def test_the_default_project_is_that_of_old_servers_too(met, double):
    narrow = met(lacks={"projects"}).using(project="default")
    double.expect("GET", "/1.0/profiles", [], query={"project": "default"})
    assert narrow.profiles() == []


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb"])
def test_names_that_none_has_are_refused(client, name):
    with pytest.raises(hyperkit.InvalidName):
        client.using(project=name)
    with pytest.raises(hyperkit.InvalidName):
        client.using(target=name)


def test_it_shows_where_it_leads(client):
    shown = repr(client.using(project="blue"))
    assert shown == "<Client api_endpoint='https://lxd.test:8443', server='lxd', project='blue'>"


def test_names_that_are_no_utf8_are_asked_for_as_servers_list_them(client, double):
    double.expect("GET", "/1.0/a", query={"path": "/\ufffd"})
    client.get("/1.0/a", params={"path": "/\udcff"})


def test_half_a_character_in_a_query_is_refused(client):
    with pytest.raises(hyperkit.ArgumentError, match="UTF-8"):
        client.get("/1.0/a", params={"path": "\ud800"})


def test_half_a_character_in_a_name_is_refused(client):
    with pytest.raises(hyperkit.InvalidName, match="UTF-8"):
        client.profile("\ud800")
