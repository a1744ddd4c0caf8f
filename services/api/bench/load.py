"""Many clients at the API of a running stack, whose tables were filled with cameras."""

import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import numpy as np

from services.api.bench.cameras import BEGIN, DAY, Camera

Ask = Callable[[np.random.Generator], str]
PATIENCE_S = 60.0


@dataclass(frozen=True)
class LoadPlan:
    """A client asks each question `rounds` times, on average `pause_s` after the answer before. How
    long it takes each time is drawn by chance: with the same pause for all, clients that once
    waited for the same answer would ask together for ever.
    """

    cameras: int = 100
    days: int = 30
    clients: int = 50
    rounds: int = 3
    pause_s: float = 5.0


@dataclass(frozen=True)
class Asker:
    """A tenant's API key, its cameras, and alerts of them that have evidence."""

    key: str = field(repr=False)
    cameras: Sequence[Camera]
    alert_ids: Sequence[str] = field(repr=False)


@dataclass
class Questions:
    """Paths below /api/v1, drawn by chance."""

    plan: LoadPlan
    asker: Asker

    def all(self) -> Mapping[str, Ask]:
        return {
            "timeline_day": self.timeline_day,
            "alerts_list": self.alerts_list,
            "review_queue": lambda _: "/review-queue",
            "evidence_link": self.evidence_link,
        }

    def timeline_day(self, chance: np.random.Generator) -> str:
        """A camera-day as the page shows it."""
        camera = self.asker.cameras[int(chance.integers(len(self.asker.cameras)))]
        since = BEGIN + int(chance.integers(self.plan.days)) * DAY
        span = urlencode({"since": since.isoformat(), "until": (since + DAY).isoformat()})
        return f"/sources/{camera.source_id}/timeline?{span}"

    def alerts_list(self, chance: np.random.Generator) -> str:
        until = BEGIN + int(1 + chance.integers(self.plan.days)) * DAY
        return f"/alerts?{urlencode({'until': until.isoformat(), 'verdict': 'none'})}"

    def evidence_link(self, chance: np.random.Generator) -> str:
        """An alert with the links to its evidence."""
        alert_ids = self.asker.alert_ids
        return f"/alerts/{alert_ids[int(chance.integers(len(alert_ids)))]}"


def measure(url: str, plan: LoadPlan, askers: Sequence[Asker]) -> dict[str, Any]:
    """Milliseconds from each request to the whole of its answer; the clients are dealt to the
    askers in turn. Every asker has asked everything once before, as of an API that runs. Raises
    httpx.HTTPError.
    """
    of = [Questions(plan, asker) for asker in askers]
    taken: dict[str, list[float]] = {name: [] for name in of[0].all()}
    faults: list[Exception] = []
    trusted = ssl.create_default_context()  # once: to read it takes longer than an answer
    for questions in of:
        _warm_up(url, questions, trusted)

    def work(number: int) -> None:
        questions, chance = of[number % len(of)], np.random.default_rng((3, number))
        try:
            with _connected(url, questions.asker, trusted) as client:
                _ask(client, questions, taken, chance)
        except Exception as error:  # noqa: BLE001 - raised again once all clients are through
            faults.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(plan.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return _figures(plan, taken)


def _figures(plan: LoadPlan, taken: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "clients": plan.clients,
        "requests": sum(map(len, taken.values())),
        "cameras": plan.cameras,
        "days": plan.days,
    }
    for name, times in taken.items():
        for share in (50, 95):
            result[f"{name}_p{share}_ms"] = round(float(np.percentile(times, share)), 1)
    return result


def _warm_up(url: str, questions: Questions, trusted: ssl.SSLContext) -> None:
    with _connected(url, questions.asker, trusted) as client:
        for ask in questions.all().values():
            client.get(ask(np.random.default_rng(4))).raise_for_status()


def _connected(url: str, asker: Asker, trusted: ssl.SSLContext) -> httpx.Client:
    return httpx.Client(
        base_url=f"{url}/api/v1",
        headers={"Authorization": f"Bearer {asker.key}"},
        timeout=PATIENCE_S,
        trust_env=False,
        verify=trusted,
    )


def _ask(
    client: httpx.Client,
    questions: Questions,
    taken: Mapping[str, list[float]],
    chance: np.random.Generator,
) -> None:
    plan = questions.plan
    time.sleep(float(chance.uniform(0, plan.pause_s)))
    for _ in range(plan.rounds):
        for name, ask in questions.all().items():
            path = ask(chance)
            begun = time.perf_counter()
            client.get(path).raise_for_status()
            taken[name].append((time.perf_counter() - begun) * 1000)
            time.sleep(float(chance.uniform(0, 2 * plan.pause_s)))
