"""Core expressions and statements of rows, by dice."""

COLUMNS = {
    "i": "sa.Integer", "n": "sa.Numeric(10, 2)", "f": "sa.Float", "s": "sa.String(20)", "x": "sa.Text()", "b": "sa.Boolean",
    "d": "sa.Date", "t": "sa.DateTime(timezone=True)", "u": "sa.Uuid()", "Order": "sa.Integer()", "big": "sa.BigInteger()",
}
VALUES = {
    "i": ["1", "0", "-5", "10**6"], "n": ["decimal.Decimal('1.50')", "3", "-1"], "f": ["1.5", "-0.25", "2.0", "1e20"],
    "s": ["'x'", "\"it's\"", "'100%'", "'a:b'", "'back\\\\slash'", "''", "'é'"], "x": ["'text'", "'%s'"],
    "b": ["True", "False"], "d": ["datetime.date(2020, 1, 2)"], "u": ["uuid.UUID(int=7)"],
    "t": ["datetime.datetime(2020, 1, 2, 3, 4, 5)", "datetime.datetime(2020, 1, 2, 3, 4, 5, 678)", "datetime.datetime(2021, 5, 6)"],
    "Order": ["1", "2"], "big": ["2**40"],
}
NUMBERS, STRINGS = ["i", "n", "f", "Order", "big"], ["s", "x"]


class Expressions:
    """What a revision invents of expressions: `numeric`, `textual`, `condition` by what they come to."""

    table = None  # the variable of the table whose columns may be used

    def at(self, column):
        if self.table:
            return f"{self.table}.c.{column}" if self.chance(0.8) else f"{self.table}.c[{column!r}]"
        return f"sa.column({column!r}, {COLUMNS[column]})"

    def value(self):
        return self.pick(VALUES[self.pick(list(VALUES))])

    def numeric(self, depth):
        column = self.at(self.pick(NUMBERS))
        if depth <= 0 or self.chance(0.3):
            return column
        left, right = self.numeric(depth - 1), self.numeric(depth - 1)
        literal = self.pick(VALUES["i"])
        return self.pick([
            f"({left} {self.pick('+-*/%')} {right})", f"({left} {self.pick('+-*')} {literal})", f"({literal} {self.pick('+-*')} {left})",
            f"-{left}", f"sa.func.{self.pick(['abs', 'coalesce', 'round', 'sum', 'max', 'my_func'])}({left})",
            f"sa.func.coalesce({left}, {literal})", f"sa.cast({left}, {self.pick(['sa.Integer', 'sa.BigInteger()', 'sa.Numeric(8, 2)'])})",
            f"sa.case(({self.condition(depth - 1)}, {left}), else_={literal})", f"({left} // {right})",
            f"sa.func.length({self.textual(depth - 1)})", f"{left}.op('&')({literal})", f"sa.extract('year', {self.at('t')})",
        ])

    def textual(self, depth):
        column = self.at(self.pick(STRINGS))
        if depth <= 0 or self.chance(0.3):
            return column
        inner = self.textual(depth - 1)
        literal = self.pick(VALUES["s"])
        return self.pick([
            f"({inner} + {literal})", f"({literal} + {inner})", f"({inner} + {self.textual(depth - 1)})", f"{inner}.concat({literal})",
            f"sa.func.{self.pick(['lower', 'upper', 'trim', 'md5'])}({inner})", f"sa.func.coalesce({inner}, {literal})",
            f"sa.cast({self.numeric(depth - 1)}, {self.pick(['sa.String', 'sa.Text()', 'sa.String(5)'])})",
            f"sa.case(({self.condition(depth - 1)}, {inner}), else_={literal})", f"{inner}.op('||')({literal})",
            f"{inner}.collate('C')", f"sa.func.replace({inner}, {literal}, 'y')", f"sa.func.substr({inner}, 1, 3)",
            f"(sa.cast({self.numeric(depth - 1)}, sa.Text) + {literal})", f"({inner} + {self.numeric(depth - 1)})",
        ])

    def condition(self, depth=2):
        if depth <= 0:
            column = self.pick(list(COLUMNS))
            left = self.at(column)
            return self.pick([f"{left}.is_(None)", f"{left}.is_not(None)", f"({left} == {self.pick(VALUES[column])})"])
        one, two = self.numeric(depth - 1), self.numeric(depth - 1)
        text, column = self.textual(depth - 1), self.pick(list(COLUMNS))
        at, known = self.at(column), VALUES[column]
        literal, number = self.pick(VALUES["s"]), self.pick(VALUES["i"])
        compare = self.pick(["==", "!=", "<", "<=", ">", ">="])
        less, more = self.condition(depth - 1), self.condition(depth - 1)
        if less.startswith("sa.text") or more.startswith("sa.text"):
            return f"sa.and_({less}, {more})"  # a text has no operators
        return self.pick([
            f"({one} {compare} {number})", f"({one} {compare} {two})", f"({text} {compare} {literal})", f"({at} {'==' if column == 'b' else compare} {self.pick(known)})",
            f"({at} {self.pick(['==', '!='])} None)", f"{at}.in_([{', '.join(known)}])", f"{at}.not_in([{self.pick(known)}])",
            f"{at}.between({self.pick(known)}, {self.pick(known)})", f"{text}.like({literal})", f"{text}.ilike('%a_%')", f"{text}.not_like('x%')",
            f"{text}.startswith({literal})", f"{text}.contains('b')", f"{text}.endswith({literal})", f"{text}.regexp_match('^a')",
            f"{text}.like('a/%', escape='/')", f"{self.at('b')}.is_({self.flag()})", self.at("b"), f"~{self.at('b')}",
            f"({self.at('b')} == {self.flag()})", f"({self.at('b')} == sa.true())", f"sa.and_({less}, {more})", f"sa.or_({less}, {more})",
            f"sa.not_({less})", f"~({less})", f"(({less}) & ({more}))", f"(({less}) | ({more}))", f"({one}).is_distinct_from({number})",
            f"sa.and_({less}, sa.or_({more}, {self.condition(depth - 1)}))", f"sa.text({self.string('a > 1')})",
            f"sa.exists(sa.select(sa.literal_column('1')))" if not self.table else f"sa.exists().where({less})", f"{at}.in_([])",
            f"sa.func.bool_and({less})", f"sa.and_(sa.text('a = 1'), {less})", f"sa.between({one}, {number}, 9)", f"{text}.icontains('q')",
        ])

    def expression(self, depth):
        return self.pick([self.numeric, self.textual])(depth)

    # Statements of rows.

    def rows_table(self):
        """A table of columns whose types are known, as a local or as a constant of the module."""
        chosen = self.dice.sample(list(COLUMNS), self.dice.randint(2, 6))
        parts = ", ".join(f"sa.column({it!r}, {COLUMNS[it]})" for it in COLUMNS)
        name = self.fresh("rows")
        made = self.pick(["sa.table", "sa.sql.table"])
        line = f"{name} = {self.call(made, self.name(), parts, self.keywords(schema=self.schema(0.15)))}"
        self.lines.append(line)
        self.table = name
        return name, chosen

    def row(self, chosen, null=0.15):
        return {it: "None" if self.chance(null) else self.pick(VALUES[it]) for it in chosen}

    def bulk_insert(self):
        name, chosen = self.rows_table()
        rows = [self.row(chosen) for _ in range(self.dice.randint(1, 3))]
        written = ", ".join("{" + ", ".join(f"{key!r}: {value}" for key, value in row.items()) + "}" for row in rows)
        more = self.keywords(multiinsert=(0.2, self.flag))
        self.send(self.call("op.bulk_insert", name, f"[{written}]", more))
        self.table = None

    def assigned(self, chosen, plain):
        """`.values(…)` in one of its shapes."""
        row = {it: self.pick([self.pick(VALUES[it])] * (5 if plain else 1) + ([] if plain else [self.for_column(it)])) for it in chosen}
        if self.chance(0.6):
            return ".values(" + ", ".join(f"{key}={value}" for key, value in row.items()) + ")"
        return ".values({" + ", ".join(f"{self.pick([repr(key), self.at(key)])}: {value}" for key, value in row.items()) + "})"

    def for_column(self, column):
        if column in NUMBERS:
            return self.numeric(2)
        if column in STRINGS:
            return self.textual(2)
        return self.pick([self.at(column), "None", "sa.null()"])

    def where(self):
        return "".join(f".where({self.condition()})" for _ in range(self.dice.choice([0, 1, 1, 1, 2])))

    def update(self):
        name, chosen = self.rows_table()
        start = self.pick([f"{name}.update()", f"sa.update({name})"])
        parts = [self.where(), self.assigned(chosen, plain=False)]
        self.dice.shuffle(parts)
        self.send(f"{self.pick(['op.execute', 'op.execute', 'op.get_bind().execute'])}({start}{''.join(parts)})")
        self.table = None

    def delete(self):
        name, _ = self.rows_table()
        self.send(f"op.execute({self.pick([f'{name}.delete()', f'sa.delete({name})'])}{self.where()})")
        self.table = None

    def insert(self):
        name, chosen = self.rows_table()
        start = self.pick([f"{name}.insert()", f"sa.insert({name})"])
        self.send(f"op.execute({start}{self.assigned(chosen, plain=True)})")
        self.table = None

    def insert_select(self):
        name, chosen = self.rows_table()
        names = ", ".join(repr(it) for it in chosen)
        columns = ", ".join(self.for_column(it) for it in chosen)
        select = f"sa.select({columns}){self.where()}"
        if self.chance(0.2):
            select += f".order_by({self.at(chosen[0])}.desc())"
        if self.chance(0.15):
            select += ".limit(5)"
        if self.chance(0.1):
            select += ".distinct()"
        if self.chance(0.1):
            select += f".group_by({self.at(chosen[0])})"
        self.send(f"op.execute(sa.insert({name}).from_select([{names}], {select}))")
        self.table = None
