"""Every endpoint of LXD and Incus has a method, which requests what it says."""

import inspect

import pytest
from surface.endpoints import ENDPOINTS
from surface.methods import METHODS
from surface.requests_of import Notes, arguments, call
from surface.samples import BASES, SAMPLES

import hyperkit

# What is asked on servers without the extension all the same, and why.
WITHOUT = {
    "HEAD /1.0/instances/{name}/files": "there, a GET tells the same",
}
# What is text, but names nothing below a path of the API: the server judges it.
NO_NAMES = {
    ("create_image_alias", "fingerprint"),
    ("create_image_from_remote", "server"),
    ("create_image_from_url", "url"),
    ("has_extension", "name"),
    ("make_storage_volume_symlink", "target"),
    ("make_symlink", "target"),
    ("repair_instance", "action"),
}


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
            except (hyperkit.Error, OSError, ImportError) as error:
                errors.append(error)
            found += notes.requests()
            for left in folder.iterdir():
                left.unlink()
    return found, errors


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_every_argument_reaches_the_endpoint(endpoint, tmp_path):
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


@pytest.mark.parametrize("name", ["network", "profile", "image_alias", "instance_state"])
def test_names_are_quoted_whole(name, tmp_path):
    paths = {one.path for one in requests_of(name, "lxd", tmp_path)[0]} - {"/1.0"}
    assert paths
    assert all("a%20b%3Fc%23d%252F%26e%3Df" in path for path in paths)


def names_of(method):
    """List the parameters of a method that name something on the server."""
    return [
        one.name
        for one in inspect.signature(method).parameters.values()
        if one.default is one.empty
        and one.kind is one.POSITIONAL_OR_KEYWORD
        and one.annotation == "str"
        and (method.__name__, one.name) not in NO_NAMES
    ]


@pytest.mark.parametrize("name", [name for name in METHODS if names_of(METHODS[name])])
def test_what_nothing_can_be_called_sends_nothing(name, tmp_path):
    method = METHODS[name]
    for parameter in names_of(method):
        for hostile in ("", ".", "..", "a\nb", "\x7f"):
            notes = Notes("lxd")
            client = notes.client()
            samples = SAMPLES | {"dest": tmp_path / "file", "output_dir": tmp_path, "to": client}
            base = BASES.get(name, [{}])[0]
            given = next(arguments(method.__get__(client), samples, base))
            with pytest.raises(hyperkit.ArgumentError):
                call(client, name, given | {parameter: hostile})
            assert notes.requests() == []


def test_what_reads_is_not_named_like_a_change():
    changes = ("create", "update", "patch", "delete", "rename")
    reading = [name for one in ENDPOINTS if one.method == "GET" for name in one.hyperkit]
    assert reading
    assert [name for name in reading if name.startswith(changes)] == []
