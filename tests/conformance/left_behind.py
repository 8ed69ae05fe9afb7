"""What tests leave behind on a server, and how it goes."""

import contextlib

import hyperkit

POOL = "default"


def remove_instances(client, name):
    """Remove all instances whose names begin so."""
    for left in client.instances():
        if left.startswith(name):
            with contextlib.suppress(hyperkit.Error):
                client.stop_instance(left, force=True)
            with contextlib.suppress(hyperkit.Error):
                client.delete_instance(left)


def sweep(client):
    """Remove all pools, volumes and projects that tests have made."""
    for project in client._names("/1.0/projects"):
        narrow = client.using(project=project)
        for pool in narrow.storage_pools():
            for volume in narrow.storage_volumes(pool, type="custom"):
                if volume.startswith("hk-") and "/" not in volume:
                    with contextlib.suppress(hyperkit.Error):
                        narrow.delete_storage_volume(pool, volume)
        if project.startswith("hk-"):
            client.delete(f"/1.0/projects/{project}")
    for pool in client.storage_pools():
        if pool.startswith("hk-"):
            client.delete_storage_pool(pool)
