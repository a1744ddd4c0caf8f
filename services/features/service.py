"""Wires the features service: one network, a consume loop a lane."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2

from schemas import groups
from schemas.groups import Lane
from schemas.topics import CLIPS_BULK, CLIPS_LIVE, Topic
from services.chassis.memory import keep_memory
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.worker import Limits
from services.features import pose
from services.features.backbones import Backbone, load
from services.features.backbones.base import torch_device
from services.features.config import FeaturesSettings
from services.features.extraction import Extraction
from services.features.joiner import BULK, LIVE, Patience
from services.features.lanes import BackboneInTurn, Lanes, PoseNetworkInTurn, Turns
from services.features.overload import Marks, Overload
from services.features.pose import PoseNetwork, PoseOptions
from services.features.pose.extraction import PoseExtraction
from services.features.pose.observer import Observer

Handlers = Callable[[Turns, Lane], Handler]
"""Gives the handler of a lane."""
TOPICS: Mapping[Lane, Topic] = {"live": CLIPS_LIVE, "bulk": CLIPS_BULK}
PATIENCE: Mapping[Lane, Patience] = {"live": LIVE, "bulk": BULK}


@dataclass(frozen=True)
class Pace:
    """How clips are put together for a device."""

    batch_clips: int
    batch_wait_s: float


POSE_CLIPS = 16
"""People are looked at over so many clips in a row, or not."""
ON_CPU = Pace(batch_clips=8, batch_wait_s=0.0)
"""Larger batches gain nothing, so nobody waits for them."""
ON_GPU = Pace(batch_clips=128, batch_wait_s=0.05)
"""A GPU at batch 1 does a tenth of what it does from batch 64 on (docs/explanation)."""


def build(settings: FeaturesSettings) -> Lanes:
    """Loads the network (fetching weights the first time), then joins a group a lane.

    Raises what `load` of the network's folder raises.
    """
    settle_process()
    return lanes(settings, handlers(settings), KafkaBroker(settings))


def settle_process() -> None:
    """The pool of each loop is the parallelism: OpenCV's own threads would only be in its way."""
    cv2.setNumThreads(1)
    keep_memory()


def lanes(settings: FeaturesSettings, handlers: Handlers, broker: Broker) -> Lanes:
    """The loops of all lanes that the settings name."""
    turns = Turns()
    return Lanes(
        {
            lane: ConsumeLoop(
                broker,
                groups.features(settings.backbone, lane),
                [TOPICS[lane]],
                handlers(turns, lane),
                broker.publisher("features"),
                limits(settings),
            )
            for lane in settings.lanes
        }
    )


def handlers(settings: FeaturesSettings) -> Handlers:
    """Loads the network that the settings name; all handlers share it."""
    if settings.backbone == pose.ID:
        options = settings.pose_options
        return observing(pose.load(options), options, settings.live_bound_s)
    backbone = load(settings.backbone, settings.options)
    return embedding(backbone, settings.window_stride, settings.live_bound_s)


def embedding(backbone: Backbone, stride: int = 0, bound_s: float = 0.0) -> Handlers:
    """With a bound cameras go on in time, whatever that leaves out; uploads wait as long as it
    takes.
    """

    def handler(turns: Turns, lane: Lane) -> Extraction:
        overload = _overload(lane, stride or backbone.window, bound_s)
        shared = BackboneInTurn(backbone, turns, lane)
        return Extraction(shared, PATIENCE[lane], stride, overload=overload)

    return handler


def observing(network: PoseNetwork, options: PoseOptions, bound_s: float = 0.0) -> Handlers:
    """The same of people: where clips are left out it is many in a row, so that whoever is there is
    followed over the others.
    """

    def handler(turns: Turns, lane: Lane) -> PoseExtraction:
        overload = _overload(lane, POSE_CLIPS, bound_s)
        shared = PoseNetworkInTurn(network, turns, lane)
        return PoseExtraction(Observer(shared, options), PATIENCE[lane], overload=overload)

    return handler


def _overload(lane: Lane, stride: int, bound_s: float) -> Overload | None:
    return Overload(stride, Marks(bound_s=bound_s)) if bound_s and lane == "live" else None


def limits(settings: FeaturesSettings) -> Limits:
    """The settings where they say something, else what suits the device."""
    pace = ON_GPU if torch_device(settings.options) == "cuda" else ON_CPU
    batch = settings.batch_clips or pace.batch_clips
    wait_s = pace.batch_wait_s if settings.batch_wait_ms is None else settings.batch_wait_ms / 1000
    return Limits(
        batch_records=batch,
        batch_wait_s=wait_s,
        queue_records=3 * batch,
        prepare_threads=settings.decoding_threads,
    )
