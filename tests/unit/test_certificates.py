"""Certificates, and the tokens by which others become trusted."""

import base64
import json

import pytest
from surface.samples import CERTIFICATE as PEM
from unit.double import greet

import hyperkit
from hyperkit._token import decode_token, encode_token
from hyperkit.types import TrustToken

ISSUED = {
    "addresses": ["192.0.2.1:8443"],
    "fingerprint": "f" * 64,
    "request": {"name": "laptop"},
    "secret": "s",
}
PENDING = {"class": "token", "status_code": 103, "id": "u-1", "metadata": ISSUED}


def told(text):
    return json.loads(base64.b64decode(text))


def test_the_text_of_a_token_holds_what_its_operation_says():
    assert told(encode_token(ISSUED)) == {
        "client_name": "laptop",
        "fingerprint": "f" * 64,
        "addresses": ["192.0.2.1:8443"],
        "secret": "s",
        "expires_at": "0001-01-01T00:00:00Z",
    }


def test_a_token_of_a_cluster_member_names_the_member():
    issued = {key: value for key, value in ISSUED.items() if key != "request"}
    end = "2026-01-01T00:00:00Z"
    token = decode_token(encode_token({**issued, "serverName": "node-2", "expiresAt": end}))
    assert (token.server_name, token.secret, token["expires_at"]) == ("node-2", "s", end)


def test_a_token_of_an_identity_keeps_its_type():
    token = TrustToken(decode_token(encode_token(ISSUED)), type="Client certificate")
    assert decode_token(encode_token(token)) == token


@pytest.mark.parametrize(
    "text",
    ["", "§", "eyJh", "W10=", "e30=", base64.b64encode(b'{"client_name": "a"}').decode()],
)
def test_what_is_no_token_is_refused(text):
    with pytest.raises(hyperkit.ArgumentError, match="no token"):
        decode_token(text)


def test_a_broken_token_is_not_repeated():
    with pytest.raises(hyperkit.ArgumentError) as caught:
        decode_token("c2VjcmV0LXRva2Vu")
    assert "c2VjcmV0" not in str(caught.value)


@pytest.mark.parametrize("metadata", [{}, {"secret": "s"}, {**ISSUED, "addresses": []}])
def test_an_operation_without_a_token_has_no_text(bare, metadata):
    with pytest.raises(hyperkit.ArgumentError, match="issued no token|names no address"):
        bare.certificate_token({"class": "token", "metadata": metadata})


def test_a_token_is_found_by_the_uuid_of_its_operation(bare, double):
    double.expect("GET", "/1.0/operations/u-1", PENDING)
    assert told(bare.certificate_token("u-1"))["client_name"] == "laptop"


def test_only_pending_tokens_are_listed_of_the_project_default(bare, double):
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
def test_a_token_goes_where_the_server_looks_for_it(bare, double, extensions, server, field):
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


def test_a_change_takes_a_certificate_as_pem(bare, double):
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
