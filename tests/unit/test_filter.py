"""Filters mean what they say, whatever is in them."""

import re

import pytest
from unit.double import greet

import hyperkit
from hyperkit import where, where_not


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("web", "web"),
        (True, "true"),
        (3, "3"),
        ("", "^$"),
        (None, "^$"),
        ("two words", r"two\x20words"),
        ('say "hi"', r"say\x20\x22hi\x22"),
        ("it's", r"it\x27s"),
        ("10.0.0.1", r"10\x2e0\x2e0\x2e1"),
        (r"a\b^$", r"a\x5cb\x5e\x24"),
        ("x or name eq y", r"x\x20or\x20name\x20eq\x20y"),
        ("line\nfeed", r"line\x0afeed"),
        ("ü", "ü"),
        (re.compile("web-.*"), "^(?:web-.*)$"),
        (re.compile("a b|'c'", re.IGNORECASE), r"^(?:a\x20b|\x27c\x27)$"),
    ],
)
def test_values_are_written_so_that_they_mean_themselves(value, written):
    assert where("name", value) == f"name eq {written}"


def test_they_are_read_from_left_to_right():
    chosen = where("status", "Running").and_("type", "container").or_("name", "a")
    assert chosen.and_not("name", "b").or_not("name", "c") == (
        "status eq Running and type eq container or name eq a and not name eq b or not name eq c"
    )
    assert where_not("status", "Stopped") == "not status eq Stopped"


@pytest.mark.parametrize("field", ["", "a b", 'a"b', "a\nb", "a'b", None])
def test_what_is_no_field_is_refused(field):
    with pytest.raises(hyperkit.ArgumentError, match="no field"):
        where("name", "a").and_(field, "b")


def test_flags_that_no_server_has_are_refused():
    with pytest.raises(hyperkit.ArgumentError, match="flags"):
        where("name", re.compile("a", re.MULTILINE))


def test_a_server_that_would_list_everything_is_not_asked(client):
    with pytest.raises(hyperkit.MissingExtension, match="api_filtering_extended"):
        client.profiles(filter=where("name", "a"))


def test_it_is_sent_as_it_is(bare, double):
    greet(double, "api_filtering_extended")
    query = {"filter": "name eq a\\x20b"}
    double.expect("GET", "/1.0/profiles", [], query=query)
    assert bare.profiles(filter=where("name", "a b")) == []
