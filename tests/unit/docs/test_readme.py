"""The README is short, and says the two commands, the three people and where to read on. The rest: test_docs.py."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MOST = 150  # lines: what a stranger reads


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= MOST


def test_the_picture_is_there() -> None:
    (picture,) = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert (ROOT / picture).is_file()


def test_every_make_command_is_a_target_of_the_makefile() -> None:
    named = set(re.findall(r"\bmake ([a-z]+)\b(?=`|,| +#| [A-Z]+=)", README))
    (phony,) = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {"demo", "test"} <= named <= set(phony.split())


def test_there_is_a_word_to_each_of_the_three_people() -> None:
    for person in ("engineer", "reviewer", "owner"):
        assert f"**The {person}**" in README
        assert f"(docs/{person}.md)" in README
