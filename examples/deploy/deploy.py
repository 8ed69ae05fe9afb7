"""Deploy a web site into an instance; what does not pass its check is taken back.

    python examples/deploy/deploy.py web ./site --check 'nginx -t'

The instance is made if it is not there. A snapshot is taken, the site replaces
``/srv/www``, the check is run in the instance; if anything fails, the instance is set back
to the snapshot. ``test_deploy.py`` tests all of that without any server.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

import hyperkit

BEFORE = "before-deploy"
ROOT = "/srv/www"


def deploy(
    client: hyperkit.Client, name: str, site: Path, *, check: list[str], image: str
) -> None:
    """Bring an instance to serve a site, or leave it as it was."""
    if name not in client.instances():
        client.launch_instance(name, alias=image, timeout=60)
    if BEFORE in client.snapshots(name):
        client.delete_snapshot(name, BEFORE)
    client.create_snapshot(name, BEFORE)
    try:
        client.run(name, ["rm", "-rf", ROOT], check=True)
        client.run(name, ["mkdir", "-p", str(Path(ROOT).parent)], check=True)
        client.push_directory(site, name, ROOT)
        client.run(name, check, capture_output=True, check=True, timeout=60)
    except BaseException:  # Ctrl-C too
        client.restore_snapshot(name, BEFORE)
        raise


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, and deploy to the server that hyperkit's options name."""
    parser = argparse.ArgumentParser(description="Deploy a web site into an instance.")
    parser.add_argument("instance", help="its name; it is made if it is not there")
    parser.add_argument("site", type=Path, help="the folder that is to be served")
    parser.add_argument(
        "--check",
        default=f"test -s {ROOT}/index.html",
        help="what must succeed in the instance",
        metavar="COMMAND",
        type=shlex.split,
    )
    parser.add_argument("--image", default="busybox", metavar="ALIAS", help="for a new instance")
    options = parser.parse_args(arguments)
    client = hyperkit.default_client()
    try:
        deploy(client, options.instance, options.site, check=options.check, image=options.image)
    except (hyperkit.Error, OSError) as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    finally:
        client.close()
    print(f"{options.instance} serves {options.site}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
