//! Python's format specifications: `{:>10}`, `{:03d}`, `%-5.2f`.

use super::value::Value;
use crate::source::{Span, Text};

/// No field is made wider than this.
const WIDEST: usize = 1000;

/// A specification, read.
#[derive(Clone, Copy)]
struct Spec {
    fill: char,
    align: Option<char>,
    sign: char,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

/// Applies a format specification; `None` where it is not known what Python makes of it.
pub(super) fn formatted(value: &Value, shown: Text, spec: &str, span: Span) -> Option<Text> {
    if spec.is_empty() {
        return Some(shown);
    }
    let spec = Spec::read(spec)?;
    let text = match value.plain() {
        Value::Int(number) => spec.integer(number)?,
        Value::Bool(it) => spec.integer(i128::from(it))?,
        Value::Float(number) => spec.float(number)?,
        other if other.as_str().is_some() => {
            let plain = spec.fill == ' ' || spec.align.is_some();
            if spec.kind.is_some_and(|kind| kind != 's') || spec.align == Some('=') || !plain {
                return None;
            }
            if spec.width == 0 && spec.precision.is_none() {
                return Some(shown);
            }
            spec.text(shown.as_str(), '<')
        }
        _ => return None,
    };
    Some(Text::at(text, span))
}

/// `%-5s`: the flags between `%` and the kind, applied to a value; `shown` is what `%s` or `%r` makes of it.
pub(super) fn directive(value: &Value, shown: Option<Text>, flags: &str, kind: char, span: Span) -> Option<Text> {
    let split = flags.find(|c: char| !matches!(c, '-' | '+' | ' ' | '0' | '#')).unwrap_or(flags.len());
    let (marks, rest) = flags.split_at(split);
    let (width, precision) = rest.split_once('.').map_or((rest, None), |(width, precision)| (width, Some(precision)));
    let has = |mark: char| marks.contains(mark);
    let mut spec = Spec {
        fill: ' ',
        align: has('-').then_some('<'),
        sign: if has('+') {
            '+'
        } else if has(' ') {
            ' '
        } else {
            '-'
        },
        alternate: has('#'),
        width: number(width)?,
        grouping: None,
        precision: precision.map(number).map_or(Some(None), |it| it.map(Some))?,
        kind: Some(kind),
    };
    if matches!(kind, 's' | 'r' | 'a') {
        let shown = shown?;
        if flags.is_empty() {
            return Some(shown);
        }
        return Some(Text::at(spec.text(shown.as_str(), '>'), span));
    }
    if has('0') && !has('-') {
        (spec.fill, spec.align) = ('0', Some('='));
    }
    let text = match (kind, value) {
        ('d' | 'i' | 'u', Value::Int(_) | Value::Bool(_)) if spec.precision.is_none() => {
            spec.kind = Some('d');
            spec.integer(whole(value)?)?
        }
        #[expect(clippy::cast_possible_truncation, reason = "`%d` cuts a float, and what is too large is refused")]
        ('d' | 'i' | 'u', Value::Float(number)) if spec.precision.is_none() && number.abs() < 1e15 => {
            spec.kind = Some('d');
            spec.integer(number.trunc() as i128)?
        }
        ('x' | 'X' | 'o', Value::Int(_)) if spec.precision.is_none() => spec.integer(whole(value)?)?,
        ('f' | 'F' | 'e' | 'E', Value::Float(number)) => spec.float(*number)?,
        #[expect(clippy::cast_precision_loss, reason = "Python does the same")]
        ('f' | 'F' | 'e' | 'E', Value::Int(number)) => spec.float(*number as f64)?,
        _ => return None,
    };
    Some(Text::at(text, span))
}

fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bool(it) => Some(i128::from(*it)),
        _ => None,
    }
}

/// A width or precision; none is 0, and what is too wide is refused.
fn number(digits: &str) -> Option<usize> {
    if digits.is_empty() {
        return Some(0);
    }
    digits.parse().ok().filter(|width| *width <= WIDEST)
}

impl Spec {
    fn read(text: &str) -> Option<Self> {
        let chars: Vec<char> = text.chars().collect();
        let is_align = |c: Option<&char>| c.is_some_and(|c| matches!(c, '<' | '>' | '^' | '='));
        let mut spec = Self {
            fill: ' ',
            align: None,
            sign: '-',
            alternate: false,
            width: 0,
            grouping: None,
            precision: None,
            kind: None,
        };
        let mut at = 0;
        if is_align(chars.get(1)) {
            (spec.fill, spec.align, at) = (*chars.first()?, chars.get(1).copied(), 2);
        } else if is_align(chars.first()) {
            (spec.align, at) = (chars.first().copied(), 1);
        }
        if let Some(sign @ ('+' | '-' | ' ')) = chars.get(at) {
            spec.sign = *sign;
            at += 1;
        }
        if chars.get(at) == Some(&'#') {
            spec.alternate = true;
            at += 1;
        }
        if chars.get(at) == Some(&'0') {
            if spec.align.is_none() {
                spec.fill = '0';
            }
            at += 1;
        }
        let digits = |at: &mut usize| {
            let start = *at;
            while chars.get(*at).is_some_and(char::is_ascii_digit) {
                *at += 1;
            }
            chars.get(start..*at).unwrap_or_default().iter().collect::<String>()
        };
        spec.width = number(&digits(&mut at))?;
        if let Some(mark @ (',' | '_')) = chars.get(at) {
            spec.grouping = Some(*mark);
            at += 1;
        }
        if chars.get(at) == Some(&'.') {
            at += 1;
            let found = digits(&mut at);
            spec.precision = Some(number(&found).filter(|_| !found.is_empty())?);
        }
        spec.kind = chars.get(at).copied();
        (chars.len() <= at + 1).then_some(spec)
    }

    /// Cut to the precision and filled to the width.
    fn text(&self, text: &str, align: char) -> String {
        let cut: String = text.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
        self.filled("", &cut, align)
    }

    fn integer(&self, number: i128) -> Option<String> {
        if matches!(self.kind, Some('f' | 'F' | 'e' | 'E' | '%')) {
            #[expect(clippy::cast_precision_loss, reason = "Python does the same")]
            return self.float(number as f64);
        }
        if self.precision.is_some() {
            return None;
        }
        let size = number.unsigned_abs();
        let (prefix, digits, group) = match self.kind {
            None | Some('d') => ("", size.to_string(), 3),
            Some('x') => ("0x", format!("{size:x}"), 4),
            Some('X') => ("0X", format!("{size:X}"), 4),
            Some('o') => ("0o", format!("{size:o}"), 4),
            Some('b') => ("0b", format!("{size:b}"), 4),
            _ => return None,
        };
        let prefix = if self.alternate { prefix } else { "" };
        self.numeral(number < 0, prefix, digits, group)
    }

    fn float(&self, number: f64) -> Option<String> {
        if !number.is_finite() {
            return None;
        }
        let places = self.precision.unwrap_or(6);
        let size = number.abs();
        let digits = match self.kind {
            Some('f' | 'F') => format!("{size:.places$}"),
            Some('%') => format!("{:.places$}%", size * 100.0),
            Some(kind @ ('e' | 'E')) => {
                let text = format!("{size:.places$e}");
                let (mantissa, exponent) = text.split_once('e')?;
                let (sign, power) = exponent.strip_prefix('-').map_or(('+', exponent), |power| ('-', power));
                format!("{mantissa}{kind}{sign}{power:0>2}")
            }
            None if self.precision.is_none() => super::strings::float(size),
            _ => return None,
        };
        self.numeral(number.is_sign_negative(), "", digits, 3)
    }

    /// Sign, prefix and digits, grouped and filled.
    fn numeral(&self, negative: bool, prefix: &str, digits: String, group: usize) -> Option<String> {
        let sign = match (negative, self.sign) {
            (true, _) => "-",
            (false, '+') => "+",
            (false, ' ') => " ",
            _ => "",
        };
        let inside = self.fill == '0' && self.align.is_none();
        let digits = match self.grouping {
            // Python puts the marks into the zeros as well.
            Some(_) if inside => return None,
            Some(mark) => grouped(&digits, mark, group),
            None => digits,
        };
        Some(self.filled(&format!("{sign}{prefix}"), &digits, if inside { '=' } else { '>' }))
    }

    fn filled(&self, head: &str, body: &str, align: char) -> String {
        let gap = self.width.saturating_sub(head.chars().count() + body.chars().count());
        let fill = |count: usize| self.fill.to_string().repeat(count);
        match self.align.unwrap_or(align) {
            '<' => format!("{head}{body}{}", fill(gap)),
            '^' => format!("{}{head}{body}{}", fill(gap / 2), fill(gap - gap / 2)),
            '=' => format!("{head}{}{body}", fill(gap)),
            _ => format!("{}{head}{body}", fill(gap)),
        }
    }
}

/// The digits before the point in groups.
fn grouped(digits: &str, mark: char, size: usize) -> String {
    let end = digits.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(digits.len());
    let (whole, rest) = digits.split_at(end);
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(size) {
            text.push(mark);
        }
        text.push(digit);
    }
    text + rest
}
