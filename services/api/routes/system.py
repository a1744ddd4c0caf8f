"""How the API itself is: health and metrics, for machines; and the page, for people."""

from importlib.resources import files

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.api.deps import Context
from services.chassis.telemetry.metrics import REGISTRY

router = APIRouter(include_in_schema=False)
WEB = files("services.api") / "web"
PAGE_FILES = {
    "/": ("index.html", "text/html"),
    "/app.js": ("app.js", "text/javascript"),
    "/api.js": ("api.js", "text/javascript"),
    "/curve.js": ("curve.js", "text/javascript"),
    "/setup/{ticket}": ("account.html", "text/html"),
    "/invitation/{ticket}": ("account.html", "text/html"),
    "/reset/{ticket}": ("account.html", "text/html"),
    "/account.js": ("account.js", "text/javascript"),
    "/login.js": ("login.js", "text/javascript"),
    "/detail.js": ("detail.js", "text/javascript"),
    "/text.js": ("text.js", "text/javascript"),
    "/cameras": ("cameras.html", "text/html"),
    "/cameras.js": ("cameras.js", "text/javascript"),
    "/camera.js": ("camera.js", "text/javascript"),
    "/live.js": ("live.js", "text/javascript"),
    "/wall.js": ("wall.js", "text/javascript"),
    "/webcam.js": ("webcam.js", "text/javascript"),
    "/cameras.css": ("cameras.css", "text/css"),
    "/style.css": ("style.css", "text/css"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


@router.get("/healthz")
async def healthz(context: Context) -> Response:
    """Reads what was seen last, in the event loop: it waits for no pool and no server."""
    faults = [
        f"{name}: {state.fault}" for name, state in context.health().items() if not state.works
    ]
    text = "\n".join(sorted(faults)) or "ready"
    return Response(f"{text}\n", 503 if faults else 200, media_type="text/plain")


@router.get("/metrics")
def metrics() -> Response:
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


def page_file(name: str, media_type: str) -> Response:
    content = WEB.joinpath(name).read_bytes()
    return Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})


def _add_page_file(path: str, name: str, media_type: str) -> None:
    router.add_api_route(path, lambda: page_file(name, media_type), methods=["GET", "HEAD"])


for _path, (_name, _media_type) in PAGE_FILES.items():
    _add_page_file(_path, _name, _media_type)
