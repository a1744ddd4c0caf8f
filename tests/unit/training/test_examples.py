"""Videos, their labels, and how they are dealt out."""

import numpy as np
import pytest

from services.training.bags import Bags, cut_out, run, segments
from services.training.datasets import LabelError, Labelled, Labels, Span
from services.training.datasets.labelled import normal, weak
from services.training.examples import Example, match
from services.training.features import Features
from services.training.split import SplitError, split
from tests.unit.training.planted import DIM, WINDOW_S, features, planted, videos


def named(*names: str) -> list[Features]:
    return [features(name, np.zeros((2, DIM), np.float32)) for name in names]


@pytest.mark.parametrize(
    ("video", "label"),
    [
        ("a/b.mp4", "a/b.mp4"),
        ("b.npy", "Abuse/b.mp4"),
        ("set/Abuse/b.mp4", "Abuse/b.avi"),
    ],
)
def test_a_label_finds_its_video_by_the_end_of_its_name(video: str, label: str) -> None:
    found = match(named(video), Labels("x", (weak(label, "fight"),)))
    assert [one.labelled.label for one in found.examples] == ["fight"]


def test_other_folders_are_other_videos() -> None:
    labels = Labels("x", (weak("one/01.mp4", "fall"), weak("two/01.mp4", "fall")))
    found = match(named("two/01.mp4", "three/01.mp4"), labels)
    assert [one.features.video for one in found.examples] == ["two/01.mp4"]
    assert (found.without_features, found.without_label) == (1, 1)


def test_unlisted_videos_are_normal_where_the_labels_say_so() -> None:
    labels = Labels("x", (weak("a.mp4", "fall"),), others_are_normal=True)
    found = match(named("a.mp4", "b.mp4"), labels)
    assert [one.is_normal for one in found.examples] == [False, True]


def test_a_name_that_could_be_two_is_an_error() -> None:
    labels = Labels("x", (weak("01.mp4", "fall"),))
    with pytest.raises(LabelError, match=r"could be any of a/01\.mp4, b/01\.mp4"):
        match(named("a/01.mp4", "b/01.mp4"), labels)
    with pytest.raises(LabelError, match="none of the 1"):
        match(named("c.mp4"), labels)


def test_frames_are_counted_not_windows() -> None:
    one = planted(0, None, windows=3)
    span = Span(WINDOW_S / 2, WINDOW_S + 0.2, "fight")
    marked = Example(one.features, Labelled("v", "fight", (span,), "s"))
    assert marked.frames.tolist() == [32, 32, 32]
    assert marked.wrong.tolist() == [16, 3, 0]
    assert Example(one.features, weak("v", "fight")).wrong.tolist() == [-1, -1, -1]


def test_parts_share_no_source_and_each_has_its_share_of_both() -> None:
    examples = videos(60)
    parts = split(examples, {"train": 0.6, "validation": 0.2, "test": 0.2}, seed=3)
    sources = [{one.labelled.source for one in members} for members in parts.values()]
    assert sum(map(len, sources)) == len(set.union(*sources))
    assert [len(members) for members in parts.values()] == [36, 12, 12]
    for members in parts.values():
        assert sum(one.is_normal for one in members) == len(members) / 2
    again = split(examples, {"train": 0.6, "validation": 0.2, "test": 0.2}, seed=3)
    assert again == parts
    assert split(examples, {"train": 0.6, "validation": 0.4}, seed=4).keys() == {
        "train",
        "validation",
    }


def test_classes_are_dealt_out_evenly() -> None:
    examples = [
        Example(planted(k, None).features, weak(f"v{k}", ("fight", "fall", "normal")[k % 3]))
        for k in range(30)
    ]
    for members in split(examples, {"train": 0.5, "test": 0.5}, seed=0).values():
        assert [
            sum(one.labelled.label == label for one in members)
            for label in ("fight", "fall", "normal")
        ] == [5, 5, 5]


def test_too_few_sources_are_said() -> None:
    one_scene = [
        Example(one.features, Labelled("v", one.labelled.label, one.labelled.spans, "scene"))
        for one in videos(8)
    ]
    with pytest.raises(SplitError, match="1 sources are too few"):
        split(one_scene, {"train": 0.8, "validation": 0.2}, seed=0)


def test_segments_are_means_of_equal_stretches() -> None:
    x_TD = np.arange(8, dtype=np.float32)[:, None]
    assert segments(x_TD, 4)[:, 0].tolist() == [0.5, 2.5, 4.5, 6.5]
    assert segments(x_TD[:2], 4)[:, 0].tolist() == [0, 0, 1, 1]
    assert segments(x_TD[:1], 3)[:, 0].tolist() == [0, 0, 0]


def test_batches_are_drawn_alike_by_one_seed_and_never_mix_the_sides() -> None:
    examples = videos(12)
    first, again, other = (Bags(examples, 4, seed) for seed in (1, 1, 2))
    normal_BSD, anomalous_BSD = first.draw(5)
    assert normal_BSD.shape == (5, 4, DIM)
    assert len({row.tolist()[0][0] for row in normal_BSD}) == 5
    assert normal_BSD.equal(again.draw(5)[0])
    assert not normal_BSD.equal(other.draw(5)[0])
    calm = {segments(one.features.vectors[0], 4).tobytes() for one in examples if one.is_normal}
    assert {row.numpy().tobytes() for row in normal_BSD} <= calm
    assert not {row.numpy().tobytes() for row in anomalous_BSD} & calm


def test_what_is_wrong_is_cut_out_for_heads_that_see_single_windows() -> None:
    one = planted(1, (4, 7))
    wrong, calm = cut_out(one)
    assert (len(wrong.features), len(calm.features)) == (3, 9)
    assert (wrong.is_normal, calm.is_normal) == (False, True)
    assert wrong.features.vectors[0].tolist() == one.features.vectors[0, 4:7].tolist()
    vague = Example(one.features, weak("v", "fight"))
    assert cut_out(vague) == [vague]
    quiet = Example(one.features, normal("v"))
    assert cut_out(quiet) == [quiet]


def test_a_run_begins_as_a_stream_does() -> None:
    x_TD = np.arange(6, dtype=np.float32)[:, None]
    assert run(x_TD, 3, last=4)[:, 0].tolist() == [2, 3, 4]
    assert run(x_TD, 4, last=1)[:, 0].tolist() == [0, 0, 0, 1]


def test_runs_of_windows_hold_what_is_wrong_and_are_never_filled_where_there_are_enough() -> None:
    examples = [planted(k, (k % 12, k % 12 + 1) if k % 2 else None, strength=99) for k in range(24)]
    bags = Bags(examples, 5, seed=0, consecutive=True)
    for _ in range(20):
        normal_BSD, anomalous_BSD = bags.draw(8)
        assert (anomalous_BSD[:, :, 0] > 50).any(dim=1).all()
        for bag_SD in (*normal_BSD, *anomalous_BSD):
            assert len({row.numpy().tobytes() for row in bag_SD}) == 5
