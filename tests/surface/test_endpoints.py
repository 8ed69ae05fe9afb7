"""Every endpoint of LXD and Incus has a method, which requests what it says."""

import inspect
import re
import sys
from urllib.parse import quote

import pytest
from surface.endpoints import ENDPOINTS
from surface.methods import METHODS
from surface.requests_of import NAME, Notes, arguments, call
from surface.samples import BASES, SAMPLES

import hyperkit

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
        for given in arguments(METHODS[name].__get__(client), samples, base):
            try:
                call(client, name, given)
            except (hyperkit.Error, OSError) as error:
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
        text = " ".join(inspect.getdoc(METHODS[name]).split())
        assert f"{endpoint.method} " in text, name
        for extension in endpoint.extension.split(","):
            # That all changes of some fields need one is not repeated everywhere.
            assert extension in text or extension == "patch", (name, extension)


@pytest.mark.parametrize("name", sorted({one for each in ENDPOINTS for one in each.hyperkit}))
def test_names_are_quoted_whole(name, tmp_path):
    known = {quote(NAME, safe=""), quote(SAMPLES["file"], safe="")}
    found = requests_of(name, "lxd", tmp_path)[0]
    assert found
    for segment in {segment for request in found for segment in request.path.split("/")}:
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


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if names_of(method)])
def test_what_nothing_can_be_called_sends_nothing(name, tmp_path):
    notes = Notes("lxd")
    client = notes.client()
    for given in all_arguments(name, client, tmp_path):
        for parameter in names_of(METHODS[name]):
            for hostile in ("", ".", "..", "a\nb", "\x7f", 5):
                with pytest.raises(hyperkit.ArgumentError):
                    call(client, name, given | {parameter: hostile})
                assert notes.requests() == []


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, method in METHODS.items()
        if "progress" in inspect.signature(method).parameters
    ],
)
def test_a_bar_that_cannot_be_drawn_sends_nothing(name, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    notes = Notes("lxd")
    client = notes.client()
    with pytest.raises(hyperkit.MissingExtra, match=r"pyhyperkit\[tqdm\]"):
        call(client, name, next(all_arguments(name, client, tmp_path)) | {"progress": True})
    assert notes.requests() == []


def lists_of(method):
    """List the parameters that are lists of texts."""
    return [
        one.name
        for one in inspect.signature(method).parameters.values()
        if str(one.annotation).startswith(("Iterable[str]", "Sequence[str]"))
    ]


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if lists_of(method)])
def test_one_text_in_the_place_of_a_list_sends_nothing(name, tmp_path):
    notes = Notes("lxd")
    client = notes.client()
    given = next(all_arguments(name, client, tmp_path))
    for parameter in lists_of(METHODS[name]):
        for wrong in ("web", ["web", 5]):
            with pytest.raises(hyperkit.ArgumentError):
                call(client, name, given | {parameter: wrong})
            assert notes.requests() == []


def all_arguments(name, client, folder):
    """Make the arguments of several calls of a method; the first are the fewest."""
    samples = SAMPLES | {"dest": folder / "file", "output_dir": folder, "to": client}
    for base in BASES.get(name, [{}]):
        yield from arguments(METHODS[name].__get__(client), samples, base)


def test_what_reads_is_not_named_like_a_change():
    changes = ("create", "update", "patch", "delete", "rename")
    reading = [name for one in ENDPOINTS if one.method == "GET" for name in one.hyperkit]
    assert reading
    assert [name for name in reading if name.startswith(changes)] == []
