"""Features of a folder are what the service would publish; a run can be stopped and goes on."""

import json
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from typer.testing import CliRunner

from schemas.clips import ClipRecorded
from schemas.embeddings import EmbeddingExtracted
from services.cli.__main__ import app
from services.cli.extract import Tally, run, videos_in
from services.cli.extractor import embedded, embeddings_by
from services.features.backbones import Backbone, Options, load
from services.features.backbones.base import Pixels, Vectors, default_cache
from services.features.extraction import Extraction
from services.features.joiner import BULK
from services.ingest.clips import clips_of
from services.ingest.sources.sim import SimSpec, write_mp4
from services.training.features import read
from tests.builders import incoming


class MeanOfRows:
    """A tiny backbone: the mean of each colour in each of four bands."""

    id, window, frames, size, dim, at_once = "bands", 2, 32, 32, 12, 8

    def embed(self, windows_BTHWC: Sequence[Pixels]) -> Vectors:
        bands_BTBHWC = np.stack(windows_BTHWC).reshape(-1, 32, 4, 8, 32, 3)
        means: Vectors = bands_BTBHWC.mean(axis=(1, 3, 4), dtype=np.float32).reshape(-1, 12)
        return means


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("footage")
    (folder / "night").mkdir()
    write_mp4(SimSpec(seed=1, seconds=5, width=128, height=96), folder / "night" / "b.mp4")
    write_mp4(SimSpec(seed=2, seconds=2, width=128, height=96), folder / "a.MP4")
    (folder / "broken.mp4").write_bytes(b"no video")
    (folder / "notes.txt").write_text("not a video at all")
    return folder


def published(path: Path, backbone: Backbone) -> list[EmbeddingExtracted]:
    """What the features service puts on the topic for the clips of this file."""
    handler = Extraction(backbone, BULK)
    clips: Sequence[ClipRecorded] = list(clips_of(path))
    batch = [incoming(one, k, prepared=handler.prepare(one)) for k, one in enumerate(clips)]
    messages = [item.message for item in handler.handle(batch, Event())]
    return [message for message in messages if isinstance(message, EmbeddingExtracted)]


def assert_equal_to_the_service(path: Path, backbone: Backbone) -> None:
    expected, found = published(path, backbone), embedded(path, "video", backbone)
    assert b"".join(one.vector for one in expected) == found.vectors.astype("<f4").tobytes()
    assert found.start_s.tolist() == [one.clips[0].start_s for one in expected]
    assert found.end_s.tolist() == [one.clips[-1].end_s for one in expected]


def test_the_features_are_what_the_service_publishes(footage: Path) -> None:
    assert_equal_to_the_service(footage / "night" / "b.mp4", MeanOfRows())


def test_so_are_those_of_the_real_network(footage: Path) -> None:
    if not (default_cache() / "i3d_k400").exists():
        pytest.skip("I3D was not fetched on this machine")
    assert_equal_to_the_service(footage / "a.MP4", load("i3d_k400", Options()))


def extracted(footage: Path, out: Path) -> Tally:
    return run(footage, list(videos_in(footage)), out, embeddings_by(MeanOfRows()))


def test_a_broken_video_fails_alone(
    footage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = extracted(footage, tmp_path)
    assert (tally.made, tally.kept, tally.failed) == (2, 0, 1)
    assert "broken.mp4" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "a.MP4.npz",
        "b.mp4.npz",
    ]
    features = read(tmp_path / "night" / "b.mp4.npz")
    assert (features.video, features.backbone, features.window) == ("night/b.mp4", "bands", 2)
    assert features.vectors.shape == (1, 3, 12)
    assert features.end_s[-1] == pytest.approx(5.0)


def test_what_is_whole_is_kept_and_what_is_not_is_made_again(footage: Path, tmp_path: Path) -> None:
    extracted(footage, tmp_path)
    whole = tmp_path / "a.MP4.npz"
    before = whole.read_bytes()
    whole.write_bytes(before[: len(before) // 2])
    tally = extracted(footage, tmp_path)
    assert (tally.made, tally.kept, tally.failed) == (1, 1, 1)
    assert (
        read(whole).vectors.tolist()
        == embedded(footage / "a.MP4", "", MeanOfRows()).vectors.tolist()
    )


def test_another_backbone_makes_everything_anew(footage: Path, tmp_path: Path) -> None:
    extracted(footage, tmp_path)
    other = MeanOfRows()
    other.id = "other"
    assert run(footage, list(videos_in(footage)), tmp_path, embeddings_by(other)).made == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{empty}", "--out", "{empty}"], "holds no video files"),
        (["{footage}", "--out", "{empty}", "--backbone", "nothing"], "unknown backbone"),
    ],
)
def test_what_cannot_work_is_said(
    arguments: list[str], said: str, footage: Path, tmp_path: Path
) -> None:
    filled = [one.format(empty=tmp_path, footage=footage) for one in arguments]
    result = CliRunner().invoke(app, ["extract", *filled])
    assert result.exit_code == 1
    assert said in result.output


def test_weights_are_looked_for_where_the_services_look(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTCLERK_CACHE_DIR", str(tmp_path / "usb"))
    command = ["extract", str(footage), "--out", str(tmp_path), "--backbone", "videomae2_s_k710"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert str(tmp_path / "usb") in result.output
    assert "nightclerk weights pull vit_s_k710_dl_from_giant.pth" in result.output


def test_the_spec_in_the_file_is_that_of_ingest(footage: Path, tmp_path: Path) -> None:
    extracted(footage, tmp_path)
    with np.load(tmp_path / "a.MP4.npz") as file:
        assert json.loads(str(file["spec"])) == {"frames": 16, "frame_rate": 15.0, "hop": 16}
        assert file["features"].dtype == np.float32
