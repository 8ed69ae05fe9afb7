"""Profiles, and the logs of instances."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import hyperkit


@pytest.fixture
def profile(client):
    """The name of a profile that is gone afterwards."""
    client.create_profile("hk-one", config={"user.a": 1}, description="First")
    yield "hk-one"
    for name in ("hk-one", "hk-two"):
        with contextlib.suppress(hyperkit.NotFound):
            client.delete_profile(name)


def test_life_of_a_profile(client, profile):
    assert profile in client.profiles()
    client.patch_profile(profile, config={"user.b": True}, devices={"n": {"type": "none"}})
    found = client.profile(profile)
    assert (found.config, found.description) == ({"user.a": "1", "user.b": "true"}, "First")
    client.update_profile(profile, config={"user.c": 3})
    found = client.profile(profile)
    assert (found.config, found.description, found.devices) == ({"user.c": "3"}, "", {})
    client.rename_profile(profile, "hk-two")
    assert "hk-two" in [one.name for one in client.profiles(recursion=1)]
    client.delete_profile("hk-two")
    with pytest.raises(hyperkit.NotFound):
        client.profile("hk-two")


def test_two_writers_of_a_profile_lose_nothing(client, profile):
    with client.edit_profile(profile) as found:
        found.config["user.a"] = "2"
    with pytest.raises(hyperkit.PreconditionFailed), client.edit_profile(profile) as found:
        client.patch_profile(profile, config={"user.theirs": 1})
        found.config["user.a"] = "3"
    assert client.profile(profile).config == {"user.a": "2", "user.theirs": "1"}
    etag = client.last_response.headers["ETag"]
    client.patch_profile(profile, config={"user.b": 1}, etag=etag)
    with pytest.raises(hyperkit.PreconditionFailed):
        client.update_profile(profile, etag=etag)


@pytest.mark.live_only
def test_threads_that_write_at_the_same_moment(client, profile):
    """Servers compare the ETag and write in two steps, and merge a PATCH likewise."""

    def edit(key):
        written = False
        while not written:
            with contextlib.suppress(hyperkit.PreconditionFailed):
                with client.edit_profile(profile) as found:
                    found.config[f"user.edit-{key}"] = "1"
                written = True

    def patch(key):
        client.patch_profile(profile, config={f"user.patch-{key}": 1})

    with ThreadPoolExecutor(4) as pool:
        for _ in [*pool.map(edit, range(12)), *pool.map(patch, range(12))]:
            pass
    assert len(client.profile(profile).config) == 1 + 12 + 12


def test_profiles_of_every_project_are_listed_and_filtered(client, profile, kind):
    if kind == "lxd":
        with pytest.raises(hyperkit.MissingExtension, match="profiles_all_projects"):
            client.profiles(all_projects=True)
        return
    assert profile in client.profiles(all_projects=True)
    [found] = client.profiles(filter=f"name eq {profile}", recursion=1)
    assert (found.name, found.project) == (profile, "default")


def test_a_profile_that_is_there_already_is_refused(client, profile):
    with pytest.raises(hyperkit.Conflict, match="already exists"):
        client.create_profile(profile)


def test_logs(client, running):
    names = client.logs(running)
    assert "lxc.log" in names
    assert isinstance(client.log(running, "lxc.log"), bytes)
    for name in ("nothing.log", "../../lxd.log", ""):
        with pytest.raises((hyperkit.NotFound, hyperkit.BadRequest, hyperkit.InvalidName)):
            client.log(running, name)
    with pytest.raises(hyperkit.BadRequest):
        client.delete_log(running, "lxc.log")


@pytest.mark.live_only
def test_a_log_is_deleted(client, lab, running):
    # What a migration leaves; here nothing else makes a log that may be deleted.
    logs = Path(lab["state_directory"]) / "logs" / running
    (logs / "migration_dump.log").write_text("dumped")
    assert client.log(running, "migration_dump.log") == b"dumped"
    client.delete_log(running, "migration_dump.log")
    assert "migration_dump.log" not in client.logs(running)
