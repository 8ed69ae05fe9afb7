"""The public surface polices itself."""

import ast
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from surface.methods import METHODS
from surface.requests_of import ANYTHING, arguments, call
from surface.samples import BASES, SAMPLES

import hyperkit
from hyperkit import _options
from hyperkit.types import Operation, Resource

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "src" / "hyperkit"
OWN = {name: method for name, method in METHODS.items() if method.__name__ == name}
WITH_SYNC = {
    name: method
    for name, method in METHODS.items()
    if "sync" in inspect.signature(method).parameters
}
# What a server might answer to any question that comes before a change.
ANSWER = json.loads(json.dumps(ANYTHING), object_hook=Resource)


def test_the_stub_is_current():
    subprocess.run([sys.executable, ROOT / "tools" / "stub.py", "--check"], check=True)


@pytest.mark.parametrize("name", OWN)
def test_docstrings_name_every_parameter_and_show_an_example(name):
    text = inspect.getdoc(OWN[name])
    for parameter in list(inspect.signature(OWN[name]).parameters)[1:]:
        assert f"\n    {parameter}: " in text, f"{name} does not explain {parameter}"
    assert "\nExample:\n    >>> " in text


@pytest.mark.parametrize("name", WITH_SYNC)
@pytest.mark.parametrize("auto_sync", [True, False])
@pytest.mark.parametrize("sync", [True, False, None])
def test_sync_and_auto_sync_are_obeyed(name, auto_sync, sync, monkeypatch):
    client = hyperkit.Client(auto_sync=auto_sync)
    started = Operation({"id": "u", "status_code": 103, "metadata": Resource(secret="s")})
    waited = []
    server = hyperkit._server.Capabilities(hyperkit._server.LXD, None)
    kind = hyperkit.Client
    monkeypatch.setattr(kind, "_change", lambda *arguments, **headers: started)
    monkeypatch.setattr(kind, "_get", lambda *arguments, **query: ANSWER)
    monkeypatch.setattr(kind, "_names", lambda *arguments, **query: [])
    monkeypatch.setattr(kind, "_capabilities", lambda self: server)
    monkeypatch.setattr(kind, "wait_for_operation", lambda self, one: waited.append(one) or one)
    samples = SAMPLES | {"to": hyperkit.Client(auto_sync=True)}
    given = next(arguments(getattr(client, name), samples, BASES.get(name, [{}])[0]))
    call(client, name, given | {"sync": sync})
    assert bool(waited) is (auto_sync if sync is None else sync)


def test_sync_is_the_last_parameter():
    for method in WITH_SYNC.values():
        assert list(inspect.signature(method).parameters)[-1] == "sync"


def test_every_method_is_a_function_of_the_module():
    for name in METHODS:
        assert getattr(hyperkit, name) == getattr(hyperkit.default_client(), name)


def test_no_module_and_no_option_hides_a_method():
    modules = {one.name for one in pkgutil.iter_modules([str(SOURCE)]) if one.name[0] != "_"}
    assert not modules & set(METHODS)
    assert not set(_options.OPTIONS) & set(METHODS)


@pytest.mark.parametrize(
    "file", sorted((SOURCE / "_api").glob("*.py")), ids=lambda file: file.stem
)
def test_public_methods_stand_first_and_in_alphabetical_order(file):
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            names = [one.name for one in node.body if isinstance(one, ast.FunctionDef)]
            public = [name for name in names if not name.startswith("_")]
            assert names[: len(public)] == sorted(public)


def test_errors_are_exported():
    for name, kind in vars(hyperkit.errors).items():
        if isinstance(kind, type) and issubclass(kind, hyperkit.Error):
            assert getattr(hyperkit, name) is kind


def fresh(code):
    """Run a program in an interpreter of its own, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.split()


def test_importing_loads_neither_requests_nor_the_chapters():
    code = "import sys, hyperkit; print(*sys.modules)"
    loaded = fresh(code)
    assert {"hyperkit", "hyperkit.errors"} <= set(loaded)
    assert not {"requests", "urllib3", "hyperkit._client"} & set(loaded)
    code = "import sys, hyperkit.errors, hyperkit.types; print(*sys.modules)"
    assert "requests" not in fresh(code)


def test_a_client_loads_neither_websockets_nor_openssl_nor_what_is_extra():
    loaded = fresh("import sys, hyperkit; hyperkit.Client().close(); print(*sys.modules)")
    assert "requests" in loaded
    late = {"websockets", "OpenSSL", "cryptography"}
    extra = {"aiohttp", "oauthlib", "paramiko", "prometheus_client", "tqdm", "yaml"}
    assert (late | extra) & set(loaded) == set()


def test_importing_and_making_a_client_reads_no_file_and_connects_to_nothing():
    code = """
import sys
seen = []
sys.addaudithook(lambda event, about: seen.append((event, *about)))
import hyperkit
options = {"client_cert": "/c", "client_key": "/k", "server_cert": "/s", "verify_ssl": "/ca"}
with hyperkit.Client(api_endpoint="remote:far", **options) as client:
    repr(client.using(project="blue"))
opened = [one[1] for one in seen if one[0] == "open"]
print(*[place for place in opened if not str(place).endswith((".py", ".pyc"))])
print(*[one[0] for one in seen if one[0] in {"socket.connect", "subprocess.Popen"}])
"""
    assert fresh(code) == []


def test_what_is_used_is_loaded():
    assert fresh("import hyperkit; print(hyperkit.instances.__name__)") == ["instances"]
    assert fresh("from hyperkit import *; print(NotFound.__name__)") == ["NotFound"]
    assert "Client" in fresh("import hyperkit; print(*dir(hyperkit))")
    code = "import hyperkit; hyperkit.auto_sync = False; print(hyperkit.Client().auto_sync)"
    assert fresh(code) == ["False"]


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'instnaces': did you mean 'instances'"):
        hyperkit.instnaces  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'zebra'$"):
        hyperkit.zebra  # noqa: B018


def test_the_module_lists_what_is_its_own():
    listed = set(dir(hyperkit))
    assert {*METHODS, *_options.OPTIONS, "Client", "NotFound", "errors", "types"} <= listed
    assert "testing" in fresh("import hyperkit, hyperkit.testing; print(*dir(hyperkit))")
    assert not {"Any", "TYPE_CHECKING", "annotations", "shlex", "subprocess"} & listed
