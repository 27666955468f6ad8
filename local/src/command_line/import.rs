//! What may be said of files to import.

use super::There;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// OpenAPI 2.0 or 3.0, as JSON or YAML.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) there: There,

    #[command(flatten)]
    pub(crate) how: ImportOptions,
}

/// How files are imported. A file becomes the API that has its title, which is made where there is none.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Importing")]
pub(crate) struct ImportOptions {
    /// The API that a file goes into, where its title does not say.
    #[arg(long, value_name = "ID")]
    pub(crate) api: Option<String>,

    /// Whether what the file does not have goes or stays.
    #[arg(long, value_enum, default_value_t = Mode::Overwrite)]
    pub(crate) mode: Mode,

    /// What becomes of the file's base path.
    #[arg(long, value_enum, default_value_t = BasePath::Ignore)]
    pub(crate) basepath: BasePath,

    /// The stage that it is deployed to.
    #[arg(long, value_name = "NAME", default_value = "dev")]
    pub(crate) stage: String,

    /// Import, and deploy nothing.
    #[arg(long, conflicts_with = "stage")]
    pub(crate) no_deploy: bool,

    /// Refuse a file of which anything would be passed over.
    #[arg(long)]
    pub(crate) strict: bool,

    /// Import a file again when it changes.
    #[arg(long)]
    pub(crate) watch: bool,
}

impl ImportOptions {
    pub(crate) fn deployed_stage(&self) -> Option<&str> {
        (!self.no_deploy).then_some(&self.stage)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    Merge,
    Overwrite,
}

impl Mode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Overwrite => "overwrite",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BasePath {
    /// The paths are the resources.
    Ignore,
    /// It comes before all paths.
    Prepend,
    /// As prepend, less its first segment.
    Split,
}

impl BasePath {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Prepend => "prepend",
            Self::Split => "split",
        }
    }
}
