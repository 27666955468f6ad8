//! Credentials in exchange for a proof of who somebody is: a request to STS, `GetCallerIdentity`, that they signed and did not
//! send.
//!
//! It is sent from here, and STS says who signed it. What could be sent is therefore narrow: to STS alone, for this one
//! action, with nothing that is not signed; and a header that is signed says for which Postern the proof was made, so that
//! one made for somebody else cannot be shown here, nor one made for this Postern elsewhere.

mod proof;

use super::{Issued, checked_seconds, drawn};
use crate::Management;
use crate::wire::Failure;
use http::Method;
use postern_gateway::{Body, Call, Destination};
use postern_plan::credential::{Credential, Principal, principal_arns, principal_key};
use proof::{Checked, Proof, checked};
use std::time::Duration;

/// How long credentials are good for unless told otherwise.
const SECONDS_DEFAULT: i64 = 3_600;

/// How long STS gets.
const WITHIN: Duration = Duration::from_secs(10);

/// More than any answer of STS.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// What proofs must be like.
#[derive(Clone, Debug)]
pub struct Proofs {
    /// What a proof must name as the Postern that it is for.
    pub audience: String,
    /// Where STS is asked, where that is not at AWS. The proof names AWS's host all the same.
    pub sts: Option<String>,
}

impl Proofs {
    /// For a Postern that says it is of this account and region.
    pub fn of(account: &str, region: &str) -> Self {
        Self {
            audience: format!("postern/{account}/{region}"),
            sts: None,
        }
    }
}

/// Whether a request is to exchange a proof: what it is about is proven by its body.
pub(crate) fn is_exchange(method: &Method, segments: &[String]) -> bool {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    *method == Method::POST && segments == ["_postern", "credentials", "exchange"]
}

pub(crate) async fn exchange(service: &Management, proof: &Proof) -> Result<Issued, Failure> {
    let seconds = proof.duration_seconds.unwrap_or(SECONDS_DEFAULT);
    let seconds = checked_seconds(Some(seconds))?;
    let now = service.clock();
    let checked = checked(proof, &service.proofs.audience, now)
        .map_err(|reason| Failure::access_denied(format!("The proof is not taken: {reason}")))?;
    let who = service.ask_sts(checked).await?;
    let principal = service.known(&who).await?;
    let credential = Credential {
        arn: who.arn,
        account_id: who.account,
        user_id: who.user_id,
        ..drawn(&principal, now.as_secs(), seconds)
    };
    service.keep_session(&credential).await?;
    Ok(Issued::of(&credential))
}

impl Management {
    async fn ask_sts(&self, checked: Checked) -> Result<Who, Failure> {
        let at = match &self.proofs.sts {
            Some(instead) => instead.trim_end_matches('/').to_owned(),
            None => format!("https://{}", checked.host),
        };
        let query = checked.query.map(|query| format!("?{query}"));
        let call = Call {
            destination: Destination::url(format!("{at}/{}", query.unwrap_or_default())),
            method: checked.method,
            headers: checked.headers,
            body: Body::from(checked.body),
            timeout: WITHIN,
        };
        let away = |reason: String| Failure::unavailable(format!("STS does not answer: {reason}"));
        let answer = self.world.gateway.backend().call(call).await;
        let answer = answer.map_err(|error| away(error.to_string()))?;
        let status = answer.status();
        let body = answer.into_body().collect(ANSWER_BYTES_MAX).await;
        let body = body.map_err(|error| away(error.to_string()))?;
        let text = String::from_utf8_lossy(&body);
        if status.is_server_error() {
            return Err(away(format!("it says {status}")));
        }
        // Nobody is sent elsewhere, and only one status says who signed.
        if status != 200 {
            let said = element(&text, "Message").unwrap_or("it says no more");
            return Err(Failure::access_denied(format!(
                "The proof is not taken: STS answers {status}: {said}"
            )));
        }
        who(&text).ok_or_else(|| away("its answer names nobody".to_owned()))
    }

    /// The principal whose policies count for somebody.
    async fn known(&self, who: &Who) -> Result<Principal, Failure> {
        for arn in principal_arns(&who.arn) {
            if let Some(found) = self.definitions().get(&principal_key(&arn)).await? {
                return Ok(found);
            }
        }
        Err(Failure::access_denied(format!(
            "User: {} is not known to this Postern: attach a policy to it, to its role or to its account first",
            who.arn
        )))
    }
}

/// Whom STS takes somebody for.
#[derive(Debug, PartialEq, Eq)]
struct Who {
    arn: String,
    account: String,
    user_id: String,
}

fn who(answer: &str) -> Option<Who> {
    let text = |name| element(answer, name).filter(|text| !text.is_empty());
    Some(Who {
        arn: text("Arn")?.to_owned(),
        account: text("Account")?.to_owned(),
        user_id: text("UserId")?.to_owned(),
    })
}

fn element<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_sts_names_who_signed() {
        let answer = "<GetCallerIdentityResponse><GetCallerIdentityResult>\n<Arn>arn:aws:iam::123456789012:user/ann</Arn><UserId>AIDA1</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
        let expected = Who {
            arn: "arn:aws:iam::123456789012:user/ann".to_owned(),
            account: "123456789012".to_owned(),
            user_id: "AIDA1".to_owned(),
        };
        assert_eq!(who(answer), Some(expected));
        assert_eq!(who("<Arn></Arn>"), None);
    }
}
