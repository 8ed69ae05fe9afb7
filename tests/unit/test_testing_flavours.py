"""What the servers differ in that the embedded one poses as."""

import pytest
from unit.servers import key_pair

import hyperkit
from hyperkit.testing import FLAVOURS, Server

NEW = [one for one in FLAVOURS if one != "lxd-2.0"]
OPERATION = {
    "class",
    "created_at",
    "err",
    "id",
    "may_cancel",
    "metadata",
    "resources",
    "status",
    "status_code",
    "updated_at",
}


@pytest.fixture
def client_of():
    """Start a server of a flavour, and make a client of it."""
    servers = []

    def client_of(flavour, **options):
        servers.append(Server(flavour, **options))
        servers[-1].start()
        return servers[-1].client()

    yield client_of
    for server in servers:
        server.stop()


def root_of(client):
    return "/1.0/instances" if client.has_extension("instances") else "/1.0/containers"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_whole_life_of_a_container(client_of, flavour):
    client = client_of(flavour)
    client.create_container("web", alias="busybox", config={"user.a": 1})
    client.start_container("web")
    assert client.container_state("web").status == "Running"
    assert client.execute_command("web", "true").status == "Success"
    assert client.run("web", ["cat"], input=b"in and out", capture_output=True).stdout == (
        b"in and out"
    )
    client.write_file("web", "/root/a", content="x", mode=0o600)
    assert client.read_file("web", "/root/a") == b"x"
    client.freeze_container("web")
    assert client.container_state("web").status == "Frozen"
    client.unfreeze_container("web")
    client.create_snapshot("web", "then")
    client.write_file("web", "/root/a", content="y")
    client.restart_container("web", force=True)
    client.stop_container("web", force=True)
    client.restore_snapshot("web", "then")
    assert client.read_file("web", "/root/a") == b"x"
    changed = client.container("web")
    changed.config["user.b"] = "2"
    client.update_container("web", changed)
    assert client.container("web").config["user.b"] == "2"
    client.copy_container("web", "copy")
    client.rename_container("copy", "other")
    assert sorted(client.containers()) == ["other", "web"]
    client.create_image_from_container("web", public=True)
    assert len(client.images()) == 2
    for name in ("other", "web"):
        client.delete_container(name)
    assert client.containers() == []


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_names_of_headers(client_of, flavour):
    client = client_of(flavour)
    client.create_container("web", alias="busybox")
    client.read_file("web", "/etc/passwd")
    prefix = "X-LXD-" if flavour.startswith("lxd") else "X-Incus-"
    kinds = {"uid", "gid", "mode"} | (set() if flavour == "lxd-2.0" else {"type", "modified"})
    found = {name.lower() for name in client.last_response.headers if name.startswith("X-")}
    assert found == {(prefix + kind).lower() for kind in kinds}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_paths_of_instances(client_of, flavour):
    client = client_of(flavour)
    aliases = {"/1.0/containers"} if flavour.startswith(("lxd-2", "lxd-5")) else set()
    aliases |= {"/1.0/virtual-machines"} if flavour == "lxd-5.0" else set()
    client.create_container("web", empty=True)
    for path in ("/1.0/containers", "/1.0/virtual-machines"):
        if path in aliases:
            found = client.get(path).metadata
            assert found == ([f"{path}/web"] if "containers" in path else [])
        else:
            with pytest.raises(hyperkit.NotFound):
                client.get(path)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_fields_of_operations(client_of, flavour):
    client = client_of(flavour)
    done = client.create_container("web", empty=True)
    fields = set(OPERATION)
    fields |= set() if flavour == "lxd-2.0" else {"description", "location"}
    fields |= {"child_count", "err_code", "requestor"} if flavour == "lxd-6" else set()
    assert set(client.get(f"/1.0/operations/{done.id}").metadata) == fields


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_what_ends_waiting(client_of, flavour):
    client = client_of(flavour)
    client.create_container("web", empty=True)
    url = client.post(root_of(client), {"name": "web", "source": {"type": "none"}}).operation
    if flavour in {"lxd-2.0", "lxd-5.0", "incus-7"}:
        found = client.get(f"{url}/wait")
        assert (found.type, found.metadata.status_code) == ("sync", 400)
    else:
        with pytest.raises(hyperkit.APIError, match="instances"):
            client.get(f"{url}/wait")
        assert client.last_response.status_code == 200


def test_changes_that_became_operations(client_of):
    pool = {"name": "fast", "driver": "dir"}
    for flavour in NEW:
        client = client_of(flavour)
        client.create_profile("web")
        client.create_project("blue")
        answers = {
            client.put("/1.0/profiles/web", {}).type,
            client.post("/1.0/storage-pools", pool).type,
            client.post("/1.0/networks", {"name": "br0"}).type,
            client.delete("/1.0/projects/blue").type,
        }
        assert answers == ({"async"} if flavour == "lxd-6" else {"sync"})


def test_what_servers_tell_strangers(client_of, tmp_path):
    certificate, key = key_pair(tmp_path, "stranger")
    for flavour in FLAVOURS:
        server = client_of(flavour, tls=True)
        with hyperkit.Client(
            api_endpoint=server.api_endpoint,
            client_cert=certificate,
            client_key=key,
            server_cert=server.server_cert,
        ) as stranger:
            found = stranger.server()
            assert (found.auth, "environment" in found) == ("untrusted", False)
            known = found.get("api_extensions")
            assert bool(known) == (flavour in {"lxd-5.0", "lxd-6"})
            assert found.get("client_certificate") == (True if flavour == "lxd-6" else None)
            words = "Forbidden" if flavour == "lxd-6" else "not authorized"
            with pytest.raises(hyperkit.Forbidden, match=words):
                stranger.get("/1.0/profiles")
            refused = {
                "lxd-6": hyperkit.NotImplementedByServer,
                "incus-6.0": hyperkit.Forbidden,
                "incus-7": hyperkit.Forbidden,
            }
            body = {"type": "client", "password": "embedded"}
            if flavour not in refused:
                stranger.post("/1.0/certificates", body)
                assert stranger.server().auth == "trusted"
                continue
            with pytest.raises(refused[flavour]):
                stranger.post("/1.0/certificates", body)


def test_the_environment(client_of):
    for flavour in FLAVOURS:
        found = client_of(flavour).server()
        assert ("auth_methods" in found) == (flavour != "lxd-2.0")
        more = {"backup_metadata_version_range", "instance_types", "server_lts"}
        assert more & set(found.environment) == (more if flavour == "lxd-6" else set())
        assert ("project" in found.environment) == (flavour != "lxd-2.0")


def test_what_lxd_2_has_not(client_of):
    client = client_of("lxd-2.0")
    client.create_container("web", alias="busybox")
    for path in ("/1.0/projects", "/1.0/storage-pools", "/1.0/cluster", "/1.0/warnings"):
        with pytest.raises(hyperkit.NotFound):
            client.get(path)
    assert client.get("/1.0/containers/web?project=blue&target=node-2").metadata.name == "web"
    client.get("/1.0/profiles/default")
    assert "ETag" not in client.last_response.headers
    with pytest.raises(hyperkit.NotImplementedByServer):
        client.patch("/1.0/profiles/default", {})
    with pytest.raises(hyperkit.NotFound, match="open: No such file"):
        client.get("/1.0/containers/web/files?path=/nothing")
    assert client.last_response.status_code == 500
    with pytest.raises(hyperkit.NotImplementedByServer):
        client.delete("/1.0/containers/web/files?path=/etc/passwd")
    with pytest.raises(hyperkit.NotImplementedByServer):
        client.post("/1.0/networks", {"name": "br0"})


def test_commands_that_are_not_there(client_of):
    for flavour in FLAVOURS:
        client = client_of(flavour)
        client.launch_container("web", alias="busybox")
        body = {"command": ["sh", "-c", "exit 127"], "wait-for-websocket": False}
        url = client.post(f"{root_of(client)}/web/exec", body).operation
        if flavour == "lxd-2.0":
            found = client.wait_for_operation(url)
        else:
            with pytest.raises(hyperkit.OperationFailed, match="Command not found"):
                client.wait_for_operation(url)
            found = client.operation(url)
        assert found.metadata["return"] == 127


def test_where_recorded_output_is(client_of):
    for flavour in NEW:
        client = client_of(flavour)
        client.launch_instance("web", alias="busybox")
        done = client.execute_command("web", "true", record_output=True)
        folder = "logs" if flavour == "lxd-5.0" else "logs/exec-output"
        assert done.metadata.output["1"].startswith(f"/1.0/instances/web/{folder}/exec_")


def test_the_mode_of_new_directories(client_of):
    for flavour in NEW:
        client = client_of(flavour)
        client.create_instance("web", alias="busybox")
        client.make_directory("web", "/root/new")
        mode = 0o750 if flavour == "lxd-6" else 0o755
        assert client.file_info("web", "/root/new").mode == mode


def test_what_lxd_6_refuses(client_of):
    client = client_of("lxd-6")
    fingerprint = client.image_by_alias("busybox").fingerprint
    assert client.get(f"/1.0/images/{fingerprint[:12]}").metadata.fingerprint == fingerprint
    for path in (f"/1.0/images/{fingerprint[:6]}", "/1.0/storage-pools?all-projects=true"):
        with pytest.raises(hyperkit.BadRequest):
            client.get(path)
    with pytest.raises(hyperkit.BadRequest):
        client.create_image_from_url("https://192.0.2.1/image")
    client.create_instance("web", alias="busybox")
    with pytest.raises(hyperkit.NotImplementedByServer):
        client.delete("/1.0/instances/web/logs/lxc.log")
    client.start_instance("web")
    client.delete_instance("web", force=True)
    for other in ("lxd-5.0", "incus-6.0"):
        client = client_of(other)
        assert client.get(f"/1.0/images/{fingerprint[:6]}").metadata.fingerprint == fingerprint
        assert client.get("/1.0/storage-pools?all-projects=true").type == "sync"


def test_operations_of_lxd_6_say_what_they_are_about(client_of):
    client = client_of("lxd-6")
    done = client.create_instance("web", alias="busybox")
    assert done.metadata["entity_url"] == "/1.0/instances/web"
    found = client.get(f"/1.0/operations/{done.id}").metadata.metadata
    assert not [key for key in found if key.endswith("progress")]


def test_types_of_events(client_of):
    for flavour, kinds in {
        "lxd-2.0": ("logging", "operation"),
        "lxd-5.0": ("lifecycle", "logging", "operation"),
        "lxd-6": ("lifecycle", "logging", "operation", "ovn", "security"),
        "incus-7": ("lifecycle", "logging", "network-acl", "operation"),
    }.items():
        client = client_of(flavour)
        for kind in ("lifecycle", "logging", "network-acl", "operation", "ovn", "security"):
            if kind in kinds:
                with client.events(types=[kind]):
                    continue
            refused = (hyperkit.APIError, hyperkit.MissingExtension)
            with pytest.raises(refused), client.events(types=[kind]):
                raise AssertionError(kind)
