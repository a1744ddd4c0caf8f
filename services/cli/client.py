"""The REST API as the command line uses it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

BLOCK = 1024 * 1024


class ApiClient:
    """Talks to one API. Raises httpx.HTTPError when it is away or refuses."""

    def __init__(self, url: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # No proxy ever: the stack of this command line is on this machine.
        self._http = httpx.Client(
            base_url=f"{url}/api/v1", headers=headers, timeout=60.0, trust_env=False
        )

    def submit(self, path: Path) -> dict[str, Any]:
        """Stream a file to the API; its row."""
        answer = self._http.post(
            "/videos",
            params={"filename": path.name},
            content=blocks(path),
            headers={"Content-Type": "application/octet-stream"},
        )
        return self._told(answer)

    def video(self, video_id: str) -> dict[str, Any]:
        return self._told(self._http.get(f"/videos/{video_id}"))

    def alerts(self, video_id: str) -> list[dict[str, Any]]:
        """The alerts of a video, in the order of the footage."""
        page = self._told(self._http.get("/alerts", params={"video_id": video_id, "limit": 200}))
        found: list[dict[str, Any]] = page["items"]
        return sorted(found, key=lambda alert: alert["start_s"])

    def close(self) -> None:
        self._http.close()

    def _told(self, answer: httpx.Response) -> dict[str, Any]:
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told


def blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
