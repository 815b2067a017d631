//! What a revision asks the database before it acts: questions that the replayed schema may answer.

use super::{
    expr::question,
    interp::{Args, Eval, Interp},
    value::{Asked, Inspected, Shape, Value},
};
use std::rc::Rc;

impl Interp<'_> {
    /// Methods of an inspector and of what it gives.
    pub(super) fn inspector_method(&mut self, receiver: &Value, name: &str, args: &Args) -> Eval {
        use super::value::Subject;
        let span = args.span;
        let text = |at: usize, name: &str| {
            let arg = args.positional.get(at).map(|arg| &arg.value);
            arg.or_else(|| args.keywords.iter().find(|(it, ..)| it == name).map(|(_, arg, _)| &arg.value))
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let unknown = || Value::inert(span, crate::reason::Reason::data("it is what the database says"));
        if let Value::Inspected(it) = receiver {
            return Ok(match (name, it.item, text(0, "key")) {
                ("get", true, Some(key)) if key == "name" => {
                    Value::Inspected(Rc::new(Inspected { names: true, ..(**it).clone() }))
                }
                ("keys" | "copy", false, _) => receiver.clone(),
                _ => unknown(),
            });
        }
        let table = |schema_at: usize| {
            let name = text(0, "table_name")?;
            let schema = text(schema_at, "schema").map(crate::op::Name::plain);
            Some(crate::op::Qualified { schema, name: crate::op::Name::plain(name) })
        };
        let about =
            |subject: Subject, names: bool| Value::Inspected(Rc::new(Inspected { subject, names, item: false }));
        Ok(match name {
            "get_table_names" => about(Subject::Tables(text(0, "schema")), true),
            "get_view_names" | "get_materialized_view_names" => about(Subject::Views(text(0, "schema")), true),
            "get_schema_names" => about(Subject::Schemas, true),
            "get_enums" if args.positional.is_empty() && args.keywords.is_empty() => about(Subject::Types, false),
            "has_schema" => match text(0, "schema_name") {
                Some(schema) => {
                    let question = question(&Subject::Schemas, &schema);
                    Value::Question(Rc::new(Asked { question, holds: true, shape: Shape::Bool }))
                }
                None => unknown(),
            },
            "has_index" => match (table(2), text(1, "index_name")) {
                (Some(table), Some(index)) => {
                    let question = question(&Subject::Indexes(table), &index);
                    Value::Question(Rc::new(Asked { question, holds: true, shape: Shape::Bool }))
                }
                _ => unknown(),
            },
            "has_table" => match table(1) {
                Some(table) => {
                    let schema = table.schema.map(|it| it.text);
                    let question = question(&Subject::Tables(schema), &table.name.text);
                    Value::Question(Rc::new(Asked { question, holds: true, shape: Shape::Bool }))
                }
                None => unknown(),
            },
            "get_columns" => table(1).map_or_else(unknown, |table| about(Subject::Columns(table), false)),
            "get_indexes" => table(1).map_or_else(unknown, |table| about(Subject::Indexes(table), false)),
            "get_foreign_keys" | "get_unique_constraints" | "get_check_constraints" => {
                table(1).map_or_else(unknown, |table| about(Subject::Constraints(table), false))
            }
            _ => unknown(),
        })
    }
}
