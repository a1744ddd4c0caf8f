"""The reference says what the code says, and links lead somewhere."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def test_the_generated_pages_are_up_to_date() -> None:
    for path, content in runpy.run_path(str(ROOT / "docs/generate.py"))["files"]().items():
        assert path.read_text("utf-8") == content, f"{path.name}: run make schemas"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_into_the_repository_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_decisions_are_numbered_without_gaps_and_have_all_parts() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("0*.md"))
    assert [path.name[:4] for path in decisions] == [
        f"{number:04d}" for number in range(1, len(decisions) + 1)
    ]
    for path in decisions:
        headings = re.findall(r"^## (.*)$", path.read_text("utf-8"), re.MULTILINE)
        assert headings == ["Status", "Context", "Decision", "Consequences"], path.name
