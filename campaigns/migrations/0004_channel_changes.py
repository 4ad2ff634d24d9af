import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


def count_anew(apps, schema_editor):
    """Touches without a channel count for their campaign's: those of before, too."""
    campaigns, changes = apps.get_model("campaigns", "Campaign"), apps.get_model("campaigns", "ChannelChange")
    with_channel = campaigns.objects.filter(channel__isnull=False).values_list("id", flat=True)
    changes.objects.bulk_create([changes(campaign_id=campaign) for campaign in with_channel], batch_size=1_000)


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0003_kinds_of_cost"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChannelChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="campaigns.campaign"
                    ),
                ),
            ],
        ),
        migrations.RunPython(count_anew, migrations.RunPython.noop),
    ]
