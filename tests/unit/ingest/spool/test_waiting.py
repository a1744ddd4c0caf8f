"""The laws of the line: within the bound nothing is lost, each lane keeps its order, all goes."""

from dataclasses import replace
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.waiting import BLOCK, FOUND_S, LIVE_S, Waiting, WaitingLine

ROOMY = 10**9


def clip(number: int, came_s: float, size: int = 100) -> Waiting:
    return Waiting(number, True, size, came_s)


def fact(number: int, came_s: float) -> Waiting:
    return Waiting(number, False, 1, came_s)


def test_facts_go_first_then_what_is_live_then_what_is_late() -> None:
    line = WaitingLine(ROOMY)
    for one in (clip(1, FOUND_S), clip(2, 0.0), clip(3, 98.0), fact(4, 98.5), clip(5, 99.0)):
        line.add(one)
    went = []
    while (departure := line.next(100.0, late_may_go=True)) is not None:
        line.gone(departure.waiting, departure.lane)
        went.append((departure.waiting.number, departure.lane))
    assert went == [(4, "fact"), (3, "live"), (5, "live"), (1, "late"), (2, "late")]
    assert line.size_bytes == len(line) == 0


def test_late_clips_wait_until_they_may_go() -> None:
    line = WaitingLine(ROOMY)
    line.add(clip(1, 0.0))
    assert line.next(LIVE_S + 1, late_may_go=False) is None
    departure = line.next(LIVE_S + 1, late_may_go=True)
    assert departure is not None
    assert departure.lane == "late"


def test_beyond_the_bound_the_oldest_clips_go_and_facts_stay() -> None:
    line = WaitingLine(250)
    line.add(fact(1, 0.0))
    for number in range(2, 7):
        line.add(clip(number, 0.0))
    assert [one.number for one in line.overflow()] == [2, 3, 4]
    assert line.next(0.0, late_may_go=True).waiting.number == 1  # type: ignore[union-attr]


def test_what_was_dropped_while_it_was_under_way_is_gone_once() -> None:
    line = WaitingLine(250)
    line.add(clip(1, 0.0))
    departure = line.next(0.0, late_may_go=True)
    assert departure is not None
    for number in (2, 3):
        line.add(clip(number, 0.0))
    assert [one.number for one in line.overflow()] == [1]
    line.gone(departure.waiting, departure.lane)
    assert (len(line), line.size_bytes) == (2, 200)


def test_what_became_late_while_it_was_under_way_is_gone_once_it_is_acknowledged() -> None:
    line = WaitingLine(ROOMY)
    for one in (clip(1, FOUND_S), clip(2, 0.0)):
        line.add(one)
    departure = line.next(1.0, late_may_go=False)
    assert departure is not None
    assert line.late_clips(100.0) == 2
    line.gone(departure.waiting, departure.lane)
    following = line.next(100.0, late_may_go=True)
    assert following is not None
    assert following.waiting.number == 1
    line.gone(following.waiting, following.lane)
    assert len(line) == line.size_bytes == 0


EVENTS = st.lists(
    st.tuples(st.sampled_from(["clip", "fact", "send", "outage", "restart"]), st.floats(0, 8)),
    max_size=80,
)


class Sent:
    """A line beside a plain list of what must be in it."""

    def __init__(self) -> None:
        self.line, self.now_s, self.count = WaitingLine(ROOMY), 0.0, 0
        self.under_way_s = 0.0
        self.waiting: list[Waiting] = []
        self.lanes: dict[str, list[int]] = {"fact": [], "live": [], "late": []}

    def happen(self, what: str, passed_s: float) -> None:
        self.now_s += passed_s
        if what in ("clip", "fact"):
            self.count += 1
            self.waiting.append(Waiting(self.count, what == "clip", 10, self.now_s))
            self.line.add(self.waiting[-1])
        elif what == "send":
            self.under_way_s = passed_s
            self.send()
        elif what == "restart":
            self.restart()

    def send(self) -> bool:
        departure = self.line.next(self.now_s, late_may_go=True)
        if departure is None:
            return False
        self.now_s += self.under_way_s
        self.line.late_clips(self.now_s)
        self.line.gone(departure.waiting, departure.lane)
        self.waiting.remove(departure.waiting)
        self.lanes[departure.lane].append(departure.waiting.number)
        return True

    def restart(self) -> None:
        self.line = WaitingLine(ROOMY)
        self.waiting = [replace(one, came_s=FOUND_S) for one in self.waiting]
        for one in self.waiting:
            self.line.add(one)


@given(events=EVENTS)
def test_within_the_bound_everything_is_sent_once_and_in_the_order_of_its_lane(
    events: list[tuple[str, float]],
) -> None:
    sent = Sent()
    for what, passed_s in events:
        sent.happen(what, passed_s)
    while sent.send():
        pass
    assert sorted(chain(*sent.lanes.values())) == list(range(1, sent.count + 1))
    assert all(lane == sorted(lane) for lane in sent.lanes.values())
    assert len(sent.line) == sent.line.size_bytes == 0


@given(sizes=st.lists(st.integers(1, 400), min_size=1), most=st.integers(400, 2000))
def test_the_bound_holds_and_only_the_oldest_go(sizes: list[int], most: int) -> None:
    line, dropped = WaitingLine(most), 0
    for number, size in enumerate(sizes):
        line.add(clip(number, 0.0, size))
        for one in line.overflow():
            assert one.number == dropped
            dropped += 1
        assert line.size_bytes <= most
    assert len(line) == len(sizes) - dropped


@given(
    steps=st.lists(st.tuples(st.booleans(), st.sampled_from([0.1, 1.0, 3.0])), min_size=1),
    first=st.integers(0, 9),
)
def test_a_block_of_clips_goes_on_one_lane_as_a_whole(
    steps: list[tuple[bool, float]], first: int
) -> None:
    """Whatever the outages: where one clip of it is late all are, in order, and none is lost."""
    line, now_s, under_way = WaitingLine(ROOMY), 0.0, None
    went: dict[str, list[int]] = {"live": [], "late": []}
    for number, (kafka_answers, passed_s) in enumerate(steps):
        line.add(Waiting(number, True, 10, now_s, first + number))
        under_way = line.next(now_s, late_may_go=True)
        now_s += passed_s
        line.late_clips(now_s)
        if under_way is not None and kafka_answers:
            line.gone(under_way.waiting, under_way.lane)
            went[under_way.lane].append(under_way.waiting.index)
    while (departure := line.next(now_s, late_may_go=True)) is not None:
        line.gone(departure.waiting, departure.lane)
        went[departure.lane].append(departure.waiting.index)
    late_blocks = {index // BLOCK for index in went["late"]}
    for index in range(first, first + len(steps)):
        assert index in went["late" if index // BLOCK in late_blocks else "live"]
    assert all(lane == sorted(set(lane)) for lane in went.values())
    assert len(line) == line.size_bytes == 0
    assert len(line.went()) < BLOCK
