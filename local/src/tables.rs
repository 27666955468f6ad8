//! `postern tables`: the DynamoDB tables, made or removed.

use crate::command_line::{Tables, TablesAction, aws_settings};
use crate::dev::Failure;
use postern_aws::Aws;
use postern_egress::{Egress, Options};
use postern_store::SystemClock;
use std::fmt::Display;
use std::sync::Arc;

pub(crate) fn run(options: Tables) -> Result<(), Failure> {
    let (TablesAction::Create(with) | TablesAction::Delete(with)) = &options.action;
    let mut settings = aws_settings(with.region.clone()).map_err(Failure::Settings)?;
    settings
        .region
        .get_or_insert_with(|| "us-east-1".to_owned());
    if let Some(url) = &with.endpoint_url {
        settings
            .endpoints
            .insert("dynamodb".to_owned(), url.clone());
    }
    let prefix = &with.tables.prefix;
    let aws = Aws::new(
        settings,
        Egress::new(&Options::default()),
        Arc::new(SystemClock),
    );
    let tables = aws.tables(prefix).map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let are = match &options.action {
        TablesAction::Create(_) => runtime
            .block_on(tables.create())
            .map(|()| "there")
            .map_err(failed)?,
        TablesAction::Delete(_) => runtime
            .block_on(tables.delete())
            .map(|()| "gone")
            .map_err(failed)?,
    };
    println!("The tables {prefix}-definitions, -usage, -cache and -connections are {are}.");
    Ok(())
}

fn failed(error: impl Display) -> Failure {
    Failure::Tables(error.to_string())
}
