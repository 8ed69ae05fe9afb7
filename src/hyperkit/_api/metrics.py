"""Metrics: what instances and the server use, for Prometheus and the like."""

from __future__ import annotations

from typing import Any

from .._extra import extra
from .._request import path
from ..errors import InvalidResponse
from ..types import MetricSample
from .operations import OperationsMixin


class MetricsMixin(OperationsMixin):
    """Chapter "metrics" of the API."""

    def metric_samples(
        self, *, project: str | None = None, target: str | None = None
    ) -> list[MetricSample]:
        """Read what is measured, as values: ``GET /1.0/metrics``.

        That needs ``pyhyperkit[metrics]``. API extension ``metrics``.

        Args:
            project: whose instances; the client's project if not given, and without one
                those of every project.
            target: the cluster member to ask, such as ``"node-2"``.

        Returns:
            Each with the server's own name (``lxd_…`` or ``incus_…``), its labels and its
            value; sizes are in bytes, times in seconds.

        Raises:
            MissingExtra: the extra ``pyhyperkit[metrics]`` is not installed.
            InvalidResponse: what came is no metrics.

        Example:
            >>> for sample in client.metric_samples():
            ...     if sample.name.endswith("_memory_MemTotal_bytes"):
            ...         print(sample.labels["name"], sample.value)
            web 4294967296
        """
        parser = extra("metrics", "prometheus_client.parser", "metric_samples")
        return _samples(parser, self.metrics(project=project, target=target))

    def metrics(self, *, project: str | None = None, target: str | None = None) -> str:
        """Read what is measured, as text: ``GET /1.0/metrics``.

        API extension ``metrics``.

        Args:
            project: whose instances; the client's project if not given, and without one
                those of every project.
            target: the cluster member to ask, such as ``"node-2"``.

        Returns:
            Text in the format of Prometheus, a line for a value.

        Example:
            >>> client.metrics().splitlines()[-1]
            '# EOF'
        """
        self._need("metrics", "metrics")
        return self._raw(path("metrics"), project=project, target=target).decode(errors="replace")


def _samples(parser: Any, text: str) -> list[MetricSample]:
    # Without their types, the parser leaves names as they are: both servers have counters
    # that do not end in "_total", and it would put that at their end.
    lines = [line for line in text.split("\n") if not line.startswith("#")]
    try:
        return [
            MetricSample(sample.name, dict(sample.labels), sample.value)
            for family in parser.text_fd_to_metric_families(lines)
            for sample in family.samples
        ]
    except (ValueError, IndexError) as error:
        message = f"GET /1.0/metrics was not answered in the format of Prometheus: {error}."
        raise InvalidResponse(message) from error
