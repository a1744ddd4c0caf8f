"""The REST API as the command line uses it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from services.cli.screen import printable

BLOCK = 1024 * 1024


class Client:
    """Talks to one API. Raises httpx.HTTPError when it is away or refuses."""

    def __init__(self, url: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # No proxy ever: the stack of this command line is on this machine.
        self._http = httpx.Client(
            base_url=f"{url}/api/v1", headers=headers, timeout=60.0, trust_env=False
        )

    def greet(self) -> None:
        """Raises what any call would: nobody is there, or the token is wrong."""
        self._told(self._http.get("/videos", params={"limit": 1}))

    def upload(self, path: Path) -> UUID:
        """Stream a file to the API, which begins to analyse it."""
        answer = self._http.post(
            "/videos",
            params={"filename": printable(path.name)},
            content=blocks(path),
            headers={"Content-Type": "application/octet-stream"},
        )
        return UUID(self._told(answer)["video_id"])

    def video(self, video_id: UUID) -> dict[str, Any]:
        return self._told(self._http.get(f"/videos/{video_id}"))

    def timeline(self, video_id: UUID) -> dict[str, Any]:
        """All scores and alerts of a video."""
        told = self._told(self._http.get(f"/videos/{video_id}/timeline"))
        while told["next_after"] is not None:
            where = {"after": told["next_after"]}
            page = self._told(self._http.get(f"/videos/{video_id}/timeline", params=where))
            told = page | {"clips": told["clips"] + page["clips"]}
        return told

    def alerts(self, video_id: UUID) -> list[dict[str, Any]]:
        """The alerts of a video, in the order of the footage."""
        where: dict[str, Any] = {"video_id": str(video_id), "limit": 200}
        page = self._told(self._http.get("/alerts", params=where))
        found: list[dict[str, Any]] = page["items"]
        return sorted(found, key=lambda alert: alert["start_s"])

    def videos(self) -> Iterator[dict[str, Any]]:
        """All videos, the newest first."""
        where: dict[str, Any] = {"limit": 200}
        while True:
            page = self._told(self._http.get("/videos", params=where))
            yield from page["items"]
            if not page.get("next"):
                return
            where["cursor"] = page["next"]

    def delete(self, video_id: UUID) -> None:
        """Stop the analysis and remove the video with all that came of it."""
        self._http.delete(f"/videos/{video_id}").raise_for_status()

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
