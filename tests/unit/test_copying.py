"""Copies and moves on one server: what is taken along, and what is refused."""

import pytest
from unit.double import error, greet, started

import hyperkit

WEB = {
    "architecture": "x86_64",
    "config": {"user.a": "1", "volatile.base_image": "f", "volatile.eth0.hwaddr": "00:16"},
    "description": "Front end",
    "devices": {"root": {"type": "disk", "path": "/", "pool": "default"}},
    "ephemeral": False,
    "name": "web",
    "profiles": ["default"],
    "type": "container",
}
COPY = {
    "architecture": "x86_64",
    "config": {"user.a": "1", "volatile.base_image": "f"},
    "description": "Front end",
    "devices": WEB["devices"],
    "ephemeral": False,
    "name": "www",
    "profiles": ["default"],
    "source": {"type": "copy", "source": "web"},
    "type": "container",
}


def test_a_copy_is_like_the_source_but_for_what_is_volatile(client, double):
    double.expect("GET", "/1.0/instances/web", WEB)
    double.expect("POST", "/1.0/instances", raw=started(), body=COPY)
    client.copy_container("web", "www", sync=False)


def test_overrides_are_merged_and_profiles_replaced(client, double):
    double.expect("GET", "/1.0/instances/web", WEB)
    double.expect(
        "POST",
        "/1.0/instances",
        raw=started(),
        body={
            **COPY,
            "config": {**COPY["config"], "user.a": "true"},
            "devices": {**WEB["devices"], "none": {"type": "none", "n": "1"}},
            "ephemeral": True,
            "profiles": [],
        },
        query={"target": "m2"},
    )
    client.copy_instance(
        "web",
        "www",
        config={"user.a": True},
        devices={"none": {"type": "none", "n": 1}},
        ephemeral=True,
        profiles=[],
        target="m2",
        sync=False,
    )


def test_a_copy_of_a_snapshot_is_like_the_snapshot(client, double):
    double.expect("GET", "/1.0/instances/web", WEB)
    double.expect(
        "GET", "/1.0/instances/web/snapshots/then", {"name": "then", "config": {"user.a": "0"}}
    )
    double.expect(
        "POST",
        "/1.0/instances",
        raw=started(),
        body={
            **COPY,
            "config": {"user.a": "0"},
            "source": {"type": "copy", "source": "web/then"},
        },
    )
    client.copy_instance("web/then", "www", sync=False)


def test_a_copy_into_another_project_says_where_the_source_is(bare, double):
    greet(double, "container_copy_project", query={"project": "blue"})
    bare.default_project = "blue"
    double.expect("GET", "/1.0/instances/web", WEB, query={"project": "blue"})
    double.expect(
        "POST",
        "/1.0/instances",
        raw=started(),
        body={**COPY, "source": {**COPY["source"], "project": "blue"}},
        query={"project": "red"},
    )
    bare.copy_instance("web", "www", project="red", sync=False)


def test_a_copy_of_nothing_creates_nothing(client, double):
    double.expect("GET", "/1.0/instances/web", status=404, raw=error(404, "not found"))
    with pytest.raises(hyperkit.NotFound):
        client.copy_instance("web", "www")


@pytest.mark.parametrize("source", ["web/", "/then", "web/..", "web/a/b", "web/a\nb"])
def test_sources_that_nothing_is_send_nothing(bare, source):
    with pytest.raises(hyperkit.InvalidName):
        bare.copy_instance(source, "www")


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_new_name_that_nothing_has_sends_nothing(bare, name):
    with pytest.raises(hyperkit.InvalidName):
        bare.move_instance("web", new_name=name)


def test_a_move_must_go_somewhere(bare):
    with pytest.raises(hyperkit.ArgumentError, match="where"):
        bare.move_container("web", instance_only=True)
    for where in ("pool", "project", "target"):
        with pytest.raises(hyperkit.InvalidName):
            bare.move_instance("web", **{where: ""})


def test_a_new_name_alone_is_a_renaming(client, double):
    double.expect("POST", "/1.0/instances/web", raw=started(), body={"name": "www"})
    client.move_instance("web", new_name="www", sync=False)


def test_a_move_says_where_to(bare, double):
    greet(double, "instance_pool_move", "instance_project_move")
    double.expect(
        "POST",
        "/1.0/instances/web",
        raw=started(),
        body={"name": "www", "migration": True, "pool": "fast", "project": "red"},
        query={"target": "m2"},
    )
    bare.move_instance("web", new_name="www", pool="fast", project="red", target="m2", sync=False)


@pytest.mark.parametrize("where", ["pool", "project"])
def test_a_move_that_the_server_cannot_do_is_refused(client, where):
    with pytest.raises(hyperkit.MissingExtension, match=f"instance_{where}_move"):
        client.move_instance("web", **{where: "other"})


def test_a_copy_says_all_that_it_is_told(bare, double):
    greet(
        double,
        "custom_volume_refresh_exclude_older_snapshots",
        "instance_allow_inconsistent_copy",
        "override_snapshot_profiles_on_copy",
    )
    how = {
        "allow_inconsistent": True,
        "instance_only": False,
        "live": True,
        "override_snapshot_profiles": True,
        "refresh": True,
        "refresh_exclude_older": True,
    }
    double.expect("GET", "/1.0/instances/web", WEB)
    body = {**COPY, "source": {**COPY["source"], **how}}
    double.expect("POST", "/1.0/instances", raw=started(), body=body)
    bare.copy_instance("web", "www", **how, sync=False)


@pytest.mark.parametrize(
    ("argument", "extension"),
    [
        ("allow_inconsistent", "instance_allow_inconsistent_copy"),
        ("override_snapshot_profiles", "override_snapshot_profiles_on_copy"),
        ("refresh_exclude_older", "refresh_exclude_older_snapshots"),
    ],
)
def test_a_copy_that_the_server_cannot_make_is_refused(client, double, argument, extension):
    double.expect("GET", "/1.0/instances/web", WEB)
    with pytest.raises(hyperkit.MissingExtension, match=extension):
        client.copy_instance("web", "www", **{argument: True})


def test_a_move_says_all_that_it_is_told(bare, double):
    greet(
        double,
        "cluster_migration_inconsistent_copy",
        "instance_move_config",
        "instance_refresh_migration",
        "override_snapshot_profiles_on_copy",
    )
    body = {
        "name": "web",
        "migration": True,
        "Config": {"a": "1"},
        "Devices": {"d": {"n": "1"}},
        "Profiles": [],
        "allow_inconsistent": True,
        "live": False,
        "override_snapshot_profiles": True,
        "refresh": True,
    }
    query = {"target": "m2"}
    double.expect("POST", "/1.0/instances/web", raw=started(), body=body, query=query)
    bare.move_instance(
        "web",
        allow_inconsistent=True,
        config={"a": 1},
        devices={"d": {"n": 1}},
        live=False,
        override_snapshot_profiles=True,
        profiles=[],
        refresh=True,
        target="m2",
        sync=False,
    )


def test_what_does_not_go_with_a_new_name_alone_sends_nothing(bare):
    with pytest.raises(hyperkit.ArgumentError, match="config, live: not with a new name"):
        bare.move_instance("web", new_name="www", config={}, live=True)
    with pytest.raises(hyperkit.ArgumentError, match="instance_only: not with a new name"):
        bare.move_instance("web", new_name="www", instance_only=True)


@pytest.mark.parametrize(
    ("argument", "extension"),
    [
        ("config", "instance_move_config"),
        ("refresh", "instance_refresh_migration"),
    ],
)
def test_a_field_of_a_move_that_the_server_does_not_know_is_refused(client, argument, extension):
    with pytest.raises(hyperkit.MissingExtension, match=extension):
        client.move_instance("web", target="m2", **{argument: {}})
