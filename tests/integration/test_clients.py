"""The generated clients, and every snippet of the how-to, against a real API that is restarted."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from schemas.alerts import AlertClosed
from schemas.topics import ALERTS, SCORES, SOURCES
from services.api.config import ApiSettings
from services.api.service import build
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.local.ports import free_ports
from tests.integration.test_api_service import PATIENCE_S, running
from tests.servers import S3Server
from tests.unit.api.builders import CAMERA, alert, configured, scored
from tests.waiting import wait_until

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/build-a-dashboard.md").read_text("utf-8")
TOKEN = "the machine's own key"
CLIPS = 5


def snippet(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made anew, beside the checkout."""
    folder = tmp_path_factory.mktemp("clients")
    command = [ROOT / ".ci/clients", folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode and re.search(r"network|registry|resolve|ENOTFOUND", done.stderr):
        pytest.skip(f"the generators cannot be had here: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def settings(kafka: str, topic_prefix: str, s3: S3Server, tmp_path: Path) -> ApiSettings:
    return ApiSettings(
        kafka_bootstrap=kafka,
        topic_prefix=topic_prefix,
        s3_endpoint=s3.endpoint,
        s3_access_key=s3.access_key,
        s3_secret_key=s3.secret_key,
        database_url=SecretStr(f"sqlite:///{tmp_path}/api.db"),
        api_port=free_ports(1)[0],
        api_token=SecretStr(TOKEN),
        health_port=0,
        state_dir=tmp_path,
    )


def python(clients: Path) -> list[str]:
    script = clients / "dashboard.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(clients / 'python')!r})\n")
    script.write_text(script.read_text() + snippet("python"))
    return [sys.executable, str(script)]


def typescript(clients: Path) -> list[str]:
    """Compiled strictly, as whoever follows the page would have it."""
    if shutil.which("npm") is None:
        pytest.skip("no npm on PATH")
    folder = clients / "typescript"
    (folder / "dashboard.ts").write_text(snippet("typescript"))
    options = "--strict --module nodenext --target es2022 --lib es2022,dom,dom.asynciterable"
    (folder / "node.d.ts").write_text("declare const process: { env: Record<string, string> };\n")
    command = ["npx", "tsc", *options.split(), "dashboard.ts", "node.d.ts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
    return ["node", str(folder / "dashboard.js")]


@contextmanager
def program(command: Sequence[str], settings: ApiSettings) -> Iterator[list[str]]:
    """What it prints, line by line, while it runs."""
    lines: list[str] = []
    url = f"http://127.0.0.1:{settings.api_port}"
    environment = {"PATH": "/usr/bin:/bin", "NIGHTCLERK_URL": url, "NIGHTCLERK_KEY": TOKEN}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        reader = threading.Thread(target=lines.extend, args=(process.stdout,))
        reader.start()
        try:
            yield lines
        finally:
            process.kill()
            reader.join()


def raised(settings: ApiSettings, opening: int) -> str:
    """An alert of the camera, on Kafka; its id."""
    origin_at = datetime.now(UTC) - timedelta(hours=1)
    told = alert(AlertClosed, opening=opening, source_id=CAMERA, origin_at=origin_at)
    publisher = KafkaPublisher(settings, "test")
    publisher.publish(Outgoing(ALERTS, told))
    publisher.flush()
    return str(told.alert_id)


def give_camera_a_day(settings: ApiSettings) -> None:
    origin_at = datetime.now(UTC) - timedelta(hours=1)
    publisher = KafkaPublisher(settings, "test")
    publisher.publish(Outgoing(SOURCES, configured(origin_at=origin_at)))
    for index in range(CLIPS):
        message = scored(index, source_id=CAMERA, origin_at=origin_at, cut_at=origin_at)
        publisher.publish(Outgoing(SCORES, message))
    publisher.flush()


def alerts_of(lines: Sequence[str]) -> list[str]:
    found = (re.search(r'"alert_id": ?"([0-9a-f-]{36})"', line) for line in list(lines))
    return [match[1] for match in found if match]


@pytest.mark.parametrize("program_of", [python, typescript])
def test_a_dashboard_shows_the_day_and_loses_no_alert_through_a_restart(
    clients: Path, settings: ApiSettings, program_of: object
) -> None:
    assert callable(program_of)
    command = program_of(clients)
    give_camera_a_day(settings)
    with running(build(settings), settings) as client:
        address, headers = f"/api/v1/sources/{CAMERA}", {"Authorization": f"Bearer {TOKEN}"}
        where = f"{address}/timeline"
        wait_until(
            lambda: len(client.get(where, headers=headers).json().get("clips", ())) == CLIPS,
            PATIENCE_S,
        )
        shell = subprocess.run(
            ["bash", "-c", snippet("bash")],
            env={
                "PATH": "/usr/bin:/bin",
                "NIGHTCLERK_URL": str(client.base_url),
                "NIGHTCLERK_KEY": TOKEN,
            },
            capture_output=True,
            text=True,
        )
        assert str(CAMERA) in shell.stdout
        running_program = program(command, settings)
        lines = running_program.__enter__()
        try:
            wait_until(lambda: any("event ready" in line for line in list(lines)), PATIENCE_S)
            ids = [raised(settings, 10)]
            wait_until(lambda: alerts_of(lines) == ids, PATIENCE_S)
        except BaseException:
            running_program.__exit__(None, None, None)
            raise
    try:
        ids += [raised(settings, 20), raised(settings, 30)]  # while the API is away
        with running(build(settings), settings):
            wait_until(lambda: len(alerts_of(lines)) >= 3, PATIENCE_S)
            ids.append(raised(settings, 40))
            wait_until(lambda: len(alerts_of(lines)) >= 4, PATIENCE_S)
    finally:
        running_program.__exit__(None, None, None)
    assert alerts_of(lines) == ids
    assert re.fullmatch(r"timeline Till 1 [12] minutes with a score\n", lines[0])
