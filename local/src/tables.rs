//! `postern tables`: the DynamoDB tables, made or removed.

use crate::command_line::{Tables, TablesAction, aws_settings};
use crate::dev::Failure;

pub(crate) fn run(options: Tables) -> Result<(), Failure> {
    let (TablesAction::Create(with) | TablesAction::Delete(with)) = &options.action;
    let mut settings = aws_settings(with.region.clone()).map_err(Failure::Settings)?;
    if let Some(url) = &with.endpoint_url {
        settings.override_endpoint("dynamodb", url);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let prefix = &with.tables.prefix;
        match &options.action {
            TablesAction::Create(_) => {
                postern_aws::tables::create(&settings, prefix)
                    .await
                    .map_err(|error| Failure::Tables(error.to_string()))?;
                println!(
                    "The tables {prefix}-definitions, -usage, -cache and -connections are there."
                );
            }
            TablesAction::Delete(_) => {
                postern_aws::tables::delete(&settings, prefix)
                    .await
                    .map_err(|error| Failure::Tables(error.to_string()))?;
                println!(
                    "The tables {prefix}-definitions, -usage, -cache and -connections are gone."
                );
            }
        }
        Ok(())
    })
}
