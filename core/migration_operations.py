"""What migrations of this house need beyond Django's operations: all tables of an app at once, and append-only tables."""

from django.db.migrations.operations.base import Operation, OperationCategory

_MESSAGE = "append-only table: correct it with a further event"


class CreateTables(Operation):
    """Creates the tables of an app at once; `models` are CreateModel operations with all their fields.

    Django's own CreateModel builds every related model anew for every table. Nearly everything here is related to
    everything else, so that a first start spent most of a minute on it; this builds the models once per app.
    """

    serialization_expand_args = ["models"]
    category = OperationCategory.ADDITION
    reversible = True

    def __init__(self, models):
        self.models = models

    def deconstruct(self):
        return type(self).__qualname__, [], {"models": self.models}

    def state_forwards(self, app_label, state):
        # Without rendered models at hand, the state takes each new one in without looking at the others.
        state.clear_delayed_apps_cache()
        state.__dict__.pop("apps", None)
        for model in self.models:
            model.state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for model in self.models:
            model.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        for model in reversed(self.models):
            model.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self):
        return f"Create {len(self.models)} tables"

    def references_model(self, name, app_label):
        return any(model.references_model(name, app_label) for model in self.models)


class AppendOnly(Operation):
    """Puts a table's append-only triggers in place, or takes them away (`on=False`), on SQLite and PostgreSQL."""

    category = OperationCategory.SQL
    reversible = True

    def __init__(self, table: str, on: bool = True):
        self.table, self.on = table, on

    def deconstruct(self):
        return type(self).__qualname__, [self.table], {} if self.on else {"on": False}

    def state_forwards(self, app_label, state):
        """Triggers are no part of the models."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        self._set(schema_editor, self.on)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        self._set(schema_editor, not self.on)

    def describe(self):
        return f"{'Make' if self.on else 'No longer keep'} {self.table} append-only"

    def _set(self, schema_editor, on: bool) -> None:
        for statement in (_create if on else _drop)(self.table, schema_editor.connection.vendor):
            # The % of PostgreSQL's RAISE is not a parameter.
            schema_editor.execute(statement, params=None)


def protect(*tables: str) -> list[AppendOnly]:
    """Migration operations that make tables append-only in the database itself.

    The triggers stand aside only while the writing transaction itself holds a row in core_maintenance
    (core.maintenance), which no other transaction can see. An app whose migration alters a protected table later
    must drop the triggers first: SQLite rebuilds altered tables.
    """
    return [AppendOnly(table) for table in tables]


def unprotect(*tables: str) -> list[AppendOnly]:
    """Migration operations that take the triggers away before an alteration; `protect` follows in the same migration."""
    return [AppendOnly(table, on=False) for table in tables]


def _create(table: str, vendor: str) -> list[str]:
    """The statements that make a table append-only. Only our own table names come into them, never data."""
    if vendor == "postgresql":
        return [
            f"""
            CREATE OR REPLACE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF EXISTS (SELECT 1 FROM core_maintenance) THEN
                    RETURN COALESCE(NEW, OLD);
                END IF;
                RAISE EXCEPTION '{_MESSAGE} (%)', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
            END $$
            """,  # noqa: S608
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION core_refuse_change()",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change()",
        ]
    return [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "  # noqa: S608
        "WHEN NOT EXISTS (SELECT 1 FROM core_maintenance) "
        f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def _drop(table: str, vendor: str) -> list[str]:
    if vendor == "postgresql":
        return [f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}" for name in ("append_only", "no_truncate")]
    return [f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for verb in ("update", "delete")]
