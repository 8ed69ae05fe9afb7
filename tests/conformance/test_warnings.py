"""Warnings and metrics."""

import pytest

import hyperkit

# A server that starts dnsmasq with words that are not its own warns of it.
UNGUARDED = {
    "ipv4.address": "10.231.77.1/24",
    "ipv6.address": "none",
    "raw.dnsmasq": "# nothing",
}


@pytest.fixture
def warning(client):
    """The UUID of a warning that has just come; it goes with its network."""
    before = set(client.warnings())
    client.create_network("hk-warns", config=UNGUARDED)
    try:
        [new] = set(client.warnings()) - before
        yield new
    finally:
        client.delete_network("hk-warns")


def test_life_of_a_warning(client, warning):
    found = client.warning(warning)
    assert (found.status, found.severity, found.project) == ("new", "low", "default")
    assert "raw.dnsmasq" in found.type
    client.update_warning(warning, status="acknowledged")
    assert client.warning(warning).status == "acknowledged"
    [listed] = client.warnings(filter="status eq acknowledged", recursion=1)
    assert listed.uuid == warning
    client.patch_warning(warning, status="new")
    assert warning in client.warnings(project="default")
    with pytest.raises(hyperkit.Forbidden, match="Status"):
        client.patch_warning(warning, status="resolved")
    client.delete_warning(warning)
    with pytest.raises(hyperkit.NotFound):
        client.warning(warning)


def test_metrics(client, running, kind):
    text = client.metrics()
    assert text.endswith("# EOF\n")
    samples = client.metric_samples(project="default")
    [total] = [
        one
        for one in samples
        if one.name == f"{kind}_memory_MemTotal_bytes" and one.labels["name"] == running
    ]
    assert (total.labels["type"], total.value > 0) == ("container", True)
    lines = [line for line in client.metrics().splitlines() if line and line[0] != "#"]
    assert {line.split("{")[0].split(" ")[0] for line in lines} >= {one.name for one in samples}
