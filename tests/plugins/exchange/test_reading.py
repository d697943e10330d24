"""Reading files: encodings, delimiters, quotes, headings, cells. No column may ever shift silently."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from plugins.exchange import encodings, sources
from plugins.exchange.sources import FileRefused, Source, Wish
from tests.plugins.exchange.making import SAMPLES, needs_samples, table, workbook

RUSSIAN = [["Название", "Город"], ["ООО «Ромашка»", "Нижний Новгород"], ["Щёлковский завод", "Москва"]]


async def read(path: Path, wish: Wish | None = None) -> tuple[Source, list[list[str]]]:
    out = path.with_suffix(".rows")
    source = await sources.read(path, out, wish or Wish())
    return source, [row.cells for row in sources.rows(out)]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251", "koi8-r", "cp866", "iso8859-5", "mac_cyrillic"]
)
async def test_russian_text_is_read_in_every_encoding_it_is_written_in(tmp_path: Path, encoding: str) -> None:
    rows = [[cell.replace("«", '"').replace("»", '"') for cell in row] for row in RUSSIAN]
    source, found = await read(table(tmp_path / "t.csv", rows, encoding=encoding, delimiter=";"))
    assert [source.names, *found] == rows
    assert encodings.codec(source.encoding) == encodings.codec(encoding)


async def test_utf_16_without_a_mark_is_recognised(tmp_path: Path) -> None:
    _source, found = await read(table(tmp_path / "t.csv", RUSSIAN, encoding="utf-16-le"))
    assert found == RUSSIAN[1:]


async def test_a_western_file_is_not_taken_for_russian(tmp_path: Path) -> None:
    rows = [["name", "city"], ["Café Müller", "Köln"], ["Señor Núñez", "Málaga"], ["François Été", "Besançon"]]
    source, found = await read(table(tmp_path / "t.csv", rows, encoding="cp1252"))
    assert found == rows[1:]
    assert source.encoding == "windows-1252"


async def test_an_encoding_may_be_chosen_and_a_senseless_one_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", RUSSIAN, encoding="cp1251")
    wrong, _found = await read(path, Wish(encoding="koi8-r"))
    assert wrong.names != RUSSIAN[0]
    with pytest.raises(FileRefused) as refused:
        await read(path, Wish(encoding="rot13"))
    assert refused.value.code == "encoding"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["name", "price", "note"], ["Bolt, small", "1,5", "a;b"], ["Nut", "2,25", "c|d"], ["Cap", "3,1", "e"]]
    source, found = await read(table(tmp_path / "t.csv", rows, delimiter=delimiter))
    assert source.delimiter == delimiter
    assert found == rows[1:]


async def test_one_column_with_commas_in_it_is_one_column_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("address\nTver, Lenin st.\nPerm, Mira st.\n")
    source, found = await read(path, Wish(delimiter="\x1f"))
    assert (source.names, found) == (["address"], [["Tver, Lenin st."], ["Perm, Mira st."]])


async def test_excels_separator_line_is_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sep=;\nname;city\nAnna;Omsk\n")
    source, found = await read(path)
    assert (source.names, found) == (["name", "city"], [["Anna", "Omsk"]])


async def test_line_ends_quotes_and_leading_zeros_stay_in_their_cells(tmp_path: Path) -> None:
    rows = [["code", "text"], ["007", 'said "yes",\nthen left'], ["0012345678901234567890", "two\r\nlines"]]
    source, found = await read(table(tmp_path / "t.csv", rows))
    assert found == rows[1:]
    assert source.rows == 2


async def test_a_stray_quote_takes_its_own_line_only(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b,c\n1,2,3\n4,"5,6\n7,8,9\n' + '1,"2,5",3\n' * 50)
    source, found = await read(path)
    assert found[1] == ["4", '"5', "6"]
    assert found[2] == ["7", "8", "9"]
    assert source.flaw_counts["quotes"] == 1


async def test_names_in_quotes_in_a_file_that_quotes_nothing_keep_them(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('"Ромашка" ООО\t5\n"Василёк" ЗАО\t7\n', encoding="utf-8")
    _source, found = await read(path)
    assert found == [['"Ромашка" ООО', "5"], ['"Василёк" ЗАО', "7"]]


async def test_rows_of_another_width_are_told_of_and_not_shifted(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,name,age\n1,Anna,30\n2,Boris\n3,Vera,40,extra\n4,Gleb,50\n")
    source, found = await read(path)
    assert found == [["1", "Anna", "30"], ["2", "Boris"], ["3", "Vera", "40", "extra"], ["4", "Gleb", "50"]]
    assert [(row, flaw) for row, flaw, _value in source.flaws] == [(3, "narrow"), (4, "wide")]


async def test_headings_are_found_below_a_title(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Отчёт по клиентам;;\nза ноябрь;;\n;;\nИмя;Город;Сумма\nАнна;Омск;100\nБорис;Тверь;200\n")
    source, found = await read(path)
    assert (source.header, source.names) == (4, ["Имя", "Город", "Сумма"])
    assert len(found) == 2


async def test_a_table_without_headings_has_none(tmp_path: Path) -> None:
    source, found = await read(table(tmp_path / "t.csv", [["1", "anna@example.org"], ["2", "boris@example.org"]]))
    assert (source.header, source.names) == (0, ["", ""])
    assert len(found) == 2


async def test_the_row_of_headings_may_be_chosen(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", [["a", "b"], ["c", "d"], ["e", "f"]])
    assert (await read(path, Wish(header=0)))[1] == [["a", "b"], ["c", "d"], ["e", "f"]]
    assert (await read(path, Wish(header=2)))[0].names == ["c", "d"]


async def test_blank_and_repeated_headings_are_told_of(tmp_path: Path) -> None:
    source, _found = await read(table(tmp_path / "t.csv", [["id", "", "name", "name"], ["1", "2", "Anna", "Berg"]]))
    assert source.names == ["id", "", "name", "name (2)"]
    assert set(source.flaw_counts) == {"blank_heading", "repeated_heading"}


async def test_numbers_of_a_workbook_lose_their_point_and_dates_are_iso(tmp_path: Path) -> None:
    day = dt.datetime(2026, 11, 23)  # noqa: DTZ001  (a cell has no zone)
    path = workbook(
        tmp_path / "t.xlsx",
        [["ИНН", "Сумма", "Дата", "Да"], [7707083893.0, 0.1 + 0.2, day, True]],
        default_date_format="dd.mm.yyyy",
    )
    _source, found = await read(path)
    assert found == [["7707083893", "0.3", "2026-11-23", "true"]]


async def test_a_sheet_may_be_chosen(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "t.xlsx"
    book = xlsxwriter.Workbook(str(path))
    for name in ("First", "Второй"):
        book.add_worksheet(name).write_row(0, 0, ["name", name])
    book.close()
    source, _found = await read(path, Wish(sheet="Второй"))
    assert [sheet.name for sheet in source.sheets] == ["First", "Второй"]
    assert "Второй" in source.names


async def test_the_ending_of_a_name_means_nothing(tmp_path: Path) -> None:
    workbook(tmp_path / "t.csv", [["name", "city"], ["Anna", "Omsk"]])
    assert (await read(tmp_path / "t.csv"))[0].sort == "xlsx"


@needs_samples
@pytest.mark.parametrize("name", sorted(path.stem for path in (SAMPLES / "12_csv_torture/spectrum/csvs").glob("*.csv")))
async def test_the_csv_spectrum_is_read_as_it_is_meant(tmp_path: Path, name: str) -> None:
    source = await sources.read(SAMPLES / f"12_csv_torture/spectrum/csvs/{name}.csv", tmp_path / "rows", Wish(header=1))
    found = [dict(zip(source.names, row.cells, strict=True)) for row in sources.rows(tmp_path / "rows")]
    expected = (SAMPLES / f"12_csv_torture/spectrum/json/{name}.json").read_text(encoding="utf-8")
    # The file of line ends was itself stored with other ones.
    assert found == json.loads(expected.replace("\\r\\n", "\\n"))


@needs_samples
async def test_every_odd_file_is_read_or_refused_with_a_reason(tmp_path: Path) -> None:
    folders = ("12_csv_torture", "13_xlsx_odd")
    files = [file for folder in folders for file in sorted((SAMPLES / folder).rglob("*")) if file.is_file()]
    refused = {}
    for file in files:
        try:
            await sources.read(file, tmp_path / "rows")
        except FileRefused as refusal:
            refused[file.name] = refusal.code
    assert len(files) > 250
    assert set(refused.values()) <= {
        "empty",
        "password",
        "broken",
        "too_wide",
        "archive",
        "not_a_table",
        "memory",
        "markup",
    }
    assert refused["pass_protected.xlsx"] == refused["encrypted_no_password.xls"] == "password"
    assert sum(code not in {"empty", "password"} for code in refused.values()) <= 5
