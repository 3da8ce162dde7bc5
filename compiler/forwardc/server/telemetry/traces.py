"""Traces of calls, sent as OTLP over HTTP. Needs the extra `otel`.

A collector that is away is no matter of a call: spans are sent from a thread of their own, and
dropped where that does not work. A span holds names and no value of a request.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.server.telemetry.calls import CallInProgress
from forwardc.version import __version__

_PATH: Final = "/v1/traces"
# Seconds for a collector to take spans, from a thread of their own.
_TIMEOUT_S: Final = 3


class Traces(Protocol):
    """Spans around calls and their parts, on the event loop. Never raises of its own accord."""

    @contextmanager
    def call(self, call: CallInProgress, parent: str | None) -> Iterator[None]:
        """A whole call, once. `parent` is the traceparent of a proxy that is believed.

        Sets `trace_id`, and reads at the end what the call has become.
        """
        yield

    @contextmanager
    def part(self, name: str, attributes: Mapping[str, str] | None) -> Iterator[None]:
        """A part of the call under way. `tells` are names and values that no caller chose.

        What the block raises is let through; its type, and no text of it, is noted.
        """
        yield

    def close(self) -> None:
        """Send what is left, and give up soon. Once, at the end of the process; it blocks."""
        ...


class OpenTelemetryMissingError(ForwardcError, ImportError):
    """Traces are asked for, and the packages that make them are not installed."""


def open_traces(url: str) -> Traces:
    """Traces to a collector; a URL without a path gets that of OTLP.

    Raises: `OpenTelemetryMissingError`.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise OpenTelemetryMissingError(
            "watch.traces is set, and OpenTelemetry is not installed: `pip install forwardc[otel]`"
        ) from None
    endpoint = url if urlsplit(url).path not in ("", "/") else url.rstrip("/") + _PATH
    resource = Resource.create({"service.name": "forwardc", "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=_TIMEOUT_S)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1_000))
    return _Otel(provider)


class _Otel:
    """Spans of the SDK."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("forwardc", __version__)

    @contextmanager
    def call(self, call: CallInProgress, parent: str | None) -> Iterator[None]:
        """A whole call."""
        from opentelemetry.trace import SpanKind, StatusCode

        with self._tracer.start_as_current_span(
            "call",
            context=_context(parent),
            kind=SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            call.trace_id = f"{span.get_span_context().trace_id:032x}"
            try:
                yield
            finally:
                span.set_attributes(_attributes(call))
                if call.status >= 500:
                    span.set_status(StatusCode.ERROR)

    @contextmanager
    def part(self, name: str, attributes: Mapping[str, str] | None) -> Iterator[None]:
        """A part of the call under way. Of an exception it has the type: texts may hold values."""
        from opentelemetry.trace import StatusCode

        with self._tracer.start_as_current_span(
            name,
            attributes={f"forwardc.{key}": value for key, value in (attributes or {}).items()},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except Exception as problem:
                span.set_status(StatusCode.ERROR, type(problem).__name__)
                raise

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def _context(parent: str | None) -> Any:
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    # An empty context, so that nothing of another call stands above this one.
    carrier = {"traceparent": parent} if parent else {}
    return TraceContextTextMapPropagator().extract(carrier, Context())


def _attributes(call: CallInProgress) -> dict[str, str | int | bool]:
    record = call.record()
    members: dict[str, str | int | bool | None] = {
        "http.request.method": record.method,
        "http.route": record.route,
        "http.response.status_code": record.status,
        "forwardc.client": record.client_id,
        "forwardc.run": record.run_id,
        "forwardc.vault": record.vault,
        "forwardc.destination": record.destination,
        "forwardc.outcome": record.outcome,
        "forwardc.problem": record.problem,
        "forwardc.replayed": record.replayed,
    }
    return {name: value for name, value in members.items() if value is not None}
