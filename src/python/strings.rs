//! Strings: literals with the place of every byte, f-strings, `%`, `.format`, and the methods of `str`.

use super::{
    format::{directive, formatted},
    interp::{Eval, Halt, Interp},
    value::{Arg, Scope, Unknown, Value},
};
use crate::source::{Span, Text};
use ruff_python_ast::{self as ast, ConversionFlag, FStringPart, InterpolatedStringElement};
use ruff_text_size::{Ranged, TextRange};
use std::rc::Rc;

impl Interp<'_> {
    /// A string literal, its parts joined.
    pub(super) fn string(&self, value: &ast::StringLiteralValue) -> Text {
        let mut text = Text::default();
        for part in value {
            text.push(&self.literal(part));
        }
        text
    }

    fn literal(&self, part: &ast::StringLiteral) -> Text {
        self.decoded(part.content_range(), &part.value, part.flags.prefix().is_raw(), false)
    }

    /// The text of a part of a literal: byte by byte where the source says it as it is, escapes as wholes.
    fn decoded(&self, range: TextRange, value: &str, raw: bool, doubled_braces: bool) -> Text {
        let span = self.span(range);
        let source = self.sources.get(self.file);
        let content = source.text.get(span.start as usize..span.end as usize).unwrap_or("");
        if content == value {
            return Text::verbatim(value, span);
        }
        let text = decode(content, span, raw, doubled_braces);
        // The parser's answer is the truth; it keeps CRLF, which Python reads as LF.
        let expected = value.replace("\r\n", "\n");
        if text.as_str() == expected { text } else { Text::at(expected, span) }
    }

    pub(super) fn f_string(&mut self, it: &ast::ExprFString, scope: &Rc<Scope>) -> Eval {
        let mut text = Text::default();
        for part in &it.value {
            match part {
                FStringPart::Literal(literal) => text.push(&self.literal(literal)),
                FStringPart::FString(part) => {
                    let raw = part.flags.prefix().is_raw();
                    if let Some(unknown) = self.elements(&part.elements, raw, scope, &mut text)? {
                        return Ok(Value::Unknown(unknown));
                    }
                }
            }
        }
        self.spend(text.as_str().len(), self.span(it.range()))?;
        Ok(Value::text(text))
    }

    /// Adds the elements of an f-string; answers with what is not known in it.
    fn elements(
        &mut self,
        elements: &ast::InterpolatedStringElements,
        raw: bool,
        scope: &Rc<Scope>,
        text: &mut Text,
    ) -> Result<Option<Rc<Unknown>>, Halt> {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => {
                    text.push(&self.decoded(literal.range, &literal.value, raw, true));
                }
                InterpolatedStringElement::Interpolation(it) => {
                    let span = self.span(it.range());
                    let value = self.eval(&it.expression, scope)?;
                    if let Value::Unknown(unknown) = value {
                        return Ok(Some(unknown));
                    }
                    let mut spec = Text::default();
                    if let Some(format) = &it.format_spec
                        && let Some(unknown) = self.elements(&format.elements, raw, scope, &mut spec)?
                    {
                        return Ok(Some(unknown));
                    }
                    let shown = match it.conversion {
                        ConversionFlag::Repr | ConversionFlag::Ascii => repr(&value).map(|text| Text::at(text, span)),
                        _ => self.printed(&value, "__format__", span)?.or_else(|| shown(&value, span)),
                    };
                    let shown = shown.and_then(|shown| formatted(&value, shown, spec.as_str(), span));
                    match (shown, &it.debug_text) {
                        (Some(shown), None) => text.push(&shown),
                        _ => return Ok(Some(self.unprintable(&value, span))),
                    }
                }
            }
        }
        Ok(None)
    }

    fn unprintable(&self, value: &Value, span: Span) -> Rc<Unknown> {
        let reason = crate::reason::Reason::of(value.cause(), format!("{} is put into a string", value.kind()));
        Rc::new(Unknown { reason, span, inert: false })
    }

    /// `"…" % values`.
    pub(super) fn percent(&mut self, template: &Text, values: &Value, span: Span) -> Eval {
        let arguments: Vec<Value> = match values {
            Value::Tuple(items) => (**items).clone(),
            other => vec![other.clone()],
        };
        let mut next = arguments.iter();
        let mut text = Text::default();
        let source = template.as_str();
        let mut at = 0;
        while let Some(found) = source.get(at..).and_then(|rest| rest.find('%')) {
            let start = at + found;
            text.push(&template.slice(at, start));
            let Some(directive) = Directive::read(&source[start..]) else {
                return Ok(Value::unknown(span, "the `%` format is not evaluated"));
            };
            at = start + directive.length;
            if directive.kind == '%' {
                text.push(&template.slice(start, start + 1));
                continue;
            }
            let value = match &directive.key {
                Some(key) => lookup(values, key),
                None => next.next().cloned(),
            };
            let shown = match &value {
                Some(Value::Unknown(unknown)) => return Ok(Value::Unknown(Rc::clone(unknown))),
                Some(value) if directive.kind == 's' => {
                    let own = self.printed(value, "__str__", span)?.or_else(|| shown(value, span));
                    super::format::directive(value, own, &directive.flags, 's', span)
                }
                Some(value) => directive.show(value, span),
                None => None,
            };
            match shown {
                Some(shown) => text.push(&shown),
                None => return Ok(Value::unknown(span, "the `%` format is not evaluated")),
            }
        }
        text.push(&template.slice(at, source.len()));
        self.spend(text.as_str().len(), span)?;
        Ok(Value::text(text))
    }

    /// `"…".format(…)`.
    pub(super) fn format(&mut self, template: &Text, args: &[Arg], named: &[(String, Arg, Span)], span: Span) -> Eval {
        let mut text = Text::default();
        let source = template.as_str();
        let (mut at, mut auto) = (0, 0);
        let unknown = || Ok(Value::unknown(span, "the `.format()` template is not evaluated"));
        while let Some(found) = source.get(at..).and_then(|rest| rest.find(['{', '}'])) {
            let start = at + found;
            text.push(&template.slice(at, start));
            let rest = &source[start..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                text.push(&template.slice(start, start + 1));
                at = start + 2;
                continue;
            }
            let Some(end) = rest.find('}').filter(|_| rest.starts_with('{')) else { return unknown() };
            let field = &rest[1..end];
            at = start + end + 1;
            if field.contains('{') {
                return unknown();
            }
            let (field, spec) = field.split_once(':').unwrap_or((field, ""));
            let (field, conversion) = field.split_once('!').unwrap_or((field, ""));
            let head_end = field.find(['.', '[']).unwrap_or(field.len());
            let (head, path) = field.split_at(head_end);
            let value = if head.is_empty() {
                auto += 1;
                args.get(auto - 1).map(|arg| arg.value.clone())
            } else if let Ok(index) = head.parse::<usize>() {
                args.get(index).map(|arg| arg.value.clone())
            } else {
                named.iter().find(|(name, ..)| name == head).map(|(_, arg, _)| arg.value.clone())
            };
            let Some(mut value) = value else { return unknown() };
            if !path.is_empty() {
                match self.followed(value, path, span)? {
                    Some(found) => value = found,
                    None => return unknown(),
                }
            }
            if let Value::Unknown(it) = value {
                return Ok(Value::Unknown(it));
            }
            let shown = match conversion {
                "r" => repr(&value).map(|it| Text::at(it, span)),
                _ => self.printed(&value, "__format__", span)?.or_else(|| shown(&value, span)),
            };
            match shown.and_then(|shown| formatted(&value, shown, spec, span)) {
                Some(shown) => text.push(&shown),
                None => return Ok(Value::Unknown(self.unprintable(&value, span))),
            }
        }
        text.push(&template.slice(at, source.len()));
        self.spend(text.as_str().len(), span)?;
        Ok(Value::text(text))
    }

    /// What an object's own `__str__` says, which is asked for by `str()` and in formats; `None` where it has none, or
    /// where Python's versions do not agree.
    pub(super) fn printed(&mut self, value: &Value, asked: &str, span: Span) -> Result<Option<Text>, Halt> {
        let Value::Instance(instance) = value else { return Ok(None) };
        let class = &instance.class;
        let is = |name: &str| class.bases.iter().any(|it| matches!(it, Value::External(path) if &**path == name));
        if asked == "__format__" && is("enum.IntEnum") {
            return Ok(shown(&value.plain(), span));
        }
        if class.is_enum() && (is("builtins.str") || is("builtins.int")) || class.lookup("__format__").is_some() {
            return Ok(None);
        }
        let Some(Value::Function(own)) = class.lookup("__str__").or_else(|| class.lookup("__repr__")) else {
            return Ok(None);
        };
        if class.is_enum() && own.name == "__repr__" {
            return Ok(None);
        }
        let said =
            self.call_function(&super::call::bound(&own, value.clone()), super::tools::call_of(Vec::new(), span))?;
        Ok(said.as_text())
    }

    /// `.name` and `[key]` behind a field of `.format()`.
    fn followed(&mut self, mut value: Value, mut path: &str, span: Span) -> Result<Option<Value>, Halt> {
        while !path.is_empty() {
            if let Some(rest) = path.strip_prefix('.') {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                value = self.attribute(&value, &rest[..end], span)?;
                path = &rest[end..];
            } else if let Some((key, rest)) = path.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                let key = key.parse().map_or_else(|_| Value::made(key), Value::Int);
                value = self.item(&value, &key, span)?;
                path = rest;
            } else {
                return Ok(None);
            }
        }
        Ok(Some(value))
    }

    /// Joins strings that are known; the places of the parts are kept.
    pub(super) fn join(&mut self, separator: &Text, items: &Value, span: Span) -> Eval {
        let items = match self.collect(items, span)? {
            Ok(items) => items,
            Err(unknown) => return Ok(Value::Unknown(unknown)),
        };
        let weight: usize =
            items.iter().filter_map(Value::as_text).map(|text| text.weight() + separator.weight()).sum();
        self.spend(weight, span)?;
        let mut text = Text::default();
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                text.push(separator);
            }
            match item.plain() {
                Value::Unknown(unknown) => return Ok(Value::Unknown(unknown)),
                item => match item.as_text() {
                    Some(part) => text.push(&part),
                    None => return Ok(Value::unknown(span, format!("{} is joined into a string", item.kind()))),
                },
            }
        }
        self.spend(text.as_str().len(), span)?;
        Ok(Value::text(text))
    }
}

/// The text of a value as `str()` gives it, with its places where it has some.
pub(super) fn shown(value: &Value, span: Span) -> Option<Text> {
    Some(match value {
        Value::Str(text) => (**text).clone(),
        Value::Name(name) => Text::at(name.text.clone(), name.span.unwrap_or(span)),
        Value::Int(n) => Text::at(n.to_string(), span),
        Value::Bool(true) => Text::at("True", span),
        Value::Bool(false) => Text::at("False", span),
        Value::None => Text::at("None", span),
        Value::Path(path) => Text::at(path.to_string(), span),
        Value::Float(n) => Text::at(float(*n), span),
        Value::Literal(literal) => match &**literal {
            crate::op::Literal::Uuid(it)
            | crate::op::Literal::Date(it)
            | crate::op::Literal::DateTime(it)
            | crate::op::Literal::Time(it)
            | crate::op::Literal::Decimal(it) => Text::at(it.clone(), span),
            _ => return None,
        },
        // A text() prints as its SQL, as long as nothing is bound in it.
        Value::Expr(expr) => match &**expr {
            crate::op::Expr::Text(clause) if clause.binds.is_empty() && !clause.text.as_str().contains(':') => {
                clause.text.clone()
            }
            _ => return None,
        },
        // The `str()` of a mixed-in enum differs between Python versions; that of a StrEnum does not.
        Value::Instance(instance)
            if instance
                .class
                .bases
                .iter()
                .any(|base| matches!(base, Value::External(path) if path.ends_with("StrEnum"))) =>
        {
            instance.fields.borrow().get("value")?.as_text()?
        }
        Value::List(_) | Value::Tuple(_) | Value::Dict(_) => Text::at(repr(value)?, span),
        _ => return None,
    })
}

/// Python's `repr` of a float.
pub(super) fn float(n: f64) -> String {
    if n.is_nan() {
        return "nan".to_owned();
    }
    if n.is_infinite() {
        return if n > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let plain = format!("{n:?}");
    match plain.split_once('e') {
        // Python writes at least two digits of exponent, and its sign.
        Some((mantissa, exponent)) => {
            let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
            let mantissa = mantissa.strip_suffix(".0").unwrap_or(mantissa);
            format!("{mantissa}e{sign}{digits:0>2}")
        }
        None => plain,
    }
}

/// Python's `repr` of simple values; of what is large or goes round in a circle none.
pub(super) fn repr(value: &Value) -> Option<String> {
    shown_as(value, &mut 10_000, 50)
}

fn shown_as(value: &Value, budget: &mut u32, depth: u32) -> Option<String> {
    *budget = budget.checked_sub(1)?;
    let depth = depth.checked_sub(1)?;
    Some(match value {
        Value::Str(_) | Value::Name(_) => {
            let text = value.as_str()?;
            if text.chars().any(|c| c.is_control() || c == '\\') {
                return None;
            }
            let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
            let inner = if quote == '\'' { text.replace('\'', "\\'") } else { text.to_owned() };
            format!("{quote}{inner}{quote}")
        }
        Value::List(list) if list.spoiled.borrow().is_none() => {
            format!("[{}]", all(&list.items.borrow(), budget, depth)?)
        }
        Value::Tuple(items) if items.len() == 1 => format!("({},)", all(items, budget, depth)?),
        Value::Tuple(items) => format!("({})", all(items, budget, depth)?),
        Value::Dict(dict) if dict.spoiled.borrow().is_none() => {
            let mut parts = Vec::new();
            for (key, value) in dict.items.borrow().iter() {
                parts.push(format!("{}: {}", shown_as(key, budget, depth)?, shown_as(value, budget, depth)?));
            }
            format!("{{{}}}", parts.join(", "))
        }
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
            let nowhere = None::<Span>;
            return match (value, nowhere) {
                (Value::None, _) => Some("None".to_owned()),
                (Value::Bool(it), _) => Some(if *it { "True" } else { "False" }.to_owned()),
                (Value::Int(it), _) => Some(it.to_string()),
                (Value::Float(it), _) => Some(float(*it)),
                _ => None,
            };
        }
        _ => return None,
    })
}

fn all(items: &[Value], budget: &mut u32, depth: u32) -> Option<String> {
    let parts: Option<Vec<String>> = items.iter().map(|item| shown_as(item, budget, depth)).collect();
    Some(parts?.join(", "))
}

fn lookup(values: &Value, key: &str) -> Option<Value> {
    let Value::Dict(dict) = values else { return None };
    if let Some(unknown) = &*dict.spoiled.borrow() {
        return Some(Value::Unknown(Rc::clone(unknown)));
    }
    dict.items.borrow().iter().rev().find(|(it, _)| it.as_str() == Some(key)).map(|(_, value)| value.clone())
}

/// One `%(name)05d`.
struct Directive {
    key: Option<String>,
    flags: String,
    kind: char,
    length: usize,
}

impl Directive {
    fn read(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('%')?;
        let mut key = None;
        if let Some(inner) = rest.strip_prefix('(') {
            let end = inner.find(')')?;
            key = Some(inner[..end].to_owned());
            rest = &inner[end + 1..];
        }
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+' | ' ' | '#'))?;
        let kind = rest[end..].chars().next()?;
        let length = text.len() - rest.len() + end + kind.len_utf8();
        Some(Self { key, flags: rest[..end].to_owned(), kind, length })
    }

    fn show(&self, value: &Value, span: Span) -> Option<Text> {
        match self.kind {
            'r' => directive(value, repr(value).map(|text| Text::at(text, span)), &self.flags, 'r', span),
            kind => directive(value, None, &self.flags, kind, span),
        }
    }
}

/// Reads the escapes of a literal's content; what is not an escape keeps its bytes' places.
fn decode(content: &str, span: Span, raw: bool, doubled_braces: bool) -> Text {
    let mut text = Text::default();
    let bytes = content.as_bytes();
    let (mut at, mut plain) = (0, 0);
    let part = |from: usize, to: usize| Span {
        source: span.source,
        start: span.start + u32::try_from(from).unwrap_or(0),
        end: span.start + u32::try_from(to).unwrap_or(0),
    };
    while at < content.len() {
        let found = match bytes.get(at) {
            Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => Some(("\n".to_owned(), 2)),
            Some(b'\\') if !raw => escape(&content[at..]),
            Some(b'{') if doubled_braces && bytes.get(at + 1) == Some(&b'{') => Some(("{".to_owned(), 2)),
            Some(b'}') if doubled_braces && bytes.get(at + 1) == Some(&b'}') => Some(("}".to_owned(), 2)),
            _ => None,
        };
        match found {
            Some((value, length)) => {
                if plain < at {
                    text.push(&Text::verbatim(&content[plain..at], part(plain, at)));
                }
                if !value.is_empty() {
                    text.push(&Text::at(value, part(at, at + length)));
                }
                at += length;
                plain = at;
            }
            None => at += content[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    if plain < content.len() {
        text.push(&Text::verbatim(&content[plain..], part(plain, content.len())));
    }
    text
}

/// The text of the escape at the start, and how many bytes it takes; `None` where Python keeps the backslash.
fn escape(text: &str) -> Option<(String, usize)> {
    let mut chars = text.char_indices().skip(1);
    let (_, kind) = chars.next()?;
    let one = |value: &str| Some((value.to_owned(), 2));
    match kind {
        '\n' => one(""),
        '\r' => Some((String::new(), if text[2..].starts_with('\n') { 3 } else { 2 })),
        '\\' => one("\\"),
        '\'' => one("'"),
        '"' => one("\""),
        'a' => one("\u{7}"),
        'b' => one("\u{8}"),
        'f' => one("\u{c}"),
        'n' => one("\n"),
        'r' => one("\r"),
        't' => one("\t"),
        'v' => one("\u{b}"),
        'x' => code(text, 2, 2),
        'u' => code(text, 2, 4),
        'U' => code(text, 2, 8),
        '0'..='7' => {
            let digits: String =
                text[1..].chars().take(3).take_while(char::is_ascii_digit).filter(|c| *c < '8').collect();
            let value = u32::from_str_radix(&digits, 8).ok().and_then(char::from_u32)?;
            Some((value.to_string(), 1 + digits.len()))
        }
        _ => None,
    }
}

fn code(text: &str, start: usize, digits: usize) -> Option<(String, usize)> {
    let value = u32::from_str_radix(text.get(start..start + digits)?, 16).ok().and_then(char::from_u32)?;
    Some((value.to_string(), start + digits))
}
