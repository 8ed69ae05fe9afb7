"""Identities, groups and permissions of LXD 6, which LXD 5 and Incus lack."""

import pytest
from surface.samples import CERTIFICATE as PEM
from unit.double import greet

import hyperkit
from hyperkit._token import decode_token


def test_everybody_is_in_one_list(bare, double):
    greet(double, "access_management")
    url = "/1.0/auth/identities"
    double.expect(
        "GET", url, {"tls": [f"{url}/tls/fe"], "oidc": [f"{url}/oidc/jane%40b.c"], "bearer": None}
    )
    assert bare.identities() == ["tls/fe", "oidc/jane@b.c"]
    double.expect("GET", url, [{"name": "Jane"}], query={"recursion": "1"})
    assert [one.name for one in bare.identities(recursion=1)] == ["Jane"]


def test_names_of_people_are_quoted(bare, double):
    greet(double, "access_management", "access_management_tls")
    double.expect("GET", "/1.0/auth/identities/oidc/jane%40b.c", {"groups": []})
    assert bare.oidc_identity("jane@b.c").groups == []
    double.expect("DELETE", "/1.0/auth/identities/tls/a%2Fb%3F%23%25")
    bare.delete_tls_identity("a/b?#%")


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb"])
def test_names_that_nobody_has_send_nothing(bare, name):
    with pytest.raises(hyperkit.InvalidName):
        bare.create_tls_identity(name, certificate=PEM)


def test_a_token_comes_at_once(bare, double):
    greet(double, "access_management_tls")
    token = {
        "client_name": "laptop",
        "fingerprint": "f" * 64,
        "addresses": ["192.0.2.1:8443"],
        "secret": "s",
        "expires_at": "0001-01-01T00:00:00Z",
        "type": "Client certificate",
    }
    body = {"name": "laptop", "token": True, "groups": ["ops"]}
    double.expect("POST", "/1.0/auth/identities/tls", token, body=body)
    issued = bare.create_tls_identity_token("laptop", groups=["ops"])
    assert issued.type == "Client certificate"
    assert decode_token(bare.certificate_token(issued)) == token


def test_a_stranger_sends_nothing_but_the_token(bare, double):
    with pytest.raises(hyperkit.ArgumentError, match="without it"):
        bare.create_tls_identity("laptop", trust_token="t")
    with pytest.raises(hyperkit.ArgumentError, match="trust_token alone"):
        bare.create_tls_identity("laptop")
    greet(double, "access_management_tls")
    double.expect("POST", "/1.0/auth/identities/tls", body={"trust_token": "t"})
    bare.create_tls_identity(trust_token="t")


def test_a_certificate_goes_as_pem(bare, double):
    greet(double, "access_management_tls")
    body = {"name": "laptop", "certificate": PEM}
    double.expect("POST", "/1.0/auth/identities/tls", body=body)
    bare.create_tls_identity("laptop", certificate=PEM.encode())


def test_an_edit_writes_groups_and_certificate_back(bare, double):
    greet(double, "access_management")
    url = "/1.0/auth/identities/tls/laptop"
    double.expect("GET", url, {"name": "laptop", "groups": [], "tls_certificate": PEM})
    double.expect("PUT", url, body={"groups": ["ops"], "tls_certificate": PEM})
    with bare.edit_tls_identity("laptop") as identity:
        identity.groups.append("ops")


def test_only_certificates_are_sent_with_a_certificate(bare, double):
    greet(double, "access_management")
    url = "/1.0/auth/identities/oidc/jane"
    double.expect("GET", url, {"name": "Jane", "groups": ["ops"], "tls_certificate": ""})
    double.expect("PUT", url, body={"groups": []})
    with bare.edit_oidc_identity("jane") as identity:
        identity.groups.clear()


def test_a_bearer_token_is_issued_and_revoked(bare, double):
    greet(double, "auth_bearer", "auth_bearer_devlxd")
    url = "/1.0/auth/identities/bearer"
    double.expect("POST", url, body={"name": "ci", "type": "Client token bearer"})
    bare.create_bearer_identity("ci")
    double.expect("POST", f"{url}/ci/token", {"token": "jwt"}, body={"expiry": "30d"})
    assert bare.create_bearer_token("ci", expiry="30d") == "jwt"
    double.expect("DELETE", f"{url}/ci/token")
    bare.delete_bearer_token("ci")


def test_a_server_may_have_tokens_for_guests_only(bare, double):
    greet(double, "auth_bearer_devlxd")
    with pytest.raises(hyperkit.MissingExtension, match="auth_bearer\\b"):
        bare.create_bearer_identity("ci")
    body = {"name": "ci", "type": "DevLXD token bearer"}
    double.expect("POST", "/1.0/auth/identities/bearer", body=body)
    bare.create_bearer_identity("ci", type="DevLXD token bearer")


def test_permissions_are_asked_for_in_the_words_that_the_server_reads(bare, double):
    greet(double, "access_management")
    query = {"entity-type": "project", "project": "blue"}
    one = {"entity_type": "project", "url": "/1.0/projects/blue", "entitlement": "can_view"}
    double.expect("GET", "/1.0/auth/permissions", [one], query=query)
    found = bare.permissions(entity_type="project", project="blue")
    body = {"name": "viewers", "permissions": [one]}
    double.expect("POST", "/1.0/auth/groups", body=body)
    bare.create_auth_group("viewers", permissions=found)


def test_an_edit_of_a_group_writes_what_can_be_written(bare, double):
    greet(double, "access_management")
    group = {"name": "ops", "description": "", "identities": {}, "permissions": None}
    double.expect("GET", "/1.0/auth/groups/ops", group)
    double.expect("PUT", "/1.0/auth/groups/ops", body={"description": "b", "permissions": []})
    with bare.edit_auth_group("ops") as found:
        found["description"] = "b"
    url = "/1.0/auth/identity-provider-groups/sales"
    double.expect("GET", url, {"name": "sales", "groups": []})
    double.expect("PUT", url, body={"groups": ["ops"]})
    with bare.edit_identity_provider_group("sales") as found:
        found.groups.append("ops")
