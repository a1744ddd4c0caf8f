"""Links on servers of this machine, watched as cameras are."""

from itertools import islice

from services.chassis.addresses import AddressPolicy, parse
from services.ingest.sources.connecting import Patience
from services.ingest.sources.fetching import Fetch
from services.ingest.sources.port import LiveFrame, LiveSource, SourceLost
from services.ingest.sources.stream import StreamSource
from services.ingest.sources.web import WebSource

HERE = AddressPolicy()
PATIENCE = Patience(open_s=20.0, read_s=20.0, segmented_read_s=30.0)


def stream(url: str, fetch: Fetch) -> LiveSource:
    return StreamSource(url, patience=PATIENCE, fetch=fetch)


def source(typed: str, policy: AddressPolicy = HERE, **more: object) -> WebSource:
    camera, credentials = parse(typed)
    return WebSource(camera, credentials, policy, stream, **more)  # type: ignore[arg-type]


def first_frames(source: LiveSource, count: int) -> list[LiveFrame]:
    """Opens it, takes so many pictures, closes it."""
    try:
        source.open()
        return list(islice(source.frames(), count))
    finally:
        source.close()


def loss(source: LiveSource) -> str:
    """Opens it and reads until it is lost; the sentence."""
    try:
        source.open()
        for _ in source.frames():
            pass
    except SourceLost as lost:
        return str(lost)
    finally:
        source.close()
    raise AssertionError("an endless source never ends by itself")
