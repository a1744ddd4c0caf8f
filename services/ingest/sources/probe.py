"""What a camera's address gives: tried once, for whoever enters it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from schemas.sources import Transport
from services.chassis.addresses import AddressPolicy, CameraAddress, Credentials
from services.chassis.media.jpeg import of_rgb
from services.chassis.media.shape import Size, turns_of, upright
from services.ingest.sources.connecting import Patience
from services.ingest.sources.opening import Opening, Wish
from services.ingest.sources.port import LiveFrame, LiveSource, SourceLost

MEASURED_S = 2.0
"""The rate is counted over so long."""
FEWEST = 5
"""Of a slow camera so many pictures are waited for."""
MOST_MEASURED_S = 6.0
ENOUGH = 3
"""Times of so many pictures give a rate."""
FIRST_PICTURE_S = 20.0
"""Some cameras send a key frame every ten seconds only."""


@dataclass(frozen=True)
class Found:
    codec: str
    width: int
    height: int
    frame_rate: float | None
    """Pictures a second as they came: what a camera says of it is often wrong. None where too few
    came.
    """
    jpeg: bytes
    """The first picture, in its own size."""
    took_s: float
    """From the first attempt to the first picture."""


def probe(
    address: CameraAddress,
    credentials: Credentials = Credentials(),
    transport: Transport = "auto",
    policy: AddressPolicy = AddressPolicy(),
    patience: Patience = Patience(),
) -> Found:
    """Open it and look at it for a few seconds. Raises SourceLost with why it cannot be watched, in
    one sentence that holds no credentials.
    """
    opening = Opening(policy, patience, lambda: datetime.now(UTC))
    source = opening.source(Wish(address.text, credentials, transport))
    began_s = monotonic()
    try:
        told = source.open()
        frames = _watched(source, began_s)
    finally:
        source.close()
    first, picture = frames[0], frames[0].picture
    unturned, turns = Size(picture.width, picture.height), turns_of(picture)
    shown = unturned.turned if turns % 2 else unturned
    return Found(
        codec=told.codec,
        width=shown.width,
        height=shown.height,
        frame_rate=_rate(frames),
        jpeg=of_rgb(upright(picture, turns, shown)).content,
        took_s=first.arrived_s - began_s,
    )


def _watched(source: LiveSource, began_s: float) -> list[LiveFrame]:
    """The frames of some seconds, the pictures of all but the first let go of."""
    frames: list[LiveFrame] = []
    for frame in source.frames():
        if not frames:
            frames.append(frame)
        else:
            frames.append(LiveFrame(frames[0].picture, frame.arrived_s, frame.pts_s))
        measured_s = frame.arrived_s - frames[0].arrived_s
        if measured_s >= (MEASURED_S if len(frames) > FEWEST else MOST_MEASURED_S):
            return frames
        if monotonic() - began_s > FIRST_PICTURE_S:
            break
    if not frames:
        raise SourceLost("No picture came from the camera.")
    return frames


def _rate(frames: list[LiveFrame]) -> float | None:
    """By the camera's own times: what it had in store comes all at once. The first has none."""
    times = [frame.pts_s if frame.pts_s is not None else frame.arrived_s for frame in frames[1:]]
    if len(times) < ENOUGH or times[-1] <= times[0]:
        return None
    return (len(times) - 1) / (times[-1] - times[0])
