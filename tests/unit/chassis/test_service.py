"""How a service ends: with a sentence for what a person can mend, else with its traceback."""

import socket
from collections.abc import Callable

import pytest

from services.chassis import environment
from services.chassis.errors import TransientError, WrongSettings
from services.chassis.service import AWAY, Runnable, run
from services.chassis.settings import ServiceSettings


class Service:
    """Ends by itself, or with an error."""

    ready = True

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    def run(self) -> None:
        if self._error:
            raise self._error

    def stop(self) -> None:
        """It has ended already."""


def refusing(error: Exception) -> Callable[[], Runnable]:
    def build() -> Runnable:
        raise error

    return build


@pytest.mark.parametrize(
    ("build", "code"),
    [
        (refusing(WrongSettings("NIGHTCLERK_HEAD: no")), environment.EXIT_CODE),
        (refusing(TransientError("Kafka is away")), AWAY),
        (lambda: Service(TransientError("Kafka is away")), AWAY),
    ],
)
def test_what_a_person_can_mend_is_one_sentence_on_stderr(
    build: Callable[[], Runnable], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run("ingest", ServiceSettings(), build)
    assert caught.value.code == code
    said = capsys.readouterr().err
    assert said.startswith("nightclerk: ")
    assert len(said.splitlines()) == 1


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run("ingest", ServiceSettings(), lambda: Service(ZeroDivisionError()))


def test_a_taken_port_is_named_with_its_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit):
            run("ingest", ServiceSettings(health_port=port), Service)
    assert f"NIGHTCLERK_HEALTH_PORT is {port}: 127.0.0.1:{port}" in capsys.readouterr().err


def test_it_ends_in_peace() -> None:
    run("ingest", ServiceSettings(), Service)
