"""Certificates, tokens, and the identities of LXD 6."""

import base64
import json
from pathlib import Path

import pytest
from unit.double import greet

import hyperkit
from hyperkit._token import decode_token, encode_token
from hyperkit.types import TrustToken

PEM = (Path(__file__).parent.parent / "conformance" / "data" / "client.crt").read_text()
ISSUED = {
    "addresses": ["192.0.2.1:8443"],
    "fingerprint": "f" * 64,
    "request": {"name": "laptop"},
    "secret": "s",
}
PENDING = {"class": "token", "status_code": 103, "id": "u-1", "metadata": ISSUED}
HOSTILE = ["", ".", "..", "a\nb"]


def told(text):
    return json.loads(base64.b64decode(text))


def test_a_token_of_a_certificate():
    assert told(encode_token(ISSUED)) == {
        "client_name": "laptop",
        "fingerprint": "f" * 64,
        "addresses": ["192.0.2.1:8443"],
        "secret": "s",
        "expires_at": "0001-01-01T00:00:00Z",
    }


def test_a_token_of_a_cluster_member():
    issued = {key: value for key, value in ISSUED.items() if key != "request"}
    end = "2026-01-01T00:00:00Z"
    token = decode_token(encode_token({**issued, "serverName": "node-2", "expiresAt": end}))
    assert (token.server_name, token.secret, token["expires_at"]) == ("node-2", "s", end)


def test_a_token_that_an_identity_got():
    token = TrustToken(decode_token(encode_token(ISSUED)), type="Client certificate")
    assert decode_token(encode_token(token)) == token


@pytest.mark.parametrize(
    "text",
    ["", "§", "eyJh", "W10=", "e30=", base64.b64encode(b'{"client_name": "a"}').decode()],
)
def test_what_is_no_token(text):
    with pytest.raises(hyperkit.ArgumentError, match="no token"):
        decode_token(text)


def test_a_broken_token_is_not_repeated():
    with pytest.raises(hyperkit.ArgumentError) as caught:
        decode_token("c2VjcmV0LXRva2Vu")
    assert "c2VjcmV0" not in str(caught.value)


@pytest.mark.parametrize("metadata", [{}, {"secret": "s"}, {**ISSUED, "addresses": []}])
def test_an_operation_without_a_token(bare, metadata):
    with pytest.raises(hyperkit.ArgumentError, match="issued no token"):
        bare.certificate_token({"class": "token", "metadata": metadata})


def test_the_text_of_a_token_by_uuid(bare, double):
    double.expect("GET", "/1.0/operations/u-1", PENDING)
    assert told(bare.certificate_token("u-1"))["client_name"] == "laptop"


def test_pending_tokens_only(bare, double):
    groups = {
        "running": [
            PENDING,
            {**PENDING, "metadata": {"secret": "s"}},
            {**PENDING, "class": "task"},
        ],
        "cancelled": [{**PENDING, "status_code": 401}],
    }
    query = {"recursion": "1", "project": "default"}
    double.expect("GET", "/1.0/operations", groups, query=query)
    [token] = bare.using(project="blue").certificate_tokens()
    assert token == PENDING


@pytest.mark.parametrize(
    ("extensions", "server", "field"),
    [
        ((), "lxd", "password"),
        (("explicit_trust_token",), "lxd", "trust_token"),
        ((), "incus", "trust_token"),
    ],
)
def test_where_a_token_goes(bare, double, extensions, server, field):
    greet(double, *extensions, server=server)
    double.expect("POST", "/1.0/certificates", body={"type": "client", field: "t"})
    bare.create_certificate(trust_token="t")


@pytest.mark.parametrize(
    ("arguments", "extension"),
    [
        ({"token": True}, "certificate_token"),
        ({"description": "mine"}, "certificate_description"),
        ({"restricted": True}, "certificate_project"),
        ({"type": "metrics"}, "metrics"),
    ],
)
def test_what_would_be_left_out_is_refused(client, arguments, extension):
    with pytest.raises(hyperkit.MissingExtension, match=extension):
        client.create_certificate(**arguments)


def test_a_change_takes_pem(bare, double):
    greet(double, "certificate_update", "patch")
    double.expect("PATCH", "/1.0/certificates/f%2Fe", body={"certificate": PEM})
    bare.patch_certificate("f/e", cert=PEM)
    body = {"name": "a", "projects": [], "restricted": False, "type": "client"}
    double.expect("PUT", "/1.0/certificates/f", body=body)
    bare.update_certificate("f", name="a", restricted=False, etag='"x"')
    assert double.headers[-1]["If-Match"] == '"x"'
    with pytest.raises(hyperkit.ArgumentError, match="PEM"):
        bare.patch_certificate("f", cert="-----BEGIN CERTIFICATE-----")


def test_bounds_cannot_be_lost_by_omission(bare):
    with pytest.raises(TypeError, match="restricted"):
        bare.update_certificate("f", name="a")


def test_editing_sends_back_all_that_can_be_changed(bare, double):
    greet(double, "certificate_update", "patch")
    found = {
        "certificate": PEM,
        "fingerprint": "f",
        "name": "a",
        "projects": ["blue"],
        "restricted": True,
        "type": "client",
    }
    double.expect("GET", "/1.0/certificates/f", found)
    changed = {**found, "name": "b"}
    del changed["fingerprint"]
    double.expect("PUT", "/1.0/certificates/f", body=changed)
    with bare.edit_certificate("f") as certificate:
        certificate["name"] = "b"


# Identities, which LXD 5 and Incus lack.


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("auth_group", ["a"]),
        ("auth_groups", []),
        ("bearer_identities", []),
        ("bearer_identity", ["a"]),
        ("create_auth_group", ["a"]),
        ("create_bearer_identity", ["a"]),
        ("create_bearer_token", ["a"]),
        ("create_identity_provider_group", ["a"]),
        ("create_tls_identity_token", ["a"]),
        ("current_identity", []),
        ("delete_auth_group", ["a"]),
        ("delete_bearer_identity", ["a"]),
        ("delete_bearer_token", ["a"]),
        ("delete_identity_provider_group", ["a"]),
        ("delete_oidc_identity", ["a"]),
        ("delete_oidc_session", ["a"]),
        ("delete_tls_identity", ["a"]),
        ("identities", []),
        ("identity_provider_group", ["a"]),
        ("identity_provider_groups", []),
        ("oidc_identities", []),
        ("oidc_identity", ["a"]),
        ("oidc_session", ["a"]),
        ("oidc_sessions", []),
        ("patch_auth_group", ["a"]),
        ("patch_identity_provider_group", ["a"]),
        ("patch_oidc_identity", ["a"]),
        ("patch_tls_identity", ["a"]),
        ("permissions", []),
        ("rename_auth_group", ["a", "b"]),
        ("rename_identity_provider_group", ["a", "b"]),
        ("tls_identities", []),
        ("tls_identity", ["a"]),
        ("update_auth_group", ["a"]),
        ("update_bearer_identity", ["a"]),
        ("update_identity_provider_group", ["a"]),
    ],
)
def test_a_server_without_identities(client, name, arguments):
    with pytest.raises(hyperkit.MissingExtension, match=r"(access_management|auth_)\w*.*LXD"):
        getattr(client, name)(*arguments)


def test_everybody_in_one_list(bare, double):
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


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_nobody_has_send_nothing(bare, name):
    for call in (
        lambda: bare.tls_identity(name),
        lambda: bare.create_tls_identity(name, certificate=PEM),
        lambda: bare.create_tls_identity_token(name),
        lambda: bare.create_bearer_identity(name),
        lambda: bare.create_bearer_token(name),
        lambda: bare.create_auth_group(name),
        lambda: bare.rename_auth_group("a", name),
        lambda: bare.create_identity_provider_group(name),
        lambda: bare.rename_identity_provider_group("a", name),
        lambda: bare.oidc_session(name),
    ):
        with pytest.raises(hyperkit.InvalidName):
            call()


def test_a_token_comes_at_once(bare, double):
    greet(double, "access_management_tls")
    token = {**told(encode_token(ISSUED)), "type": "Client certificate"}
    body = {"name": "laptop", "token": True, "groups": ["ops"]}
    double.expect("POST", "/1.0/auth/identities/tls", token, body=body)
    issued = bare.create_tls_identity_token("laptop", groups=["ops"])
    assert (issued.type, told(bare.certificate_token(issued))) == ("Client certificate", token)


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


def test_editing_an_identity(bare, double):
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


def test_bearer_tokens(bare, double):
    greet(double, "auth_bearer", "auth_bearer_devlxd")
    url = "/1.0/auth/identities/bearer"
    double.expect("POST", url, body={"name": "ci", "type": "Client token bearer"})
    bare.create_bearer_identity("ci")
    double.expect("POST", f"{url}/ci/token", {"token": "jwt"}, body={"expiry": "30d"})
    assert bare.create_bearer_token("ci", expiry="30d") == "jwt"
    double.expect("DELETE", f"{url}/ci/token")
    bare.delete_bearer_token("ci")


def test_a_server_whose_tokens_are_for_guests_only(bare, double):
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


def test_editing_groups(bare, double):
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
