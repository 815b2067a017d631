//! What is done to anything but tables and indexes, out of protobuf.

use super::{
    kind::reads,
    node::{dotted, given, kind, objects, range, string, strings},
    text,
};
use crate::statement::{Change, Commented, Definition, Make, Name, Sort, Volatility};
use pg_query::{
    Node, NodeEnum,
    protobuf::{
        self, AlterEnumStmt, AlterObjectSchemaStmt, AlterSeqStmt, CommentStmt, CreateDomainStmt, CreateFunctionStmt,
        CreateSeqStmt, CreateTableAsStmt, DropBehavior, DropStmt, FunctionParameter, FunctionParameterMode, ObjectType,
        ObjectWithArgs, RenameStmt, ViewStmt,
    },
};

/// What a statement does to anything but tables and indexes.
pub(super) fn definition(node: &NodeEnum) -> Option<Definition> {
    if let Some(make) = create(node).or_else(|| of_table(node)) {
        return Some(Definition::Make(Box::new(make)));
    }
    match node {
        NodeEnum::DropStmt(it) => drop(it),
        NodeEnum::RenameStmt(it) => rename(it),
        NodeEnum::AlterObjectSchemaStmt(it) => moved(it),
        NodeEnum::AlterEnumStmt(it) => Some(enumeration(it)),
        NodeEnum::AlterSeqStmt(it) => Some(alter_sequence(it)),
        NodeEnum::CommentStmt(it) => Some(comment(it)),
        _ => alter(node),
    }
}

fn create(node: &NodeEnum) -> Option<Make> {
    Some(match node {
        NodeEnum::CreateSchemaStmt(it) => Make {
            if_not_exists: it.if_not_exists,
            ..Make::new(Sort::Schema, Name::bare(it.schemaname.clone()), String::new())
        },
        NodeEnum::CreateEnumStmt(it) => {
            Make { labels: strings(&it.vals), ..Make::new(Sort::Enum, dotted(&it.type_name), String::new()) }
        }
        NodeEnum::CreateSeqStmt(it) => sequence(it),
        NodeEnum::CreateDomainStmt(it) => domain(it),
        NodeEnum::ViewStmt(it) => view(it),
        NodeEnum::CreateTableAsStmt(it) if it.objtype() == ObjectType::ObjectMatview => materialized(it),
        NodeEnum::CreateFunctionStmt(it) => {
            let name = signature(&dotted(&it.funcname), &arguments(it));
            let volatility = Some(volatility(it));
            Make { replace: it.replace, volatility, ..Make::new(Sort::Function, name, text::statement(node)) }
        }
        NodeEnum::CreateExtensionStmt(it) => {
            let name = Name::bare(it.extname.clone());
            Make { if_not_exists: it.if_not_exists, ..Make::new(Sort::Extension, name, text::statement(node)) }
        }
        NodeEnum::CompositeTypeStmt(it) => {
            Make::new(Sort::Composite, range(it.typevar.as_ref()), text::statement(node))
        }
        NodeEnum::CreateRangeStmt(it) => Make::new(Sort::Composite, dotted(&it.type_name), text::statement(node)),
        NodeEnum::DefineStmt(it) => {
            let name = dotted(&it.defnames);
            let name = name.renamed(format!("{} {}", it.kind().as_str_name(), name.name));
            let (replace, if_not_exists) = (it.replace, it.if_not_exists);
            Make { replace, if_not_exists, ..Make::new(Sort::Other, name, text::statement(node)) }
        }
        NodeEnum::CreatePublicationStmt(it) => {
            Make::new(Sort::Other, Name::bare(format!("OBJECT_PUBLICATION {}", it.pubname)), text::statement(node))
        }
        NodeEnum::CreateEventTrigStmt(it) => {
            Make::new(Sort::Other, Name::bare(format!("OBJECT_EVENT_TRIGGER {}", it.trigname)), text::statement(node))
        }
        _ => return None,
    })
}

/// What hangs on a table.
fn of_table(node: &NodeEnum) -> Option<Make> {
    let plain = |sort, name: &str, table: Name| Make {
        on: Some(table.clone()),
        ..Make::new(sort, hung(name, &table), text::statement(node))
    };
    Some(match node {
        NodeEnum::CreateTrigStmt(it) => {
            let calls = Some(dotted(&it.funcname));
            Make { replace: it.replace, calls, ..plain(Sort::Trigger, &it.trigname, range(it.relation.as_ref())) }
        }
        NodeEnum::CreatePolicyStmt(it) => plain(Sort::Policy, &it.policy_name, range(it.table.as_ref())),
        NodeEnum::RuleStmt(it) => {
            Make { replace: it.replace, ..plain(Sort::Rule, &it.rulename, range(it.relation.as_ref())) }
        }
        NodeEnum::CreateStatsStmt(it) => {
            let on = super::node::relations(&it.relations).into_iter().next();
            let name = dotted(&it.defnames);
            Make { on, if_not_exists: it.if_not_exists, ..Make::new(Sort::Statistics, name, text::statement(node)) }
        }
        _ => return None,
    })
}

fn sequence(it: &CreateSeqStmt) -> Make {
    let mut plain = it.clone();
    plain.sequence = Some(text::relation("s"));
    plain.if_not_exists = false;
    plain.options.retain(|node| option(node) != Some("owned_by"));
    let options = text::after(&NodeEnum::CreateSeqStmt(plain), "CREATE SEQUENCE s");
    Make {
        if_not_exists: it.if_not_exists,
        owned_by: owner(&it.options),
        temporary: super::kind::temporary(it.sequence.as_ref()),
        ..Make::new(Sort::Sequence, range(it.sequence.as_ref()), options)
    }
}

fn option(node: &Node) -> Option<&str> {
    match node.node.as_ref()? {
        NodeEnum::DefElem(it) => Some(&it.defname),
        _ => None,
    }
}

/// The column that `OWNED BY` names.
fn owner(options: &[Node]) -> Option<(Name, String)> {
    let found = options.iter().find(|node| option(node) == Some("owned_by"))?;
    let Some(NodeEnum::DefElem(element)) = found.node.as_ref() else { return None };
    let Some(NodeEnum::List(list)) = element.arg.as_deref()?.node.as_ref() else { return None };
    let mut parts = strings(&list.items);
    let column = parts.pop()?;
    let table = parts.pop()?;
    Some((Name { schema: parts.pop(), name: table }, column))
}

fn alter_sequence(it: &AlterSeqStmt) -> Definition {
    let change = if it.options.iter().any(|node| option(node) == Some("owned_by")) {
        Change::Own { by: owner(&it.options) }
    } else {
        Change::Other { sql: text::statement(&NodeEnum::AlterSeqStmt(it.clone())) }
    };
    Definition::Change { sort: Sort::Sequence, name: range(it.sequence.as_ref()), change }
}

fn domain(it: &CreateDomainStmt) -> Make {
    let mut plain = it.clone();
    let name = protobuf::String { sval: "d".to_owned() };
    plain.domainname = vec![Node { node: Some(NodeEnum::String(name)) }];
    let sql = text::after(&NodeEnum::CreateDomainStmt(Box::new(plain)), "CREATE DOMAIN d AS ");
    Make { base: Some(kind(it.type_name.as_ref())), ..Make::new(Sort::Domain, dotted(&it.domainname), sql) }
}

fn view(it: &ViewStmt) -> Make {
    let mut plain = it.clone();
    plain.view = Some(text::relation("v"));
    plain.replace = false;
    let sql = text::after(&NodeEnum::ViewStmt(Box::new(plain)), "CREATE VIEW v");
    Make {
        reads: it.query.as_deref().map(reads).unwrap_or_default(),
        replace: it.replace,
        temporary: super::kind::temporary(it.view.as_ref()),
        ..Make::new(Sort::View, range(it.view.as_ref()), sql)
    }
}

fn materialized(it: &CreateTableAsStmt) -> Make {
    let mut plain = it.clone();
    plain.if_not_exists = false;
    if let Some(into) = &mut plain.into {
        into.rel = Some(text::relation("v"));
    }
    let name = range(it.into.as_ref().and_then(|into| into.rel.as_ref()));
    let sql = text::after(&NodeEnum::CreateTableAsStmt(Box::new(plain)), "CREATE MATERIALIZED VIEW v");
    Make {
        reads: it.query.as_deref().map(reads).unwrap_or_default(),
        materialized: true,
        if_not_exists: it.if_not_exists,
        ..Make::new(Sort::View, name, sql)
    }
}

fn enumeration(it: &AlterEnumStmt) -> Definition {
    let change = if it.old_val.is_empty() {
        Change::AddValue {
            value: it.new_val.clone(),
            if_not_exists: it.skip_if_new_val_exists,
            beside: given(&it.new_val_neighbor).map(|other| (it.new_val_is_after, other)),
        }
    } else {
        Change::RenameValue { value: it.old_val.clone(), to: it.new_val.clone() }
    };
    Definition::Change { sort: Sort::Enum, name: dotted(&it.type_name), change }
}

fn moved(it: &AlterObjectSchemaStmt) -> Option<Definition> {
    let object = || names(it.object.as_deref());
    let (sort, name) = match it.object_type() {
        ObjectType::ObjectType => (Sort::Enum, object()),
        ObjectType::ObjectDomain => (Sort::Domain, object()),
        ObjectType::ObjectSequence => (Sort::Sequence, range(it.relation.as_ref())),
        ObjectType::ObjectView | ObjectType::ObjectMatview => (Sort::View, range(it.relation.as_ref())),
        ObjectType::ObjectFunction => (Sort::Function, it.object.as_deref().and_then(callable)?),
        ObjectType::ObjectExtension => (Sort::Extension, object()),
        _ => return None,
    };
    Some(Definition::Change { sort, name, change: Change::Move { schema: it.newschema.clone() } })
}

fn names(node: Option<&Node>) -> Name {
    node.map(std::slice::from_ref).map(objects).and_then(|mut names| names.pop()).unwrap_or_else(|| Name::bare(""))
}

/// The name of what has its name from its table.
fn hung(name: &str, table: &Name) -> Name {
    table.renamed(format!("{name} ON {}", table.name))
}

fn signature(name: &Name, arguments: &[String]) -> Name {
    name.renamed(format!("{}({})", name.name, arguments.join(", ")))
}

/// The types of the arguments by which a function is told from others of its name.
pub(super) fn arguments(it: &CreateFunctionStmt) -> Vec<String> {
    let types = it.parameters.iter().filter_map(|node| match node.node.as_ref()? {
        NodeEnum::FunctionParameter(it) => parameter(it),
        _ => None,
    });
    types.collect()
}

fn parameter(it: &FunctionParameter) -> Option<String> {
    match it.mode() {
        FunctionParameterMode::FuncParamOut | FunctionParameterMode::FuncParamTable => None,
        _ => Some(argument(it.arg_type.as_ref())),
    }
}

/// Modifiers do not tell functions apart.
fn argument(it: Option<&protobuf::TypeName>) -> String {
    crate::statement::formatted(&crate::statement::Type { modifiers: Vec::new(), ..kind(it) })
}

fn volatility(it: &CreateFunctionStmt) -> Volatility {
    let said = it.options.iter().find_map(|node| match node.node.as_ref()? {
        NodeEnum::DefElem(it) if it.defname == "volatility" => it.arg.as_deref().and_then(string),
        _ => None,
    });
    match said {
        Some("immutable") => Volatility::Immutable,
        Some("stable") => Volatility::Stable,
        _ => Volatility::Volatile,
    }
}

/// A function as `DROP`, `ALTER` and `COMMENT` name it; without arguments where none are said.
fn function(it: &ObjectWithArgs) -> Name {
    let name = dotted(&it.objname);
    if it.args_unspecified {
        return name;
    }
    let types = it.objargs.iter().filter_map(|node| match node.node.as_ref()? {
        NodeEnum::TypeName(it) => Some(argument(Some(it))),
        _ => None,
    });
    signature(&name, &types.collect::<Vec<_>>())
}

fn drop(it: &DropStmt) -> Option<Definition> {
    let sort = sort(it.remove_type())?;
    let names = match sort {
        Sort::Function => it.objects.iter().filter_map(callable).collect(),
        Sort::Trigger | Sort::Policy | Sort::Rule => it.objects.iter().filter_map(hanging).collect(),
        Sort::Other => {
            let called = it.objects.iter().filter_map(callable).map(|name| bare(&name));
            let kind = it.remove_type().as_str_name();
            let named = objects(&it.objects).into_iter().chain(called);
            named.map(|name| name.renamed(format!("{kind} {}", name.name))).collect()
        }
        _ => objects(&it.objects),
    };
    let cascade = it.behavior() == DropBehavior::DropCascade;
    Some(Definition::Drop { sort, names, if_exists: it.missing_ok, cascade })
}

/// Without the types of the arguments.
fn bare(name: &Name) -> Name {
    name.renamed(name.name.split('(').next().unwrap_or_default())
}

fn callable(node: &Node) -> Option<Name> {
    match node.node.as_ref()? {
        NodeEnum::ObjectWithArgs(it) => Some(function(it)),
        _ => None,
    }
}

/// The last part is its own name, those before it are the table's.
fn hanging(node: &Node) -> Option<Name> {
    let NodeEnum::List(list) = node.node.as_ref()? else { return None };
    let mut parts = strings(&list.items);
    let name = parts.pop()?;
    let table = parts.pop()?;
    Some(hung(&name, &Name { schema: parts.pop(), name: table }))
}

fn sort(kind: ObjectType) -> Option<Sort> {
    Some(match kind {
        ObjectType::ObjectSchema => Sort::Schema,
        ObjectType::ObjectType => Sort::Enum,
        ObjectType::ObjectDomain => Sort::Domain,
        ObjectType::ObjectSequence => Sort::Sequence,
        ObjectType::ObjectView | ObjectType::ObjectMatview => Sort::View,
        ObjectType::ObjectFunction | ObjectType::ObjectProcedure | ObjectType::ObjectRoutine => Sort::Function,
        ObjectType::ObjectTrigger => Sort::Trigger,
        ObjectType::ObjectPolicy => Sort::Policy,
        ObjectType::ObjectRule => Sort::Rule,
        ObjectType::ObjectExtension => Sort::Extension,
        ObjectType::ObjectStatisticExt => Sort::Statistics,
        ObjectType::ObjectOperator
        | ObjectType::ObjectAggregate
        | ObjectType::ObjectPublication
        | ObjectType::ObjectEventTrigger
        | ObjectType::ObjectTsconfiguration
        | ObjectType::ObjectTsdictionary
        | ObjectType::ObjectCollation => Sort::Other,
        _ => return None,
    })
}

/// `ALTER … RENAME` of what is neither a table, a column, a constraint nor an index.
fn rename(it: &RenameStmt) -> Option<Definition> {
    let change = Change::Rename { to: it.newname.clone() };
    let (sort, name) = match it.rename_type() {
        ObjectType::ObjectSequence => (Sort::Sequence, range(it.relation.as_ref())),
        ObjectType::ObjectView | ObjectType::ObjectMatview => (Sort::View, range(it.relation.as_ref())),
        ObjectType::ObjectSchema => (Sort::Schema, Name::bare(it.subname.clone())),
        ObjectType::ObjectType => (Sort::Enum, names(it.object.as_deref())),
        ObjectType::ObjectDomain => (Sort::Domain, names(it.object.as_deref())),
        ObjectType::ObjectTrigger => (Sort::Trigger, hung(&it.subname, &range(it.relation.as_ref()))),
        ObjectType::ObjectPolicy => (Sort::Policy, hung(&it.subname, &range(it.relation.as_ref()))),
        ObjectType::ObjectFunction | ObjectType::ObjectProcedure => {
            (Sort::Function, it.object.as_deref().and_then(callable)?)
        }
        _ => return None,
    };
    Some(Definition::Change { sort, name, change })
}

/// `ALTER` of what the schema keeps as text.
fn alter(node: &NodeEnum) -> Option<Definition> {
    let (sort, name) = match node {
        NodeEnum::AlterDomainStmt(it) => (Sort::Domain, dotted(&it.type_name)),
        NodeEnum::AlterFunctionStmt(it) => (Sort::Function, it.func.as_ref().map(function)?),
        NodeEnum::AlterPolicyStmt(it) => (Sort::Policy, hung(&it.policy_name, &range(it.table.as_ref()))),
        NodeEnum::AlterExtensionStmt(it) => (Sort::Extension, Name::bare(it.extname.clone())),
        _ => return None,
    };
    Some(Definition::Change { sort, name, change: Change::Other { sql: text::statement(node) } })
}

/// `COMMENT`.
fn comment(it: &CommentStmt) -> Definition {
    let object = it.object.as_deref();
    let parts = || match object.and_then(|node| node.node.as_ref()) {
        Some(NodeEnum::List(list)) => strings(&list.items),
        Some(NodeEnum::TypeName(kind)) => strings(&kind.names),
        Some(NodeEnum::String(text)) => vec![text.sval.clone()],
        _ => Vec::new(),
    };
    let split = || {
        let mut parts = parts();
        let last = parts.pop().unwrap_or_default();
        let name = parts.pop().unwrap_or_default();
        (Name { schema: parts.pop(), name }, last)
    };
    let named = || {
        let (name, last) = split();
        Name { schema: (!name.name.is_empty()).then_some(name.name), name: last }
    };
    let on = match it.objtype() {
        ObjectType::ObjectTable | ObjectType::ObjectView | ObjectType::ObjectMatview => Commented::Relation(named()),
        ObjectType::ObjectColumn => {
            let (table, column) = split();
            Commented::Column { table, column }
        }
        ObjectType::ObjectTabconstraint => {
            let (table, constraint) = split();
            Commented::Constraint { table, constraint }
        }
        ObjectType::ObjectIndex => Commented::Index(named()),
        ObjectType::ObjectSequence => Commented::Object(Sort::Sequence, named()),
        ObjectType::ObjectSchema => Commented::Object(Sort::Schema, named()),
        ObjectType::ObjectDomain => Commented::Object(Sort::Domain, named()),
        ObjectType::ObjectType => Commented::Object(Sort::Enum, named()),
        ObjectType::ObjectFunction => match object.and_then(callable) {
            Some(name) => Commented::Object(Sort::Function, name),
            None => Commented::Elsewhere,
        },
        ObjectType::ObjectTrigger | ObjectType::ObjectPolicy => match object.and_then(hanging) {
            Some(name) if it.objtype() == ObjectType::ObjectTrigger => Commented::Object(Sort::Trigger, name),
            Some(name) => Commented::Object(Sort::Policy, name),
            None => Commented::Elsewhere,
        },
        _ => Commented::Elsewhere,
    };
    Definition::Comment { on, text: given(&it.comment) }
}
