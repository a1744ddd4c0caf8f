"""What `nightclerk status` shows: every process, seen now from outside."""

import asyncio
import time
from dataclasses import asdict, dataclass
from typing import Any

import psutil
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from services.local.kafka import KafkaProbe
from services.local.probes import SILENT, http_fault
from services.local.state import ProcessRecord, RunRecord


@dataclass(frozen=True)
class Row:
    """One process. `rss_mb` and `uptime_s` are None while it is down."""

    process: str
    pid: int | None
    state: str
    uptime_s: float | None
    rss_mb: int | None
    restarts: int
    healthy: bool
    fault: str
    """What is wrong, in its own words; empty when it is healthy."""
    address: str

    @property
    def well(self) -> bool:
        return self.pid is not None and self.healthy


def observe(run: RunRecord) -> list[Row]:
    """Ask every process of the run for its health, all at once."""
    faults = asyncio.run(_ask_all(run.processes))
    return [_row(one, fault) for one, fault in zip(run.processes, faults, strict=True)]


async def _ask_all(processes: tuple[ProcessRecord, ...]) -> list[str]:
    return await asyncio.gather(*(_fault(one) for one in processes))


async def _fault(one: ProcessRecord) -> str:
    if one.name == "kafka":
        return "" if await KafkaProbe(one.address)() else SILENT
    host, port = one.address.removeprefix("http://").rsplit(":", 1)
    return await http_fault(host, int(port))


def _row(one: ProcessRecord, fault: str) -> Row:
    uptime_s, rss_mb = _measure(one.process())
    return Row(
        process=one.name,
        pid=one.pid if uptime_s is not None else None,
        state=one.state,
        uptime_s=uptime_s,
        rss_mb=rss_mb,
        restarts=one.restarts,
        healthy=not fault,
        fault=(one.last_words or fault) if fault else "",
        address=one.address,
    )


def _measure(process: psutil.Process | None) -> tuple[float | None, int | None]:
    if process is None:
        return None, None
    try:
        return time.time() - process.create_time(), process.memory_info().rss >> 20
    except psutil.Error:
        return None, None


def table(run: RunRecord, rows: list[Row]) -> Table:
    """The rows for people."""
    title = f"{run.phase} · supervisor {run.pid}"
    shown = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("process", "pid", "state", "uptime", "MB", "restarts", "health", "address"):
        shown.add_column(heading, justify="right" if heading in RIGHT else "left", no_wrap=True)
    for row in rows:
        shown.add_row(
            row.process,
            str(row.pid or "-"),
            f"[{'green' if row.state == 'ready' else 'yellow'}]{row.state}[/]",
            format_uptime(row.uptime_s),
            "-" if row.rss_mb is None else str(row.rss_mb),
            str(row.restarts),
            "[green]ok[/]" if row.healthy else f"[red]{escape(row.fault)}[/]",
            row.address.removeprefix("http://"),
        )
    return shown


RIGHT = {"pid", "uptime", "MB", "restarts"}


def as_dict(run: RunRecord, rows: list[Row]) -> dict[str, Any]:
    """The rows for programs."""
    return {"phase": run.phase, "pid": run.pid, "processes": [asdict(row) for row in rows]}


def format_uptime(seconds: float | None) -> str:
    """`42 s`, `3:05 min`, `2:07 h`, `3 d 04 h`."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours:02} h"
    if hours:
        return f"{hours}:{minutes:02} h"
    return f"{minutes}:{rest:02} min" if minutes else f"{rest} s"
