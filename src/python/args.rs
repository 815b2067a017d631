//! The arguments of a call by the names of its parameters, as what they must be.

use super::{
    interp::Args,
    value::{Arg, Unknown, Value},
};
use crate::{
    op::{Name, OptionValue, Qualified},
    source::{Span, Text},
};
use std::rc::Rc;

/// Why something could not be understood.
pub(super) use crate::reason::Reason;

/// Says that something is not known, and why; a reason that says so already is left as it is.
pub(super) fn not_known(what: &str, reason: &Reason) -> Reason {
    if reason.text.contains("not known: ") {
        reason.clone()
    } else {
        reason.reworded(format!("{what} not known: {reason}"))
    }
}

/// Arguments by name.
pub(super) struct Bound {
    named: Vec<(String, Arg, Span)>,
    /// Positional arguments beyond the named parameters.
    pub rest: Vec<Arg>,
    /// How many arguments were given without a name, those of the named parameters included.
    pub positional: usize,
    pub open: Option<Rc<Unknown>>,
    /// The whole call.
    pub span: Span,
}

impl Args {
    /// Gives positional arguments the names of the parameters. A parameter may have older spellings after `|`.
    pub(super) fn bind(self, parameters: &[&str]) -> Bound {
        let mut named = Vec::new();
        let given = self.positional.len();
        let mut positional = self.positional.into_iter();
        for parameter in parameters {
            let Some(arg) = positional.next() else { break };
            let name = parameter.split('|').next().unwrap_or(parameter);
            let span = arg.span;
            named.push((name.to_owned(), arg, span));
        }
        for (name, arg, span) in self.keywords {
            let known = parameters.iter().find(|parameter| parameter.split('|').any(|it| it == name));
            let name = known.and_then(|parameter| parameter.split('|').next()).map_or(name, str::to_owned);
            named.push((name, arg, span));
        }
        Bound { named, rest: positional.collect(), positional: given, open: self.open, span: self.span }
    }
}

impl Bound {
    /// Fails where a `*x` or `**x` of the call is not known: any argument may be in it.
    pub(super) fn closed(self) -> Result<Self, Reason> {
        match &self.open {
            Some(unknown) => Err(not_known("an argument is", &unknown.reason)),
            None => Ok(self),
        }
    }

    pub(super) fn arg(&self, name: &str) -> Option<&Arg> {
        self.named.iter().find(|(it, ..)| it == name).map(|(_, arg, _)| arg)
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.arg(name).map(|arg| &arg.value)
    }

    /// Where the whole `name=value` stands.
    pub(super) fn place(&self, name: &str) -> Option<Span> {
        self.named.iter().find(|(it, ..)| it == name).map(|(.., span)| *span)
    }

    /// The keyword arguments whose names start so, without the prefix.
    pub(super) fn prefixed<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Arg)> {
        self.named.iter().filter_map(move |(name, arg, _)| Some((name.strip_prefix(prefix)?, arg)))
    }

    /// All named arguments, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Arg)> {
        self.named.iter().map(|(name, arg, _)| (name.as_str(), arg))
    }

    pub(super) fn required_name(&self, name: &str, what: &str) -> Result<Name, Reason> {
        match self.arg(name) {
            Some(arg) => name_of(arg, what),
            None => Err(format!("{what} is not given").into()),
        }
    }

    /// A name, or `None` where it is absent or Python's `None`.
    pub(super) fn name(&self, name: &str, what: &str) -> Result<Option<Name>, Reason> {
        match self.arg(name) {
            None | Some(Arg { value: Value::None, .. }) => Ok(None),
            Some(arg) => name_of(arg, what).map(Some),
        }
    }

    pub(super) fn table(&self, name: &str, schema: &str) -> Result<Qualified, Reason> {
        Ok(Qualified {
            name: self.required_name(name, "the table's name")?,
            schema: self.name(schema, "the schema's name")?,
        })
    }

    pub(super) fn string(&self, name: &str) -> Result<Option<Text>, Reason> {
        match self.value(name) {
            None | Some(Value::None) => Ok(None),
            Some(Value::Unknown(unknown)) => Err(not_known(&format!("`{name}` is"), &unknown.reason)),
            Some(value) => match value.plain().as_text() {
                Some(text) => Ok(Some(text)),
                None => Err(format!("`{name}` is {}", value.kind()).into()),
            },
        }
    }

    pub(super) fn plain_string(&self, name: &str) -> Result<Option<String>, Reason> {
        Ok(self.string(name)?.map(|text| text.as_str().to_owned()))
    }

    /// A flag: absent and `None` are `None`.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Reason> {
        match self.value(name) {
            None | Some(Value::None) => Ok(None),
            Some(Value::Bool(it)) => Ok(Some(*it)),
            Some(Value::Int(n)) => Ok(Some(*n != 0)),
            Some(Value::Unknown(unknown)) => Err(not_known(&format!("`{name}` is"), &unknown.reason)),
            Some(other) if other.as_str() == Some("auto") => Ok(None),
            Some(other) => Err(format!("`{name}` is {}", other.kind()).into()),
        }
    }

    /// A flag that is only asked whether it holds: a `None` that is given does not.
    pub(super) fn truth(&self, name: &str) -> Result<Option<bool>, Reason> {
        match self.value(name) {
            Some(Value::None) => Ok(Some(false)),
            _ => self.flag(name),
        }
    }

    pub(super) fn is(&self, name: &str) -> Result<bool, Reason> {
        Ok(self.flag(name)?.unwrap_or(false))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Reason> {
        match self.value(name) {
            None | Some(Value::None) => Ok(None),
            Some(Value::Int(n)) => i64::try_from(*n).map(Some).map_err(|_| format!("`{name}` is too large").into()),
            Some(Value::Unknown(unknown)) => Err(not_known(&format!("`{name}` is"), &unknown.reason)),
            Some(other) => Err(format!("`{name}` is {}", other.kind()).into()),
        }
    }

    pub(super) fn size(&self, name: &str) -> Result<Option<u32>, Reason> {
        match self.number(name)? {
            None => Ok(None),
            Some(n) => u32::try_from(n).map(Some).map_err(|_| format!("`{name}` is out of range").into()),
        }
    }

    /// A list of names, or a single one.
    pub(super) fn names(&self, name: &str, what: &str) -> Result<Vec<Name>, Reason> {
        let Some(arg) = self.arg(name) else { return Err(format!("{what} are not given").into()) };
        items(arg, what)?.iter().map(|item| name_of(item, what)).collect()
    }

    /// The `postgresql_…` keywords; those of other dialects say nothing here.
    pub(super) fn options(&self) -> Result<Vec<(String, OptionValue)>, Reason> {
        let mut options = Vec::new();
        for (name, arg) in self.prefixed("postgresql_") {
            if let Some(value) = option(name, &arg.value)? {
                options.push((name.to_owned(), value));
            }
        }
        Ok(options)
    }
}

fn option(name: &str, value: &Value) -> Result<Option<OptionValue>, Reason> {
    let text = |value: &Value| -> Result<String, Reason> {
        match value {
            Value::Int(n) => Ok(n.to_string()),
            Value::Float(n) => Ok(super::strings::float(*n)),
            Value::Bool(b) => Ok(if *b { "True" } else { "False" }.to_owned()),
            other => match other.as_str() {
                Some(text) => Ok(text.to_owned()),
                None => Err(format!("`postgresql_{name}` is {}", other.kind()).into()),
            },
        }
    };
    Ok(Some(match value {
        Value::None => return Ok(None),
        Value::Unknown(unknown) => return Err(not_known(&format!("`postgresql_{name}` is"), &unknown.reason)),
        Value::Bool(it) => OptionValue::Bool(*it),
        // As false as an empty text; SQLAlchemy asks some options whether they are `False` itself.
        Value::Int(0) => OptionValue::Text(String::new()),
        Value::Expr(expr) => OptionValue::Expr((**expr).clone()),
        Value::List(list) if list.spoiled.borrow().is_none() => {
            OptionValue::List(list.items.borrow().iter().map(option_item).collect::<Result<_, _>>()?)
        }
        Value::Tuple(items) => OptionValue::List(items.iter().map(option_item).collect::<Result<_, _>>()?),
        Value::Dict(dict) if dict.spoiled.borrow().is_none() => {
            let mut map = Vec::new();
            for (key, value) in dict.items.borrow().iter() {
                map.push((text(key)?, text(value)?));
            }
            OptionValue::Map(map)
        }
        other => OptionValue::Text(text(other)?),
    }))
}

fn option_item(value: &Value) -> Result<String, Reason> {
    match value {
        Value::Expr(expr) => match &**expr {
            crate::op::Expr::Column { name, .. } => Ok(name.text.clone()),
            _ => Err("an element is an SQL expression".into()),
        },
        other => other.as_str().map(str::to_owned).ok_or_else(|| format!("an element is {}", other.kind()).into()),
    }
}

/// A name that is given as a string.
pub(super) fn name_of(arg: &Arg, what: &str) -> Result<Name, Reason> {
    match &arg.value.plain() {
        Value::Name(name) => Ok(Name { span: name.span.or(Some(arg.span)), ..(**name).clone() }),
        Value::Str(text) => {
            // A name that was put together elsewhere is shown where it is used.
            let span = text.span().filter(|span| span.source == arg.span.source).unwrap_or(arg.span);
            let whole = if arg.span.source == span.source && arg.span.start <= span.start && span.end <= arg.span.end {
                arg.span
            } else {
                span
            };
            Ok(Name { text: text.as_str().to_owned(), span: Some(whole), quote: None, exact: false })
        }
        Value::Expr(expr) => match &**expr {
            crate::op::Expr::Column { name, .. } => Ok(Name { span: Some(arg.span), ..name.clone() }),
            _ => Err(format!("{what} is an SQL expression").into()),
        },
        Value::Table(table) => Ok(table.name.name.clone()),
        Value::Item(item) => match &**item {
            super::value::Item::Column(column) => Ok(column.name.clone()),
            _ => Err(format!("{what} is a schema item").into()),
        },
        Value::Unknown(unknown) => Err(not_known(&format!("{what} is"), &unknown.reason)),
        Value::External(path) => Err(Reason::elsewhere(format!("{what} is `{path}`, which is not in the file"))),
        other => Err(format!("{what} is {}", other.kind()).into()),
    }
}

/// The elements of a list argument, each with the place of the list.
pub(super) fn items(arg: &Arg, what: &str) -> Result<Vec<Arg>, Reason> {
    let spread = |items: &[Value]| {
        items
            .iter()
            .map(|value| {
                let span = match value {
                    Value::Str(text) => text.span(),
                    Value::Name(name) => name.span,
                    _ => None,
                };
                let inside = span.filter(|span| {
                    span.source == arg.span.source && arg.span.start <= span.start && span.end <= arg.span.end
                });
                Arg { value: value.clone(), span: inside.unwrap_or(arg.span) }
            })
            .collect()
    };
    match &arg.value {
        Value::List(list) | Value::Set(list) => match &*list.spoiled.borrow() {
            Some(unknown) => Err(unknown.reason.reworded(format!("{what} are not known: the list {}", unknown.reason))),
            None if matches!(arg.value, Value::Set(_)) && list.items.borrow().len() > 1 => {
                Err(format!("{what} are a set, whose order is not defined").into())
            }
            None => Ok(spread(&list.items.borrow())),
        },
        Value::Tuple(items) => Ok(spread(items)),
        Value::Unknown(unknown) => Err(not_known(&format!("{what} are"), &unknown.reason)),
        _ => Ok(vec![arg.clone()]),
    }
}
