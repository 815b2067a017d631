#!/usr/bin/env python3
"""Revisions of a history, changed at random, for our renderer and Alembic to render.

    python mutate.py OUT VERSIONS [VERSIONS ...] [--seed S] [--count N] [--changes K]

Writes N mutants into OUT, one after the other in one line of history: statements dropped, repeated and exchanged;
constants, types, arguments and keywords changed; statements wrapped in branches, loops, handlers and functions;
literals written in other ways. Many fail in Python or in Alembic, and then nothing can be compared; where Alembic
renders one, we must render it equally or say that we do not. The same seed gives the same mutants.

The mutants are run by the oracle: give it only what you would run. Files that touch the system are left out.
"""
import argparse
import ast
import copy
import random
import re
from pathlib import Path

from inventedtypes import CALLS, PLAIN

SYSTEM = re.compile(r"subprocess|shutil|socket|requests|urllib|\bos\.(system|remove|unlink|mkdir|makedirs|exec|popen)|open\(.*['\"][wa]")
NAMES = ["users", "order", "a b", "UPPER", "it's", "100%", "a:b", "", "x", "é", "id", "t" * 70, "now()", "0", "s", "back\\slash", "%s", "{}"]
KEYWORDS = {
    "schema": ["'s'", "'My Schema'", "None"], "if_exists": ["True"], "if_not_exists": ["True"], "unique": ["True", "False"],
    "nullable": ["True", "False"], "server_default": ["'x'", "None", "sa.text('now()')", *CALLS], "comment": ["\"it's\"", "None"],
    "postgresql_concurrently": ["True", "False"], "postgresql_using": ["'gin'", "'a::int'"], "primary_key": ["True"],
    "postgresql_where": ["sa.text('a > 1')", "\"b = 'x'\""], "ondelete": ["'CASCADE'", "'set null'"], "deferrable": ["True"],
    "initially": ["'DEFERRED'"], "index": ["True"], "name": ["'named'", "None", "op.f('exact')"], "type_": ["'unique'", "sa.Text()"],
    "existing_type": ["sa.Integer()"], "length": ["5"], "timezone": ["True"], "new_column_name": ["'renamed'"], "quote": ["True", "False"],
    "create_type": ["False", "True"], "native_enum": ["False"], "checkfirst": ["False", "True"], "autoincrement": ["True", "False"],
    "inline_references": ["True"], "postgresql_include": ["['a']"], "postgresql_not_valid": ["True"], "nonsense": ["1"],
}
PARAMETERS = {
    "create_index": ["index_name", "table_name", "columns"], "add_column": ["table_name", "column"], "drop_table": ["table_name"],
    "drop_column": ["table_name", "column_name"], "alter_column": ["table_name", "column_name"], "execute": ["sqltext"],
    "drop_index": ["index_name", "table_name"], "drop_constraint": ["constraint_name", "table_name", "type_"],
    "create_unique_constraint": ["constraint_name", "table_name", "columns"], "rename_table": ["old_table_name", "new_table_name"],
    "create_foreign_key": ["constraint_name", "source_table", "referent_table", "local_cols", "remote_cols"],
    "create_primary_key": ["constraint_name", "table_name", "columns"], "bulk_insert": ["table", "rows"], "Column": ["name", "type_"],
    "create_check_constraint": ["constraint_name", "table_name", "condition"], "String": ["length"], "Numeric": ["precision", "scale"],
}
# Each takes the place of a statement `S`; an expression statement's value may stand as `E`.
WRAPS = """
if True:\n    S
if False:\n    S
if op.get_bind().dialect.name == 'postgresql':\n    S
if op.get_bind().dialect.name == 'sqlite':\n    pass\nelse:\n    S
if op.get_context().dialect.name in ('mysql', 'sqlite'):\n    S
for _ in range(2):\n    S
for step in ['a', 'b']:\n    if step == 'b':\n        break\n    S
for step in (1, 2, 3):\n    if step % 2:\n        continue\n    S
try:\n    S\nexcept Exception:\n    pass
try:\n    raise KeyError('a')\nexcept (KeyError, ValueError):\n    S
try:\n    S\nfinally:\n    op.execute('SELECT 1')
try:\n    int('a')\nexcept ValueError as error:\n    S\nelse:\n    op.execute('SELECT 2')
with op.get_context().autocommit_block():\n    S
with contextlib.suppress(Exception):\n    S
while True:\n    S\n    break
left = 2\nwhile left:\n    left -= 1\n    S
def inner():\n    S\ninner()
def inner(times=1):\n    for _ in range(times):\n        S\ninner(times=2)
def inner(go=False, *rest, **more):\n    if go and more.get('on'):\n        S\ninner(True, 1, on=1)
def inner():\n    yield 1\n    S\nlist(inner())
def outer():\n    def inner():\n        S\n    return inner\nouter()()
(lambda: E)()
[E for _ in (1,)]
[E for n in [1, 2, 3] if n > 2]
E if True else None
True and E
False or E
None if 1 > 2 else E
result = E
(result := E)
match 1:\n    case 1:\n        S\n    case _:\n        pass
match {'a': 1}:\n    case {'a': n} if n:\n        S
class Inner:\n    def run(self):\n        S\nInner().run()
class Inner:\n    S
class Inner:\n    @staticmethod\n    def run():\n        S\nInner.run()
assert True\nS
if not []:\n    S
if len('abc') == 3 and 'a' in 'abc':\n    S
if (n := 10) > 5:\n    S
if isinstance('a', str):\n    S
if any(x for x in [0, 1]) and not all([0]):\n    S
return S
S\nreturn
globals().get('a')\nS
with op.batch_alter_table('wrapped') as wrapped:\n    S
""".strip().splitlines()


class Mutation:
    """One file's tree and the dice that change it."""

    def __init__(self, tree, dice):
        self.tree, self.dice = tree, dice
        self.before = []

    def bodies(self):
        """Lists of statements within functions."""
        return [
            body
            for function in ast.walk(self.tree) if isinstance(function, ast.FunctionDef)
            for node in ast.walk(function)
            for body in (getattr(node, field, None) for field in ("body", "orelse", "finalbody"))
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt)
        ]

    def nodes(self, kind, test=lambda node: True):
        functions = [it for it in self.tree.body if isinstance(it, (ast.FunctionDef, ast.Assign, ast.ClassDef)) and not header(it)]
        found = [node for function in functions for node in ast.walk(function) if isinstance(node, kind) and test(node)]
        return self.dice.choice(found) if found else None

    def replace(self, old, new):
        for node in ast.walk(self.tree):
            for field, value in ast.iter_fields(node):
                if value is old:
                    setattr(node, field, new)
                    return
                if isinstance(value, list):
                    for at, item in enumerate(value):
                        if item is old:
                            value[at] = new
                            return

    # Statements.

    def statement(self):
        bodies = self.bodies()
        if not bodies:
            return
        body = self.dice.choice(bodies)
        at = self.dice.randrange(len(body))
        way = self.dice.randint(0, 3)
        if way == 0:
            body[at:at + 1] = [] if len(body) > 1 else [ast.Pass()]
        elif way == 1:
            body.insert(at, copy.deepcopy(body[at]))
        elif way == 2:
            other = self.dice.randrange(len(body))
            body[at], body[other] = body[other], body[at]
        else:
            body.insert(at, copy.deepcopy(self.dice.choice(self.dice.choice(bodies))))

    def wrap(self):
        bodies = self.bodies()
        if not bodies:
            return
        body = self.dice.choice(bodies)
        at = self.dice.randrange(len(body))
        statement = body[at]
        template = self.dice.choice(WRAPS).replace("\\n", "\n")
        is_expression = isinstance(statement, ast.Expr)
        if re.search(r"\bE\b", template) and not is_expression:
            return
        if template.startswith("return") and not is_expression:
            return
        wrapped = ast.parse(f"def holder():\n" + "\n".join(f"    {line}" for line in template.splitlines())).body[0].body
        for holder in wrapped:
            Fill(statement).visit(holder)
        for node in [holder for holder in wrapped if isinstance(holder, ast.Expr) and is_hole(holder)]:
            wrapped[wrapped.index(node)] = statement
        body[at:at + 1] = wrapped

    # Values.

    def constant(self):
        node = self.nodes(ast.Constant)
        if node is None:
            return
        value = node.value
        if isinstance(value, bool) or value is None:
            node.value = self.dice.choice([True, False, None, 0, ""])
        elif isinstance(value, str):
            node.value = self.dice.choice([
                self.dice.choice(NAMES), value.upper(), value + "_x", value.replace(" ", "  "), value[: len(value) // 2], None,
                f"{value};", f" {value} ", value.replace("'", '"'), value + ":x", value + "%", value.replace("_", "."),
            ])
        elif isinstance(value, (int, float)):
            node.value = self.dice.choice([value + 1, 0, -value if value else 1, 10**12, 1.5, True, None, str(value)])

    def spelling(self):
        """The same value, written differently."""
        node = self.nodes(ast.Constant, lambda it: isinstance(it.value, (str, int)) and not isinstance(it.value, bool))
        if node is None or any(node in getattr(it, "values", []) for it in ast.walk(self.tree) if isinstance(it, ast.JoinedStr)):
            return
        if isinstance(node.value, int):
            number = node.value
            written = self.dice.choice([f"int('{number}')", f"{number - 1} + 1", f"len({'x' * min(number, 40)!r}) + {number - min(number, 40)}" if number >= 0 else str(number), f"[{number}][0]", f"max({number}, {number})"])
            return self.replace(node, ast.parse(written, mode="eval").body)
        text = node.value
        cut = self.dice.randint(0, len(text))
        left, right = text[:cut], text[cut:]
        name = f"value_{self.dice.randint(1, 10**6)}"
        written = self.dice.choice([
            f"{left!r} + {right!r}", f"f'{{{left!r}}}{{{right!r}}}'" if "'" not in repr(text)[1:-1] and "\\" not in repr(text) and "{" not in text else repr(text),
            f"'%s%s' % ({left!r}, {right!r})", f"'{{}}{{}}'.format({left!r}, {right!r})", f"''.join([{left!r}, {right!r}])", f"({text!r},)[0]",
            f"{{'k': {text!r}}}['k']", f"{{'k': {text!r}}}.get('k', 'y')", f"str({text!r})", f"{'xx' + text!r}[2:]", f"{text + 'xx'!r}[:-2]",
            f"{text!r}.strip()", f"{text!r}.lower()", f"{text!r}.replace('a', 'b')", f"{text!r}.split('_')[0]", f"textwrap.dedent({text!r})",
            f"(lambda it: it)({text!r})", f"({text!r} if True else 'y')", f"({text!r} or 'y')", f"' '.join({text!r}.split())", f"{text!r}.title()",
            f"'{{0}}{{1}}{{0}}'.format('', {text!r})", f"'%(a)s' % {{'a': {text!r}}}", f"{text!r}.encode().decode()", f"{text!r}.capitalize()",
            f"''.join(c for c in {text!r})", f"''.join(reversed({text[::-1]!r}))", f"next(iter([{text!r}]))", f"dict(k={text!r})['k']", f"{text!r} * 1",
            f"sorted([{text!r}])[0]", f"{text!r}[::-1][::-1]", f"[*[{text!r}]][-1]", f"max([{text!r}])", f"{text!r}.removeprefix('ix_')", f"{text!r}.rstrip(';')",
            f"{text!r}.zfill(3)", f"{text!r}.partition('_')[2]", f"{text!r}.rsplit('_', 1)[-1]", f"'{{:>3}}'.format({text!r})", f"'%5s' % {text!r}", f"{text!r}.swapcase()",
        ])
        if self.dice.random() < 0.15:
            self.before.append(f"{name} = {text!r}")
            written = self.dice.choice([name, f"f'{{{name}}}'", f"globals()[{name!r}]", f"'{{}}'.format({name})"])
        self.replace(node, ast.parse(written, mode="eval").body)

    def kind(self):
        node = self.nodes(ast.Call, lambda it: re.match(r"(sa|sqlalchemy|postgresql|pg)\.[A-Z]", ast.unparse(it.func)) and not ast.unparse(it.func).endswith(("Column", "Constraint", "Key", "Table")))
        if node is not None:
            self.replace(node, ast.parse(self.dice.choice(PLAIN), mode="eval").body)

    # Calls.

    def arguments(self):
        node = self.nodes(ast.Call, lambda it: len(it.args) + len(it.keywords) > 0)
        if node is None:
            return
        way = self.dice.randint(0, 7)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        parameters = PARAMETERS.get(name, [])
        if way == 0 and len(node.args) > 1:
            one, two = self.dice.sample(range(len(node.args)), 2)
            node.args[one], node.args[two] = node.args[two], node.args[one]
        elif way == 1 and node.args and len(node.args) <= len(parameters):
            node.keywords.insert(0, ast.keyword(arg=parameters[len(node.args) - 1], value=node.args.pop()))
        elif way == 2 and node.keywords:
            node.keywords.pop(self.dice.randrange(len(node.keywords)))
        elif way == 3 and node.args:
            node.args.pop(self.dice.randrange(len(node.args)))
        elif way == 4:
            node.args, node.keywords = self.starred(node)
        elif way == 5 and len(node.keywords) > 1:
            self.dice.shuffle(node.keywords)
        else:
            keyword = self.dice.choice(list(KEYWORDS))
            node.keywords = [it for it in node.keywords if it.arg != keyword]
            node.keywords.append(ast.keyword(arg=keyword, value=ast.parse(self.dice.choice(KEYWORDS[keyword]), mode="eval").body))

    def starred(self, node):
        """The same arguments as `*[…]` and `**{…}`."""
        args = [ast.Starred(ast.List(node.args, ast.Load()), ast.Load())] if node.args else []
        named = [it for it in node.keywords if it.arg]
        keywords = [it for it in node.keywords if not it.arg]
        if named:
            keywords.append(ast.keyword(arg=None, value=ast.Dict([ast.Constant(it.arg) for it in named], [it.value for it in named])))
        return args, keywords

    def helper(self):
        """A call becomes that of a function of the module, which makes it."""
        node = self.nodes(ast.Call, lambda it: ast.unparse(it.func).startswith("op.") and ast.unparse(it.func) != "op.f")
        if node is None:
            return
        name = f"helper_{self.dice.randint(1, 10**6)}"
        called = ast.unparse(node.func)
        self.before.append(self.dice.choice([
            f"def {name}(*args, **keywords):\n    return {called}(*args, **keywords)",
            f"def {name}(first, *args, **keywords):\n    {called}(first, *args, **keywords)",
            f"{name} = lambda *a, **k: {called}(*a, **k)",
            f"def {name}(*args, flag=True, **keywords):\n    if flag:\n        {called}(*args, **keywords)\n    else:\n        raise RuntimeError('no')",
            f"class {name.title()}:\n    def __call__(self, *args, **keywords):\n        return {called}(*args, **keywords)\n\n\n{name} = {name.title()}()",
            f"{name} = {called}",
            f"def {name}(*args, **keywords):\n    getattr({called.rpartition('.')[0]}, {called.rpartition('.')[2]!r})(*args, **keywords)",
            f"import functools\n{name} = functools.partial({called})",
        ]))
        node.func = ast.Name(name, ast.Load())

    def change(self):
        weights = [(3, self.statement), (4, self.wrap), (4, self.constant), (4, self.spelling), (2, self.kind), (5, self.arguments), (1, self.helper)]
        self.dice.choice([way for weight, way in weights for _ in range(weight)])()


def is_hole(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Name) and node.value.id == "S"


class Fill(ast.NodeTransformer):
    """Puts a statement where a template says `S`, and its value where it says `E`."""

    def __init__(self, statement):
        self.statement = statement

    def visit_Expr(self, node):
        return copy.deepcopy(self.statement) if is_hole(node) else self.generic_visit(node)

    def visit_Name(self, node):
        if node.id in ("E", "S") and isinstance(self.statement, ast.Expr):
            return copy.deepcopy(self.statement.value)
        return node


def header(node):
    """`revision = …` and the like."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(isinstance(it, ast.Name) and it.id in ("revision", "down_revision", "branch_labels", "depends_on") for it in targets)


def mutant(text, dice, changes, revision, parent):
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
    mutation = Mutation(tree, dice)
    for _ in range(dice.randint(1, changes)):
        mutation.change()
    docstring = isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Constant)
    body = [it for it in tree.body[docstring:] if not header(it)]
    future = [it for it in body if isinstance(it, ast.ImportFrom) and it.module == "__future__"]
    imports = "import contextlib\nimport textwrap\n\nimport sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy.dialects import postgresql as pg"
    named = f"revision = {revision!r}\ndown_revision = {parent!r}\nbranch_labels = None\ndepends_on = None"
    rest = ast.Module([it for it in body if it not in future], [])
    parts = [*(ast.unparse(it) for it in future), imports, named, *mutation.before, ast.unparse(ast.fix_missing_locations(rest))]
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("versions", nargs="+", type=Path)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--changes", type=int, default=3, help="at most so many changes to one revision")
    given = parser.parse_args()
    files = sorted(it for folder in given.versions for it in folder.rglob("*.py") if not it.name.startswith("_"))
    texts = [text for text in (it.read_text() for it in files) if not SYSTEM.search(text) and re.search(r"^(revision|down_revision)\b", text, re.M)]
    given.out.mkdir(parents=True, exist_ok=True)
    parent, made, number = None, 0, 0
    while made < given.count and number < given.count * 3:
        number += 1
        dice = random.Random(f"{given.seed}/{number}")
        revision = f"m{number:05}"
        try:
            text = mutant(dice.choice(texts), dice, given.changes, revision, parent)
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        (given.out / f"{revision}.py").write_text(text)
        parent, made = revision, made + 1
    print(made)


if __name__ == "__main__":
    main()
