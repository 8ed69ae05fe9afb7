"""The server, who is trusted, and the connection to it."""

from pathlib import Path

import pytest

import hyperkit


def test_a_server_says_what_it_is(client, kind):
    server = client.server()
    assert (server.auth, server.environment.server) == ("trusted", kind)
    assert client.has_extension("instances")
    assert not client.has_extension("no_such_extension")
    assert client.root().metadata == ["/1.0"]


def test_a_patch_of_the_configuration_keeps_the_rest(client):
    before = client.server().config
    client.patch_server({"core.proxy_ignore_hosts": "192.0.2.7"})
    changed = client.server()
    etag = client.last_response.headers["ETag"]
    assert changed.config["core.proxy_ignore_hosts"] == "192.0.2.7"
    client.patch_server({"core.proxy_ignore_hosts": ""})
    with pytest.raises(hyperkit.PreconditionFailed):
        client.patch_server({"core.proxy_ignore_hosts": "192.0.2.8"}, etag=etag)
    assert client.server().config == before


def test_an_edit_of_the_configuration_keeps_the_rest(client):
    before = client.server().config
    with client.edit_server() as server:
        server.config["core.proxy_ignore_hosts"] = "192.0.2.7"
    found = client.server(project="default").config
    assert found == {**before, "core.proxy_ignore_hosts": "192.0.2.7"}
    with pytest.raises(hyperkit.PreconditionFailed), client.edit_server() as server:
        client.patch_server({"core.proxy_ignore_hosts": "192.0.2.8"})
        server.config["core.proxy_ignore_hosts"] = "192.0.2.9"
    client.update_server(before)
    assert client.server().config == before


def test_a_server_that_is_alone_may_be_the_target(client):
    # What a server that is in no cluster calls itself.
    assert client.server(target="none").auth == "trusted"
    assert client.resources(target="none").cpu.total > 0
    for call in (client.server, client.resources, client.metrics):
        with pytest.raises(hyperkit.NotFound):
            call(target="nowhere")


def test_resources_tell_memory_and_processors(client):
    found = client.resources()
    assert found.memory.total > 0
    assert found.cpu.total > 0


@pytest.mark.live_only
def test_resources_tell_the_hardware(client):
    found = client.resources()
    [socket, *_] = found.cpu.sockets
    assert (socket["cores"][0]["threads"][0]["online"], socket["socket"]) == (True, 0)
    assert found.system.type in {"physical", "container", "virtual-machine", "unknown"}
    assert all(disk["size"] > 0 for disk in found.storage.disks)


def test_the_keys_of_the_configuration_are_listed(client):
    if not client.has_extension("metadata_configuration"):
        with pytest.raises(hyperkit.MissingExtension, match="metadata_configuration"):
            client.metadata_configuration()
        return
    assert {"instance", "server"} <= set(client.metadata_configuration().configs)


@pytest.mark.live_only
def test_a_hidden_password_survives_an_update(client, lab, kind, newcomer):
    config = client.server().config
    client.update_server(config)
    assert client.server().config == config
    if kind == "lxd":
        assert config["core.trust_password"] is True
        newcomer.create_certificate(password=lab["trust_password"], name="newcomer")
        assert newcomer.server().auth == "trusted"


@pytest.fixture
def newcomer(client, stranger):
    """A client that the server does not know yet, and does not know afterwards."""
    assert stranger.server().auth == "untrusted"
    yield stranger
    fingerprint = hyperkit._trust.pin(stranger.client_cert)
    if fingerprint in client.certificates():
        client.delete_certificate(fingerprint)


@pytest.mark.live_only
def test_a_token_makes_trusted_once(client, newcomer):
    token = client.certificate_token(client.create_certificate(name="newcomer", token=True))
    with pytest.raises(hyperkit.Forbidden):
        newcomer.create_certificate(trust_token=token[:-8] + "AAAAAAA=")
    newcomer.create_certificate(trust_token=token)
    assert newcomer.server().auth == "trusted"
    assert client.certificate_tokens() == []
    assert "newcomer" in [one.name for one in client.certificates(recursion=1)]
    with pytest.raises(hyperkit.BadRequest, match="already trusted"):
        newcomer.create_certificate(trust_token=token)


@pytest.mark.live_only
def test_a_password_makes_trusted(lab, kind, newcomer):
    if kind == "incus":
        with pytest.raises(hyperkit.Error):
            newcomer.create_certificate(password="incus never had one")
        assert newcomer.server().auth == "untrusted"
        return
    with pytest.raises(hyperkit.Forbidden):
        newcomer.create_certificate(password="wrong", name="newcomer")
    newcomer.create_certificate(password=lab["trust_password"], name="newcomer")
    assert newcomer.instances() is not None


@pytest.mark.live_only
def test_a_stranger_is_told_how_to_become_trusted(lab, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("LXD_CONF", "INCUS_CONF", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)
    with hyperkit.Client(
        api_endpoint=lab["https_url"], server_cert=lab["server_certificate"]
    ) as stranger:
        assert stranger.server().auth == "untrusted"
        with pytest.raises(hyperkit.Forbidden, match=r"trust\(token\)"):
            stranger.instances()


@pytest.mark.live_only
def test_many_urls_take_one_connection(client):
    for path in ("/1.0", "/1.0/instances", "/1.0/profiles", "/1.0/profiles/default"):
        client.get(path)
    client.patch_server({"core.proxy_ignore_hosts": ""})
    assert client._link.transport.pool.num_connections == 1


@pytest.mark.live_only
def test_a_fingerprint_will_do_as_pin(lab):
    text = Path(lab["server_certificate"]).read_text()
    fingerprint = hyperkit._trust.pin(text)
    with hyperkit.Client(
        api_endpoint=lab["https_url"],
        client_cert=Path(lab["client_certificate"]).read_text(),
        client_key=Path(lab["client_key"]).read_text(),
        server_cert=fingerprint.upper(),
    ) as client:
        assert client.server().auth == "trusted"
