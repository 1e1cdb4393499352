"""Files of imports are kept for ninety days: then the file goes, of what was applied the rows stay."""

import datetime

import pytest

from backorders.importing import purging
from backorders.importing.models import Import, ImportFile
from backorders.jobs.models import Job
from tests.factories import AT, a_product, day
from tests.importing.desk import a_purchase_order, applied, opened

pytestmark = pytest.mark.django_db

TEXT = f"PO;SKU;ETA\nPO-1;AK-17;{day(30)}"


def old() -> Import:
    """An import whose ninety days are over."""
    a_purchase_order("PO-1", (a_product("AK-17"), 60))
    mine = opened(TEXT)
    Import.objects.filter(pk=mine.pk).update(created_at=AT - purging.KEPT)
    return mine


def test_what_was_applied_keeps_its_rows_without_the_file() -> None:
    mine = old()
    applied(mine)
    assert purging.purge_files(at=AT) == 1
    assert purging.purge_files(at=AT) == 0
    mine.refresh_from_db()
    assert mine.rows.count() == 1
    assert not ImportFile.objects.exists()


def test_what_never_came_to_anything_goes_altogether() -> None:
    old()
    assert purging.purge_files(at=AT - datetime.timedelta(seconds=1)) == 0
    assert Import.objects.exists()
    assert purging.purge_files(at=AT) == 1
    assert not Import.objects.exists()


def test_what_a_job_works_on_stays() -> None:
    mine = old()
    Job.objects.create(kind="check_import", subject="import", object_id=mine.pk, about="x", created_at=AT)
    assert purging.purge_files(at=AT) == 0
    assert ImportFile.objects.exists()
