"""Clusters: tokens, joining and leaving, and what is checked before anything is sent."""

import base64
import json
from pathlib import Path

import pytest
from unit.double import error, greet, operation, started
from unit.servers import envelope, key_pair, serving, shaking_hands, tls

import hyperkit
from hyperkit._trust import pin


def token_operation(fingerprint="f" * 64, **metadata):
    found = {
        "addresses": ["10.0.0.1:8443"],
        "expiresAt": "2040-01-01T00:00:00Z",
        "fingerprint": fingerprint,
        "secret": "s3",
        "serverName": "node-4",
    }
    return operation(103, "Running", metadata=found | metadata) | {"class": "token"}


def token_for(certificate, addresses=("10.0.0.1:8443",)):
    issued = token_operation(pin(certificate), addresses=list(addresses))
    return hyperkit.cluster_join_token(issued)


@pytest.fixture
def pair(tmp_path):
    """The paths of a certificate and its key."""
    return key_pair(tmp_path, "cluster")


# Tokens


def test_a_token_is_never_waited_for(bare, double):
    greet(double, "clustering_join_token")
    issued = {**started(), "metadata": token_operation()}
    double.expect("POST", "/1.0/cluster/members", raw=issued, body={"server_name": "node-4"})
    assert bare.create_cluster_join_token("node-4").status == "Running"


def test_the_text_of_a_token_holds_what_its_operation_says():
    issued = token_operation(entity_url="/1.0")
    text = hyperkit.cluster_join_token(issued)
    assert json.loads(base64.b64decode(text)) == {
        "server_name": "node-4",
        "fingerprint": "f" * 64,
        "addresses": ["10.0.0.1:8443"],
        "secret": "s3",
        "expires_at": "2040-01-01T00:00:00Z",
    }


@pytest.mark.parametrize("metadata", [None, {}, {"request": {"name": "laptop"}, "secret": "s"}])
def test_an_operation_that_issued_no_token_has_no_text(metadata):
    with pytest.raises(hyperkit.ArgumentError, match="issued no token|names no address"):
        hyperkit.cluster_join_token({"metadata": metadata})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no base64",
        base64.b64encode(b"no JSON").decode(),
        base64.b64encode(b"[1]").decode(),
        base64.b64encode(b'{"client_name": "laptop", "secret": "s3cret"}').decode(),
        base64.b64encode(
            b'{"server_name": "a", "fingerprint": "", "addresses": [], "secret": "s3cret"}'
        ).decode(),
        "\u00e9",
    ],
)
def test_what_is_no_token_is_not_repeated(bare, text):
    with pytest.raises(hyperkit.ArgumentError, match="no token|no join token") as caught:
        bare.join_cluster(text, server_address="10.0.0.4:8443")
    assert "s3cret" not in str(caught.value)
    assert text == "" or text not in str(caught.value)


# Joining


@pytest.mark.parametrize(
    ("extensions", "field"),
    [
        (["clustering"], "cluster_password"),
        (["clustering", "explicit_trust_token"], "cluster_token"),
    ],
)
def test_a_token_goes_where_the_server_looks_for_it(bare, double, pair, extensions, field):
    certificate = Path(pair[0]).read_text()
    token = token_for(certificate)
    greet(double, *extensions)
    double.expect(
        "PUT",
        "/1.0/cluster",
        raw=started(),
        body={
            "cluster_address": "10.0.0.1:8443",
            "cluster_certificate": certificate,
            field: token,
            "enabled": True,
            "member_config": [
                {"entity": "storage-pool", "name": "default", "key": "size", "value": "5"}
            ],
            "server_address": "10.0.0.4:8443",
            "server_name": "node-4",
        },
    )
    double.expect_wait()
    key = {"entity": "storage-pool", "name": "default", "key": "size", "value": 5}
    done = bare.join_cluster(
        token,
        cluster_certificate=pair[0],
        member_config=[key],
        server_address="10.0.0.4:8443",
    )
    assert done.status == "Success"


def test_another_certificate_than_the_tokens_is_refused(bare, tmp_path, pair):
    [other, _] = key_pair(tmp_path, "other")
    with pytest.raises(hyperkit.UntrustedServer, match="Nothing was sent"):
        bare.join_cluster(
            token_for(pair[0]), cluster_certificate=other, server_address="10.0.0.4:8443"
        )


def test_the_cluster_is_asked_for_its_certificate(bare, double, pair):
    greet(double, "clustering")
    with serving(
        ("127.0.0.1", 0), lambda request: (200, {}, envelope()), context=tls(*pair)
    ) as there:
        token = token_for(pair[0], ["127.0.0.1:1", there.place])
        double.expect(
            "PUT",
            "/1.0/cluster",
            raw=started(),
            body={
                "cluster_address": there.place,
                "cluster_certificate": Path(pair[0]).read_text(),
                "cluster_password": token,
                "enabled": True,
                "server_address": "10.0.0.4:8443",
                "server_name": "node-4",
            },
        )
        bare.join_cluster(token, server_address="10.0.0.4:8443", sync=False)
        assert (there.connections, there.requests) == (1, [])


def test_somebody_else_who_answers_sees_neither_request_nor_certificate(
    bare, double, tmp_path, pair
):
    greet(double, "clustering")
    bare.client_cert, bare.client_key = mine = key_pair(tmp_path, "mine")
    with shaking_hands(key_pair(tmp_path, "between"), mine[0]) as (place, seen):
        with pytest.raises(hyperkit.UntrustedServer, match=f"{place} shows another"):
            bare.join_cluster(
                token_for(pair[0]), cluster_address=place, server_address="10.0.0.4:8443"
            )
    assert seen == [(None, b"")]


def test_every_address_that_did_not_answer_is_named(bare, double, pair):
    greet(double, "clustering")
    token = token_for(pair[0], ["127.0.0.1:1", "127.0.0.1:2"])
    with pytest.raises(
        hyperkit.ConnectionFailed, match=r"127\.0\.0\.1:1, 127\.0\.0\.1:2.*cluster_certificate"
    ):
        bare.join_cluster(token, server_address="10.0.0.4:8443")


def test_a_server_that_knows_us_no_more_says_to_ask_the_cluster(bare, double, pair):
    greet(double, "clustering")
    double.expect("PUT", "/1.0/cluster", raw=started(), body=joining(pair))
    double.expect_wait(raw=error(403, "not authorized"), status=403)
    double.expect("GET", "/1.0/operations/u-1", raw=error(403, "not authorized"), status=403)
    with pytest.raises(hyperkit.OperationGone, match="Ask the cluster"):
        bare.join_cluster(
            token_for(pair[0]), cluster_certificate=pair[0], server_address="10.0.0.4:8443"
        )


def joining(pair):
    return {
        "cluster_address": "10.0.0.1:8443",
        "cluster_certificate": Path(pair[0]).read_text(),
        "cluster_password": token_for(pair[0]),
        "enabled": True,
        "server_address": "10.0.0.4:8443",
        "server_name": "node-4",
    }


# Leaving


def expect_cluster(double, *others, enabled=True):
    double.expect("GET", "/1.0/cluster", {"enabled": enabled, "server_name": "node-1"})
    if enabled:
        members = [f"/1.0/cluster/members/{name}" for name in ("node-1", *others)]
        double.expect("GET", "/1.0/cluster/members", members)


def test_disabling_waits_until_the_server_is_back(bare, double):
    greet(double, "clustering")
    expect_cluster(double)
    double.expect("PUT", "/1.0/cluster", body={"enabled": False})
    double.expect("GET", "/1.0/cluster", raw=error(500, "database is closed"), status=500)
    for _ in range(2):
        double.expect("GET", "/1.0/cluster", raw=ConnectionResetError("reset"))
    double.expect("GET", "/1.0/cluster", raw=error(503, "starting"), status=503)
    double.expect("GET", "/1.0/cluster", {"enabled": False})
    assert bare.disable_cluster().status == "Success"


def test_a_server_that_comes_back_as_a_stranger_is_back(bare, double):
    greet(double, "clustering")
    expect_cluster(double)
    double.expect("PUT", "/1.0/cluster", body={"enabled": False})
    double.expect("GET", "/1.0/cluster", raw=error(403, "not authorized"), status=403)
    assert bare.disable_cluster().status == "Success"


def test_a_server_that_goes_before_its_answer_is_out(bare, double):
    greet(double, "clustering")
    expect_cluster(double)
    double.expect(
        "PUT", "/1.0/cluster", raw=ConnectionResetError("reset"), body={"enabled": False}
    )
    double.expect("GET", "/1.0/cluster", raw=ConnectionResetError("reset"))
    double.expect("GET", "/1.0/cluster", {"enabled": False})
    assert bare.disable_cluster().status == "Success"


def test_a_server_that_never_heard_of_it_has_not_left(bare, double):
    bare.operation_timeout = 0.0
    greet(double, "clustering")
    expect_cluster(double)
    double.expect(
        "PUT", "/1.0/cluster", raw=ConnectionResetError("reset"), body={"enabled": False}
    )
    with pytest.raises(hyperkit.ConnectionFailed):
        bare.disable_cluster()


def test_a_server_that_does_not_come_back_is_waited_for_no_longer(bare, double):
    bare.operation_timeout = 0.0
    greet(double, "clustering")
    expect_cluster(double)
    double.expect("PUT", "/1.0/cluster", body={"enabled": False})
    with pytest.raises(hyperkit.OperationTimeout, match="not come back within 0 seconds"):
        bare.disable_cluster()


def test_disabling_need_not_wait(bare, double):
    greet(double, "clustering")
    expect_cluster(double, "node-2")
    double.expect("PUT", "/1.0/cluster", body={"enabled": False})
    assert bare.disable_cluster(force=True, sync=False).status == "Success"


def test_what_would_lose_a_database_is_refused(bare, double):
    greet(double, "clustering")
    expect_cluster(double, enabled=False)
    with pytest.raises(hyperkit.ArgumentError, match="not part of a cluster"):
        bare.disable_cluster(force=True)
    expect_cluster(double, "node-3", "node-2")
    with pytest.raises(hyperkit.ArgumentError, match=r"\(node-2, node-3\)"):
        bare.disable_cluster()
    with pytest.raises(hyperkit.ArgumentError, match="without target"):
        bare.using(target="node-2").disable_cluster(force=True)


def test_a_key_and_a_certificate_are_paths_or_text(bare, double, pair):
    greet(double, "clustering_update_cert")
    certificate, key = (Path(place).read_text() for place in pair)
    body = {"cluster_certificate": certificate, "cluster_certificate_key": key}
    for given in (pair, (certificate, key)):
        double.expect("PUT", "/1.0/cluster/certificate", body=body)
        bare.update_cluster_certificate(certificate=given[0], key=given[1])
    with pytest.raises(hyperkit.CertificateError, match="key /nowhere cannot be read"):
        bare.update_cluster_certificate(certificate=certificate, key="/nowhere")
