#!/usr/bin/env python3
"""Invents revisions, for our renderer and Alembic to render: every operation, type and expression, mixed by dice.

    python generate.py FOLDER [--seed S] [--count N]

Writes N revisions into FOLDER/versions. The same seed gives the same revisions, and the revision with a number does not
depend on how many there are. What they do is valid offline: Alembic should render nearly all of them. A value may be
written in several ways (a variable, an f-string, a concatenation), so that the reader is tried as well.
"""
import argparse
import random
from pathlib import Path

from expressions import Expressions
from inventedtypes import Types

HEAD = '''"""generated {seed}/{number}"""
import datetime
import decimal
import enum
import uuid

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "g{number:05}"
down_revision = {parent!r}


class Color(enum.Enum):
    red = "r"
    Blue = "b b"


class Size(str, enum.Enum):
    SMALL = "small"
    LARGE = "it's"


EMPTY = ""


def same(value, *rest, suffix=EMPTY):
    return value + suffix if suffix else value


'''

PLAIN = "users orders id name email created_at t u t1 ix_a owner_id data status b2 line_items a b c d x y".split()
ODD = """order user group select end table primary limit offset Desc camelCase UPPER true default window type value
key timestamp date json all both collate current_date desc from in is notnull verbose xmin tablesample authorization
interval values row char varchar numeric bit time setof between""".split() + [
    "a b", "a-b", 'a"b', "é", "1a", "_a", "a$b", "a.b", "a%b", "a:b", "it's", "ß", "Ä", "a(b)", "a%%b", "a\\b", "a,b", "$a",
    "l" * 70,
]
ACTIONS = ["CASCADE", "SET NULL", "RESTRICT", "NO ACTION", "SET DEFAULT", "cascade", "set null"]
SQL = [
    "UPDATE users SET name = 'x' WHERE name IS NULL", "SELECT 1", "DELETE FROM orders WHERE a = 'it''s'",
    "INSERT INTO t (a) VALUES ('100%')", "SELECT a::text FROM t", "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int", "UPDATE t SET a = '12:30:00'", "SELECT 'a %s b'",
    "UPDATE t SET a = E'\\\\d+' WHERE b ~ '^\\\\w'", "DO $$ BEGIN x := 5; END $$", "SELECT '{\"k\": 1}'::jsonb",
    "CREATE FUNCTION f() RETURNS trigger AS $$\nBEGIN\n  NEW.a := 1;\n  RETURN NEW;\nEND\n$$ LANGUAGE plpgsql",
    "SELECT 1; SELECT 2;", "-- nothing\nSELECT 1", "ALTER TYPE e ADD VALUE 'x'", "SELECT a -> 'b' ->> 'c' FROM t",
]


class Revision(Types, Expressions):
    """One revision that is being invented: lines of code, by dice."""

    def __init__(self, dice):
        self.dice = dice
        self.before = []  # module level
        self.lines = []  # of the function at hand
        self.count = 0

    # Dice.

    def chance(self, share):
        return self.dice.random() < share

    def pick(self, options):
        return self.dice.choice(options)

    def some(self, make, low, high):
        return [make() for _ in range(self.dice.randint(low, high))]

    def fresh(self, stem):
        self.count += 1
        return f"{stem}{self.count}"

    # Names and how they are written.

    def raw_name(self):
        return self.pick(PLAIN if self.chance(0.8) else ODD)

    def raw_names(self, count):
        names = []
        while len(names) < count:
            name = self.raw_name()
            if name not in names:
                names.append(name)
        return names

    def name(self):
        return self.string(self.raw_name())

    def string(self, text):
        """A string of this text, in one of Python's ways."""
        if self.chance(0.8):
            return repr(text)
        way = self.dice.randint(0, 9)
        cut = self.dice.randint(0, len(text))
        if way == 0:
            return f"({text[:cut]!r} {text[cut:]!r})"
        if way == 1:
            return f"({text[:cut]!r} + {text[cut:]!r})"
        if way == 2:
            return f"same({text[:cut]!r}, suffix={text[cut:]!r})"
        if way == 3:
            name = self.fresh("text")
            self.lines.append(f"{name} = {text!r}")
            return name
        if way == 4:
            name = self.fresh("TEXT")
            self.before.append(f"{name} = {text!r}")
            return f'f"{{{name}}}"'
        if way == 5:
            return f"'{{}}{{rest}}'.format({text[:cut]!r}, rest={text[cut:]!r})"
        if way == 6:
            return f"('%s%s' % ({text[:cut]!r}, {text[cut:]!r}))"
        if way == 7:
            return f"''.join([{text[:cut]!r}, {text[cut:]!r}])"
        if way == 8:
            return f"{text + '  '!r}.strip()" if text == text.strip() else repr(text)
        return f"{{'k': {text!r}}}['k']"

    def flag(self):
        return self.pick(["True", "False"])

    def keywords(self, **options):
        """Each keyword with its share of chance; `name=(share, make)`."""
        chosen = [f"{name}={make()}" for name, (share, make) in options.items() if self.chance(share)]
        self.dice.shuffle(chosen)
        return chosen

    def schema(self, share=0.2):
        return (share, lambda: self.string(self.pick(["s", "public", "My Schema", "order", "tenant"])))

    def call(self, function, *parts):
        flat = [it for part in parts for it in (part if isinstance(part, list) else [part])]
        return f"{function}({', '.join(flat)})"

    def listed(self, names):
        """A sequence of names."""
        inner = ", ".join(self.string(it) for it in names)
        return f"({inner},)" if self.chance(0.15) else f"[{inner}]"

    def constraint_name(self):
        if self.chance(0.15):
            return f"op.f({self.name()})"
        return self.name()

    # Constraints and columns.

    def reference(self):
        return self.string(self.pick(["users.id", "orders.id", "s.users.id", "t.b"]))

    def referential(self):
        return self.keywords(
            ondelete=(0.3, lambda: self.string(self.pick(ACTIONS))),
            onupdate=(0.2, lambda: self.string(self.pick(ACTIONS))),
            deferrable=(0.2, self.flag),
            initially=(0.15, lambda: self.string(self.pick(["DEFERRED", "IMMEDIATE"]))),
            match=(0.1, lambda: self.string(self.pick(["FULL", "SIMPLE"]))),
        )

    def foreign_key(self):
        named = self.keywords(name=(0.5, self.constraint_name), use_alter=(0.05, lambda: "True"))
        return self.call("sa.ForeignKey", self.reference(), named, self.referential())

    def deferral(self):
        return self.keywords(
            deferrable=(0.15, self.flag), initially=(0.1, lambda: self.string(self.pick(["DEFERRED", "IMMEDIATE"])))
        )

    def check(self):
        texts = ["a > 0", "a LIKE 'x%'", "a::text <> ''", "length(b) < 5 AND a IS NOT NULL", "a IN ('x', 'y')"]
        text = self.string(self.pick(texts))
        return self.pick([text, text, f"sa.text({text})", self.condition()])

    def constraint(self, columns):
        kind = self.dice.randint(0, 4)
        name = self.keywords(name=(0.6, self.constraint_name))
        chosen = self.dice.sample(columns, self.dice.randint(1, min(2, len(columns))))
        written = [self.string(it) for it in chosen]
        if kind == 0:
            more = self.keywords(
                postgresql_include=(0.1, lambda: self.listed(columns[:1])), postgresql_nulls_not_distinct=(0.15, self.flag)
            )
            return self.call("sa.UniqueConstraint", written, name, self.deferral(), more)
        if kind == 1:
            return self.call("sa.CheckConstraint", self.check(), name)
        if kind == 2:
            table = self.pick(["users", "s.Users", "u"])
            remote = ", ".join(self.string(f"{table}.{it}") for it in chosen)
            return self.call("sa.ForeignKeyConstraint", self.listed(chosen), f"[{remote}]", name, self.referential())
        if kind == 3:
            element = self.pick([written[0], f"sa.text({self.string('tsrange(a, b)')})", f"sa.column({written[0]})"])
            more = self.keywords(
                using=(0.8, lambda: self.string("gist")), where=(0.3, lambda: "sa.text('a > 1')"),
                ops=(0.1, lambda: f"{{{written[0]}: 'int4_ops'}}"),
            )
            return self.call("pg.ExcludeConstraint", f"({element}, {self.string(self.pick(['=', '&&', '-|-']))})", name, more)
        return self.call("sa.Index", self.name(), written, self.index_options(chosen))

    def identity(self):
        number = lambda: str(self.dice.randint(1, 50))
        return self.call("sa.Identity", self.keywords(
            always=(0.5, self.flag), start=(0.3, number), increment=(0.2, number), minvalue=(0.1, number),
            maxvalue=(0.1, number), cycle=(0.1, self.flag), cache=(0.1, number), nominvalue=(0.05, lambda: "True"),
        ))

    def column(self, name, key=False):
        parts = [self.string(name)]
        if key:
            parts.append(self.pick(["sa.Integer()", "sa.BigInteger()", "sa.SmallInteger", "sa.Integer", "pg.UUID()", "sa.String(9)"]))
            parts += self.keywords(autoincrement=(0.3, self.flag), nullable=(0.3, lambda: "False"))
            return self.call("sa.Column", parts, "primary_key=True")
        shape = self.dice.random()
        if shape < 0.06:
            return self.call("sa.Column", parts, self.pick(["sa.Integer()", "sa.BigInteger()"]), self.identity(), self.nullable())
        if shape < 0.12:
            text = self.string(self.pick(["a * 2", "lower(b)", "a || '%'", "a::text"]))
            persisted = self.keywords(persisted=(0.7, self.flag))
            return self.call("sa.Column", parts, self.kind(), self.call("sa.Computed", text, persisted))
        kind = self.kind()
        parts.append(f"type_={kind}" if self.chance(0.03) else kind)
        if self.chance(0.15):
            parts.insert(2, self.foreign_key()) if "type_" not in parts[1] else None
        return self.call("sa.Column", parts, self.nullable(), self.keywords(
            server_default=(0.35, lambda: self.default(kind)), unique=(0.08, self.flag), index=(0.08, self.flag),
            comment=(0.08, lambda: self.string(self.pick(["it's", "100%", "plain", "a:b", "back\\slash", ""]))),
            autoincrement=(0.08, self.flag), default=(0.05, lambda: "5"), quote=(0.03, self.flag),
            info=(0.02, lambda: "{'a': 1}"), onupdate=(0.03, lambda: "sa.func.now()"),
        ))

    def nullable(self):
        return self.keywords(nullable=(0.5, self.flag))

    # Operations.

    def create_table(self):
        names = self.raw_names(self.dice.randint(1, 5))
        keyed = self.chance(0.6)
        items = [self.column(it, key=keyed and at == 0) for at, it in enumerate(names)]
        items += self.some(lambda: self.constraint(names), 0, 2)
        if not keyed and self.chance(0.5):
            chosen = self.dice.sample(names, self.dice.randint(1, min(2, len(names))))
            items.append(self.call("sa.PrimaryKeyConstraint", [self.string(it) for it in chosen], self.keywords(name=(0.4, self.constraint_name))))
        self.send(self.call("op.create_table", self.name(), items, self.keywords(
            schema=self.schema(), comment=(0.1, lambda: self.string("it's a table")), if_not_exists=(0.08, self.flag),
            prefixes=(0.03, lambda: "['UNLOGGED']"), postgresql_partition_by=(0.05, lambda: "'RANGE (a)'"),
            postgresql_tablespace=(0.03, lambda: "'fast'"), postgresql_with=(0.03, lambda: "{'fillfactor': 70}"),
            postgresql_inherits=(0.03, lambda: "'parent'"), postgresql_on_commit=(0.02, lambda: "'DROP'"),
            mysql_engine=(0.03, lambda: "'InnoDB'"), sqlite_autoincrement=(0.02, lambda: "True"),
        )))

    def drop_table(self):
        self.send(self.call("op.drop_table", self.name(), self.keywords(schema=self.schema(), if_exists=(0.2, self.flag))))

    def rename_table(self):
        self.send(self.call("op.rename_table", self.name(), self.name(), self.keywords(schema=self.schema())))

    def add_column(self):
        self.send(self.call("op.add_column", self.name(), self.column(self.raw_name()), self.keywords(
            schema=self.schema(), if_not_exists=(0.1, self.flag), inline_references=(0.1, self.flag))))

    def drop_column(self):
        self.send(self.call("op.drop_column", self.name(), self.name(), self.keywords(
            schema=self.schema(), if_exists=(0.15, self.flag), mssql_drop_default=(0.05, self.flag))))

    def alter_column(self):
        self.send(self.call("op.alter_column", self.name(), self.name(), self.changes(), self.keywords(schema=self.schema())))

    def changes(self):
        kind = self.kind()
        return self.keywords(
            nullable=(0.4, self.flag), type_=(0.4, lambda: kind), existing_type=(0.5, self.kind),
            server_default=(0.3, lambda: self.pick(["None", "False", self.default(kind), self.default(kind), self.identity()])),
            existing_nullable=(0.3, self.flag), existing_server_default=(0.1, lambda: self.pick(["None", "sa.text('now()')", "sa.Identity()"])),
            new_column_name=(0.15, self.name), comment=(0.1, lambda: self.pick(["None", self.string("it's")])),
            existing_comment=(0.05, lambda: self.string("c")), postgresql_using=(0.15, lambda: self.string("a::integer")),
            autoincrement=(0.08, self.flag),
        )

    def index_options(self, columns):
        first = lambda: self.string(columns[0])
        return self.keywords(
            unique=(0.35, self.flag), postgresql_using=(0.15, lambda: self.string(self.pick(["gin", "btree", "HASH", "gist"]))),
            postgresql_where=(0.2, lambda: self.pick(["sa.text('a IS NULL')", "'a > 1'", self.condition()])),
            postgresql_include=(0.1, lambda: self.listed(columns[:1])),
            postgresql_ops=(0.1, lambda: f"{{{first()}: 'text_pattern_ops'}}"),
            postgresql_with=(0.1, lambda: "{'fillfactor': 50}"), postgresql_tablespace=(0.05, lambda: "'fast'"),
            postgresql_nulls_not_distinct=(0.1, self.flag), mysql_length=(0.05, lambda: "10"),
        )

    def create_index(self):
        columns = self.raw_names(self.dice.randint(1, 3))
        written = [self.pick([self.string(it)] * 6 + [
            f"sa.text({self.string(self.pick(['lower(a)', 'a DESC', '(a + b)', 'a NULLS LAST']))})",
            f"sa.column({self.string(it)}).{self.pick(['desc()', 'asc()', 'desc().nulls_last()', 'asc().nulls_first()'])}",
            f"sa.{self.pick(['desc', 'asc'])}({self.string(it)})", self.expression(1),
        ]) for it in columns]
        self.send(self.call("op.create_index", self.constraint_name(), self.name(), f"[{', '.join(written)}]",
            self.index_options(columns), self.keywords(
                schema=self.schema(), if_not_exists=(0.1, self.flag), postgresql_concurrently=(0.1, self.flag))))

    def drop_index(self):
        self.send(self.call("op.drop_index", self.constraint_name(), self.keywords(
            table_name=(0.8, self.name), schema=self.schema(), if_exists=(0.2, self.flag),
            postgresql_concurrently=(0.1, self.flag), postgresql_using=(0.05, lambda: "'gin'"))))

    def create_foreign_key(self):
        names = self.raw_names(self.dice.randint(1, 2))
        self.send(self.call("op.create_foreign_key", self.constraint_name(), self.name(), self.name(), self.listed(names),
            self.listed(names[::-1]), self.referential(), self.keywords(
                source_schema=self.schema(), referent_schema=self.schema(), postgresql_not_valid=(0.15, self.flag))))

    def create_unique_constraint(self):
        self.send(self.call("op.create_unique_constraint", self.constraint_name(), self.name(), self.listed(self.raw_names(2)),
            self.deferral(), self.keywords(schema=self.schema(), postgresql_nulls_not_distinct=(0.1, self.flag))))

    def create_primary_key(self):
        self.send(self.call("op.create_primary_key", self.pick(["None", self.constraint_name(), self.constraint_name()]),
            self.name(), self.listed(self.raw_names(2)), self.keywords(schema=self.schema())))

    def create_check_constraint(self):
        self.send(self.call("op.create_check_constraint", self.constraint_name(), self.name(), self.check(),
            self.deferral(), self.keywords(schema=self.schema(), postgresql_not_valid=(0.15, self.flag))))

    def create_exclude_constraint(self):
        pairs = [f"({self.pick([self.name(), f'sa.column({self.name()})'])}, {self.string(self.pick(['=', '&&']))})" for _ in range(self.dice.randint(1, 2))]
        self.send(self.call("op.create_exclude_constraint", self.constraint_name(), self.name(), pairs, self.keywords(
            where=(0.4, lambda: self.pick(["'a > 1'", "sa.text('a > 1')"])), using=(0.8, lambda: "'gist'"),
            schema=self.schema(), deferrable=(0.2, self.flag))))

    def drop_constraint(self):
        kinds = ["foreignkey", "unique", "primary", "check"]
        self.send(self.call("op.drop_constraint", self.constraint_name(), self.name(), self.keywords(
            type_=(0.6, lambda: self.string(self.pick(kinds))), schema=self.schema(), if_exists=(0.1, self.flag))))

    def table_comment(self):
        if self.chance(0.5):
            self.send(self.call("op.create_table_comment", self.name(), self.string("it's 100%"), self.keywords(schema=self.schema())))
        else:
            self.send(self.call("op.drop_table_comment", self.name(), self.keywords(existing_comment=(0.5, lambda: "'c'"), schema=self.schema())))

    def execute(self):
        text = self.string(self.pick(SQL))
        wrapped = self.pick([text, text, text, f"sa.text({text})", f"sa.DDL({text})" if self.chance(0.1) and "%" not in text else text])
        self.send(self.call(self.pick(["op.execute", "op.execute", "op.get_bind().execute"]), wrapped)
                  if wrapped != text else self.call("op.execute", text))

    def execute_bound(self):
        values = {name: self.value() for name in self.dice.sample(["a", "b", "low", "x1"], self.dice.randint(1, 3))}
        text = "UPDATE t SET " + ", ".join(f"{name} = :{name}" for name in values)
        given = ", ".join(f"{name}={value}" for name, value in values.items())
        self.send(f"op.execute(sa.text({self.string(text)}).bindparams({given}))")

    def batch(self):
        name = self.fresh("batch")
        schema = self.keywords(schema=self.schema())
        self.lines.append(self.call("with op.batch_alter_table", self.name(), schema) + f" as {name}:")
        methods = [
            lambda: self.call(f"{name}.add_column", self.column(self.raw_name())),
            lambda: self.call(f"{name}.drop_column", self.name()),
            lambda: self.call(f"{name}.alter_column", self.name(), self.changes()),
            lambda: self.call(f"{name}.create_index", self.constraint_name(), self.listed(self.raw_names(2)), self.index_options(["a"])),
            lambda: self.call(f"{name}.drop_index", self.constraint_name()),
            lambda: self.call(f"{name}.create_unique_constraint", self.constraint_name(), self.listed(self.raw_names(2))),
            lambda: self.call(f"{name}.create_foreign_key", self.constraint_name(), self.name(), "['a']", "['id']", self.referential()),
            lambda: self.call(f"{name}.create_check_constraint", self.constraint_name(), self.check()),
            lambda: self.call(f"{name}.create_primary_key", self.constraint_name(), "['a']"),
            lambda: self.call(f"{name}.drop_constraint", self.constraint_name(), "type_='unique'"),
            lambda: self.call(f"{name}.create_table_comment", self.string("it's")),
            lambda: self.call(f"{name}.execute", self.string(self.pick(SQL))),
        ]
        calls = []
        for _ in range(self.dice.randint(1, 3)):
            before = len(self.lines)
            call = self.pick(methods)()
            # What the call's arguments need stands inside the block.
            self.lines[before:] = [f"    {it}" for it in self.lines[before:]]
            self.lines.append(f"    {call}")
        return calls

    def enum_by_hand(self):
        kind = self.enum()
        name = self.fresh("kind")
        self.lines.append(f"{name} = {kind}")
        self.send(f"{name}.create(op.get_bind(), checkfirst=False)")
        if self.chance(0.5):
            self.send(self.call("op.add_column", self.name(), self.call("sa.Column", self.name(), name)))
        if self.chance(0.5):
            self.send(f"{name}.drop(op.get_bind(), checkfirst=False)")

    def concurrently(self):
        self.lines.append("with op.get_context().autocommit_block():")
        before = len(self.lines)
        self.pick([self.create_index, self.drop_index, self.execute])()
        self.lines[before:] = [f"    {it}" for it in self.lines[before:]]

    def send(self, call):
        self.lines.append(call)

    def function(self):
        """The body of upgrade() or downgrade()."""
        self.lines = []
        kinds = [
            (12, self.create_table), (2, self.drop_table), (1, self.rename_table), (10, self.add_column), (2, self.drop_column),
            (8, self.alter_column), (7, self.create_index), (2, self.drop_index), (4, self.create_foreign_key),
            (2, self.create_unique_constraint), (1, self.create_primary_key), (4, self.create_check_constraint),
            (1, self.create_exclude_constraint), (2, self.drop_constraint), (1, self.table_comment), (4, self.execute),
            (4, self.execute_bound), (5, self.batch), (2, self.enum_by_hand), (1, self.concurrently),
            (4, self.bulk_insert), (4, self.update), (4, self.delete), (3, self.insert), (3, self.insert_select),
        ]
        makers = [make for weight, make in kinds for _ in range(weight)]
        for _ in range(self.dice.choice([1, 1, 1, 2, 3])):
            self.pick(makers)()
        return "".join(f"    {line}\n" for line in self.lines)


def text(seed, number):
    revision = Revision(random.Random(f"{seed}/{number}"))
    bodies = {way: revision.function() for way in ("upgrade", "downgrade")}
    parent = f"g{number - 1:05}" if number > 1 else None
    head = HEAD.format(seed=seed, number=number, parent=parent) + "".join(f"{it}\n" for it in revision.before)
    return head + "".join(f"\n\ndef {way}():\n{body}" for way, body in bodies.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=300)
    given = parser.parse_args()
    versions = given.folder / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    (given.folder / "env.py").write_text("")
    for number in range(1, given.count + 1):
        (versions / f"g{number:05}.py").write_text(text(given.seed, number))
    print(given.count)


if __name__ == "__main__":
    main()
