"""The embedded server in the place of a real one, and what it cannot do yet."""

from pathlib import Path

from hyperkit.testing import Server
from hyperkit.testing._keys import key_pair

FLAVOURS = {"lxd": "lxd-5.0", "incus": "incus-6.0", "incus7": "incus-7"}
# What is not run on the embedded server, and why: by file, by test, or by test and parameter.
NOT_YET = {
    "test_breaks.test_a_full_pool": "it has no discs that could be full",
    "test_cluster": "it is a cluster of one",
    "test_cluster_alone.test_form_a_cluster_and_end_it": "it stays a cluster of one",
    "test_cluster_members": "it is a cluster of one",
    "test_files.test_large_files_in_constant_memory": "files are kept in memory",
    "test_images.test_progress_of_packing": "packing is done before anybody could ask",
    "test_instance_debug.test_memory_of_what_is_no_virtual_machine": "it dumps no memory",
    "test_migration": "nothing migrates from one embedded server to another",
    "test_network_members": "it is a cluster of one",
    "test_networks.test_forwards": "it forwards nothing",
    "test_networks.test_integrations": "it integrates no other networks",
    "test_networks.test_records": "it has no zones",
    "test_networks.test_state_and_leases": "it does not list what addresses are used for",
    "test_networks.test_the_record_of_a_zone_itself": "it has no zones",
    "test_networks.test_what_only_ovn_networks_have": "it has neither peers nor load balancers",
    "test_networks.test_zones": "it has no zones",
    "test_processes.test_every_byte_on_a_slow_link[64]": "a minute; it is run on real servers",
    "test_profiles.test_a_log_is_deleted": "it keeps its logs in no folder",
    "test_server.test_configuration_keys": "it does not describe its configuration",
    "test_storage_buckets": "it has no buckets",
    "test_storage_transfers": "nothing migrates from one embedded server to another",
    "test_storage_volumes.test_an_instance_has_a_volume": "only custom volumes can be looked at",
    "test_storage_volumes.test_backups": "it makes no backups of volumes",
    "test_storage_volumes.test_export_and_import": "it makes no backups of volumes",
    "test_storage_volumes.test_import_of_an_image_of_a_disc": "it takes no volumes from files",
    "test_storage_volumes.test_what_is_in_a_volume_comes_back": "volumes hold no files",
    "test_storage_volumes.test_what_is_not_there": "it makes no backups of volumes",
}


def why_not(item):
    """Say why a test is not run on the embedded server; None if it is."""
    file, _, rest = item.name.partition("[")
    test = f"{item.path.stem}.{file}"
    parameters = rest.removesuffix("]").split("-")
    for name in (item.path.stem, test, *[f"{test}[{one}]" for one in parameters]):
        if name in NOT_YET:
            return f"not on the embedded server: {NOT_YET[name]}"
    return None


class Embedded:
    """One embedded server, described as the lab describes a real one.

    Args:
        kind: "lxd" or "incus".
        folder: for the files of certificates and keys.
    """

    def __init__(self, kind, folder):
        self.server = Server(FLAVOURS[kind], tls=True, password="trust me")
        self.server.start()
        pair = key_pair("lab")
        self.server.add_trust(pair.certificate, name="lab")
        files = {
            "server_certificate": self.server.certificate,
            "client_certificate": pair.certificate,
            "client_key": pair.key,
        }
        self.lab = {
            "name": kind,
            "kind": kind,
            "socket": self.server.socket,
            "https_url": self.server.url,
            "trust_password": "trust me",
            "image_alias": "busybox",
            "storage_pool": "default",
            "network": "lxdbr0",
            "embedded": self.server,
        }
        for name, text in files.items():
            place = Path(folder) / name
            place.write_text(text)
            self.lab[name] = str(place)
