"""What only some servers let one see of an instance."""

import io
import os
import time

import pytest

import hyperkit

GUID = "8be4df61-93ca-11d2-aa0d-00e098032b8c"


@pytest.fixture
def instance(client, name):
    """A container that need not run."""
    client.create_container(name, empty=True)
    return name


def eventually(connect):
    """Connect, as soon as somebody listens."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return connect()
        except hyperkit.InternalServerError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_access(client, instance, kind):
    if kind == "lxd":
        with pytest.raises(hyperkit.MissingExtension):
            client.instance_access(instance)
        return
    for entry in client.instance_access(instance):
        assert (entry.role, entry.provider) == ("admin", "tls")


def test_memory_of_what_is_no_virtual_machine(client, instance, kind):
    raised = {"lxd": hyperkit.MissingExtension, "incus": hyperkit.BadRequest}[kind]
    dest = io.BytesIO()
    with pytest.raises(raised):
        client.export_instance_memory(instance, dest, format="elf")
    assert dest.getvalue() == b""


@pytest.mark.usefixtures("older")
def test_what_neither_of_the_servers_has(client, instance):
    for call, *arguments in (
        (client.connect_instance_port, 80),
        (client.create_instance_bitmap, "monday"),
        (client.delete_instance_nvram_variable, GUID, "Timeout"),
        (client.instance_nbd,),
        (client.instance_nvram,),
        (client.instance_nvram_variable, GUID, "Timeout"),
        (client.instance_uefi_vars,),
        (client.repair_instance, "rebuild-config-volume"),
    ):
        with pytest.raises(hyperkit.MissingExtension):
            call(instance, *arguments)
    with pytest.raises(hyperkit.MissingExtension):
        client.patch_instance_nvram(instance, variables={})
    with pytest.raises(hyperkit.MissingExtension):
        client.update_instance_nvram_variable(instance, GUID, "Timeout", binary=b"")
    with pytest.raises(hyperkit.MissingExtension):
        client.update_instance_uefi_vars(instance, variables={})


@pytest.mark.usefixtures("newest")
def test_what_virtual_machines_have_alone(client, instance):
    """The server understands each request, and says that a container has no such thing."""
    variable = (instance, GUID, "Timeout")
    for call in (
        lambda: client.delete_instance_nvram_variable(*variable),
        lambda: client.instance_nvram(instance),
        lambda: client.instance_nvram(instance, GUID),
        lambda: client.instance_nvram(instance, GUID, recursion=1),
        lambda: client.instance_nvram_variable(*variable),
        lambda: client.patch_instance_nvram(instance, variables={GUID: {"Timeout": None}}),
        lambda: client.update_instance_nvram_variable(*variable, binary=b"\x05\x00"),
        lambda: client.update_instance_nvram_variable(*variable, data=5),
    ):
        with pytest.raises(hyperkit.BadRequest, match="only supported for virtual machines"):
            call()
    with pytest.raises(hyperkit.InternalServerError, match="only possible on VMs"):
        client.repair_instance(instance, "rebuild-config-volume")
    with pytest.raises(hyperkit.BadRequest, match="Invalid repair action"):
        client.repair_instance(instance, "hk-nothing")
    with pytest.raises(hyperkit.MissingExtension, match="instances_uefi_vars"):
        client.instance_uefi_vars(instance)


@pytest.mark.usefixtures("newest")
def test_bitmaps_of_what_is_no_virtual_machine(client, running):
    with pytest.raises(hyperkit.BadRequest, match="Only VMs"):
        client.create_instance_bitmap(running, "monday", granularity=65536, persistent=True)
    client.stop_container(running, force=True)
    with pytest.raises(hyperkit.BadRequest, match="to be running"):
        client.create_instance_bitmap(running, "monday")


@pytest.mark.live_only
@pytest.mark.usefixtures("newest")
def test_only_virtual_machines_give_their_disks(client, instance):
    with pytest.raises(hyperkit.BadRequest, match="only supported on virtual machines"):
        client.instance_nbd(instance, reuse=True)


@pytest.mark.live_only
@pytest.mark.usefixtures("newest")
@pytest.mark.parametrize("address", [None, "::1"])
def test_every_byte_goes_to_a_port_in_an_instance_and_back(client, running, address):
    with client.popen(running, ["nc", "-l", "-p", "7000", "-e", "cat"]) as process:
        connection = eventually(
            lambda: client.connect_instance_port(running, 7000, address=address)
        )
        with connection, connection.makefile("rb") as answer:
            connection.settimeout(10)
            # By turns: TLS is for one thread at a time.
            for _ in range(64):
                sent = os.urandom(16 << 10)
                connection.sendall(sent)
                assert answer.read(len(sent)) == sent
        assert process.wait(timeout=10) == 0


@pytest.mark.live_only
@pytest.mark.usefixtures("newest")
def test_a_port_that_cannot_be_reached_is_refused(client, running):
    with pytest.raises(hyperkit.InternalServerError, match="connection refused"):
        client.connect_instance_port(running, 7001)
    with pytest.raises(hyperkit.BadRequest, match="Invalid address"):
        client.connect_instance_port(running, 7001, address="hk-nowhere")
    with pytest.raises(hyperkit.NotFound):
        client.connect_instance_port(f"{running}-none", 7001)
    client.stop_container(running, force=True)
    with pytest.raises(hyperkit.InternalServerError, match="not running"):
        client.connect_instance_port(running, 7001)


def test_a_picture_of_the_screen(client, running, kind):
    if kind == "lxd":
        with pytest.raises(hyperkit.MissingExtension):
            client.console_log(running, type="vga")
    else:
        # A container has none: what comes is its log.
        assert not client.console_log(running, type="vga").startswith(b"\x89PNG")
