"""The REST API as the command line uses it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import httpx

from schemas.ids import DEFAULT_TENANT
from services.cli.screen import printable

BLOCK = 1024 * 1024
PATIENCE_S = 3.0
"""With an API of which nothing is wanted but where to sign up."""


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
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Length": str(path.stat().st_size),  # a full disk is told before it is sent
            },
        )
        return UUID(self._told(answer)["video_id"])

    def video(self, video_id: UUID) -> dict[str, Any]:
        return self._told(self._http.get(f"/videos/{video_id}"))

    def timeline(self, video_id: UUID) -> dict[str, Any]:
        """All scores and alerts of the live run, every clip by itself."""
        path = f"/sources/{video_id}/timeline"
        where: dict[str, Any] = {"resolution": "clip", "limit": 50_000}
        told = page = self._told(self._http.get(path, params=where))
        alerts = {alert["alert_id"]: alert for alert in page["alerts"]}
        while page["next"] is not None:
            page = self._told(self._http.get(path, params={**where, "cursor": page["next"]}))
            alerts |= {alert["alert_id"]: alert for alert in page["alerts"]}
            told = told | {"clips": told["clips"] + page["clips"], "heads": page["heads"]}
        return told | {"alerts": list(alerts.values()), "next": None}

    def alerts(self, video_id: UUID) -> list[dict[str, Any]]:
        """The alerts of a video, in the order of the footage."""
        found = list(self._pages("/alerts", source_id=str(video_id)))
        return sorted(found, key=lambda alert: alert["start_s"])

    def videos(self) -> Iterator[dict[str, Any]]:
        """All videos, the newest first."""
        return self._pages("/videos")

    def pause(self, video_id: UUID, is_paused: bool) -> None:
        self._http.patch(f"/videos/{video_id}", json={"is_paused": is_paused}).raise_for_status()

    def delete(self, video_id: UUID) -> None:
        """Stop the analysis and remove the video with all that came of it."""
        self._http.delete(f"/videos/{video_id}").raise_for_status()

    def cameras(self) -> Iterator[dict[str, Any]]:
        """All cameras, the latest added first."""
        return self._pages("/cameras")

    def camera(self, source_id: UUID) -> dict[str, Any]:
        return self._told(self._http.get(f"/cameras/{source_id}"))

    def add_camera(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Have a camera watched, which is then described as it is kept."""
        return self._told(self._http.post("/cameras", json=entry))

    def change_camera(self, source_id: UUID, change: dict[str, Any]) -> dict[str, Any]:
        return self._told(self._http.patch(f"/cameras/{source_id}", json=change))

    def delete_camera(self, source_id: UUID) -> None:
        """Remove the camera with all that came of it."""
        self._http.delete(f"/cameras/{source_id}").raise_for_status()

    def rotate_secrets(self) -> dict[str, Any]:
        """Have all that is sealed sealed anew with the first key; what came of it."""
        return self._told(self._http.post("/secrets/rotate", timeout=600.0))

    def erase(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Have footage taken away; the erasure as it is at first."""
        return self._told(self._http.post("/erasures", json=entry))

    def erasure(self, erasure_id: str) -> dict[str, Any]:
        return self._told(self._http.get(f"/erasures/{erasure_id}"))

    def download(self, path: str, where: dict[str, Any], file: BinaryIO) -> int:
        """Write what the API streams to a file; how many bytes. A stream that breaks off raises."""
        with self._http.stream("GET", path, params=where) as answer:
            if answer.is_error:
                answer.read()  # the problem is told below
            answer.raise_for_status()
            return sum(file.write(block) for block in answer.iter_bytes(BLOCK))

    def keys(self) -> Iterator[dict[str, Any]]:
        """All API keys, the latest first."""
        return self._pages("/keys")

    def add_key(self, entry: dict[str, Any]) -> dict[str, Any]:
        """The new key, which is told this once."""
        return self._told(self._http.post("/keys", json=entry))

    def revoke_key(self, key_id: UUID) -> None:
        self._http.delete(f"/keys/{key_id}").raise_for_status()

    def audit_entries(self, **where: str) -> Iterator[dict[str, Any]]:
        """Rows of the audit log, the latest first."""
        return self._pages("/audit", **where)

    def audit_verification(self, where: dict[str, str]) -> dict[str, Any]:
        """Whether the audit log is whole; may take a while, for every row is read."""
        return self._told(self._http.get("/audit/verification", params=where, timeout=600.0))

    def listed(self, path: str, **where: str) -> Iterator[dict[str, Any]]:
        """All items of a list, in its order."""
        return self._pages(path, **where)

    def post(self, path: str, body: dict[str, Any], **where: str) -> dict[str, Any]:
        return self._told(self._http.post(path, json=body, params=where))

    def act(self, path: str, body: dict[str, Any], match: str) -> dict[str, Any]:
        """Only while things are as `match`, an ETag, says they were seen."""
        headers = {"If-Match": match}
        return self._told(self._http.post(path, json=body, headers=headers))

    def send(self, path: str, file: Path, content_type: str, **where: str) -> dict[str, Any]:
        """Stream a file as the body."""
        headers = {"Content-Type": content_type, "Content-Length": str(file.stat().st_size)}
        answer = self._http.post(path, params=where, content=blocks(file), headers=headers)
        return self._told(answer)

    def get(self, path: str) -> dict[str, Any]:
        return self._told(self._http.get(path))

    def put(self, path: str, body: dict[str, Any], is_whatever: bool = False) -> dict[str, Any]:
        """`is_whatever`: it takes the place of what is there, seen or not."""
        headers = {"If-Match": "*"} if is_whatever else {}
        return self._told(self._http.put(path, json=body, headers=headers))

    def remove(self, path: str) -> None:
        self._http.delete(path).raise_for_status()

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._told(self._http.patch(path, json=body))

    def latest_alerts(self, **where: Any) -> list[dict[str, Any]]:
        """One page of alerts, newest first."""
        found: list[dict[str, Any]] = self._told(self._http.get("/alerts", params=where))["items"]
        return found

    def review(
        self, alert_id: UUID, what: str, entry: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Set `acknowledgement`, `assignment` or `verdict`; the review as it is then."""
        return self._told(self._http.put(f"/alerts/{alert_id}/{what}", json=entry))

    def events(self, kind: str, after: str = "") -> Iterator[dict[str, str]]:
        """Fields of each Server-Sent Event; those without `data` only move the id on."""
        where = {"kind": kind} | ({"after": after} if after else {})
        quiet = httpx.Timeout(10.0, read=30.0)
        with self._http.stream("GET", "/events", params=where, timeout=quiet) as answer:
            if answer.is_error:
                answer.read()
            answer.raise_for_status()
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if line and name:
                    fields[name] = value
                elif not line and "id" in fields:
                    yield fields
                    fields = {}

    def targets(self) -> Iterator[dict[str, Any]]:
        """All targets of notification, the latest added first."""
        return self._pages("/targets")

    def add_target(self, entry: dict[str, Any]) -> dict[str, Any]:
        """The target, and the secret that is shown once."""
        return self._told(self._http.post("/targets", json=entry))

    def change_target(self, target_id: str, change: dict[str, Any]) -> dict[str, Any]:
        return self._told(self._http.patch(f"/targets/{target_id}", json=change))

    def test_target(self, target_id: str) -> str:
        """Have a test sent; the id of its attempts."""
        return str(self._told(self._http.post(f"/targets/{target_id}/test"))["request_id"])

    def delete_target(self, target_id: str) -> None:
        self._http.delete(f"/targets/{target_id}").raise_for_status()

    def _pages(self, path: str, **where: Any) -> Iterator[dict[str, Any]]:
        """All items of a list, page by page."""
        cursor: str | None = None
        while True:
            going_on = {"cursor": cursor} if cursor else {}
            page = self._told(self._http.get(path, params={"limit": 200, **where, **going_on}))
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

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


def setup_url(api: str, token: str) -> str | None:
    """Where the first owner of this machine signs up: a link that works once. None once somebody
    did, or while the API does not answer.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    address = f"{api}/api/v1/tenants/{DEFAULT_TENANT}"
    try:
        with httpx.Client(headers=headers, timeout=PATIENCE_S, trust_env=False) as client:
            answer = client.get(address)
            answer.raise_for_status()
            found = answer.json()["setup_url"]
    except (httpx.HTTPError, ValueError, KeyError):
        return None
    return None if found is None else str(found)
