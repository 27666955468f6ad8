//! `postern credentials`: keys of Postern's own, and what their owners may do.
//!
//! Every word is one call of the management API, of a Postern that runs, or, for who has no key yet that would be let in there,
//! of this process on the same store.

use crate::command_line::{
    Credentials, CredentialsAction, PolicyAction, Process, Where, aws_settings,
};
use crate::dev::{Failure, open_folder};
use crate::target::{Target, encoded};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, header};
use postern_aws::Aws;
use postern_egress::{Egress, Options};
use postern_gateway::{Gateway, Settings, World};
use postern_management::{Limits, Management, Proofs};
use postern_store::{Clock, SystemClock};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const ALL: &str = "/_postern/credentials";
const PRINCIPALS: &str = "/_postern/principals";

pub(crate) fn run(options: Credentials) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime
        .block_on(options.action.run())
        .map_err(Failure::Credentials)
}

impl CredentialsAction {
    async fn run(self) -> Result<(), String> {
        match self {
            Self::Issue(options) => {
                let tags: BTreeMap<_, _> = options.tag.into_iter().collect();
                let mut input = json!({"principal": options.principal, "admin": options.admin});
                if !tags.is_empty() {
                    input["tags"] = json!(tags);
                }
                if let Some(seconds) = options.seconds {
                    input["durationSeconds"] = seconds.into();
                }
                let target = target(&options.place)?;
                let issued = target.call("POST", ALL, input.to_string()).await?;
                show(&issued);
                eprintln!("The secret is not told again.");
                Ok(())
            }
            Self::List(place) => {
                for one in target(&place)?.all(ALL).await? {
                    let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
                    let state = if one["enabled"] == true {
                        "enabled"
                    } else {
                        "disabled"
                    };
                    println!("{}  {state:8}  {}", text("accessKeyId"), text("arn"));
                }
                Ok(())
            }
            Self::Rotate(options) => {
                let path = format!("{ALL}/{}/rotate", encoded(&options.id));
                show(&target(&options.place)?.call("POST", &path, "").await?);
                eprintln!(
                    "The secret that it had is good for nothing now. The new one is not told again."
                );
                Ok(())
            }
            Self::Revoke(options) => {
                let path = format!("{ALL}/{}", encoded(&options.id));
                target(&options.place)?.call("DELETE", &path, "").await?;
                Ok(())
            }
            Self::Enable(options) => switch(&options.place, &options.id, true).await,
            Self::Disable(options) => switch(&options.place, &options.id, false).await,
            Self::Policy(action) => action.action.run().await,
            Self::Process(options) => options.run().await,
        }
    }
}

async fn switch(place: &Where, id: &str, enabled: bool) -> Result<(), String> {
    let path = format!("{ALL}/{}", encoded(id));
    let body = json!({ "enabled": enabled }).to_string();
    show(&target(place)?.call("PATCH", &path, body).await?);
    Ok(())
}

impl PolicyAction {
    async fn run(self) -> Result<(), String> {
        let at = |principal: &str| format!("{PRINCIPALS}/{}", encoded(principal));
        match self {
            Self::Attach(options) => {
                let file = &options.file;
                let document = std::fs::read_to_string(file)
                    .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
                let (principal, name) = (at(&options.principal), encoded(&options.name));
                let path = format!("{principal}?policyName={name}");
                let body = json!({ "policyDocument": document }).to_string();
                show(&target(&options.place)?.call("PUT", &path, body).await?);
            }
            Self::Detach(options) => {
                let (principal, name) = (at(&options.principal), encoded(&options.name));
                let path = format!("{principal}?policyName={name}");
                target(&options.place)?.call("DELETE", &path, "").await?;
            }
            Self::List(place) => {
                for one in target(&place)?.all(PRINCIPALS).await? {
                    show(&one);
                }
            }
        }
        Ok(())
    }
}

impl Process {
    /// Prints what the AWS SDKs take from a `credential_process`.
    async fn run(self) -> Result<(), String> {
        let target = target(&self.place)?;
        let seconds = self.seconds;
        let issued = if let Some(principal) = &self.principal {
            let input = json!({"principal": principal, "durationSeconds": seconds});
            target.call("POST", ALL, input.to_string()).await?
        } else {
            let mut input = proof(&self).await?;
            input["durationSeconds"] = seconds.into();
            let path = format!("{ALL}/exchange");
            target.call("POST", &path, input.to_string()).await?
        };
        let printed = json!({
            "Version": 1,
            "AccessKeyId": issued["accessKeyId"],
            "SecretAccessKey": issued["secretAccessKey"],
            "SessionToken": issued["sessionToken"],
            "Expiration": issued["expiration"],
        });
        show(&printed);
        Ok(())
    }
}

/// A request to STS, signed by whoever runs this, that says who they are and is for one Postern alone.
async fn proof(options: &Process) -> Result<Value, String> {
    let settings = aws_settings(options.place.region.clone())?;
    let region = settings.region.clone();
    let region = region.unwrap_or_else(|| "us-east-1".to_owned());
    let audience = options
        .audience
        .clone()
        .unwrap_or_else(|| Proofs::of(&options.place.account, &region).audience);
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    let url = format!("https://sts.{region}.amazonaws.com{suffix}/");
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    let mut request = Request::post(&url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("x-postern-audience", audience)
        .body(Bytes::from(body))
        .map_err(|error| format!("the proof cannot be made: {error}"))?;
    let aws = Aws::new(settings, egress(), Arc::new(SystemClock));
    aws.sign("sts", &region, &mut request).await?;
    let headers: BTreeMap<&str, &str> = request
        .headers()
        .iter()
        .map(|(name, value): (&HeaderName, &HeaderValue)| {
            (name.as_str(), value.to_str().unwrap_or_default())
        })
        .collect();
    Ok(json!({"method": "POST", "url": url, "headers": headers, "body": body}))
}

fn egress() -> Egress {
    Egress::new(&Options::default())
}

/// Whom to ask: another process, or this one on a store that no other has open.
fn target(place: &Where) -> Result<Target, String> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let settings = aws_settings(place.region.clone())?;
    let region = settings.region.clone();
    let aws = Aws::new(settings, egress(), clock.clone());
    let store = if place.dynamodb {
        let store = aws.connect(&place.tables.prefix);
        store.map_err(|error| error.to_string())?
    } else if let Some(data) = &place.data {
        open_folder(data, clock.clone()).map_err(|error| {
            format!(
                "{error}; to speak to a Postern that runs, use --endpoint-url instead of --data"
            )
        })?
    } else {
        return Ok(Target::there(place.there.endpoint_url.clone()));
    };
    let region = region.unwrap_or_else(|| "us-east-1".to_owned());
    let gateway = Gateway::new(
        World {
            store: store.clone(),
            backend: Arc::new(aws.backend()),
            clock: clock.clone(),
            journal: Arc::new(postern_gateway::StandardOutput),
        },
        Settings::of(&place.account, &region),
    );
    Ok(Target::Here(Arc::new(Management::new(
        postern_management::World {
            definitions: store.definitions,
            usage: store.usage,
            clock,
            account: place.account.clone(),
            region,
            limits: Limits::default(),
            gateway: Arc::new(gateway),
        },
    ))))
}

fn show(value: &Value) {
    println!("{value:#}");
}
