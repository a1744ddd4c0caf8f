"""The chain of cameras that measurements are made with: as embeddings lie on the log."""

from collections import Counter

import numpy as np

from schemas.codec import decode
from schemas.embeddings import EmbeddingExtracted
from schemas.topics import EMBEDDINGS
from services.scoring.replay.footage import INCIDENT_EVERY, INCIDENT_LENGTH, Chain
from tests.builders import ORIGIN

HIGH = np.array([1.0, 0.0], np.float32)


def test_it_is_the_same_each_time_and_can_be_read() -> None:
    chain = Chain(cameras=3, windows=4, dim=2, origin_at=ORIGIN)
    records = list(chain.records(HIGH))
    assert records == list(chain.records(HIGH))
    messages = [decode(EMBEDDINGS, value) for _, value in records]
    found = [one for one in messages if isinstance(one, EmbeddingExtracted)]
    assert [one.key.encode() for one in found] == [key for key, _ in records]
    assert [one.source_id for one in found] == list(chain.sources) * 4
    assert [ref.index for ref in found[-1].clips] == [6, 7]
    assert found[-1].moment(found[-1].clips[-1].end_s) == chain.until


def test_each_camera_has_an_incident_now_and_then() -> None:
    chain = Chain(cameras=2, windows=INCIDENT_EVERY, dim=2, origin_at=ORIGIN)
    high = HIGH.tobytes()
    incidents = Counter(key for key, value in chain.records(HIGH) if value.find(high) >= 0)
    assert incidents == {str(name).encode(): INCIDENT_LENGTH for name in chain.sources}
