"""What only some servers let one see of an instance."""

import io

import pytest

import hyperkit

GUID = "8be4df61-93ca-11d2-aa0d-00e098032b8c"


@pytest.fixture
def instance(client, name):
    """A container that need not run."""
    client.create_container(name, empty=True)
    return name


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


def test_a_picture_of_the_screen(client, running, kind):
    if kind == "lxd":
        with pytest.raises(hyperkit.MissingExtension):
            client.console_log(running, type="vga")
    else:
        # A container has none: what comes is its log.
        assert not client.console_log(running, type="vga").startswith(b"\x89PNG")
