"""Writing in any script: each letter in the first font that has it; what none has is left out.

The fonts come with wheels (Noto, SIL Open Font License): one for Latin, Greek, Cyrillic and
Devanagari, one for Chinese, Japanese and Korean, one each for Arabic and Thai.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

PACKAGES = (
    "fontpkg_noto_sans",
    "cvttf_NotoSansCJK_Regular",
    "fontpkg_noto_sans_arabic",
    "fontpkg_noto_sans_thai",
)
NO_LETTER = "\uffff"
"""No font has it: what is drawn for it is drawn for every letter that is missing."""

Font = ImageFont.FreeTypeFont


@dataclass(frozen=True)
class Run:
    """Neighbouring letters of one font."""

    text: str
    font: Font

    @property
    def width(self) -> float:
        return self.font.getlength(self.text)


def lettering(text: str, size: int) -> list[Run]:
    """The text in runs that can be drawn one after the other, `size` pixels high."""
    fonts = _fonts(size)
    found = [(letter, _font_of(letter)) for letter in text]
    drawn = [(letter, number) for letter, number in found if number is not None]
    return [
        Run("".join(letter for letter, _ in group), fonts[number])
        for number, group in groupby(drawn, key=lambda one: one[1])
    ]


def width(runs: list[Run]) -> float:
    """In pixels."""
    return sum(run.width for run in runs)


def draw(picture: Image.Image, runs: list[Run], place: tuple[float, float]) -> None:
    """Write in white; `place` is the left end of the baseline."""
    pen, (x, y) = ImageDraw.Draw(picture), place
    for run in runs:
        pen.text((x, y), run.text, fill=(255, 255, 255), font=run.font, anchor="ls")
        x += run.width


@lru_cache(maxsize=64)
def _fonts(size: int) -> list[Font]:
    """Pillow's own, which has Latin letters alone, where none of the packages is installed."""
    files = [file for package in PACKAGES for file in _files(package)]
    if files:
        return [ImageFont.truetype(str(file), size) for file in files]
    default = ImageFont.load_default(size)
    assert isinstance(default, ImageFont.FreeTypeFont)
    return [default]


def _files(package: str) -> list[Path]:
    found = find_spec(package)
    folders = [Path(place) for place in (found.submodule_search_locations or ())] if found else []
    files = [file for folder in folders for file in sorted(folder.rglob("*.[ot]tf"))]
    return [file for file in files if "Italic" not in file.name]


@lru_cache(maxsize=4096)
def _font_of(letter: str) -> int | None:
    """Which font has it. Marks and joiners, which draw nothing alone, go with the first."""
    for number, font in enumerate(_fonts(SAMPLE_SIZE)):
        if letter.isspace() or _looks(font, letter) != _looks(font, NO_LETTER):
            return number
    return None


SAMPLE_SIZE = 24


def _looks(font: Font, letter: str) -> tuple[object, bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)
