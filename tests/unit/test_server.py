"""The server's configuration, metrics, warnings and resources."""

import sys

import pytest
from unit.double import greet

import hyperkit

TEXT = b"""# HELP lxd_uptime_seconds The daemon uptime in seconds.
# TYPE lxd_uptime_seconds counter
lxd_uptime_seconds 16.5
# TYPE lxd_filesystem_size_bytes gauge
lxd_filesystem_size_bytes{device="",mountpoint="/a \\"b\\" \\\\ {c}",name="web"} 8.4e+10
# EOF
"""


def test_a_hidden_password_is_not_set_to_true(client, double):
    config = {"core.trust_password": True, "core.bgp_asn": 1, "cluster.x": True}
    sent = {"core.trust_password": True, "core.bgp_asn": "1", "cluster.x": "true"}
    double.expect("PUT", "/1.0", body={"config": sent}, query={"target": "node-2"})
    client.update_server(config, target="node-2")
    double.expect("GET", "/1.0", {"config": {"core.trust_password": True}})
    sent = {"core.trust_password": True, "user.a": "1"}
    double.expect("PUT", "/1.0", body={"config": sent})
    with client.edit_server() as server:
        server.config["user.a"] = 1


def test_samples_keep_the_servers_names(bare, double):
    greet(double, "metrics")
    double.expect("GET", "/1.0/metrics", raw=TEXT, query={"project": "a", "target": "b"})
    labels = {"device": "", "mountpoint": '/a "b" \\ {c}', "name": "web"}
    assert bare.metric_samples(project="a", target="b") == [
        ("lxd_uptime_seconds", {}, 16.5),
        ("lxd_filesystem_size_bytes", labels, 8.4e10),
    ]


@pytest.mark.parametrize("raw", [b"<html>", b"a{b=", b"a b c d"])
def test_what_is_no_metrics_is_refused(bare, double, raw):
    greet(double, "metrics")
    double.expect("GET", "/1.0/metrics", raw=raw)
    with pytest.raises(hyperkit.InvalidResponse, match="Prometheus"):
        bare.metric_samples()


def test_samples_without_the_extra_ask_for_nothing(bare, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client.parser", None)
    with pytest.raises(hyperkit.MissingExtra, match=r"pyhyperkit\[metrics\]"):
        bare.metric_samples()


@pytest.mark.parametrize(
    ("name", "arguments", "extension"),
    [
        ("metrics", [], "metrics"),
        ("resources", [], "resources"),
        ("warnings", [], "warnings"),
        ("delete_warning", ["u"], "warnings"),
        ("metadata_configuration", [], "metadata_configuration"),
    ],
)
def test_a_server_without_them_is_not_asked(client, name, arguments, extension):
    with pytest.raises(hyperkit.MissingExtension, match=extension):
        getattr(client, name)(*arguments)


def test_warnings_are_filtered_and_named_whole(bare, double):
    greet(double, "warnings")
    query = {"filter": "status eq new", "project": "blue"}
    double.expect("GET", "/1.0/warnings", None, query=query)
    assert bare.warnings(filter="status eq new", project="blue") == []
    double.expect("DELETE", "/1.0/warnings/a%2Fb")
    bare.delete_warning("a/b")
    with pytest.raises(hyperkit.InvalidName):
        bare.warning("..")
