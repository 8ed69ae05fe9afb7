"""Networks on the members of a real cluster."""

import contextlib

import pytest

import hyperkit

pytestmark = pytest.mark.live_only


@pytest.fixture
def names(cluster):
    """The names of the cluster's members."""
    return [member["name"] for member in cluster]


@pytest.fixture
def first(first):
    """The same, and networks of the tests are gone afterwards."""
    yield first
    with contextlib.suppress(hyperkit.NotFound):
        first.delete_network("hk-mv")


def interface(client):
    """An interface of the machine's, besides the loopback."""
    return next(
        one.name
        for one in client.networks(recursion=1)
        if not one.managed and one.type != "loopback" and client.network_state(one.name)
    )


def test_a_network_of_all_members_has_a_parent_on_each(first, names):
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


def test_a_member_has_configuration_of_its_own(first, names):
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


def test_a_network_that_a_member_refuses_leaves_nothing(first, names):
    bad = {names[1]: {"no.such.key": 1}}
    with pytest.raises(hyperkit.Error):
        first.create_network("hk-mv", member_config=bad, type="macvlan")
    assert "hk-mv" not in first.networks()


def test_a_member_that_the_cluster_does_not_have_is_named(first):
    with pytest.raises(hyperkit.ArgumentError, match="no member 'hk-nowhere'"):
        first.create_network("hk-mv", member_config={"hk-nowhere": {}}, type="macvlan")


def test_a_member_tells_of_its_own_networks(first, names):
    one = names[1]
    assert first.network_state("lo", target=one).state == "up"
    assert "lo" in first.networks(target=one)
