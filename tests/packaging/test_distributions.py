"""What is built holds what it should, and works where nothing else is installed.

Not part of a plain ``pytest``: it builds and installs, which ``tox -e package`` is for.
"""

import os
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGE = {
    str(file.relative_to(ROOT / "src"))
    for file in (ROOT / "src" / "hyperkit").rglob("*")
    if file.is_file() and file.suffix != ".pyc"
}
# What is wanted for each thing that needs an extra, and what uses it.
EXTRAS = {
    "metrics": "assert client.metric_samples()",
    "oidc": "client.log_in()",
    "remotes": "hyperkit.Client(api_endpoint='remote:a').server()",
    "sftp": "client.sftp_client('web').close()",
    "testing": "import hyperkit.testing",
    "tqdm": "client.push_file('/etc/hostname', 'web', '/a', progress=True)",
}
# What those write that are there: the bar, and that nobody logs in over a socket.
SHOWN = {"oidc": "logging in is for https://.", "tqdm": "/a: 100%"}


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    [sdist] = folder.glob("*.tar.gz")
    [wheel] = folder.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="session")
def bare(built, tmp_path_factory):
    """A fresh environment with the wheel, and without extras."""
    return installed(str(built[1]), tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="session")
def full(built, tmp_path_factory):
    """A fresh environment with the embedded server, and pytest."""
    return installed(f"{built[1]}[testing]", tmp_path_factory.mktemp("full"), "pytest")


@pytest.fixture(scope="session")
def served(full):
    """The socket of an embedded server, in that environment, with a container."""
    code = (
        "from hyperkit.testing import Server\n"
        "with Server('lxd-6') as server:\n"
        "    server.client().launch_instance('web', alias='busybox')\n"
        "    print(server.socket, flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [full / "python", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process.stdout.readline().strip()
        process.communicate("\n")


def installed(wheel, folder, *others):
    venv.create(folder, with_pip=True)
    run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", wheel, *others)
    return folder / "bin"


def use(python, extra, folder, socket):
    """Do what an extra is for; return what went wrong."""
    (folder / "config.yml").write_text(f"remotes: {{a: {{addr: 'unix://{socket}'}}}}\n")
    code = (
        "import hyperkit\n"
        f"client = hyperkit.Client(api_endpoint={socket!r})\n"
        f"try:\n    {EXTRAS[extra]}\n"
        "except (ImportError, hyperkit.Error) as error:\n    print(error)\n"
    )
    return run("env", f"LXD_CONF={folder}", python, "-W", "error", "-c", code)


def run(*command, status=0, **options):
    """Run a program away from the sources, and return all that it writes."""
    variables = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=variables,
        **{"cwd": "/"} | options,
    )
    assert done.returncode == status, done.stdout
    return done.stdout


def test_the_sdist_holds_what_is_needed_to_work_on_it(built):
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"src/{name}" for name in PACKAGE} <= names
    assert {
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "PKG-INFO",
        "README.md",
        "SECURITY.md",
        "docs/conf.py",
        "examples/quickstart.py",
        "pyproject.toml",
        "tests/conformance/conftest.py",
        "tests/lab/__main__.py",
        "tools/stub.py",
        "tox.ini",
    } <= names
    assert any(name.startswith("tests/recordings/") for name in names)
    assert not [name for name in names if "__pycache__" in name]
    # Nothing that tests and tools have left beside the sources.
    hidden = {name.partition("/")[0] for name in names if name.startswith(".")}
    assert hidden == {".ci", ".gitignore", ".pre-commit-config.yaml"}


def test_the_wheel_holds_the_package_and_nothing_else(built):
    with zipfile.ZipFile(built[1]) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == PACKAGE
    assert {"hyperkit/py.typed", "hyperkit/_functions.pyi"} <= names
    assert {"hyperkit/testing/data/endpoints.tsv", "hyperkit/testing/data/lxd-6.txt"} <= names


def test_the_metadata(built):
    with zipfile.ZipFile(built[1]) as archive:
        [place] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        told = message_from_bytes(archive.read(place))
        entries = archive.read(place.replace("METADATA", "entry_points.txt")).decode()
    assert told["Name"] == "pyhyperkit"
    assert told["Requires-Python"] == PROJECT["requires-python"]
    assert told["License-Expression"] == "MIT"
    assert told["Description-Content-Type"] == "text/markdown"
    assert "# hyperkit" in told.get_payload()
    assert set(told.get_all("Provides-Extra")) == set(EXTRAS)
    assert "pyhyperkit = hyperkit.__main__:main" in entries
    assert "hyperkit = hyperkit._pytest" in entries


def test_what_is_installed_fits_together(bare):
    assert "No broken requirements" in run(bare / "python", "-m", "pip", "check")


def test_the_version_is_that_of_the_distribution(bare):
    code = (
        "import hyperkit, importlib.metadata as m;"
        "assert hyperkit.__version__ == m.version('pyhyperkit'); print(hyperkit.__file__)"
    )
    assert str(bare.parent) in run(bare / "python", "-W", "error", "-c", code)


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_needs_an_extra_says_so(bare, tmp_path, extra):
    told = use(bare / "python", extra, tmp_path, "/nowhere/unix.socket")
    assert f"pip install 'pyhyperkit[{extra}]'" in told


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_alone_is_enough(built, bare, served, tmp_path, extra):
    pip = [bare / "python", "-m", "pip", "--quiet"]
    before = set(run(*pip, "freeze").splitlines())
    run(*pip, "install", f"{built[1]}[{extra}]")
    try:
        told = use(bare / "python", extra, tmp_path, served)
    finally:
        added = set(run(*pip, "freeze").splitlines()) - before
        run(*pip, "uninstall", "--yes", *[line.partition("==")[0] for line in added])
    assert SHOWN.get(extra, "") in told
    assert bool(told) == (extra in SHOWN)


def test_the_demo_says_what_it_needs(bare):
    told = run(bare / "python", "-m", "hyperkit", "demo", "--server", "embedded", status=1)
    assert "pip install 'pyhyperkit[testing]'" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("command", [["python", "-m", "hyperkit"], ["pyhyperkit"]], ids=" ".join)
def test_the_demo(full, command):
    program, *words = command
    told = run(full / program, *words, "demo", "--server", "embedded")
    assert "# Nothing is left behind." in told
    assert f"usage: {' '.join(command)}" in run(full / program, *words, "--help")


def test_the_fixtures_of_pytest(full, tmp_path):
    (tmp_path / "test_mine.py").write_text(
        "import hyperkit\n"
        "def test_mine(hyperkit_server, hyperkit_client):\n"
        "    hyperkit.create_container('web', alias='busybox')\n"
        "    assert hyperkit_client.containers() == ['web']\n"
    )
    told = run(full / "python", "-m", "pytest", "-W", "error", tmp_path, cwd=tmp_path)
    assert "1 passed" in told


def test_pytest_goes_on_without_the_extra(bare, tmp_path):
    """The plugin is loaded wherever hyperkit is, and must not be in the way."""
    (tmp_path / "test_mine.py").write_text("def test_mine():\n    pass\n")
    run(bare / "python", "-m", "pip", "install", "--quiet", "pytest")
    told = run(bare / "python", "-m", "pytest", "-W", "error", tmp_path, cwd=tmp_path)
    assert "1 passed" in told
