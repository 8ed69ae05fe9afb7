"""The examples on real servers; tests/examples runs them on embedded ones, piece by piece."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conformance.left_behind import remove_instances

EXAMPLES = Path(__file__).parent.parent.parent / "examples"

pytestmark = pytest.mark.live_only


@pytest.fixture
def run(mode, lab, client):
    """Run Python with the server at hand; nothing that the examples make is there afterwards."""
    if mode[1] != "socket":
        pytest.skip("once for each server, over the socket")

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=EXAMPLES,
            env=os.environ | {"HYPERKIT_API_ENDPOINT": f"unix://{lab['socket']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def clean():
        for prefix in ("web-", "db", "tour-", "hk-site"):
            remove_instances(client, prefix)
        for name in {"small", "fuse"}.intersection(client.profiles()):
            client.delete_profile(name)

    clean()
    yield run
    clean()


def test_the_programs_do_what_they_say(run, client, tmp_path):
    assert run("provision.py", "provision.toml", "--quiet").startswith("4 made, 4 started")
    assert client.instance("db").expanded_devices["fuse"]["path"] == "/dev/fuse"
    told = run("fleet.py", "--match", "web-*", "--", "uname", "-n").splitlines()
    assert sorted(told) == [f"web-{number}: web-{number}" for number in (1, 2, 3)]
    run("snapshots.py", "db", "--days", 1)
    [taken] = client.snapshots("db", recursion=1)
    assert (taken.expires_at - taken.created_at).total_seconds() == pytest.approx(86400, abs=60)
    run("backup.py", tmp_path, "db")
    [file] = tmp_path.iterdir()
    client.import_instance(file, name="db-2")
    assert len(client.snapshots("db-2")) == 1
    client.delete_instance("db-2")
    assert 'hyperkit_up{server="local"} 1.0' in run("exporter.py", "--once")
    run("provision.py", "provision.toml", "--quiet", "--remove")
    assert not {"db", "web-1"} & set(client.instances())
    assert "small" not in client.profiles()


def test_the_deploy_script_deploys_and_sets_back(run, client, tmp_path):
    (tmp_path / "index.html").write_text("hello")
    for _ in range(2):
        run("deploy/deploy.py", "hk-site", tmp_path)
    assert client.read_file("hk-site", "/srv/www/index.html") == b"hello"
    (tmp_path / "index.html").write_text("spoilt")
    with pytest.raises(AssertionError, match="false in hk-site ended with 1"):
        run("deploy/deploy.py", "hk-site", tmp_path, "--check", "false")
    assert client.read_file("hk-site", "/srv/www/index.html") == b"hello"


def test_the_notebook_runs(run, client):
    cells = json.loads((EXAMPLES / "tour.ipynb").read_text())["cells"]
    code = ["".join(one["source"]) for one in cells if one["cell_type"] == "code"]
    told = run("-c", "\n".join(code))
    assert "I am tour-1" in told
    assert "instance-restarted" in told
    assert "tour-1" not in client.instances()
