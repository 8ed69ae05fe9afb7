"""What is true of every example."""

import ast
import re
import subprocess
import sys

import pytest
from examples.conftest import EXAMPLES

PROGRAMS = {
    "backup.py": ["{folder}"],
    "deploy/deploy.py": ["web", "{folder}"],
    "exporter.py": ["--once"],
    "fleet.py": ["uname"],
    "provision.py": [str(EXAMPLES / "provision.toml"), "--quiet"],
    "quickstart.py": [],
    "snapshots.py": [],
    "watch.py": [],
}
# What goes with them.
BESIDE = {"README.md", "deploy/test_deploy.py", "provision.toml", "tour.ipynb"}
LONGEST = 120


def test_all_of_them_are_tested_and_told_of():
    there = {
        str(one.relative_to(EXAMPLES))
        for one in EXAMPLES.rglob("*")
        if one.is_file() and "__pycache__" not in one.parts
    }
    assert there == PROGRAMS.keys() | BESIDE
    told = set(re.findall(r"\]\(([^)]+)\)", (EXAMPLES / "README.md").read_text()))
    assert told == there - {"README.md"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_its_docstring_says_how_it_is_run(name):
    text = (EXAMPLES / name).read_text()
    assert f"\n    python examples/{name}" in ast.get_docstring(ast.parse(text), clean=False)
    assert len(text.splitlines()) <= LONGEST


@pytest.mark.parametrize("name", PROGRAMS)
def test_help_needs_no_server(run, name):
    code, stdout, stderr = run(name, "--help")
    assert (code, stderr) == (0, "")
    assert stdout.startswith(f"usage: {name.rpartition('/')[2]}")


@pytest.mark.parametrize("name", PROGRAMS)
def test_without_a_server_it_says_so_and_fails(run, tmp_path, name):
    code, _, stderr = run(name, *[one.format(folder=tmp_path) for one in PROGRAMS[name]])
    assert (code, "Traceback" in stderr) == (1, False)
    program = name.rpartition("/")[2].removesuffix(".py")
    assert stderr.startswith(f"{program}: ")
    assert f"There is no socket at {tmp_path}/none." in stderr


@pytest.mark.parametrize("name", ["exporter.py"])
def test_without_an_extra_it_says_what_to_install(environment, name):
    code = (
        "import runpy, sys; sys.modules['prometheus_client'] = None; runpy.run_path(sys.argv[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, EXAMPLES / name],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "exporter: pip install 'pyhyperkit[metrics]'\n")


def test_the_readme_gives_a_server_in_memory(environment):
    readme = (EXAMPLES / "README.md").read_text()
    [command] = re.findall(r"```sh\n(python -c .*?)```", readme, re.DOTALL)
    shown = subprocess.run(
        ["sh", "-c", f'python() {{ "{sys.executable}" "$@"; }}\n{command}'],
        env=environment | {"SHELL": "/usr/bin/env"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert "\nHYPERKIT_API_ENDPOINT=unix:///" in f"\n{shown}"
    assert environment["HYPERKIT_API_ENDPOINT"] not in shown
