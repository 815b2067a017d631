"""Types of columns and what stands as their default, by dice."""

PLAIN = """
sa.Integer() sa.Integer sa.BigInteger() sa.SmallInteger() sa.INTEGER() sa.BIGINT() pg.BIGINT() sa.String() sa.String
sa.String(20) sa.String(length=20) sa.VARCHAR(5) sa.VARCHAR(length=5) sa.Text() sa.Text sa.TEXT() sa.Unicode(9)
sa.UnicodeText() sa.CHAR(3) sa.CHAR() sa.NCHAR(4) sa.NVARCHAR(4) sa.String(length=20,collation="C") sa.Text(collation="de_DE")
sa.Boolean() sa.BOOLEAN() sa.Boolean sa.Float() sa.Float(53) sa.Float(precision=24) sa.FLOAT(10) sa.REAL() pg.REAL() sa.Double()
sa.DOUBLE_PRECISION() pg.DOUBLE_PRECISION() sa.DOUBLE() sa.DATETIME() sa.Double(53) pg.DOUBLE_PRECISION(precision=53) sa.Float(asdecimal=True)
sa.Numeric() sa.Numeric(10) sa.Numeric(10,2) sa.Numeric(precision=8,scale=3) sa.DECIMAL(10,2) sa.NUMERIC(9) pg.NUMERIC(5,1)
sa.DateTime() sa.DateTime sa.DateTime(timezone=True) sa.DateTime(True) sa.TIMESTAMP() sa.TIMESTAMP(timezone=True)
pg.TIMESTAMP(timezone=True,precision=3) pg.TIMESTAMP(precision=6) pg.TIMESTAMP(True,3) sa.Date() sa.DATE() sa.Time() sa.Time(timezone=True)
pg.TIME(precision=3) pg.TIME(timezone=True,precision=0) pg.TIMESTAMP(precision=0) sa.Interval() sa.Interval(native=False)
sa.Interval(second_precision=3) pg.INTERVAL() pg.INTERVAL(precision=3) pg.INTERVAL(fields="YEAR")
sa.LargeBinary() sa.LargeBinary(10) pg.BYTEA() sa.PickleType() sa.JSON() sa.JSON(none_as_null=True) pg.JSON() pg.JSONB()
pg.JSONB(astext_type=sa.Text()) sa.Uuid() sa.Uuid(as_uuid=False) sa.Uuid(native_uuid=False) sa.UUID() pg.UUID() pg.UUID(as_uuid=True)
pg.HSTORE() pg.INET() pg.CIDR() pg.MACADDR() pg.MACADDR8() pg.OID() pg.MONEY() pg.BIT(3) pg.BIT() pg.BIT(3,varying=True) pg.BIT(varying=True)
pg.BIT(1) pg.TSVECTOR() pg.TSQUERY() pg.REGCLASS() pg.REGCONFIG() pg.INT4RANGE() pg.INT8RANGE() pg.NUMRANGE() pg.DATERANGE() pg.TSRANGE()
pg.TSTZRANGE() pg.INT4MULTIRANGE() pg.DATEMULTIRANGE() pg.TSTZMULTIRANGE() pg.CITEXT() pg.JSONPATH() sa.BINARY(3) sa.VARBINARY(3)
sa.BLOB() sa.CLOB() sa.types.Integer() sa.types.VARCHAR(7) sa.sql.sqltypes.Text() sa.Numeric(asdecimal=False) sa.Numeric(10,0)
""".split()
SPACED = ["pg.INTERVAL(fields='DAY TO SECOND')", "sa.String(20, collation='pt_BR')", "sa.Numeric(precision=10, scale=2, asdecimal=False)"]
LABELS = ["a", "b", "active", "it's", "In Progress", "X", "100%", "a:b", "with\\slash", "é", "", "LARGE"]
TEXTS = ["x", "it's", "0", "false", "now()", "", "{}", "100%", "a:b", "back\\slash", "'quoted'", "%s", "%(a)s", "5.5", "é", "a\nb", "$1"]
CLAUSES = [
    "now()", "'x'", "'x'::character varying", "false", "(now() at time zone 'utc')", "gen_random_uuid()", "'{}'::jsonb",
    "nextval('a_seq')", "CURRENT_TIMESTAMP", "a % b", "'100%'", "now() + interval '1 day'", "'12:30'", "1", "ARRAY[]::text[]",
]
CALLS = [
    "sa.func.now()", "sa.func.current_timestamp()", "sa.sql.func.now()", "sa.func.gen_random_uuid()", "sa.true()", "sa.false()",
    "sa.func.timezone('utc', sa.func.now())", "sa.sql.expression.true()", "sa.null()", "sa.literal(5)", "sa.literal('a')",
    "sa.literal_column('5')", "sa.func.now() + sa.text(\"interval '1 day'\")", "sa.cast('{}', pg.JSONB)", "sa.func.uuid_generate_v4()",
    "sa.func.current_date()", "sa.func.localtimestamp()", "sa.func.lower('ABC')", "sa.func.coalesce(1, 2)",
    "sa.cast('a', sa.String(5))", "sa.func.now().op('AT TIME ZONE')('utc')", "sa.literal(5) * 2", "-sa.literal(3)",
    "sa.func.random()", "sa.func.current_user()", "sa.DefaultClause('x')", "sa.FetchedValue()",
]


class Types:
    """What a revision invents of types."""

    def kind(self):
        shape = self.dice.random()
        if shape < 0.8:
            return self.pick(PLAIN) if self.chance(0.97) else self.pick(SPACED)
        if shape < 0.86:
            return self.array()
        if shape < 0.96:
            return self.enum()
        if shape < 0.98:
            return self.variant()
        return self.custom()

    def array(self):
        inner = self.enum() if self.chance(0.1) else self.pick([it for it in PLAIN if "(" in it])
        more = self.keywords(dimensions=(0.2, lambda: self.pick("123")), as_tuple=(0.1, self.flag))
        return self.call(self.pick(["sa.ARRAY", "pg.ARRAY"]), inner, more)

    def enum(self):
        if self.chance(0.12):
            values = ["values_callable=lambda members: [it.value for it in members]"] if self.chance(0.4) else []
            return self.call(self.pick(["sa.Enum", "pg.ENUM"]), self.pick(["Color", "Size"]), values, self.keywords(name=(0.9, self.name)))
        labels = [self.string(it) for it in self.dice.sample(LABELS, self.dice.randint(1, 4))]
        if self.chance(0.4):
            return self.call("pg.ENUM", labels, f"name={self.name()}", self.keywords(
                create_type=(0.4, self.flag), schema=self.schema(), metadata=(0.05, lambda: "sa.MetaData()")))
        return self.call("sa.Enum", labels, f"name={self.name()}", self.keywords(
            native_enum=(0.15, self.flag), create_constraint=(0.15, self.flag), length=(0.1, lambda: "50"),
            schema=self.schema(), inherit_schema=(0.1, self.flag), create_type=(0.1, self.flag), validate_strings=(0.1, self.flag)))

    def variant(self):
        first, second = (self.pick([it for it in PLAIN if it.endswith(")")]) for _ in range(2))
        return f"{first}.with_variant({second}, {self.string(self.pick(['postgresql', 'postgresql', 'sqlite', 'mysql']))})"

    def custom(self):
        name = self.fresh("Own")
        kind = self.pick(["sa.String", "sa.Text", "pg.JSONB", "sa.CHAR", "pg.UUID"])
        lines = self.pick([
            [f"class {name}(sa.TypeDecorator):", f"    impl = {kind}", "    cache_ok = True"],
            [f"class {name}(sa.types.UserDefinedType):", "    def get_col_spec(self, **kw):", "        return 'geometry(POINT,4326)'"],
            [f"class {name}(sa.TypeDecorator):", "    impl = sa.CHAR", "    cache_ok = True", "",
             "    def load_dialect_impl(self, dialect):", "        if dialect.name == 'postgresql':",
             f"            return dialect.type_descriptor({kind}())", "        return dialect.type_descriptor(sa.CHAR(32))"],
        ])
        self.before += ["", "", *lines, "", ""]
        return f"{name}()"

    def default(self, kind):
        """What may stand as `server_default=`."""
        way = self.dice.random()
        if way < 0.4:
            return self.string(self.pick(TEXTS))
        if way < 0.7:
            return f"sa.text({self.string(self.pick(CLAUSES))})"
        if way < 0.97 or "Enum" not in kind:
            return self.pick(CALLS)
        return "Color.red"
