"""What the pages of the desk weigh on the wire, and in how many pieces they come."""

import gzip

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Response, Route

from config.scripts import as_sent
from tests.backoffice.desk import World, address
from tests.browser.conftest import Open
from tests.browser.staging import many

KB = 1024
FIRST, AGAIN, REQUESTS, SCRIPTS = 150 * KB, 40 * KB, 20, 25 * KB
OURS = ("/static/backoffice/", "/static/django_htmx/htmx")

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def on_the_wire(answer: Response) -> int:
    """How many bytes are sent; files are kept compressed in production."""
    is_compressed = "/static/" in answer.url or answer.headers.get("content-encoding") == "gzip"
    return len(gzip.compress(answer.body()) if is_compressed else answer.body())


def as_in_production(route: Route) -> None:
    """Answer with one of our scripts as it is sent there."""
    script = settings.STATICFILES_DIRS[0] / route.request.url.split("/static/")[1]
    route.fulfill(body=as_sent(script.read_text()), content_type="text/javascript")


@pytest.mark.parametrize("screen", ["waiting_lines", "order", "receive", "purchase_line_eta"])
def test_a_page_is_light_on_the_wire(transactional_db: None, sit_down: Open, screen: str) -> None:
    world = World(at=timezone.now())
    if screen == "waiting_lines":
        many(world)
    place = {
        "waiting_lines": address("waiting_lines") + "?view=all",
        "order": address("order", world.first.pk),
        "receive": address("receive", world.line.purchase_order_id),
        "purchase_line_eta": address("purchase_line_eta", world.line.pk),
    }[screen]
    visit = sit_down()
    page = visit.page
    page.route("**/static/backoffice/*.js", as_in_production)
    came: list[Response] = []
    page.on("response", lambda answer: came.append(answer))
    page.goto(place)
    page.wait_for_load_state("networkidle")
    sizes = {answer.url: on_the_wire(answer) for answer in came if answer.status == 200}
    kept = [url for url in sizes if "/static/" in url]  # for good in production: their names change with them
    assert len(came) <= REQUESTS
    assert sum(sizes.values()) <= FIRST, sizes
    assert sum(sizes.values()) - sum(sizes[url] for url in kept) <= AGAIN, sizes
    scripts = {url: sizes[url] for url in kept if url.endswith(".js") and any(ours in url for ours in OURS)}
    assert sum(scripts.values()) <= SCRIPTS, scripts
    assert visit.complaints == []
