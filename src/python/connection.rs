//! The database as a revision sees it: connections, sessions, the migration context.

use super::{
    args::{Reason, not_known},
    interp::{Args, Eval, Halt, Interp},
    value::{Asked, Connection, Shape, Table, Value},
};
use crate::{
    op::{CheckFirst, Op, Query, Step, Type},
    source::Span,
};
use std::{cell::Cell, rc::Rc};

/// What `autocommit_block()` gives to `with`.
pub(super) const AUTOCOMMIT: &str = "alembic.autocommit_block()";

pub(super) fn connection(session: bool) -> Value {
    Value::Connection(Rc::new(Connection { autocommit: Cell::new(false), session }))
}

impl Interp<'_> {
    /// `op.execute(what)`, `connection.execute(what, parameters)`: sends it. The answer is a query's.
    pub(super) fn execute(&mut self, what: &Value, parameters: Option<&Value>, autocommit: bool, span: Span) -> Eval {
        let mut answer = Value::inert(span, Reason::data("it is the answer of a query"));
        if self.at_import() {
            return Ok(answer);
        }
        match self.sent(what, parameters, span)? {
            Ok(ops) => {
                // One query of the catalog, whose answer the schema may know.
                if let [Op::Execute(clause)] = ops.as_slice()
                    && let Some(asked) = super::catalog::asked(clause)
                {
                    answer = Value::Answer(Rc::new(asked));
                }
                for op in ops {
                    let mut step: Step = self.step(op, span);
                    step.autocommit |= autocommit;
                    self.emit_step(step)?;
                }
            }
            Err(reason) => self.unresolved(span, reason)?,
        }
        Ok(answer)
    }

    fn sent(&mut self, what: &Value, parameters: Option<&Value>, span: Span) -> Result<Result<Vec<Op>, Reason>, Halt> {
        let parameters = parameters.filter(|value| !matches!(value, Value::None));
        if let Some(clause) = super::ops::text_of(&what.plain()) {
            let Some(parameters) = parameters else { return Ok(Ok(vec![Op::Execute(clause)])) };
            // A list of parameters sends the statement once for each.
            let sets = match parameters {
                Value::List(_) | Value::Tuple(_) => match self.collect(parameters, span)? {
                    Ok(sets) => sets,
                    Err(unknown) => return Ok(Err(not_known("the parameters are", &unknown.reason))),
                },
                one => vec![one.clone()],
            };
            return Ok(sets.iter().map(|set| super::core::bind_dict(&clause, set).map(Op::Execute)).collect());
        }
        Ok(match what {
            Value::Query(query) => match (&query.unknown, parameters) {
                (Some(reason), _) => Err(reason.clone()),
                (None, None) => match &query.query {
                    Query::Insert { columns, .. } if columns.is_empty() => {
                        Err("an INSERT without values is not evaluated".into())
                    }
                    made => super::query::with_keys(made.clone(), query.table.as_deref())
                        .map(|query| vec![Op::Query(Box::new(query))]),
                },
                (None, Some(parameters)) => match (&query.query, &query.table) {
                    (Query::Insert { columns, .. }, Some(table)) if columns.is_empty() => {
                        self.insert_rows(table, parameters, span)?
                    }
                    _ => Err("the parameters of a Core statement are not evaluated".into()),
                },
            },
            Value::Ddl(op) => Ok(vec![(**op).clone()]),
            Value::Instance(object) if parameters.is_none() => {
                self.compiled_statement(object, what, span)?.map(|op| vec![op])
            }
            Value::Unknown(unknown) => Err(not_known("the SQL is", &unknown.reason)),
            Value::External(path) => Err(Reason::elsewhere(format!("the SQL is `{path}`, which is not in the file"))),
            other => Err(format!("{} is executed", other.kind()).into()),
        })
    }

    fn insert_rows(&mut self, table: &Table, parameters: &Value, span: Span) -> Result<Result<Vec<Op>, Reason>, Halt> {
        let rows = match parameters {
            Value::Dict(_) => {
                let one = super::query::insert(table, parameters);
                let one = one.and_then(|query| super::query::with_keys(query, Some(table)));
                return Ok(one.map(|query| vec![Op::Query(Box::new(query))]));
            }
            other => match self.collect(other, span)? {
                Ok(rows) => rows,
                Err(unknown) => return Ok(Err(not_known("the rows are", &unknown.reason))),
            },
        };
        Ok(rows.iter().map(|row| super::query::insert(table, row).map(|query| Op::Query(Box::new(query)))).collect())
    }

    /// Methods of a connection or session.
    pub(super) fn connection_method(&mut self, own: &Rc<Connection>, name: &str, args: Args) -> Eval {
        let span = args.span;
        match name {
            "execute" | "scalar" | "scalars" => {
                let bound = args.bind(&["statement", "parameters|params"]);
                let what = bound.value("statement").cloned().unwrap_or(Value::None);
                let parameters = if let Some(value) = bound.value("parameters") {
                    Some(value.clone())
                } else {
                    // The 1.x form gives parameters as keywords.
                    let given: Vec<(Value, Value)> = bound
                        .all()
                        .filter(|(name, _)| !matches!(*name, "statement" | "execution_options" | "bind_arguments"))
                        .map(|(name, arg)| (Value::made(name), arg.value.clone()))
                        .collect();
                    if given.is_empty() { None } else { Some(self.new_dict(given)) }
                };
                let answer = self.execute(&what, parameters.as_ref(), own.autocommit.get(), span)?;
                Ok(match answer {
                    Value::Answer(asked) if name == "scalar" => Value::Question(asked),
                    other => other,
                })
            }
            "exec_driver_sql" => {
                let bound = args.bind(&["statement", "parameters"]);
                match (bound.value("statement").and_then(Value::as_text), bound.value("parameters")) {
                    (Some(text), None | Some(Value::None)) if !self.at_import() => self.emit(Op::Driver(text), span)?,
                    _ => self.unresolved(span, "the SQL is not known")?,
                }
                Ok(Value::inert(span, Reason::data("it is the answer of a query")))
            }
            "execution_options" => {
                let level = args.keywords.iter().find(|(name, ..)| name == "isolation_level");
                if level.is_some_and(|(_, arg, _)| arg.value.as_str() == Some("AUTOCOMMIT")) {
                    // The connection is changed in place.
                    own.autocommit.set(true);
                }
                Ok(Value::Connection(Rc::clone(own)))
            }
            "connect" | "begin" | "begin_nested" | "connection" | "get_bind" | "__enter__" => {
                Ok(Value::Connection(Rc::clone(own)))
            }
            "commit" | "rollback" | "close" | "flush" | "expunge_all" | "detach" | "invalidate" | "__exit__" => {
                Ok(Value::None)
            }
            "in_transaction" | "get_execution_options" | "get_isolation_level" | "default_isolation_level" => {
                Ok(Value::inert(span, Reason::data("it is what the database says")))
            }
            _ if own.session => {
                let reason = format!("`.{name}()` of an ORM session is not evaluated");
                self.unresolved(span, Reason::limit(reason))?;
                Ok(Value::inert(span, Reason::data("it is what an ORM session gives")))
            }
            _ => {
                self.unresolved(span, format!("`.{name}()` of the connection is not evaluated"))?;
                Ok(Value::inert(span, Reason::data("it is what the database says")))
            }
        }
    }

    /// Attributes of values that SQLAlchemy and Alembic give.
    pub(super) fn core_attribute(&mut self, value: &Value, name: &str, span: Span) -> Result<Option<Value>, Halt> {
        Ok(Some(match (value, name) {
            (Value::Table(table), "c" | "columns") => Value::Columns(Rc::clone(table)),
            (Value::Table(table), "name") => Value::made(table.name.name.text.clone()),
            (Value::Table(table), "column") if matches!(*table.source, crate::op::From::Function { .. }) => {
                Value::expr(crate::op::Expr::Whole(table.source.clone()))
            }
            (Value::Columns(table), _) => super::core::column_of(table, name, span),
            (Value::Connection(_) | Value::Context, "dialect") => Value::Dialect,
            (Value::Connection(own), "engine" | "connection" | "bind") => Value::Connection(Rc::clone(own)),
            (Value::Context, "bind" | "connection") => connection(false),
            (Value::Connection(_), "name") => Value::made("postgresql"),
            (Value::Context, "impl") => Value::Context,
            (Value::Context, "opts" | "config" | "script") => {
                Value::inert(span, Reason::settings("it is a setting of env.py"))
            }
            (Value::Context, "version_table_schema") => {
                let assumed = self.settings.assume.get("alembic.context.version_table_schema");
                let why = "`alembic.context.version_table_schema` is a setting of env.py";
                assumed.map_or_else(|| Value::inert(span, Reason::settings(why)), super::assumed)
            }
            // The online run is described.
            (Value::Context, "as_sql") => Value::Bool(false),
            (Value::Dialect, "name") => Value::made("postgresql"),
            (Value::Context, "__dialect__") => Value::made("postgresql"),
            (Value::Dialect, "type_descriptor") => return Ok(None),
            (Value::Dialect, "identifier_preparer" | "default_schema_name" | "server_version_info" | "driver") => {
                Value::inert(span, Reason::data("it is what the database says"))
            }
            (Value::Type(kind), _) => match (&**kind, name) {
                (crate::op::Type::Enum(it), "name") => {
                    it.name.as_ref().map_or(Value::None, |name| Value::made(name.text.clone()))
                }
                (crate::op::Type::Enum(it), "enums") => {
                    let labels = it.labels.iter().map(|label| Value::made(label.clone())).collect();
                    self.list(Ok(labels), span)
                }
                _ => return Ok(None),
            },
            (Value::Item(item), "name") => match &**item {
                super::value::Item::Column(column) => Value::made(column.name.text.clone()),
                _ => return Ok(None),
            },
            (Value::Expr(expr), "name" | "key") => match &**expr {
                crate::op::Expr::Column { name, .. } => Value::made(name.text.clone()),
                _ => Value::unknown(span, "the name of an SQL expression is not known"),
            },
            (Value::Expr(expr), "astext") => return Ok(super::core::as_text(expr)),
            (Value::Expr(expr), "text") => match &**expr {
                crate::op::Expr::Text(clause) => Value::text(clause.text.clone()),
                _ => return Ok(None),
            },
            (Value::Query(query), "excluded") => match &query.table {
                Some(table) => super::query::excluded(table),
                None => return Ok(None),
            },
            (Value::Batch(_) | Value::Query(_), _) => return Ok(None),
            (Value::Literal(literal), "hex") => match &**literal {
                crate::op::Literal::Uuid(id) => Value::made(id.replace('-', "")),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        }))
    }

    /// Methods of everything that is not a class of the file.
    pub(super) fn call_method(&mut self, receiver: &Value, name: &str, args: Args) -> Eval {
        let span = args.span;
        if let Some(value) = self.container_method(receiver, name, &args)? {
            return Ok(value);
        }
        match receiver {
            Value::Connection(own) => self.connection_method(own, name, args),
            Value::Batch(batch) => self.batch_method(batch, name, args),
            Value::Context => Ok(match name {
                "autocommit_block" => Value::external(AUTOCOMMIT),
                "begin_transaction" => connection(false),
                "execute" => {
                    let bound = args.bind(&["sqltext"]);
                    return self.execute(bound.value("sqltext").unwrap_or(&Value::None), None, false, span);
                }
                _ => Value::inert(span, format!("`.{name}()` of the context is not evaluated")),
            }),
            Value::Dialect if name == "type_descriptor" => Ok(super::types::described(&args)),
            Value::Path(path) => self.path_method(path, name, &args),
            Value::File(file) => Ok(self.file_method(file, name, &args)),
            Value::Inspector | Value::Inspected(_) => self.inspector_method(receiver, name, &args),
            Value::Answer(asked) => Ok(answer_method(asked, name, span)),
            Value::Type(kind) => self.type_method(kind, name, &args),
            Value::Expr(expr) => Ok(super::operands::method(expr, name, &args)),
            Value::Query(query) => Ok(super::query::query_method(query, name, &args)),
            Value::Table(table) => self.table_method(table, name, args),
            Value::Item(item) => self.item_method(item, name, span),
            Value::Class(_) if name == "generate_base" => Ok(receiver.clone()),
            _ => Ok(Value::inert(span, format!("`.{name}()` of {} is not evaluated", receiver.kind()))),
        }
    }

    fn table_method(&mut self, table: &Rc<Table>, name: &str, mut args: Args) -> Eval {
        let span = args.span;
        match name {
            "insert" | "update" | "delete" => {
                let own = super::value::Arg { value: Value::Table(Rc::clone(table)), span };
                args.positional.insert(0, own);
                Ok(match super::query::statement(name, &args) {
                    Some(Ok(value)) => value,
                    Some(Err(reason)) => Value::unknown(span, reason),
                    None => Value::None,
                })
            }
            "select" => {
                args.positional = vec![super::value::Arg { value: Value::Table(Rc::clone(table)), span }];
                Ok(match super::query::statement("select", &args) {
                    Some(Ok(value)) => value,
                    _ => Value::unknown(span, "`.select()` is not evaluated"),
                })
            }
            "create" | "drop" => {
                let usual = if name == "create" { CheckFirst::Types } else { CheckFirst::No };
                let first = super::types::checkfirst(&args, usual);
                match (&table.create, name) {
                    (Some(create), "create") => {
                        self.emit_first(Op::CreateTable(Box::new(create.clone())), first, span)?;
                    }
                    // SQLAlchemy 2.0 drops the types along, 2.1 leaves them.
                    (Some(create), _) if create.columns.iter().any(|it| matches!(it.kind, Some(Type::Enum(_)))) => {
                        self.unresolved(span, "`.drop()` of a table with an enum depends on SQLAlchemy's version")?;
                    }
                    (Some(_), _) => {
                        self.emit_first(Op::DropTable { table: table.name.clone(), if_exists: false }, first, span)?;
                    }
                    (None, _) => self.unresolved(span, format!("`.{name}()` of a table that is not described here"))?,
                }
                Ok(Value::None)
            }
            _ => Ok(match super::tables::method(table, name, &args) {
                Ok(Some(value)) => value,
                Ok(None) => Value::unknown(span, format!("`.{name}()` of a table is not evaluated")),
                Err(reason) => Value::unknown(span, reason),
            }),
        }
    }

    fn item_method(&mut self, item: &super::value::Item, name: &str, span: Span) -> Eval {
        match (item, name) {
            (super::value::Item::Index(index), "create") if !index.table.name.text.is_empty() => {
                self.emit(Op::CreateIndex(Box::new(index.clone())), span)?;
            }
            (super::value::Item::Sequence(sequence, options), "create") => {
                let options = Box::new(options.clone());
                let op = Op::CreateSequence { sequence: sequence.clone(), options, if_not_exists: false };
                self.emit_first(op, CheckFirst::Yes, span)?;
            }
            (super::value::Item::Sequence(sequence, _), "drop") => {
                let op = Op::DropSequence { sequence: sequence.clone(), if_exists: false };
                self.emit_first(op, CheckFirst::Yes, span)?;
            }
            (super::value::Item::Sequence(sequence, _), "next_value") => {
                let is_plain = |name: &crate::op::Name| {
                    name.text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
                        && name.text.starts_with(|c: char| c.is_ascii_lowercase())
                };
                let name = match &sequence.schema {
                    Some(schema) if is_plain(schema) => format!("{}.{}", schema.text, sequence.name.text),
                    Some(_) => String::new(),
                    None => sequence.name.text.clone(),
                };
                if name.is_empty() || !is_plain(&sequence.name) {
                    return Ok(Value::inert(span, "the name of the sequence needs quotes"));
                }
                return Ok(Value::expr(crate::op::Expr::Verbatim(format!("nextval('{name}')"))));
            }
            (_, "create" | "drop" | "create_all" | "drop_all" | "reflect") => {
                self.unresolved(span, format!("`.{name}()` is not evaluated"))?;
            }
            _ => return Ok(Value::inert(span, format!("`.{name}()` of a schema item is not evaluated"))),
        }
        Ok(Value::None)
    }
}

/// What is fetched of the result of a query that asks whether something is there.
fn answer_method(asked: &Rc<Asked>, name: &str, span: Span) -> Value {
    match (name, asked.shape) {
        ("scalar" | "scalar_one" | "scalar_one_or_none", _) => Value::Question(Rc::clone(asked)),
        ("fetchone" | "first" | "one_or_none", Shape::Row) => Value::Question(Rc::clone(asked)),
        // `SELECT EXISTS` and `count(*)` always have a row, of which the value is taken later.
        ("fetchone" | "first" | "one" | "one_or_none", _) => Value::Answer(Rc::clone(asked)),
        ("fetchall" | "all", Shape::Row) => Value::Question(Rc::new(Asked { shape: Shape::Bool, ..(**asked).clone() })),
        ("mappings" | "scalars" | "unique", _) => Value::Answer(Rc::clone(asked)),
        _ => Value::inert(span, Reason::data("it is the answer of a query")),
    }
}
