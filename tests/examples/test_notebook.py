"""The notebook: clean, and it runs from top to bottom."""

import json
import subprocess
import sys

import pytest
from examples.conftest import EXAMPLES

TOUR = json.loads((EXAMPLES / "tour.ipynb").read_text())
CODE = ["".join(one["source"]) for one in TOUR["cells"] if one["cell_type"] == "code"]


def execute(environment):
    """Run the cells, each by itself, in one namespace; show the value of those that end in one."""
    loader = (
        "import ast, json, sys\n"
        "names = {'__name__': '__main__'}\n"
        "for code in json.load(sys.stdin):\n"
        "    tree = ast.parse(code)\n"
        "    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None\n"
        "    exec(compile(tree, 'cell', 'exec'), names)\n"
        "    if last: print(repr(eval(compile(ast.Expression(last.value), 'cell', 'eval'), names)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", loader],
        input=json.dumps(CODE),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def check(told):
    assert "{'tour-1': 'Running', 'tour-2': 'Running', 'tour-3': 'Running'}" in told
    assert "I am tour-1" in told
    assert "can't open '/no/such/file'" in told
    assert told.count("b'first\\n'") == 2
    assert "instance-restarted" in told
    assert told.count(" 4 processes") == 3


def test_it_is_clean():
    assert (TOUR["nbformat"], TOUR["nbformat_minor"]) == (4, 5)
    assert len({one["id"] for one in TOUR["cells"]}) == len(TOUR["cells"])
    for cell in TOUR["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["execution_count"], cell["outputs"]) == (None, [])
        assert cell["metadata"] == {}
    assert TOUR["cells"][0]["source"][0].startswith("# ")


def test_it_runs_on_a_server(environment, server, client):
    told = execute(environment | {"HYPERKIT_API_ENDPOINT": server.url})
    assert told.startswith(server.flavour.split("-")[0])
    check(told)
    assert client.instances() == []


def test_it_runs_without_a_server(environment):
    del environment["HYPERKIT_API_ENDPOINT"]
    check(execute(environment))


@pytest.mark.parametrize("cell", CODE, ids=range(len(CODE)))
def test_its_cells_are_python(cell):
    compile(cell, "cell", "exec")
