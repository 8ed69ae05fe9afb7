"""Hand the metrics of one or more servers to Prometheus.

    pip install 'pyhyperkit[metrics]'
    python examples/exporter.py
    python examples/exporter.py --port 9150 a=https://a.example.net:8443 b=remote:b
    python examples/exporter.py --once

It serves them at http://127.0.0.1:9150/metrics, asked from the servers anew each time;
``--once`` prints them and ends. Every sample has the label ``server``; ``hyperkit_up`` says
which servers answered: one that does not keeps nobody from seeing the others.
"""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import hyperkit

try:
    from prometheus_client import CollectorRegistry, Metric, generate_latest, start_http_server
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.registry import Collector
except ImportError:
    sys.exit("exporter: pip install 'pyhyperkit[metrics]'")

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Servers(Collector):
    """What Prometheus is given, by the names of the servers; ``down`` are those that failed."""

    def __init__(self, clients: Mapping[str, hyperkit.Client]) -> None:
        self.clients = clients
        self.down: set[str] = set()

    def collect(self) -> Iterator[Metric]:
        """Ask every server."""
        up = GaugeMetricFamily("hyperkit_up", "Whether the server answered.", labels=["server"])
        families: dict[str, Metric] = {}
        for server, client in self.clients.items():
            try:
                samples = client.metric_samples()
            except hyperkit.Error as error:
                print(f"exporter: {server}: {error}", file=sys.stderr)
                self.down.add(server)
                up.add_metric([server], 0)
                continue
            up.add_metric([server], 1)
            for name, labels, value in samples:
                family = families.setdefault(name, Metric(name, "", "unknown"))
                family.add_sample(name, {"server": server, **labels}, value)
        yield up
        yield from families.values()


def main() -> int:
    """Read the command line; print once, or serve until it is ended."""
    parser = argparse.ArgumentParser(description="Hand the metrics of servers to Prometheus.")
    parser.add_argument(
        "servers", nargs="*", metavar="NAME=URL", help="such as a=remote:a; the local one if none"
    )
    parser.add_argument("--address", default="127.0.0.1", help="to serve at")
    parser.add_argument("--once", action="store_true", help="print them, and end")
    parser.add_argument("--port", type=int, default=9150, help="to serve at")
    options = parser.parse_args()
    endpoints: dict[str, str | None] = {"local": None}
    if options.servers:
        endpoints = dict(one.partition("=")[::2] for one in options.servers)
        if not all(name and url for name, url in endpoints.items()):
            parser.error("servers are given as NAME=URL")
    with ExitStack() as stack:
        clients = {
            name: stack.enter_context(hyperkit.Client(api_endpoint=url, timeout=10))
            for name, url in endpoints.items()
        }
        registry = CollectorRegistry()
        servers = Servers(clients)
        registry.register(servers)
        if options.once:
            print(generate_latest(registry).decode(), end="")
            return 1 if servers.down else 0
        try:
            start_http_server(options.port, options.address, registry)
            print(f"exporter: http://{options.address}:{options.port}/metrics", flush=True)
            threading.Event().wait()
        except (OSError, OverflowError) as error:
            print(f"exporter: port {options.port}: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
