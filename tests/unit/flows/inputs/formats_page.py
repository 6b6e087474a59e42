"""The tables of docs/reference/formats.md, made from the presets and from what their cases came to.

`python -m tests.unit.flows.inputs.formats_page` writes them anew.
"""

import tempfile
from pathlib import Path

import polars as pl

from flows.inputs import files
from flows.runtime import presets
from models.errors import InputInvalid
from tests.unit.flows.inputs import format_runs
from tests.unit.flows.inputs.format_cases import CASES, Case

PAGE = Path(__file__).resolve().parents[4] / "docs" / "reference" / "formats.md"
BEGIN, END = "<!-- made by the tests: begin -->", "<!-- made by the tests: end -->"


def tables() -> str:
    """Both tables: what becomes of the rows, and where the formats are documented."""
    became = [
        "| format | read and scored | a case for people, with the platform's words | refused in one line |",
        "|---|---|---|---|",
    ]
    sources = [
        "| format | what it is | documentation | version | read on | seen on the real thing |",
        "|---|---|---|---|---|---|",
    ]
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            became.append(_became(name, case, Path(folder)))
        about = presets.shipped(name).about
        seen = about.seen or "no, documented only"
        sources.append(f"| `{name}` | {about.title} | {about.source} | {about.version} | {about.read} | {seen} |")
    return "\n".join([*became, "", "### Where they are documented, and what was seen", "", *sources])


def page(text: str) -> str:
    """The page with its tables made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def _became(name: str, case: Case, folder: Path) -> str:
    stream = format_runs.described(name, case, folder)
    cases = format_runs.cases(format_runs.wrote(case, folder), stream)
    scored = cases["doubt"].null_count()
    reasons = dict.fromkeys(cases.filter(pl.col("doubt").is_not_null())["doubt"].str.split(": ").list.first())
    content, _ = case.junk
    junk = folder / "junk"
    junk.mkdir()
    (junk / case.junk_name).write_bytes(content)
    try:
        list(files.chunks(junk, stream))
        refused = "nothing"
    except InputInvalid as error:
        refused = str(error).replace(f"{junk}/", "")
    shown = ", ".join(f"`{one}`" for one in case.files)
    return (
        f"| `{name}` | {scored} of {len(cases)} rows of {shown} | {'; '.join(reasons) or 'none'} | {_cell(refused)} |"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
