"""The image: a busybox that starts and stops in well under a second."""

import io
import os
import tarfile
from pathlib import Path

from machine import run

# PID 1 of a container. SIGPWR is how LXD and Incus ask for a shutdown; the
# kernel ends every other process when PID 1 exits. TERM, USR1 and USR2 are
# what busybox's reboot, halt and poweroff send.
INIT = """\
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=linux
trap 'exit 0' PWR USR1 USR2
trap 'reboot -f' TERM INT
ip link set lo up
if [ -e /sys/class/net/eth0 ]; then
    ip link set eth0 up
    udhcpc -b -S -t 10 -T 1 -i eth0 >/dev/null 2>&1 &
fi
echo "$(hostname): ready" >/dev/console
while :; do
    setsid sh -c 'exec sh -i </dev/console >/dev/console 2>&1'
    sleep 1
done &
while :; do
    sleep 1000000 &
    wait $!
done
"""

DHCP_SCRIPT = """\
#!/bin/sh
case "$1" in
deconfig)
    ip addr flush dev "$interface"
    ip link set "$interface" up
    ;;
bound|renew)
    ip addr replace "$ip/$mask" broadcast "$broadcast" dev "$interface"
    for gateway in $router; do
        ip route replace default via "$gateway" dev "$interface"
    done
    : >/etc/resolv.conf
    [ -z "$domain" ] || echo "search $domain" >>/etc/resolv.conf
    for server in $dns; do
        echo "nameserver $server" >>/etc/resolv.conf
    done
    ;;
esac
"""

IMAGE_METADATA = """\
architecture: {architecture}
creation_date: 1577836800
properties:
  architecture: {architecture}
  description: busybox test image
  os: busybox
  release: "1"
templates:
  /etc/hostname:
    when: [create, copy]
    template: hostname.tpl
  /etc/hosts:
    when: [create, copy]
    template: hosts.tpl
"""

IMAGE_FILES = {
    "templates/hostname.tpl": "{{ container.name }}\n",
    "templates/hosts.tpl": "127.0.0.1 localhost\n127.0.1.1 {{ container.name }}\n",
    "rootfs/etc/hostname": "busybox\n",
    "rootfs/etc/hosts": "127.0.0.1 localhost\n",
    "rootfs/etc/group": "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n",
    "rootfs/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"
    "user:x:1000:1000:user:/home/user:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/:/bin/false\n",
    "rootfs/etc/os-release": "ID=busybox\nNAME=busybox\nVERSION_ID=1\n",
}

IMAGE_FOLDERS = [
    "bin",
    "dev",
    "etc",
    "home",
    "proc",
    "root",
    "run",
    "sbin",
    "sys",
    "tmp",
    "usr",
    "usr/bin",
    "usr/sbin",
    "usr/share",
    "usr/share/udhcpc",
    "var",
    "var/log",
]


def build_image():
    """Return the image as a tar archive: same busybox in, same bytes out."""
    busybox = Path("/bin/busybox").read_bytes()
    applets = run("/bin/busybox", "--list").split()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:

        def add(name, kind=tarfile.REGTYPE, data=b"", mode=0o644, link="", owner=0):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.linkname = kind, mode, link
            entry.uid = entry.gid = owner
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))

        add("metadata.yaml", data=IMAGE_METADATA.format(architecture=os.uname().machine).encode())
        add("templates", tarfile.DIRTYPE, mode=0o755)
        add("rootfs", tarfile.DIRTYPE, mode=0o755)
        for folder in IMAGE_FOLDERS:
            mode = {"tmp": 0o1777, "root": 0o700}.get(folder, 0o755)
            add(f"rootfs/{folder}", tarfile.DIRTYPE, mode=mode)
        add("rootfs/home/user", tarfile.DIRTYPE, mode=0o755, owner=1000)
        for name, text in IMAGE_FILES.items():
            add(name, data=text.encode())
        add("rootfs/sbin/init", data=INIT.encode(), mode=0o755)
        add("rootfs/usr/share/udhcpc/default.script", data=DHCP_SCRIPT.encode(), mode=0o755)
        add("rootfs/etc/udhcpc", tarfile.DIRTYPE, mode=0o755)
        add(
            "rootfs/etc/udhcpc/default.script",
            tarfile.SYMTYPE,
            mode=0o777,
            link="/usr/share/udhcpc/default.script",
        )
        add("rootfs/bin/busybox", data=busybox, mode=0o755)
        for applet in sorted(set(applets) - {"busybox", "init", "linuxrc"}):
            add(f"rootfs/bin/{applet}", tarfile.SYMTYPE, mode=0o777, link="busybox")
    return archive.getvalue()
