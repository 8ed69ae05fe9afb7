"""Certificates, tokens, and whom LXD 6 knows besides."""

import contextlib
from pathlib import Path

import pytest

import hyperkit
from hyperkit._token import decode_token

DATA = Path(__file__).parent / "data"
FIRST, SECOND = (DATA / "client.crt").read_text(), (DATA / "other.crt").read_text()
FINGERPRINTS = hyperkit._trust.pin(FIRST), hyperkit._trust.pin(SECOND)


@pytest.fixture
def certificate(client):
    """The fingerprint of a certificate that is trusted, and is not afterwards."""
    client.create_certificate(FIRST, name="hk-one")
    yield FINGERPRINTS[0]
    remove(client)


@pytest.fixture
def clean(client):
    """Nothing that a test makes trusted is trusted afterwards."""
    yield
    remove(client)


def remove(client):
    for fingerprint in FINGERPRINTS:
        with contextlib.suppress(hyperkit.NotFound):
            client.delete_certificate(fingerprint)


def test_life_of_a_certificate(client, certificate):
    [mine] = [one for one in client.certificates(recursion=1) if one.name == "hk-one"]
    assert mine.fingerprint == certificate
    assert certificate in client.certificates()
    assert client.certificate(certificate[:20]).type == "client"
    client.patch_certificate(certificate, name="hk-two", projects=["default"], restricted=True)
    found = client.certificate(certificate)
    etag = client.last_response.headers["ETag"]
    assert (found.name, found.projects, found.restricted) == ("hk-two", ["default"], True)
    with client.edit_certificate(certificate) as found:
        found["name"] = "hk-three"
    found = client.certificate(certificate)
    assert (found.name, found.projects, found.restricted) == ("hk-three", ["default"], True)
    with pytest.raises(hyperkit.PreconditionFailed):
        client.update_certificate(certificate, name="hk-four", restricted=False, etag=etag)
    client.update_certificate(certificate, name="hk-four", restricted=False)
    found = client.certificate(certificate)
    assert (found.name, found.projects, found.restricted) == ("hk-four", [], False)
    client.delete_certificate(certificate)
    with pytest.raises(hyperkit.NotFound):
        client.certificate(certificate)


def test_another_certificate_takes_its_place(client, certificate):
    client.patch_certificate(certificate, cert=SECOND)
    found = client.certificate(FINGERPRINTS[1])
    assert found.name == "hk-one"
    with pytest.raises(hyperkit.NotFound):
        client.certificate(certificate)
    client.update_certificate(FINGERPRINTS[1], cert=FIRST, name="hk-one", restricted=False)
    assert client.certificate(certificate).name == "hk-one"


def test_the_kind_of_a_certificate_stays(client, clean):
    client.create_certificate(FIRST, name="hk-metrics", type="metrics")
    assert client.certificate(FINGERPRINTS[0]).type == "metrics"
    with pytest.raises(hyperkit.ClientError, match="type cannot be changed"):
        client.update_certificate(FINGERPRINTS[0], name="hk-metrics", restricted=False)


def test_descriptions_are_kept_and_lists_filtered(client, clean, kind):
    if kind == "lxd":
        with pytest.raises(hyperkit.MissingExtension, match="certificate_description"):
            client.create_certificate(FIRST, name="hk-one", description="Mine")
        return
    client.create_certificate(FIRST, name="hk-one", description="Mine")
    [found] = client.certificates(filter="name eq hk-one", recursion=1)
    assert found.description == "Mine"
    client.patch_certificate(FINGERPRINTS[0], description="Yours")
    assert client.certificate(FINGERPRINTS[0]).description == "Yours"


def test_a_token_is_pending_until_it_is_cancelled(client):
    operation = client.create_certificate(
        name="hk-token", projects=["default"], restricted=True, token=True
    )
    try:
        [pending] = [
            one for one in client.certificate_tokens() if one.metadata.request.name == "hk-token"
        ]
        assert (pending.id, pending.metadata.request.restricted) == (operation.id, True)
        text = client.certificate_token(pending.id)
        assert text == client.certificate_token(operation)
        token = decode_token(text)
        assert (token.client_name, token.expires_at) == ("hk-token", None)
        assert token.addresses == operation.metadata.addresses
    finally:
        client.cancel_operation(operation)
    assert operation.id not in [one.id for one in client.certificate_tokens()]


def test_a_token_expires_when_the_server_says_so(client):
    client.patch_server({"core.remote_token_expiry": "1H"})
    try:
        operation = client.create_certificate(name="hk-token", token=True)
        token = decode_token(client.certificate_token(operation))
        client.cancel_operation(operation)
    finally:
        client.patch_server({"core.remote_token_expiry": ""})
    assert token.expires_at > operation.created_at


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.auth_groups(),
        lambda client: client.bearer_identities(),
        lambda client: client.create_tls_identity("hk-one", certificate=FIRST),
        lambda client: client.current_identity(),
        lambda client: client.identities(recursion=1),
        lambda client: client.identity_provider_groups(),
        lambda client: client.oidc_identities(),
        lambda client: client.oidc_sessions(),
        lambda client: client.permissions(),
        lambda client: client.tls_identities(),
    ],
)
@pytest.mark.live_only
def test_identities_are_missing_and_said_so(client, call):
    with pytest.raises(hyperkit.MissingExtension, match=r"(5\.0\.2|6\.0\.4|7\.0\.)"):
        call(client)
