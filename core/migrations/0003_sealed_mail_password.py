from django.db import migrations, models

from core.sealing import seal


def seal_what_is_there(apps, schema_editor):
    for row in apps.get_model("core", "MailSettings").objects.all():
        row.sealed_password = seal(row.sealed_password)
        row.save(update_fields=["sealed_password"])


class Migration(migrations.Migration):
    dependencies = [("core", "0002_mail_settings")]

    operations = [
        migrations.RenameField("mailsettings", "password", "sealed_password"),
        migrations.AlterField(
            "mailsettings",
            "sealed_password",
            models.CharField(blank=True, help_text="see core.sealing", max_length=1000),
        ),
        # The way back would have to store the password open again: the field is emptied by hand instead.
        migrations.RunPython(seal_what_is_there),
    ]
