"""What goes from server to server, and how it is asked for."""

import pytest
from unit.double import about, started

import hyperkit
from hyperkit._migration import fetched

WEB = {"architecture": "x86_64", "config": {}, "devices": {}, "ephemeral": False, "profiles": []}


@pytest.fixture
def source():
    websocket = hyperkit.Resource(url="https://a.test/1.0/operations/u", secrets={"fs": "s"})
    return hyperkit.MigrationSource(**WEB, certificate="", websocket=websocket)


def greet(double, *extensions):
    """Expect the question what the server is; it listens."""
    found = about(*extensions, addresses=["a.test:8443"], certificate="")
    double.expect("GET", "/1.0", found)


def test_an_offer_says_all_that_it_is_told(bare, double):
    greet(double, "cluster_migration_inconsistent_copy")
    assert bare.has_extension("instances")
    how = {"allow_inconsistent": True, "instance_only": False, "live": True}
    greet(double)
    double.expect("GET", "/1.0/instances/web", WEB)
    body = {"name": "web", "migration": True, **how}
    double.expect("POST", "/1.0/instances/web", raw=started(metadata={"fs": "s"}), body=body)
    assert bare.init_migration("web", **how).websocket.secrets == {"fs": "s"}


def test_an_offer_that_the_server_cannot_make_is_refused(client, double):
    greet(double)
    with pytest.raises(hyperkit.MissingExtension, match="inconsistent_copy"):
        client.init_migration("web", allow_inconsistent=True)


def test_a_fetch_says_all_that_it_is_told(bare, double, source):
    greet(double, "custom_volume_refresh_exclude_older_snapshots")
    assert bare.has_extension("instances")
    how = {"instance_only": False, "live": True, "refresh": True, "refresh_exclude_older": True}
    double.expect("GET", "/1.0/profiles", [])
    pull = {
        "type": "migration",
        "mode": "pull",
        "certificate": "",
        "secrets": {"fs": "s"},
        "base-image": "",
        "operation": "https://a.test/1.0/operations/u",
    }
    body = {**WEB, "name": "www", "description": "", "type": "container", "source": pull | how}
    double.expect("POST", "/1.0/instances", raw=started(), body=body, query={"target": "m2"})
    bare.migrate(source, "www", **how, target="m2", sync=False)


def test_a_fetch_that_the_server_cannot_make_is_refused(client, double, source):
    double.expect("GET", "/1.0/profiles", [])
    with pytest.raises(hyperkit.MissingExtension, match="exclude_older"):
        client.migrate(source, "www", refresh_exclude_older=True)


@pytest.mark.parametrize(
    ("reason", "tried"),
    [
        ("Unable to connect to: a.test:8443 ([dial tcp 192.0.2.1:8443: i/o timeout])", 2),
        ("Failed migration: dial tcp a.test:8443: connect: connection refused", 2),
        ("Failed creating instance record: No space left on device", 1),
    ],
)
def test_the_next_address_is_tried_where_nobody_answers(reason, tried):
    urls = []

    def fetch(url):
        urls.append(url)
        connector = hyperkit.Operation(id="u-1", resources={"instances": ["/1.0/i/connector"]})
        raise hyperkit.OperationFailed(reason, connector)

    with pytest.raises(hyperkit.OperationFailed):
        fetched(["https://a.test", "https://b.test"], fetch)
    assert len(urls) == tried
