"""What requests are made of: arguments of the wrong type, and secrets that are not repeated."""

import pytest

import hyperkit
from hyperkit import _token
from hyperkit.types import Instance


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda client: client.start_instance(Instance(config={"user.key": "s3cret"})),
            r"^A name must be a str, such as instance\.name, not Instance\.$",
        ),
        (
            lambda client: client.create_instance("web", alias="a", config="s3cret=2"),
            "^config must be a mapping such as .*, not str\\.$",
        ),
        (
            lambda client: client.create_instance("web", alias="a", config={"a": ["s3cret"]}),
            "^A value must be text, a number, True, False or None, not list\\.$",
        ),
        (
            lambda client: client.create_instance("web", alias="a", devices=["s3cret"]),
            "^devices must be a mapping such as .*, not list\\.$",
        ),
        (
            lambda client: client.create_instance("web", alias="a", devices={"root": "s3cret"}),
            "^A device must be a mapping such as .*, not str\\.$",
        ),
        (
            lambda client: client.wait_for_operation("u-1", timeout="s3cret"),
            "^timeout must be a number of seconds, or None, not str\\.$",
        ),
        (
            lambda client: client.profiles(filter={"name": "s3cret"}),
            "^filter must be text, such as where",
        ),
        (
            lambda client: client.transfer_instance("web", to="s3cret:"),
            "^to must be a client, such as .*, not str",
        ),
        (lambda client: hyperkit.name_of({"source": "s3cret"}), "^url must be text, not dict"),
        (lambda client: hyperkit.where("name", ["s3cret"]), "^A value must be text"),
        (
            lambda client: client.join_cluster(b"s3cret", server_address="10.0.0.1:8443"),
            "^This is no token",
        ),
    ],
)
def test_a_wrong_type_is_named_and_its_value_is_not(bare, call, words):
    with pytest.raises(hyperkit.ArgumentError, match=words) as caught:
        call(bare)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda client, **given: client.create_instance("web", alias="a", **given),
        lambda client, **given: client.patch_instance("web", **given),
        lambda client, **given: client.patch_profile("small", **given),
    ],
)
def test_none_in_the_place_of_a_device_says_how_one_is_removed(bare, call):
    with pytest.raises(hyperkit.ArgumentError, match=r"del found\.devices\['eth9'\]"):
        call(bare, devices={"eth9": None})


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("/1.0/instances/web", "web"),
        ("/1.0/instances/web?project=blue", "web"),
        ("/1.0/profiles/a%20b?project=x/y", "a b"),
        ("/1.0/networks/ovn1/forwards/2001:db8::1", "2001:db8::1"),
    ],
)
def test_a_name_is_read_from_a_url(url, name):
    assert hyperkit.name_of(url) == name


@pytest.mark.parametrize("recursion", [True, 3, -1])
def test_a_recursion_that_there_is_not_sends_nothing(bare, recursion):
    for call in (bare.profiles, bare.operations):
        with pytest.raises(hyperkit.ArgumentError, match="recursion must be 0, 1 or 2, not"):
            call(recursion=recursion)


def test_a_token_that_leads_nowhere():
    issued = {"request": {"name": "a"}, "secret": "s", "fingerprint": "f" * 64, "addresses": None}
    with pytest.raises(hyperkit.ArgumentError, match="set core.https_address"):
        _token.encode_token(issued)
