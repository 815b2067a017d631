//! What a real database is: asked, and nothing changed.

use super::{server, session::Session};
use crate::{
    fault,
    stats::{FORM, Stats},
};
use miette::Result;

/// One row, one text: everything but what the version tables hold.
const FACTS: &str = include_str!("stats.sql");

/// Asks the database that a URL names. The session is read-only and waits for nobody's lock.
///
/// # Errors
/// It cannot be reached, or its user may not look; no password is in the words.
pub fn stats(url: &str) -> Result<Stats> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| fault::plain(format!("no runtime can be made: {error}")))?;
    runtime.block_on(asked(url))
}

async fn asked(url: &str) -> Result<Stats> {
    let mut session = Session::open(&server::options(url)?).await?;
    let answer = facts(&mut session).await;
    session.close().await;
    answer
}

async fn facts(session: &mut Session) -> Result<Stats> {
    let told =
        |refusal: super::session::Refusal| fault::plain(format!("the database does not tell: {}", refusal.words()));
    let quiet = "SET default_transaction_read_only = on; SET lock_timeout = '2s'; SET statement_timeout = '60s'; \
                 SET search_path = pg_catalog; SET application_name = 'limbeck stats'";
    session.send(quiet).await.map_err(told)?;
    let rows = session.ask(FACTS).await.map_err(told)?;
    let text = rows.into_iter().flatten().flatten().next().unwrap_or_default();
    let mut stats: Stats =
        serde_json::from_str(&text).map_err(|error| fault::plain(format!("the database's answer is none: {error}")))?;
    stats.limbeck_stats = FORM;
    for stamp in &mut stats.stamps {
        let [schema, table] = [&stamp.schema, &stamp.table].map(|it| super::session::identifier(it));
        let sql = format!("SELECT version_num::text COLLATE \"C\" FROM {schema}.{table} ORDER BY 1");
        stamp.revisions = session.ask(&sql).await.map_err(told)?.into_iter().flatten().flatten().collect();
    }
    Ok(stats)
}
