from django.db import migrations, models
from django.db.models import Q


def keep_the_sentence(apps, schema_editor):
    jobs = apps.get_model("jobs", "Job").objects.exclude(failure="")
    for pk, failure in jobs.values_list("pk", "failure"):
        jobs.filter(pk=pk).update(why={"en": failure})


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [
        migrations.RemoveConstraint("job", "a_job_that_failed_says_why"),
        migrations.AddField(
            "job",
            "why",
            models.JSONField(blank=True, default=dict, help_text="why it failed, a sentence by language"),
        ),
        migrations.RunPython(keep_the_sentence, migrations.RunPython.noop),
        migrations.RemoveField("job", "failure"),
        migrations.AddConstraint(
            "job",
            models.CheckConstraint(name="a_job_that_failed_says_why", condition=~Q(state="failed") | ~Q(why={})),
        ),
    ]
