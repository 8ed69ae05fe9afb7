"""Metadata and templates of instances."""

import pytest

import hyperkit


@pytest.fixture
def instance(client, name):
    """A container that need not run."""
    client.create_container(name, alias="busybox")
    return name


def test_metadata(client, instance):
    found = client.instance_metadata(instance)
    etag = client.last_response.headers["ETag"]
    assert (found.architecture, found.properties["os"]) == ("x86_64", "busybox")
    assert found.templates["/etc/hostname"].template == "hostname.tpl"
    client.patch_instance_metadata(instance, properties={"release": 2}, expiry_date=5)
    found = client.instance_metadata(instance)
    assert (found.properties["release"], found.expiry_date) == ("2", 5)
    with pytest.raises(hyperkit.PreconditionFailed):
        client.update_instance_metadata(instance, architecture="x86_64", etag=etag)
    with client.edit_instance_metadata(instance) as metadata:
        metadata.templates["/etc/motd"] = {"template": "motd.tpl", "when": ["start"]}
    assert client.instance_metadata(instance).templates["/etc/motd"].when == ["start"]
    client.update_instance_metadata(
        instance, architecture="x86_64", creation_date=7, properties={"a": True}
    )
    found = client.instance_metadata(instance)
    assert (found.creation_date, found.properties) == (7, {"a": "true"})
    assert not found.templates


def test_templates(client, instance):
    assert client.instance_templates(instance) == ["hostname.tpl", "hosts.tpl"]
    client.write_instance_template(instance, "a b.tpl", content="I am {{ container.name }}\n")
    assert client.instance_template(instance, "a b.tpl") == b"I am {{ container.name }}\n"
    client.write_instance_template(instance, "a b.tpl", content=b"replaced")
    assert client.instance_template(instance, "a b.tpl") == b"replaced"
    client.delete_instance_template(instance, "a b.tpl")
    assert "a b.tpl" not in client.instance_templates(instance)
    with pytest.raises(hyperkit.NotFound):
        client.instance_template(instance, "a b.tpl")


@pytest.mark.live_only
def test_a_template_is_written_at_the_start(client, instance):
    client.write_instance_template(instance, "motd.tpl", content="I am {{ container.name }}")
    template = {"template": "motd.tpl", "when": ["start"]}
    client.patch_instance_metadata(instance, templates={"/etc/motd": template})
    client.start_instance(instance)
    assert client.read_file(instance, "/etc/motd") == f"I am {instance}".encode()
