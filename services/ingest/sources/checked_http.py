"""HTTP that is checked: hosts at every request, credentials in the way a server asks for them."""

from collections.abc import Generator

import httpx

from services.chassis.addresses import AddressPolicy, Credentials
from services.chassis.addresses.hosts import Address, network_of
from services.chassis.addresses.policy import Resolve


class Checked(httpx.BaseTransport):
    """Looks up and checks the host of every request, also after a redirect, and connects to the
    address that was checked and to no other. Where the first one lies says what it may lead to.
    """

    def __init__(self, policy: AddressPolicy, resolve: Resolve) -> None:
        self._policy, self._resolve = policy, resolve
        self._is_first = True
        self._transports: dict[bool, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises AddressFault beside httpx's errors."""
        addresses = self._policy.check_url(str(request.url), self._resolve)
        if self._is_first:
            self._policy, self._is_first = self._policy.seen_from(addresses), False
        failure: httpx.ConnectError | httpx.ConnectTimeout | None = None
        for address in addresses:
            try:
                transport = self._transport(request.url.scheme, address)
                return transport.handle_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    def _transport(self, scheme: str, address: Address) -> httpx.HTTPTransport:
        """Cameras in the house sign their certificates themselves. Made when it is needed: reading
        the system's authorities takes longer than a request.
        """
        is_strict = scheme == "https" and network_of(address) == "public"
        if is_strict not in self._transports:
            transport = httpx.HTTPTransport(verify=is_strict, trust_env=False)
            self._transports[is_strict] = transport
        return self._transports[is_strict]

    def close(self) -> None:
        for transport in self._transports.values():
            transport.close()


def _pinned(request: httpx.Request, address: Address) -> httpx.Request:
    """The same request to an IP address; the certificate must be the host's all the same."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )


class AnyAuth(httpx.Auth):
    """Basic or Digest, as the server asks for it, wherever on it a redirect led. Another server
    than the one that was asked first is given nothing.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._basic = httpx.BasicAuth(credentials.username, credentials.password)
        self._digest = httpx.DigestAuth(credentials.username, credentials.password)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        response = yield request
        challenges = ",".join(response.headers.get_list("www-authenticate")).lower()
        if response.status_code != 401 or not challenges:
            return
        asked = response.request
        if _origin(asked.url) != _origin(request.url):
            return
        flow = (self._digest if "digest" in challenges else self._basic).auth_flow(asked)
        again = next(flow)
        if "digest" in challenges:
            again = flow.send(response)
        yield again


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
