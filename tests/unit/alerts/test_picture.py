"""The strip along the foot of a snapshot, in any script."""

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from schemas.policies import PRESENCE
from services.alerts.lettering import draw, lettering, width
from services.alerts.picture import caption, snapshot
from tests.unit.alerts.room import alert

LABELS = {
    "Korean": "싸움 가능성",
    "Japanese": "喧嘩の可能性",
    "Chinese": "可能打架",
    "Russian": "Возможная драка",
    "Greek": "Πιθανός καβγάς",
    "German": "Mögliche Schlägerei",
    "Vietnamese": "Có thể đánh nhau",
    "Arabic": "شجار محتمل",
    "Thai": "อาจมีการต่อสู้",
    "Hindi": "संभावित लड़ाई",
}


def test_the_caption_says_label_score_and_time() -> None:
    assert caption(alert()) == "fight   0.94   0:05"
    assert caption(alert(model_id=PRESENCE, peak_score=None)) == "fight   0:05"
    assert caption(alert(label="싸움\n가능성")).startswith("싸움 가능성")


@pytest.mark.parametrize(
    "shape", [(180, 320), (1, 1), (7, 3000), (2000, 30), (1080, 1920), (9000, 90)]
)
@pytest.mark.parametrize("label", ["fight", "싸움 가능성 " * 20])
def test_a_picture_of_any_size_can_be_annotated(shape: tuple[int, int], label: str) -> None:
    white = np.full((*shape, 3), 255, np.uint8)
    decoded = simplejpeg.decode_jpeg(snapshot(white, alert(label=label)))
    assert max(decoded.shape) == min(max(*shape, 3), 3840)
    assert decoded[-1].mean() < 128
    assert (white == 255).all()


@pytest.mark.parametrize("script", LABELS)
def test_every_letter_is_drawn_as_itself(script: str) -> None:
    label = LABELS[script]
    runs = lettering(label, 30)
    assert "".join(run.text for run in runs) == label
    assert "?" not in {letter for run in runs for letter in run.text}
    assert written(label).any()
    assert (written(label) != written("?" * len(label))).any()


def test_different_words_look_different() -> None:
    pictures = [written(label).tobytes() for label in LABELS.values()]
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("letter", ["\ue000", "\U0001f468", "\uffff"])
def test_a_letter_that_no_font_has_is_left_out(letter: str) -> None:
    assert "".join(run.text for run in lettering(f"a{letter}b", 20)) == "ab"
    assert lettering(letter, 20) == []


def test_the_width_is_what_is_drawn() -> None:
    runs = lettering("싸움 fight شجار", 40)
    picture = written("싸움 fight شجار")
    last = int(np.flatnonzero(picture.any(axis=(0, 2)))[-1])
    assert last == pytest.approx(10 + width(runs), abs=8)


def written(text: str) -> np.ndarray:
    image = Image.new("RGB", (900, 60))
    draw(image, lettering(text, 40), (10, 45))
    return np.asarray(image)
