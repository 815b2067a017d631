#!/usr/bin/env python3
"""Writes one revision for each snippet of cases.txt into FOLDER/versions, for our renderer and Alembic to render.

    python cases.py FOLDER

A snippet is a paragraph of cases.txt; `C` is `sa.Column` and `T(...)` is `op.create_table("t", ...)`.
"""
import sys
from pathlib import Path

HEAD = '''"""case {number}"""
import datetime
import decimal
import enum
import uuid

import sqlalchemy as sa
import sqlalchemy_utils as su
import sqlmodel
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql as pg

revision = "case{number:04}"
down_revision = {parent!r}

C = sa.Column


def T(*items, **keywords):
    return op.create_table("t", *items, **keywords)


col = sa.column
A = sa.table(
    "a",
    col("id", sa.Integer),
    col("name", sa.String),
    col("n", sa.Numeric),
    col("ok", sa.Boolean),
    col("j", pg.JSONB),
    col("js", sa.JSON),
    col("tags", pg.ARRAY(sa.Text)),
    col("at", sa.DateTime),
    col("uid", pg.UUID),
    col("x"),
)
B = sa.table("b", col("id", sa.Integer), col("a_id", sa.Integer), col("name", sa.String), col("x", sa.Integer))
S = sa.table("c", col("id", sa.Integer), col("b_id", sa.Integer), col("name", sa.String), schema="s")
E = op.execute


class Color(enum.Enum):
    red = "r"
    blue = "b"


def upgrade():
'''


def main():
    folder = Path(sys.argv[1]) / "versions"
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / "env.py").write_text("")
    parent = None
    snippets = (Path(__file__).parent / "cases.txt").read_text().strip().split("\n\n")
    for number, snippet in enumerate(snippets, 1):
        body = "".join(f"    {line}\n" for line in snippet.splitlines())
        text = HEAD.format(number=number, parent=parent) + body + "\n\ndef downgrade():\n    pass\n"
        (folder / f"case{number:04}.py").write_text(text)
        parent = f"case{number:04}"
    print(len(snippets))


if __name__ == "__main__":
    main()
