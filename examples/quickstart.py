"""A container's life, on LXD or Incus: created, started, asked, stopped, deleted.

    python examples/quickstart.py
    python examples/quickstart.py --server https://host:8443 --server-cert server.crt

Whatever happens, the container is gone in the end.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress

import hyperkit

NAME = f"hyperkit-quickstart-{os.getpid()}"  # nobody else's


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


def clean_up() -> None:
    """Remove the container, if something has failed."""
    with suppress(hyperkit.Error):
        hyperkit.stop_container(NAME, force=True, sync=True)
    with suppress(hyperkit.Error):
        hyperkit.delete_container(NAME, sync=True)


def main() -> int:
    """Read the command line, and run both."""
    parser = argparse.ArgumentParser(description="A container's life, on LXD or Incus.")
    parser.add_argument("--image", default="busybox", metavar="ALIAS", help="an image's alias")
    parser.add_argument("--server", metavar="URL", help="the local one if not given")
    parser.add_argument("--server-cert", metavar="FILE", help="its certificate, if self-signed")
    options = parser.parse_args()
    hyperkit.configure(api_endpoint=options.server, server_cert=options.server_cert)
    try:
        environment = hyperkit.server().environment
        print("connected to", environment.server, environment.server_version)
        try:
            with_auto_sync(options.image)
            without_auto_sync(options.image)
        finally:
            clean_up()
    except hyperkit.Error as error:
        print(f"quickstart: {error}", file=sys.stderr)
        return 1
    finally:
        hyperkit.default_client().close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
