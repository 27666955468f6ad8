//! Callers whom AWS has proven: Lambda hands over who signed, and IAM or policies here say what they may.

use super::{answer, bench, principal, put_principal, statement};
use crate::harness::{API, arrival};
use postern_gateway::{Arrival, Identity};
use serde_json::json;
use std::time::Duration;

/// As Lambda hands over a request whose signature it has verified.
pub(crate) fn proven(request: &str, arn: &str) -> Arrival {
    Arrival {
        proven: Some(Identity {
            arn: arn.to_owned(),
            account_id: arn.split(':').nth(4).unwrap().to_owned(),
            user_id: "AROAEXAMPLE:s".to_owned(),
            access_key_id: Some("ASIAEXAMPLE".to_owned()),
            ..Identity::default()
        }),
        ..arrival(request, &[], "")
    }
}

#[tokio::test]
async fn iam_is_asked_about_a_caller_whom_aws_has_proven_and_its_word_is_kept() {
    const USER: &str = "arn:aws:iam::123456789012:user/eve";
    let (bench, clock) = bench().await;
    let says = |decision: &str| {
        let body = format!(
            "<EvaluationResults><member><EvalDecision>{decision}</EvalDecision><EvalActionName>execute-api:Invoke</EvalActionName></member><member><EvalDecision>implicitDeny</EvalDecision><EvalActionName>execute-api:InvalidateCache</EvalActionName></member></EvaluationResults>"
        );
        *bench.backend.answer.lock().unwrap() = json!({ "body": body });
        *bench.backend.sent.lock().unwrap() = None;
    };
    says("allowed");
    let found = answer(&bench, proven("GET /dev/pets", USER)).await;
    assert_eq!(found.status, 200);
    assert!(
        found
            .body
            .starts_with(&format!("{USER} 123456789012 AROAEXAMPLE:s")),
        "{}",
        found.body
    );
    let asked = bench.backend.sent.lock().unwrap().take().unwrap();
    assert_eq!(asked["url"], "iam.eu-west-1 /");
    let form = asked["body"].as_str().unwrap();
    for part in [
        "Action=SimulatePrincipalPolicy",
        "PolicySourceArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Auser%2Feve",
        "ActionNames.member.1=execute-api%3AInvoke",
        &format!(
            "ResourceArns.member.1=arn%3Aaws%3Aexecute-api%3Aeu-west-1%3A123456789012%3A{API}%2Fdev%2FGET%2Fpets"
        ),
    ] {
        assert!(form.contains(part), "{form}");
    }
    // It is not asked the same again, until it may have changed its mind.
    says("explicitDeny");
    assert_eq!(
        answer(&bench, proven("GET /dev/pets", USER)).await.status,
        200
    );
    assert!(bench.backend.sent.lock().unwrap().is_none());
    clock.forward(Duration::from_secs(61));
    let found = answer(&bench, proven("GET /dev/pets", USER)).await;
    assert_eq!(found.status, 403);
    assert!(
        found.body.contains("with an explicit deny"),
        "{}",
        found.body
    );
    says("implicitDeny");
    assert_eq!(
        answer(&bench, proven("GET /dev/a/b", USER)).await.status,
        403
    );
    says("implicitDeny");
    assert_eq!(
        answer(&bench, proven("GET /dev/a/b", USER)).await.status,
        403
    );
    assert!(
        bench.backend.sent.lock().unwrap().is_none(),
        "a refusal is kept too"
    );
    // No answer lets nobody in, and the operator is told why.
    *bench.backend.answer.lock().unwrap() =
        json!({"status": 403, "body": "<Message>not allowed to ask</Message>"});
    assert_eq!(
        answer(&bench, proven("GET /dev/a/c", USER)).await.status,
        500
    );
    let faults = bench.journal.faults.lock().unwrap().concat();
    assert!(
        faults.contains("not allowed to ask") && faults.contains("iam:SimulatePrincipalPolicy"),
        "{faults}"
    );
}

#[tokio::test]
async fn a_proven_caller_with_policies_here_is_judged_by_them_and_nobody_of_another_account_by_iam()
{
    let (bench, _) = bench().await;
    *bench.backend.answer.lock().unwrap() = json!("refused");
    let role = "arn:aws:iam::123456789012:role/R";
    put_principal(
        &bench.store,
        &principal(role, &[statement("Allow", "dev/GET/pets")]),
    )
    .await;
    for (arn, request, status) in [
        (
            "arn:aws:sts::123456789012:assumed-role/R/s",
            "GET /dev/pets",
            200,
        ),
        (
            "arn:aws:sts::123456789012:assumed-role/R/s",
            "GET /dev/a/b",
            403,
        ),
        ("arn:aws:iam::123456789012:root", "GET /dev/a/b", 200),
        ("arn:aws:iam::210987654321:user/x", "GET /dev/pets", 403),
    ] {
        assert_eq!(
            answer(&bench, proven(request, arn)).await.status,
            status,
            "{arn}"
        );
    }
}
