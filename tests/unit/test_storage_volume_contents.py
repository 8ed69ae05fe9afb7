"""What is in storage volumes: files, and the blocks and bitmaps of Incus."""

import json
import socket
import threading

import pytest
from unit.double import about, error, greet
from unit.servers import envelope

import hyperkit
from hyperkit import Client

DATA = "/1.0/storage-pools/default/volumes/custom/data"


def test_a_folder_is_deleted_whole_if_asked(bare, double):
    greet(double, "file_storage_volume", "file_delete", "file_delete_force", server="incus")
    double.expect("DELETE", f"{DATA}/files", {}, query={"path": "/a"})
    bare.delete_storage_volume_file("default", "data", "/a")
    assert "X-Incus-force" not in double.headers[-1]
    double.expect("DELETE", f"{DATA}/files", {}, query={"path": "/a"})
    bare.delete_storage_volume_file("default", "data", "/a", force=True)
    assert double.headers[-1]["X-Incus-force"] == "true"


def test_a_file_of_a_volume_that_breaks_leaves_no_file(asking, tmp_path):

    def answer(handler):
        if handler.path == "/1.0":
            found = about("file_storage_volume", server="incus")
            return 200, {}, envelope(found)
        return 200, {"Content-Length": "1000000", "X-Incus-type": "file"}, b"half"

    with (
        asking(answer) as (client, _),
        pytest.raises(hyperkit.ConnectionFailed),
    ):
        client.pull_storage_volume_file("default", "data", "/a", tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_bitmap_lives_from_its_creation_to_its_end(bare, double):
    greet(double, "storage_volume_nbd", server="incus")
    body = {"name": "b", "disabled": False, "granularity": 65536, "persistent": True}
    double.expect("POST", f"{DATA}/bitmaps", {}, body=body, query={"target": "one"})
    bare.create_storage_volume_bitmap(
        "default", "data", "b", disabled=False, granularity=65536, persistent=True, target="one"
    )
    double.expect("GET", f"{DATA}/bitmaps", [f"{DATA}/bitmaps/b"])
    assert bare.storage_volume_bitmaps("default", "data") == ["b"]
    double.expect("GET", f"{DATA}/bitmaps", [{"count": 5}], query={"recursion": "1"})
    assert bare.storage_volume_bitmaps("default", "data", recursion=1)[0].count == 5
    double.expect("GET", f"{DATA}/bitmaps/b", {"count": 5})
    assert bare.storage_volume_bitmap("default", "data", "b").count == 5
    double.expect("DELETE", f"{DATA}/bitmaps/b", {})
    bare.delete_storage_volume_bitmap("default", "data", "b")


def talking(place, answer):
    """Listen once, and answer the second connection: the first asks what the server is."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place)
    listener.listen(2)
    greeting = envelope(about("storage_volume_nbd", server="incus"))
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(greeting)}\r\n"
    answers = [f"{head}Content-Type: application/json\r\n\r\n".encode() + greeting, *answer]

    def serve():
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(answers[0])
        other, _ = listener.accept()
        other.recv(65536)
        for piece in answers[1:]:
            other.sendall(piece)
        other.shutdown(socket.SHUT_WR)
        other.recv(1)
        for one in (connection, other, listener):
            one.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def test_a_server_that_speaks_first_is_heard(tmp_path):
    place = str(tmp_path / "unix.socket")
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: nbd\r\nConnection: Upgrade\r\n\r\n"
    thread = talking(place, [head + b"NBDMAGIC"])
    with Client(api_endpoint=place) as client:
        with client.storage_volume_nbd("default", "data", writable=True) as connection:
            assert connection.recv(100) == b"NBDMAGIC"
    thread.join(5)


def test_a_refusal_in_pieces_is_read_whole(tmp_path):
    place = str(tmp_path / "unix.socket")
    body = json.dumps(error(500, "x" * 100_000)).encode()
    head = f"HTTP/1.1 500 No\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    thread = talking(place, [f"{head}\r\n".encode(), body[:10], body[10:]])
    with (
        Client(api_endpoint=place) as client,
        pytest.raises(hyperkit.InternalServerError, match="xxx"),
    ):
        client.storage_volume_nbd("default", "data")
    thread.join(5)
