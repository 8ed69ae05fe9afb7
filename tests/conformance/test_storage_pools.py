"""Storage pools."""

import pytest

import hyperkit

pytestmark = pytest.mark.usefixtures("swept")
NAME = "hk-pool"


def test_life_of_a_pool(client):
    done = client.create_storage_pool(
        NAME, driver="dir", config={"user.a": 1}, description="For a test"
    )
    assert done.status == "Success"
    assert NAME in client.storage_pools()
    [listed] = [one for one in client.storage_pools(recursion=1) if one.name == NAME]
    found = client.storage_pool(NAME)
    assert (found.driver, found.description, found.status) == ("dir", "For a test", "Created")
    assert found.config["user.a"] == listed.config["user.a"] == "1"
    space = client.storage_pool_resources(NAME).space
    assert 0 < space.used < space.total
    client.delete_storage_pool(NAME)
    assert NAME not in client.storage_pools()
    with pytest.raises(hyperkit.NotFound):
        client.storage_pool(NAME)


def test_a_patch_keeps_the_description(client):
    client.create_storage_pool(NAME, driver="dir", description="Kept", config={"user.a": 1})
    client.patch_storage_pool(NAME, config={"user.b": True})
    found = client.storage_pool(NAME)
    assert found.description == "Kept"
    assert (found.config["user.a"], found.config["user.b"]) == ("1", "true")
    client.patch_storage_pool(NAME, description="New")
    assert client.storage_pool(NAME).description == "New"


def test_an_update_replaces_and_an_edit_keeps(client):
    client.create_storage_pool(NAME, driver="dir", config={"user.a": 1})
    source = client.storage_pool(NAME).config["source"]
    client.update_storage_pool(NAME, config={"source": source, "user.b": 2}, description="New")
    found = client.storage_pool(NAME)
    assert (found.config["user.b"], found.description) == ("2", "New")
    with client.edit_storage_pool(NAME) as pool:
        pool["description"] = "Edited"
        pool.config["user.c"] = 3
    found = client.storage_pool(NAME)
    assert (found.config["user.c"], found.description) == ("3", "Edited")
    etag = client.last_response.headers.get("ETag")
    if etag:  # LXD 5.0 gives none
        client.patch_storage_pool(NAME, config={"user.c": 4})
        with pytest.raises(hyperkit.PreconditionFailed):
            client.update_storage_pool(NAME, config=found.config, etag=etag)


def test_pools_are_filtered(client):
    if not client.has_extension("api_filtering_extended"):
        with pytest.raises(hyperkit.MissingExtension):
            client.storage_pools(filter="name eq default")
        return
    assert client.storage_pools(filter="name eq default") == ["default"]
    assert client.storage_pools(filter="name eq nothing", recursion=1) == []


def test_a_pool_that_is_not_there_is_not_found(client):
    for call in (
        client.storage_pool,
        client.delete_storage_pool,
        client.patch_storage_pool,
    ):
        with pytest.raises(hyperkit.NotFound):
            call("hk-nothing")
    with pytest.raises(hyperkit.Error, match="not found"):  # servers say 500
        client.storage_pool_resources("hk-nothing")
    with pytest.raises(hyperkit.Error):
        client.create_storage_pool("hk-none", driver="hk-driver")
