"""Storage volumes on their way between two real servers."""

import pytest
from conformance.left_behind import POOL, sweep

import hyperkit

pytestmark = [pytest.mark.live_only, pytest.mark.usefixtures("swept")]
MODES = pytest.mark.parametrize("way", ["pull", "push", "relay"])


@pytest.fixture
def there(second_lab):
    """A client of the second server."""
    with hyperkit.Client(api_endpoint=f"unix://{second_lab['socket']}") as client:
        sweep(client)
        yield client
        sweep(client)


def test_what_is_offered_is_fetched(client, volume, there):
    offer = client.init_storage_volume_migration(POOL, volume)
    assert (offer.content_type, offer.description) == ("filesystem", "Data")
    there.migrate_storage_volume(offer, POOL, "hk-b", config={"user.b": 2})
    found = there.storage_volume(POOL, "hk-b")
    assert (found.config, found.description) == ({"user.b": "2"}, "Data")
    assert there.storage_volume_snapshots(POOL, "hk-b") == ["then"]


@MODES
def test_a_volume_goes_with_all_that_it_has(client, volume, there, way):
    done = client.transfer_storage_volume(
        POOL, volume, there, mode=way, new_name="hk-b", description="Copy"
    )
    assert done.status == "Success"
    found = there.storage_volume(POOL, "hk-b")
    assert (found.config, found.description) == ({"user.a": "1"}, "Copy")
    assert there.storage_volume_snapshots(POOL, "hk-b") == ["then"]
    assert client.storage_volume(POOL, volume).description == "Data"


@MODES
def test_a_volume_of_blocks_goes_too(client, there, way):
    client.create_storage_volume(POOL, "hk-b", content_type="block", config={"size": "4MiB"})
    client.transfer_storage_volume(POOL, "hk-b", there, mode=way, volume_only=True)
    assert there.storage_volume(POOL, "hk-b").content_type == "block"


@MODES
def test_what_is_moved_is_gone(client, volume, there, way):
    there.create_storage_pool("hk-pool", driver="dir")
    client.transfer_storage_volume(POOL, volume, there, mode=way, move=True, new_pool="hk-pool")
    assert there.storage_volume("hk-pool", volume).description == "Data"
    assert volume not in client.storage_volumes(POOL, type="custom")


@MODES
def test_a_snapshot_goes_as_a_volume(client, volume, there, way):
    if not client.has_extension("storage_api_remote_volume_snapshot_copy"):
        with pytest.raises(hyperkit.MissingExtension):
            client.transfer_storage_volume(POOL, volume, there, mode=way, snapshot="then")
        assert client.storage_volume_snapshots(POOL, volume) == ["then"]
        return
    client.transfer_storage_volume(POOL, volume, there, mode=way, snapshot="then")
    assert there.storage_volume(POOL, volume).config == {"user.a": "1"}
    assert there.storage_volume_snapshots(POOL, volume) == []


@MODES
def test_a_refresh_brings_what_is_new(client, volume, there, way):
    client.transfer_storage_volume(POOL, volume, there, mode=way)
    client.create_storage_volume_snapshot(POOL, volume, "later")
    client.transfer_storage_volume(POOL, volume, there, mode=way, refresh=True)
    assert sorted(there.storage_volume_snapshots(POOL, volume)) == ["later", "then"]


@MODES
def test_a_name_that_is_taken_moves_nothing(client, volume, there, way):
    there.create_storage_volume(POOL, volume)
    with pytest.raises(hyperkit.Error):
        client.transfer_storage_volume(POOL, volume, there, mode=way, move=True)
    assert client.storage_volume(POOL, volume).description == "Data"
