"""Mapping files: what is unknown or contradictory is refused with a sentence."""

import re
from pathlib import Path

import pytest

from integrations.errors import FileError
from integrations.fields import FIELDS
from integrations.mapping import load_mapping

BASE = 'entity = "lead"\nsource = "crm"\n'
COLUMNS = '[columns]\nexternal_id = "id"\n'


@pytest.fixture
def load(tmp_path):
    def read(text):
        path = tmp_path / "m.toml"
        path.write_text(text, encoding="utf-8")
        return load_mapping(path)

    return read


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("entity = \n", "not valid TOML: Invalid value (at line 1"),
        ('entity = "leads"\n', "entity is one of: lead, stage_change"),
        ('entity = "lead"\n' + COLUMNS, "source is missing"),
        (BASE, "[columns] is missing"),
        (BASE + '[columns]\nname = "n"\n', "a lead needs external_id"),
        (BASE + 'delimeter = ";"\n' + COLUMNS, "unknown key “delimeter”. Did you mean “delimiter”?"),
        (BASE + COLUMNS + 'chanel = "c"\n', "lead has no field “chanel”. Did you mean “channel”?"),
        (BASE + COLUMNS + '[constants]\nexternal_id = "1"\n', "“external_id” stands in columns and in constants"),
        (BASE + COLUMNS + '[dates]\ncreated_at = ["%d.%m"]\n', "is not a date format with year, month and day"),
        (BASE + COLUMNS + '[dates]\nname = ["iso"]\n', "“name” is not a date"),
        (BASE + COLUMNS + '[unknown]\nchannel = "guess"\n', "unknown.channel is one of: create, reject, empty"),
        (BASE + COLUMNS + '[unknown]\nteam = "create"\n', "unknown.team is one of: reject, empty"),
        (BASE + COLUMNS + '[snapshot]\nat = "soon"\n', "snapshot.at is a date"),
        (BASE + COLUMNS + "[filter]\nx = 5\n", "filter.x is a list of values"),
        (BASE + 'timezone = "Berlin"\n' + COLUMNS, "“Berlin” is not a time zone"),
        (BASE + 'encoding = "rot13"\n' + COLUMNS, "is not an encoding"),
        (BASE + 'delimiter = ";;"\n' + COLUMNS, "delimiter is one character"),
        (BASE + 'decimal = "·"\n' + COLUMNS, "decimal is one of"),
        (BASE + "skip_footer = -1\n" + COLUMNS, "skip_footer is a whole number"),
        (BASE + COLUMNS + '[emit]\nentity = "touch"\n', "write further entities as [[emit]]"),
        (BASE + COLUMNS + '[[emit]]\nentity = "stage_change"\n', "[[emit]] number 1: a stage_change needs stage"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(load, text, says):
    with pytest.raises(FileError) as error:
        load(text)
    assert says in str(error.value)


def test_custom_fields_may_be_written_with_and_without_quotes(load):
    text = BASE + COLUMNS + 'custom.size = "Size"\n"custom.kind" = "Kind"\n[values.custom.size]\nS = "small"\n'
    main = load(text).main
    assert main.columns == {"external_id": "id", "custom.size": "Size", "custom.kind": "Kind"}
    assert main.values == {"custom.size": {"S": "small"}}


def test_emitted_parts_take_over_what_they_do_not_say(load):
    mapping = load(
        BASE + 'timezone = "America/Sao_Paulo"\n' + COLUMNS + "[snapshot]\nat = 2026-11-01\n"
        '[[emit]]\nentity = "stage_change"\nwhen = "won"\n[emit.columns]\noccurred_at = "won"\n'
        '[emit.constants]\nstage = "won"\n'
    )
    emitted = mapping.parts[1]
    assert (emitted.source, emitted.zone, emitted.snapshot) == (
        mapping.main.source,
        mapping.main.zone,
        mapping.main.snapshot,
    )
    assert mapping.headers() == {"id", "won"}


@pytest.mark.parametrize("name", ["olist_leads", "olist_deals", "maven_pipeline", "maven_accounts"])
def test_the_mappings_of_the_real_files_are_valid(name):
    from tests.integrations.conftest import MAPPINGS

    assert load_mapping(MAPPINGS / f"{name}.toml").main.columns


def test_every_example_of_the_documentation_is_valid_and_every_entity_has_one(load):
    page = (Path(__file__).resolve().parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
    examples = [load(text) for text in re.findall(r"```toml\n(.*?)```", page, re.S)]
    assert {mapping.main.entity for mapping in examples} == set(FIELDS)
    fields = {name for entity in FIELDS.values() for name in entity}
    assert not {name for name in fields if f"`{name}`" not in page}
