"""The machine: commands, packages, and where the state lies."""

import contextlib
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(os.environ.get("LAB_ROOT", "/tmp/hyperkit-lab"))
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
RESERVED_NAMES = {"pkg", "apt"}

# What either daemon needs from the machine's own release.
COMMON_PACKAGES = [
    "attr",
    "busybox-static",
    "dnsmasq-base",
    "iproute2",
    "iptables",
    "liblxc-common",
    "nftables",
    "openssl",
    "rsync",
    "squashfs-tools",
    "uidmap",
    "xz-utils",
]

# Where Incus 6.0 is to be had, by the machine's own release.
INCUS_SUITES = {"bookworm": "bookworm-backports", "trixie": "trixie"}


class Failure(Exception):
    """Ends the program with one line on standard error."""

    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status


def say(message):
    print(f"lab: {message}", file=sys.stderr, flush=True)


def run(*command, check=True, env=None, **options):
    """Run a command quietly and return what it printed on standard output."""
    options.setdefault("input", "")
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PATH": SYSTEM_PATH,
            "LC_ALL": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            **(env or {}),
        },
        **options,
    )
    if check and done.returncode:
        tail = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise Failure(f"{Path(command[0]).name} failed ({done.returncode}): {' | '.join(tail)}")
    return done.stdout


def os_release():
    with contextlib.suppress(OSError):
        pairs = re.findall(
            r'^(\w+)="?([^"\n]*)"?$', Path("/etc/os-release").read_text(), re.MULTILINE
        )
        return dict(pairs)
    return {}


def require_machine():
    if os.geteuid() != 0:
        raise Failure("this needs root", 3)
    release = os_release()
    family = f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".split()
    if "debian" not in family or not shutil.which("apt-get", path=SYSTEM_PATH):
        raise Failure("this needs a Debian-like system with apt-get", 3)


def retry(action, what, tries=4):
    """Run an action that reaches the network until it goes through."""
    for left in range(tries - 1, -1, -1):
        try:
            return action()
        except Failure as failure:
            if not left:
                raise
            say(f"{what}: {failure}; trying again")
            time.sleep(3)


def missing_packages(packages):
    listed = run(
        "dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *packages, check=False
    )
    present = {line.split()[0] for line in listed.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in present]


def install(packages):
    """Install what is missing from the release the machine already uses."""
    missing = missing_packages(packages)
    if not missing:
        return
    say(f"installing {' '.join(missing)}")
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]

    def attempt():
        run(*apt, "update", check=False)  # a broken extra source is no matter
        run(*apt, "install", "--no-install-recommends", *missing)

    retry(attempt, "installing packages")


def package_version(package):
    return run("dpkg-query", "-W", "-f", "${Version}", package, check=False)


def debian_archive():
    """The address of the Debian archive that this machine installs from."""
    if named := os.environ.get("LAB_MIRROR"):
        return named
    codename = os_release().get("VERSION_CODENAME", "")
    for file in ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*"))]:
        with contextlib.suppress(OSError):
            text = Path(file).read_text()
            for stanza in re.split(r"\n\s*\n", text):  # files named *.sources
                fields = dict(re.findall(r"^(URIs|Suites):[ \t]*(.*)$", stanza, re.MULTILINE))
                if codename in fields.get("Suites", "").split():
                    return fields["URIs"].split()[0]
            for uri, suite in re.findall(  # files named *.list
                r"^deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)", text, re.MULTILINE
            ):
                if suite == codename:
                    return uri
    raise Failure("apt's sources name no Debian archive: name one in LAB_MIRROR", 3)


def unpack(suite, packages, finish=None):
    """Download packages of another suite and unpack them in ROOT/pkg/SUITE.

    Nothing is installed, so nothing on the machine is upgraded or started
    and two flavours cannot get in each other's way. The file "versions.json"
    there tells which versions it holds. finish(folder, final), where given,
    works on the folder before it is moved to its final place.
    """
    folder = ROOT / "pkg" / suite
    if (folder / "versions.json").exists():
        return
    say(f"unpacking {' '.join(packages)} from {suite}")
    apt_root = ROOT / "apt" / suite
    for part in ("lists/partial", "archives/partial"):
        (apt_root / part).mkdir(parents=True, exist_ok=True)
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    signed = f" [signed-by={keyring}]" if keyring.exists() else ""
    (apt_root / "sources.list").write_text(f"deb{signed} {debian_archive()} {suite} main\n")
    apt = [
        "apt-get",
        "-q",
        "-y",
        "-o",
        "Acquire::Retries=3",
        "-o",
        "APT::Sandbox::User=root",
        "-o",
        "Acquire::Languages=none",
        "-o",
        f"Dir::Etc::SourceList={apt_root}/sources.list",
        "-o",
        "Dir::Etc::SourceParts=/dev/null",
        "-o",
        f"Dir::State::Lists={apt_root}/lists",
        "-o",
        f"Dir::Cache={apt_root}",
    ]

    def attempt():
        run(*apt, "update")
        run(
            *apt,
            "download",
            *(f"{package}/{suite}" for package in packages),
            cwd=apt_root / "archives",
        )

    retry(attempt, f"downloading from {suite}")
    fresh = ROOT / "pkg" / f".{suite}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    versions = {}
    for deb in sorted((apt_root / "archives").glob("*.deb")):
        run("dpkg", "-x", deb, fresh)
        package, version = run(
            "dpkg-deb", "-W", "--showformat", "${Package} ${Version}", deb
        ).split()
        versions[package] = version
    (fresh / "versions.json").write_text(json.dumps(versions))
    if finish:
        finish(fresh, folder)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    shutil.rmtree(apt_root.parent)


# What root gets, where it has no range of subordinate ids.
OWN_IDS = "root:1000000:1000000000\n"


def ensure_subordinate_ids():
    """Give root one range of subordinate ids where the machine demands one.

    Both daemons refuse unprivileged containers when newuidmap is installed and root has no
    range. LXD's package adds one as well; and with two of them, Incus starts no container.
    """
    for path in (Path("/etc/subuid"), Path("/etc/subgid")):
        text = path.read_text() if path.exists() else ""
        counts = re.findall(r"^(?:root|0):\d+:(\d+)$", text, re.MULTILINE)
        large = [count for count in counts if int(count) >= 65536]
        if not large:
            path.write_text(text + OWN_IDS)
        elif len(large) > 1:
            path.write_text(text.replace(OWN_IDS, ""))
