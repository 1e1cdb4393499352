from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0005_suppliers_who_answer_no_mail"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("access_asked", "access asked for"),
                    ("approval_asked", "approval asked for"),
                    ("approval_decided", "approval decided"),
                    ("call", "customers to call"),
                    ("supplier_call", "suppliers to call"),
                    ("supplier_silent", "suppliers who answer no mail"),
                    ("proposal", "suppliers answered"),
                    ("job", "job needs you"),
                    ("short", "goods came short"),
                    ("uncovered", "goods to buy"),
                ],
                max_length=20,
            ),
        ),
    ]
