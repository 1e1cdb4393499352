"""Why a date moved: a supplier's word on the same product in the act that moved it, the same in every face."""

from collections.abc import Collection, Sequence

from django.db.models import Max

from backorders.allocation.models import PromiseChange
from backorders.supply.models import EtaRevision

Code = EtaRevision.ReasonCode

# What a customer may hear as a reason; the others say nothing, or something about us alone.
GIVEN = (Code.PRODUCTION, Code.PART_SHORTAGE, Code.TRANSPORT, Code.CUSTOMS, Code.SILENCE)


def words_behind(change_sets: Collection[int], *, products: Collection[int]) -> dict[tuple[int, int], EtaRevision]:
    """Return what suppliers said of these products in these acts, by (change set, product)."""
    said = EtaRevision.objects.filter(change_set__in=change_sets, purchase_line__product__in=products)
    revisions = said.select_related("purchase_line__purchase_order__supplier").order_by("id")
    return {(revision.change_set_id, revision.purchase_line.product_id): revision for revision in revisions}


def last_words(lines: Sequence[int]) -> dict[int, EtaRevision]:
    """Return what the supplier said when each line's date moved last; lines moved by nobody's word are missing."""
    if not lines:
        return {}
    newest = PromiseChange.objects.filter(line__in=lines).order_by().values("line").annotate(newest=Max("id"))
    moved_by = PromiseChange.objects.filter(id__in=newest.values("newest"))
    moves = list(moved_by.values_list("line_id", "change_set_id", "line__product_id"))
    words = words_behind({change for _, change, _ in moves}, products={product for _, _, product in moves})
    return {line: words[change, product] for line, change, product in moves if (change, product) in words}


def given_reasons(lines: Sequence[int]) -> dict[int, str]:
    """Return the reason code to give for each line's last moved date; lines without one to give are missing."""
    return {line: word.reason_code for line, word in last_words(lines).items() if word.reason_code in GIVEN}
