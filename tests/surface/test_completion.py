"""What those see who explore: completion, signatures and docstrings, in IPython and editors."""

import json
import os
import subprocess
import sys

import pytest

import hyperkit
from hyperkit.types import Instance

pytest.importorskip("IPython")

from IPython.core.interactiveshell import InteractiveShell
from IPython.lib.pretty import pretty

EXPECTED = {
    "hyperkit.cr": {"create_container", "create_instance", "create_network"},
    "hyperkit.auto": {"auto_sync"},
    "client.": {"api_endpoint", "instances", "storage_volume", "using"},
    "web.": {"class_", "items", "name", "status"},
}
# In an interpreter of its own: pytest loads the package in a way that jedi does not see through.
PROGRAM = f"""
import json, hyperkit
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from hyperkit.types import Instance

shell = InteractiveShell()
web = Instance({{"name": "web", "status": "Running", "class": "x"}})
shell.user_ns |= dict(hyperkit=hyperkit, client=hyperkit.Client(), web=web)
found = {{}}
for jedi in (True, False):
    shell.Completer.use_jedi = jedi
    for text in {list(EXPECTED)}:
        with provisionalcompleter():
            names = [one.text for one in shell.Completer.completions(text, len(text))]
        found[f"{{text}} {{jedi}}"] = [name.removeprefix(".") for name in names]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def completions(tmp_path_factory):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | {"IPYTHONDIR": str(tmp_path_factory.mktemp("ipython"))},
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("jedi", [True, False])
@pytest.mark.parametrize("text", EXPECTED)
def test_completion_offers_what_is_public(completions, text, jedi):
    found = completions[f"{text} {jedi}"]
    assert set(found) >= EXPECTED[text]
    assert not [name for name in found if name.startswith("_")]


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        shell = InteractiveShell()
    # A thread that writes what was typed; nobody types here.
    shell.history_manager.enabled = False
    shell.user_ns |= {"hyperkit": hyperkit, "client": hyperkit.Client()}
    return shell


@pytest.mark.parametrize("name", ["hyperkit.create_container", "client.create_container"])
def test_question_marks_show_signature_and_manual(shell, name):
    told = shell.object_inspect(name)
    assert told["definition"].startswith(f"{name}(")
    assert "ephemeral" in told["definition"]
    assert "POST /1.0/instances" in told["docstring"]


def test_answers_are_folded():
    """Dicts and lists as they are; a table is `pandas.DataFrame(client.instances(recursion=1))`."""
    told = pretty([Instance({"name": "web" * 20, "status": "Running" * 9})])
    assert told.splitlines()[1].startswith("  'status': ")


def test_editors_know_functions_from_the_stub():
    """PyCharm and what is built on jedi read the source, not the module that runs."""
    jedi = pytest.importorskip("jedi")
    script = jedi.Script("import hyperkit\nhyperkit.create_cont")
    assert [one.name for one in script.complete()] == ["create_container"]
    script = jedi.Script("import hyperkit\nhyperkit.create_container(")
    [signature] = script.get_signatures()
    assert {"name", "alias", "ephemeral", "sync"} <= {one.name for one in signature.params}
