"""Writes ``data/README.md`` from the table contracts: ``python -m workbench.tables.dictionary``."""

from __future__ import annotations

from workbench.tables.definitions import engagement_definitions
from workbench.tables.judgements import DECISIONS, LABELS
from workbench.tables.schema import SAMPLINGS, SCHEMA_VERSION, TABLES, Column, Table
from workbench.tables.tiers import TierPreset, tier_presets

_INTRO = """\
# Data dictionary

Written from `workbench/tables`; after a change there run
`python -m workbench.tables.dictionary > data/README.md`.

- `sample/`: a synthetic agency's exports (`exports/`) and what is true of them (`truth/`). No real
  person is in it. `python -m workbench.market.sample data/sample` makes it again, byte for byte.
- `private/`: yours, ignored by git. One folder a client:
  `data/private/CLIENT/{exports,store,imports,profiles,features,register}`, with `campaign.yaml`
  (the brief and `retention_date`), `priors.yaml`, `labels.csv`, `decisions.csv` and
  `outreach*.csv` where you keep them, and `forgotten.json` once a creator was erased or a list of
  followers came in (it holds the salt of their pseudonyms). `register` holds forecasts frozen
  before launch, and beside them whom their pseudonyms stand for. `features` is what
  `workbench features` has computed, a bucket a file: it may be removed at any time.
  Tables that it writes beside it, `features*.csv` and `features*.parquet`, are yours. The key of
  a pseudonymised client, `CLIENT.key.json`, stands beside the folder.

A value that the platform does not give is missing, never 0. Fractions are 0-1. Times are UTC. A
creator's key is `platform:native id`, else `platform:handle` in lower case. The store keeps a table
as `STORE/<table>/bucket=NN/*.parquet`; the bucket is the md5 of the key modulo the number of
buckets in `store.json`."""


def _limits(column: Column) -> str:
    if column.choices:
        return ", ".join(f"`{choice}`" for choice in column.choices)
    if column.minimum is None:
        return ""
    if column.maximum is None:
        return f">= {column.minimum:g}"
    return f"{column.minimum:g} to {column.maximum:g}"


def _table_section(table: Table) -> list[str]:
    rows = [
        f"| `{c.name}` | {c.kind} | {'yes' if c.required else ''} | {_limits(c)} | {c.meaning} |"
        for c in table.columns
    ]
    key = ", ".join(f"`{name}`" for name in table.key)
    head = ["| column | kind | required | values | meaning |", "|---|---|---|---|---|"]
    about = [table.meaning, *([f"Key: {key}."] if key else [])]
    return [f"## `{table.name}`", "", *about, "", *head, *rows, ""]


def _preset_row(preset: TierPreset) -> str:
    cells = "; ".join(
        f"{tier.name} {tier.first:,}" + ("+" if tier.below is None else f"-{tier.below - 1:,}")
        for tier in preset.tiers
    )
    return f"| `{preset.name}` | {cells} | {preset.source_text} | {preset.note} |"


def describe_tables() -> str:
    """Return the text of ``data/README.md``."""
    lines = [_INTRO, "", f"Schema version {SCHEMA_VERSION}.", ""]
    for table in (*TABLES.values(), LABELS, DECISIONS):
        lines += _table_section(table)
    lines += ["## Sampling notes of a file", "", f"{', '.join(f'`{s}`' for s in SAMPLINGS)}.", ""]
    lines += ["## Engagement definitions", ""]
    lines += ["| name | parts | divided by | statistic | source |", "|---|---|---|---|---|"]
    lines += [
        f"| `{d.name}` | {d.parts_text} | {d.denominator} | {d.statistic_text} | {d.source_text} |"
        for d in engagement_definitions().values()
    ]
    lines += ["", "## Tier presets", "", "Edges are inclusive as written.", ""]
    lines += ["| name | tiers (followers) | source | note |", "|---|---|---|---|"]
    lines += [_preset_row(preset) for preset in tier_presets().values()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(describe_tables(), end="")
