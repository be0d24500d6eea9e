"""The page of `authbench serve` in a browser: what the attributes of a cookie do, and that a sign-out ends it."""

import pytest
from running import served
from wire import ask

COOKIES = ["sqlite-session", "redis-session", "postgres-session"]
NAME = "__Host-session"


class Tab:
    """The page, opened in a browser of its own profile."""

    def __init__(self, chromium, address):
        self.address = address
        self.context = chromium.new_context()
        self.page = self.context.new_page()
        self.faults = []
        self.page.on("pageerror", lambda error: self.faults.append(f"{error}"))
        self.page.goto(f"{address}/")

    def click(self, label):
        """Presses a button; returns the two lines that the page says then."""
        lines = self.page.locator("#answers li")
        before = lines.count()
        self.page.get_by_role("button", name=label, exact=True).click()
        lines.nth(before + 1).wait_for()
        return lines.all_inner_texts()[before:]

    @property
    def cookies(self):
        return self.context.cookies()


@pytest.fixture(scope="module", params=COOKIES)
def service(request, tmp_path_factory):
    with served(tmp_path_factory.mktemp("served"), request.param) as service:
        yield service


@pytest.fixture
def tab(chromium, service):
    tab = Tab(chromium, service.address)
    yield tab
    tab.context.close()
    assert tab.faults == []


def test_a_session_in_a_browser_ends_with_the_sign_out(tab):
    unseen = "cookies that a script sees: none"
    assert tab.click("Use") == ["resource: 401", unseen]
    assert tab.click("Sign in") == ["login: 200", unseen]
    assert tab.click("Use") == ["resource: 200, user 7", unseen]
    assert tab.click("Sign out") == ["logout: 204", unseen]
    assert tab.cookies == []
    assert tab.click("Use") == ["resource: 401", unseen]


def test_the_browser_keeps_the_cookie_as_its_attributes_say(tab):
    tab.click("Sign in")
    [cookie] = tab.cookies
    assert {name: cookie[name] for name in ("name", "domain", "path", "secure", "httpOnly", "sameSite", "expires")} == {
        "name": NAME, "domain": "127.0.0.1", "path": "/", "secure": True, "httpOnly": True, "sameSite": "Lax",
        # Until the browser is closed.
        "expires": -1,
    }


def test_a_cookie_that_was_copied_before_the_sign_out_works_no_more(tab, service):
    tab.click("Sign in")
    line = f"Cookie: {NAME}={tab.cookies[0]['value']}"
    assert ask(service.port, "/resource", line).status == 200
    tab.click("Sign out")
    assert ask(service.port, "/resource", line).status == 401


def test_a_second_sign_in_replaces_the_cookie(tab):
    tab.click("Sign in")
    first = tab.cookies[0]["value"]
    tab.page.get_by_label("User").fill("8")
    tab.click("Sign in")
    assert len(tab.cookies) == 1 and tab.cookies[0]["value"] != first
    assert tab.click("Use")[0] == "resource: 200, user 8"


def test_a_renewal_leaves_the_user_signed_in(tab):
    tab.click("Sign in")
    assert tab.click("Renew")[0] == "renew: 200"
    assert tab.click("Use")[0] == "resource: 200, user 7"


def test_no_script_can_overwrite_the_cookie(tab):
    tab.click("Sign in")
    tab.page.evaluate(f"document.cookie = '{NAME}=planted; Path=/; Secure'")
    assert tab.cookies[0]["value"] != "planted"
    assert tab.click("Use")[0] == "resource: 200, user 7"


def test_a_form_on_another_site_signs_nobody_out(tab, service):
    tab.click("Sign in")
    # localhost and 127.0.0.1 are two sites, so this is what a stranger's page can do.
    stranger = f"http://localhost:{service.port}/"
    form = f'<form method="post" action="{tab.address}/logout"><button>A prize</button></form>'
    tab.page.route(stranger, lambda route: route.fulfill(body=form, content_type="text/html"))
    tab.page.goto(stranger)
    with tab.page.expect_navigation() as navigation:
        tab.page.get_by_role("button").click()
    assert (navigation.value.url, navigation.value.status) == (f"{tab.address}/logout", 401)
    tab.page.goto(f"{tab.address}/")
    assert tab.click("Use")[0] == "resource: 200, user 7"


@pytest.mark.parametrize("strategy", ["hs256-jwt", "hybrid"])
def test_the_page_speaks_with_a_bearer_strategy_too(chromium, tmp_path, strategy):
    with served(tmp_path, strategy) as service:
        tab = Tab(chromium, service.address)
        said = [tab.click(label)[0] for label in ("Use", "Sign in", "Use", "Renew", "Use", "Sign out", "Use")]
        assert said == ["resource: 401", "login: 200", "resource: 200, user 7", "renew: 200", "resource: 200, user 7",
                        "logout: 204", "resource: 401"]
        assert tab.cookies == [] and tab.faults == []
        tab.context.close()
