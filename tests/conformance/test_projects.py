"""Projects, and clients that keep to one."""

import contextlib

import pytest

import hyperkit
from hyperkit import where

# What a filter could be led astray by.
HOSTILE = "a b\" or name eq 'x' .*(["


@pytest.fixture
def project(client):
    """The name of a project that is gone afterwards."""
    client.create_project("hk-one", config={"user.a": 1}, description="First")
    yield "hk-one"
    for name in ("hk-one", "hk-two"):
        with contextlib.suppress(hyperkit.NotFound):
            client.delete_project(name)


@pytest.fixture
def blue_and_red(client):
    """Clients of two projects that share images; what was made there is gone afterwards."""
    kept = {"features.images": False, "features.profiles": False}
    for name in ("hk-blue", "hk-red"):
        client.create_project(name, config=kept)
    narrow = [client.using(project=name) for name in ("hk-blue", "hk-red")]
    yield narrow
    for one, name in zip(narrow, ("hk-blue", "hk-red"), strict=True):
        for left in one.instances():
            one.delete_instance(left)
        client.delete_project(name)


def test_life_of_a_project(client, project):
    assert {"default", project} <= set(client.projects())
    client.patch_project(project, config={"user.b": True, "limits.instances": 3})
    found = client.project(project)
    assert (found.name, found.description) == (project, "First")
    assert (found.config["user.a"], found.config["user.b"]) == ("1", "true")
    with client.edit_project(project) as found:
        found["description"] = "Second"
        found.config["limits.instances"] = "5"
    state = client.project_state(project)
    assert (state.resources["instances"].Limit, state.resources["instances"].Usage) == (5, 0)
    kept = {key: value for key, value in found.config.items() if key.startswith("features.")}
    client.update_project(project, config=kept)
    found = client.project(project)
    assert (found.config, found.description) == (kept, "")
    assert client.rename_project(project, "hk-two").status == "Success"
    assert "hk-two" in [one.name for one in client.projects(recursion=1)]
    assert client.delete_project("hk-two").status == "Success"
    with pytest.raises(hyperkit.NotFound):
        client.project("hk-two")


def test_two_writers_of_a_project_lose_nothing(client, project):
    with pytest.raises(hyperkit.PreconditionFailed), client.edit_project(project) as found:
        client.patch_project(project, config={"user.theirs": 1})
        found.config["user.a"] = "2"
    found = client.project(project)
    assert (found.config["user.a"], found.config["user.theirs"]) == ("1", "1")
    etag = client.last_response.headers["ETag"]
    client.patch_project(project, config={"user.b": 1}, etag=etag)
    with pytest.raises(hyperkit.PreconditionFailed):
        client.update_project(project, etag=etag)


def test_a_project_that_is_there_or_in_use_is_refused(client, project):
    with pytest.raises(hyperkit.APIError):
        client.create_project(project)
    with pytest.raises(hyperkit.APIError):
        client.delete_project("default")
    with pytest.raises(hyperkit.NotFound):
        client.delete_project("hk-nowhere")
    with pytest.raises(hyperkit.NotFound):
        client.project_state("hk-nowhere")


def test_a_project_is_deleted_with_all_that_is_in_it(client, project):
    blue = client.using(project=project)
    blue.create_profile("hk-inside")
    if not client.has_extension("projects_force_delete"):
        with pytest.raises(hyperkit.MissingExtension, match=r"LXD 5\.0\.2"):
            client.delete_project(project, force=True)
        blue.delete_profile("hk-inside")
        return
    with pytest.raises(hyperkit.APIError, match="empty"):
        client.delete_project(project)
    client.delete_project(project, force=True)
    assert project not in client.projects()


def test_a_project_tells_who_may_use_it(client, project):
    if not client.has_extension("project_access"):
        with pytest.raises(hyperkit.MissingExtension, match="project_access"):
            client.project_access(project)
        return
    [entry] = client.project_access(project)
    assert (entry.role, entry.provider) == ("admin", "tls")


def test_what_only_lxd_has_is_not_asked_for(client, project):
    with pytest.raises(hyperkit.MissingExtension, match="project_replica_mode"):
        client.update_project_state(project, replica_mode="leader")
    with pytest.raises(hyperkit.MissingExtension, match="network_and_storage"):
        client.create_project("hk-two", storage="default")
    assert "hk-two" not in client.projects()


def test_projects_are_filtered(client, project):
    client.patch_project(project, config={"user.words": HOSTILE})
    wanted = where("config.user.words", HOSTILE)
    if not client.has_extension("api_filtering_extended"):
        with pytest.raises(hyperkit.MissingExtension, match=r"LXD 5\.0.*api_filtering_extended"):
            client.projects(filter=wanted)
        return
    assert client.projects(filter=wanted) == [project]
    [found] = client.projects(filter=wanted.and_("name", project), recursion=1)
    assert found.config["user.words"] == HOSTILE
    assert client.projects(filter=where("config.user.words", HOSTILE + "x")) == []


def test_each_project_has_its_instances(client, blue_and_red):
    blue, red = blue_and_red
    for one in blue_and_red:
        one.create_instance("hk-same", alias="busybox", config={"user.words": HOSTILE})
    blue.create_instance("hk-blue-only", alias="busybox")
    assert sorted(blue.instances()) == ["hk-blue-only", "hk-same"]
    assert red.instances() == ["hk-same"]
    assert "hk-same" not in client.instances()
    everywhere = client.instances(all_projects=True, recursion=1)
    found = {(one.project, one.name) for one in everywhere if one.name.startswith("hk-")}
    assert {("hk-blue", "hk-same"), ("hk-red", "hk-same"), ("hk-blue", "hk-blue-only")} <= found
    assert blue.instances(filter=where("config.user.words", HOSTILE)) == ["hk-same"]
    assert blue.instances(filter=where("config.user.words", HOSTILE + " ")) == []
    either = where("name", "hk-same").or_("name", "hk-blue-only")
    assert sorted(blue.instances(filter=either)) == ["hk-blue-only", "hk-same"]
    everywhere = blue.instances(
        all_projects=True, filter=where("config.user.words", HOSTILE), recursion=1
    )
    assert sorted(one.project for one in everywhere) == ["hk-blue", "hk-red"]
    blue.delete_instance("hk-same")
    assert red.instances() == ["hk-same"]
    assert red.instance("hk-same").project == "hk-red"


def test_a_full_project_takes_no_more(client, blue_and_red):
    blue, red = blue_and_red
    client.patch_project("hk-blue", config={"limits.instances": 1})
    blue.create_instance("hk-first", alias="busybox")
    assert client.project_state("hk-blue").resources["instances"].Usage == 1
    with pytest.raises(hyperkit.APIError, match="maximum number"):
        blue.create_instance("hk-second", alias="busybox")
    red.create_instance("hk-second", alias="busybox")
    with pytest.raises(hyperkit.APIError):
        client.delete_project("hk-blue")
