"""Runs the examples as programs, on embedded servers or without any."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import hyperkit
from hyperkit.testing import Server

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SOURCE = Path(hyperkit.__file__).parent.parent
# So long, in seconds, a program may take on a machine that is busy.
PATIENCE = 120


@pytest.fixture(params=["lxd-5.0", "incus-6.0"])
def server(request):
    """An embedded server, which the programs take for the local one."""
    with Server(request.param) as server:
        yield server


@pytest.fixture
def client(server):
    return server.client()


@pytest.fixture
def environment(tmp_path):
    """An environment without any server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HYPERKIT_")}
    nowhere = f"unix://{tmp_path}/none"
    return kept | {"HYPERKIT_API_ENDPOINT": nowhere, "PYTHONPATH": str(SOURCE)}


@pytest.fixture
def start(environment, request):
    """Start an example, as its docstring says; its warnings are errors."""
    started = []
    if "server" in request.fixturenames:
        environment["HYPERKIT_API_ENDPOINT"] = request.getfixturevalue("server").url

    def start(name, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-W", "error", EXAMPLES / name, *map(str, arguments)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def run(start):
    """Run an example to its end: its code, its output, its errors."""

    def run(name, *arguments):
        process = start(name, *arguments)
        stdout, stderr = process.communicate(timeout=PATIENCE)
        return process.returncode, stdout, stderr

    return run
