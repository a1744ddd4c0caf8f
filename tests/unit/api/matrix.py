"""Every route of the API, and who may use it: a new route needs an entry here.

An entry says the right that a route takes, one of principal.py's five; "login" where any login
will do, "person" where a key will not, "machine" where only the machine's token will, and "open"
where none is needed. `body` is a JSON body that the route takes, so that it is
not refused for that. A route whose path has an id must find that id in the world of routes/. What a
route that writes puts into the audit log, or why nothing, stands in routes/test_audited.py.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from services.api.principal import Right
from tests.unit.api.builders import CAMERA

Need = Right | Literal["machine", "person", "login", "open"]


@dataclass(frozen=True)
class Entry:
    """What is expected of a route."""

    need: Need
    body: Any = None
    params: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    is_stream: bool = False
    """Its answer does not end: only refusals are asked for."""
    may_be_absent: bool = False
    """It may answer 404 to whoever has the right: what it shows is not in the world."""
    is_refused: bool = False
    """It may answer 422: what is in the world does not have what it takes away or renews."""
    is_tenants: bool = False
    """What its id names belongs to a tenant as a whole, not to one store."""
    is_whole: bool = False
    """It is of a tenant as a whole: those who are bound to stores are refused."""
    is_own: bool = False
    """Its id is looked for among one's own things only: also the machine's operator gets 404."""


USER = "00000000-0000-0000-0000-000000000007"
STRETCH = {"from": "2026-05-01T22:00:00Z", "to": "2026-05-01T22:01:00Z"}
MISSED = {
    "source_id": str(CAMERA),
    "since": STRETCH["from"],
    "until": STRETCH["to"],
    "label": "theft",
}
VIEW, REVIEW, UPLOAD = Entry("view"), Entry("review"), Entry("upload")
CONFIGURE, ADMINISTER = Entry("configure"), Entry("administer")
OPEN = Entry("open")
PAGES = Entry("open", may_be_absent=True)
OWN_ACCOUNT = Entry("person", is_stream=True)
"""Of people who are not in the world: only refusals are asked for."""

OWN_UPLOAD = Entry("upload", headers={"Upload-Offset": "0"}, may_be_absent=True, is_own=True)
"""Whoever began it goes on with it, and nobody in the world did."""

REPLAY = {"since": "2026-05-01T00:00:00Z", "until": "2026-05-02T00:00:00Z"}
KEY = {"name": "dashboard", "rights": ["view"]}

TARGET = {"channel": "email", "name": "Night watch", "address": "guard@store.example"}
OWN_CODE = Entry("person", {"code": "123456"}, is_stream=True)

MATRIX: dict[tuple[str, str], Entry] = {
    ("GET", "/api/v1/openapi.json"): OPEN,
    ("GET", "/healthz"): OPEN,
    ("GET", "/metrics"): OPEN,
    # the dashboard's files, which are the same for everybody
    ("GET", "/assets/{name}"): PAGES,
    ("GET", "/{name}.svg"): PAGES,
    ("GET", "/{name}.css"): PAGES,
    ("GET", "/push.js"): PAGES,
    ("GET", "/{path:path}"): PAGES,
    # videos
    ("OPTIONS", "/api/v1/uploads"): UPLOAD,
    ("POST", "/api/v1/uploads"): Entry("upload", headers={"Upload-Length": "8"}),
    ("HEAD", "/api/v1/uploads/{upload_id}"): OWN_UPLOAD,
    ("PATCH", "/api/v1/uploads/{upload_id}"): OWN_UPLOAD,
    ("DELETE", "/api/v1/uploads/{upload_id}"): OWN_UPLOAD,
    ("POST", "/api/v1/videos"): UPLOAD,
    ("GET", "/api/v1/videos"): VIEW,
    ("GET", "/api/v1/videos/{video_id}"): VIEW,
    ("PATCH", "/api/v1/videos/{video_id}"): Entry("upload", {"filename": "b.mp4"}),
    ("DELETE", "/api/v1/videos/{video_id}"): UPLOAD,
    ("GET", "/api/v1/videos/{video_id}/media"): VIEW,
    ("HEAD", "/api/v1/videos/{video_id}/media"): VIEW,
    ("GET", "/api/v1/videos/{video_id}/frame"): Entry("view", may_be_absent=True),
    # cameras
    ("POST", "/api/v1/cameras"): Entry("configure", {"name": "Till", "address": "sim://store"}),
    ("GET", "/api/v1/cameras"): VIEW,
    ("GET", "/api/v1/cameras/{source_id}"): VIEW,
    ("PATCH", "/api/v1/cameras/{source_id}"): Entry("configure", {"name": "Till 2"}),
    ("DELETE", "/api/v1/cameras/{source_id}"): CONFIGURE,
    ("WEBSOCKET", "/api/v1/cameras/{source_id}/push"): Entry("upload", is_stream=True),
    # sources
    ("GET", "/api/v1/sources"): VIEW,
    ("GET", "/api/v1/sources/{source_id}"): VIEW,
    ("GET", "/api/v1/sources/{source_id}/timeline"): VIEW,
    ("GET", "/api/v1/sources/{source_id}/conditions"): VIEW,
    ("GET", "/api/v1/sources/{source_id}/recordings"): VIEW,
    ("GET", "/api/v1/sources/{source_id}/media"): Entry("view", params=STRETCH, may_be_absent=True),
    ("HEAD", "/api/v1/sources/{source_id}/media"): Entry(
        "view", params=STRETCH, may_be_absent=True
    ),
    ("WEBSOCKET", "/api/v1/sources/{source_id}/live"): Entry("view", is_stream=True),
    ("WEBSOCKET", "/api/v1/live"): Entry("view", is_stream=True),
    # overview
    ("GET", "/api/v1/overview"): VIEW,
    # alerts
    ("GET", "/api/v1/alerts"): VIEW,
    ("GET", "/api/v1/alerts/{alert_id}"): VIEW,
    ("PATCH", "/api/v1/alerts/{alert_id}"): Entry("review", {"held": False}),
    ("GET", "/api/v1/alerts/{alert_id}/{what}"): VIEW,
    ("HEAD", "/api/v1/alerts/{alert_id}/{what}"): VIEW,
    ("GET", "/api/v1/alerts/{alert_id}/pack"): Entry("view", may_be_absent=True),
    ("HEAD", "/api/v1/alerts/{alert_id}/pack"): Entry("view", may_be_absent=True),
    ("GET", "/api/v1/alerts/{alert_id}/montage"): Entry("view", may_be_absent=True),
    ("HEAD", "/api/v1/alerts/{alert_id}/montage"): Entry("view", may_be_absent=True),
    ("GET", "/api/v1/alerts/{alert_id}/enhanced"): Entry("view", may_be_absent=True),
    ("HEAD", "/api/v1/alerts/{alert_id}/enhanced"): Entry("view", may_be_absent=True),
    ("GET", "/a/{ticket}"): OPEN,
    ("POST", "/a/{ticket}"): OPEN,
    # events
    ("GET", "/api/v1/events"): Entry("view", is_stream=True),
    ("WEBSOCKET", "/api/v1/events/socket"): Entry("view", is_stream=True),
    # reviews
    ("POST", "/api/v1/alerts/acknowledgements"): Entry("review", {"filter": {}}),
    ("DELETE", "/api/v1/alerts/acknowledgements/{batch_id}"): REVIEW,
    ("GET", "/api/v1/alerts/{alert_id}/review"): VIEW,
    ("PUT", "/api/v1/alerts/{alert_id}/acknowledgement"): REVIEW,
    ("DELETE", "/api/v1/alerts/{alert_id}/acknowledgement"): REVIEW,
    ("PUT", "/api/v1/alerts/{alert_id}/assignment"): Entry(
        "review", {"assigned_to": USER}, is_refused=True
    ),
    ("DELETE", "/api/v1/alerts/{alert_id}/assignment"): REVIEW,
    ("PUT", "/api/v1/alerts/{alert_id}/verdict"): Entry("review", {"verdict": "true"}),
    ("DELETE", "/api/v1/alerts/{alert_id}/verdict"): REVIEW,
    ("POST", "/api/v1/alerts/{alert_id}/undo"): REVIEW,
    ("GET", "/api/v1/alerts/{alert_id}/comments"): VIEW,
    ("POST", "/api/v1/alerts/{alert_id}/comments"): Entry("review", {"text": "Called the shop."}),
    ("GET", "/api/v1/alerts/{alert_id}/history"): VIEW,
    # the review queue
    ("GET", "/api/v1/review-queue"): VIEW,
    ("POST", "/api/v1/review-queue/claims"): Entry("review", {"minutes": 0.001}),
    ("GET", "/api/v1/review-queue/{incident_id}"): VIEW,
    ("PUT", "/api/v1/review-queue/{incident_id}/claim"): Entry("review", {"minutes": 0.001}),
    ("DELETE", "/api/v1/review-queue/{incident_id}/claim"): REVIEW,
    ("PUT", "/api/v1/review-queue/{incident_id}/verdict"): Entry("review", {"verdict": "true"}),
    # people
    ("GET", "/api/v1/me"): Entry("login"),
    ("PATCH", "/api/v1/me"): OWN_ACCOUNT,
    ("POST", "/api/v1/me/password"): OWN_ACCOUNT,
    ("GET", "/api/v1/me/sessions"): OWN_ACCOUNT,
    ("DELETE", "/api/v1/me/sessions/{session_id}"): Entry("person", is_own=True),
    ("GET", "/api/v1/users"): ADMINISTER,
    ("GET", "/api/v1/users/{user_id}"): Entry("administer", is_tenants=True),
    ("PATCH", "/api/v1/users/{user_id}"): Entry("administer", {"name": "Kim"}, is_tenants=True),
    ("DELETE", "/api/v1/users/{user_id}"): Entry("administer", is_tenants=True),
    ("GET", "/api/v1/users/{user_id}/sessions"): Entry("administer", is_tenants=True),
    ("DELETE", "/api/v1/users/{user_id}/sessions"): Entry("administer", is_tenants=True),
    ("POST", "/api/v1/users/{user_id}/password-reset"): Entry("administer", is_tenants=True),
    ("POST", "/api/v1/invitations"): Entry(
        "administer", {"email": "new@shop.example", "role": "viewer"}
    ),
    ("GET", "/api/v1/invitations"): ADMINISTER,
    ("DELETE", "/api/v1/invitations/{invitation_id}"): Entry("administer", is_tenants=True),
    ("POST", "/api/v1/invitations/opening"): OPEN,
    ("POST", "/api/v1/invitations/acceptance"): OPEN,
    ("POST", "/api/v1/password-resets"): OPEN,
    ("POST", "/api/v1/password-resets/completion"): OPEN,
    ("POST", "/api/v1/setup"): OPEN,
    ("POST", "/api/v1/secrets/rotate"): Entry("machine"),
    ("POST", "/api/v1/tenants"): Entry("machine", {"name": "Corner shops"}),
    ("GET", "/api/v1/tenants"): Entry("machine"),
    ("GET", "/api/v1/tenants/{tenant_id}"): Entry("machine"),
    ("PATCH", "/api/v1/tenants/{tenant_id}"): Entry("machine", {"name": "Corner shops"}),
    ("GET", "/api/v1/stores"): VIEW,
    ("POST", "/api/v1/stores"): Entry("administer", {"name": "Station Road"}),
    ("GET", "/api/v1/stores/{store_id}"): VIEW,
    ("PATCH", "/api/v1/stores/{store_id}"): Entry("administer", {"name": "Station Road"}),
    ("DELETE", "/api/v1/stores/{store_id}"): Entry("administer", may_be_absent=True),
    # albums
    ("POST", "/api/v1/albums"): Entry("upload", {"name": "Nights"}),
    ("GET", "/api/v1/albums"): VIEW,
    ("GET", "/api/v1/albums/{album_id}"): Entry("view", is_tenants=True),
    ("PATCH", "/api/v1/albums/{album_id}"): Entry("upload", {"name": "Days"}, is_tenants=True),
    ("DELETE", "/api/v1/albums/{album_id}"): Entry("upload", is_tenants=True),
    ("GET", "/api/v1/albums/{album_id}/items"): Entry("view", is_tenants=True),
    ("POST", "/api/v1/albums/{album_id}/items"): Entry("upload", {"source_id": str(CAMERA)}),
    ("PATCH", "/api/v1/albums/{album_id}/items/{item_id}"): Entry("upload", {"note": "x"}),
    ("DELETE", "/api/v1/albums/{album_id}/items/{item_id}"): UPLOAD,
    # erasure
    ("POST", "/api/v1/erasures"): Entry("administer", {"source_id": str(CAMERA), "reason": "gone"}),
    ("GET", "/api/v1/erasures"): ADMINISTER,
    ("GET", "/api/v1/erasures/{erasure_id}"): Entry("administer", is_tenants=True),
    # calibrations
    ("GET", "/api/v1/calibrations"): VIEW,
    ("GET", "/api/v1/cameras/{source_id}/calibration"): VIEW,
    # dead letters
    ("GET", "/api/v1/dead-letters"): ADMINISTER,
    ("GET", "/api/v1/dead-letters/{letter_id}"): ADMINISTER,
    ("POST", "/api/v1/dead-letters/{letter_id}/replay"): ADMINISTER,
    ("DELETE", "/api/v1/dead-letters/{letter_id}"): ADMINISTER,
    # learning
    ("GET", "/api/v1/learning"): VIEW,
    ("GET", "/api/v1/missed-events"): VIEW,
    ("POST", "/api/v1/missed-events"): Entry("review", MISSED),
    ("GET", "/api/v1/missed-events/{event_id}"): VIEW,
    ("DELETE", "/api/v1/missed-events/{event_id}"): REVIEW,
    # legal hold and retention
    ("GET", "/api/v1/holds"): REVIEW,
    ("POST", "/api/v1/holds"): Entry(
        "configure", {"source_id": str(CAMERA), "reason": "case 4711"}
    ),
    ("GET", "/api/v1/holds/{hold_id}"): REVIEW,
    ("DELETE", "/api/v1/holds/{hold_id}"): CONFIGURE,
    ("GET", "/api/v1/face-rule"): VIEW,
    ("PUT", "/api/v1/face-rule"): Entry("administer", {"blurred_for": "viewers"}, is_whole=True),
    ("GET", "/api/v1/retention"): Entry("administer", is_whole=True),
    ("PUT", "/api/v1/retention"): Entry("administer", {}, is_whole=True),
    # bulk exports
    ("GET", "/api/v1/exports/{table}"): VIEW,
    # keys
    ("POST", "/api/v1/keys"): Entry("administer", KEY),
    ("GET", "/api/v1/keys"): ADMINISTER,
    ("DELETE", "/api/v1/keys/{key_id}"): ADMINISTER,
    ("POST", "/api/v1/me/keys"): Entry("person", KEY),
    ("GET", "/api/v1/me/keys"): Entry("person"),
    ("DELETE", "/api/v1/me/keys/{key_id}"): Entry("person", is_tenants=True),
    # detectors
    ("GET", "/api/v1/models"): VIEW,
    ("POST", "/api/v1/models"): Entry("administer", is_refused=True, is_whole=True),
    ("GET", "/api/v1/models/{detector}"): VIEW,
    ("PATCH", "/api/v1/models/{detector}"): Entry("administer", {"note": "x"}, is_whole=True),
    ("DELETE", "/api/v1/models/{detector}"): Entry("administer", is_whole=True),
    ("GET", "/api/v1/models/{detector}/package"): ADMINISTER,
    ("POST", "/api/v1/models/{detector}/promote"): Entry(
        "administer",
        {"without_comparison": True, "reason": "a test"},
        headers={"If-Match": "*"},
        is_whole=True,
    ),
    ("POST", "/api/v1/models/{detector}/shadow"): Entry("administer", {}, is_whole=True),
    ("DELETE", "/api/v1/models/{detector}/shadow"): Entry("administer", is_whole=True),
    ("GET", "/api/v1/deployments"): VIEW,
    ("POST", "/api/v1/deployments/rollback"): Entry(
        "administer", {}, headers={"If-Match": "*"}, is_whole=True
    ),
    ("GET", "/api/v1/deployments/history"): VIEW,
    ("GET", "/api/v1/deployments/history/{entry_id}"): Entry("view", is_tenants=True),
    # policies
    ("GET", "/api/v1/policies/labels"): VIEW,
    ("GET", "/api/v1/policies/tenant"): VIEW,
    ("PUT", "/api/v1/policies/tenant"): Entry("configure", {"muted": ["fall"]}, is_whole=True),
    ("DELETE", "/api/v1/policies/tenant"): Entry("configure", is_whole=True),
    ("GET", "/api/v1/policies/stores/{store_id}"): VIEW,
    ("PUT", "/api/v1/policies/stores/{store_id}"): Entry("configure", {}),
    ("DELETE", "/api/v1/policies/stores/{store_id}"): CONFIGURE,
    ("GET", "/api/v1/policies/sources/{source_id}"): VIEW,
    ("PUT", "/api/v1/policies/sources/{source_id}"): Entry("configure", {"muted": ["fall"]}),
    ("DELETE", "/api/v1/policies/sources/{source_id}"): CONFIGURE,
    ("POST", "/api/v1/policies/preview"): Entry(
        "configure",
        {
            "source_ids": ["00000000-0000-0000-0000-000000000000"],
            "since": "2026-05-01T00:00:00Z",
            "until": "2026-05-02T00:00:00Z",
            "policy": {},
        },
        may_be_absent=True,
    ),
    ("GET", "/api/v1/sources/{source_id}/policy"): VIEW,
    ("PUT", "/api/v1/sources/{source_id}/snooze"): Entry(
        "review", {"until": "2026-06-01T08:00:00Z"}
    ),
    ("DELETE", "/api/v1/sources/{source_id}/snooze"): REVIEW,
    # replays
    ("POST", "/api/v1/replays/estimate"): Entry("configure", REPLAY),
    ("POST", "/api/v1/replays"): Entry("configure", REPLAY),
    ("GET", "/api/v1/replays"): VIEW,
    ("GET", "/api/v1/replays/{run}"): VIEW,
    ("POST", "/api/v1/replays/{run}/cancel"): CONFIGURE,
    ("POST", "/api/v1/replays/{run}/resume"): CONFIGURE,
    ("DELETE", "/api/v1/replays/{run}"): CONFIGURE,
    ("GET", "/api/v1/replays/{run}/report"): VIEW,
    ("GET", "/api/v1/comparisons"): Entry("view", params={"run": "live"}, may_be_absent=True),
    # targets
    ("POST", "/api/v1/targets"): Entry("configure", TARGET),
    ("GET", "/api/v1/targets"): CONFIGURE,
    ("GET", "/api/v1/targets/{target_id}"): CONFIGURE,
    ("PATCH", "/api/v1/targets/{target_id}"): Entry("configure", {"name": "Guard"}),
    ("DELETE", "/api/v1/targets/{target_id}"): CONFIGURE,
    ("POST", "/api/v1/targets/{target_id}/secrets"): Entry("configure", is_refused=True),
    ("DELETE", "/api/v1/targets/{target_id}/secrets/former"): Entry("configure", is_refused=True),
    ("POST", "/api/v1/targets/{target_id}/test"): CONFIGURE,
    ("POST", "/api/v1/targets/{target_id}/missed"): Entry(
        "configure", {"since": "2026-05-01T22:00:00Z"}
    ),
    ("GET", "/api/v1/targets/{target_id}/deliveries"): CONFIGURE,
    ("GET", "/api/v1/webpush/key"): VIEW,
    ("GET", "/api/v1/alerts/{alert_id}/deliveries"): VIEW,
    ("POST", "/api/v1/alerts/{alert_id}/deliveries"): Entry(
        "configure", {"target_id": USER}, may_be_absent=True
    ),
    # second factors
    ("GET", "/api/v1/me/second-factor"): Entry("person"),
    ("POST", "/api/v1/me/second-factor"): Entry("person"),
    ("POST", "/api/v1/me/second-factor/confirmation"): OWN_CODE,
    ("POST", "/api/v1/me/second-factor/recovery-codes"): OWN_CODE,
    ("POST", "/api/v1/me/second-factor/removal"): OWN_CODE,
    ("DELETE", "/api/v1/users/{user_id}/second-factor"): ADMINISTER,
    ("GET", "/api/v1/access-rules"): ADMINISTER,
    ("PATCH", "/api/v1/access-rules"): Entry("administer", {}),
    # single sign-on
    ("GET", "/api/v1/single-sign-on"): ADMINISTER,
    ("PUT", "/api/v1/single-sign-on"): Entry(
        "administer",
        {"issuer": "https://127.0.0.1", "client_id": "x", "mail_domains": ["shop.example"]},
        is_refused=True,
    ),
    ("DELETE", "/api/v1/single-sign-on"): ADMINISTER,
    ("GET", "/api/v1/session/ways"): OPEN,
    ("GET", "/sign-on/{tenant_id}"): OPEN,
    ("GET", "/sign-on/callback"): OPEN,
    ("POST", "/sign-on/code"): OPEN,
    # the audit log
    ("GET", "/api/v1/audit"): ADMINISTER,
    ("GET", "/api/v1/audit/verification"): ADMINISTER,
    # logins
    ("GET", "/api/v1/session"): OPEN,
    ("POST", "/api/v1/session"): OPEN,
    ("DELETE", "/api/v1/session"): OPEN,
}
