"""The deploy script, and its tests: they pass, and they fail when the script is broken."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from examples.conftest import EXAMPLES


@pytest.fixture
def suite(environment, tmp_path):
    """Run the suite as somebody does who has copied the two files, changed or not."""

    def suite(old="", new=""):
        for name in ("deploy.py", "test_deploy.py"):
            shutil.copy(EXAMPLES / "deploy" / name, tmp_path)
        script = tmp_path / "deploy.py"
        assert old in script.read_text()
        script.write_text(script.read_text().replace(old, new))
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        if "hyperkit" not in entry_points(group="pytest11").names:
            command += ["-p", "hyperkit._pytest"]  # not installed, or not since there is a plugin
        done = subprocess.run(
            [*command, "--rootdir", tmp_path],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        failed = set(re.findall(r"FAILED test_deploy.py::(\w+)", done.stdout))
        return done.returncode, failed, done.stdout

    return suite


def test_its_tests_pass(suite):
    code, failed, stdout = suite()
    assert (code, failed) == (0, set()), stdout
    assert "10 passed" in stdout  # five, on two servers


@pytest.mark.parametrize(
    ("old", "new", "failed"),
    [
        ("client.restore_snapshot(name, BEFORE)", "", "test_a_failed_check_sets_it_back"),
        ('["rm", "-rf", ROOT]', '["true"]', "test_the_next_time_replaces_all"),
        ("client.push_directory(site, name, ROOT)", "", "test_the_first_time_makes_the_instance"),
    ],
)
def test_its_tests_can_fail(suite, old, new, failed):
    code, found, stdout = suite(old, new)
    assert code == 1, stdout
    assert failed in found


def test_it_deploys(run, client, tmp_path):
    (tmp_path / "index.html").write_text("hello")
    code, stdout, stderr = run("deploy/deploy.py", "web", tmp_path)
    assert (code, stdout, stderr) == (0, f"web serves {tmp_path}\n", "")
    assert client.read_file("web", "/srv/www/index.html") == b"hello"


def test_a_check_that_is_no_command(run, client, tmp_path):
    code, _, stderr = run("deploy/deploy.py", "web", tmp_path, "--check", 'nginx "')
    assert (code, client.instances()) == (2, [])
    assert "--check" in stderr


@pytest.mark.parametrize("site", ["none", "empty"])
def test_what_cannot_be_deployed_is_told(run, client, tmp_path, site):
    (tmp_path / "empty").mkdir()
    code, _, stderr = run("deploy/deploy.py", "web", tmp_path / site)
    assert code == 1
    assert stderr.startswith("deploy: ")
    assert "Traceback" not in stderr
