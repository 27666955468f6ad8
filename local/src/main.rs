//! `postern`: all of Postern in one process, and the command line.

mod command_line;
mod console;
mod cors;
mod credentials;
mod dev;
mod front;
mod held;
mod import;
mod lingering;
mod listener;
mod pages;
mod sockets;
mod spelling;
mod tables;
mod target;
mod tls;

use clap::Parser;
use command_line::{Command, CommandLine};
use std::process::ExitCode;

fn main() -> ExitCode {
    let CommandLine { command } = CommandLine::parse();
    let outcome = match command.unwrap_or_else(Command::without_words) {
        Command::Dev(options) => dev::run(*options),
        Command::Sockets(options) => sockets::run(*options),
        Command::Import(options) => import::run(options),
        Command::Cors(options) => cors::run(options.action),
        Command::Tables(options) => tables::run(options),
        Command::Credentials(options) => credentials::run(*options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("postern: {failure}");
            ExitCode::FAILURE
        }
    }
}
