"""A refusal is a lazy sentence: it speaks the language of whoever reads it, with its values filled in then."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import gettext_lazy, override

from backorders.actions import queueing, selling, undoing
from backorders.catalog.models import Category, Product, Substitute
from backorders.changes.models import ChangeSet
from backorders.refusal import Refused, in_every_language, said
from tests.factories import AT, a_line, a_product, an_order

ROOT = Path(settings.BASE_DIR) / "backorders"
# What is only ever read on the command line of whoever brings data in.
PLAIN = {ROOT / "backoffice/wwi" / name for name in ("reading.py", "bringing.py", "folder.py")}
CODE = sorted(path for path in ROOT.rglob("*.py") if "migrations" not in path.parts and path not in PLAIN)
ROOMS = sorted(
    path for path in CODE if path.parent.name in ("actions", "importing", "jobs", "desk", "changes", "allocation")
)
GETTEXT = ("_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext_lazy")


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def refusals() -> set[str]:
    """The names of every refusal there is."""
    classes = [node for path in CODE for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)]
    names = {"Refused"}
    while more := {each.name for each in classes if names & set(map(name_of, each.bases))} - names:
        names |= more
    return names


REFUSALS = refusals()


def in_one_language(node: ast.expr) -> Iterator[ast.expr]:
    """The pieces of an expression that are words in the code, said by nobody's catalog."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        yield node
    elif isinstance(node, ast.IfExp | ast.BoolOp):
        for piece in [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values:
            yield from in_one_language(piece)


def wordless(node: ast.expr) -> bool:
    """Whether what stands in the code is no word: a number's format, an empty text."""
    fixed = node.values if isinstance(node, ast.JoinedStr) else [node]
    text = "".join(str(piece.value) for piece in fixed if isinstance(piece, ast.Constant))
    return not any(sign.isalpha() for sign in text)


def test_there_are_refusals_to_look_at() -> None:
    assert {"Refused", "Stale", "NotCancellable", "NotMatched", "BadWording"} <= REFUSALS
    assert len(REFUSALS) > 40


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_refuses_in_one_language_only(path: Path) -> None:
    calls = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)]
    sentences = [call for call in calls if name_of(call.func) in {*REFUSALS, "said"}]
    pieces = [piece for call in sentences for piece in [*call.args[:1], *(word.value for word in call.keywords)]]
    plain = [ast.unparse(found) for piece in pieces for found in in_one_language(piece) if not wordless(found)]
    assert not plain, "let it be translated: _('…%(name)s…'), name=…"


@pytest.mark.parametrize("path", ROOMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_room_below_the_faces_says_a_plain_sentence(path: Path) -> None:
    tree = parsed(path)
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    words = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    sentences = [word for word in words if " " in word.value and word.value[:1].isalpha() and word.value.endswith(".")]
    # The reason of an act of the system is kept on record, like the words of people.
    kept = [
        node.value for node in ast.walk(tree) if isinstance(node, ast.Assign) and name_of(node.targets[0]) == "REASON"
    ]
    plain = [
        word.value
        for word in sentences
        if word not in kept
        and not isinstance(above[word], ast.Expr)
        and name_of(getattr(above[word], "func", above[word])) not in GETTEXT
    ]
    assert not plain, "let it be translated: said(_('…%(name)s…'), name=…)"


@pytest.mark.django_db
def test_a_refusal_is_read_in_the_readers_language() -> None:
    line = a_line(a_product("AK-17"), 2)
    with pytest.raises(Refused) as refused:
        selling.cancel_line(line, quantity=5, reason="x", by=None, at=AT)
    assert str(refused.value) == f"Only 2 of {line} are still open, not 5."
    with override("tr"):
        assert str(refused.value) == f"{line}: yalnızca 2 adet açık, 5 değil."


def test_a_sentence_that_is_plain_stays_as_it_is() -> None:
    assert str(Refused("100 % of %(nothing)s", nothing=1)) == "100 % of %(nothing)s"


def test_a_sentence_within_a_sentence_speaks_the_same_language() -> None:
    inner = said(gettext_lazy("%(line)s was shipped."), line="A-1 100 %")
    refused = Refused(gettext_lazy("%(sku)s: %(why)s"), sku="AK-17", why=inner)
    assert in_every_language(refused) == {"en": "AK-17: A-1 100 % was shipped.", "tr": "AK-17: A-1 100 % sevk edildi."}
    assert str(Refused(inner)) == "A-1 100 % was shipped."


def test_moments_and_days_are_written_as_the_reader_writes_them() -> None:
    at = said(gettext_lazy(" (%(act)s by %(who)s, %(at)s)"), act="x", who="y", at=AT.replace(month=12, day=4))
    assert in_every_language(at)["tr"].count("Ara 20")
    assert in_every_language(at)["en"].count("Dec 20")


@pytest.mark.django_db
def test_the_acts_inside_sentences_have_the_readers_names() -> None:
    line = a_line(a_product("AK-17"), 2)
    order = line.order
    change = queueing.hold(line, reason="x", by=None, at=AT).change_set
    queueing.expedite(line, reason="x", by=None, at=AT)
    with pytest.raises(Refused) as stale:
        selling.cancel_order(order, reason="x", seen_version=0, by=None, at=AT)
    with pytest.raises(Refused) as closed:
        undoing.undo(an_undo(change), by=None, at=AT)
    objections = [stale.value, undoing.objection_to_undo(change), closed.value]
    english = [in_every_language(each)["en"] for each in objections]
    turkish = [in_every_language(each)["tr"] for each in objections]
    assert "(Expedited by system, 1 Jun 2026 12:00)" in english[0]
    assert "(Öne alındı, sistem, 1 Haz 2026 12:00)" in turkish[0]
    assert english[1] == "The order was changed again since (Expedited, 1 Jun 2026 12:00)."
    assert turkish[1] == "Sipariş bundan sonra yeniden değiştirildi (Öne alındı, 1 Haz 2026 12:00)."
    assert english[2] == "“Undone” cannot be undone. Do the act again instead."
    assert turkish[2] == "“Geri alındı” geri alınamaz. Bunun yerine işlemi yeniden yapın."


def an_undo(change: ChangeSet) -> ChangeSet:
    return ChangeSet.objects.create(act="undo", source="system", at=change.at)


@pytest.mark.django_db
def test_what_is_not_accepted_is_said_in_one_language() -> None:
    category = Category.objects.create(name="Kettles")
    product = a_product("AK-17", category=category, backorder_policy="never")
    a_product("AK-18", stock=9, name="Kettle")
    Substitute.objects.create(product=product, substitute=Product.objects.get(sku="AK-18"))
    with pytest.raises(Refused) as refused:
        an_order((product, 2))
    spoken = in_every_language(refused.value)
    assert spoken["en"] == (
        "AK-17: only 0 available, and it is not sold before it arrives. In stock instead: AK-18 Kettle."
    )
    assert spoken["tr"] == "AK-17: yalnızca 0 adet var ve gelmeden satılmıyor. Onun yerine stokta olan: AK-18 Kettle."


@pytest.mark.django_db
def test_a_line_that_is_so_already_says_it_in_the_readers_language() -> None:
    line = a_line(a_product("AK-17"), 2)
    queueing.hold(line, reason="x", by=None, at=AT)
    with pytest.raises(Refused) as refused:
        queueing.hold(line, reason="x", by=None, at=AT)
    assert in_every_language(refused.value) == {
        "en": f"{line.order} line {line.pk} is on hold already.",
        "tr": f"{line.order} satır {line.pk} zaten beklemede.",
    }
