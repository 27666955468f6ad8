//! `postern import`, and `postern dev --import`: OpenAPI files become deployed APIs.
//!
//! A file is checked here first, because only here line and column can be told. Then it goes where any client's import goes,
//! to the management API, and a deployment makes it answer.

mod check;
mod watch;

use crate::command_line::{Import, ImportOptions, Mode};
use crate::dev::Failure;
use crate::target::{Target, encoded};
use check::{Checked, check};
use postern_management::unzipped;
use serde_json::json;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;
use watch::Seen;

/// Files of this size are reported step by step.
const LARGE_BYTES: usize = 200_000;

pub(crate) fn run(options: Import) -> Result<(), Failure> {
    let target = Target::there(options.there.endpoint_url.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let files = options.files.len();
        let mut imports = Imports::new(target, options.how);
        let seen = watch::seen(options.files);
        let refused = imports.take_all(&seen).await;
        if imports.how.watch {
            watch::watch(imports, seen).await;
        }
        match refused {
            0 => Ok(()),
            _ => Err(Failure::Import { refused, files }),
        }
    })
}

/// Imports the files into this process, and goes on watching them where that is asked for.
pub(crate) async fn begin(target: Target, files: Vec<PathBuf>, how: ImportOptions) {
    let mut imports = Imports::new(target, how);
    let seen = watch::seen(files);
    imports.take_all(&seen).await;
    if imports.how.watch && !seen.is_empty() {
        tokio::spawn(watch::watch(imports, seen));
    }
}

/// The imports of one command.
struct Imports {
    target: Target,
    how: ImportOptions,
    /// Which file each API is from, so that no file takes the place of another.
    origins: HashMap<String, PathBuf>,
}

impl Imports {
    fn new(target: Target, how: ImportOptions) -> Self {
        Self {
            target,
            how,
            origins: HashMap::new(),
        }
    }

    /// How many could not be imported.
    async fn take_all(&mut self, files: &[Seen]) -> usize {
        let mut refused = 0;
        for (file, _) in files {
            refused += usize::from(!self.take(file).await);
        }
        refused
    }

    /// Says what becomes of a file, and whether it was imported.
    async fn take(&mut self, file: &Path) -> bool {
        match self.imported(file).await {
            Ok(said) => {
                println!("{said}");
                true
            }
            Err(lines) => {
                for line in lines {
                    eprintln!("{line}");
                }
                false
            }
        }
    }

    async fn imported(&mut self, file: &Path) -> Result<String, Vec<String>> {
        let how = &self.how;
        let name = file.display();
        let failed = |text: String| format!("{name}: error: {text}");
        let and_so = || format!("{name}: not imported");
        let one = |text: String| vec![failed(text), and_so()];
        let bytes = std::fs::read(file).map_err(|error| one(error.to_string()))?;
        let text = unzipped(&bytes).map_err(one)?;
        let progress = Progress::of(bytes.len(), file);
        progress.step(&format!("{} bytes to read", bytes.len()));
        let base_path = how.basepath.as_str();
        let Checked {
            title,
            methods,
            warnings,
        } = check(file, &text, base_path).map_err(|mut errors| {
            errors.push(and_so());
            errors
        })?;
        for warning in &warnings {
            eprintln!("{warning}");
        }
        if how.strict && !warnings.is_empty() {
            let count = warnings.len();
            return Err(one(format!(
                "--strict refuses a file with warnings, and it has {count}"
            )));
        }
        drop(text);
        progress.step(&format!("{methods} methods to import"));
        let existing = match &how.api {
            Some(api) => Some(api.clone()),
            None => same_name(&self.target, &title).await.map_err(one)?,
        };
        if how.mode == Mode::Overwrite
            && let Some(origin) = existing.as_ref().and_then(|api| self.origins.get(api))
            && origin != file
        {
            return Err(one(format!(
                "it would take the place of {}, which is the same API: give it another title, or use --mode merge",
                origin.display()
            )));
        }
        let (verb, path) = if let Some(api) = existing {
            let (api, mode) = (encoded(api), how.mode.as_str());
            (
                "PUT",
                format!("/restapis/{api}?mode={mode}&basepath={base_path}"),
            )
        } else {
            (
                "POST",
                format!("/restapis?mode=import&basepath={base_path}"),
            )
        };
        let api = self.target.call(verb, &path, bytes).await;
        let api = api.map_err(one)?;
        let id = api["id"].as_str().unwrap_or_default();
        self.origins.insert(id.to_owned(), file.to_owned());
        let s = if methods == 1 { "" } else { "s" };
        let mut said = format!("{name}: `{title}` is {id}, {methods} method{s}");
        if let Some(stage) = how.deployed_stage() {
            progress.step("imported, deploying");
            let body = json!({ "stageName": stage }).to_string();
            let path = format!("/restapis/{id}/deployments");
            let deployed = self.target.call("POST", &path, body).await;
            deployed.map_err(|error| {
                vec![failed(format!(
                    "imported as {id}, but not deployed: {error}"
                ))]
            })?;
            let _ = write!(said, ", deployed: /_api/{id}/{stage}/");
        }
        Ok(said)
    }
}

/// The API that has the document's title: the one that an earlier import of it made.
async fn same_name(target: &Target, title: &str) -> Result<Option<String>, String> {
    let mut found: Vec<_> = target
        .all("/restapis")
        .await?
        .iter()
        .filter(|api| api["name"] == title)
        .filter_map(|api| api["id"].as_str().map(str::to_owned))
        .collect();
    match &found[..] {
        [] | [_] => Ok(found.pop()),
        many => Err(format!(
            "{} APIs have the name `{title}`: say which with --api ({})",
            many.len(),
            many.join(", ")
        )),
    }
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
