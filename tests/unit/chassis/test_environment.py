"""Every setting that cannot work gets one sentence that names it; a misspelled one as well."""

from pathlib import Path
from typing import Annotated, Literal, Self

import pytest
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.environment import (
    EXIT_CODE,
    WrongSettings,
    all_names,
    exit_for,
    read,
    read_or_exit,
    read_usable,
)


class Shop(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="NIGHTCLERK_", env_ignore_empty=True)

    api_port: Annotated[int, Field(ge=1, le=65535)] = 8080
    max_duration_s: float = 1.0
    compile: bool = False
    engine: Literal["auto", "openvino", "torch"] = "auto"
    head: Path | None = None
    api_cors_origins: tuple[str, ...] = ()
    smtp_host: str = ""
    smtp_to: str = ""
    api_token: SecretStr = SecretStr("")
    smtp_password: SecretStr | None = None

    @field_validator("api_token", "smtp_password")
    @classmethod
    def _long(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret and 0 < len(secret.get_secret_value()) < 8:
            raise ValueError("it must have eight characters")
        return secret

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.smtp_host and not self.smtp_to:
            raise ValueError("smtp_host is set, but there is nobody in smtp_to")
        return self

    def require_usable(self) -> None:
        if self.head and not self.head.exists():
            raise WrongSettings(f"NIGHTCLERK_HEAD: there is no folder {self.head}.")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "API_PORT",
            "99999",
            "NIGHTCLERK_API_PORT is '99999': it must be less than or equal to 65535.",
        ),
        ("API_PORT", "eighty", "NIGHTCLERK_API_PORT is 'eighty': it must be a whole number."),
        (
            "MAX_DURATION_S",
            "long",
            "NIGHTCLERK_MAX_DURATION_S is 'long': it must be a number.",
        ),
        ("COMPILE", "perhaps", "NIGHTCLERK_COMPILE is 'perhaps': it must be true or false."),
        (
            "ENGINE",
            "cuda",
            "NIGHTCLERK_ENGINE is 'cuda': it must be 'auto', 'openvino' or 'torch'.",
        ),
        (
            "API_CORS_ORIGINS",
            "https://a",
            'NIGHTCLERK_API_CORS_ORIGINS is \'https://a\': it must be JSON, as ["one", "two"].',
        ),
        (
            "SMTP_HOST",
            "mail",
            "NIGHTCLERK_SMTP_HOST is set, but there is nobody in NIGHTCLERK_SMTP_TO.",
        ),
        ("API_TOKEN", "short", "NIGHTCLERK_API_TOKEN: it must have eight characters."),
        ("SMTP_PASSWORD", "short", "NIGHTCLERK_SMTP_PASSWORD: it must have eight characters."),
        ("HEAD", "nowhere", "NIGHTCLERK_HEAD: there is no folder nowhere."),
        (
            "API_PROT",
            "1",
            "There is no setting NIGHTCLERK_API_PROT: did you mean NIGHTCLERK_API_PORT?",
        ),
        (
            "BACKBON",
            "i3d_k400",
            "There is no setting NIGHTCLERK_BACKBON: did you mean NIGHTCLERK_BACKBONE?",
        ),
        (
            "ZZZ",
            "1",
            "There is no setting NIGHTCLERK_ZZZ: docs/reference/settings.md lists all.",
        ),
    ],
)
def test_a_setting_that_cannot_work_is_named_with_what_is_allowed(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"NIGHTCLERK_{name}", value)
    with pytest.raises(WrongSettings) as caught:
        read_usable(Shop)
    assert str(caught.value) == sentence


def test_several_have_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTCLERK_API_PORT", "0")
    monkeypatch.setenv("NIGHTCLERK_ENGINE", "steam")
    with pytest.raises(WrongSettings) as caught:
        read(Shop)
    assert [line.split(" is ")[0] for line in str(caught.value).splitlines()] == [
        "NIGHTCLERK_API_PORT",
        "NIGHTCLERK_ENGINE",
    ]


def test_good_ones_are_read_whatever_their_case_and_those_of_others_are_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("nightclerk_api_port", "81")
    monkeypatch.setenv("NIGHTCLERK_WEBHOOK_URL", "http://shop.example")  # of another service
    monkeypatch.setenv("NIGHTCLERK_ENGINE", "")  # as good as absent
    assert read(Shop).api_port == 81
    assert read(Shop, api_port=82).api_port == 82


def test_a_process_ends_with_the_sentence_and_a_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NIGHTCLERK_API_PORT", "0")
    with pytest.raises(SystemExit) as caught:
        read_or_exit(Shop)
    assert caught.value.code == EXIT_CODE
    said = capsys.readouterr().err
    assert said.startswith("nightclerk: NIGHTCLERK_API_PORT is '0'")
    assert len(said.splitlines()) == 1
    assert isinstance(exit_for(WrongSettings("no")), SystemExit)


def test_the_names_of_all_settings_come_along() -> None:
    assert {"NIGHTCLERK_HOME", "NIGHTCLERK_BACKBONE", "NIGHTCLERK_API_URL"} <= all_names()
