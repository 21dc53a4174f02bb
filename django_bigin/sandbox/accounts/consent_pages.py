"""The pages on which a browser goes through the steps of an authorization. Source: oauth sections 4, 8 and 16."""

from __future__ import annotations

from ..wire.addresses import Address
from ..wire.markup import Markup, fill, join
from ..wire.messages import HTML_TYPE, Request, Response
from ..world.people import ZohoUser
from ..world.state import State
from . import page_templates
from .consent import PATH, Authorization, Authorizations, ErrorPage, decided
from .page_templates import error_page, page

HEADERS = [
    ("Cache-Control", "no-store"),
    # No `form-action`: a browser would apply it to the redirect to the client as well.
    ("Content-Security-Policy", "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'"),
]


class ConsentPages:
    """The pages at `/oauth/v2/auth` and behind it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._steps = Authorizations(state)
        self.routes = {
            ("GET", PATH): self._begin,
            ("POST", f"{PATH}/user"): self._sign_in,
            ("GET", f"{PATH}/organization"): self._show_organizations,
            ("POST", f"{PATH}/organization"): self._choose,
            ("GET", f"{PATH}/consent"): self._show_consent,
            ("POST", f"{PATH}/consent"): self._decide,
        }

    def handle(self, request: Request, address: Address) -> Response | None:
        """Answer a request with a page or a redirect, None if there is no such page."""
        path = address.path.rstrip("/")
        if path not in {known for _, known in self.routes}:
            return None
        try:
            operation = self.routes.get((request.method, path))
            if operation is None:
                raise ErrorPage("Invalid Request Method", "This page is not asked for in this way.")
            return operation(request, address)
        except ErrorPage as error:
            text = error_page(error.headline, error.sentence, error.hint, data_center=address.data_center)
            return _html(text, self._state.switches["auth_error_status"], outcome=error.headline)

    def _begin(self, request: Request, address: Address) -> Response:
        authorization = self._steps.begin(request.query, address.data_center)
        choices = join(self._choice(user) for user in self._steps.users(address.data_center))
        content = fill(page_templates.SIGN_IN, choices=choices, **_common(authorization, address, "user"))
        return _html(page("Sign in", content, data_center=address.data_center))

    def _choice(self, user: ZohoUser) -> Markup:
        names = [self._state.organizations[org_id].company_name for org_id in user.members]
        return fill(
            page_templates.USER, zuid=user.zuid, name=user.full_name, email=user.email, data_center=user.data_center,
            organizations=", ".join(names) or "no organization",
        )  # fmt: skip

    def _sign_in(self, request: Request, address: Address) -> Response:
        authorization = self._authorization(request)
        if not authorization.callback:
            user = self._state.people.by_zuid(request.parameters.get("user", ""))
            self._steps.sign_in(authorization, user, address.data_center)
        return self._go_on(authorization, address)

    def _show_organizations(self, request: Request, address: Address) -> Response:
        authorization = self._authorization(request)
        if authorization.user is None:
            raise ErrorPage("Not Signed In", "Choose who you are first.")
        choices = join(
            fill(page_templates.ORGANIZATION, org_id=org_id, name=self._state.organizations[org_id].company_name)
            for org_id in authorization.user.members
        )
        content = fill(
            page_templates.ORGANIZATIONS, choices=choices, email=authorization.user.email,
            **_common(authorization, address, "organization"),
        )  # fmt: skip
        return _html(page("Choose an organization", content, data_center=address.data_center))

    def _choose(self, request: Request, address: Address) -> Response:
        authorization = self._authorization(request)
        if not authorization.callback:
            self._steps.choose(authorization, request.parameters.get("org_id", ""))
        return self._go_on(authorization, address)

    def _show_consent(self, request: Request, address: Address) -> Response:
        authorization = self._authorization(request)
        user, organization = decided(authorization)
        content = fill(
            page_templates.CONSENT, email=user.email,
            organization=organization.company_name, org_id=organization.org_id,
            offline=", also while you are away" if authorization.offline else "",
            redirect_uri=authorization.redirect_uri,
            scopes=join(fill(page_templates.SCOPE, scope=scope) for scope in authorization.scopes),
            **_common(authorization, address, "consent"),
        )  # fmt: skip
        return _html(page("Give your consent", content, data_center=address.data_center))

    def _decide(self, request: Request, address: Address) -> Response:
        authorization = self._authorization(request)
        decision = request.parameters.get("decision", "")
        if decision not in {"accept", "reject"}:
            raise ErrorPage("Invalid Decision", "Accept or reject.")
        location = self._steps.finish(authorization, address, accept=decision == "accept", asked=True)
        return _redirect(location, outcome=decision)

    def _authorization(self, request: Request) -> Authorization:
        return self._steps.find(request.parameters.get("authorization", ""))

    def _go_on(self, authorization: Authorization, address: Address) -> Response:
        """Send the browser to the next step, at the accounts server of the user's data center."""
        user = authorization.user
        is_over = bool(authorization.callback)
        if is_over or (authorization.organization is not None and not self._steps.needs_consent(authorization)):
            location = self._steps.finish(authorization, address, accept=True, asked=False)
            return _redirect(location, outcome="over" if is_over else "consented before")
        step = "organization" if authorization.organization is None else "consent"
        server = address.accounts_server(user.data_center if user else None)
        return _redirect(f"{server}{PATH}/{step}?authorization={authorization.key}", outcome=step)


def _common(authorization: Authorization, address: Address, step: str) -> dict[str, str]:
    return {
        "action": f"{address.accounts_server()}{PATH}/{step}",
        "authorization": authorization.key,
        "client": authorization.client_name,
    }


def _html(text: str, status: int = 200, *, outcome: str = "page") -> Response:
    return Response(status, text, list(HEADERS), HTML_TYPE, outcome=outcome)


def _redirect(location: str, *, outcome: str) -> Response:
    return Response(302, None, [("Location", location), *HEADERS], HTML_TYPE, outcome=outcome)
