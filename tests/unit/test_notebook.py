"""Tables in notebooks: which lists become one, what is in it, and that nothing in it is HTML."""

import os
import subprocess
import sys

import pytest

from hyperkit.notebook import ROWS, table
from hyperkit.types import Instance, Resource

WEB = Instance(
    {
        "architecture": "x86_64",
        "config": {"limits.cpu": "2"},
        "created_at": "2026-03-01T10:20:30.123456789Z",
        "description": "",
        "ephemeral": False,
        "last_used_at": "1970-01-01T00:00:00Z",
        "name": "web",
        "profiles": ["default", "green"],
        "status": "Running",
        "status_code": 103,
        "used_by": ["/1.0/instances/a"] * 500,
    }
)


def cells(html, kind="td"):
    return [part.partition("<")[0] for part in html.split(f"<{kind}>")[1:]]


def test_fields_that_fit_and_say_something():
    html = table([WEB])
    assert cells(html, "th") == [
        "name", "status", "architecture", "created_at", "ephemeral", "profiles",
    ]  # fmt: skip
    assert cells(html) == [
        "web", "Running", "x86_64", "2026-03-01 10:20:30", "false", "default, green",
    ]  # fmt: skip


def test_certificates_do_not_fit():
    assert cells(table([Resource(name="me", certificate="-----BEGIN\nMIIB\n")]), "th") == ["name"]


def test_columns_of_ones_own():
    assert cells(table([WEB], columns=["status_code", "nothing", "name"])) == ["103", "", "web"]


def test_an_object_may_lack_a_field():
    assert cells(table([WEB, Resource(name="db")], columns=["name", "status"])) == [
        "web", "Running", "db", "",
    ]  # fmt: skip


def test_what_the_server_sends_is_no_html():
    evil = "<script>alert('1')</script>"
    html = table([Resource({"name": evil, evil: "x"})])
    assert "<script>" not in html
    assert "&lt;script&gt;alert(&#x27;1&#x27;)" in html


def test_long_lists_are_cut():
    html = table([Resource(name=str(number)) for number in range(ROWS + 3)])
    assert len(cells(html)) == ROWS
    assert html.endswith("<p>and 3 more</p>")


PROGRAM = """
from IPython.core.interactiveshell import InteractiveShell
from hyperkit.types import Resource

shell = InteractiveShell()

def shown(value):
    return shell.display_formatter.format(value)[0].get("text/html", "")[:6]

objects = [Resource(name="web")]
told = [shown(objects)]
shell.run_line_magic("load_ext", "hyperkit.notebook")
told += [shown(objects), shown([]), shown(["web"]), shown([*objects, "web"])]
shell.run_line_magic("unload_ext", "hyperkit.notebook")
print(*[repr(one) for one in [*told, shown(objects)]])
"""


def test_the_extension(tmp_path):
    pytest.importorskip("IPython")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | {"IPYTHONDIR": str(tmp_path)},
    )
    assert done.stdout.split() == ["''", "'<table'", "''", "''", "''", "''"]
