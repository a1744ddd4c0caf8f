"""The webcam's page in a real browser with a fake camera: from permission to pictures on the topic,
and the live page that shows them.
"""

import asyncio
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import websockets

from schemas.pushes import FramePushed
from schemas.topics import PUSHES
from services.api import app
from services.chassis.media import jpeg
from services.local.ports import free_ports
from tests.unit.api.conftest import Api, empty_database, make_api
from tests.unit.api.test_cameras import add
from tests.waiting import wait_until

__all__ = ["empty_database", "make_api"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH (Debian: chromium)"),
]
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--remote-debugging-port=0",
)


@contextmanager
def served(api: Api) -> Iterator[str]:
    """The web application on a port of its own."""
    port = free_ports(1)[0]
    server = uvicorn.Server(
        uvicorn.Config(app.build(api.tools), port=port, log_config=None, access_log=False)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


@contextmanager
def browser(folder: Path, url: str) -> Iterator[str]:
    """Chromium at a page; gives the address of the page's DevTools socket."""
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={folder}", url]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    told = folder / "DevToolsActivePort"
    try:
        wait_until(lambda: told.exists() and len(told.read_text().split()) == 2)
        port, path = told.read_text().split()
        yield f"ws://127.0.0.1:{port}{path}"
    finally:
        process.terminate()
        process.wait(30)


async def evaluate(devtools: str, script: str) -> Any:
    """The value of a script in the one page."""
    async with websockets.connect(devtools, max_size=None) as socket:
        numbers = iter(range(1, 100))

        async def ask(method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
            number = next(numbers)
            question = {"id": number, "method": method, "params": parameters}
            await socket.send(json.dumps(question | ({"sessionId": session} if session else {})))
            while True:
                answer: dict[str, Any] = json.loads(await socket.recv())
                if answer.get("id") == number:
                    return dict(answer["result"])

        targets = (await ask("Target.getTargets"))["targetInfos"]
        page = next(one["targetId"] for one in targets if one["type"] == "page")
        session = (await ask("Target.attachToTarget", targetId=page, flatten=True))["sessionId"]
        answer = await ask("Runtime.evaluate", session, expression=script)
        return answer["result"].get("value")


def test_from_permission_to_pictures_on_the_topic(
    make_api: Callable[..., Api], tmp_path: Path
) -> None:
    api = make_api()
    source = add(api, name="Webcam", address="push://")["source_id"]

    def pushed() -> list[FramePushed]:
        return [one for one in api.publisher.messages(PUSHES) if isinstance(one, FramePushed)]

    with served(api) as url, browser(tmp_path / "chromium", f"{url}/cameras#webcam/{source}") as at:
        wait_until(lambda: len(pushed()) >= 20)
        state = "document.getElementById('webcam-state').textContent"
        wait_until(lambda: "Sending" in str(asyncio.run(evaluate(at, state))))
    frame = pushed()[-1]
    picture = jpeg.checked(frame.jpeg, 1920)
    assert str(frame.source_id) == source
    assert 256 <= min(picture.width, picture.height) <= 480
