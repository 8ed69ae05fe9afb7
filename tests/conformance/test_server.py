"""The server, its certificates, and the connection to it."""

from pathlib import Path

import pytest

import hyperkit

CERTIFICATE = Path(__file__).parent / "data" / "client.crt"


def test_server(client, kind):
    server = client.server()
    assert (server.auth, server.environment.server) == ("trusted", kind)
    assert client.has_extension("instances")
    assert not client.has_extension("no_such_extension")
    assert client.root().metadata == ["/1.0"]


def test_configuration(client):
    before = client.server().config
    client.patch_server({"core.proxy_ignore_hosts": "192.0.2.7"})
    changed = client.server()
    etag = client.last_response.headers["ETag"]
    assert changed.config["core.proxy_ignore_hosts"] == "192.0.2.7"
    client.patch_server({"core.proxy_ignore_hosts": ""})
    with pytest.raises(hyperkit.PreconditionFailed):
        client.patch_server({"core.proxy_ignore_hosts": "192.0.2.8"}, etag=etag)
    assert client.server().config == before


def test_resources(client):
    assert client.resources().memory.total > 0


def test_certificates(client):
    client.create_certificate(CERTIFICATE.read_text(), name="hyperkit-test")
    [mine] = [one for one in client.certificates(recursion=1) if one.name == "hyperkit-test"]
    assert mine.fingerprint in client.certificates()
    assert client.certificate(mine.fingerprint).type == "client"
    client.delete_certificate(mine.fingerprint)
    with pytest.raises(hyperkit.NotFound):
        client.certificate(mine.fingerprint)


@pytest.mark.live_only
def test_stranger(lab, connect, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("LXD_CONF", "INCUS_CONF", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)
    with hyperkit.Client(
        api_endpoint=lab["https_url"], server_cert=lab["server_certificate"]
    ) as stranger:
        assert stranger.server().auth == "untrusted"
        with pytest.raises(hyperkit.Forbidden, match="trust_token"):
            stranger.instances()


@pytest.mark.live_only
def test_one_connection_for_many_urls(client):
    for path in ("/1.0", "/1.0/instances", "/1.0/profiles", "/1.0/profiles/default"):
        client.get(path)
    client.patch_server({"core.proxy_ignore_hosts": ""})
    assert client._link.transport.pool.num_connections == 1


@pytest.mark.live_only
def test_fingerprint_as_pin(lab, connect):
    text = Path(lab["server_certificate"]).read_text()
    fingerprint = hyperkit._trust.pin(text)
    with hyperkit.Client(
        api_endpoint=lab["https_url"],
        client_cert=Path(lab["client_certificate"]).read_text(),
        client_key=Path(lab["client_key"]).read_text(),
        server_cert=fingerprint.upper(),
    ) as client:
        assert client.server().auth == "trusted"
