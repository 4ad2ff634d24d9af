from django.db import migrations, models

from core.append_only import protect, unprotect


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0002_previews_and_content")]

    operations = [
        *unprotect("campaigns_spend"),
        migrations.AddField(
            model_name="spend",
            name="kind",
            field=models.CharField(
                choices=[
                    ("programme", "Programme"),
                    ("people", "People"),
                    ("tools", "Tools"),
                    ("commissions", "Commissions"),
                    ("other", "Other"),
                ],
                default="programme",
                help_text="only programme cost is of a campaign or channel",
                max_length=11,
            ),
        ),
        migrations.AddConstraint(
            model_name="spend",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "programme"),
                    models.Q(("campaign__isnull", True), ("channel__isnull", True)),
                    _connector="OR",
                ),
                name="campaigns_spend_of_all_campaigns",
            ),
        ),
        *protect("campaigns_spend"),
    ]
