"""Connections into instances, which begin as HTTP; and what only Incus lets one look at."""

import json
import os
from urllib.parse import parse_qsl, urlsplit

import pytest
from unit.double import about
from unit.servers import envelope, refused

import hyperkit

EXTENSIONS = ("instance_port_forward", "instance_nbd", "instance_debug_memory")
ABOUT = envelope(about(*EXTENSIONS, server="incus"))
# Head and first words in one piece, as a server may send them that speaks first.
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: %s\r\n\r\n%s"


def switching(seen, first):
    def answer(handler):
        parts = urlsplit(handler.path)
        if parts.path == "/1.0":
            return 200, {}, ABOUT
        protocol = handler.headers["Upgrade"]
        asked = (handler.command, parts.path, dict(parse_qsl(parts.query)), protocol)
        seen.append((*asked, json.loads(handler.body or b"null")))
        handler.wfile.write(SWITCHED % (protocol.encode(), first))
        return None

    return answer


def test_what_the_server_says_first_is_heard(asking):
    seen = []
    with (
        asking(switching(seen, b"SSH-2.0-test\r\n"), default_project="blue") as (client, _),
        client.connect_instance_port("web", 22, address="::1") as connection,
    ):
        connection.settimeout(5)
        assert connection.recv(100) == b"SSH-2.0-test\r\n"
    where = "/1.0/instances/web/port-forward"
    asked = {"address": "::1", "port": 22}
    assert seen == [("POST", where, {"project": "blue"}, "tcp", asked)]


def test_disks_are_asked_for_by_nbd(asking):
    seen = []
    with (
        asking(switching(seen, b"NBDMAGIC")) as (client, _),
        client.instance_nbd("web", reuse=True) as connection,
    ):
        connection.settimeout(5)
        assert connection.recv(100) == b"NBDMAGIC"
    assert seen == [("GET", "/1.0/instances/web/nbd", {"reuse": "1"}, "nbd", None)]


def test_a_refusal_is_read_to_its_end(asking):
    def answer(handler):
        if handler.path == "/1.0":
            return 200, {}, ABOUT
        return 400, {}, refused(400, "Instance is not running" + "." * 10_000)

    with (
        asking(answer) as (client, _),
        pytest.raises(hyperkit.BadRequest, match="POST .*not running"),
    ):
        client.connect_instance_port("web", 22)


@pytest.mark.parametrize("port", [0, -1, 65536, True, "80", None])
def test_a_port_that_nobody_has_is_refused(bare, port):
    with pytest.raises(hyperkit.ArgumentError):
        bare.connect_instance_port("web", port)


def test_memory_that_breaks_off_leaves_no_file(asking, tmp_path):
    def answer(handler):
        if handler.path == "/1.0":
            return 200, {}, ABOUT
        return 200, {"Content-Length": "1000000"}, b"half"

    with (
        asking(answer) as (client, _),
        pytest.raises(hyperkit.ConnectionFailed),
    ):
        client.export_instance_memory("web", tmp_path / "memory")
    assert os.listdir(tmp_path) == ["unix.socket"]


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("connect_instance_port", (80,)),
        ("create_instance_bitmap", ("monday",)),
        ("export_instance_memory", ("memory",)),
        ("instance_access", ()),
        ("instance_nbd", ()),
        ("repair_instance", ("rebuild-config-volume",)),
    ],
)
def test_a_server_that_has_none_of_it_is_not_asked(client, call, arguments):
    with pytest.raises(hyperkit.MissingExtension):
        getattr(client, call)("web", *arguments)
