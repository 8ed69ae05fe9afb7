"""A container's life, on LXD or Incus: created, started, asked, stopped, deleted.

    python examples/quickstart.py [--image ALIAS]

The server is the local one, or the one that HYPERKIT_API_ENDPOINT names; over
HTTPS, HYPERKIT_CLIENT_CERT and HYPERKIT_CLIENT_KEY say who asks, and
HYPERKIT_SERVER_CERT which server is meant.
"""

from __future__ import annotations

import argparse
import os
import sys

import hyperkit

NAME = "hyperkit-quickstart"


def with_auto_sync(image: str) -> None:
    """Every call returns when its work is done."""
    hyperkit.create_container(NAME, alias=image)
    hyperkit.start_container(NAME)
    done = hyperkit.execute_command(NAME, ["uname", "-n"], record_output=True)
    print("it says it is", hyperkit.exec_output(done).stdout.decode().strip())
    print("its state is", hyperkit.container_state(NAME).status)
    hyperkit.stop_container(NAME, timeout=30)
    hyperkit.delete_container(NAME)


def without_auto_sync(image: str) -> None:
    """Every call returns at once, with the operation to wait for."""
    hyperkit.auto_sync = False
    hyperkit.wait_for_operation(hyperkit.create_container(NAME, alias=image))
    hyperkit.wait_for_operation(hyperkit.start_container(NAME), timeout=60)
    started = hyperkit.execute_command(NAME, "uname -n", record_output=True)
    print("it is", started.status.lower(), "a command")
    done = hyperkit.wait_for_operation(started)
    print("it says it is", hyperkit.exec_output(done).stdout.decode().strip())
    hyperkit.wait_for_operation(hyperkit.stop_container(NAME, timeout=30))
    hyperkit.wait_for_operation(hyperkit.delete_container(NAME))


def main() -> int:
    """Run both, on whatever server there is."""
    parser = argparse.ArgumentParser(description="A container's life, on LXD or Incus.")
    parser.add_argument("--image", default="busybox", metavar="ALIAS", help="an image's alias")
    image = parser.parse_args().image
    hyperkit.server_cert = os.environ.get("HYPERKIT_SERVER_CERT")
    try:
        environment = hyperkit.server().environment
        print("connected to", environment.server, environment.server_version)
        with_auto_sync(image)
        without_auto_sync(image)
    except hyperkit.Error as error:
        print(f"quickstart: {error}", file=sys.stderr)
        return 1
    finally:
        hyperkit.default_client().close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
