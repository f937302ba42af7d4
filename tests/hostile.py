"""Export files that break other readers, each made by a function of its folder."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HEADER = "Handle,Post ID,Posted at,Likes,Comments"
ROW = "ann,p1,2026-05-01,10,2"
Make = Callable[[Path], Path]
HOSTILE: dict[str, Make] = {}


def _named(make: Make) -> Make:
    HOSTILE[make.__name__.replace("_", " ")] = make
    return make


def _text(folder: Path, content: str, name: str = "instagram.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8", newline="")
    return path


def _records(folder: Path, *records: dict[str, object]) -> Path:
    return _text(folder, json.dumps([*records]), "instagram.json")


def _workbook(folder: Path, sheet: str) -> Path:
    """Write a workbook of one sheet from the XML of its rows."""
    path = folder / "instagram.xlsx"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    packages = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{packages}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/s.xml" ContentType="{types}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{packages}/relationships"><Relationship Id="r1" '
        f'Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets>'
        '<sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packages}/relationships">'
        f'<Relationship Id="r1" Type="{rel}/worksheet" Target="worksheets/s.xml"/></Relationships>',
        "xl/worksheets/s.xml": sheet.replace("MAIN", main),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def _cells(*values: str) -> str:
    return "".join(f'<c t="inlineStr"><is><t>{value}</t></is></c>' for value in values)


def _sheet(*rows: str, head: str = "") -> str:
    return f'{head}<worksheet xmlns="MAIN"><sheetData>{"".join(rows)}</sheetData></worksheet>'


@_named
def half_a_character_in_json(folder: Path) -> Path:
    text = '[{"handle": "a\\ud800b", "post id": "p", "posted at": "2026-05-01", "l\\udfffikes": 3}]'
    return _text(folder, text, "instagram.json")


@_named
def a_cell_of_10_mb_in_csv(folder: Path) -> Path:
    return _text(folder, f'{HEADER},Caption\n{ROW},"{"x" * 10_000_000}"\n')


@_named
def a_cell_of_10_mb_in_json(folder: Path) -> Path:
    row = {"handle": "ann", "post id": "p", "posted at": "2026-05-01", "likes": 3}
    return _records(folder, row | {"caption": "x" * 10_000_000})


@_named
def a_handle_of_10_mb_in_json(folder: Path) -> Path:
    row = {"handle": "x" * 10_000_000, "post id": "p", "posted at": "2026-05-01", "likes": 3}
    return _records(folder, row)


@_named
def a_cell_of_10_mb_in_xlsx(folder: Path) -> Path:
    head = _cells(*HEADER.split(","))
    row = _cells(*ROW.split(",")[:-1], os.urandom(5_000_000).hex())
    return _workbook(folder, _sheet(f"<row>{head}</row>", f"<row>{row}</row>"))


@_named
def a_cell_of_10_mb_in_parquet(folder: Path) -> Path:
    path = folder / "instagram.parquet"
    row = dict(zip(HEADER.split(","), ROW.split(","), strict=True))
    pd.DataFrame([row | {"Caption": "x" * 10_000_000}]).to_parquet(path)
    return path


@_named
def a_hundred_thousand_columns_in_csv(folder: Path) -> Path:
    wide = ",".join(f"c{n}" for n in range(100_000))
    return _text(folder, f"{HEADER},{wide}\n{ROW},{wide}\n")


@_named
def a_hundred_thousand_columns_in_json(folder: Path) -> Path:
    return _records(folder, {"handle": "ann"} | {f"c{n}": n for n in range(100_000)})


@_named
def a_hundred_thousand_columns_in_parquet(folder: Path) -> Path:
    path = folder / "instagram.parquet"
    wide = pa.table([pa.array([1])] * 100_000, [f"c{n}" for n in range(100_000)])
    pq.write_table(wide, path, use_dictionary=False, write_statistics=False)
    return path


@_named
def a_hundred_thousand_columns_in_xlsx(folder: Path) -> Path:
    row = f"<row>{_cells(*(f'c{n}' for n in range(100_000)))}</row>"
    return _workbook(folder, _sheet(row, row))


@_named
def a_row_with_a_million_cells(folder: Path) -> Path:
    return _text(folder, f"{HEADER}\n{ROW}\n{',' * 500_000}{'x,' * 500_000}\n{ROW}\n")


@_named
def five_thousand_equal_headers(folder: Path) -> Path:
    return _text(folder, f"{HEADER}{',Likes' * 4900}\n{ROW}{',1' * 4900}\n")


@_named
def a_zip_bomb(folder: Path) -> Path:
    return _workbook(folder, _sheet(f"<row>{_cells('0' * 300_000_000)}</row>"))


@_named
def a_row_number_of_a_billion(folder: Path) -> Path:
    head = _cells(*HEADER.split(","))
    far = f'<row r="999999999">{_cells(*ROW.split(","))}</row>'
    return _workbook(folder, _sheet(f'<row r="1">{head}</row>', far))


@_named
def entities_that_multiply(folder: Path) -> Path:
    steps = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    head = f'<!DOCTYPE x [<!ENTITY e0 "ha">{steps}]>'
    return _workbook(folder, _sheet(f"<row>{_cells('&e11;', 'b')}</row>" * 3, head=head))


@_named
def an_entity_of_another_file(folder: Path) -> Path:
    head = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    return _workbook(folder, _sheet(f"<row>{_cells('&e;', 'b')}</row>" * 3, head=head))


@_named
def json_nested_without_end(folder: Path) -> Path:
    return _text(folder, '{"a":' * 200_000, "instagram.json")


@_named
def json_nested_ten_thousand_deep(folder: Path) -> Path:
    return _text(folder, '{"a":' * 10_000 + "1" + "}" * 10_000, "instagram.json")


@_named
def json_with_endless_numbers(folder: Path) -> Path:
    text = (
        f'[{{"handle": "a", "posted at": "2026-05-01", "likes": {"9" * 6000}}}, {{"likes": 1e999}}]'
    )
    return _text(folder, text, "instagram.json")


@_named
def formulas(folder: Path) -> Path:
    cells = ['=HYPERLINK("//x")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1"]
    rows = "".join(
        f'"{c.replace(chr(34), chr(34) * 2)}",p{n},soon,1,1\n' for n, c in enumerate(cells)
    )
    good = "".join(f"ann,=q{n},2026-05-{n + 1:02d},1,1\n" for n in range(20))
    return _text(folder, f"{HEADER}\n{good}{rows}")


@_named
def null_bytes(folder: Path) -> Path:
    return _text(folder, f"{HEADER}\n{ROW}\nan\0n,p2,2026-05-02,1,1\n")


@_named
def a_name_that_climbs(folder: Path) -> Path:
    return _text(folder, f"{HEADER}\n{ROW}\n", "..\\..\\'; rm $(x)\n <script>.csv")


@_named
def handles_that_climb(folder: Path) -> Path:
    names = ("../../../x", "..\\..\\x", "/etc/passwd", "a\u202eb", "~root", "$(x)")
    rows = (f"{name},p{n},2026-05-01,1,1\n" for n, name in enumerate(names))
    return _text(folder, HEADER + "\n" + "".join(rows))


@_named
def a_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "instagram.csv")
    return folder / "instagram.csv"


@_named
def a_link_to_nowhere(folder: Path) -> Path:
    (folder / "instagram.csv").symlink_to(folder / "gone.csv")
    return folder / "instagram.csv"


@_named
def years_beyond_time(folder: Path) -> Path:
    days = ("99999-01-01", "0000-00-00", "2026-02-30", "1e300", "-1", "253402300800000000000")
    return _text(folder, HEADER + "\n" + "".join(f"ann,p{d},{d},1,1\n" for d in days) + ROW + "\n")


@_named
def an_open_quote_over_a_million_lines(folder: Path) -> Path:
    return _text(folder, f'{HEADER}\n{ROW}\n"ann,p2,2026-05-01,1,1\n' + f"{ROW}\n" * 300_000)
