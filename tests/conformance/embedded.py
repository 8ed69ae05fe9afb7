"""The embedded server in the place of a real one, and what it cannot do yet."""

from pathlib import Path

from hyperkit.testing import Server
from hyperkit.testing._keys import key_pair

FLAVOURS = {"lxd": "lxd-5.0", "incus": "incus-6.0", "incus7": "incus-7"}
# What is not run on the embedded server, and why: by file, by test, or by test and parameter.
NOT_YET = {
    "test_breaks.test_a_full_pool_harms_nothing_that_was_there": "it has no discs that could be full",
    "test_files.test_large_files_take_constant_memory": "files are kept in memory",
    "test_images.test_packing_tells_how_far_it_has_come": "packing is done before anybody could ask",
    "test_instance_debug.test_every_byte_goes_to_a_port_in_an_instance_and_back": "no command of its instances listens",
    "test_processes.test_every_byte_of_output_arrives_on_a_slow_link[64]": "a minute; it is run on real servers",
    "test_profiles.test_a_log_is_deleted": "it keeps its logs in no folder",
    "test_trust.test_a_token_of_the_command_is_redeemed": "no command of a real server is there",
    "test_trust.test_our_pair_serves_the_command": "no command of a real server is there",
    "test_trust.test_the_command_s_own_pair_is_trusted_already": "no command is there",
    "test_trust.test_the_command_s_project_and_default_remote_count": "no command is there",
    "test_trust.test_the_command_takes_our_token": "no command of a real server is there",
    "test_trust.test_the_local_remote_is_the_commands_socket": "no command of a real server is there",
}


def why_not(item):
    """Say why a test is not run on the embedded server; None if it is."""
    if "cluster" in item.fixturenames:
        return "not on the embedded server: its clusters have one member"
    function, _, rest = item.name.partition("[")
    test = f"{item.path.stem}.{function}"
    parameters = rest.removesuffix("]").split("-")
    for name in (item.path.stem, test, *[f"{test}[{one}]" for one in parameters]):
        if name in NOT_YET:
            return f"not on the embedded server: {NOT_YET[name]}"
    return None


class Embedded:
    """One embedded server, described as the lab describes a real one.

    Args:
        kind: "lxd", "incus" or "incus7".
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
