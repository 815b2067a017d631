//! Where scratch databases come from: a cluster of our own, or a server that the user names.
//!
//! The history runs as a role that owns its scratch database and nothing else. What only a superuser may do for it,
//! limbeck does: roles that the history takes for granted, and extensions, through two functions that do just that.

use super::{
    address::Address,
    cluster::Cluster,
    lease,
    session::{Session, identifier, literal},
};
use crate::fault;
use miette::Result;
use sqlx::postgres::PgConnectOptions;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    str::FromStr,
};
use tokio::sync::Mutex;

/// The role that runs the histories in a cluster of our own.
const ROLE: &str = "limbeck";
/// What scratch databases are made from in a cluster of our own.
const TEMPLATE: &str = "limbeck_template";
/// In a cluster of our own more databases than these do not stand beside each other.
const CROWD: usize = 64;
/// The schema with what limbeck itself needs in a scratch database.
pub(super) const SCHEMA: &str = "limbeck_roundtrip";

/// Names are spelled out, since the history may have operators and functions of its own in its `search_path`.
const FUNCTIONS: &str = "
CREATE SCHEMA limbeck_roundtrip;
GRANT USAGE ON SCHEMA limbeck_roundtrip TO PUBLIC;
CREATE FUNCTION limbeck_roundtrip.forbid(name text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF name ~ 'plpython|plperlu|pltclu|plsh|plr' OR name IN ('adminpack', 'dblink', 'file_fdw', 'pg_cron', 'pg_net', 'http')
    THEN RAISE EXCEPTION 'the extension % reaches beyond the database', name USING ERRCODE = '42501'; END IF;
END $$;
CREATE FUNCTION limbeck_roundtrip.create_extension(name text, home text, version text, missing boolean, more boolean)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM limbeck_roundtrip.forbid(name);
    EXECUTE pg_catalog.format('CREATE EXTENSION %s %I %s %s %s',
        CASE WHEN missing THEN 'IF NOT EXISTS' ELSE '' END, name,
        CASE WHEN home IS NULL THEN '' ELSE pg_catalog.format('SCHEMA %I', home) END,
        CASE WHEN version IS NULL THEN '' ELSE pg_catalog.format('VERSION %I', version) END,
        CASE WHEN more THEN 'CASCADE' ELSE '' END);
END $$;
CREATE FUNCTION limbeck_roundtrip.drop_extension(name text, missing boolean, more boolean)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    EXECUTE pg_catalog.format('DROP EXTENSION %s %I %s',
        CASE WHEN missing THEN 'IF EXISTS' ELSE '' END, name, CASE WHEN more THEN 'CASCADE' ELSE '' END);
END $$;
";

/// A server on which scratch databases are made.
pub(super) struct Server {
    admin: Mutex<Session>,
    options: PgConnectOptions,
    /// How the history connects; the database is yet to be named.
    history: PgConnectOptions,
    /// The role that was made for the history.
    role: Option<String>,
    /// What the names of the databases begin with.
    prefix: String,
    made: Cell<u32>,
    live: RefCell<BTreeSet<String>>,
    /// What the user gave, as the history connects; `None`: a cluster of our own.
    given: Option<Address>,
    /// A database that is left where it is.
    kept: RefCell<Option<String>>,
    /// The history may change the whole cluster.
    unbounded: bool,
    pub(super) major: u32,
    /// Extensions that only a superuser may create, where limbeck can do so for the history.
    pub(super) privileged: BTreeSet<String>,
    /// Last: it goes when the connections are gone.
    cluster: Option<Cluster>,
}

impl Server {
    /// A cluster of our own. `roles` are there before the history runs; with `superuser` it may do anything.
    pub(super) async fn own(cluster: Cluster, roles: &BTreeSet<String>, superuser: bool) -> Result<Self> {
        let options = cluster.options();
        let mut admin = Session::open(&options).await?;
        let rights = if superuser { "SUPERUSER" } else { "NOSUPERUSER" };
        let mut sql = format!("CREATE ROLE {ROLE} LOGIN {rights};");
        for role in roles.iter().filter(|it| *it != ROLE && !it.starts_with("pg_") && !superuser) {
            let role = identifier(role);
            sql.extend(["CREATE ROLE ", &role, "; GRANT ", &role, " TO ", ROLE, ";"]);
        }
        run(&mut admin, &sql).await?;
        run(&mut admin, &format!("CREATE DATABASE {TEMPLATE} TEMPLATE template0 OWNER {ROLE}")).await?;
        let major = cluster.major();
        let mut template = Session::open(&options.clone().database(TEMPLATE)).await?;
        run(&mut template, FUNCTIONS).await?;
        if major < 15 {
            // From 15 on the owner of the database owns it.
            run(&mut template, &format!("ALTER SCHEMA public OWNER TO {ROLE}")).await?;
        }
        // A role that is to own a table needs that; it was everybody's right before 15.
        run(&mut template, "GRANT CREATE ON SCHEMA public TO PUBLIC").await?;
        template.close().await;
        let sql = "SELECT name::text FROM pg_available_extension_versions WHERE superuser AND NOT trusted";
        let privileged = admin.ask(sql).await.map_err(|refusal| fault::plain(refusal.words()))?;
        Ok(Self {
            admin: Mutex::new(admin),
            history: options.clone().username(ROLE),
            options,
            role: None,
            prefix: ROLE.to_owned(),
            made: Cell::new(0),
            live: RefCell::default(),
            given: None,
            kept: RefCell::default(),
            unbounded: superuser,
            major,
            privileged: privileged.into_iter().flatten().flatten().collect(),
            cluster: Some(cluster),
        })
    }

    /// A server that the user names by a URL.
    ///
    /// # Errors
    /// It cannot be reached, does not let us create databases, or the database that the URL names has tables in it
    /// and nobody said that scratch databases may be made beside it.
    pub(super) async fn named(given: &str, beside: bool) -> Result<Self> {
        let options = options(given)?;
        let mut admin = Session::open(&options).await?;
        let tables = "EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')";
        let told = |refusal: super::session::Refusal| fault::plain(refusal.words());
        if !beside && admin.is(tables).await.map_err(told)? {
            return Err(fault::helped(
                format!("the database `{}` has tables in it", options.get_database().unwrap_or_default()),
                "limbeck makes databases of its own and leaves this one alone; `--create-beside` says that this server \
                 is the right one",
            ));
        }
        let facts = admin
            .ask(
                "SELECT (current_setting('server_version_num')::int / 10000)::text, r.rolsuper::text,
                    (r.rolsuper OR r.rolcreatedb)::text FROM pg_roles r WHERE r.rolname = current_user",
            )
            .await
            .map_err(told)?;
        let fact = |at: usize| facts.first().and_then(|row| row.get(at).cloned().flatten()).unwrap_or_default();
        if fact(2) != "true" {
            return Err(fault::helped(
                "the user of `--database-url` may not create databases",
                format!("ALTER ROLE {} CREATEDB", identifier(options.get_username())),
            ));
        }
        if fact(1) != "true" {
            bounded(&mut admin, tables).await?;
        }
        let number = lease::random();
        let prefix = format!("limbeck_{number:016x}");
        let mut server = Self {
            history: options.clone(),
            options,
            admin: Mutex::new(admin),
            role: None,
            prefix: prefix.clone(),
            made: Cell::new(0),
            live: RefCell::default(),
            given: Address::of(given, None),
            kept: RefCell::default(),
            unbounded: false,
            major: fact(0).parse().unwrap_or(0),
            privileged: BTreeSet::new(),
            cluster: None,
        };
        server.sweep().await?;
        // Held as long as the connection: what it stands for is dropped by the next run once that is gone.
        run(server.admin.get_mut(), &format!("SELECT pg_advisory_lock(hashtext({}))", literal(&prefix))).await?;
        if fact(1) == "true" {
            let password = format!("{:016x}{:016x}", lease::random(), lease::random());
            let sql = format!("CREATE ROLE {prefix} LOGIN NOSUPERUSER PASSWORD {}", literal(&password));
            run(server.admin.get_mut(), &sql).await?;
            server.history = server.history.clone().username(&prefix).password(&password);
            server.given = Address::of(given, Some((&prefix, &password)));
            server.role = Some(prefix);
        }
        Ok(server)
    }

    /// Drops what runs have left that could not do so themselves.
    async fn sweep(&mut self) -> Result<()> {
        let sql = "SELECT 'd', datname::text, substr(datname, 1, 24) FROM pg_database WHERE datname ~ '^limbeck_[0-9a-f]{16}_[0-9]+$'
            UNION ALL SELECT 'r', rolname::text, rolname::text FROM pg_roles WHERE rolname ~ '^limbeck_[0-9a-f]{16}$'
            ORDER BY 1, 2";
        let admin = self.admin.get_mut();
        let left = admin.ask(sql).await.map_err(|refusal| fault::plain(refusal.words()))?;
        for line in left {
            let [Some(kind), Some(name), Some(run)] = &line[..] else { continue };
            // Of a lock of any database: a run may have been started from another one than ours.
            let held = format!(
                "EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
                    AND objid = (hashtext({})::bigint & 4294967295)::oid)",
                literal(run)
            );
            if admin.is(&held).await.unwrap_or(true) {
                continue;
            }
            let sql = match kind.as_str() {
                "d" => format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(name)),
                _ => format!("DROP ROLE IF EXISTS {}", identifier(name)),
            };
            // Another user's is his own business.
            let _ = admin.send(&sql).await;
        }
        Ok(())
    }

    /// Makes a database, empty or like another one that nobody is connected to; the answer is its name.
    pub(super) async fn database(&self, like: Option<&str>) -> Result<String> {
        self.made.set(self.made.get() + 1);
        let name = format!("{}_{}", self.prefix, self.made.get());
        self.live.borrow_mut().insert(name.clone());
        let template = like.unwrap_or(if self.cluster.is_some() { TEMPLATE } else { "template0" });
        let owner = self.history.get_username().to_owned();
        let mut sql = format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {}", identifier(&owner));
        if self.cluster.is_some() && self.major >= 15 {
            // A copy of the files is twice as fast as one through the log. It takes a checkpoint, which costs nothing
            // where nothing is synced; somebody else's server is spared that.
            sql.push_str(" STRATEGY file_copy");
        }
        run(&mut *self.admin.lock().await, &sql).await?;
        if like.is_none() && self.role.is_some() && self.major < 15 {
            let mut inside = Session::open(&self.options.clone().database(&name)).await?;
            run(&mut inside, &format!("ALTER SCHEMA public OWNER TO {}", identifier(&owner))).await?;
            inside.close().await;
        }
        Ok(name)
    }

    /// Connects to a database as the history does.
    pub(super) async fn open(&self, database: &str) -> Result<Session> {
        Session::open(&self.history.clone().database(database)).await
    }

    /// Connects to a database to fill it: where that is allowed, no trigger and no foreign key is asked for each row.
    pub(super) async fn open_to_fill(&self, database: &str) -> Result<Session> {
        let free = self.cluster.is_some() || self.role.is_some();
        let options = if free { &self.options } else { &self.history };
        let mut session = Session::open(&options.clone().database(database)).await?;
        run(&mut session, "SET max_parallel_workers_per_gather = 0").await?;
        if free {
            run(&mut session, "SET session_replication_role = replica").await?;
        }
        Ok(session)
    }

    /// How the history's own Alembic connects; `driver` is what SQLAlchemy does it with, where no URL says so.
    pub(super) fn address(&self, driver: &str) -> Option<Address> {
        let own = || Some(Address::socket(driver, self.history.get_username(), self.history.get_socket()?));
        self.given.clone().or_else(own)
    }

    /// Drops a database.
    pub(super) async fn drop(&self, database: &str) {
        // The cluster goes as a whole, and to drop a database takes a checkpoint.
        if self.cluster.is_some() && !self.unbounded && self.live.borrow().len() < CROWD {
            return;
        }
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(database));
        let mut admin = self.admin.lock().await;
        if admin.send(&sql).await.is_ok() {
            self.live.borrow_mut().remove(database);
        }
        if self.unbounded {
            // Roles outlive the database that the history made them in.
            let sql = "DO $$ DECLARE it text; BEGIN
                FOR it IN SELECT rolname FROM pg_roles WHERE oid >= 16384 AND rolname <> 'limbeck'
                LOOP EXECUTE format('DROP ROLE %I', it); END LOOP; END $$";
            let _ = admin.send(sql).await;
        }
    }

    /// Leaves a database where it is, as a run that failed has left it; the next run takes it away. The answer says how
    /// to connect. Only the first one is left.
    pub(super) fn leave(&self, database: &str) -> Option<String> {
        if self.kept.borrow().is_some() {
            return None;
        }
        self.kept.replace(Some(database.to_owned()));
        self.live.borrow_mut().remove(database);
        Some(match &self.cluster {
            Some(cluster) => {
                let host = cluster.folder().display();
                format!("the database that fails is kept until the next run: psql -h {host} -U {ROLE} {database}")
            }
            None => format!("the database that fails is kept until the next run, beside that of the URL: `{database}`"),
        })
    }

    /// Takes away what is left.
    pub(super) async fn finish(mut self) {
        if self.kept.borrow().is_some()
            && let Some(cluster) = self.cluster.take()
        {
            // It runs on, and is found by its lease.
            std::mem::forget(cluster);
            return;
        }
        if self.cluster.is_none() {
            for database in self.live.take() {
                self.drop(&database).await;
            }
            if let Some(role) = self.role.as_ref().filter(|_| self.kept.borrow().is_none()) {
                let _ = self.admin.lock().await.send(&format!("DROP ROLE IF EXISTS {}", identifier(role))).await;
            }
        }
    }
}

/// What a URL says of how to connect.
///
/// # Errors
/// It is no URL of PostgreSQL's; nothing of it is in the words.
pub(super) fn options(url: &str) -> Result<PgConnectOptions> {
    let odd = || fault::plain("`--database-url` is no URL of a PostgreSQL database");
    // The driver is SQLAlchemy's business.
    let (scheme, rest) = url.split_once("://").ok_or_else(odd)?;
    let plain = scheme.split('+').next().unwrap_or(scheme);
    PgConnectOptions::from_str(&format!("{plain}://{}", with_host(rest))).map_err(|_| odd())
}

/// The history runs as the user of the URL where no role can be made for it: that one may not own anybody's database,
/// or code of the history's, whose statements nobody can read beforehand, could change it.
///
/// # Errors
/// It owns one, other than the empty one that the URL names.
async fn bounded(admin: &mut Session, tables: &str) -> Result<()> {
    let sql = format!(
        "SELECT min(datname::text) FROM pg_database WHERE pg_has_role(datdba, 'MEMBER')
            AND datname !~ '^limbeck_[0-9a-f]{{16}}_[0-9]+$' AND (datname <> current_database() OR {tables})"
    );
    let owned = admin.ask(&sql).await.map_err(|refusal| fault::plain(refusal.words()))?;
    match owned.into_iter().flatten().flatten().next() {
        None => Ok(()),
        Some(name) => Err(fault::helped(
            format!("the user of `--database-url` owns the database `{name}`, which a history could reach"),
            "use a role that owns nothing: CREATE ROLE limbeck LOGIN CREATEDB PASSWORD '…'",
        )),
    }
}

/// `user@/database?host=/folder` names no host before the path, which SQLAlchemy takes and others refuse.
fn with_host(rest: &str) -> String {
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = if authority.is_empty() || authority.ends_with('@') { "localhost" } else { "" };
    format!("{authority}{host}{path}")
}

async fn run(session: &mut Session, sql: &str) -> Result<()> {
    session
        .send(sql)
        .await
        .map(|_| ())
        .map_err(|refusal| fault::plain(format!("the scratch database cannot be prepared: {}", refusal.words())))
}

#[cfg(test)]
mod tests {
    use super::with_host;

    #[test]
    fn a_url_without_a_host_gets_one() {
        for (given, expected) in [
            ("me:x@/db?host=/run", "me:x@localhost/db?host=/run"),
            ("/db", "localhost/db"),
            ("me@there:5432/db", "me@there:5432/db"),
        ] {
            assert_eq!(with_host(given), expected);
        }
    }
}
