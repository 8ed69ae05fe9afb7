"""Networks on the members of a real cluster."""

import contextlib
import json
import subprocess
import sys

import pytest
from conformance.conftest import CLUSTERS, LAB

import hyperkit

pytestmark = pytest.mark.live_only


@pytest.fixture(scope="module")
def members(lab):
    """The names of three members of a cluster; the first one's socket."""
    up = [sys.executable, LAB, "up", CLUSTERS[lab["kind"]], "--name", "hk-net"]
    done = subprocess.run(up, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)["members"]
    yield [one["name"] for one in found], found[0]["socket"]
    subprocess.run([sys.executable, LAB, "down", "hk-net"], check=True)


@pytest.fixture
def first(members):
    """A client of the first member; networks of the tests are gone afterwards."""
    with hyperkit.Client(api_endpoint=f"unix://{members[1]}") as client:
        yield client
        with contextlib.suppress(hyperkit.NotFound):
            client.delete_network("hk-mv")


def interface(client):
    """An interface of the machine's, besides the loopback."""
    return next(
        one.name
        for one in client.networks(recursion=1)
        if not one.managed and one.type != "loopback" and client.network_state(one.name)
    )


def test_a_network_of_all_members(first, members):
    names = members[0]
    # They share one machine, and a parent has to be there.
    parents = ["lo", "lo", interface(first)]
    first.create_network(
        "hk-mv",
        config={"user.a": 1},
        description="All",
        member_config={
            name: {"parent": parent} for name, parent in zip(names, parents, strict=True)
        },
        type="macvlan",
    )
    found = first.network("hk-mv")
    assert (found.status, sorted(found.locations)) == ("Created", sorted(names))
    assert (found.config, found.description) == ({"user.a": "1"}, "All")
    told = [first.network("hk-mv", target=name).config["parent"] for name in names]
    assert told == parents


def test_the_configuration_of_one_member(first, members):
    names = members[0]
    everywhere = {name: {"parent": "lo"} for name in names}
    first.create_network("hk-mv", member_config=everywhere, type="macvlan")
    there = interface(first)
    first.patch_network("hk-mv", config={"parent": there}, target=names[1])
    first.patch_network("hk-mv", config={"user.a": 2}, description="Patched")
    own = first.network("hk-mv", target=names[1])
    assert own.config == {"parent": there, "user.a": "2"}
    found = first.network("hk-mv")
    assert (found.config, found.description) == ({"user.a": "2"}, "Patched")
    first.update_network("hk-mv", config={"parent": "lo"}, target=names[1])
    assert first.network("hk-mv", target=names[1]).config["parent"] == "lo"


def test_a_network_that_a_member_refuses_leaves_nothing(first, members):
    bad = {members[0][1]: {"no.such.key": 1}}
    with pytest.raises(hyperkit.Error):
        first.create_network("hk-mv", member_config=bad, type="macvlan")
    assert "hk-mv" not in first.networks()


def test_a_member_that_the_cluster_does_not_have(first):
    with pytest.raises(hyperkit.ArgumentError, match="no member 'hk-nowhere'"):
        first.create_network("hk-mv", member_config={"hk-nowhere": {}}, type="macvlan")


def test_what_members_tell(first, members):
    one = members[0][1]
    assert first.network_state("lo", target=one).state == "up"
    assert "lo" in first.networks(target=one)
