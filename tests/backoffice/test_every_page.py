"""Every page answers: with the page, with the login, or with a refusal that says who may."""

import re

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.views.defaults import server_error

from backorders.access.table import PURCHASING, SERVICE
from backorders.actions import asking
from backorders.backoffice.urls import _PAGES
from backorders.changes.models import ChangeSet
from tests.backoffice.desk import World, a_clerk, address, somebody, text
from tests.factories import an_order, day
from tests.importing.desk import opened

RARE = (
    "pay_refund",
    "lift_suppression",
    "approval",
    "withdraw_request",
    "decide_answers",
    "accept_proposed_eta",
    "place_reply",
    "settle_reply",
    "award",
    "policy",
    "policy_effect",
    "decline_award",
    "pick_lists",
    "batch",
    "macro",
)  # of things that are not in every world
OF_QUESTIONS = ("answer_question", "settle_question")
IMPORT_ACTS = {f"{verb}_import" for verb in ("decide", "type_over", "check", "apply", "undo")} | {"match_columns"}
IMPORT_ACTS |= {"pause_import_mails"}
LINE_ACTS = ("change_quantity", "substitute", "reallocate", "expedite", "unexpedite")
LINE_ACTS += ("agree", "set_last_day", "end_contract")
FOLLOWING = ("follow_order", "follow_product", "follow_purchase_order", "follow_view")
ONLY_POST = {"resend", "decide_words"} | IMPORT_ACTS | {"decide_approval", "mark_notices", "ask_for_access"}
ONLY_POST |= {"steer_job", "link_calendar", "undo", "write_note", "stop_or_send", "turn_mail", "mark_called"}
ONLY_POST |= {
    "withdraw_macro",
    "act_on_lines",
    "save_view",
    "keep_columns",
    "keep_draft",
    "delete_view",
    "ask_supplier",
    "note_supplier_call",
    "reject_answers",
    "decline_proposed_eta",
    "ask_to_buy",
    "load_demo",
    *FOLLOWING,
}
FRAGMENTS = {"mail_as_sent", "jobs_tray", "last_acts", "import_progress", "problem_rows", "supplier_template"}
FRAGMENTS |= {"new_lines", "summary_of_lines", "export_lines", "export_audit"}
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def addresses(world: World | None = None) -> dict[str, str]:
    """One address of every page: of the world's things, or of things that need not be there."""
    order = world.first.pk if world else 1
    line = world.first.lines.get().pk if world else 1
    imported = opened(f"PO\tETA\n{world.line.purchase_order}\t{day(30)}\n").pk if world else 1
    args = {
        "order": [order],
        "cancel_order": [order],
        "ship": [world.ready.pk if world else 1],
        "write_note": [order],
        "write_words": ["later", "en"],
        "decide_words": [1, "approve"],
        "revert": [ChangeSet.objects.earliest("id").pk if world else 1],
        **{name: [order] for name in ("split", "write_message", "compensate")},
        **{name: [world.message.pk if world else 1] for name in ("edit_message", "resend")},
        **{name: [order, line] for name in (*LINE_ACTS, "cancel_line", "hold", "release")},
        "purchase_line_eta": [world.line.pk if world else 1],
        "propose_eta": [world.line.pk if world else 1],
        "decline_proposed_eta": [1],
        "close_purchase_line": [world.line.pk if world else 1],
        "purchase_order_eta": [world.line.purchase_order_id if world else 1],
        "receive": [world.line.purchase_order_id if world else 1],
        "message": [world.message.pk if world else 1],
        "mail_as_sent": [world.message.pk if world else 1],
        "change_set": [ChangeSet.objects.latest("id").pk if world else 1],
        "selection_eta": ["made-up"],
        "tell_lines": ["made-up"],
        "offer_lines": ["made-up"],
        **{name: [order] for name in ("keep_draft", "write_question")},
        **{name: [order, 1] for name in ("answer_question", "settle_question")},
        **{name: [1] for name in ("award", "decline_award", "policy", "policy_effect")},
        "sample_of_mail": ["made-up", 1],
        "job": [1],
        "export_lines": ["csv"],
        "export_audit": ["csv"],
        "peek": [line],
        **{name: [1] for name in FOLLOWING},
        "saved_lines": [1],
        "delete_view": [1],
        "stop_or_send": ["hold"],
        "turn_mail": ["off"],
        "decide_approval": [1, "approve"],
        "mark_notices": ["read"],
        "steer_job": [1, "pause"],
        "purchase_order": [world.line.purchase_order_id if world else 1],
        **{name: [world.kettle.pk if world else 1] for name in ("product_supply", "ask_to_buy")},
        "revoke_links": [order],
        **{name: [order] for name in ("proof_pack", "write_question", "keep_draft", "mark_essential")},
        **{name: [order, 1] for name in OF_QUESTIONS},
        **{
            name: [1]
            for name in (
                "undo",
                "withdraw_macro",
                "damage_photo",
                "reply_file",
                "mark_called",
                "note_supplier_call",
                "reject_answers",
                "confirm_delivery",
                "lose_parcel",
                "return_to_stock",
                *RARE,
            )
        },
        **{name: [imported] for name in (*IMPORT_ACTS, "import", "import_progress", "problem_rows")},
        "supplier_template": [world.line.purchase_order.supplier_id if world else 1],
    }
    return {name: address(name, *args.get(name, [])) for _, _, name in _PAGES}


def records(model: type, page: str, *args: object) -> str:
    """The address of a page of the plain admin."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


UNSHOWN = {
    *ONLY_POST,
    *RARE,
    *OF_QUESTIONS,
    "selection_eta",
    "tell_lines",
    "offer_lines",
    "answer_question",
    "settle_question",
    "award",
    "decline_award",
    "policy",
    "policy_effect",
    "sample_of_mail",
    "job",
    "saved_lines",
    "confirm_delivery",
    "lose_parcel",
    "return_to_stock",
    "proof_pack",  # a file
    "damage_photo",  # a picture
    "reply_file",
}
SHOWN = [name for _, _, name in _PAGES if name not in {*UNSHOWN, "start"}]


@pytest.mark.parametrize("name", SHOWN)
def test_every_screen_opens(desk: Client, name: str) -> None:
    response = desk.get(addresses(World())[name])
    assert response.status_code == (286 if name in ("jobs_tray", "import_progress") else 200)
    if name not in FRAGMENTS:
        assert len(re.findall("<h1", response.content.decode())) == 1


@pytest.mark.parametrize("name", [name for _, _, name in _PAGES])
def test_every_screen_asks_who_is_there(desk: Client, name: str) -> None:
    response = Client().get(addresses()[name])
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize("name", [name for _, view, name in _PAGES if view.permission])
def test_a_screen_refuses_whoever_lacks_its_permission(desk: Client, name: str) -> None:
    response = a_clerk().post(addresses()[name])
    assert response.status_code == 403
    assert "Your role does not allow this" in text(response)


@pytest.mark.parametrize("name", sorted(ONLY_POST))
def test_reading_an_address_that_acts_does_nothing(desk: Client, name: str) -> None:
    assert desk.get(addresses()[name]).status_code == 405


def test_a_selection_that_was_never_made_is_not_found(desk: Client) -> None:
    response = desk.get(address("selection_eta", "made-up"))
    assert response.status_code == 404
    assert "There is nothing here" in text(response)


def test_every_list_of_records_opens_and_counts_only_up_to_a_cap(desk: Client) -> None:
    World()
    for model in MODELS:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(records(model, "changelist")).status_code == 200, model
        if model.__module__.startswith("backorders."):
            counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
            assert all("LIMIT" in sql for sql in counts), counts


def test_every_record_opens(desk: Client) -> None:
    World()
    opened = 0
    for model in MODELS:
        if (found := model._default_manager.order_by("pk").first()) is not None:
            response = desk.get(records(model, "change", found.pk))
            assert response.status_code == 200, model
            assert len(re.findall("<h1", response.content.decode())) == 1, model
            opened += 1
    assert opened > 20


def test_searching_records_never_fails(desk: Client) -> None:
    World()
    for model in MODELS:
        for term in ("AK", "kaya", "%", "'", "İstanbul", "99999999999999999999"):
            assert desk.get(records(model, "changelist"), {"q": term}).status_code == 200, (model, term)


@pytest.mark.parametrize("name", ["orders_order", "orders_orderline", "supply_purchaseline", "allocation_promise"])
def test_a_list_of_records_needs_no_more_statements_for_more_rows(desk: Client, name: str) -> None:
    world = World()
    url = reverse(f"admin:{name}_changelist")
    desk.get(url)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            desk.get(url)
        return len(queries)

    before = statements()
    for _ in range(5):
        an_order((world.kettle, 1))
    assert statements() == before


def test_nothing_with_history_can_be_deleted_or_rewritten(desk: Client) -> None:
    world = World()
    for record in (world.first, world.first.lines.get(), world.line, world.message, world.first.lines.get().promise):
        assert desk.post(records(type(record), "delete", record.pk), {"post": "yes"}).status_code == 403
        assert desk.post(records(type(record), "change", record.pk), {}).status_code == 403


def test_the_home_page_counts_in_plain_words(desk: Client) -> None:
    World()
    said = text(desk.get(reverse("admin:index")))
    assert "3 Waiting in all" in said
    assert "1 To call" in said


def test_the_home_page_leads_buyers_to_what_suppliers_have_not_answered(db: None) -> None:
    world = World()
    url = address("proposals") + "#open"
    assert "0 Unanswered date requests" in text(somebody(PURCHASING).get(reverse("admin:index")))
    supplier = world.line.purchase_order.supplier
    type(supplier).objects.filter(pk=supplier.pk).update(email="supplier@example.com")
    asking.ask_supplier([world.line.pk], by=None, at=timezone.now())
    page = somebody(PURCHASING).get(reverse("admin:index"))
    assert "1 Unanswered date requests" in text(page)
    assert f'href="{url}"' in page.content.decode()
    assert url not in somebody(SERVICE).get(reverse("admin:index")).content.decode()


def test_somebody_without_any_permission_is_told_so(desk: Client) -> None:
    assert "Your role sees none of the day's lists" in text(a_clerk().get(reverse("admin:index")))


def test_a_failure_says_that_nothing_was_changed() -> None:
    response = server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "Nothing was changed." in text(response)


def test_the_root_leads_to_the_desk(desk: Client) -> None:
    assert desk.get("/")["Location"] == address("start")
    assert desk.get(address("start"))["Location"] == address("index")
