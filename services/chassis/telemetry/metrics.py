"""The metrics of all services: one typed list, each with its meaning."""

import threading
from typing import Final, Literal, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

CounterName = Literal[
    "records_consumed",  # records read from Kafka, by topic
    "records_produced",  # messages acknowledged by Kafka, by topic
    "records_deadlettered",  # records written to a dead-letter topic, by topic
    "records_lost",  # records that Kafka deleted before they were read, by topic
    "records_skipped",  # undecodable records left to the topic's dead-letter owner, by topic
    "retries",  # transient failures that were tried again, by topic
    "clips_recorded",  # clips cut by ingest, by source kind
    "segments_recorded",  # segments of recordings, by how they ended
    "segments_dropped",  # segments that left the disk and lie nowhere else, by why
    "segments_uploaded",  # segments brought to the object store, by what for
    "videos_failed",  # uploads that ended in an error state, by reason
    "windows_embedded",  # forward passes' windows, by backbone
    "windows_left_out",  # windows not looked at since the machine cannot keep up, by backbone
    "windows_judged",  # windows judged by all heads of a detector, by detector
    "packages_unavailable",  # attempts to have a deployed detector that failed, by detector
    "detectors_switched",  # times that other detectors came in force, by backbone
    "detectors_put_aside",  # deployed detectors that failed at judging, by detector
    "judgements_passed_over",  # judgements by a model that nobody knows, by model
    "rows_archived",  # embeddings and poses written to the archive, by kind
    "rows_not_archived",  # those of sources that are removed or unknown, by kind
    "parts_merged",  # small parts of the archive that became one, by kind
    "clips_scored",  # clips scored, by model
    "alerts_opened",  # alerts opened, by rule
    "deliveries",  # delivery attempts, by channel and outcome joined with a slash
    "evidence_made",  # snapshots and videos of alerts, by kind and outcome joined with a slash
]
HistogramName = Literal[
    "handle_seconds",  # time to handle one batch, by topic
    "batch_records",  # records in a batch, by topic
]
GaugeName = Literal[
    "jobs_running",  # videos being cut right now, by service
    "cameras_running",  # cameras that this worker watches, by service
    "deliveries_hanging",  # delivery attempts that wait for an answer for long, by channel
]

M = TypeVar("M", Counter, Gauge, Histogram)
REGISTRY: Final = CollectorRegistry()
_counters: dict[str, Counter] = {}
_histograms: dict[str, Histogram] = {}
_gauges: dict[str, Gauge] = {}
_labelled: dict[tuple[str, str], Counter] = {}
"""Finding the child of a label costs more than counting on it."""
_registering: Final = threading.Lock()


def count(name: CounterName, label: str, amount: float = 1) -> None:
    counter = _labelled.get((name, label))
    if counter is None:
        counter = _registered(_counters, Counter, name).labels(label)
        _labelled[name, label] = counter
    counter.inc(amount)


def observe(name: HistogramName, label: str, value: float) -> None:
    histogram = _histograms.get(name) or _registered(_histograms, Histogram, name)
    histogram.labels(label).observe(value)


def gauge(name: GaugeName, label: str, value: float) -> None:
    instrument = _gauges.get(name) or _registered(_gauges, Gauge, name)
    instrument.labels(label).set(value)


def _registered(known: dict[str, M], kind: type[M], name: str) -> M:
    """Two threads that need a metric first at the same time get the same one."""
    with _registering:
        if name not in known:
            known[name] = kind(f"nightclerk_{name}", name, ["of"], registry=REGISTRY)
        return known[name]
