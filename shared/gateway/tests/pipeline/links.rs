//! Private integrations: what they connect to in place of their URI's host, and what is answered where that is not known.

use crate::harness::{Bench, Played, Stopped, definition, merge, method_setting};
use postern_definition::rest::VpcLink;
use postern_gateway::VpcLinks;
use postern_plan::account::vpc_link_key;
use postern_store::{Condition, Embedded, Write, encode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const BALANCER: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/inner/0123";
const LISTENER: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/web/89ab/cdef";

/// A gateway with the link `lnk123`, which leads to the load balancer, and a method of each kind.
async fn bench(settings: &str, asks_aws: bool) -> (Bench, Arc<Stopped>) {
    let clock = Stopped::at(1_773_119_783);
    let mut links = if asks_aws {
        VpcLinks::asking_aws()
    } else {
        VpcLinks::default()
    };
    links.set(settings).unwrap();
    let store = Embedded::memory(clock.clone()).unwrap();
    let bench = Bench::with_links(store, clock.clone(), links);
    let private = |kind: &str, id: &str, more: Value| {
        let mut integration = json!({"type": kind, "httpMethod": "GET", "connectionType": "VPC_LINK", "connectionId": id,
            "uri": "http://inner.example:8080/x"});
        merge(&mut integration, &more);
        json!({"methodIntegration": integration, "methodResponses": {"200": {"statusCode": "200"}}})
    };
    let responses = json!({"integrationResponses": {"200": {"statusCode": "200"}}});
    let methods = BTreeMap::from([
        (
            "GET /proxy".to_owned(),
            private("HTTP_PROXY", "lnk123", json!({})),
        ),
        ("GET /http".to_owned(), private("HTTP", "lnk123", responses)),
        (
            "GET /variable".to_owned(),
            private("HTTP_PROXY", "${stageVariables.link}", json!({})),
        ),
        (
            "GET /unset".to_owned(),
            private("HTTP_PROXY", "${stageVariables.unset}", json!({})),
        ),
        (
            "GET /gone".to_owned(),
            private("HTTP_PROXY", "gone12", json!({})),
        ),
        (
            "GET /target".to_owned(),
            private(
                "HTTP_PROXY",
                "newer1",
                json!({"integrationTarget": LISTENER}),
            ),
        ),
        (
            "GET /open".to_owned(),
            private(
                "HTTP_PROXY",
                "lnk123",
                json!({"connectionType": "INTERNET"}),
            ),
        ),
    ]);
    bench.deploy("d1", &definition(&json!({}), &methods)).await;
    let setting = method_setting(&json!({"loggingLevel": "ERROR"}));
    let stage = json!({"variables": {"link": "lnk123"}, "methodSettings": {"*/*": setting}});
    bench.stage(&stage).await;
    let link =
        json!({"id": "lnk123", "name": "inner", "targetArns": [BALANCER], "status": "AVAILABLE"});
    let link: VpcLink = serde_json::from_value(link).unwrap();
    let write = Write::put(vpc_link_key("lnk123"), encode(&link), Condition::Always);
    bench.store.definitions.transact(vec![write]).await.unwrap();
    *bench.backend.answer.lock().unwrap() = json!({"status": 200, "body": "ok"});
    (bench, clock)
}

/// The status, and the address that was called or the line that says why none was.
async fn outcome(bench: &Bench, path: &str) -> (u16, String) {
    *bench.backend.sent.lock().unwrap() = None;
    bench.journal.executions.lock().unwrap().clear();
    let response = bench.send(&format!("GET /dev{path}"), &[], "").await;
    let status = response.status().as_u16();
    response.into_body().collect(usize::MAX).await.unwrap();
    let sent = bench.backend.sent.lock().unwrap().take();
    let told = match sent {
        Some(sent) if status == 200 => sent["url"].as_str().unwrap().to_owned(),
        _ => {
            let log = bench.journal.executions.lock().unwrap().concat();
            let line = log
                .lines()
                .find(|line| line.contains("Execution failed"))
                .unwrap();
            let reason = line.split_once("configuration error: ").unwrap().1;
            reason.to_owned()
        }
    };
    (status, told)
}

#[tokio::test]
async fn a_private_integration_connects_to_what_its_link_stands_for() {
    let url = "http://inner.example:8080/x";
    let unknown = format!(
        "VPC link lnk123 leads to {BALANCER}, and nothing says where that is: set POSTERN_VPC_LINKS to {BALANCER}=HOST:PORT"
    );
    let by_link = "lnk123=localhost:81".to_owned();
    let by_arn = format!("{BALANCER}=10.0.0.7");
    let by_target =
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/89ab=web:82";
    let through = |address: &str| format!("{url} through {address}");
    for (settings, path, expected) in [
        (by_link.as_str(), "/proxy", (200, through("localhost:81"))),
        (&by_link, "/http", (200, through("localhost:81"))),
        (&by_link, "/variable", (200, through("localhost:81"))),
        (&by_arn, "/proxy", (200, through("10.0.0.7"))),
        (&by_arn, "/open", (200, url.to_owned())),
        (by_target, "/target", (200, through("web:82"))),
        ("newer1=web:83", "/target", (200, through("web:83"))),
        ("", "/open", (200, url.to_owned())),
        ("", "/proxy", (500, unknown)),
        (
            &by_arn,
            "/gone",
            (500, "there is no VPC link `gone12`".to_owned()),
        ),
        (
            &by_arn,
            "/unset",
            (
                500,
                "the integration names no VPC link: its connectionId is empty".to_owned(),
            ),
        ),
    ] {
        let (bench, _) = bench(settings, false).await;
        assert_eq!(outcome(&bench, path).await, expected, "{settings} {path}");
    }
}

#[tokio::test]
async fn a_link_that_is_deleted_leads_nowhere_at_once() {
    let (bench, _) = bench(&format!("{BALANCER}=10.0.0.7"), false).await;
    assert_eq!(outcome(&bench, "/proxy").await.0, 200);
    let write = Write::delete(vpc_link_key("lnk123"), Condition::Always);
    bench.store.definitions.transact(vec![write]).await.unwrap();
    let expected = (500, "there is no VPC link `lnk123`".to_owned());
    assert_eq!(outcome(&bench, "/proxy").await, expected);
}

#[tokio::test]
async fn aws_is_asked_once_for_the_name_of_a_load_balancer() {
    let (bench, _) = bench("", true).await;
    let seen = bench.backend.clone();
    let asked = |played: &Played| {
        played
            .calls
            .lock()
            .unwrap()
            .iter()
            .filter(|url| url.starts_with("elastic"))
            .count()
    };
    *seen.answer.lock().unwrap() =
        json!({"status": 200, "body": "<DNSName>inner.elb.example</DNSName>"});
    let expected = (
        200,
        "http://inner.example:8080/x through inner.elb.example".to_owned(),
    );
    for _ in 0..3 {
        assert_eq!(outcome(&bench, "/proxy").await, expected);
    }
    assert_eq!(asked(&seen), 1);
    let question = seen.calls.lock().unwrap()[0].clone();
    assert_eq!(
        question,
        "elasticloadbalancing.eu-west-1 /?Action=DescribeLoadBalancers&LoadBalancerArns.member.1=arn%3Aaws%3Aelasticloadbalancing%3Aeu%2Dwest%2D1%3A123456789012%3Aloadbalancer%2Fnet%2Finner%2F0123&Version=2015-12-01"
    );
}

#[tokio::test]
async fn a_load_balancer_that_aws_does_not_know_is_not_asked_for_by_every_request() {
    let (bench, clock) = bench("", true).await;
    *bench.backend.answer.lock().unwrap() =
        json!({"status": 400, "body": "<Code>LoadBalancerNotFound</Code>"});
    let expected = format!(
        "VPC link lnk123 leads to {BALANCER}, which has no address: AWS answered 400: <Code>LoadBalancerNotFound</Code>"
    );
    for _ in 0..3 {
        assert_eq!(outcome(&bench, "/proxy").await, (500, expected.clone()));
    }
    assert_eq!(bench.backend.calls.lock().unwrap().len(), 1);
    clock.forward(Duration::from_secs(31));
    outcome(&bench, "/proxy").await;
    assert_eq!(bench.backend.calls.lock().unwrap().len(), 2);
}

/// A gateway with an HTTP API whose routes lead through a link.
async fn routed(links: VpcLinks) -> Bench {
    let clock = Stopped::at(1_773_119_783);
    let store = Embedded::memory(clock.clone()).unwrap();
    let bench = Bench::with_links(store, clock, links);
    let private = |uri: &str, tls: Value| {
        json!({"integration": {"integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "connectionType": "VPC_LINK",
            "connectionId": "lnk123", "integrationUri": uri, "tlsConfig": tls}})
    };
    let service = "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-1?stage=prod&a=b";
    let routes = BTreeMap::from([
        ("ANY /plain".to_owned(), private(LISTENER, Value::Null)),
        (
            "ANY /tls".to_owned(),
            private(LISTENER, json!({"serverNameToVerify": "inner.example"})),
        ),
        ("ANY /found".to_owned(), private(service, Value::Null)),
    ]);
    bench.deploy_routes(&json!({}), &routes, &json!({})).await;
    let answer =
        json!({"status": 200, "body": "<DNSName>web.elb.example</DNSName><Port>8443</Port>"});
    *bench.backend.answer.lock().unwrap() = answer;
    bench
}

#[tokio::test]
async fn a_route_connects_to_the_listener_that_its_link_leads_to() {
    for (settings, path, expected) in [
        (
            format!("{LISTENER}=10.0.0.7:81"),
            "/plain",
            "http://10.0.0.7:81/dev/plain?a=b through 10.0.0.7:81",
        ),
        (
            "lnk123=10.0.0.7".to_owned(),
            "/tls",
            "https://inner.example/dev/tls?a=b through 10.0.0.7",
        ),
        (
            "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-1=here:82".to_owned(),
            "/found",
            "http://here:82/dev/found?a=b through here:82",
        ),
        (
            String::new(),
            "/plain",
            "http://web.elb.example:8443/dev/plain?a=b through web.elb.example:8443",
        ),
        (
            String::new(),
            "/tls",
            "https://inner.example/dev/tls?a=b through web.elb.example:8443",
        ),
    ] {
        let mut links = VpcLinks::asking_aws();
        links.set(&settings).unwrap();
        let bench = routed(links).await;
        let answer = bench.send(&format!("GET /dev{path}?a=b"), &[], "").await;
        assert_eq!(answer.status(), 200);
        let called = bench.backend.calls.lock().unwrap().last().cloned();
        assert_eq!(called.as_deref(), Some(expected), "{settings} {path}");
    }
}

#[tokio::test]
async fn the_instances_of_a_service_are_discovered_by_its_names_and_their_attributes() {
    let bench = routed(VpcLinks::asking_aws()).await;
    let attributes = json!({"AWS_INSTANCE_IPV4": "10.0.0.9", "AWS_INSTANCE_PORT": "83"});
    let of_aws = json!({"Service": {"Name": "pets", "NamespaceId": "ns-1"}, "Namespace": {"Name": "inner"},
        "Instances": [{"Attributes": attributes}, {"Attributes": {}}]});
    *bench.backend.answer.lock().unwrap() = json!({"status": 200, "body": of_aws});
    for _ in 0..2 {
        let answer = bench.send("GET /dev/found", &[], "").await;
        assert_eq!(answer.status(), 200);
    }
    let calls = bench.backend.calls.lock().unwrap().clone();
    let there = "http://10.0.0.9:83/dev/found through 10.0.0.9:83";
    assert_eq!(
        calls,
        [
            "servicediscovery.eu-west-1 /",
            "servicediscovery.eu-west-1 /",
            "data-servicediscovery.eu-west-1 /",
            there,
            there
        ]
    );
}

#[tokio::test]
async fn a_service_of_which_aws_knows_no_instance_cannot_be_called() {
    let bench = routed(VpcLinks::asking_aws()).await;
    let of_aws = json!({"Service": {"Name": "pets", "NamespaceId": "ns-1"}, "Namespace": {"Name": "inner"}, "Instances": []});
    *bench.backend.answer.lock().unwrap() = json!({"status": 200, "body": of_aws});
    let answer = bench.send("GET /dev/found", &[], "").await;
    assert_eq!(answer.status(), 500);
    let told = bench.journal.faults.lock().unwrap().concat();
    assert!(told.contains("no instance with an address"), "{told}");
}
