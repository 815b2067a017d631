//! SQLAlchemy's types, by class and arguments.

use super::{
    args::{Bound, Reason, name_of, not_known},
    interp::{Args, Halt, Interp},
    value::{Class, Instance, Value},
};
use crate::op::{CheckFirst, Domain, EnumType, Name, Type};
use std::{cell::RefCell, rc::Rc};

/// The type that a value stands for: a type, a class of one, or a class of the file that is one.
pub(super) fn of(value: &Value) -> Result<Type, Reason> {
    match value {
        Value::Type(kind) => Ok((**kind).clone()),
        Value::Unknown(unknown) => Err(not_known("a type is", &unknown.reason)),
        Value::External(path) => {
            let nowhere = Args { positional: Vec::new(), keywords: Vec::new(), open: None, span: no_span() };
            match build(path, nowhere) {
                Some(kind) => kind,
                None => Err(Reason::of(value.cause(), format!("the type `{path}` is not known"))),
            }
        }
        Value::Class(class) => Err(Reason::of(class.cause(), format!("the type `{}` is not evaluated", class.name))),
        other => Err(Reason::of(other.cause(), format!("{} is given as a type", other.kind()))),
    }
}

/// `dialect.type_descriptor(…)`: the driver's own class for a type, of which some forget the word that was given.
pub(super) fn described(args: &Args) -> Value {
    let Some(arg) = args.positional.first() else { return Value::None };
    let depends = match of(&arg.value) {
        Ok(Type::Text { word, .. }) => word != "VARCHAR",
        Ok(Type::Numeric { word, .. }) => word != "NUMERIC",
        Ok(Type::Timestamp { precision, .. } | Type::Time { precision, .. }) => precision.is_some(),
        Ok(Type::Verbatim(word)) => matches!(word.as_str(), "DOUBLE" | "DOUBLE PRECISION" | "REAL" | "DATETIME"),
        _ => false,
    };
    if depends {
        return Value::unknown(arg.span, "what `type_descriptor` makes of this type depends on the driver");
    }
    arg.value.clone()
}

/// Types that are built without arguments need no place.
fn no_span() -> crate::source::Span {
    let sources = crate::source::Sources::default();
    crate::source::Span { source: sources.add("", ""), start: 0, end: 0 }
}

/// The family of a dotted name: whose class it is.
enum Family {
    SqlAlchemy,
    PostgreSql,
    OtherDialect,
    Utils,
    Other,
}

fn family(path: &str) -> Family {
    if path.starts_with("sqlalchemy.dialects.postgresql") {
        Family::PostgreSql
    } else if path.starts_with("sqlalchemy.dialects.") {
        Family::OtherDialect
    } else if path.starts_with("sqlalchemy_utils") {
        Family::Utils
    } else if path.starts_with("sqlalchemy.") {
        Family::SqlAlchemy
    } else {
        Family::Other
    }
}

/// A type by the dotted name of its class; `None` where the name is no type that is known.
pub(super) fn build(path: &str, args: Args) -> Option<Result<Type, Reason>> {
    let name = path.rsplit('.').next().unwrap_or(path);
    match family(path) {
        Family::SqlAlchemy => standard(name, args, false),
        Family::PostgreSql => standard(name, args, true),
        Family::OtherDialect => other_dialect(path, name, args),
        Family::Utils => utils(name, args),
        Family::Other => third_party(path, name, args),
    }
}

fn standard(name: &str, args: Args, postgresql: bool) -> Option<Result<Type, Reason>> {
    let verbatim = |word: &str| Some(Ok(Type::Verbatim(word.to_owned())));
    match name {
        "String" | "VARCHAR" | "Unicode" => Some(text("VARCHAR", &args.bind(&["length", "collation"]))),
        "Text" | "UnicodeText" | "TEXT" => Some(text("TEXT", &args.bind(&["length", "collation"]))),
        "CHAR" | "NCHAR" | "NVARCHAR" | "CLOB" => Some(text(name, &args.bind(&["length", "collation"]))),
        "CITEXT" => Some(text("CITEXT", &args.bind(&["length", "collation"]))),
        "BINARY" | "VARBINARY" | "BLOB" => Some(text(name, &args.bind(&["length"]))),
        "Integer" | "INTEGER" | "INT" => Some(Ok(Type::Integer { bytes: 4 })),
        "BigInteger" | "BIGINT" => Some(Ok(Type::Integer { bytes: 8 })),
        "SmallInteger" | "SMALLINT" => Some(Ok(Type::Integer { bytes: 2 })),
        "Boolean" | "BOOLEAN" => Some(Ok(Type::Boolean)),
        "Numeric" | "NUMERIC" => Some(numeric("NUMERIC", &args.bind(&["precision", "scale"]))),
        "DECIMAL" => Some(numeric("DECIMAL", &args.bind(&["precision", "scale"]))),
        "Float" | "FLOAT" => {
            Some(args.bind(&["precision"]).size("precision").map(|precision| Type::Float { precision }))
        }
        "REAL" => verbatim("REAL"),
        "Double" | "DOUBLE_PRECISION" => verbatim("DOUBLE PRECISION"),
        "DOUBLE" => verbatim("DOUBLE"),
        "DATETIME" => verbatim("DATETIME"),
        "DateTime" | "TIMESTAMP" => Some(timestamp(&args.bind(&["timezone", "precision"]))),
        "Time" | "TIME" => Some(time(&args.bind(&["timezone", "precision"]))),
        "Date" | "DATE" => Some(Ok(Type::Date)),
        "Interval" | "INTERVAL" => Some(interval(name, args)),
        "LargeBinary" | "PickleType" | "BYTEA" => Some(Ok(Type::Bytes)),
        "JSON" => Some(Ok(Type::Json { binary: false })),
        "JSONB" => Some(Ok(Type::Json { binary: true })),
        "Uuid" => Some(uuid(&args.bind(&["as_uuid", "native_uuid"]))),
        "UUID" => {
            Some(args.bind(&["as_uuid"]).flag("as_uuid").map(|as_uuid| Type::Uuid { as_uuid: as_uuid.unwrap_or(true) }))
        }
        "ARRAY" => Some(array(&args.bind(&["item_type", "as_tuple", "dimensions"]))),
        "Enum" | "ENUM" => Some(enumeration(args, postgresql)),
        "NullType" => Some(Ok(Type::Refused("it has no type".to_owned()))),
        "BIT" if postgresql => Some(bit(&args.bind(&["length", "varying"]))),
        "DOMAIN" if postgresql => Some(domain(args)),
        "HSTORE" | "INET" | "CIDR" | "MACADDR" | "MACADDR8" | "OID" | "MONEY" | "TSVECTOR" | "TSQUERY" | "REGCLASS"
        | "REGCONFIG" | "JSONPATH" | "INT4RANGE" | "INT8RANGE" | "NUMRANGE" | "DATERANGE" | "TSRANGE" | "TSTZRANGE"
        | "INT4MULTIRANGE" | "INT8MULTIRANGE" | "NUMMULTIRANGE" | "DATEMULTIRANGE" | "TSMULTIRANGE"
        | "TSTZMULTIRANGE" | "XML"
            if postgresql =>
        {
            verbatim(name)
        }
        _ => None,
    }
}

fn text(word: &str, bound: &Bound) -> Result<Type, Reason> {
    Ok(Type::Text { word: word.to_owned(), length: bound.size("length")?, collation: bound.plain_string("collation")? })
}

fn numeric(word: &str, bound: &Bound) -> Result<Type, Reason> {
    let scale =
        bound.number("scale")?.map(i32::try_from).transpose().map_err(|_| "`scale` is out of range".to_owned())?;
    Ok(Type::Numeric { word: word.to_owned(), precision: bound.size("precision")?, scale })
}

fn timestamp(bound: &Bound) -> Result<Type, Reason> {
    Ok(Type::Timestamp { timezone: bound.is("timezone")?, precision: bound.size("precision")? })
}

fn time(bound: &Bound) -> Result<Type, Reason> {
    Ok(Type::Time { timezone: bound.is("timezone")?, precision: bound.size("precision")? })
}

fn interval(name: &str, args: Args) -> Result<Type, Reason> {
    if name == "INTERVAL" {
        let bound = args.bind(&["precision", "fields"]);
        return Ok(Type::Interval { fields: bound.plain_string("fields")?, precision: bound.size("precision")? });
    }
    let bound = args.bind(&["native", "second_precision", "day_precision"]);
    if bound.truth("native")? == Some(false) {
        return Ok(Type::Timestamp { timezone: false, precision: None });
    }
    Ok(Type::Interval { fields: None, precision: bound.size("second_precision")? })
}

fn uuid(bound: &Bound) -> Result<Type, Reason> {
    if bound.truth("native_uuid")? == Some(false) {
        return Ok(Type::Text { word: "CHAR".to_owned(), length: Some(32), collation: None });
    }
    Ok(Type::Uuid { as_uuid: bound.flag("as_uuid")?.unwrap_or(true) })
}

fn array(bound: &Bound) -> Result<Type, Reason> {
    let item = of(bound.value("item_type").ok_or("the type of the array's items is not given")?)?;
    Ok(Type::Array { item: Box::new(item), dimensions: bound.size("dimensions")?.unwrap_or(1).max(1) })
}

fn bit(bound: &Bound) -> Result<Type, Reason> {
    let varying = bound.is("varying")?;
    // BIT alone is one bit; BIT VARYING alone has no limit.
    let length = bound.size("length")?.or(if varying { None } else { Some(1) });
    Ok(Type::Bit { length: if varying || bound.value("length").is_some() { length } else { None }, varying })
}

fn domain(args: Args) -> Result<Type, Reason> {
    let bound = args.bind(&["name", "data_type"]).closed()?;
    let clause = |name: &str| match bound.value(name) {
        None | Some(Value::None) => Ok(None),
        Some(value) => super::core::clause(value).map(Some),
    };
    let definition = if bound.truth("create_type")? == Some(false) {
        None
    } else {
        let default = match bound.value("default") {
            Some(value) if value.as_str().is_some() => Some(super::core::value(value, None)?),
            _ => clause("default")?,
        };
        Some(Box::new(Domain {
            kind: of(bound.value("data_type").ok_or("the domain's type is not given")?)?,
            collation: bound.plain_string("collation")?,
            default,
            constraint: bound.name("constraint_name", "the constraint's name")?,
            not_null: bound.is("not_null")?,
            check: clause("check")?,
        }))
    };
    Ok(Type::Domain {
        name: bound.required_name("name", "the domain's name")?,
        schema: bound.name("schema", "the schema's name")?,
        definition,
    })
}

fn enumeration(args: Args, postgresql: bool) -> Result<Type, Reason> {
    let span = args.span;
    let mut labels = Vec::new();
    let mut class_name = None;
    let bound = args.bind(&[]).closed()?;
    match bound.rest.first().map(|arg| &arg.value) {
        Some(Value::Class(class)) if class.is_enum() => {
            labels = enum_labels(class, bound.value("values_callable"))?;
            class_name = Some(Name { text: class.name.to_lowercase(), span: Some(span), quote: None, exact: false });
        }
        Some(Value::Class(_) | Value::External(_)) => {
            return Err(Reason::elsewhere("the labels of the enum are a class that is not in the file"));
        }
        _ => {
            for arg in &bound.rest {
                labels.push(name_of(arg, "a label of the enum")?.text);
            }
        }
    }
    let name = match bound.arg("name") {
        None => class_name,
        Some(_) => bound.name("name", "the name of the enum")?,
    };
    Ok(Type::Enum(Box::new(EnumType {
        name,
        schema: bound.name("schema", "the schema's name")?,
        inherit_schema: bound.is("inherit_schema")?,
        labels,
        // `postgresql.ENUM` takes no other.
        native: postgresql || bound.truth("native_enum")?.unwrap_or(true),
        create_constraint: bound.is("create_constraint")?,
        create_type: bound.truth("create_type")?.unwrap_or(true),
        length: bound.size("length")?,
        has_metadata: !matches!(bound.value("metadata"), None | Some(Value::None)),
        is_postgresql: postgresql,
    })))
}

/// An enum class gives its members' names, with `values_callable` their values (which is what every such
/// function does; one that does more is not evaluated).
fn enum_labels(class: &Rc<Class>, callable: Option<&Value>) -> Result<Vec<String>, Reason> {
    let field = match callable {
        None | Some(Value::None) => "name",
        Some(Value::Function(_)) => "value",
        Some(_) => return Err("`values_callable` is not evaluated".into()),
    };
    let mut labels = Vec::new();
    for member in class.members.borrow().iter() {
        let Value::Instance(instance) = member else { continue };
        match instance.fields.borrow().get(field).and_then(|value| value.as_str().map(str::to_owned)) {
            Some(label) => labels.push(label),
            None => return Err(format!("a label of the enum `{}` is not a string", class.name).into()),
        }
    }
    Ok(labels)
}

fn other_dialect(path: &str, name: &str, args: Args) -> Option<Result<Type, Reason>> {
    if path.starts_with("sqlalchemy.dialects.mysql") {
        match name {
            "LONGTEXT" | "MEDIUMTEXT" | "TINYTEXT" | "TINYINT" | "MEDIUMINT" | "LONGBLOB" | "MEDIUMBLOB"
            | "TINYBLOB" | "YEAR" | "SET" => {
                return Some(Ok(Type::Refused(format!("`mysql.{name}` has no form on PostgreSQL"))));
            }
            "DATETIME" => return Some(Ok(Type::Verbatim("DATETIME".to_owned()))),
            "INTEGER" | "BIGINT" | "SMALLINT" => {
                return standard(name, Args { positional: Vec::new(), keywords: Vec::new(), ..args }, false);
            }
            _ => {}
        }
    }
    // SQLite's is a `DateTime` that stores text.
    let name = if name == "DATETIME" && path.starts_with("sqlalchemy.dialects.sqlite") { "DateTime" } else { name };
    standard(name, args, false)
}

/// `VARCHAR` of the length that is given, or of the type's own.
fn sized(bound: &Bound, name: &str, otherwise: u32) -> Option<Result<Type, Reason>> {
    Some(bound.size(name).map(|length| {
        let length = Some(length.unwrap_or(otherwise));
        Type::Text { word: "VARCHAR".to_owned(), length, collation: None }
    }))
}

fn utils(name: &str, args: Args) -> Option<Result<Type, Reason>> {
    let varchar = |length| Some(Ok(Type::Text { word: "VARCHAR".to_owned(), length: Some(length), collation: None }));
    let plain = |word: &str| Some(Ok(Type::Text { word: word.to_owned(), length: None, collation: None }));
    match name {
        "UUIDType" => {
            let bound = args.bind(&["binary", "native"]);
            match bound.truth("native") {
                Ok(Some(false)) => None,
                Ok(_) => Some(Ok(Type::Uuid { as_uuid: true })),
                Err(reason) => Some(Err(reason)),
            }
        }
        "JSONType" => Some(Ok(Type::Json { binary: false })),
        "EmailType" => sized(&args.bind(&["length"]), "length", 255),
        "ChoiceType" => match args.bind(&["choices", "impl"]).value("impl") {
            None | Some(Value::None) => varchar(255),
            Some(kind) => Some(of(kind)),
        },
        "URLType" | "ScalarListType" => plain("TEXT"),
        "IPAddressType" => sized(&args.bind(&["max_length"]), "max_length", 50),
        "ColorType" => sized(&args.bind(&["max_length"]), "max_length", 20),
        "PhoneNumberType" => sized(&args.bind(&["region", "max_length"]), "max_length", 20),
        "TimezoneType" => varchar(50),
        "LocaleType" => varchar(10),
        "CurrencyType" => varchar(3),
        "CountryType" => varchar(2),
        "ArrowType" => Some(timestamp(&args.bind(&["timezone"]))),
        "EnrichedDateTimeType" => Some(timestamp(&args.bind(&["datetime_processor", "timezone"]))),
        "IntRangeType" => Some(Ok(Type::Verbatim("INT4RANGE".to_owned()))),
        "Int8RangeType" => Some(Ok(Type::Verbatim("INT8RANGE".to_owned()))),
        "DateRangeType" => Some(Ok(Type::Verbatim("DATERANGE".to_owned()))),
        "NumericRangeType" => Some(Ok(Type::Verbatim("NUMRANGE".to_owned()))),
        "DateTimeRangeType" => Some(Ok(Type::Verbatim("TSRANGE".to_owned()))),
        "TSVectorType" => Some(Ok(Type::Verbatim("TSVECTOR".to_owned()))),
        "LtreeType" => Some(Ok(Type::Verbatim("LTREE".to_owned()))),
        _ => None,
    }
}

fn third_party(path: &str, name: &str, args: Args) -> Option<Result<Type, Reason>> {
    let root = path.split('.').next().unwrap_or(path);
    match (root, name) {
        ("sqlmodel", "AutoString") => Some(text("VARCHAR", &args.bind(&["length"]))),
        ("pgvector", "Vector" | "VECTOR" | "HALFVEC" | "SPARSEVEC") => {
            let word = if name == "Vector" { "VECTOR".to_owned() } else { name.to_owned() };
            Some(args.bind(&["dim"]).size("dim").map(|dim| {
                Type::Verbatim(match dim {
                    Some(dim) => format!("{word}({dim})"),
                    None => word,
                })
            }))
        }
        ("pgvector", "BIT") => Some(bit(&args.bind(&["length", "varying"]))),
        ("citext", "CIText") => Some(Ok(Type::Verbatim("CITEXT".to_owned()))),
        ("fastapi_users_db_sqlalchemy", "TIMESTAMPAware") => Some(timestamp(&args.bind(&["timezone"]))),
        ("fastapi_users_db_sqlalchemy", "GUID") => Some(Ok(Type::Uuid { as_uuid: true })),
        _ => None,
    }
}

impl Interp<'_> {
    /// An object of a class of the file that is a SQLAlchemy type; `None` where the class is no type.
    pub(super) fn custom_type(&mut self, class: &Rc<Class>, args: &Args) -> Result<Option<Value>, Halt> {
        let Some(kind) = base_type(class) else { return Ok(None) };
        let span = args.span;
        let instance = Instance { class: Rc::clone(class), fields: RefCell::default(), depth: self.guarded() };
        let instance = self.heap.keep(Rc::new(instance));
        let mut given = None;
        if let Some(Value::Function(init)) = class.lookup("__init__") {
            let bound = super::call::bound(&init, Value::Instance(Rc::clone(&instance)));
            self.supers.push(None);
            let outcome = self.call_function(&bound, args.clone());
            given = self.supers.pop().flatten();
            outcome?;
        }
        let object = Value::Instance(instance);
        let ask = |this: &mut Self, method: &str, positional: Vec<Value>| match class.lookup(method) {
            Some(Value::Function(function)) => {
                let bound = super::call::bound(&function, object.clone());
                let positional = positional.into_iter().map(|value| super::value::Arg { value, span }).collect();
                let args = Args { positional, keywords: Vec::new(), open: None, span };
                this.call_function(&bound, args).map(Some)
            }
            _ => Ok(None),
        };
        let kind = match kind {
            BaseType::UserDefined => match ask(self, "get_col_spec", Vec::new())? {
                Some(value) => match value.as_str() {
                    Some(text) => Ok(Type::Verbatim(text.to_owned())),
                    None => Err(format!("the SQL of the type `{}` is not known", class.name).into()),
                },
                None => Err(format!("the type `{}` has no `get_col_spec`", class.name).into()),
            },
            BaseType::Decorator => match ask(self, "load_dialect_impl", vec![Value::Dialect])? {
                Some(value) if !matches!(&value, Value::External(path) if &**path == OWN_IMPL) => of(&value),
                _ => self.decorated_type(class, given.as_ref().unwrap_or(args), given.is_some())?,
            },
            BaseType::Subclass(path) => match build(&path, given.unwrap_or_else(|| args.clone())) {
                Some(kind) => kind,
                None => Err(format!("the type `{}` is not evaluated", class.name).into()),
            },
        };
        Ok(Some(match kind {
            Ok(kind) => Value::Type(Rc::new(kind)),
            Err(reason) => Value::unknown(span, reason),
        }))
    }

    /// A `TypeDecorator` gives its arguments to its `impl`.
    fn decorated_type(
        &mut self,
        class: &Rc<Class>,
        args: &Args,
        handed_up: bool,
    ) -> Result<Result<Type, Reason>, Halt> {
        let Some(inner) = class.lookup("impl") else {
            return Ok(Err(format!("the type `{}` has no `impl`", class.name).into()));
        };
        let own_init = class.lookup("__init__").is_some() && !handed_up;
        Ok(match &inner {
            Value::External(path) => {
                let given = if own_init {
                    Args { positional: Vec::new(), keywords: Vec::new(), ..args.clone() }
                } else {
                    args.clone()
                };
                build(path, given).unwrap_or_else(|| Err(format!("the type `{path}` is not known").into()))
            }
            other => of(other),
        })
    }

    /// Methods of types: `with_variant`, `create`, `drop`.
    pub(super) fn type_method(&mut self, kind: &Type, name: &str, args: &Args) -> Result<Value, Halt> {
        let span = args.span;
        let own = || Value::Type(Rc::new(kind.clone()));
        match name {
            "with_variant" => {
                let for_postgresql = args.positional.iter().skip(1).any(|arg| arg.value.as_str() == Some("postgresql"))
                    || args.keywords.iter().any(|(_, arg, _)| arg.value.as_str() == Some("postgresql"));
                match args.positional.first() {
                    Some(arg) if for_postgresql => Ok(match of(&arg.value) {
                        Ok(kind) => Value::Type(Rc::new(kind)),
                        Err(reason) => Value::unknown(arg.span, reason),
                    }),
                    _ => Ok(own()),
                }
            }
            "create" | "drop" => {
                let Type::Enum(kind) = kind else {
                    self.unresolved(span, format!("`.{name}()` of a type that is no enum"))?;
                    return Ok(Value::None);
                };
                if !kind.native {
                    return Ok(Value::None);
                }
                let op = if name == "create" {
                    crate::op::Op::CreateEnum(kind.clone())
                } else {
                    crate::op::Op::DropEnum(kind.clone())
                };
                // `ENUM` asks by default, `Enum` does not (`create` in `dialects/postgresql/named_types.py` and in
                // `sql/sqltypes.py`).
                let usual = if kind.is_postgresql { CheckFirst::Yes } else { CheckFirst::No };
                self.emit_first(op, checkfirst(args, usual), span)?;
                Ok(Value::None)
            }
            "copy" | "as_generic" | "evaluates_none" => Ok(own()),
            _ => Ok(Value::inert(span, format!("`.{name}()` of a type is not evaluated"))),
        }
    }
}

/// `checkfirst=` of a call; one that is not known is taken to ask.
pub(super) fn checkfirst(args: &Args, usual: CheckFirst) -> CheckFirst {
    match args.clone().bind(&["bind", "checkfirst"]).value("checkfirst") {
        None => usual,
        Some(Value::Bool(false)) => CheckFirst::No,
        Some(_) => CheckFirst::Yes,
    }
}

/// What a class of the file is, as a type.
/// What `super().load_dialect_impl(dialect)` of a `TypeDecorator` gives: the type of its `impl`.
pub(super) const OWN_IMPL: &str = "sqlalchemy.types.TypeDecorator.impl";

enum BaseType {
    UserDefined,
    Decorator,
    Subclass(String),
}

fn base_type(class: &Class) -> Option<BaseType> {
    class.bases.iter().find_map(|base| match base {
        Value::External(path) => match path.rsplit('.').next()? {
            "UserDefinedType" => Some(BaseType::UserDefined),
            "TypeDecorator" => Some(BaseType::Decorator),
            _ => {
                let empty = Args { positional: Vec::new(), keywords: Vec::new(), open: None, span: no_span() };
                build(path, empty).map(|_| BaseType::Subclass(path.to_string()))
            }
        },
        Value::Class(class) => base_type(class),
        _ => None,
    })
}
