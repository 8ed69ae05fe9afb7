"""Editing, where others write too."""

from unittest.mock import ANY

import pytest
from unit.double import error

import hyperkit

WEB = "/1.0/instances/web"


def described(**config):
    return {
        "architecture": "x86_64",
        "config": config,
        "devices": {},
        "ephemeral": False,
        "profiles": ["default"],
        "description": "",
    }


def stale(double):
    double.expect("PUT", WEB, status=412, raw=error(412, "ETag"), body=ANY)


def test_an_edit_goes_on_top_of_what_the_server_notes_meanwhile(client, double):
    noted = {"volatile.power": "RUNNING"}
    double.expect("GET", WEB, described(a="1"))
    stale(double)
    double.expect("GET", WEB, described(a="1", **noted))
    double.expect("PUT", WEB, body=described(a="2", **noted))
    with client.edit_instance("web") as web:
        web.config["a"] = "2"


def test_an_edit_does_not_run_after_a_server_for_ever(client, double):
    double.expect("GET", WEB, described(a="1"))
    for number in range(5):
        stale(double)
        double.expect("GET", WEB, described(a="1", **{"volatile.n": str(number)}))
    with (
        pytest.raises(hyperkit.PreconditionFailed, match="keeps changing"),
        client.edit_instance("web") as web,
    ):
        web.config["a"] = "2"


def test_an_edit_of_what_others_have_changed_is_refused(client, double):
    double.expect("GET", WEB, described(a="1"))
    stale(double)
    double.expect("GET", WEB, described(a="3"))
    with pytest.raises(hyperkit.PreconditionFailed), client.edit_instance("web") as web:
        web.config["a"] = "2"
