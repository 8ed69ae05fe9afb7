"""Identities of the embedded server, and what they may do."""

import pytest
from unit.servers import key_pair

import hyperkit
from hyperkit.testing import Server

ADMIN = {"entity_type": "server", "url": "/1.0", "entitlement": "admin"}
VIEWER = {"entity_type": "project", "url": "/1.0/projects/default", "entitlement": "viewer"}


@pytest.fixture
def lxd():
    with Server("lxd-6", tls=True) as server:
        yield server


def stranger_of(server, folder, name="stranger"):
    certificate, key = key_pair(folder, name)
    return server.client(client_cert=certificate, client_key=key)


def test_what_an_identity_may_do(lxd, tmp_path):
    client = lxd.client()
    client.create_auth_group("admins", permissions=[ADMIN])
    client.create_auth_group("viewers", permissions=[VIEWER])
    text = client.certificate_token(client.create_tls_identity_token("laptop", groups=["viewers"]))
    stranger = stranger_of(lxd, tmp_path)
    with pytest.raises(hyperkit.Forbidden):
        stranger.instances()
    stranger.create_tls_identity(trust_token=text)
    with pytest.raises(hyperkit.Forbidden):
        stranger_of(lxd, tmp_path, "late").create_tls_identity(trust_token=text)
    assert stranger.instances() == []
    found = stranger.current_identity()
    assert (found.name, found.fine_grained) == ("laptop", True)
    assert [dict(one) for one in found.effective_permissions] == [VIEWER]
    with pytest.raises(hyperkit.Forbidden):
        stranger.create_instance("web", empty=True)
    client.patch_tls_identity("laptop", groups=["admins"])
    assert stranger.create_instance("web", empty=True).status == "Success"
    client.delete_auth_group("admins")
    assert client.tls_identity("laptop").groups == ["viewers"]
    client.delete_tls_identity("laptop")
    with pytest.raises(hyperkit.Forbidden):
        stranger.instances()


def test_a_bearer_of_a_token(lxd):
    client = lxd.client()
    client.create_auth_group("admins", permissions=[ADMIN])
    client.create_bearer_identity("ci", groups=["admins"])
    token = client.create_bearer_token("ci", expiry="30d")
    with hyperkit.Client(api_endpoint=lxd.url, token=token, server_cert=lxd.certificate) as bearer:
        assert bearer.current_identity().name == "ci"
        assert bearer.instances() == []
        lxd.clock.advance(31 * 86400)
        with pytest.raises(hyperkit.APIError):
            bearer.instances()
    with pytest.raises(hyperkit.BadRequest, match="Invalid expiry expression"):
        client.create_bearer_token("ci", expiry="month")
    token = client.create_bearer_token("ci")
    client.delete_bearer_token("ci")
    with hyperkit.Client(api_endpoint=lxd.url, token=token, server_cert=lxd.certificate) as bearer:
        with pytest.raises(hyperkit.APIError):
            bearer.instances()


def test_a_permission_that_cannot_be_weighed(lxd, tmp_path):
    client = lxd.client()
    client.create_instance("web", empty=True)
    exact = {"entity_type": "instance", "url": "/1.0/instances/web", "entitlement": "can_exec"}
    client.create_auth_group("few", permissions=[exact])
    certificate, key = key_pair(tmp_path, "few")
    client.create_tls_identity("few", certificate=certificate, groups=["few"])
    one = lxd.client(client_cert=certificate, client_key=key)
    with pytest.raises(hyperkit.NotImplementedByServer, match="can_exec on a instance"):
        one.instances()


def test_somebody_logs_in(lxd):
    client = lxd.client()
    client.create_auth_group("viewers")
    client.create_identity_provider_group("sales", groups=["viewers"])
    lxd.add_user("jane@example.net", groups=["sales"], name="Jane")
    assert client.oidc_identity("jane@example.net").groups == ["viewers"]
    assert client.auth_group("viewers").identities["oidc"] == ["jane@example.net"]
    [session] = client.oidc_sessions(email="jane@example.net")
    client.delete_oidc_session(session)
    assert client.oidc_sessions() == []
    with Server() as incus, pytest.raises(hyperkit.ArgumentError, match="keep no identities"):
        incus.add_user("jane@example.net")


def test_old_certificates_are_identities_that_stay_as_they_are(lxd):
    client = lxd.client()
    [one] = client.tls_identities(recursion=1)
    assert one.type == "Client certificate (unrestricted)"
    with pytest.raises(hyperkit.NotImplementedByServer, match="cannot be modified"):
        client.update_tls_identity(one.id, groups=[])


@pytest.fixture(params=["lxd-5.0", "lxd-6", "incus-6.0", "incus-7"])
def laptop(request, tmp_path):
    certificate, key = key_pair(tmp_path, "laptop")
    with Server(request.param, tls=True) as server, server.client() as client:
        client.create_project("blue")
        client.create_project("red")
        client.create_container("web", empty=True)
        client.create_certificate(certificate, name="laptop", restricted=True, projects=["blue"])
        with server.client(client_cert=certificate, client_key=key) as laptop:
            yield laptop


@pytest.mark.parametrize(
    "work",
    [
        lambda laptop: laptop.instances(),
        lambda laptop: laptop.delete_instance("web"),
        lambda laptop: laptop.project("red"),
        lambda laptop: laptop.patch_server({"user.a": "b"}),
        lambda laptop: laptop.patch_project("blue", description="mine"),
        lambda laptop: laptop.create_project("green"),
        lambda laptop: laptop.create_storage_pool("fast", driver="dir"),
        lambda laptop: laptop.create_trust_token("other"),
        lambda laptop: laptop.warnings(),
        lambda laptop: laptop.patch_certificate(mine(laptop), restricted=False),
        lambda laptop: laptop.update_certificate(mine(laptop), name="laptop", restricted=False),
        lambda laptop: laptop.get("/1.0/events?all-projects=true"),
    ],
)
def test_a_restricted_client_may_do_nothing_outside_its_projects(laptop, work):
    with pytest.raises(hyperkit.Forbidden):
        work(laptop)


def test_a_restricted_client_works_in_its_projects_and_looks_around(laptop):
    assert laptop.projects() == ["blue"]
    assert laptop.server().config is None
    assert laptop.storage_pools() == ["default"]
    assert [one.public for one in laptop.images(recursion=1)] == [True]
    laptop.default_project = "blue"
    disk = {"root": {"type": "disk", "path": "/", "pool": "default"}}
    laptop.create_instance("db", empty=True, devices=disk)
    assert laptop.instances() == ["db"]
    laptop.default_project = None
    if laptop.server().environment.server_version != "6.0.4":
        assert [one.name for one in laptop.instances(all_projects=True, recursion=1)] == ["db"]


def mine(laptop):
    [found] = [one for one in laptop.certificates(recursion=1) if one.name == "laptop"]
    return found.fingerprint
