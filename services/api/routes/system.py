"""How the API itself is: health and metrics, for machines."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.api.deps import Context
from services.chassis.telemetry.metrics import REGISTRY

router = APIRouter(include_in_schema=False)


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
