//! What a package brings along beside the binary: completions for shells and manual pages, made from the command line.

use super::{Exit, World};
use crate::{cli::Cli, fault};
use clap::CommandFactory;
use clap_complete::Shell;
use miette::Result;

/// Prints what a shell completes commands by.
///
/// # Errors
/// Nobody takes it.
pub(super) fn completions(shell: Shell, world: &mut World<'_>) -> Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "limbeck", &mut text);
    world.out.write_all(&text).map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}

/// Prints the manual page of limbeck, or of one of its commands, as roff.
///
/// # Errors
/// There is no such command.
pub(super) fn man(command: Option<&str>, world: &mut World<'_>) -> Result<Exit> {
    let mut whole = Cli::command();
    whole.build();
    let asked = match command {
        None => whole,
        Some(name) => {
            let Some(found) = whole.find_subcommand(name) else {
                return Err(fault::helped(
                    format!("there is no command `{name}`"),
                    "`limbeck help` lists the commands",
                ));
            };
            found.clone()
        }
    };
    clap_mangen::Man::new(asked).render(&mut *world.out).map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}
