"""Rows that are written once. Python refuses early with a clear error; database triggers refuse everything else."""

from django.db import migrations, models


class AppendOnlyError(RuntimeError):
    """A programming error: history is corrected by a further event, never by a change of a row."""


class AppendOnlyQuerySet(models.QuerySet):
    def update(self, **kwargs):
        raise AppendOnlyError(f"{self.model.__name__} is append-only: update refused")

    def delete(self):
        raise AppendOnlyError(f"{self.model.__name__} is append-only: delete refused")

    def bulk_update(self, objs, fields, batch_size=None):
        raise AppendOnlyError(f"{self.model.__name__} is append-only: bulk_update refused")


class AppendOnlyModel(models.Model):
    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise AppendOnlyError(f"{type(self).__name__} is append-only: save refused")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise AppendOnlyError(f"{type(self).__name__} is append-only: delete refused")


_MESSAGE = "append-only table: correct it with a further event"


def _create(table: str):
    def forwards(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                f"""
                CREATE OR REPLACE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF EXISTS (SELECT 1 FROM core_maintenance) THEN
                        RETURN COALESCE(NEW, OLD);
                    END IF;
                    RAISE EXCEPTION '{_MESSAGE} (%)', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
                END $$
                """,  # noqa: S608 - no data, only our own table names
                params=None,  # the % of RAISE is not a parameter
            )
            schema_editor.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION core_refuse_change()"
            )
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change()"
            )
            return
        for verb in ("UPDATE", "DELETE"):
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "  # noqa: S608 - no data
                "WHEN NOT EXISTS (SELECT 1 FROM core_maintenance) "
                f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
            )

    return forwards


def _drop(table: str):
    def backwards(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for name in ("append_only", "no_truncate"):
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}")
            return
        for verb in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")

    return backwards


def protect(*tables: str) -> list[migrations.RunPython]:
    """Migration operations that make tables append-only in the database itself, on SQLite and PostgreSQL.

    The triggers stand aside only while the writing transaction itself holds a row in core_maintenance
    (core.maintenance), which no other transaction can see. An app whose migration alters a protected table later
    must drop the triggers first: SQLite rebuilds altered tables.
    """
    return [migrations.RunPython(_create(table), _drop(table), elidable=False) for table in tables]


def unprotect(*tables: str) -> list[migrations.RunPython]:
    """Migration operations that take the triggers away before an alteration; `protect` follows in the same migration."""
    return [migrations.RunPython(_drop(table), _create(table), elidable=False) for table in tables]
