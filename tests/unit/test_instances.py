"""Instances: what is sent, and what is refused before it is."""

import pytest
from unit.double import error, greet, operation, started

import hyperkit

IMAGE = {"type": "image", "alias": "busybox"}


def test_a_configuration_is_sent_as_text_and_left_as_it_was(client, double):
    config = {"limits.cpu": 2, "security.nesting": True}
    double.expect(
        "POST",
        "/1.0/instances",
        raw=started(),
        body={
            "name": "web",
            "type": "container",
            "source": IMAGE,
            "config": {"limits.cpu": "2", "security.nesting": "true"},
        },
    )
    double.expect_wait()
    client.create_container("web", alias="busybox", config=config)
    assert config == {"limits.cpu": 2, "security.nesting": True}


def test_an_image_of_a_remote_server_is_pulled(client, double):
    double.expect(
        "POST",
        "/1.0/instances",
        body={
            "name": "web",
            "type": "virtual-machine",
            "source": {
                **IMAGE,
                "mode": "pull",
                "protocol": "simplestreams",
                "server": "https://i",
            },
        },
    )
    client.create_instance(
        "web",
        alias="busybox",
        server="https://i",
        protocol="simplestreams",
        type="virtual-machine",
    )


@pytest.mark.parametrize(
    ("arguments", "raised"),
    [
        ({}, hyperkit.ImageIdentifierRequired),
        ({"alias": ""}, hyperkit.ImageIdentifierRequired),
        ({"alias": "a", "empty": True}, hyperkit.InvalidImageAttributes),
        ({"alias": "a", "fingerprint": "f"}, hyperkit.InvalidImageAttributes),
        ({"alias": "a", "secret": "s"}, hyperkit.InvalidImageAttributes),
        ({"alias": "a", "server": "https://i", "protocol": "ftp"}, hyperkit.InvalidProtocol),
        ({"alias": "a", "type": "lxc"}, hyperkit.ArgumentError),
    ],
)
def test_bad_arguments_send_nothing(client, arguments, raised):
    with pytest.raises(raised):
        client.create_instance("web", **arguments)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"alias": "nosuch"}, "alias 'nosuch' on this server.$"),
        ({"fingerprint": "abc"}, "fingerprint 'abc' on this server.$"),
        ({"properties": {"os": "none"}}, "properties {'os': 'none'} on this server.$"),
        (
            {"alias": "images:debian/12"},
            "on this server. 'images:' is .*: give alias='debian/12', .*server= and protocol=",
        ),
    ],
)
def test_an_image_that_is_missing_is_named(client, double, source, told):
    refused = {"status": 404, "raw": error(404, "Image alias not found")}
    body = {"name": "web", "type": "container", "source": {"type": "image", **source}}
    double.expect("POST", "/1.0/instances", body=body, **refused)
    with pytest.raises(hyperkit.NotFound, match=f"not found \\(404\\). .*{told}") as caught:
        client.create_instance("web", **source)
    assert caught.value.reason == "Image alias not found"


def test_an_image_that_is_missing_elsewhere_is_named_too(client, double):
    failed = operation(400, "Failure", err="The requested image couldn't be found")
    source = {**IMAGE, "mode": "pull", "server": "https://a:secret@i/images"}
    body = {"name": "web", "type": "container", "source": source}
    double.expect("POST", "/1.0/instances", body=body, raw=started())
    double.expect_wait(failed)
    with pytest.raises(hyperkit.OperationFailed, match="alias 'busybox' on i.$"):
        client.create_container("web", alias="busybox", server=source["server"])


def test_another_failure_of_a_creation_stays_what_it_is(client, double):
    body = {"name": "web", "type": "container", "source": {"type": "none"}}
    refused = {"status": 404, "raw": error(404, "Profile not found")}
    double.expect("POST", "/1.0/instances", body=body, **refused)
    with pytest.raises(hyperkit.NotFound, match=r"Profile not found \(404\)$"):
        client.create_container("web", empty=True)


def test_names_are_quoted_whole(client, double):
    double.expect("GET", "/1.0/instances/a%2Fb%3Fc%23d%25e", {})
    client.instance("a/b?c#d%e")


@pytest.mark.parametrize(
    ("call", "action"),
    [
        ("start_instance", "start"),
        ("stop_container", "stop"),
        ("restart_container", "restart"),
        ("pause_container", "freeze"),
        ("suspend_container", "freeze"),
        ("resume_container", "unfreeze"),
    ],
)
def test_each_change_of_state_has_its_action(client, double, call, action):
    double.expect(
        "PUT", "/1.0/instances/web/state", raw=started(), body={"action": action, "timeout": -1}
    )
    assert getattr(client, call)("web", sync=False).status == "Running"


def test_a_stop_says_all_that_it_is_told(client, double):
    double.expect(
        "PUT",
        "/1.0/instances/web/state",
        body={"action": "stop", "timeout": 5, "force": True, "stateful": False},
    )
    client.stop_instance("web", force=True, stateful=False, timeout=5)


def test_timeouts_are_whole_seconds(client):
    with pytest.raises(hyperkit.ArgumentError):
        client.stop_instance("web", timeout=0.5)


def test_an_update_writes_values_and_sends_the_etag(client, double):
    double.expect(
        "PUT",
        "/1.0/instances/web",
        status=412,
        raw=error(412, "ETag doesn't match"),
        body={"config": {"a": "true"}, "devices": {"d": {"n": "1"}}},
    )
    with pytest.raises(hyperkit.PreconditionFailed):
        client.update_instance(
            "web", {"config": {"a": True}, "devices": {"d": {"n": 1}}}, etag='"x"'
        )
    assert double.headers[-1]["If-Match"] == '"x"'


def test_a_patch_keeps_the_description(client, double):
    double.expect("GET", "/1.0/instances/web", {"description": "Kept"})
    body = {"config": {"a": "true"}, "description": "Kept"}
    double.expect("PATCH", "/1.0/instances/web", body=body)
    client.patch_instance("web", {"config": {"a": True}})
    double.expect("PATCH", "/1.0/instances/web", body={"config": {}, "description": ""})
    client.patch_instance("web", {"description": "", "devices": None})


def test_a_key_of_the_configuration_is_no_field(bare):
    for call in (bare.patch_instance, bare.update_instance):
        with pytest.raises(hyperkit.ArgumentError, match="'user.a' is no field"):
            call("web", {"user.a": 1})


@pytest.mark.parametrize(
    ("field", "meant"),
    [("descripton", "did you mean 'description'"), ("limits", "can be changed."), ("name", "")],
)
def test_a_field_that_servers_pass_over_is_refused(bare, field, meant):
    for call in (bare.patch_instance, bare.update_instance):
        with pytest.raises(hyperkit.ArgumentError, match=f"'{field}' is no field.*{meant}"):
            call("web", {field: "1"})


def test_fields_that_are_no_mapping_are_refused(bare):
    for call in (bare.patch_instance, bare.update_instance):
        with pytest.raises(hyperkit.ArgumentError, match="mapping such as"):
            call("web", "limits.cpu")


def test_what_was_read_can_be_written_though_it_has_more_fields(client, double):
    found = {"name": "web", "created_at": "2026-01-01T00:00:00Z", "of_tomorrow": 1}
    double.expect("GET", "/1.0/instances/web", found)
    web = client.instance("web")
    for changed in (web, {**web, "description": "Front end"}):
        double.expect("PUT", "/1.0/instances/web", body=dict(changed))
        client.update_instance("web", changed)


def test_a_patch_takes_its_fields_by_keyword(client, double):
    fields = {
        "architecture": "x86_64",
        "config": {"limits.cpu": 1},
        "description": "Front end",
        "devices": {"d": {"n": 1}},
        "ephemeral": False,
        "profiles": ["default"],
    }
    body = {**fields, "config": {"limits.cpu": "1"}, "devices": {"d": {"n": "1"}}}
    double.expect("PATCH", "/1.0/instances/web", body=body)
    client.patch_instance("web", **fields)
    double.expect("PATCH", "/1.0/instances/web", body=body)
    client.patch_container("web", {"description": fields.pop("description")}, **fields)


def test_no_field_of_a_patch_is_given_twice(bare):
    with pytest.raises(hyperkit.ArgumentError, match="config is given twice"):
        bare.patch_instance("web", {"config": {"a": "1"}}, config={"b": "2"})


def test_an_old_server_has_containers_only(bare, double):
    double.expect("GET", "/1.0", {"auth": "trusted", "environment": {}})
    double.expect("GET", "/1.0/containers", ["/1.0/containers/web"])
    assert bare.instances() == ["web"]
    with pytest.raises(hyperkit.MissingExtension, match="virtual-machines"):
        bare.create_instance("web", empty=True, type="virtual-machine")


def test_a_stranger_does_not_conclude_what_is_missing(bare, double):
    double.expect("GET", "/1.0", {"auth": "untrusted", "api_extensions": None})
    assert bare.has_extension("anything")


def test_project_and_target_of_the_client_are_sent(bare, double):
    greet(double, "instance_all_projects")
    assert bare.has_extension("instances")
    client = bare
    client.default_project, client.target = "blue", "m1"
    double.expect("GET", "/1.0/instances/web", {}, query={"project": "blue", "target": "m1"})
    client.instance("web")
    double.expect("GET", "/1.0/instances", [], query={"all-projects": "true", "target": "m1"})
    client.instances(all_projects=True)


def test_a_start_takes_two_calls_where_the_server_cannot_do_it_in_one(client, double):
    double.expect(
        "POST", "/1.0/instances", body={"name": "a", "type": "container", "source": IMAGE}
    )
    double.expect("PUT", "/1.0/instances/a/state", body={"action": "start", "timeout": -1})
    client.create_container("a", alias="busybox", start=True)
    with pytest.raises(hyperkit.MissingExtension):
        client.create_container("a", alias="busybox", start=True, sync=False)


def test_the_state_of_all_is_changed_at_once(bare, double):
    greet(double, "instance_bulk_state_change")
    body = {"state": {"action": "stop", "force": True, "stateful": False, "timeout": 5}}
    double.expect("PUT", "/1.0/instances", body=body, raw=started())
    bare.update_instances_state("stop", force=True, stateful=False, timeout=5, sync=False)


def test_what_is_no_action_is_refused(bare):
    with pytest.raises(hyperkit.ArgumentError, match="no action"):
        bare.update_instances_state("destroy")
    with pytest.raises(hyperkit.ArgumentError, match="whole seconds"):
        bare.update_instances_state("stop", timeout=0.5)


def test_a_delete_by_force_says_so(bare, double):
    greet(double, "instance_force_delete")
    double.expect("DELETE", "/1.0/instances/web", query={"force": "1"}, raw=started())
    bare.delete_instance("web", force=True, sync=False)


def expect_stop(double, **answer):
    body = {"action": "stop", "force": True, "timeout": -1}
    double.expect("PUT", "/1.0/instances/web/state", body=body, **answer)


def test_an_older_server_is_told_to_stop_what_is_deleted_by_force(client, double):
    double.expect("GET", "/1.0/instances/web", {"status": "Running", "ephemeral": False})
    expect_stop(double, raw=started())
    double.expect_wait()
    double.expect("DELETE", "/1.0/instances/web", raw=started())
    assert client.delete_instance("web", force=True, sync=False).status == "Running"
    double.expect("GET", "/1.0/instances/web", {"status": "Stopped", "ephemeral": False})
    double.expect("DELETE", "/1.0/instances/web")
    client.delete_instance("web", force=True)


def test_an_ephemeral_one_is_gone_when_it_was_stopped(client, double):
    double.expect("GET", "/1.0/instances/web", {"status": "Frozen", "ephemeral": True})
    expect_stop(double, raw=started())
    double.expect_wait()
    assert client.delete_instance("web", force=True).status == "Success"


@pytest.mark.parametrize("status", ["Stopped", "Running"])
def test_one_that_cannot_be_stopped_is_looked_at_again(client, double, status):
    double.expect("GET", "/1.0/instances/web", {"status": "Running", "ephemeral": False})
    expect_stop(double, status=400, raw=error(400, "The instance is already stopped"))
    double.expect("GET", "/1.0/instances/web", {"status": status})
    if status == "Running":
        with pytest.raises(hyperkit.BadRequest, match="already stopped"):
            client.delete_instance("web", force=True)
    else:
        double.expect("DELETE", "/1.0/instances/web")
        client.delete_instance("web", force=True)


def test_the_fields_of_the_state_are_chosen(bare, double):
    greet(double, "instances_state_selective_recursion", "instance_get_full")
    query = {"recursion": "2", "fields": "state.disk,state.network"}
    double.expect("GET", "/1.0/instances", [], query=query)
    bare.instances(recursion=2, fields=["state.disk", "state.network"])
    double.expect(
        "GET", "/1.0/instances/web", {}, query={"recursion": "1", "fields": "state.disk"}
    )
    bare.instance("web", recursion=1, fields=["state.disk"])


def test_fields_go_with_the_state(client):
    for recursion, fields in ((1, ["state.disk"]), (2, [])):
        with pytest.raises(hyperkit.ArgumentError, match="recursion=2"):
            client.instances(recursion=recursion, fields=fields)


@pytest.mark.parametrize(
    ("call", "arguments", "extension"),
    [
        ("instance", {"recursion": 1}, "instance_get_full"),
        (
            "instance",
            {"recursion": 1, "fields": ["state.disk"]},
            "instances_state_selective_recursion",
        ),
        ("rebuild_instance", {"empty": True}, "instances_rebuild"),
        ("delete_file", {"file": "/a", "force": True}, "file_delete"),
        ("console_log", {"type": "vga"}, "instance_console_screenshot"),
    ],
)
def test_what_the_server_cannot_do_is_refused(client, call, arguments, extension):
    with pytest.raises(hyperkit.MissingExtension, match=extension):
        getattr(client, call)("web", **arguments)


def test_a_rebuild_names_its_image_as_a_creation_does(bare, double):
    greet(double, "instances_rebuild")
    source = {**IMAGE, "mode": "pull", "server": "https://i"}
    double.expect("POST", "/1.0/instances/web/rebuild", raw=started(), body={"source": source})
    bare.rebuild_instance("web", alias="busybox", server="https://i", sync=False)
    with pytest.raises(hyperkit.ImageIdentifierRequired):
        bare.rebuild_instance("web")


def test_what_is_no_console_is_refused(bare):
    with pytest.raises(hyperkit.ArgumentError, match="vga"):
        bare.console_log("web", type="text")


def test_a_folder_is_deleted_with_all_in_it(bare, double):
    greet(double, "file_delete", "file_delete_force")
    double.expect("DELETE", "/1.0/instances/web/files", query={"path": "/srv"})
    bare.delete_file("web", "/srv", force=True)
    assert double.headers[-1]["X-LXD-force"] == "true"


def test_permissions_of_a_file_that_is_there_are_changed_if_asked(bare, double):
    greet(double, "instances_files_modify_permissions")
    double.expect("POST", "/1.0/instances/web/files", query={"path": "/a"}, body="x")
    bare.write_file("web", "/a", content="x", mode=0o600, uid=0, modify_permissions=True)
    assert double.headers[-1]["X-LXD-modify-perm"] == "uid,mode"


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.create_instance("web", alias="a", type="vm"),
        lambda client: client.instances(type="vm"),
    ],
)
def test_a_type_that_no_instance_has_sends_nothing(bare, call):
    with pytest.raises(hyperkit.ArgumentError, match="or \"virtual-machine\", not 'vm'"):
        call(bare)


def test_a_description_that_an_old_server_would_lose_is_not_sent(met, double):
    client = met(lacks={"entity_description"})
    with pytest.raises(hyperkit.MissingExtension, match='"entity_description"'):
        client.create_container("web", alias="a", description="Front end")
    for _ in range(2):
        double.expect("GET", "/1.0/instances/web", {"name": "web", "config": {}})
    with (
        pytest.raises(hyperkit.MissingExtension, match='"entity_description"'),
        client.edit_instance("web") as web,
    ):
        web.description = "Front end"
