"""Scores that an import wrote over are given scores now, so that an undo brings them back there."""

from django.db import migrations


def rename(old: str, new: str):
    def run(apps, schema_editor):
        apps.get_model("integrations", "ReplacedValue").objects.filter(kind="lead", field=old).update(field=new)

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0004_captured_forms"),
        ("leads", "0014_scores"),
    ]

    operations = [
        migrations.RunPython(rename("score", "given_score"), rename("given_score", "score")),
    ]
