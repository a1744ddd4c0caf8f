"""The web application: routes, guards, problems, put together. No server, no topics."""

from contextlib import suppress
from importlib.metadata import version

from fastapi import APIRouter, Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.routing import NoMatchFound
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from services.api import problems
from services.api.auth import authenticated
from services.api.deps import Tools
from services.api.etags import Etags
from services.api.guards import Guards
from services.api.limits import RateLimitHeaders
from services.api.openapi import document
from services.api.openapi.naming import operation_id_of
from services.api.replaying import Idempotency
from services.api.routes import (
    acknowledge,
    albums,
    alerts,
    audit,
    calibrations,
    cameras,
    comparisons,
    dashboard,
    dead_letters,
    deliveries,
    deployments,
    erasure,
    events,
    evidence,
    exports,
    faces,
    holds,
    in_force,
    invitations,
    joining,
    keys,
    learning,
    live,
    me,
    missed_events,
    models,
    overview,
    playback,
    policies,
    preview,
    push,
    queue,
    redeliveries,
    replays,
    resumable,
    retention,
    reviews,
    second_factor,
    secrets,
    session,
    sign_on,
    single_sign_on,
    sources,
    stores,
    submit,
    system,
    targets,
    tenants,
    users,
    videos,
    webpush,
)

DESCRIPTION = """
Hand in videos, add cameras, follow them, read scores and alerts of sources, fetch evidence.
Errors are problem details (RFC 9457). Moments are ISO 8601 in UTC; `…_s` are seconds from the
source's origin. Lists go on with the `cursor` that the page before gave as `next`.
"""


def build(tools: Tools) -> FastAPI:
    """FastAPI looks through all routes when it is first asked for one: here, and not when somebody
    opens the first page.
    """
    app = furnished(described(), tools)
    with suppress(NoMatchFound):
        app.url_path_for("no route of that name")
    return app


def furnished(app: FastAPI, tools: Tools) -> FastAPI:
    """The same app, with what its routes work with and what stands around them."""
    app.state.tools = tools
    problems.install(app)
    app.add_middleware(Idempotency, tools=tools)
    app.add_middleware(RateLimitHeaders)
    app.add_middleware(Etags)
    app.add_middleware(Guards, settings=tools.settings)
    if tools.settings.api_cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(tools.settings.api_cors_origins),
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "Range",
                "If-Match",
                "If-None-Match",
                "Tus-Resumable",
                "Upload-Length",
                "Upload-Metadata",
                "Upload-Offset",
            ],
            expose_headers=[
                "ETag",
                "Location",
                "Content-Range",
                "Accept-Ranges",
                "Retry-After",
                "RateLimit",
                "RateLimit-Policy",
                "Idempotent-Replayed",
                "Tus-Resumable",
                "Upload-Expires",
                "Upload-Length",
                "Upload-Offset",
            ],
        )
    app.add_middleware(
        ProxyHeadersMiddleware, trusted_hosts=list(tools.settings.api_trusted_proxies)
    )
    return app


def described() -> FastAPI:
    """All routes and their OpenAPI document; needs no server, and answers nothing yet."""
    app = FastAPI(
        title="Nightclerk",
        version=version("nightclerk"),
        description=DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        servers=[{"url": "/", "description": "The instance that serves this document."}],
        generate_unique_id_function=operation_id_of,
        docs_url=None,
        redoc_url=None,
    )
    guarded = APIRouter(dependencies=[Depends(authenticated)])
    for router in (
        overview.router,
        submit.router,
        resumable.router,
        videos.router,
        cameras.router,
        calibrations.router,
        sources.router,
        playback.router,
        events.router,
        evidence.router,
        reviews.router,
        missed_events.router,
        learning.router,
        exports.router,
        albums.router,
        queue.router,
        erasure.router,
        holds.router,
        retention.router,
        faces.router,
        secrets.router,
        dead_letters.router,
        deliveries.router,
        alerts.router,
        targets.router,
        redeliveries.router,
        webpush.router,
        live.router,
        push.router,
        audit.router,
        keys.router,
        second_factor.router,
        single_sign_on.router,
        me.router,
        stores.router,
        policies.router,
        preview.router,
        replays.router,
        comparisons.router,
        comparisons.reports,
        in_force.router,
        models.router,
        deployments.router,
        users.router,
        invitations.router,
        tenants.router,
    ):
        guarded.include_router(router)
    app.include_router(guarded, prefix="/api/v1")
    app.include_router(session.router, prefix="/api/v1")
    app.include_router(joining.router, prefix="/api/v1")
    app.include_router(single_sign_on.public, prefix="/api/v1")
    app.include_router(sign_on.router)
    app.include_router(acknowledge.router)
    app.include_router(system.router)
    app.include_router(dashboard.router)
    document.install(app)
    return app
