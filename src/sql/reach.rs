//! What a statement reaches beyond the database that it is run in, and what it needs there.

use super::looked_at;
use pg_query::{
    Node, NodeEnum,
    protobuf::{
        AlterTableType, CopyStmt, CreateExtensionStmt, CreateFunctionStmt, DefElem, DropStmt, ObjectType, RoleSpec,
        RoleSpecType,
    },
};

/// What a text of SQL has to do with the world outside of its database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// What it changes or reads beyond the database, in words: `it changes a role`. Empty: nothing that its own words
    /// say; a function that it calls may do anything that its role may.
    pub beyond: Vec<&'static str>,
    /// It waits for rows from the client, or sends it some: `COPY … FROM STDIN`.
    pub copies: bool,
    /// Extensions that it creates.
    pub extensions: Vec<Extension>,
    /// Extensions that it drops.
    pub dropped: Vec<String>,
    /// Roles that it names, and that must be there: grantees, owners, those of a policy.
    pub roles: Vec<String>,
}

/// `CREATE EXTENSION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// `SCHEMA`.
    pub schema: Option<String>,
    /// `VERSION`.
    pub version: Option<String>,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `CASCADE`.
    pub cascade: bool,
}

/// Languages whose functions may do what the server's own process may.
const TRUSTED_LANGUAGES: [&str; 6] = ["sql", "plpgsql", "plperl", "pltcl", "plv8", "plcoffee"];

/// Reads what a text reaches; a text that the grammar refuses reaches nothing.
#[must_use]
pub fn reach(sql: &str) -> Reach {
    let mut reach = Reach::default();
    if sql.len() > super::LONGEST || looked_at(sql) > super::LOOKED_AT {
        return reach;
    }
    let Ok(answer) = pg_query::parse(sql, 0) else { return reach };
    let nodes = answer.protobuf.stmts.iter().filter_map(|raw| raw.stmt.as_deref()?.node.as_ref());
    nodes.for_each(|node| reach.read(node));
    reach.roles.sort();
    reach.roles.dedup();
    reach
}

impl Reach {
    fn read(&mut self, node: &NodeEnum) {
        if let Some(what) = beyond(node) {
            self.beyond.push(what);
        }
        match node {
            NodeEnum::CopyStmt(it) => self.copy(it),
            NodeEnum::CreateExtensionStmt(it) => self.extensions.push(extension(it)),
            NodeEnum::DropStmt(it) if it.remove_type() == ObjectType::ObjectExtension => self.dropped.extend(names(it)),
            NodeEnum::GrantStmt(it) => self.roles_of(&it.grantees),
            NodeEnum::AlterDefaultPrivilegesStmt(it) => {
                if let Some(action) = &it.action {
                    self.roles_of(&action.grantees);
                }
            }
            NodeEnum::AlterOwnerStmt(it) => self.role(it.newowner.as_ref()),
            NodeEnum::CreateSchemaStmt(it) => self.role(it.authrole.as_ref()),
            NodeEnum::CreatePolicyStmt(it) => self.roles_of(&it.roles),
            NodeEnum::AlterPolicyStmt(it) => self.roles_of(&it.roles),
            NodeEnum::AlterTableStmt(it) => {
                for command in &it.cmds {
                    if let Some(NodeEnum::AlterTableCmd(command)) = &command.node
                        && command.subtype() == AlterTableType::AtChangeOwner
                    {
                        self.role(command.newowner.as_ref());
                    }
                }
            }
            _ => {}
        }
    }

    fn copy(&mut self, it: &CopyStmt) {
        if it.is_program {
            self.beyond.push("it runs a program of the server's machine");
        } else if it.filename.is_empty() {
            self.copies = true;
        } else {
            self.beyond.push("it reads or writes a file of the server's machine");
        }
    }

    fn roles_of(&mut self, nodes: &[Node]) {
        for node in nodes {
            if let Some(NodeEnum::RoleSpec(role)) = &node.node {
                self.role(Some(role));
            }
        }
    }

    fn role(&mut self, role: Option<&RoleSpec>) {
        if let Some(role) = role
            && role.roletype() == RoleSpecType::RolespecCstring
        {
            self.roles.push(role.rolename.clone());
        }
    }
}

fn beyond(node: &NodeEnum) -> Option<&'static str> {
    Some(match node {
        NodeEnum::CreateRoleStmt(_)
        | NodeEnum::AlterRoleStmt(_)
        | NodeEnum::AlterRoleSetStmt(_)
        | NodeEnum::DropRoleStmt(_)
        | NodeEnum::GrantRoleStmt(_) => "it changes roles, which all databases of a server share",
        NodeEnum::RenameStmt(it) if it.rename_type() == ObjectType::ObjectRole => {
            "it changes roles, which all databases of a server share"
        }
        NodeEnum::DropOwnedStmt(_) => "it takes from a role what it owns and may do",
        NodeEnum::CreateTableSpaceStmt(_)
        | NodeEnum::DropTableSpaceStmt(_)
        | NodeEnum::AlterTableSpaceOptionsStmt(_)
        | NodeEnum::AlterTableMoveAllStmt(_) => "it changes tablespaces, which all databases of a server share",
        NodeEnum::CreatedbStmt(_)
        | NodeEnum::DropdbStmt(_)
        | NodeEnum::AlterDatabaseStmt(_)
        | NodeEnum::AlterDatabaseSetStmt(_)
        | NodeEnum::AlterDatabaseRefreshCollStmt(_) => "it names a database of the server's",
        NodeEnum::RenameStmt(it) if it.rename_type() == ObjectType::ObjectDatabase => {
            "it names a database of the server's"
        }
        NodeEnum::GrantStmt(it) if it.objtype() == ObjectType::ObjectDatabase => "it names a database of the server's",
        NodeEnum::AlterOwnerStmt(it) if it.object_type() == ObjectType::ObjectDatabase => {
            "it names a database of the server's"
        }
        NodeEnum::AlterSystemStmt(_) => "it changes the settings of the whole server",
        NodeEnum::LoadStmt(_) => "it loads code into the server",
        NodeEnum::CreatePlangStmt(_) => "it adds a language to the server",
        NodeEnum::CreateFunctionStmt(it) if !is_trusted(it) => {
            "its language may do whatever the server's own process may"
        }
        NodeEnum::CreateSubscriptionStmt(_)
        | NodeEnum::AlterSubscriptionStmt(_)
        | NodeEnum::DropSubscriptionStmt(_)
        | NodeEnum::CreateForeignServerStmt(_)
        | NodeEnum::CreateUserMappingStmt(_) => "it connects to another server",
        NodeEnum::CreateExtensionStmt(it) if is_untrusted(&it.extname) => {
            "its functions reach files, programs or other servers"
        }
        _ => return None,
    })
}

/// Extensions that let SQL read files, run programs or connect elsewhere; also those that only need one of them.
fn is_untrusted(name: &str) -> bool {
    let untrusted_language = ["plpython", "plperlu", "pltclu", "plsh", "plr"].iter().any(|it| name.contains(it));
    untrusted_language || matches!(name, "adminpack" | "dblink" | "file_fdw" | "pg_cron" | "pg_net" | "http")
}

fn is_trusted(it: &CreateFunctionStmt) -> bool {
    let language = it.options.iter().find_map(|node| match &node.node {
        Some(NodeEnum::DefElem(option)) if option.defname == "language" => text(option),
        _ => None,
    });
    // Without the word it is the SQL of its own body.
    language.is_none_or(|it| TRUSTED_LANGUAGES.contains(&it.to_lowercase().as_str()))
}

fn extension(it: &CreateExtensionStmt) -> Extension {
    let option = |name: &str| {
        it.options.iter().find_map(|node| match &node.node {
            Some(NodeEnum::DefElem(option)) if option.defname == name => Some(option),
            _ => None,
        })
    };
    Extension {
        name: it.extname.clone(),
        schema: option("schema").and_then(|it| text(it)),
        version: option("new_version").and_then(|it| text(it)),
        if_not_exists: it.if_not_exists,
        cascade: option("cascade").is_some(),
    }
}

fn text(option: &DefElem) -> Option<String> {
    match option.arg.as_deref()?.node.as_ref()? {
        NodeEnum::String(it) => Some(it.sval.clone()),
        _ => None,
    }
}

fn names(it: &DropStmt) -> Vec<String> {
    let name = |node: &Node| match node.node.as_ref()? {
        NodeEnum::String(it) => Some(it.sval.clone()),
        _ => None,
    };
    it.objects.iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::reach;

    #[test]
    fn what_leaves_the_database_is_told() {
        for sql in [
            "CREATE ROLE a",
            "CREATE USER a PASSWORD 'x'",
            "ALTER USER a SET search_path = x",
            "ALTER ROLE a RENAME TO b",
            "DROP ROLE a",
            "GRANT a TO b",
            "CREATE TABLESPACE a LOCATION '/x'",
            "CREATE DATABASE a",
            "ALTER DATABASE a SET x = 1",
            "ALTER DATABASE a OWNER TO b",
            "GRANT CONNECT ON DATABASE a TO b",
            "ALTER SYSTEM SET fsync = off",
            "COPY a TO PROGRAM 'sh'",
            "COPY a FROM '/etc/passwd'",
            "LOAD 'x'",
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpython3u AS ''",
            "CREATE FUNCTION f() RETURNS void LANGUAGE 'C' AS 'x', 'y'",
            "CREATE EXTENSION plpython3u",
            "CREATE EXTENSION IF NOT EXISTS dblink",
            "SELECT 1; CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
        ] {
            assert_eq!(reach(sql).beyond.len(), 1, "{sql}");
        }
        for sql in [
            "CREATE TABLE a (b int)",
            "GRANT SELECT ON a TO b",
            "COPY a FROM STDIN",
            "CREATE FUNCTION f() RETURNS int LANGUAGE SQL AS 'SELECT 1'",
            "CREATE FUNCTION f() RETURNS int RETURN 1",
            "CREATE EXTENSION citext",
            "SELECT 'CREATE ROLE a'",
            "no SQL",
        ] {
            assert!(reach(sql).beyond.is_empty(), "{sql}");
        }
    }

    #[test]
    fn what_must_be_there_is_told() {
        let found = reach("CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\" WITH SCHEMA x CASCADE");
        assert_eq!(
            (found.extensions[0].name.as_str(), found.extensions[0].schema.as_deref()),
            ("uuid-ossp", Some("x"))
        );
        assert!(found.extensions[0].if_not_exists && found.extensions[0].cascade);
        assert_eq!(reach("DROP EXTENSION a, b").dropped, ["a", "b"]);
        let sql = "GRANT SELECT ON t TO b, PUBLIC, a; ALTER TABLE t OWNER TO c; ALTER VIEW v OWNER TO CURRENT_USER;
            CREATE POLICY p ON t TO d; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO e; ALTER TYPE y OWNER TO f";
        assert_eq!(reach(sql).roles, ["a", "b", "c", "d", "e", "f"]);
        assert!(reach("COPY a FROM STDIN").copies && reach("COPY a TO STDOUT").copies);
    }
}
