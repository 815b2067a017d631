//! The reader: a revision file's text to a [`Revision`]. The only room that knows ruff.
//!
//! The Python is never run: an interpreter of our own goes through its syntax tree, with limits on everything, and
//! whatever it does not understand becomes an unresolved step with the place and the reason.

mod alike;
mod args;
mod blocks;
mod branches;
mod builtins;
mod call;
mod catalog;
mod compiles;
mod concat;
mod connection;
mod core;
mod dicts;
pub mod edit;
mod engines;
mod entities;
pub mod env;
mod exceptions;
mod expr;
mod externals;
mod files;
mod format;
mod given;
mod header;
mod heap;
mod imports;
mod inspect;
mod interp;
mod items;
mod iterators;
mod json;
mod keywords;
mod library;
mod listeners;
mod loops;
mod matching;
mod metadata;
mod methods;
mod models;
mod modules;
mod operands;
mod operators;
mod ops;
mod query;
mod records;
mod select;
mod strings;
mod tables;
mod targets;
mod tools;
mod trees;
mod types;
mod value;
mod walk;

pub use alike::{alike, alike_without};

use crate::{
    environment::Listener,
    finding::{Finding, Severity},
    op::{CheckFirst, Literal, Op, Step},
    reason::Reason,
    revision::{Body, Revision},
    source::{SourceId, Sources, Span, Text},
};
pub use engines::engines;
pub use given::normal;
use interp::{Args, Halt, Interp};
pub use listeners::Listening;
pub use models::{Model, Models, models};
use ruff_python_ast::{self as ast, ModModule, Stmt};
use ruff_python_parser::{Mode, ParseOptions, Parsed, lexer};
use ruff_text_size::Ranged;
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
};
use trees::Tree;
pub use trees::Trees;
use value::{Arg, Function, Scope, Value};

/// Brackets within brackets: the limit of Python's own tokenizer (`MAXLEVEL` in `CPython`'s `tokenizer.c`).
const BRACKETS: usize = 200;
/// Operators in one logical line: a tree deeper than this is nobody's migration.
const OPERATORS: usize = 3_000;
/// Blocks within blocks: `CPython`'s own limit on indentation (`MAXINDENT`).
const BLOCKS: usize = 100;

/// What a revision file comes to.
#[derive(Clone, Debug)]
pub struct Read {
    /// The revision; `None` where the file names none.
    pub revision: Option<Revision>,
    /// Faults of the file itself: `python-syntax`, `missing-revision-id`.
    pub findings: Vec<Finding>,
    /// The comments, `#` included.
    pub comments: Vec<Span>,
    /// What the user gave, and how often it was asked for.
    pub used: Used,
    /// The listeners to SQLAlchemy's events that imported modules bring along.
    pub listeners: BTreeSet<Listener>,
}

/// How often the file asked for what the user gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// By name in `[assume]`.
    pub assumed: BTreeMap<String, usize>,
    /// By name in `[types]`.
    pub types: BTreeMap<String, usize>,
}

impl Used {
    /// Adds the counts of another file.
    pub fn add(&mut self, other: &Self) {
        for (ours, theirs) in [(&mut self.assumed, &other.assumed), (&mut self.types, &other.types)] {
            for (name, count) in theirs {
                *ours.entry(name.clone()).or_default() += count;
            }
        }
    }
}

/// What the user said that decides what a revision does.
pub struct Settings<'a> {
    /// `[assume]`: what a name stands for, as a revision spells it or dotted from its module.
    pub assume: &'a BTreeMap<String, Literal>,
    /// `[types]`: the SQL of a type, by the dotted name of its class.
    pub types: &'a BTreeMap<String, String>,
    /// Where the project's own modules are found.
    pub modules: &'a dyn Modules,
    /// What was parsed of them.
    pub trees: &'a Trees,
}

/// Finds modules of the checkout; reads, never runs.
pub trait Modules: Sync {
    /// The source of a dotted module name that the file at `from` (relative to the repository's root) imports.
    fn module(&self, dotted: &str, from: &str) -> Option<SourceId>;

    /// The text of a file of the checkout, by its path from the root.
    fn file(&self, path: &str) -> Option<SourceId>;

    /// The project's own files that have a word in them, revisions and tests apart.
    fn mentioning(&self, _: &str) -> Vec<SourceId> {
        Vec::new()
    }
}

/// A checkout without modules.
pub struct NoModules;

impl Modules for NoModules {
    fn module(&self, _: &str, _: &str) -> Option<SourceId> {
        None
    }

    fn file(&self, _: &str) -> Option<SourceId> {
        None
    }
}

/// Reads a revision file. Never fails: what is wrong with the file is in the findings.
#[must_use]
pub fn read(sources: &Sources, id: SourceId, settings: &Settings<'_>) -> Read {
    read_for(sources, id, settings, None)
}

/// As [`read`]; `upgrade(engine_name)` and `downgrade(engine_name)` are called with the name of an engine, as the
/// `env.py` of the `multidb` template does.
#[must_use]
pub fn read_for(sources: &Sources, id: SourceId, settings: &Settings<'_>, engine: Option<&str>) -> Read {
    // Parsing and dropping a deep tree takes more stack than a thread usually has.
    stacker::maybe_grow(8 << 20, 16 << 20, || read_file(sources, id, settings, engine))
}

fn read_file(sources: &Sources, id: SourceId, settings: &Settings<'_>, engine: Option<&str>) -> Read {
    let source = sources.get(id);
    let syntax = |start: u32, end: u32, message: String| {
        let span = Span { source: id, start, end };
        let mut finding = Finding::new("python-syntax", Severity::Error, span, message);
        finding.object(source.path.clone());
        finding
    };
    let parsed = match parse(&source.text) {
        Ok(parsed) => parsed,
        Err((at, message)) => {
            return Read {
                revision: None,
                findings: vec![syntax(at, at, message)],
                comments: Vec::new(),
                used: Used::default(),
                listeners: BTreeSet::new(),
            };
        }
    };
    let comments = comments(&parsed, id);
    let mut findings = Vec::new();
    if let Some(error) = parsed.errors().first() {
        let range = error.location;
        // Half a file breaks off at its end: the last line that says something is the place.
        let last = u32::try_from(source.text.trim_end().len()).unwrap_or(0).saturating_sub(1);
        let start = range.start().to_u32().min(floor(&source.text, last));
        findings.push(syntax(
            start,
            range.end().to_u32().max(start),
            format!("Python cannot parse this: {}", error.error),
        ));
    }
    let tree = Tree::new(id, parsed.into_suite().into_iter().collect());
    let mut reader = Interp::new(sources, settings, id);
    reader.tree = Some(Arc::clone(&tree));
    let scope = reader.heap.keep(Scope::of_file(id));
    reader.globals = Some(Rc::clone(&scope));
    reader.engine = engine.map(str::to_owned);
    let broken = !findings.is_empty();
    let module = run_module(&mut reader, &tree.statements, &scope);
    let revision = match header::read(&mut reader, &tree.statements, &scope) {
        Ok(header) => {
            let mut way =
                |name: &str| Arc::new(body(&mut reader, &tree.statements, &scope, name, module.as_ref(), broken));
            Some(Revision {
                source: id,
                id: header.id,
                parents: header.parents,
                depends_on: header.depends_on,
                labels: header.labels,
                docstring: header.docstring,
                upgrade: way("upgrade"),
                downgrade: way("downgrade"),
            })
        }
        Err(finding) => {
            findings.extend(finding.filter(|_| !broken).map(|finding| *finding));
            None
        }
    };
    Read { revision, findings, comments, used: reader.used, listeners: reader.listeners }
}

/// The beginning of the character that a byte is of.
fn floor(text: &str, at: u32) -> u32 {
    u32::try_from(text.floor_char_boundary(at as usize)).unwrap_or(at)
}

/// Parses Python, tolerant of errors; fails only at the limits, with the place and a message.
fn parse(text: &str) -> Result<Parsed<ModModule>, (u32, String)> {
    within_limits(text)?;
    let parsed = ruff_python_parser::parse_unchecked(text, ParseOptions::from(Mode::Module));
    parsed.try_into_module().ok_or_else(|| (0, "Python cannot parse this".to_owned()))
}

/// The parser goes down into the text by recursion: what is too deep for it is refused before.
fn within_limits(text: &str) -> Result<(), (u32, String)> {
    if is_plainly_shallow(text) {
        return Ok(());
    }
    let Err(message) = depth(text) else { return Ok(()) };
    // The lexer does not tell where it is: the shortest prefix that is too deep ends there.
    let (mut fine, mut deep) = (0, text.len());
    while deep - fine > 1 {
        let middle = text.floor_char_boundary(usize::midpoint(fine, deep));
        if middle <= fine {
            break;
        }
        if depth(&text[..middle]).is_ok() { fine = middle } else { deep = middle }
    }
    Err((u32::try_from(fine).unwrap_or(0), message))
}

/// No reading of the text can come to a limit: there are not as many brackets, words and signs, nor so wide an
/// indentation. Most files are so, and need not be taken apart for it.
fn is_plainly_shallow(text: &str) -> bool {
    let (mut brackets, mut operators, mut in_word) = (0_usize, 0_usize, 0_u8);
    for byte in text.bytes() {
        let class = CLASSES[usize::from(byte)];
        let word = class & WORD;
        brackets += usize::from((class & BRACKET) >> 2);
        operators += usize::from((word & !in_word) | ((class & SIGN) >> 1));
        in_word = word;
    }
    let lines = text.as_bytes().split(|byte| matches!(byte, b'\n' | b'\r'));
    let widths = lines.map(|line| line.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\x0c')).count());
    brackets <= BRACKETS && operators <= OPERATORS && widths.max().unwrap_or(0) <= BLOCKS
}

/// A letter of a word, or a digit.
const WORD: u8 = 1;
/// What may be an operator.
const SIGN: u8 = 2;
/// What opens a bracket.
const BRACKET: u8 = 4;

/// What a byte may be part of: a table is asked in no time.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        classes[byte as usize] = match byte {
            b'(' | b'[' | b'{' => SIGN | BRACKET,
            b'_' => WORD,
            _ if byte.is_ascii_alphanumeric() || !byte.is_ascii() => WORD,
            _ if byte.is_ascii_punctuation() => SIGN,
            _ => 0,
        };
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

fn depth(text: &str) -> Result<(), String> {
    use ruff_python_ast::token::TokenKind;
    let mut lexer = lexer::lex(text, Mode::Module);
    let (mut brackets, mut operators, mut blocks) = (0_usize, 0_usize, 0_usize);
    loop {
        let kind = lexer.next_token();
        match kind {
            TokenKind::EndOfFile => return Ok(()),
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => brackets += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => brackets = brackets.saturating_sub(1),
            TokenKind::Newline => operators = 0,
            TokenKind::Comma => operators = operators.saturating_sub(16),
            TokenKind::Indent => blocks += 1,
            TokenKind::Dedent => blocks = blocks.saturating_sub(1),
            kind if kind.is_operator()
                || matches!(
                    kind,
                    TokenKind::Not | TokenKind::Lambda | TokenKind::If | TokenKind::Await | TokenKind::Else
                ) =>
            {
                operators += 1;
            }
            _ => {}
        }
        if brackets > BRACKETS {
            return Err(format!("Python cannot parse this: brackets are nested more than {BRACKETS} deep"));
        }
        if blocks > BLOCKS {
            return Err(format!("Python cannot parse this: blocks are nested more than {BLOCKS} deep"));
        }
        if operators > OPERATORS {
            return Err(format!("one expression has more than {OPERATORS} operators"));
        }
    }
}

fn comments(parsed: &Parsed<ModModule>, id: SourceId) -> Vec<Span> {
    use ruff_python_ast::token::TokenKind;
    parsed
        .tokens()
        .iter()
        .filter(|token| token.kind() == TokenKind::Comment)
        .map(|token| Span { source: id, start: token.range().start().to_u32(), end: token.range().end().to_u32() })
        .collect()
}

/// Why the module's own statements could not be evaluated to their end.
struct Blocked {
    span: Span,
    reason: String,
}

fn run_module(reader: &mut Interp<'_>, body: &[Stmt], scope: &Rc<Scope>) -> Option<Blocked> {
    let mut blocked = None;
    for statement in body {
        // An exception at import would be one of the project's settings; what follows is read all the same.
        if let Err(Halt::Limit { reason, span }) = reader.block(std::slice::from_ref(statement), scope) {
            blocked.get_or_insert(Blocked { span, reason });
        }
    }
    blocked
}

/// Evaluates `upgrade()` or `downgrade()`.
fn body(
    reader: &mut Interp<'_>,
    suite: &[Stmt],
    scope: &Rc<Scope>,
    name: &str,
    blocked: Option<&Blocked>,
    broken: bool,
) -> Body {
    let top = Span { source: reader.main, start: 0, end: 0 };
    let definition = suite.iter().rev().find_map(|statement| match statement {
        Stmt::FunctionDef(def) if def.name.id.as_str() == name => Some(def),
        _ => None,
    });
    let span = definition.map_or(top, |def| reader.span(def.name.range()));
    let function = match scope.get(name) {
        Some(Value::Function(function)) => Some(function),
        Some(_) | None if broken => None,
        Some(_) => return unresolved_body(span, format!("`{name}` is not a function of the file")),
        None => None,
    };
    if broken {
        return unresolved_body(span, "the file has a syntax error".to_owned());
    }
    let Some(function) = function else {
        return Body { span, defined: false, empty: true, steps: Vec::new() };
    };
    reader.refresh();
    let mut steps = run_body(reader, &function, span, blocked);
    // A history of thousands holds all of them at once.
    steps.shrink_to_fit();
    let empty = definition.is_some_and(|def| walk::is_empty(&def.body));
    Body { span, defined: true, empty, steps }
}

fn unresolved_body(span: Span, reason: String) -> Body {
    let step = Step {
        op: Op::Unresolved { reason: reason.into() },
        span,
        sent: span,
        autocommit: false,
        checkfirst: CheckFirst::No,
        when: Vec::new(),
    };
    Body { span, defined: true, empty: false, steps: vec![step] }
}

fn run_body(reader: &mut Interp<'_>, function: &Rc<Function>, span: Span, blocked: Option<&Blocked>) -> Vec<Step> {
    if let Some((span, reason)) = reader.patched.clone() {
        let _ = reader.unresolved(span, reason);
    }
    if let Some(blocked) = blocked {
        let _ = reader.unresolved(blocked.span, Reason::limit(blocked.reason.clone()));
    }
    let parameters = || function.body.parameters().into_iter().flat_map(ast::Parameters::iter_non_variadic_params);
    let engine = reader.engine.clone().filter(|_| parameters().count() == 1);
    let positional: Vec<Arg> = engine.into_iter().map(|name| Arg { value: Value::made(name), span }).collect();
    let given = !positional.is_empty();
    let args = Args { positional, keywords: Vec::new(), open: None, span };
    let needs = !given && parameters().any(|parameter| parameter.default.is_none());
    let outcome = if let Some(decorator) = &function.decorated {
        reader.unresolved(span, format!("`{}` is decorated with `{decorator}`", function.name)).map(|()| Value::None)
    } else if function.generator {
        reader
            .unresolved(span, format!("`{}` is a generator, which nobody goes through", function.name))
            .map(|()| Value::None)
    } else if needs {
        reader
            .unresolved(span, format!("`{}` takes arguments, which env.py gives", function.name))
            .map(|()| Value::None)
    } else {
        reader.call_function(function, args)
    };
    // Limits do not count for saying that one is reached.
    match outcome {
        Ok(_) => {}
        Err(Halt::Raise { what, message, span }) => {
            let what = match message {
                Some(message) => format!("{what}: {message}"),
                None => what,
            };
            let step = reader.step(Op::Raise { what }, span);
            reader.steps.push(step);
        }
        Err(Halt::Limit { reason, span }) => {
            let step = reader.step(Op::Unresolved { reason: Reason::limit(reason) }, span);
            reader.steps.push(step);
        }
    }
    std::mem::take(&mut reader.steps)
}

/// A value that the user's configuration gives.
fn assumed(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::None,
        Literal::Bool(it) => Value::Bool(*it),
        Literal::Int(it) => it.parse().map_or(Value::None, Value::Int),
        Literal::Float(it) => it.parse().map_or(Value::None, Value::Float),
        Literal::Str(text) => Value::text(text.clone()),
        Literal::List(items) => Value::Tuple(Rc::new(items.iter().map(assumed).collect())),
        other => Value::Literal(Rc::new(other.clone())),
    }
}

/// The name's own span, or that of the whole expression.
fn place(text: &Text, whole: Span) -> Span {
    text.span().filter(|span| span.source == whole.source).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plainly_shallow_is_within_the_limits() {
        let blocks = |many: usize| (0..many).fold(String::new(), |text, n| text + &" ".repeat(n) + "if x:\n");
        let texts = [
            ("x = 1\n".to_owned(), true),
            (format!("x = {}1{}\n", "(".repeat(BRACKETS), ")".repeat(BRACKETS)), true),
            (format!("x = f'{}'\n", "{a[".repeat(BRACKETS / 2 + 1)), false),
            (format!("x = {}1\n", "not ".repeat(OPERATORS - 3)), true),
            (format!("x = {}1\n", "not ".repeat(OPERATORS + 1)), false),
            (format!("x = {}1\n", "-".repeat(OPERATORS + 1)), false),
            (blocks(BLOCKS), true),
            (blocks(BLOCKS + 2), false),
            (blocks(BLOCKS + 2).replace('\n', "\r"), false),
            (blocks(BLOCKS + 2).replace(' ', "\t"), false),
        ];
        for (text, expected) in texts {
            assert_eq!(is_plainly_shallow(&text), expected, "{text}");
            assert!(!expected || depth(&text).is_ok(), "{text}");
        }
    }
}
