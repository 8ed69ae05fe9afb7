"""lab - throw-away LXD and Incus daemons to test an API client against.

Each daemon is private: it has its own state folder, its own loopback HTTPS
port, its own bridge and its own certificates, so several can run on one
machine, beside each other and beside a system-wide LXD or Incus.

    lab up lxd            LXD from the machine's own Debian release
    lab up incus          Incus 6.0, from backports on Debian 12
    lab up incus7         the newest Incus, from Debian's unstable release
    lab up cluster        three LXD members joined as one cluster
    lab up incus-cluster  the same, of Incus 6.0
    lab up incus7-cluster the same, of the newest Incus
    lab down NAME         stop it and remove everything it left; or --all
    lab status [NAME]     what runs, one line each
    lab list              the names, one line each
    lab token NAME        a fresh one-use token that adds a client
    lab cli NAME ARG...   run lxc or incus against that daemon
    lab restart NAME      stop the daemon and start it again, instances go on
    lab run KIND CMD...   bring one up, run a command that finds it in
                          HYPERKIT_API_ENDPOINT, take it down if it is new

"up" takes --name NAME; without it, lxd is "default" and the others are called
what they are. A cluster's members are NAME-1 to NAME-3. "up" prints a JSON
description on standard output: socket, HTTPS address, certificates, trust
password, image, network, versions. It can be repeated: a daemon that already
runs is left alone and described again, one that died is started again on the
state it had. All else (progress, warnings, errors) goes to standard error.

Every daemon comes with a storage pool "default" (driver dir), an image with
the alias "busybox" that starts and stops in well under a second, a profile
"default" that gives instances a root disk and, where the machine lets a
bridge be made, a network card with DHCP.

It needs root and a Debian-like system with apt, and the Debian archive.
What it makes lies under $LAB_ROOT (/tmp/hyperkit-lab), and "down" takes it away,
but for the packages it installed and the unpacked ones in $LAB_ROOT/pkg.

Environment:
    LAB_ROOT    where the state lies; keep it short, sockets live in it
    LAB_MIRROR  Debian archive for what the release itself does not have
                (the one that the machine's own apt sources name)

Exit status: 0 done, 1 failed, 2 wrong usage, 3 this machine cannot do it.
"""

import argparse
import contextlib
import fcntl
import json
import os
import re
import subprocess
import sys

from daemon import Daemon, everything, find
from flavours import CLUSTERS, FLAVOURS
from machine import RESERVED_NAMES, ROOT, Failure, require_machine, run, say


@contextlib.contextmanager
def locked():
    """One up or down at a time: ports, bridges and apt are shared."""
    ROOT.mkdir(parents=True, exist_ok=True)
    ROOT.chmod(0o711)
    with (ROOT / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def usual_name(kind):
    return "default" if kind == "lxd" else kind


def up(options):
    name = options.name or usual_name(options.kind)
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", name) or name in RESERVED_NAMES:
        raise Failure(f"'{name}' will not do as a name", 2)
    with locked():
        if options.kind in CLUSTERS:
            description = cluster_up(name, options.kind)
        else:
            daemon = Daemon(name)
            daemon.up(options.kind)
            description = daemon.describe()
    print(json.dumps(description, indent=2))


def cluster_up(name, kind):
    members = [Daemon(f"{name}-{number}") for number in (1, 2, 3)]
    for member in members:
        member.up(CLUSTERS[kind], cluster=name, first=members[0])
    return {"name": name, "kind": kind, "members": [member.describe() for member in members]}


def down(options):
    if bool(options.name) == options.all:
        raise Failure("say which one: a name, or --all", 2)
    with locked():
        wanted = find(options.name) if options.name else everything()
        # All while every member of a cluster still answers, ...
        for daemon in wanted:
            daemon.stop_instances()
        # ... then each on its own.
        for daemon in wanted:
            daemon.down()


def status(options):
    for daemon in find(options.name) if options.name else everything():
        state = f"running, process {daemon.pid}" if daemon.pid else "stopped"
        print(
            daemon.name,
            daemon.plan["kind"],
            state,
            f"https://127.0.0.1:{daemon.plan['port']}",
            daemon.socket,
            sep="\t",
        )


def list_names(_options):
    print("".join(f"{daemon.name}\n" for daemon in everything()), end="")


def token(options):
    daemon = find(options.name)[0]
    words = ["config", "trust", "add"]
    words += ["--name"] if daemon.plan["kind"] == "lxd" else []
    words += [options.client]
    printed = run(daemon.flavour.client, *words, env=daemon.client_environment())
    print(printed.split()[-1])


def cli(options):
    daemon = find(options.name)[0]
    os.execve(
        daemon.flavour.client,
        [daemon.flavour.client, *options.words],
        {**os.environ, **daemon.client_environment()},
    )


def restart(options):
    with locked():
        for daemon in find(options.name):
            daemon.restart()


def run_command(options):
    if not options.words:
        raise Failure("say which command to run", 2)
    name = usual_name(options.kind)
    is_new = not Daemon(name).plan
    with locked():
        daemon = Daemon(name)
        daemon.up(options.kind)
    endpoint = {"HYPERKIT_API_ENDPOINT": f"unix://{daemon.socket}"}
    try:
        done = subprocess.run(options.words, env={**os.environ, **endpoint}, check=False)
    except OSError as error:
        raise Failure(f"{options.words[0]}: {error.strerror}") from error
    finally:
        if is_new:
            with locked():
                daemon.stop_instances()
                daemon.down()
    if done.returncode:
        raise Failure(f"the command failed ({done.returncode})")


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="lab", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(action, word=None, **options):
        added = verbs.add_parser(word or action.__name__, **options)
        added.set_defaults(action=action)
        return added

    one = verb(up, help="start a daemon and describe it")
    one.add_argument("kind", choices=[*FLAVOURS, *CLUSTERS])
    one.add_argument("--name")
    one = verb(down, help="stop a daemon and remove what it left")
    one.add_argument("name", nargs="?")
    one.add_argument("--all", action="store_true")
    one = verb(status, help="what runs")
    one.add_argument("name", nargs="?")
    verb(list_names, "list", help="the names")
    one = verb(token, help="a one-use token that adds a client certificate")
    one.add_argument("name")
    one.add_argument("--client", default="client", help="the certificate's name")
    one = verb(cli, help="run lxc or incus against a daemon")
    one.add_argument("name")
    one.add_argument("words", nargs=argparse.REMAINDER)
    one = verb(restart, help="stop a daemon and start it again; its instances go on")
    one.add_argument("name")
    one = verb(run_command, "run", help="run a command with a daemon at hand")
    one.add_argument("kind", choices=[*FLAVOURS])
    one.add_argument("words", nargs=argparse.REMAINDER)
    return parser.parse_args(arguments)


def main():
    options = parse(sys.argv[1:])
    try:
        require_machine()
        options.action(options)
    except Failure as failure:
        say(failure)
        return failure.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
