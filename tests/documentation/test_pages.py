"""The programs in the manual and in README.md run, on the embedded server."""

import os
import subprocess
import sys
from code import InteractiveConsole
from pathlib import Path

import pytest
from documentation.furnish import furnish
from documentation.pages import PAGES, programs
from documentation.world import FLAVOURS, LACKING, world

import hyperkit

RUN = [page for page in PAGES if page.name != "tutorial.rst"]  # that one: test_tutorial.py
# Programs that do not run, and why: by page, and by what is called in them.
ALONE = "the embedded server is a cluster of one"
NOT_RUN = {
    ("becoming-trusted.rst", "log_in"): "there is no identity provider",
    ("network-peers.rst", "create_network_integration"): "no server's OVN can be reached",
    ("clusters.rst", "join_cluster"): ALONE,
    ("clusters.rst", "cluster_members("): ALONE,
    ("clusters.rst", "create_cluster_group"): ALONE,
    ("clusters.rst", "create_cluster_link"): ALONE,
    ("clusters.rst", "delete_cluster_member"): ALONE,
    ("instances.rst", "update_instance_nvram_variable"): "there is no firmware",
    ("migration.rst", 'target="member-2"'): ALONE,
    ("networks.rst", "member_config"): ALONE,
    ("storage.rst", "member_config"): ALONE,
    ("storage.rst", "relocate_storage_volume"): ALONE,
}


def run(page, flavour):
    """Run the programs of a page, one after another, as a reader would.

    Returns:
        What each of them raised; `LACKING` for what comes after something that the server lacks.
    """
    raised = []
    lacking = None
    with world(flavour, page.read_text()) as here:
        known = here.known | {"__name__": page.stem}
        for program in map(here.adapt, programs(page)):
            try:
                furnish(here.client, here.server, program)
                exec(compile(program, page, "exec"), known)
            except LACKING as error:
                lacking = error
                raised.append(error)
            except Exception as error:
                raised.append(lacking or error)
            else:
                raised.append(None)
    return raised


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_pages(page):
    ended = []
    for flavour in FLAVOURS:
        ended.append(run(page, flavour))
        if not any(isinstance(error, LACKING) for error in ended[-1]):
            break
    for program, *errors in zip(programs(page), *ended, strict=True):
        if any(name == page.name and words in program for name, words in NOT_RUN):
            assert all(isinstance(error, hyperkit.Error) for error in errors), (program, errors)
            continue
        nowhere = all(isinstance(error, LACKING) for error in errors)
        for error in errors:
            if error and (nowhere or not isinstance(error, LACKING)):
                raise error


@pytest.mark.parametrize(("page", "words"), NOT_RUN)
def test_what_is_not_run_is_there(page, words):
    [found] = [one for one in RUN if one.name == page]
    assert any(words in program for program in programs(found))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_programs_can_be_pasted(page, capsys):
    """Python's prompt takes them line by line; it ends a block at an empty line only."""
    for program in programs(page):
        console = InteractiveConsole()
        console.runcode = lambda code: None
        for line in [*program.splitlines(), ""]:
            console.push(line)
        assert capsys.readouterr().err == "", program


def test_programs_that_are_tests(tmp_path):
    """Those with tests in them are run by pytest."""
    for page in RUN:
        for number, program in enumerate(programs(page)):
            if "\ndef test_" in program:
                (tmp_path / f"test_{page.stem}_{number}.py").write_text(program)
    here = {"PYTHONPATH": str(Path(hyperkit.__file__).parent.parent)}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "hyperkit._pytest"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, **here, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
