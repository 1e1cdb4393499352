"""Jobs: the list of them, the tray in the header with what can still be undone, and what is asked of a job."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from backorders.actions import revising_many
from backorders.backoffice.demo import loading
from backorders.backoffice.jobs import shown, tray
from backorders.backoffice.last_acts import last_acts
from backorders.backoffice.paging import page_of
from backorders.backoffice.views.screen import Screen, our_address
from backorders.jobs import steering
from backorders.jobs.models import Job
from backorders.refusal import Refused

STOP_POLLING = 286  # htmx stops asking when it is answered so


class Jobs(Screen):
    """Every job, the latest first."""

    template_name = "backoffice/jobs.html"
    title = _("Jobs")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add a page of jobs: everybody's for who may change anybody's, else one's own."""
        page = page_of(_visible(self.request).select_related("by").order_by("-created_at", "-id"), self.request)
        acts = [] if page.number > 1 else last_acts(self.by, at=self.at)
        jobs = [shown(job, at=self.at) for job in page.rows]
        return super().get_context_data(page=page, shown=jobs, acts=acts, **kwargs)


class LastActs(Screen):
    """What this person did in the last minutes and can take back at a press: fetched as the tray is opened."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with the acts alone."""
        acts = last_acts(self.by, at=self.at)
        return self.response_class(request, "backoffice/last_acts.html", {"acts": acts, "place": "tray"})


class JobsTray(Screen):
    """The jobs of the header alone; with nothing left to follow, the header stops asking."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with the tray."""
        jobs = tray(request.user, at=self.at)
        status = 200 if jobs.active else STOP_POLLING
        return self.response_class(request, "backoffice/jobs_tray.html", {"jobs": jobs, "is_part": True}, status=status)


class ShowJob(Screen):
    """One job, followed until it ends; htmx gets the job alone."""

    template_name = "backoffice/job_page.html"

    @cached_property
    def job(self) -> Job:
        """The job; others see what they may steer, and their own."""
        job: Job = get_object_or_404(_visible(self.request).select_related("by"), pk=self.kwargs["pk"])
        return job

    def heading(self) -> str:
        """Name the work."""
        return shown(self.job, at=self.at).name

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what a job that changed ETAs did."""
        done = revising_many.change_of(self.job) if self.job.kind == revising_many.KIND else None
        return super().get_context_data(done=done, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it; with an ended job, the page that followed it is loaded again."""
        each = shown(self.job, at=self.at)
        if not request.headers.get("HX-Request"):
            return self.render_to_response(self.get_context_data(each=each))
        status = STOP_POLLING if self.job.is_ended else 200
        response = self.response_class(request, "backoffice/job.html", {"each": each, "place": "page"}, status=status)
        if self.job.is_ended:
            response["HX-Refresh"] = "true"
        return response


class LoadDemo(Screen):
    """Load the demo into an empty installation, as a job that one follows."""

    http_method_names = ["post", "options"]
    permission = loading.CAPABILITY

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Queue it and show how far it is, or say on the first page why not."""
        try:
            job = loading.load(by=self.by, at=self.at)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:index"))
        return HttpResponseRedirect(reverse("admin:job", args=[job.pk]))


class SteerJob(Screen):
    """Pause, stop, go on with or retry a job; `verb` in the address says which."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask it of the job, or say on the next page why not."""
        verbs = {"pause": steering.pause, "stop": steering.stop, "resume": steering.resume, "retry": steering.retry}
        if kwargs["verb"] not in verbs:
            raise Http404
        job = get_object_or_404(Job, pk=kwargs["pk"])
        if not steering.may_steer(job, by=self.by):
            raise PermissionDenied("jobs.change_job")
        try:
            verbs[kwargs["verb"]](job, by=self.by, at=self.at)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(_back(request))


def _visible(request: HttpRequest) -> Any:
    jobs = Job.objects.with_latest()
    return jobs if request.user.has_perm("jobs.change_job") else jobs.filter(by=request.user.pk)


def _back(request: HttpRequest) -> str:
    return our_address(request.POST.get("next", ""), request) or reverse("admin:jobs")
