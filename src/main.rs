//! `limbeck`: arguments in, an exit code out.

use clap::Parser;
use limbeck::{
    cli::{Cli, Color},
    fault,
    run::{Exit, World, run},
};
use miette::MietteHandlerOpts;
use std::{
    env,
    io::{self, BufWriter, IsTerminal, Write},
    panic,
    process::ExitCode,
    thread,
};

/// Deeply nested input takes more stack than the system hands out.
const STACK: usize = 64 * 1024 * 1024;

fn main() -> ExitCode {
    panic::set_hook(Box::new(|info| {
        let _ = writeln!(io::stderr(), "limbeck: this is a bug of limbeck's: {info}");
    }));
    let cli = Cli::parse();
    let _ = rayon::ThreadPoolBuilder::new().stack_size(STACK).build_global();
    let worker = thread::Builder::new().stack_size(STACK).spawn(move || work(&cli));
    worker.ok().and_then(|worker| worker.join().ok()).unwrap_or(ExitCode::from(2))
}

fn work(cli: &Cli) -> ExitCode {
    let wants = |terminal: bool| match cli.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let on_stderr = wants(io::stderr().is_terminal());
    // The hook can be set once, and nothing else sets it.
    let _ = miette::set_hook(Box::new(move |_| {
        Box::new(MietteHandlerOpts::new().color(on_stderr).terminal_links(false).build())
    }));
    let stdout = io::stdout();
    let colored = wants(stdout.is_terminal());
    // It is not locked: `limbeck server` writes to it from a thread.
    let mut out = BufWriter::new(stdout);
    let mut err = io::stderr();
    let here = match env::current_dir() {
        Ok(here) => here,
        Err(error) => return fail(&format!("Error: the current folder cannot be read: {error}")),
    };
    let mut world = World { here, colored, out: &mut out, err: &mut err };
    let answer = run(cli, &mut world).and_then(|exit| {
        world.out.flush().map_err(fault::unwritten)?;
        Ok(exit)
    });
    match answer {
        Ok(Exit::Clean) => ExitCode::SUCCESS,
        Ok(Exit::Findings) => ExitCode::FAILURE,
        Err(error) if fault::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:?}")),
    }
}

fn fail(message: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{}", message.trim_end());
    ExitCode::from(2)
}
