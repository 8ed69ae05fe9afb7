"""Every endpoint of LXD and Incus has a method, which requests what it says."""

import inspect
import io
import re
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from surface.endpoints import ENDPOINTS
from surface.requests_of import NAME, Notes, arguments, call
from surface.samples import CERTIFICATE, JOIN_TOKEN, SOURCE_OF_MIGRATION

import hyperkit

PUBLIC = {
    name: method
    for name, method in inspect.getmembers(hyperkit.Client, inspect.isfunction)
    if not name.startswith("_")
}
# Values for parameters, where the type does not tell which.
SAMPLES = {
    "cert": CERTIFICATE,
    "certificate": CERTIFICATE,
    "cluster_certificate": CERTIFICATE,
    "command": ["true"],
    "content": b"bytes",
    "data": 5,
    "dest_file": "/etc/hosts",
    "directory": "/etc",
    "file": "/etc/hosts",
    "fingerprint": "f" * 64,
    "key": "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
    "listen_address": "10.0.0.1",
    "source": lambda: io.BytesIO(b"bytes"),
    "source_file": "/etc/hosts",
    "stderr": None,
    "stdin": None,
    "stdout": None,
    "tls_certificate": CERTIFICATE,
    "until": "running",
    "uuid": "u-1",
}
# All that the body of a PUT or PATCH of an instance can hold: it is given as one mapping.
INSTANCE = {
    "architecture": "x86_64",
    "config": {},
    "description": "",
    "devices": {},
    "ephemeral": False,
    "profiles": [],
}
GUID = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
# Further arguments, where some exclude or need others: each is the base of a round of calls.
BASES = {
    "console": [{"type": "vga"}],
    "copy_image": [{"mode": "push"}],
    "create_cluster_link": [{"trust_token": "t"}, {"remote_address": "10.0.0.1:8443"}],
    "create_image_from_remote": [{"alias": "a"}],
    "create_tls_identity": [{"trust_token": "t"}, {"name": "a", "certificate": CERTIFICATE}],
    "create_instance": [{"alias": "a"}, {"fingerprint": "f" * 64, "server": "https://a.test"}],
    "instance": [{}, {"recursion": 1, "fields": ["state.disk"]}],
    "instance_nvram": [{}, {"guid": GUID}],
    "instances": [{}, {"recursion": 2, "fields": ["state.disk"]}],
    "join_cluster": [
        {
            "token": JOIN_TOKEN,
            "cluster_certificate": CERTIFICATE,
        }
    ],
    "migrate": [{"source": SOURCE_OF_MIGRATION}],
    "migrate_storage_volume": [{"source": SOURCE_OF_MIGRATION}],
    "move_instance": [{"new_name": "b"}, {"pool": "a"}],
    "move_storage_volume": [{"new_name": "b"}, {"new_pool": "a"}],
    "push_directory": [{"source": Path(__file__).parent}],
    "patch_instance": [{"config": INSTANCE}],
    "patch_instance_nvram": [{"variables": {GUID: {"Timeout": {"data": 5}}}}],
    "rebuild_instance": [{"alias": "a"}, {"empty": True}],
    "relocate_storage_volume": [{"source_location": "node-1"}],
    "storage_volumes": [{}, {"type": "custom"}, {"pool": "a"}, {"pool": "a", "type": "custom"}],
    "transfer_instance": [{"mode": "push"}, {"mode": "push", "snapshot": "b", "live": True}],
    "transfer_storage_volume": [{"mode": "push"}, {"mode": "push", "snapshot": "b"}],
    "update_instance_nvram_variable": [{"data": 5}, {"binary": b"bytes"}],
    "update_instance": [{"config": INSTANCE}],
    "update_instance_uefi_vars": [{"variables": {f"Timeout-{GUID}": {"data": "0500"}}}],
}
# What is asked on servers without the extension all the same, and why.
WITHOUT = {
    "HEAD /1.0/instances/{name}/files": "there, a GET tells the same",
}
# What is text, but names nothing below a path of the API: the server judges it.
NO_NAMES = {
    ("create_certificate", "name"),
    ("create_image_alias", "fingerprint"),
    ("create_image_from_remote", "server"),
    ("create_image_from_url", "url"),
    ("has_extension", "name"),
    ("join_cluster", "token"),
    ("make_storage_volume_symlink", "target"),
    ("make_symlink", "target"),
    ("patch_certificate", "name"),
    ("repair_instance", "action"),
    ("trust", "name"),
    ("trust", "token"),
    ("update_certificate", "name"),
    *((verb, "path") for verb in ("delete", "get", "head", "patch", "post", "put")),
}
# Keywords that name something, too.
KEYWORDS = {"name", "new_name", "new_pool", "pool", "snapshot"}


def requests_of(name, product, folder, extensions=None):
    """Note what all calls of a method request, and the library's errors."""
    notes = Notes(product, extensions)
    client = notes.client()
    client.has_extension("instances")
    samples = SAMPLES | {
        "dest": folder / "file",
        "output_dir": folder,
        "to": notes.client().using(project="blue"),
    }
    found, errors = [], []
    for base in BASES.get(name, [{}]):
        for given in arguments(PUBLIC[name].__get__(client), samples, base):
            try:
                call(client, name, given)
            except (hyperkit.Error, OSError, ImportError) as error:
                errors.append(error)
            found += notes.requests()
            for left in folder.iterdir():
                left.unlink()
    return found, errors


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_it_is_reached(endpoint, tmp_path):
    query, body, errors = set(), set(), []
    reached = dict.fromkeys(endpoint.hyperkit, False)
    for name in endpoint.hyperkit:
        for product in ("lxd", "incus"):
            found, failed = requests_of(name, product, tmp_path)
            errors += failed
            for request in found:
                if request.endpoint is endpoint:
                    reached[name] = True
                    query |= request.query
                    body |= request.body
    assert reached, "no method"
    assert all(reached.values()), (reached, errors)
    for sent, known in ((query, endpoint.query), (body, endpoint.body)):
        assert not sent - known, f"no server knows {sent - known}"
        assert not known - sent, f"no argument for {known - sent}: {errors}"


@pytest.mark.parametrize(
    "endpoint", [one for one in ENDPOINTS if one.extension and str(one) not in WITHOUT], ids=str
)
def test_a_server_that_lacks_it_is_not_asked(endpoint, tmp_path):
    for name in endpoint.hyperkit:
        found, errors = requests_of(name, "lxd", tmp_path, extensions=["instances"])
        assert not [one for one in found if one.endpoint is endpoint]
        missing = [error for error in errors if isinstance(error, hyperkit.MissingExtension)]
        assert missing, errors
        assert "LXD 9" in str(missing[0])


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_the_manual_names_it(endpoint):
    for name in endpoint.hyperkit:
        text = " ".join(inspect.getdoc(PUBLIC[name]).split())
        assert f"{endpoint.method} " in text, name
        for extension in endpoint.extension.split(","):
            # That all changes of some fields need one is not repeated everywhere.
            assert extension in text or extension == "patch", (name, extension)


@pytest.mark.parametrize("name", sorted({one for each in ENDPOINTS for one in each.hyperkit}))
def test_names_are_quoted_whole(name, tmp_path):
    known = {quote(NAME, safe=""), quote(SAMPLES["file"], safe="")}
    for request in requests_of(name, "lxd", tmp_path)[0]:
        for segment in request.path.split("/"):
            assert segment in known or re.fullmatch(r"[\w.:-]*", segment)


def names_of(method):
    """List the parameters that name something on the server."""
    return [
        one.name
        for one in inspect.signature(method).parameters.values()
        if one.annotation in {"str", "str | None", "Mapping[str, Any] | str"}
        and (one.kind is one.POSITIONAL_OR_KEYWORD or one.name in KEYWORDS)
        and (method.__name__, one.name) not in NO_NAMES
    ]


@pytest.mark.parametrize("name", [name for name, method in PUBLIC.items() if names_of(method)])
def test_what_nothing_can_be_called_sends_nothing(name, tmp_path):
    notes = Notes("lxd")
    client = notes.client()
    for given in all_arguments(name, client, tmp_path):
        for parameter in names_of(PUBLIC[name]):
            for hostile in ("", ".", "..", "a\nb", "\x7f", 5):
                with pytest.raises(hyperkit.ArgumentError):
                    call(client, name, given | {parameter: hostile})
                assert notes.requests() == []


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, method in PUBLIC.items()
        if "progress" in inspect.signature(method).parameters
    ],
)
def test_a_bar_that_cannot_be_drawn_sends_nothing(name, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    notes = Notes("lxd")
    client = notes.client()
    with pytest.raises(ImportError, match=r"pyhyperkit\[tqdm\]"):
        call(client, name, next(all_arguments(name, client, tmp_path)) | {"progress": True})
    assert notes.requests() == []


def lists_of(method):
    """List the parameters that are lists of texts."""
    return [
        one.name
        for one in inspect.signature(method).parameters.values()
        if str(one.annotation).startswith(("Iterable[str]", "Sequence[str]"))
    ]


@pytest.mark.parametrize("name", [name for name, method in PUBLIC.items() if lists_of(method)])
def test_one_text_in_the_place_of_a_list_sends_nothing(name, tmp_path):
    notes = Notes("lxd")
    client = notes.client()
    given = next(all_arguments(name, client, tmp_path))
    for parameter in lists_of(PUBLIC[name]):
        for wrong in ("web", ["web", 5]):
            with pytest.raises(hyperkit.ArgumentError):
                call(client, name, given | {parameter: wrong})
            assert notes.requests() == []


def all_arguments(name, client, folder):
    """Make the arguments of several calls of a method; the first are the fewest."""
    samples = SAMPLES | {"dest": folder / "file", "output_dir": folder, "to": client}
    for base in BASES.get(name, [{}]):
        yield from arguments(PUBLIC[name].__get__(client), samples, base)


def test_a_get_changes_nothing(tmp_path):
    """A method that is named like a list or an object only reads."""
    for endpoint in ENDPOINTS:
        if endpoint.method == "GET":
            for name in endpoint.hyperkit:
                if name.startswith(("create", "update", "patch", "delete", "rename")):
                    pytest.fail(f"{name} reaches {endpoint}")
