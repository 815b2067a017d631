//! Where in the text of a revision a repair goes: statements, arguments, indentation. All else stays byte by byte.

use crate::{
    finding::{Edit, Repair},
    source::{Source, SourceId, Span},
};
use ruff_python_ast::{self as ast, Expr, Stmt, token::TokenKind, visitor::Visitor};
use ruff_text_size::{Ranged, TextRange, TextSize};

/// What a block outside of the transaction begins with.
pub const BLOCK: &str = "with op.get_context().autocommit_block():";

/// The changes of one file, in order and not touching each other; `None` where one of the repairs cannot be told
/// exactly: a call that is no statement by itself, a line that holds several, a file that Python cannot read.
#[must_use]
pub fn edits(source: &Source, id: SourceId, repairs: &[Repair]) -> Option<Vec<Edit>> {
    stacker::maybe_grow(8 << 20, 16 << 20, || File::parse(source, id)?.edits(repairs))
}

struct File<'a> {
    text: &'a str,
    id: SourceId,
    suite: Vec<Stmt>,
    tokens: Vec<(TokenKind, TextRange)>,
    newline: &'static str,
    unit: String,
}

/// Statements that are a call and no more, and calls wherever they stand.
#[derive(Default)]
struct Calls<'a> {
    statements: Vec<&'a ast::StmtExpr>,
    calls: Vec<&'a ast::ExprCall>,
}

impl<'a> Visitor<'a> for Calls<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::Expr(it) = statement {
            self.statements.push(it);
        }
        ast::visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(it) = expr {
            self.calls.push(it);
        }
        ast::visitor::walk_expr(self, expr);
    }
}

impl<'a> File<'a> {
    fn parse(source: &'a Source, id: SourceId) -> Option<Self> {
        let parsed = super::parse(&source.text).ok()?;
        if !parsed.errors().is_empty() {
            return None;
        }
        let tokens = parsed.tokens().iter().map(|token| (token.kind(), token.range())).collect();
        let newline = if source.text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut file = Self {
            text: &source.text,
            id,
            suite: parsed.into_suite().into_iter().collect(),
            tokens,
            newline,
            unit: "    ".to_owned(),
        };
        let first = file.suite.iter().find_map(|it| match it {
            Stmt::FunctionDef(def) => def.body.first().and_then(|it| file.alone(it.range())),
            _ => None,
        });
        if let Some(indent) = first {
            file.unit = indent.to_owned();
        }
        Some(file)
    }

    fn edits(&self, repairs: &[Repair]) -> Option<Vec<Edit>> {
        let mut visited = Calls::default();
        visited.visit_body(&self.suite);
        let mut edits = Vec::new();
        for repair in repairs {
            match repair {
                Repair::Replace { span, old, new } => {
                    let there = self.text.get(span.start as usize..span.end as usize);
                    (span.source == self.id && there == Some(old)).then_some(())?;
                    edits.push(Edit { span: *span, text: new.clone() });
                }
                Repair::Argument { call, name, place, value } => {
                    let call = visited.calls.iter().find(|it| self.is(it.range(), *call))?;
                    let range = call.range();
                    let moved =
                        repairs.iter().any(|it| matches!(it, Repair::Autocommit { call } if self.is(range, *call)));
                    edits.push(self.argument(call, name, *place, value, if moved { &self.unit } else { "" })?);
                }
                Repair::Autocommit { call } => {
                    let statement = visited.statements.iter().find(|it| self.is(it.value.range(), *call))?;
                    edits.extend(self.block(statement)?);
                }
                Repair::After { call, code } => {
                    let statement = visited.statements.iter().find(|it| self.is(it.value.range(), *call))?;
                    edits.push(self.after(statement.range(), code)?);
                }
                Repair::Downgrade { code } => edits.push(self.downgrade(code)?),
                Repair::Uncomment { span } => edits.push(self.uncomment(*span)?),
            }
        }
        edits.sort_by_key(|it| (it.span.start, it.span.end));
        let apart = edits.windows(2).all(|it| it[0].span.end <= it[1].span.start && it[0].span != it[1].span);
        apart.then_some(edits)
    }

    fn is(&self, range: TextRange, span: Span) -> bool {
        span.source == self.id && range.start().to_u32() == span.start && range.end().to_u32() == span.end
    }

    fn edit(&self, start: TextSize, end: TextSize, text: String) -> Edit {
        Edit { span: Span { source: self.id, start: start.to_u32(), end: end.to_u32() }, text }
    }

    fn add(&self, at: TextSize, text: String) -> Edit {
        self.edit(at, at, text)
    }

    /// The indentation of what stands alone on its lines, but for a comment behind it.
    fn alone(&self, range: TextRange) -> Option<&'a str> {
        let indent = self.before(range.start())?;
        let behind = self.text.get(range.end().to_usize()..self.end_of_line(range.end())?.0)?.trim();
        (behind.is_empty() || behind.starts_with('#')).then_some(indent)
    }

    /// The blanks before a place, where its line has nothing else before it.
    fn before(&self, at: TextSize) -> Option<&'a str> {
        let head = self.text.get(..at.to_usize())?;
        let line = head.get(head.rfind('\n').map_or(0, |it| it + 1)..)?;
        line.chars().all(|it| it == ' ' || it == '\t').then_some(line)
    }

    /// Where the line of a place ends, without its line end and with it.
    fn end_of_line(&self, at: TextSize) -> Option<(usize, usize)> {
        let from = at.to_usize();
        let rest = self.text.get(from..)?;
        let Some(end) = rest.find('\n') else { return Some((self.text.len(), self.text.len())) };
        let bare = if rest.get(..end)?.ends_with('\r') { end - 1 } else { end };
        Some((from + bare, from + end + 1))
    }

    /// An argument's value is another one, or the argument is added behind the last; on a line of its own where each has
    /// one, a step further in where the call is moved so.
    fn argument(
        &self,
        call: &ast::ExprCall,
        name: &str,
        place: Option<usize>,
        value: &str,
        step: &str,
    ) -> Option<Edit> {
        let arguments = &call.arguments;
        let keyword = arguments.keywords.iter().find(|it| it.arg.as_ref().is_some_and(|it| it.as_str() == name));
        if let Some(it) = keyword {
            return Some(self.edit(it.value.start(), it.value.end(), value.to_owned()));
        }
        // What a `**mapping` or a `*sequence` brings along is not known here.
        let open =
            arguments.args.iter().any(Expr::is_starred_expr) || arguments.keywords.iter().any(|it| it.arg.is_none());
        if open {
            return None;
        }
        if let Some(it) = place.and_then(|at| arguments.args.get(at)) {
            return Some(self.edit(it.start(), it.end(), value.to_owned()));
        }
        let inner = self.tokens.iter().filter(|(kind, range)| {
            let trivia = matches!(kind, TokenKind::Comment | TokenKind::NonLogicalNewline);
            !trivia && arguments.range.contains_range(*range)
        });
        // The last is the bracket that closes the call.
        let (kind, last) = *inner.rev().nth(1)?;
        let text = match kind {
            TokenKind::Lpar => format!("{name}={value}"),
            TokenKind::Comma => {
                let indent = self.before(arguments.iter_source_order().last()?.start());
                let (end, _) = self.end_of_line(last.end())?;
                let behind = self.text.get(last.end().to_usize()..end)?.trim();
                if let Some(indent) = indent.filter(|_| behind.is_empty() || behind.starts_with('#')) {
                    let line = format!("{}{step}{indent}{name}={value},", self.newline);
                    return Some(self.add(TextSize::try_from(end).ok()?, line));
                }
                format!(" {name}={value},")
            }
            _ => format!(", {name}={value}"),
        };
        Some(self.add(last.end(), text))
    }

    /// A line before the statement, and one step of indentation for each line of it that is no text.
    fn block(&self, statement: &ast::StmtExpr) -> Option<Vec<Edit>> {
        let Expr::Call(call) = &*statement.value else { return None };
        let Expr::Attribute(it) = &*call.func else { return None };
        matches!(&*it.value, Expr::Name(name) if name.id.as_str() == "op").then_some(())?;
        let range = statement.range();
        let indent = self.alone(range)?;
        let mut edits = vec![self.add(range.start(), format!("{BLOCK}{}{indent}{}", self.newline, self.unit))];
        let from = range.start().to_usize();
        for (at, _) in self.text.get(from..range.end().to_usize())?.match_indices('\n') {
            let at = TextSize::try_from(from + at + 1).ok()?;
            let blank = self.text.get(at.to_usize()..self.end_of_line(at)?.0)?.trim().is_empty();
            if !blank && !self.is_in_text(at) {
                edits.push(self.add(at, self.unit.clone()));
            }
        }
        Some(edits)
    }

    /// The place is inside of a string, where a blank more would be another text.
    fn is_in_text(&self, at: TextSize) -> bool {
        let mut open = Vec::new();
        for (kind, range) in &self.tokens {
            if range.start() >= at {
                return !open.is_empty();
            }
            match kind {
                TokenKind::String if at < range.end() => return true,
                TokenKind::FStringStart | TokenKind::TStringStart => open.push(range.start()),
                TokenKind::FStringEnd | TokenKind::TStringEnd => {
                    open.pop();
                }
                _ => {}
            }
        }
        false
    }

    fn after(&self, range: TextRange, code: &str) -> Option<Edit> {
        let indent = self.alone(range)?;
        let (end, _) = self.end_of_line(range.end())?;
        let lines = self.lines(code, indent);
        Some(self.add(TextSize::try_from(end).ok()?, format!("{}{lines}", self.newline)))
    }

    /// Lines of code in the file's own indentation.
    fn lines(&self, code: &str, indent: &str) -> String {
        let lines = code.lines().map(|line| {
            let inner = line.trim_start_matches("    ");
            let steps = (line.len() - inner.len()) / 4;
            format!("{indent}{}{inner}", self.unit.repeat(steps))
        });
        lines.collect::<Vec<_>>().join(self.newline)
    }

    /// A function that does nothing does something, and one that is not there comes behind all else.
    fn downgrade(&self, code: &str) -> Option<Edit> {
        let defined = self.suite.iter().rev().find_map(|it| match it {
            Stmt::FunctionDef(def) if def.name.as_str() == "downgrade" => Some(def),
            _ => None,
        });
        let Some(def) = defined else {
            let body = self.lines(code, &self.unit);
            let end = TextSize::try_from(self.text.len()).ok()?;
            let gap = self.newline.repeat(if self.text.ends_with('\n') { 2 } else { 3 });
            return Some(self.add(end, format!("{gap}def downgrade():{0}{body}{0}", self.newline)));
        };
        let last = def.body.last()?;
        match last {
            Stmt::Pass(_) | Stmt::Return(_) => {}
            Stmt::Expr(it) if it.value.is_ellipsis_literal_expr() => {}
            // Nothing but its docstring.
            Stmt::Expr(it) if it.value.is_string_literal_expr() => return self.after(last.range(), code),
            _ => return None,
        }
        if let Some(indent) = self.alone(last.range()) {
            let lines = self.lines(code, indent);
            let lines = lines.strip_prefix(indent)?.to_owned();
            return Some(self.edit(last.start(), last.end(), lines));
        }
        // `def downgrade(): pass`
        let head = self.text.get(..last.start().to_usize())?.trim_end();
        let colon =
            head.ends_with(':') && head.len() >= def.name.end().to_usize() && self.before(def.start()).is_some();
        colon.then_some(())?;
        let lines = self.lines(code, &self.unit);
        Some(self.edit(TextSize::try_from(head.len()).ok()?, last.end(), format!("{}{lines}", self.newline)))
    }

    fn uncomment(&self, span: Span) -> Option<Edit> {
        let range = TextRange::new(span.start.into(), span.end.into());
        let is_comment = self.tokens.contains(&(TokenKind::Comment, range));
        (span.source == self.id && is_comment).then_some(())?;
        if let Some(indent) = self.before(range.start()) {
            let start = range.start() - TextSize::of(indent);
            let (_, end) = self.end_of_line(range.end())?;
            return Some(self.edit(start, TextSize::try_from(end).ok()?, String::new()));
        }
        let head = self.text.get(..range.start().to_usize())?.trim_end_matches([' ', '\t']);
        Some(self.edit(TextSize::try_from(head.len()).ok()?, range.end(), String::new()))
    }
}
