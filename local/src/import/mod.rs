//! `postern import`, and `postern dev --import`: OpenAPI files become deployed APIs.
//!
//! A file is checked here first, because only here line and column can be told. Then it goes where any client's import goes,
//! to the management API, and a deployment makes it answer.

mod check;
mod target;
mod watch;

pub(crate) use target::Target;

use crate::command_line::{Import, ImportOptions};
use crate::dev::Failure;
use check::{Checked, check};
use postern_egress::{Egress, Options};
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

/// Files of this size are reported step by step.
const LARGE_BYTES: usize = 200_000;

pub(crate) fn run(options: Import) -> Result<(), Failure> {
    let target = Target::There {
        client: Egress::new(&Options::default()),
        endpoint: options.endpoint_url.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut refused = 0;
        for file in &options.files {
            refused += usize::from(!import_file(&target, file, &options.how).await);
        }
        if options.how.watch {
            watch::watch(target, options.files, options.how).await;
        }
        match refused {
            0 => Ok(()),
            _ => Err(Failure::Import),
        }
    })
}

/// Imports the files into this process, and goes on watching them where that is asked for.
pub(crate) async fn begin(target: Target, files: Vec<std::path::PathBuf>, how: ImportOptions) {
    for file in &files {
        import_file(&target, file, &how).await;
    }
    if how.watch && !files.is_empty() {
        tokio::spawn(watch::watch(target, files, how));
    }
}

/// Says what becomes of a file, and whether it was imported.
async fn import_file(target: &Target, file: &Path, how: &ImportOptions) -> bool {
    match imported(target, file, how).await {
        Ok(said) => {
            println!("{said}");
            true
        }
        Err(lines) => {
            for line in lines {
                eprintln!("{line}");
            }
            eprintln!("{}: not imported, nothing was changed", file.display());
            false
        }
    }
}

async fn imported(
    target: &Target,
    file: &Path,
    how: &ImportOptions,
) -> Result<String, Vec<String>> {
    let one = |text: String| vec![format!("{}: error: {text}", file.display())];
    let bytes = std::fs::read(file).map_err(|error| one(error.to_string()))?;
    let base_path = how.basepath.as_str();
    let Checked {
        title,
        methods,
        warnings,
    } = check(file, &bytes, base_path)?;
    for warning in &warnings {
        eprintln!("{warning}");
    }
    if how.strict && !warnings.is_empty() {
        let count = warnings.len();
        return Err(one(format!(
            "--strict refuses a file with warnings, and it has {count}"
        )));
    }
    let progress = Progress::of(bytes.len(), file);
    progress.step(&format!("{methods} methods to import"));
    let existing = match &how.api {
        Some(api) => Some(api.clone()),
        None => same_name(target, &title).await.map_err(one)?,
    };
    let parameters = format!("basepath={base_path}");
    let api = match existing {
        Some(api) => {
            let mode = how.mode.as_str();
            let path = format!("/restapis/{api}?mode={mode}&{parameters}");
            target.call("PUT", &path, bytes).await
        }
        None => {
            let path = format!("/restapis?mode=import&{parameters}");
            target.call("POST", &path, bytes).await
        }
    };
    let api = api.map_err(one)?;
    let id = api["id"].as_str().unwrap_or_default();
    let mut said = format!("{}: {title} is {id}, {methods} methods", file.display());
    if let Some(stage) = how.deployed_stage() {
        progress.step("imported, deploying");
        let body = json!({ "stageName": stage }).to_string();
        let path = format!("/restapis/{id}/deployments");
        let deployed = target.call("POST", &path, body).await;
        deployed.map_err(|error| one(format!("imported as {id}, but not deployed: {error}")))?;
        let _ = write!(said, ", deployed: /_api/{id}/{stage}/");
    }
    Ok(said)
}

/// The API that has the document's title: the one that an earlier import of it made.
async fn same_name(target: &Target, title: &str) -> Result<Option<String>, String> {
    let mut found = Vec::new();
    let mut position = None;
    loop {
        let path = match &position {
            None => "/restapis?limit=500".to_owned(),
            Some(position) => format!("/restapis?limit=500&position={position}"),
        };
        let page = target.call("GET", &path, "").await?;
        for api in page["item"].as_array().into_iter().flatten() {
            if api["name"] == title {
                found.extend(api["id"].as_str().map(str::to_owned));
            }
        }
        position = page["position"].as_str().map(encoded);
        if position.is_none() {
            break;
        }
    }
    match &found[..] {
        [] | [_] => Ok(found.pop()),
        many => Err(format!(
            "{} APIs have the name `{title}`: say which with --api ({})",
            many.len(),
            many.join(", ")
        )),
    }
}

fn encoded(value: impl AsRef<str>) -> String {
    percent_encoding::utf8_percent_encode(value.as_ref(), percent_encoding::NON_ALPHANUMERIC)
        .to_string()
}

/// Steps of a long import, on standard error.
struct Progress<'a> {
    file: Option<&'a Path>,
    begun: Instant,
}

impl<'a> Progress<'a> {
    fn of(bytes: usize, file: &'a Path) -> Self {
        Self {
            file: (bytes >= LARGE_BYTES).then_some(file),
            begun: Instant::now(),
        }
    }

    fn step(&self, what: &str) {
        if let Some(file) = self.file {
            let seconds = self.begun.elapsed().as_secs_f32();
            eprintln!("{}: {seconds:.1} s: {what}", file.display());
        }
    }
}
