//! Which API, which stage, and whether the canary answers.
//!
//! The API is named by a path that begins with `/_api/{api}` (or one of the forms that local tools use), by a host of the form
//! `{api}.execute-api.…`, by a custom domain name and its rules and mappings, by the header that private endpoints use, or by a default
//! of this process. The stage is the next segment of the path, unless the mapping or the default names it.

mod domains;
mod find;
mod forwarded;
mod rules;
mod size;

pub use domains::Truststore;
pub(crate) use domains::{Domains, HeldDomain};
pub(crate) use find::{custom_name, names_an_api};

use crate::rejection::AddressRejection;
use crate::stages::{Canary, Held, Live, Named};
use crate::trail::{ClientTrail, StageTrail, Trail};
use crate::{Arrival, Body, Gateway, Spelling, headers};
use find::{StagePath, find};
use http::{HeaderMap, Method};
use postern_definition::{ApiId, Map, StageName};
use postern_identity::Identity;
use postern_plan::{ApiKind, Deployed};
use rand::RngExt;
use size::Size;
use std::sync::Arc;

/// No API's id is as long.
const NAME_BYTES_MAX: usize = 128;

/// A request whose API and stage are known.
pub(crate) struct Addressed {
    pub(crate) live: Arc<Live>,
    pub(crate) deployed: Arc<Deployed>,
    pub(crate) variables: Arc<Map<String>>,
    pub(crate) is_canary: bool,
    pub(crate) request: Request,
}

/// What remains of the arrival once API and stage are taken off.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Without the stage, leading slashes as one, otherwise as it was sent.
    pub(crate) path: String,
    /// What of a custom domain's path led to the API, with a slash before it: backends are shown it, methods are not.
    pub(crate) base_path: Option<Arc<str>>,
    pub(crate) query: Option<Arc<str>>,
    pub(crate) headers: Arc<HeaderMap>,
    pub(crate) spelling: Spelling,
    pub(crate) body: Body,
    pub(crate) sent: Arc<Sent>,
}

/// What a client signs of a request's line and host: as it was sent, whatever it is taken to mean.
pub(crate) struct Sent {
    pub(crate) method: Method,
    pub(crate) host: String,
    pub(crate) path: String,
    /// The caller, where AWS has verified the signature.
    pub(crate) proven: Option<Arc<Identity>>,
}

/// What should be read again beside the answering of a request.
#[derive(Default)]
pub(crate) struct Due {
    pub(crate) stage: Option<Arc<Held>>,
    pub(crate) domain: Option<Arc<HeldDomain>>,
}

impl Due {
    pub(crate) fn is_nothing(&self) -> bool {
        self.stage.is_none() && self.domain.is_none()
    }
}

/// Where an API and a stage that need not be named come from.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    pub api: Option<ApiId>,
    pub stage: Option<StageName>,
}

impl Gateway {
    pub(crate) async fn address(
        &self,
        arrival: Arrival,
        trail: &mut Trail,
    ) -> Result<(Addressed, Due), AddressRejection> {
        // Too long is told before anything else, but each kind of API tells it in its own way.
        let size = Size::of(&arrival);
        let refused = |rejection| size.or(rejection);
        let (domain, domain_due) = match find::custom_domain(&arrival) {
            Some(name) => self.domains.find(name).await.map_err(refused)?,
            None => (None, None),
        };
        let wants_certificate = (domain.as_ref()).is_some_and(|domain| domain.truststore.is_some());
        if wants_certificate && !is_certified(&arrival) {
            return Err(refused(AddressRejection::NoCertificate(arrival.host)));
        }
        let address = find(&arrival, domain.as_deref(), &self.settings.defaults);
        let address = match (address, &domain) {
            (Some(address), _) => address,
            (None, Some(domain)) => {
                return Err(refused(AddressRejection::NotMapped {
                    kind: self.domains.kind(domain).await?,
                    domain: arrival.host.clone(),
                }));
            }
            (None, None) => return Err(refused(AddressRejection::NoApi)),
        };
        let api = ApiId::from(address.api);
        let ((live, stage_due), rest, is_named) = match address.path {
            _ if address.api.len() > NAME_BYTES_MAX => {
                return Err(refused(AddressRejection::NoApi));
            }
            StagePath::Given { stage, path } => {
                let found = self.stages.find(&api, &StageName::from(stage)).await;
                (found.map_err(refused)?, path, false)
            }
            StagePath::First {
                path,
                may_be_of_a_tool,
            } => {
                let (segment, rest) = StagePath::split(path, may_be_of_a_tool);
                let found = self.stages.find_or_default(&api, segment).await;
                let (live, due, named) = found.map_err(refused)?;
                match named {
                    Named::BySegment => ((live, due), rest, true),
                    Named::ByNothing => ((live, due), path, false),
                }
            }
        };
        size.check(live.deployed.kind())?;
        let canary = live
            .canary
            .as_ref()
            .filter(|canary| takes(canary, rand::rng().random()));
        let is_canary = canary.is_some();
        let (deployed, variables) = match canary {
            Some(canary) => (canary.deployed.clone(), canary.variables.clone()),
            None => (live.deployed.clone(), live.variables.clone()),
        };
        if deployed.api().disable_execute_api_endpoint && domain.is_none() {
            return Err(AddressRejection::EndpointDisabled {
                kind: deployed.kind(),
                api: live.api.to_string(),
            });
        }
        // Under a custom domain name clients see no stage that they have not written themselves.
        trail.path = match address.via {
            None if is_named || deployed.kind() == ApiKind::Rest => {
                format!("/{}{rest}", live.name)
            }
            None => format!("/{}", rest.trim_start_matches('/')),
            Some(_) => format!("/{}", arrival.path.trim_start_matches('/')),
        };
        if deployed.kind() != ApiKind::Rest {
            // These kinds of APIs know one id of a request.
            trail.request_id.clone_from(&trail.extended_request_id);
        }
        if deployed.kind() == ApiKind::Http {
            let trace = headers::last(&arrival.headers, "x-amzn-trace-id");
            trail.is_no_parent(trace.as_deref());
        }
        trail.stage = Some(StageTrail {
            account_id: self.settings.account.clone(),
            api_id: live.api.clone(),
            stage: live.name.clone(),
            deployment_id: deployed.id().clone(),
            is_canary: live.canary.is_some().then_some(is_canary),
            base_path_matched: (address.via)
                .and_then(domains::Via::base_path)
                .map(str::to_owned),
            routing_rule_matched: address.via.and_then(domains::Via::rule).map(str::to_owned),
        });
        trail.caller.certificate = arrival.client_certificate.clone();
        trail.caller.vpc = arrival.vpc.clone();
        let path = format!("/{}", rest.trim_start_matches('/'));
        let base_path = address.via.and_then(domains::Via::prefix);
        let base_path = base_path.map(Arc::from);
        let sent = Arc::new(Sent {
            method: arrival.method.clone(),
            host: arrival.host,
            path: arrival.path,
            proven: arrival.proven.map(Arc::new),
        });
        let mut headers = arrival.headers;
        forwarded::add(&mut headers, arrival.port, arrival.scheme, trail);
        let request = Request {
            method: arrival.method,
            path,
            base_path,
            query: arrival.query.map(Arc::from),
            headers: Arc::new(headers),
            spelling: arrival.spelling,
            body: arrival.body,
            sent,
        };
        trail.client = Some(ClientTrail {
            headers: request.headers.clone(),
            query: request.query.clone(),
        });
        Ok((
            Addressed {
                live,
                deployed,
                variables,
                is_canary,
                request,
            },
            Due {
                stage: stage_due,
                domain: domain_due,
            },
        ))
    }
}

/// Whether the client has shown a certificate that is good for the host that it asks for: one that was found good for another
/// may be of issuers whom this one does not know.
fn is_certified(arrival: &Arrival) -> bool {
    let Some(certificate) = &arrival.client_certificate else {
        return false;
    };
    (certificate.host.as_deref()).is_none_or(|host| {
        custom_name(&arrival.host).is_some_and(|name| name.eq_ignore_ascii_case(host))
    })
}

/// `draw` is uniform in 0..1.
fn takes(canary: &Canary, draw: f64) -> bool {
    draw * 100.0 < canary.percent
}
