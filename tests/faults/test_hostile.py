"""A server that lies, and answers made at random: only this library's exceptions come out."""

import contextlib
import hashlib
import inspect
import io
import json
import pickle
import socket
import struct
from pathlib import Path

import pytest
import requests
from faults.lies import (
    ABOUT,
    HEAD,
    Liar,
    Script,
    answer,
    in_every_field,
    websocket_of,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from surface.endpoints import ENDPOINTS
from surface.requests_of import arguments, call
from surface.samples import BASES, CERTIFICATE, JOIN_TOKEN, SAMPLES
from unit.servers import envelope

import hyperkit
import hyperkit._link
from hyperkit import _envelope, _events, _files, _multipart, _token, _trust, _wait
from hyperkit._progress import of_operation

METHODS = sorted({name for endpoint in ENDPOINTS for name in endpoint.hyperkit})
LIES = {
    "null": None,
    "number": 5,
    "text": "x",
    "true": True,
    "empty list": [],
    "empty object": {},
    "numbers": [5],
    "texts": ["x"],
    "objects": [{}],
    "nulls": [None],
    "stranger": {"a": 5},
    "operation by number": {"id": 5, "status_code": 200},
    "operation of text": {"id": "u", "status_code": "x"},
    "operation of a number": {"id": "u", "metadata": 5, "status_code": 200},
    "operation of no websockets": {"id": "u", "metadata": {"fds": "0control"}, "status_code": 103},
    "fields are numbers": in_every_field(5),
    "fields are lists": in_every_field([]),
    "fields are objects": in_every_field({}),
    "fields are texts": in_every_field("x"),
    "fields are null": in_every_field(None),
    "fields are lists of numbers": in_every_field([5]),
}
ONLY_OURS = "only this library's exceptions"
# The same examples in every run, and so many that it takes seconds.
fuzzed = settings(
    derandomize=True,
    deadline=None,
    max_examples=150,
    database=None,
    suppress_health_check=list(HealthCheck),
)
texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
KEYS = ["type", "metadata", "id", "status_code", "error", "error_code", "status", "fds", "err"]
objects = st.dictionaries(st.sampled_from(KEYS) | texts, values, max_size=6)


def fault(what):
    return pytest.mark.fault(f"hostile: {what}", ONLY_OURS)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("hyperkit._wait.PAUSE", 0)
    monkeypatch.setattr("hyperkit._ready.OFTEN", 0)


@fault("every method, answered by a lie")
@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("lie", LIES)
def test_every_method_bears_with_a_lie(lie, kind, tmp_path):
    for name in METHODS:
        everything_is_ours(name, LIES[lie], kind, tmp_path)


@fault("every method, of a server that is none")
@pytest.mark.parametrize("lie", ["number", "fields are numbers", "fields are lists of numbers"])
def test_every_method_bears_with_no_server_at_all(lie, tmp_path):
    for name in METHODS:
        everything_is_ours(name, LIES[lie], "sync", tmp_path, honest=False)


def everything_is_ours(name, lie, kind, folder, *, honest=True):
    notes = Liar("lxd")
    notes.lie, notes.kind, notes.honest = lie, kind, honest
    client = notes.client()
    samples = SAMPLES | {
        "dest": folder / "f",
        "output_dir": folder,
        "to": notes.client(),
    }
    base = BASES.get(name, [{}])[0]
    asked = next(iter(arguments(getattr(client, name), samples, base)))
    parameters = inspect.signature(getattr(client, name)).parameters
    if "sync" in parameters:
        asked["sync"] = lie != 5
    if "timeout" in parameters:
        asked["timeout"] = 0.01
    try:
        call(client, name, asked)
    except (hyperkit.Error, FileExistsError):
        pass
    except Exception as error:
        error.add_note(f"{name}, answered by {kind} {lie!r}")
        raise
    finally:
        for ours in notes.sockets:
            ours.close()


@fault("envelopes")
@fuzzed
@given(st.integers(100, 599), texts, objects | values)
def test_envelopes_of_any_shape_are_read_or_refused(status, content_type, body):
    with contextlib.suppress(hyperkit.Error):
        found = _envelope.read_envelope(status, content_type, json.dumps(body).encode())
        assert found["type"] in {"sync", "async"}


@fault("envelopes")
@fuzzed
@given(st.integers(100, 599), st.binary(max_size=200))
def test_envelopes_of_any_bytes_are_read_or_refused(status, content):
    with contextlib.suppress(hyperkit.Error):
        _envelope.read_envelope(status, "", content)


@pytest.mark.usefixtures("uncollected")
@fault("envelopes")
@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"type":"sync","metadata":' + b"9" * 5000 + b"}",
        b'{"type":"sync","metadata":"\\ud800"}',
        b'{"type":"sync","\\udfff":1}',
        b'\xff\xfe{\x00"\x00t\x00y\x00p\x00e\x00"\x00:\x001\x00}\x00',
        b'{"type":"async"}',
        b'{"type":"async","metadata":{}}',
    ],
)
def test_what_no_server_writes_is_refused(content):
    with pytest.raises(hyperkit.InvalidResponse):
        _envelope.read_envelope(200, "application/json", content)


@fault("operations")
@fuzzed
@given(objects)
def test_operations_of_any_shape_are_waited_for_or_refused(lie):
    class Asked(hyperkit.Client):
        def _envelope(self, *words, **options):
            return _envelope.read_envelope(200, "", envelope(lie))

    client = Asked(api_endpoint="unix:///nowhere")
    with contextlib.suppress(hyperkit.Error):
        found = client.wait_for_operation("u", timeout=0)
        of_operation(found)
        _wait.result(found)
        hyperkit.Process  # noqa: B018 - the lazy import costs the first example
        client.exec_output(found)


@fault("events")
@fuzzed
@given(objects | values)
def test_events_of_any_shape_are_read_or_refused(event):
    with contextlib.suppress(hyperkit.Error):
        found = _events._event(json.dumps(event))
        assert isinstance(found.type, str)


@fault("tokens")
@fuzzed
@given(texts | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_text_that_is_no_token_is_refused(text):
    with pytest.raises(hyperkit.ArgumentError):
        _token.decode_token(text)


@fault("tokens")
@fuzzed
@given(st.dictionaries(st.sampled_from([*_token._NEEDED, *_token._NAMES, "expires_at"]), values))
def test_tokens_of_any_fields_are_read_or_refused(fields):
    with contextlib.suppress(hyperkit.Error):
        _token.decode_token(_token.token_text(fields))


@fault("tokens")
@fuzzed
@given(st.integers(0, len(JOIN_TOKEN) - 1), st.characters(codec="utf-8"))
def test_tokens_with_a_slip_are_read_or_refused(place, letter):
    with contextlib.suppress(hyperkit.ArgumentError):
        _token.decode_token(JOIN_TOKEN[:place] + letter + JOIN_TOKEN[place + 1 :])


@fault("certificates")
@fuzzed
@given(st.integers(0, 600), st.integers(0, 255))
def test_certificates_with_a_slip_are_read_or_refused(place, octet):
    import ssl

    der = bytearray(ssl.PEM_cert_to_DER_cert(CERTIFICATE))
    der[place % len(der)] = octet
    with contextlib.suppress(hyperkit.Error):
        _trust.check_validity(bytes(der))


@fault("certificates")
@fuzzed
@given(st.binary(max_size=100))
def test_certificates_that_are_none_are_refused(der):
    with pytest.raises(hyperkit.Error):
        _trust.check_validity(der)


@fault("headers")
@fuzzed
@given(st.dictionaries(st.sampled_from(["X-LXD-mode", "X-LXD-uid", "X-LXD-type"]), texts), texts)
def test_headers_of_a_file_are_read_or_refused(headers, length):
    client = type("Client", (), {"_header": staticmethod("X-LXD-".__add__)})
    place = _files.Place(client, lambda: "", "web", "/f")
    with contextlib.suppress(hyperkit.Error):
        place.described(headers | {"Content-Length": length})


MULTIPART = [
    *[b"--b", b"\r\n", b"\n", b"--", b'Content-Disposition: form-data; name="rootfs"'],
    *[b'; filename="../../x"', b": ", b"\0", b"\r\n\r\n", b"x" * 70_000],
]
METRICS = [
    *[b"# HELP a b\n", b"# TYPE a counter\n", b'a{b="c"} 1\n', b"a{", b"}", b'"', b"\xff"],
    *[b"1e999\n", b"nan\n", b" ", b"\n", b"a", b"# EOF"],
]


@fault("metrics")
@fuzzed
@given(st.lists(st.sampled_from(METRICS) | st.binary(max_size=5), max_size=9))
def test_metrics_of_any_text_are_read_or_refused(parts):
    client = hyperkit.Client(api_endpoint="unix:///nowhere")
    client._need = client._raw = lambda *words, **options: b"".join(parts)
    with contextlib.suppress(hyperkit.Error):
        client.metric_samples()


pieces = st.sampled_from(MULTIPART) | st.binary(max_size=8)


@fault("multipart bodies")
@fuzzed
@given(st.lists(pieces, max_size=12), st.integers(1, 300))
def test_multipart_bodies_of_any_bytes_are_read_or_refused(parts, step):
    source = io.BytesIO(b"--b\r\n" + b"".join(parts))

    class Slowly:
        def read(self, count):
            return source.read(min(count, step))

    form = _multipart.Form("multipart/form-data; boundary=b", Slowly())
    with contextlib.suppress(hyperkit.InvalidResponse):
        for _, _, blocks in form.parts():
            for _ in blocks:
                # No more than a block, and what may be the beginning of a boundary.
                assert len(form._buffer) <= _multipart.BLOCK + 100


HTTP = [
    *[b"HTTP/1.1 ", b"200 OK", b"302", b"307", b"\r\n", b"Content-Length: ", b"-1", b"5"],
    *[b": ", b"Transfer-Encoding: chunked\r\n", b"Location: ", b"http://[", b"//other/"],
    *[b"\r\n\r\n", b"Content-Encoding: gzip\r\n", b'{"type":"sync","metadata":[]}'],
    *[b"\xff", b"9" * 5000],
]
heads = st.lists(st.sampled_from(HTTP) | st.binary(max_size=5), max_size=14)


@fault("headers")
@settings(fuzzed, max_examples=80)
@given(heads, st.booleans())
def test_answers_of_any_bytes_are_read_or_refused(tmp_path_factory, parts, with_head):
    folder = tmp_path_factory.mktemp("s")
    sent = (HEAD if with_head else b"") + b"".join(parts)
    with Script(str(folder / "s"), lambda asked: ABOUT if b"/1.0 " in asked else sent):
        with hyperkit.Client(api_endpoint=f"unix://{folder}/s", timeout=5) as client:
            with contextlib.suppress(hyperkit.Error):
                client.profiles()
            with contextlib.suppress(hyperkit.Error):
                client.create_profile("x")
            with contextlib.suppress(hyperkit.Error):
                client.export_instance_backup("web", "b", folder / "file")
            with contextlib.suppress(hyperkit.Error):
                client.run("web", ["true"])


frames = st.lists(
    st.builds(
        lambda first, length, mask, data: bytes([first, length | mask << 7]) + data,
        st.integers(0, 255),
        st.integers(0, 127),
        st.booleans(),
        st.binary(max_size=40),
    )
    | st.binary(max_size=40).map(lambda data: bytes([0x82, len(data)]) + data),
    max_size=6,
)


@fault("websocket frames")
@fuzzed
@given(frames)
def test_websocket_frames_of_any_bytes_are_read_or_refused(sent):
    ours, websocket = websocket_of(hyperkit.Client, b"".join(sent))
    with ours, contextlib.suppress(hyperkit.Error, EOFError):
        while True:
            websocket.receive(5)
    websocket.drop()


@fault("operations")
def test_a_field_that_is_not_there_is_named():
    operation = hyperkit.Operation(id="u")
    for ask in (lambda: operation["status"], lambda: operation.status):
        with pytest.raises(
            hyperkit.MissingField, match="^The Operation has no field 'status' here: "
        ):
            ask()
    assert issubclass(hyperkit.MissingField, (KeyError, AttributeError))
    assert not hasattr(operation, "status")
    assert operation.get("status") is None
    again = pickle.loads(pickle.dumps(hyperkit.MissingField("x")))
    assert (str(again), again.args) == ("x.", ("x",))


# Memory: what is held, not what is sent.


@pytest.mark.fault("hostile: answers without end", "InvalidResponse at the limit")
def test_an_answer_without_end(tmp_path, monkeypatch):
    limit = 1 << 20
    monkeypatch.setattr(hyperkit._link, "MAX_ANSWER", limit)

    def endless(asked):
        yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        while True:
            yield b"10000\r\n" + b" " * 65536 + b"\r\n"

    with Script(str(tmp_path / "s"), endless) as server:
        with hyperkit.Client(api_endpoint=f"unix://{tmp_path}/s") as client:
            with pytest.raises(hyperkit.InvalidResponse, match=str(limit)):
                client.profiles()
    # What the system holds on its way counts as sent.
    assert server.sent < 3 * limit


@pytest.mark.fault("hostile: answers without end", "InvalidResponse at the limit")
@pytest.mark.parametrize("session", [None, requests.Session()])
def test_a_redirect_whose_body_is_long(tmp_path, session, monkeypatch):
    monkeypatch.setattr(hyperkit._link, "MAX_ANSWER", 1 << 20)
    head = b"HTTP/1.1 307 Elsewhere\r\nLocation: /1.0\r\n"
    with Script(str(tmp_path / "s"), lambda asked: answer(b" " * (8 << 20), head)) as server:
        with hyperkit.Client(api_endpoint=f"unix://{tmp_path}/s", session=session) as client:
            with pytest.raises(hyperkit.InvalidResponse, match="longer"):
                client.profiles()
    assert server.sent == 0


@pytest.mark.fault("hostile: answers without end", "InvalidResponse at the limit")
@pytest.mark.parametrize("status", [b"100 Continue", b"103 Early Hints"])
def test_interim_answers_without_end(tmp_path, status):
    interim = b"HTTP/1.1 " + status + b"\r\n\r\n"
    with Script(str(tmp_path / "s"), lambda asked: interim * 100_000):
        with hyperkit.Client(api_endpoint=f"unix://{tmp_path}/s") as client:
            with pytest.raises(hyperkit.InvalidResponse, match="interim"):
                client.profiles()


@pytest.mark.fault("hostile: answers without end", "InvalidResponse at the limit")
def test_a_packed_answer_without_end(tmp_path, monkeypatch):
    import gzip

    monkeypatch.setattr(hyperkit._link, "MAX_ANSWER", 1 << 20)
    bomb = gzip.compress(b" " * (64 << 20))
    head = HEAD + b"Content-Encoding: gzip\r\n"
    with Script(str(tmp_path / "s"), lambda asked: answer(bomb, head)):
        with hyperkit.Client(api_endpoint=f"unix://{tmp_path}/s") as client:
            with pytest.raises(hyperkit.InvalidResponse, match="longer"):
                client.profiles()


@pytest.mark.fault("hostile: frames without end", "ConnectionFailed at the limit")
def test_a_message_without_end(monkeypatch):
    monkeypatch.setattr("hyperkit._websocket.MAX_MESSAGE", 1 << 16)
    piece = struct.pack("!BBH", 0x00, 126, 1 << 15) + bytes(1 << 15)
    ours, websocket = websocket_of(hyperkit.Client, b"\x02\x00" + piece * 3)
    with ours, pytest.raises(hyperkit.ConnectionFailed):
        websocket.receive(5)
    assert sum(map(len, websocket._fragments)) <= 1 << 16
    websocket.drop()


@pytest.mark.fault("hostile: frames without end", "ConnectionFailed at the limit")
def test_frames_of_nothing_are_not_held():
    ours, websocket = websocket_of(hyperkit.Client, b"\x02\x00" + b"\x00\x00" * 50_000)
    with ours, pytest.raises(hyperkit.ConnectionFailed):
        websocket.receive(5)
    assert websocket._fragments == []
    websocket.drop()


@pytest.mark.fault("hostile: frames without end", "ConnectionFailed at the limit")
def test_pings_whose_answers_nobody_reads():
    ours, websocket = websocket_of(hyperkit.Client, b"\x89\x04ping" * 30_000)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    with ours, pytest.raises(hyperkit.ConnectionFailed):
        websocket.receive(5)
    assert len(websocket._outgoing) <= 200_000 // 6
    websocket.drop()


# Paths: nothing is written outside of the folder.

NAMES = ["..", ".", "", "/etc/x", "../x", "a/../../x", "a\0b", "\\..\\x", "x" * 300, "ok", "a\nb"]


class Tree:
    """An instance whose every folder holds these names, and whose files are what the name says."""

    def __init__(self, names, kind="file", content=b"data"):
        self.names, self.kind, self.content = names, kind, content

    def __call__(self, asked):
        line = asked.split(b"\r\n")[0]
        if b" /1.0 " in line:
            return ABOUT
        root = line.endswith(b"path=%2Froot HTTP/1.1")
        kind = "directory" if root else self.kind
        head = HEAD + f"X-Incus-type: {kind}\r\nX-Incus-mode: 0644\r\n".encode()
        body = envelope(self.names) if kind == "directory" else self.content
        return answer(body, head)


@pytest.fixture
def pulled(tmp_path):
    def pull(tree):
        inner = tmp_path / "inner"
        inner.mkdir()
        with Script(str(tmp_path / "s"), tree):
            with hyperkit.Client(api_endpoint=f"unix://{tmp_path}/s") as client:
                try:
                    client.pull_directory("web", "/root", inner / "copy")
                except* (hyperkit.Error, OSError):
                    pass  # anything else comes out
        assert {one.name for one in tmp_path.iterdir()} == {"inner", "s"}
        assert {one.name for one in inner.iterdir()} == {"copy"}
        return inner / "copy"

    return pull


LEAVES = pytest.mark.fault("hostile: names of files", "nothing is written outside of the folder")


@LEAVES
def test_names_in_a_folder(pulled):
    found = pulled(Tree(NAMES))
    assert {one.name for one in found.iterdir()} == {"ok", "a\nb", "\\..\\x"}


@LEAVES
@pytest.mark.parametrize("kind", ["symlink", "directory", "pipe", ""])
def test_a_name_twice(pulled, kind):
    found = pulled(Tree(["ok", "ok"], kind, b"/etc"))
    assert {one.name for one in found.iterdir()} <= {"ok"}


@LEAVES
@pytest.mark.parametrize("target", [b"a\0b", b"x" * 5000, b"", b"\xff"])
def test_targets_of_links(pulled, target):
    assert {one.name for one in pulled(Tree(["ok"], "symlink", target)).iterdir()} <= {"ok"}


@LEAVES
def test_folders_without_end(pulled, monkeypatch):
    monkeypatch.setattr("hyperkit._api.directories.MAX_DEPTH", 20)
    assert len(list(pulled(Tree(["a"], "directory")).rglob("*"))) == 20


@LEAVES
@pytest.mark.parametrize(
    ("offered", "kept"),
    [
        *[("../../x", "x"), ("/etc/passwd", "passwd"), ("..", ""), (".profile", "profile")],
        *[("", ""), ("C:\\x\\y", "y"), ("a\x01b", "ab"), ("...", ""), ("./", "")],
    ],
)
def test_names_of_images(tmp_path, offered, kept):
    fingerprint = hashlib.sha256(b"image").hexdigest()
    head = f'HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename="{offered}"\r\n'
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    with Script(str(tmp_path / "s"), lambda asked: answer(b"image", head.encode())):
        with hyperkit.Client(api_endpoint=f"unix://{tmp_path}/s") as client:
            place = client.export_image(fingerprint, folder)
    assert Path(place) == folder / (kept or fingerprint)
    assert [one.name for one in folder.iterdir()] == [kept or fingerprint]
    assert [one.name for one in (tmp_path / "a").iterdir()] == ["b"]


@LEAVES
def test_no_archive_is_unpacked():
    source = Path(hyperkit.__file__).parent
    modules = [one for one in source.rglob("*.py") if "testing" not in one.parts]
    assert not any("tarfile" in one.read_text() or "zipfile" in one.read_text() for one in modules)
