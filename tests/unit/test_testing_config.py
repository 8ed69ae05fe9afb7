"""What the embedded server takes in bodies: keys, values, and kinds of JSON."""

import pytest

import hyperkit
from hyperkit.testing import Server


@pytest.fixture(params=["lxd-5.0", "lxd-6", "incus-6.0", "incus-7"])
def server(request):
    with Server(request.param) as server:
        yield server


@pytest.fixture
def client(server):
    return server.client()


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("limits.cpus", "2", 'Unknown configuration key: "?limits.cpus'),
        ("limits.cpu", "two", "Invalid CPU limit syntax"),
        ("limits.memory", "much", "Invalid value: much"),
        ("limits.memory", "1Gb", "Invalid value: 1Gb"),
        ("limits.memory", "half%", 'parsing "half": invalid syntax'),
        ("limits.processes", "1e3", 'Invalid value for an integer "1e3"'),
        ("limits.cpu.priority", "11", 'Invalid value for a limit "11". Must be between 0 and 10'),
        ("limits.cpu.allowance", "10", "Invalid allowance: 10"),
        ("limits.cpu.allowance", "a/b", 'strconv.Atoi: parsing "a": invalid syntax'),
        ("limits.memory.enforce", "firm", r'Invalid value "firm" \(not one of \[soft hard\]\)'),
        ("security.idmap.size", "-1", 'Invalid value for uint32 "-1"'),
        ("security.nesting", "maybe", 'Invalid value for a boolean "maybe"'),
        ("userdata", "x", "Unknown configuration key"),
    ],
)
def test_instances_and_profiles_refuse(client, key, value, text):
    config = {key: value}
    client.create_container("web", alias="busybox")
    with pytest.raises(hyperkit.OperationFailed, match=text):
        client.create_container("other", alias="busybox", config=config)
    with pytest.raises(hyperkit.Error, match=text):
        client.patch_instance("web", {"config": config})
    with pytest.raises(hyperkit.BadRequest, match=text):
        client.create_profile("small", config=config)
    with pytest.raises(hyperkit.BadRequest, match=text):
        client.patch_profile("default", config=config)
    assert key not in client.instance("web").config


def test_what_they_take(client):
    config = {
        "boot.autostart": "Yes",
        "environment.PATH": "/bin",
        "limits.cpu": "0-1,3",
        "limits.cpu.allowance": "25ms/100ms",
        "limits.hugepages.2MB": "1GiB",
        "limits.kernel.nofile": "1024",
        "limits.memory": "50%",
        "limits.processes": "-1",
        "raw.lxc": "lxc.tty.max=1",
        "user.anything": "much",
    }
    client.create_container("web", alias="busybox", config=config)
    assert config.items() <= client.instance("web").config.items()
    for size in ("1", "1B", "10 bytes", "1kB", "512MiB", "2GB"):
        client.patch_instance("web", {"config": {"limits.memory": size}})


@pytest.mark.parametrize(
    ("device", "text"),
    [
        (
            {"type": "disk", "path": "/srv", "sorce": "/srv"},
            'Device validation failed for "extra": Invalid device option "sorce"',
        ),
        (
            {"type": "disk", "path": "/srv", "source": "/srv", "readonly": "maybe"},
            'Invalid value for device option "readonly": Invalid value for a boolean "maybe"',
        ),
        ({"type": "nic", "network": "lxdbr0", "comment": "x"}, 'Invalid device option "comment"'),
        ({"type": "proxy", "lisen": "x"}, 'Invalid device option "lisen"'),
        ({"type": "none", "user.x": "x", "path": "/"}, 'Invalid device option "path"'),
    ],
)
def test_devices_refuse(client, device, text):
    with pytest.raises(hyperkit.BadRequest, match=text):
        client.create_profile("small", devices={"extra": device})
    with pytest.raises(hyperkit.OperationFailed, match=text):
        client.create_container("web", alias="busybox", devices={"extra": device})


def test_profiles_have_no_notes_of_the_server(client):
    with pytest.raises(hyperkit.BadRequest, match="Volatile keys can only be set on instances"):
        client.create_profile("small", config={"volatile.uuid": "x"})
    with pytest.raises(hyperkit.BadRequest, match="Image keys can only be set on instances"):
        client.create_profile("small", config={"image.os": "x"})


def test_networks_refuse(client):
    text = 'Invalid option for network "br0" option "ipv4.adress"'
    with pytest.raises(hyperkit.Error, match=text):
        client.create_network("br0", config={"ipv4.adress": "10.7.0.1/24"})
    text = 'Invalid value for network "br0" option "ipv4.nat": Invalid value for a boolean "x"'
    with pytest.raises(hyperkit.Error, match=text):
        client.create_network("br0", config={"ipv4.nat": "x"})
    assert client.networks() == client.networks()


def test_pools_and_volumes_refuse(client):
    with pytest.raises(hyperkit.Error, match='Invalid option "rsync.limit"'):
        client.create_storage_pool("fast", driver="dir", config={"rsync.limit": "1MB"})
    text = 'Invalid value for option "rsync.compression": Invalid value for a boolean "x"'
    with pytest.raises(hyperkit.Error, match=text):
        client.create_storage_pool("fast", driver="dir", config={"rsync.compression": "x"})
    text = 'Invalid value for volume "data" option "size": Invalid value: 10 gigs'
    with pytest.raises(hyperkit.Error, match=text):
        client.create_storage_volume("default", "data", config={"size": "10 gigs"})
    text = 'Invalid option for volume "data" option "sise"'
    with pytest.raises(hyperkit.Error, match=text):
        client.create_storage_volume("default", "data", config={"sise": "10GiB"})


def test_projects_refuse(client):
    with pytest.raises(hyperkit.BadRequest, match='configuration key "features.imags"'):
        client.create_project("side", config={"features.imags": True})
    text = 'configuration key "limits.memory" value: Invalid value: much'
    with pytest.raises(hyperkit.BadRequest, match=text):
        client.create_project("side", config={"limits.memory": "much"})


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("core.htps_address", ":8443", "unknown key"),
        ("core.shutdown_timeout", "soon", "invalid integer"),
        ("images.auto_update_cached", "maybe", "invalid boolean"),
        ("core.remote_token_expiry", "1h", "Invalid expiry expression"),
        ("cluster.max_voters", "4", "Value must be an odd number equal to or higher than 3"),
        ("instances.nic.host_name", "name", r'Invalid value "name" \(not one of \[random mac\]\)'),
    ],
)
def test_the_server_refuses(client, key, value, text):
    with pytest.raises(hyperkit.BadRequest, match=f"cannot set '{key}' to '{value}': {text}"):
        client.patch_server({key: value})
    with pytest.raises(hyperkit.BadRequest, match=r"\(and 1 more errors\)"):
        client.patch_server({key: value, "none": "x"})
    assert key not in client.server().config


@pytest.mark.parametrize(
    ("key", "takers"),
    [
        ("candid.domains", ["lxd-5.0"]),
        ("core.auth_secret_expiry", ["lxd-6"]),
        ("openfga.api.url", ["incus-6.0", "incus-7"]),
    ],
)
def test_servers_have_keys_of_their_own(server, client, key, takers):
    if server.flavour in takers:
        client.patch_server({key: "1d"})
        return
    with pytest.raises(hyperkit.BadRequest, match="unknown key"):
        client.patch_server({key: "1d"})


def test_what_devices_refer_to_must_be_there(client):
    card = {"type": "nic", "network": "nope"}
    text = 'Failed loading device "eth1": Failed to load network "nope" for project "default"'
    with pytest.raises(hyperkit.OperationFailed, match=text):
        client.create_container("web", alias="busybox", devices={"eth1": card})
    client.create_container("web", alias="busybox")
    with pytest.raises(hyperkit.APIError, match=text):
        client.patch_instance("web", {"devices": {"eth1": card}})
    root = {"type": "disk", "path": "/", "pool": "nope"}
    with pytest.raises(hyperkit.OperationFailed, match="Storage pool not found"):
        client.create_container("db", alias="busybox", devices={"root": root})


def test_an_empty_value_unsets_a_key(client):
    gone = {"user.a": ""}
    client.create_container("web", alias="busybox", config={"user.a": "1", "user.b": ""})
    client.create_profile("small", config={"user.a": "1", "user.b": ""})
    client.create_network("br0", config={"user.a": "1", "user.b": ""})
    client.create_storage_pool("fast", driver="dir", config={"user.a": "1", "user.b": ""})
    client.create_storage_volume("fast", "data", config={"user.a": "1", "user.b": ""})
    client.patch_instance("web", {"config": {"user.a": None}})
    client.patch_profile("small", config=gone)
    client.patch_network("br0", config=gone)
    client.patch_storage_pool("fast", config=gone)
    client.patch_storage_volume("fast", "data", config=gone)
    for one in (
        client.instance("web"),
        client.profile("small"),
        client.network("br0"),
        client.storage_pool("fast"),
        client.storage_volume("fast", "data"),
    ):
        assert not {"user.a", "user.b"} & set(one.config)


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        (
            "/1.0/instances/web/exec",
            {"command": ["id"], "user": "root"},
            "cannot unmarshal string into Go struct field .user of type uint32",
        ),
        ("/1.0/instances/web/exec", {"command": "id"}, "string .*command of type .*string"),
        ("/1.0/instances/web/exec", {"command": [1]}, "number .*command of type string"),
        ("/1.0/instances/web/exec", {"command": ["id"], "user": -1}, "number -1 .*uint32"),
        ("/1.0/instances/web/exec", {"command": ["id"], "width": 1.5}, "number 1.5 .*type int"),
        ("/1.0/instances/web/exec", {"environment": {"A": 1}}, "number .*environment.* string"),
        ("/1.0/instances", {"name": "a", "ephemeral": "yes"}, "string .*ephemeral of type bool"),
        ("/1.0/instances", {"name": 3}, "number .*name of type string"),
        ("/1.0/instances", {"name": "a", "source": "image"}, "string .*source of type object"),
        ("/1.0/instances/web/snapshots", {"name": "a", "expires_at": "7d"}, 'parsing time "7d"'),
        ("/1.0/instances/web/snapshots", {"name": "a", "expires_at": 7}, "not a JSON string"),
        ("/1.0/profiles", {"name": "a", "devices": [1]}, "array .*devices of type map"),
        ("/1.0/profiles", {"name": "a", "devices": {"root": {"size": 1}}}, "number .*devices"),
    ],
)
def test_the_wrong_kind_of_json(client, path, body, text):
    client.create_container("web", alias="busybox", start=True)
    with pytest.raises(hyperkit.BadRequest, match=text):
        client.post(path, body)


@pytest.fixture
def blue(client):
    client.create_project("blue", config={"features.images": False, "features.profiles": False})
    client.default_project = "blue"
    return client


@pytest.mark.parametrize("key", ["limits.containers", "limits.instances"])
def test_a_full_project(blue, key):
    blue.patch_project("blue", config={key: 1})
    blue.create_container("one", empty=True)
    with pytest.raises(hyperkit.APIError, match="Reached maximum number of instances"):
        blue.create_container("two", empty=True)
    with pytest.raises(hyperkit.APIError, match="Reached maximum number of instances"):
        blue.copy_container("one", "two", profiles=["default"])
    with pytest.raises(hyperkit.APIError, match=f'"{key}" is too low: there currently are 1'):
        blue.patch_project("blue", config={key: 0})


@pytest.mark.parametrize(
    ("key", "small", "large", "least"),
    [
        ("limits.cpu", "1", "2", "1"),
        ("limits.memory", "1GiB", "1536MiB", "1.0GiB"),
        ("limits.processes", "40", "90", "40"),
    ],
)
def test_what_the_instances_of_a_project_have_together(blue, key, small, large, least):
    blue.patch_project("blue", config={key: large})
    text = f'Instance "one" in project "blue" has no "{key}" config, either directly or via'
    with pytest.raises(hyperkit.InternalServerError, match=text):
        blue.create_container("one", empty=True)
    blue.create_container("one", empty=True, config={key: small})
    text = f'Reached maximum aggregate value "{large}" for "{key}" in project "blue"'
    with pytest.raises(hyperkit.InternalServerError, match=text):
        blue.create_container("two", empty=True, config={key: large})
    with pytest.raises(hyperkit.InternalServerError, match="instance update allowed: Failed"):
        blue.update_container("one", {**blue.container("one"), "config": {}})
    with pytest.raises(hyperkit.InternalServerError, match=f'current total is "{least}"'):
        blue.patch_project("blue", config={key: "0"})
    assert blue.project_state("blue").resources[key.removeprefix("limits.")].Usage > 0


def test_the_disk_of_a_project(blue):
    root = {"root": {"type": "disk", "path": "/", "pool": "default"}}
    blue.patch_project("blue", config={"limits.disk": "2GiB"})
    with pytest.raises(hyperkit.InternalServerError, match='no "size" config set on the root'):
        blue.create_container("web", empty=True, devices=root)
    root["root"]["size"] = "1GiB"
    blue.create_container("web", empty=True, devices=root)
    with pytest.raises(hyperkit.InternalServerError, match='"data" in .* has no "size" config'):
        blue.create_storage_volume("default", "data")
    blue.create_storage_volume("default", "data", config={"size": "1GiB"})
    with pytest.raises(hyperkit.InternalServerError, match='maximum aggregate value "2GiB"'):
        blue.patch_storage_volume("default", "data", config={"size": "2GiB"})


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"config": {"security.nesting": True}}, "Container nesting is forbidden"),
        ({"config": {"security.privileged": True}}, "Privileged containers are forbidden"),
        ({"config": {"raw.lxc": "a=b"}}, 'low-level config "raw.lxc" on container "web" of'),
        ({"config": {"raw.idmap": "both 1 1"}}, 'low-level "raw.idmap" element 0'),
        (
            {"devices": {"srv": {"type": "disk", "path": "/srv", "source": "/srv"}}},
            'Invalid device "srv" on container "web" of project "blue": Attaching disks not',
        ),
        (
            {"devices": {"card": {"type": "nic", "nictype": "bridged", "parent": "br0"}}},
            "Only managed network devices are allowed",
        ),
        ({"devices": {"tty": {"type": "unix-char", "path": "/dev/x"}}}, "Unix character devices"),
    ],
)
def test_what_a_restricted_project_forbids(blue, given, text):
    blue.create_container("plain", empty=True)
    blue.patch_project("blue", config={"restricted": True})
    with pytest.raises(hyperkit.InternalServerError, match=text):
        blue.create_container("web", empty=True, **given)
    with pytest.raises(hyperkit.InternalServerError, match="instance update allowed"):
        blue.patch_container("plain", given)
    for make in (blue.create_snapshot, blue.create_instance_backup):
        with pytest.raises(hyperkit.InternalServerError, match='"blue" doesn\'t allow for'):
            make("plain", "one")


def test_what_a_restricted_project_allows(blue):
    allowed = {
        "restricted": True,
        "restricted.containers.nesting": "allow",
        "restricted.devices.disk": "allow",
        "restricted.devices.disk.paths": "/srv",
        "restricted.snapshots": "allow",
    }
    blue.patch_project("blue", config=allowed)
    disk = {"type": "disk", "path": "/srv", "source": "/srv/a"}
    nested = {"security.nesting": True}
    blue.create_container("web", empty=True, config=nested, devices={"srv": disk})
    blue.create_snapshot("web", "one")
    with pytest.raises(hyperkit.InternalServerError, match='Conflict detected when changing "re'):
        blue.patch_project("blue", config={"restricted.containers.nesting": "block"})


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("ipv4.address", "10.7.0.1", "invalid CIDR address: 10.7.0.1"),
        ("ipv4.address", "10.7.0.0/24", 'Not a usable IPv4 address "10.7.0.0/24"'),
        ("ipv6.address", "10.7.0.1/24", 'Not an IPv6 address "10.7.0.1/24"'),
        ("ipv4.dhcp.ranges", "foo", 'Item "foo": IP range must contain start and end IP'),
        ("ipv4.dhcp.ranges", "10.7.0.5-x", 'Not an IPv4 address "x"'),
    ],
)
def test_networks_refuse_addresses_that_are_none(client, key, value, text):
    with pytest.raises(hyperkit.APIError, match=f'option "{key}": .*{text}'):
        client.create_network("br0", config={key: value})


@pytest.mark.parametrize(
    ("ports", "text"),
    [
        ("http", 'Invalid port number "http"'),
        ("80-", 'Invalid end port number "80-"'),
        ("90-80", "Start port 90 must be lower than end port 80"),
    ],
)
def test_rules_refuse_ports_that_are_none(client, ports, text):
    rule = {"action": "allow", "state": "enabled", "protocol": "tcp", "destination_port": ports}
    with pytest.raises(hyperkit.APIError, match=f"Invalid Destination port: {text}"):
        client.create_network_acl("web", ingress=[rule])


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("snapshots.schedule", "foo bar", "Schedule must be of the form|Error parsing cron expr"),
        ("snapshots.schedule", "0 25 * * *", "Error parsing"),
        ("snapshots.expiry", "7days", "Invalid expiry expression"),
        ("snapshots.expiry", "1d 2d", "Invalid expiry expression"),
    ],
)
def test_times_of_snapshots(client, key, value, text):
    with pytest.raises(hyperkit.APIError, match=text):
        client.create_container("web", empty=True, config={key: value})
    with pytest.raises(hyperkit.APIError, match=text):
        client.create_storage_volume("default", "data", config={key: value})


def test_times_of_snapshots_that_are_taken(client):
    schedules = ("@daily, @startup", "*/5 6-22 1,15 jan-mar mon", "0 0 * * 7")
    for schedule in schedules:
        config = {"snapshots.schedule": schedule, "snapshots.expiry": "1w 2d"}
        client.create_storage_volume("default", "data", config=config)
        client.delete_storage_volume("default", "data")
        client.create_container("web", empty=True, config=config)
        client.delete_container("web")


def test_names_of_snapshots(client):
    client.create_container("web", empty=True)
    client.create_snapshot("web", "one")
    with pytest.raises(hyperkit.OperationFailed, match="Invalid instance snapshot name"):
        client.create_snapshot("web", "a b")
    with pytest.raises(hyperkit.OperationFailed, match="Invalid instance snapshot name"):
        client.rename_snapshot("web", "one", "a b")
    with pytest.raises(hyperkit.BadRequest, match=r'Invalid snapshot name: Cannot contain "\?"'):
        client.create_snapshot("web", "a?b")
    assert client.snapshots("web") == ["one"]
