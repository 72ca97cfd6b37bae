"""Live figures for Prometheus, by option: served on the loopback while a run lasts."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

from simulator.core.errors import UsageError
from simulator.run.measuring import Figures

_COUNTERS = {
    "events": "Events that were sent for the first time",
    "acknowledged": "Events that the destination has taken",
    "rejected": "Events that the destination refused",
    "pending": "Events that could not be delivered",
    "requests": "Requests, tries and all",
    "retries": "Requests that were tries of earlier ones",
    "connects": "Connections that were made",
    "bytes": "Bytes of request bodies",
    "errors": "Requests that were refused or failed",
    "late": "Requests sent more than 10 ms after their time",
    "intended": "Events that were due",
}
_GAUGES = {
    "in_flight": "Requests without an answer yet",
    "unsettled": "Events that the destination holds",
    "held": "Events that wait for a slow destination",
}
_QUANTILES = {"p50": "0.5", "p95": "0.95", "p99": "0.99", "max": "1"}


class Gauges:
    """The figures as Prometheus knows them; ``url`` is where they are.

    The address is taken at once, but nothing is served before the first figures: until then the run may still have
    to fork, which it can't with a second thread.
    """

    def __init__(self, port: int) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, make_wsgi_app

        registry = CollectorRegistry()
        app = make_wsgi_app(registry)
        self._server = make_server("127.0.0.1", port, app, handler_class=_Quiet)
        self._thread: threading.Thread | None = None
        self.url = f"http://127.0.0.1:{self._server.server_port}/metrics"
        self._counters = {
            name: Counter(f"journeysim_{name}", text, registry=registry) for name, text in _COUNTERS.items()
        }
        self._gauges = {
            name: Gauge(f"journeysim_{name}", text, registry=registry) for name, text in _GAUGES.items()
        }
        self._statuses = Counter("journeysim_answers", "Answers by status", ["status"], registry=registry)
        latency = "Latency of the last second from the intended time, or the first sending"
        self._latency = Gauge("journeysim_latency_seconds", latency, ["quantile"], registry=registry)

    def update(self, figures: Figures) -> None:
        """Take in the figures of a moment."""
        for name, counter in self._counters.items():
            counter.inc(max(getattr(figures, name) or 0, 0))
        for name, gauge in self._gauges.items():
            gauge.set(getattr(figures, name))
        for status, count in figures.statuses.items():
            self._statuses.labels(status).inc(count)
        for name, quantile in _QUANTILES.items():
            self._latency.labels(quantile).set(getattr(figures, name))
        if self._thread is None:
            self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Serve no more."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Quiet(WSGIRequestHandler):
    """Says nothing about requests."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def serving_metrics(port: int | None) -> Iterator[Gauges | None]:
    """Serve figures on ``port`` of the loopback (0: a free one), or don't for None.

    Raises UsageError where the port is taken or the library is missing.
    """
    if port is None:
        yield None
        return
    try:
        gauges = Gauges(port)
    except ImportError as error:
        raise UsageError("--metrics needs prometheus-client: pip install 'journeysim[metrics]'") from error
    except OSError as error:
        raise UsageError(f"--metrics {port}: {(error.strerror or str(error)).lower()}") from error
    try:
        yield gauges
    finally:
        gauges.close()
