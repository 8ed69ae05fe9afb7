"""The flavours of daemon: where each comes from, how it is started."""

import json
import os
from pathlib import Path

from machine import (
    COMMON_PACKAGES,
    INCUS_SUITES,
    ROOT,
    SYSTEM_PATH,
    Failure,
    ensure_subordinate_ids,
    install,
    os_release,
    package_version,
    run,
    unpack,
)


class Flavour:
    """A kind of daemon: where it comes from, how it is started."""

    def daemon_environment(self, directory):
        """A whole environment, that the caller's shell and proxies can't bend."""
        return {
            "PATH": SYSTEM_PATH,
            "HOME": "/root",
            "LANG": "C.UTF-8",
            self.directory_variable: str(directory),
            # Where settings that all containers share would lie. Nothing does,
            # on purpose: the package lxcfs puts a hook in the usual place that
            # waits half a second whenever a container stops.
            self.snippets_variable: "/nonexistent",
        }

    def command(self):
        return [self.daemon, "--verbose"]


class Lxd(Flavour):
    """LXD 5.0, installed from the machine's own release."""

    directory_variable = "LXD_DIR"
    config_variable = "LXD_CONF"
    snippets_variable = "LXD_LXC_TEMPLATE_CONFIG"
    header = "X-LXD"
    join_field = "cluster_password"
    daemon = "/usr/bin/lxd"
    client = "/usr/bin/lxc"

    def prepare(self):
        install([*COMMON_PACKAGES, "lxd", "lxd-client"])
        if not os.path.exists(self.daemon):
            raise Failure("this release's package lxd has no daemon in it", 3)
        ensure_subordinate_ids()

    def packages(self):
        return {name: package_version(name) for name in ("lxd", "liblxc1", "libdqlite0")}


class Incus(Flavour):
    """Incus 6.0, unpacked beside the system rather than installed."""

    directory_variable = "INCUS_DIR"
    config_variable = "INCUS_CONF"
    snippets_variable = "INCUS_LXC_TEMPLATE_CONFIG"
    header = "X-Incus"
    join_field = "cluster_token"
    unpacked = ("incus-base", "incus-client", "libcowsql0", "libraft0")

    def __init__(self):
        self.suite = self.choose_suite()
        self.folder = ROOT / "pkg" / self.suite
        self.daemon = str(self.folder / "usr/libexec/incus/incusd")
        self.client = str(self.folder / "usr/bin/incus")

    def choose_suite(self):
        codename = os_release().get("VERSION_CODENAME", "")
        if codename not in INCUS_SUITES:
            raise Failure(f"no Incus is known for Debian '{codename}'", 3)
        return INCUS_SUITES[codename]

    def prepare(self):
        lxc = "liblxc1t64" if self.suite == "trixie" else "liblxc1"
        install([*COMMON_PACKAGES, lxc, "squashfs-tools-ng"])
        unpack(self.suite, self.unpacked)
        ensure_subordinate_ids()

    def packages(self):
        return json.loads((self.folder / "versions.json").read_text())

    def libraries(self):
        return next(self.folder.glob("usr/lib/*-linux-gnu*"))

    def daemon_environment(self, directory):
        environment = super().daemon_environment(directory)
        environment["PATH"] = f"{Path(self.daemon).parent}:{SYSTEM_PATH}"
        environment["LD_LIBRARY_PATH"] = str(self.libraries())
        return environment


class Incus7(Incus):
    """The newest Incus, with every library that it needs, down to the libc.

    Debian's unstable release moves: this is the version of the day, and its list of
    libraries may need an addition one day.
    """

    unpacked = (
        *Incus.unpacked,
        "libacl1",
        "libapparmor1",
        "libc6",
        "libcap2",
        "libdbus-1-3",
        "libgcc-s1",
        "liblxc1t64",
        "liblz4-1",
        "libpcre2-8-0",
        "libseccomp2",
        "libselinux1",
        "libsqlite3-0",
        "libsystemd0",
        "libudev1",
        "libuv1t64",
    )

    def choose_suite(self):
        return "sid"

    def prepare(self):
        install([*COMMON_PACKAGES, "patchelf", "qemu-utils", "squashfs-tools-ng"])
        unpack(self.suite, self.unpacked, self.bind)
        ensure_subordinate_ids()

    @staticmethod
    def bind(folder, final):
        """Make the daemon load its own libc and libraries, and only those.

        LD_LIBRARY_PATH would force them on the system's programs as well that it runs.
        """
        [loader] = folder.glob("usr/lib/*-linux-gnu*/ld-linux-*.so.*")
        loader = final / loader.relative_to(folder)
        daemon = folder / "usr/libexec/incus/incusd"
        run(
            "patchelf",
            "--set-interpreter",
            loader,
            "--force-rpath",
            "--set-rpath",
            loader.parent,
            daemon,
        )

    def daemon_environment(self, directory):
        environment = super().daemon_environment(directory)
        del environment["LD_LIBRARY_PATH"]
        return environment

    def command(self):
        # LXC 7 knows only cgroup2. Where the machine still has the older kind as well,
        # the daemon gets a view of the mounts without it.
        script = 'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$0" "$@"'
        view = ["unshare", "--mount", "--propagation", "slave", "sh", "-c", script]
        return [*view, *super().command()]


FLAVOURS = {"lxd": Lxd, "incus": Incus, "incus7": Incus7}
CLUSTERS = {"cluster": "lxd", "incus-cluster": "incus", "incus7-cluster": "incus7"}
