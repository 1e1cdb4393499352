import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0021_messages_replaced"),
    ]

    operations = [
        migrations.RenameField(model_name="reply", old_name="attachments", new_name="left_out"),
        migrations.AddField(
            model_name="reply",
            name="attached",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="reply",
            name="left_out",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.CreateModel(
            name="ReplyFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "number",
                    models.PositiveSmallIntegerField(),
                ),
                ("name", models.CharField(max_length=150)),
                (
                    "kind",
                    models.CharField(max_length=101, verbose_name="type"),
                ),
                ("size", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                (
                    "reply",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="files", to="notifications.reply"
                    ),
                ),
            ],
            options={
                "ordering": ["reply", "number", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("reply", "number"), name="a_file_has_its_place_in_its_mail"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1), ("number__lte", 20)), name="so_many_files_of_a_mail"
                    ),
                    models.CheckConstraint(condition=models.Q(("size__lte", 5242880)), name="a_file_is_no_larger"),
                    models.CheckConstraint(condition=models.Q(("name", ""), _negated=True), name="a_file_has_a_name"),
                ],
            },
        ),
    ]
