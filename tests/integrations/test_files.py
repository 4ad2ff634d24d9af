"""Hostile files: every one ends as rows with outcomes or as one sentence, never as a traceback."""

import csv
import random

import pytest

from integrations.csv_reading import MAX_LINES_IN_ROW, open_table
from integrations.errors import FileError
from leads.models import Contact, Lead

MAPPING = """
    entity = "lead"
    source = "crm"
    [columns]
    external_id = "id"
    created_at = "created"
    name = "name"
"""
GOOD = "id,created,name\nL1,2025-03-01,Zoë Müller\nL2,2025-03-02,Bob\n"


@pytest.mark.parametrize(
    ("data", "extra"),
    [
        (GOOD.encode(), ""),
        (GOOD.encode("utf-8-sig"), ""),
        (GOOD.encode("utf-16"), ""),
        (GOOD.encode("utf-16-be"), 'encoding = "utf-16-be"'),
        (GOOD.encode("utf-32"), ""),
        (GOOD.encode("cp1252"), 'encoding = "cp1252"'),
        (GOOD.replace("\n", "\r\n").encode(), ""),
        (GOOD.replace("\n", "\r").encode(), ""),
        (GOOD.replace(",", ";").encode(), ""),
        (GOOD.replace(",", "\t").encode(), ""),
        (GOOD.replace(",", "|").encode(), ""),
        (GOOD.replace(",", "^").encode(), 'delimiter = "^"'),
        (("sep=;\n" + GOOD.replace(",", ";")).encode(), ""),
        (GOOD.replace("id,", " id ,").encode(), ""),
        (GOOD.replace("\n", "\n\n").encode(), ""),
        ((GOOD + "\nTotal (2)\nConfidential\n").encode(), "skip_footer = 2"),
        ('"id","created","name"\n"L1","2025-03-01","Zoë Müller"\n"L2","2025-03-02","Bob"'.encode(), ""),
        (GOOD.replace("\n", ",\n").encode(), ""),
        (GOOD.replace("id,", "id,x,x,").replace("1,", "1,a,b,", 1).replace("2,2025-03-02", "2,a,b,2025-03-02").encode(), ""),
    ],
)
def test_every_way_of_writing_the_same_file_gives_the_same_leads(bring, counts, data, extra):
    assert counts(bring(data, extra + MAPPING)) == {"created": 2}
    assert list(Contact.objects.order_by("id").values_list("name", flat=True)) == ["Zoë Müller", "Bob"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b" \n\r\n\t", "is empty"),
        (GOOD.encode("cp1252"), "is not UTF-8 (line 2). Set encoding"),
        (GOOD.encode("utf-16-le"), "looks like UTF-16"),
        (b"PK\x03\x04rest", "is an Excel workbook or a zip file"),
        (b"\x1f\x8brest", "is a gzip file"),
        (
            b"id,created\nL1,2025-03-01\n",
            "no column “name”. It has: “id”, “created”.",
        ),
        (b"id,created,name,name\nL1,2025-03-01,a,b\n", "has 2 columns called “name”"),
        (b'id,created,"name\nL1', "no column “id”"),
        (b"id,created,na\x00me\nL1,2025-03-01,a\n", "The header of file.csv contains a NUL"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_in_one_sentence(bring, data, says):
    with pytest.raises(FileError) as error:
        bring(data, MAPPING)
    assert says in str(error.value)
    assert not Lead.objects.exists()


def test_a_header_alone_is_a_file_without_rows(bring):
    assert bring("id,created,name\n", MAPPING).as_dict()["read"] == 0


def test_quoted_newlines_and_odd_separators_belong_to_the_cell(bring, counts):
    assert counts(bring('id,created,name\nL1,2025-03-01,"A\r\nB\u2028C, ""D"""\nL2,2025-03-01,x\n', MAPPING)) == {
        "created": 2
    }
    assert Contact.objects.first().name == 'A\r\nB\u2028C, "D"'


def test_an_open_quote_costs_one_row(bring, counts):
    rows = "".join(f"L{n},2025-03-01,x\n" for n in range(2, MAX_LINES_IN_ROW + 200))
    report = bring(f'id,created,name\nL1,2025-03-01,"x\n{rows}', MAPPING)
    assert counts(report) == {"created": MAX_LINES_IN_ROW + 198, "rejected": 1}
    assert report.first_rejects == [(2, "", "opens a quote that is not closed")]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("L1,2025-03-01", "has 2 cells, the header has 3"),
        ("L1,2025-03-01,a,b", "has 4 cells, the header has 3"),
        ("L1,2025-03-01," + "x" * 1_000_000, "has a cell of more than 131072 characters"),
        ('L1,2025-03-01,"a"b', "has a quote in the wrong place"),
    ],
)
def test_a_broken_row_is_rejected_and_the_next_is_read(bring, counts, row, says):
    report = bring(f"id,created,name\n{row}\nL2,2025-03-02,Bob\n", MAPPING)
    assert counts(report) == {"created": 1, "rejected": 1}
    assert report.first_rejects == [(2, "", says)]


def test_rejected_rows_come_back_as_a_safe_file(bring):
    report = bring("id,created,name,note\nL1,never,=1+1,@x\nL2,2025-03-01,a,-5\n", MAPPING)
    with open(report.rejects_file, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["line", "field", "reason", "id", "created", "name", "note"]
    assert rows[1][:2] + rows[1][3:] == ["2", "created_at", "L1", "never", "'=1+1", "'@x"]
    assert report.unmapped == ["note"]


def hostile(rng: random.Random) -> bytes:
    """A file that is nearly right."""
    delimiter, ending = rng.choice(",;\t|"), rng.choice(["\n", "\r\n", "\r"])
    pool = [
        "", "L1", "l1", "2025-03-01", "29.02.2025", "45000", "1e9", "NaN", '"', '""', '"a', "a\x00b", "\u202eabc", "\u200b",
        "=1+1", "x" * 300, "\ud7ff", "0000-00-00", "9999-12-31", "2025-03-30 02:30:00", "a\u2028b", "😀", "  ",
        "mql", delimiter,
    ]  # fmt: skip
    header = ["id", "created", "name"] + rng.choices(["", "id", "x", "é" * 300, " name "], k=rng.randrange(3))
    rng.shuffle(header)
    lines = [delimiter.join(header)] if rng.random() < 0.95 else []
    for number in range(rng.randrange(12)):
        cells = [f"R{number}", "2025-03-01", "n"] if rng.random() < 0.4 else rng.choices(pool, k=rng.randrange(1, 6))
        lines.append(delimiter.join(cells))
    data = ending.join(lines).encode(rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"]))
    return data[: rng.randrange(len(data) + 1)] if rng.random() < 0.1 else data


@pytest.mark.parametrize("seed", range(8))
def test_hostile_files_end_as_rows_or_as_one_sentence(bring, seed):
    rng, read = random.Random(seed), 0
    for _ in range(25):
        try:
            read += bring(hostile(rng), MAPPING).as_dict()["read"]  # adds up, says the fixture
        except FileError as error:
            assert str(error)
    assert read > 5  # the generator does make readable files


def test_hostile_bytes_never_break_the_reader(tmp_path):
    rng = random.Random(7)
    readable = 0
    path = tmp_path / "file.csv"
    for _ in range(400):
        path.write_bytes(hostile(rng))
        try:
            table = open_table(path, wanted={"id"})
            assert len(list(table)) == table.total
            readable += 1
        except FileError as error:
            assert str(error)
    assert readable > 100
