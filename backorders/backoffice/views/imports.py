"""Import of ETAs: one page with a stable address through all its steps, and what is decided on it."""

import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.actions.done import Done
from backorders.actions.seconding import NeedsApproval
from backorders.backoffice import imports, spreadsheets
from backorders.backoffice.forms.imports import ApplyForm, ColumnsForm, OpenForm
from backorders.backoffice.impacts import kept_impact
from backorders.backoffice.jobs import shown
from backorders.backoffice.paging import page_of
from backorders.backoffice.views.jobs import STOP_POLLING
from backorders.backoffice.views.screen import REFUSED, Doing, Screen, with_way_to
from backorders.ids import typed_id
from backorders.importing import columns, opening, pausing
from backorders.importing.checking import State
from backorders.importing.models import Import, ImportRow
from backorders.importing.reading import first_rows, sheet_of
from backorders.importing.working import counts
from backorders.jobs import running
from backorders.jobs.models import Job
from backorders.refusal import Refused
from backorders.supply.models import PurchaseLine, Supplier

AT_ONCE = datetime.timedelta(seconds=0.7)  # what is done by then needs no progress; the rest goes to the workers
PERMISSION = "revising.revise_eta"
NEEDING = (State.REFUSED, State.ERROR, State.CHOOSE, State.READY)  # what is left for a person once a list was applied


class Imports(Screen):
    """A new list, and the imports before it."""

    template_name = "backoffice/imports.html"
    permission = PERMISSION
    title = gettext_lazy("Import ETAs")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the form and the latest imports."""
        page = page_of(Import.objects.select_related("supplier", "by", "job").order_by("-id"), self.request)
        suppliers = Supplier.objects.order_by("name", "id")[:200]
        return super().get_context_data(page=page, suppliers=suppliers, **{"form": OpenForm(), **kwargs})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Open an import, or say what is wrong with what was given."""
        form = OpenForm(request.POST, request.FILES)
        if form.is_valid():
            content, name = form.given()
            try:
                mine = opening.open_import(
                    content, name=name, supplier=form.cleaned_data["supplier"], by=self.by, at=self.at
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                run_at_once(mine.job)
                return HttpResponseRedirect(reverse("admin:import", args=[mine.pk]))
        return self.render_to_response(self.get_context_data(form=form), status=REFUSED)


class ImportScreen(Screen):
    """A page of one import."""

    permission = PERMISSION

    @cached_property
    def mine(self) -> Import:
        """The import."""
        return get_object_or_404(Import.objects.select_related("supplier", "by", "job"), pk=self.kwargs["pk"])

    @cached_property
    def is_busy(self) -> bool:
        """Whether a job works on it."""
        return self.mine.job is not None and not self.mine.job.is_ended

    def heading(self) -> str:
        """Name the import."""
        return _("Import %(number)s: %(name)s") % {"number": self.mine.pk, "name": self.mine.name}

    def here(self) -> HttpResponseRedirect:
        """Lead to the import."""
        return HttpResponseRedirect(reverse("admin:import", args=[self.mine.pk]))


class ShowImport(ImportScreen):
    """The step at which an import is."""

    def get_template_names(self) -> list[str]:
        """Return the page of the step."""
        return [f"backoffice/import_{self.step}.html"]

    @cached_property
    def step(self) -> str:
        """Where it is: columns, progress, check or done."""
        if self.is_busy:
            return "progress"
        if not self.mine.are_columns_matched or ("columns" in self.request.GET and self.mine.applied_at is None):
            return "columns"
        if self.mine.checked_at is None:  # the check failed or was stopped
            return "columns"
        return "done" if self.mine.applied_at else "check"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the step shows."""
        job = shown(self.mine.job, at=self.at) if self.mine.job else None
        step = {"columns": 2, "progress": 3, "check": 3, "done": 4}[self.step]
        if self.step == "progress" and self.mine.job and self.mine.job.kind != "check_import":
            step = 4
        more = {"columns": self._columns, "check": self._rows, "done": self._rows, "progress": dict}[self.step]
        around = {"mine": self.mine, "each": job, "step": step, "same": opening.same_before(self.mine)}
        return super().get_context_data(**{**around, **more(), **kwargs})

    def _columns(self) -> dict[str, Any]:
        listed = first_rows(sheet_of(bytes(self.mine.file.content)))
        form = ColumnsForm(of=self.mine, listed=listed)
        return {"form": form, **columns_shown(form, self.mine, listed)}

    def _rows(self) -> dict[str, Any]:
        return {**self._counted(), "needs_approval": opening.needs_second_person(self.mine, by=self.by)}

    def _counted(self) -> dict[str, Any]:
        found = counts(self.mine)
        needing = sum(found[state] for state in NEEDING)
        view = self.request.GET.get("show", "")
        rows = self.mine.rows.select_related("line__purchase_order", "line__product").order_by("number")
        if self.step == "done" and not view:
            rows = rows.order_by(Case(When(state__in=NEEDING, then=0), default=1), "number")
        if view in State:
            rows = rows.filter(state=view)
        page = page_of(rows, self.request)
        is_editing = self.step == "check" and any(row.state in imports.TYPED for row in page.rows)
        names = dict(ImportRow._meta.get_field("state").flatchoices)
        tabs = [(state.value, names[state.value], found[state]) for state in State if found[state]]
        impact = kept_impact(self.mine.impact)
        done = [state for state in (State.APPLIED, State.REFUSED, State.UNDONE) if found[state]]
        return {
            "counts": found,
            "needing": needing,
            "settled": found["all"] - needing,
            "tabs": tabs,
            "view": view,
            "page": page,
            "rows": imports.shown_rows(self.mine, page.rows, is_editing=is_editing),
            "is_editing": is_editing,
            "roles": [imports.ROLE_NAMES[role] for role in imports.shown_roles(self.mine)],
            "groups": imports.groups(self.mine) if self.step == "check" else [],
            "preview": impact,
            "button": self._button(found, impact),
            "form": ApplyForm(initial={"note": self.mine.note}),
            "can_undo": self.mine.rows.filter(state=State.APPLIED).exclude(problem="changed_since").exists(),
            "done": done,
            "is_recent": pausing.is_in_quiet_period(self.mine, at=self.at),
            "paused_until": pausing.paused_until(self.mine, at=self.at) if done else None,
        }

    def _button(self, found: dict[str, int], impact: Any) -> str:
        ready = found["ready"]
        button = ngettext("Apply %(rows)s row", "Apply %(rows)s rows", ready) % {"rows": f"{ready:,}"}
        if not ready or not impact or not impact.to_tell:
            return button
        told: int = impact.to_tell
        words = ngettext("%(button)s and tell %(count)s customer", "%(button)s and tell %(count)s customers", told)
        return words % {"button": button, "count": f"{told:,}"}


def columns_shown(form: ColumnsForm, mine: Import, listed: list[list[str]]) -> dict[str, Any]:
    """Return what the step of the columns shows: each with its name, its samples and its field."""
    below = listed[(mine.header + 1 if mine.header is not None else 0) :]
    names = columns.named(listed, mine.header, len(form.names))
    shown = [
        (names[index], [row[index] for row in below if index < len(row) and row[index]][: imports.SAMPLES], form[name])
        for index, name in enumerate(form.names)
    ]
    return {"shown": shown, "ignored": [name for name, _samples, field in shown if name and not field.initial]}


class MatchColumns(ImportScreen):
    """Say what the columns hold."""

    http_method_names = ["post", "options"]
    template_name = "backoffice/import_columns.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Match and check, or say what is missing."""
        listed = first_rows(sheet_of(bytes(self.mine.file.content)))
        form = ColumnsForm(request.POST, of=self.mine, listed=listed)
        if form.is_valid():
            said = form.cleaned_data
            try:
                job = opening.match_columns(
                    self.mine,
                    roles=form.roles(),
                    header=said["header"],
                    confidence=said["confidence"],
                    by=self.by,
                    at=self.at,
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                run_at_once(job)
                return self.here()
        shown = columns_shown(form, self.mine, listed)
        return self.render_to_response(
            self.get_context_data(form=form, mine=self.mine, step=2, **shown), status=REFUSED
        )


class ImportDoing(ImportScreen):
    """What is done to an import at a click: `does` is one verb that starts a job."""

    http_method_names = ["post", "options"]

    def does(self) -> Job:
        """Call the verb."""
        raise NotImplementedError

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do it, and what of the job is done at once; or say on the next page why not."""
        try:
            run_at_once(self.does())
        except NeedsApproval as refusal:
            if "ask" in request.POST:
                self.send_for_approval(refusal)
            else:
                messages.error(request, str(refusal))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(f"{self.here().url}?{request.GET.urlencode()}".rstrip("?"))

    @cached_property
    def typed(self) -> dict[int, dict[str, str]]:
        """What was typed over cells, by the numbers of their rows; only what differs from what stands there counts."""
        edits: dict[int, dict[str, str]] = {}
        for name, text in self.request.POST.items():
            _first, _sep, rest = name.partition("cell-")
            number, _dash, role = rest.partition("-")
            if (pk := typed_id(number)) is not None and text != self.request.POST.get(f"was-{rest}", ""):
                edits.setdefault(pk, {})[role] = str(text)
        return edits


class Decide(ImportDoing):
    """Decide for a group of rows."""

    def does(self) -> Job:
        """Take the button that was pressed, and what was typed where it asks for something else."""
        said = self.request.POST
        choice = said.get("choice", "")
        choice = f"to:{said.get('other', '').strip()}" if choice == "to" else choice
        return opening.decide(
            self.mine,
            problem=said.get("problem", ""),
            about=said.get("about", ""),
            choice=choice,
            by=self.by,
            at=self.at,
        )


class TypeOver(ImportDoing):
    """Type over cells of rows."""

    def does(self) -> Job:
        """Take what was typed, and check again."""
        return opening.type_over(self.mine, edits=self.typed, by=self.by, at=self.at)


class CheckAgain(ImportDoing):
    """Check against what is outstanding now; or forget what was decided."""

    def does(self) -> Job:
        """Check again."""
        verb = opening.take_back_decisions if "forget" in self.request.POST else opening.check_again
        return verb(self.mine, by=self.by, at=self.at)


class ApplyImport(ImportDoing):
    """Apply what is ready; what was typed and not checked is checked first, since nobody has seen whom it moves."""

    def does(self) -> Job:
        """Start applying, or checking."""
        said = self.request.POST
        if self.typed:
            job = opening.type_over(self.mine, edits=self.typed, by=self.by, at=self.at)
            messages.warning(self.request, _("Nothing was applied: what you typed was checked first. Look again."))
            return job
        return opening.start_applying(
            self.mine, reason_code=said.get("reason_code", ""), note=said.get("note", ""), by=self.by, at=self.at
        )


class UndoImport(ImportDoing):
    """Put back the dates from before; where very many customers would hear of it the button asks a second person."""

    def does(self) -> Job:
        """Start undoing."""
        return opening.start_undoing(self.mine, by=self.by, at=self.at)


class PauseMails(Doing):
    """Let nobody hear of it by itself for a day."""

    permission = PERMISSION

    def does(self) -> Done[Any]:
        """Pause."""
        return pausing.pause_mails(get_object_or_404(Import, pk=self.kwargs["pk"]), by=self.by, at=self.at)

    def done_sentence(self, done: Done[Any]) -> SafeString:
        """Say for how many."""
        said = ngettext(
            "E-mails are paused: staff tell %(count)s customer for a day, unless a date presses.",
            "E-mails are paused: staff tell %(count)s customers for a day, unless a date presses.",
            done.made,
        )
        return with_way_to(done, said % {"count": done.made})

    def back(self) -> str:
        """Go back to the import."""
        return reverse("admin:import", args=[self.kwargs["pk"]])


class ImportProgress(ImportScreen):
    """How far its job is, for the page that follows it; when it has ended, the page is loaded again."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with the progress."""
        context = {"each": shown(self.mine.job, at=self.at) if self.mine.job else None, "mine": self.mine}
        response = self.response_class(
            request, "backoffice/job.html", {**context, "place": "page"}, status=200 if self.is_busy else STOP_POLLING
        )
        if not self.is_busy:
            response["HX-Refresh"] = "true"
        return response


class ProblemRows(ImportScreen):
    """The rows that stay behind, as a file with a column that says why."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer with the file."""
        return spreadsheets.csv_of(imports.problem_rows(self.mine), name=f"import-{self.mine.pk}-problems.csv")


class SupplierTemplate(Screen):
    """A supplier's outstanding lines as a workbook: to be sent, filled in, and imported again."""

    permission = PERMISSION

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with the workbook."""
        supplier = get_object_or_404(Supplier, pk=kwargs["pk"])
        lines = PurchaseLine.objects.outstanding().filter(purchase_order__supplier=supplier)
        found = lines.select_related("purchase_order", "product").order_by("eta_on", "id")
        heads = [
            _("Line"),
            _("PO"),
            _("SKU"),
            _("Product"),
            _("Outstanding"),
            _("Present date"),
            _("New date"),
            _("Until"),
        ]
        rows = [
            [line.pk, line.purchase_order.number, line.product.sku, line.product.name, line.outstanding, line.eta_on]
            for line in found.iterator(chunk_size=2_000)
        ]
        return spreadsheets.workbook_of([heads, *rows], name=f"dates-{supplier.pk}.xlsx")


def run_at_once(job: Job | None) -> None:
    """Do of a job what is done in a moment: small lists need no worker, and large ones show progress at once."""
    if job is not None:
        running.run(job.pk, clock=timezone.now, until=timezone.now() + AT_ONCE)
