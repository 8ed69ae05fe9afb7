"""Test deploy.py on servers in memory: no root, no LXD, no Incus, no network.

    pip install 'pyhyperkit[testing]' pytest
    cd examples/deploy && pytest

The fixtures ``hyperkit_server`` and ``hyperkit_client`` come with hyperkit; the functions of
the module, and so ``deploy.main``, talk to that server meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import deploy
import hyperkit

if TYPE_CHECKING:
    from pathlib import Path

    from hyperkit.testing import Command, Server

PAGE = f"{deploy.ROOT}/index.html"


@pytest.fixture(params=["lxd-5.0", "incus-6.0"])
def hyperkit_flavour(request: pytest.FixtureRequest) -> str:
    """Run every test on both servers."""
    return str(request.param)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Make a site of one page."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("first")
    return tmp_path / "site"


@pytest.fixture
def deployed(hyperkit_client: hyperkit.Client, site: Path) -> str:
    """Deploy it once; the instance's name."""
    assert deploy.main(["web", str(site)]) == 0
    [name] = hyperkit_client.instances()
    return name


def test_the_first_time_makes_the_instance(hyperkit_client: hyperkit.Client, site: Path) -> None:
    assert hyperkit_client.instances() == []
    assert deploy.main(["web", str(site)]) == 0
    assert hyperkit_client.instance("web").status == "Running"
    assert hyperkit_client.read_file("web", PAGE) == b"first"


def test_the_next_time_replaces_all(
    hyperkit_client: hyperkit.Client, site: Path, deployed: str
) -> None:
    (site / "index.html").rename(site / "start.html")
    assert deploy.main([deployed, str(site), "--check", "true"]) == 0
    assert hyperkit_client.read_file(deployed, f"{deploy.ROOT}/start.html") == b"first"
    with pytest.raises(hyperkit.NotFound):
        hyperkit_client.read_file(deployed, PAGE)
    assert hyperkit_client.snapshots(deployed) == [deploy.BEFORE]


def test_a_failed_check_sets_it_back(
    hyperkit_server: Server,
    hyperkit_client: hyperkit.Client,
    site: Path,
    deployed: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def nginx(command: Command) -> int:
        command.stderr.write("nginx: [emerg] unexpected end of file\n")
        return 1

    hyperkit_server.add_command("nginx", nginx)
    (site / "index.html").write_text("second")
    assert deploy.main([deployed, str(site), "--check", "nginx -t"]) == 1
    assert "unexpected end of file" in capsys.readouterr().err
    assert hyperkit_client.read_file(deployed, PAGE) == b"first"


def test_without_a_snapshot_nothing_is_touched(
    hyperkit_server: Server,
    hyperkit_client: hyperkit.Client,
    site: Path,
    deployed: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hyperkit_server.faults.fail("No space left on device", operation="Snapshotting *")
    (site / "index.html").write_text("second")
    assert deploy.main([deployed, str(site)]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert hyperkit_client.read_file(deployed, PAGE) == b"first"


def test_a_lost_connection_is_no_harm(
    hyperkit_server: Server, hyperkit_client: hyperkit.Client, site: Path
) -> None:
    hyperkit_server.faults.drop(method="GET", path="/1.0/instances")
    assert deploy.main(["web", str(site)]) == 0
    assert hyperkit_client.read_file("web", PAGE) == b"first"
