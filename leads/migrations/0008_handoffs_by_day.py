import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0007_list_indexes")]

    operations = [
        migrations.AddField(
            model_name="obligation",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(fields=["entered_day"], name="leads_handoff_by_day"),
        ),
    ]
