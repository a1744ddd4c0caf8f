"""A real provider of OpenID Connect on this machine, and a browser's way through it.

`oidc-provider-mock` issues and signs; what it leaves to others, PKCE, is enforced here. What a
provider may do wrong is done by what it answers being changed on its way out.
"""

import hashlib
import json
import threading
import warnings
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit
from uuid import UUID

import flask
import httpx
import werkzeug.serving
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import select, update

from schemas.ids import DEFAULT_TENANT
from services.api.access.tables import users
from services.api.access.users import NewUser
from services.api.audit import audit_log
from tests.unit.api.conftest import Api
from tests.unit.api.people import person

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it uses a part of Authlib that is to go
    import oidc_provider_mock

MAIL = "minji@shop.example"
SECRET = "a client's secret"
DEPRECATIONS = "ignore::DeprecationWarning"
"""Of that part of Authlib, in its threads."""


class Provider:
    """Listens on `localhost`; at the same port again, with other keys, after `restart`."""

    def __init__(self) -> None:
        self.port = 0
        self.document: dict[str, Any] = {}
        """What its discovery document says otherwise."""
        self.answer: Callable[[dict[str, Any]], dict[str, Any]] = lambda answer: answer
        """What becomes of what it gives for a code."""
        self.hide_mail = False
        """Its tokens name no address: userinfo does."""
        self.exchanges = 0
        self.client = httpx.Client(verify=False, trust_env=False)
        self.start()

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        app = oidc_provider_mock.app(require_nonce=True)
        app.debug = False
        challenges: dict[str, str] = {}
        app.before_request(lambda: self._require_proof(challenges))
        app.after_request(lambda response: self._changed(challenges, response))
        self._server = werkzeug.serving.make_server(
            "localhost", self.port, app, threaded=True, request_handler=Quiet
        )
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def _require_proof(self, challenges: dict[str, str]) -> Any:
        """A code is for whoever has the verifier, and is the client (RFC 6749, 2.3.1)."""
        if flask.request.path != "/oauth2/token":
            return None
        self.exchanges += 1
        verifier, code = (flask.request.form.get(name, "") for name in ("code_verifier", "code"))
        digest = hashlib.sha256(verifier.encode()).digest()
        if challenges.get(code) != urlsafe_b64encode(digest).rstrip(b"=").decode():
            return flask.jsonify(error="invalid_grant"), 400
        shown = flask.request.headers.get("Authorization", "").removeprefix("Basic ")
        if not b64decode(shown).decode().endswith(f":{quote_plus(SECRET)}"):
            return flask.jsonify(error="invalid_client"), 401
        return None

    def _changed(self, challenges: dict[str, str], response: flask.Response) -> flask.Response:
        path = flask.request.path
        if path == "/oauth2/authorize" and "code=" in response.headers.get("Location", ""):
            sent = parse_qs(urlsplit(response.headers["Location"]).query)
            assert flask.request.args["code_challenge_method"] == "S256"
            challenges[sent["code"][0]] = flask.request.args["code_challenge"]
        if path == "/.well-known/openid-configuration":
            response.data = json.dumps(response.get_json() | self.document)
        if path == "/oauth2/token" and response.status_code == 200:
            content = response.get_json()
            if self.hide_mail:
                content["id_token"] = self._without_mail(content["id_token"])
            response.data = json.dumps(self.answer(content))
        return response

    @staticmethod
    def _without_mail(token: str) -> str:
        """Signed by the provider's own key."""
        signing = flask.g.oidc_provider_mock_storage.jwk.as_dict(is_private=True)
        key = RSAKey.import_key(signing)
        read = jwt.decode(token, key)
        claims = {name: value for name, value in read.claims.items() if "email" not in name}
        return jwt.encode(read.header, claims, key)

    def close(self) -> None:
        self.stop()
        self.client.close()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def restart(self) -> None:
        self.stop()
        self.start()

    def add(self, subject: str, **claims: Any) -> None:
        """Somebody who has an account there."""
        self.client.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()

    def let_in(self, url: str, subject: str, **changed: str) -> str:
        """The person shows who they are; path and query by which the browser comes back."""
        place = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(place.query).items()} | changed
        asked = place._replace(query=urlencode(query)).geturl()
        back = urlsplit(self.client.post(asked, data={"sub": subject}).headers["location"])
        return f"{back.path}?{back.query}"


class Quiet(werkzeug.serving.WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


def set_up(owner: TestClient, provider: Provider, **fields: Any) -> Any:
    entry = {
        "issuer": provider.issuer,
        "client_id": "nightclerk",
        "client_secret": SECRET,
        "mail_domains": ["shop.example"],
    }
    return owner.put("/api/v1/single-sign-on", json=entry | fields)


def begin(client: TestClient, tenant_id: UUID = DEFAULT_TENANT, path: str = "/") -> Any:
    query = {"next": path}
    return client.get(f"/sign-on/{tenant_id}", params=query, follow_redirects=False)


def sign_on(
    client: TestClient, provider: Provider, subject: str = "minji", path: str = "/", **changed: str
) -> Any:
    """All the way; the last answer."""
    begun = begin(client, path=path)
    assert begun.status_code == 303, begun.text
    back = provider.let_in(begun.headers["location"], subject, **changed)
    return client.get(back, follow_redirects=False)


def actions(api: Api) -> list[tuple[str, dict[str, Any]]]:
    """What the audit log of the default tenant has, in order."""
    with api.engine.connect() as connection:
        query = select(audit_log.c.action, audit_log.c.detail).order_by(audit_log.c.sequence)
        return [(row.action, json.loads(row.detail)) for row in connection.execute(query)]


def member(api: Api, email: str = MAIL, **fields: Any) -> NewUser:
    """Somebody with an account of that address."""
    user = person(api, "operator", **fields)
    with api.engine.begin() as connection:
        mine = users.c.user_id == str(user.user_id)
        connection.execute(update(users).where(mine).values(email=email))
    return user
