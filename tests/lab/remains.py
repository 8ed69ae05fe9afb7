"""Processes, mounts and interfaces: what a daemon leaves behind."""

import contextlib
import glob
import json
import os
import re
import shlex
import shutil
import signal
import time
from pathlib import Path

from machine import Failure, run


def process_field(pid, field):
    try:
        return Path(f"/proc/{pid}/{field}").read_bytes()
    except OSError:
        return b""


def process_ids():
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


# What a daemon starts, by the name of the program. Only these are ever ended:
# a shell or a test run that merely has LXD_DIR set is none of our business.
HELPERS = {
    "lxd",
    "incusd",
    "dnsmasq",
    "rsync",
    "tar",
    "unsquashfs",
    "mksquashfs",
    "xz",
    "gzip",
    "[lxc monitor]",
}


def belongs_to(pid, directory):
    """Whether a process works for the daemon whose state lies in directory."""
    command = process_field(pid, "cmdline")
    program = re.match(rb"\[lxc monitor\]|[^\0]*", command)[0]
    if os.path.basename(os.fsdecode(program)) not in HELPERS:
        return False
    needle = re.escape(str(directory).encode()) + rb"(?:[/\0 ]|$)"
    return bool(
        re.search(needle, command)
        or re.search(rb"(?:^|\0)(?:LXD|INCUS)_DIR=" + needle, process_field(pid, "environ"))
    )


def with_descendants(pids):
    children = {}
    for pid in process_ids():
        status = process_field(pid, "stat").rpartition(b")")[2].split()
        if status:
            children.setdefault(int(status[1]), []).append(pid)
    found, waiting = set(), list(pids)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting.extend(children.get(pid, []))
    return found


def control_groups(pid):
    """The folders of the container control groups that a process is in."""
    mounts = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind.startswith("cgroup"):
            keys = [""] if kind == "cgroup2" else options.split(",")
            mounts.update({key: before.split()[4] for key in keys})
    groups = set()
    for line in process_field(pid, "cgroup").decode().splitlines():
        _, controllers, path = line.split(":", 2)
        place = mounts.get(controllers.split(",")[0])
        match = re.match(r"(.*?/(?:lxc|incus)\.(?:payload|monitor)\.[^/]+)", path)
        if place and match:
            groups.add(place + match[1])
    return groups


def end_processes(directory):
    """End whatever still works for the daemon, containers included."""
    groups = set()
    for _ in range(20):
        mine = [pid for pid in process_ids() if pid != os.getpid() and belongs_to(pid, directory)]
        if not mine:
            break
        for pid in with_descendants(mine):
            groups |= control_groups(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
    for group in groups:
        for folder, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
    for place in ("", "*/"):  # LXC's waiting room, empty between its uses
        for pivot in glob.glob(f"/sys/fs/cgroup/{place}lxc.pivot"):
            with contextlib.suppress(OSError):
                os.rmdir(pivot)


def mounts_below(directory):
    """What is mounted below a folder, the latest first."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    places = [line.split()[4].encode().decode("unicode_escape") for line in lines]
    return [place for place in reversed(places) if place.startswith(f"{directory}/")]


def remove_folder(folder):
    """Remove a folder, but never what is mounted in it."""
    for place in mounts_below(folder):
        run("umount", "-l", place, check=False)
    left = mounts_below(folder)
    if left:
        raise Failure(f"{left[0]} cannot be unmounted; {folder} is left as it is")
    shutil.rmtree(folder)


def veth_ports(bridges):
    """The host's ends of the network cards that are plugged into bridges."""
    return [
        port.name
        for bridge in bridges
        for port in Path(f"/sys/class/net/{bridge}/brif").glob("veth*")
    ]


def remove_interface(name):
    if Path(f"/sys/class/net/{name}").exists():
        run("ip", "link", "delete", name, check=False)


def remove_firewall_rules(networks):
    """Remove the rules that a killed daemon left for its networks."""
    for network in networks:
        mark = re.compile(rf'"generated for (LXD|Incus) network {re.escape(network)}\b')
        for command in ("iptables", "ip6tables"):
            for line in run(f"{command}-save", check=False).splitlines():
                if line.startswith("*"):
                    table = line[1:]
                elif mark.search(line):
                    run(command, "-t", table, "-D", *shlex.split(line)[1:], check=False)
    listed = json.loads(run("nft", "-j", "list", "ruleset", check=False) or "{}")
    tables, used = set(), set()
    for entry in listed.get("nftables", []):
        [(sort, what)] = entry.items()
        if sort == "table" and what["name"] in ("lxd", "incus"):
            tables.add((what["family"], what["name"]))
            continue
        place = (what.get("family"), what.get("table"))
        if place not in tables:
            continue
        if sort == "chain" and what["name"].partition(".")[2] in networks:
            run("nft", "delete", "chain", *place, what["name"], check=False)
        elif sort == "chain":
            used.add(place)
        elif sort == "set":
            for element in what.get("elem", []):
                if element in networks:
                    run(
                        "nft",
                        "delete",
                        "element",
                        *place,
                        what["name"],
                        f"{{ {element} }}",
                        check=False,
                    )
                else:
                    used.add(place)
    for family, name in tables - used:
        run("nft", "delete", "table", family, name, check=False)
