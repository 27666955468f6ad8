//! Whose answers are one: what tells requests apart is what the method declares as keys, and nothing else.

use super::fleet::{Fleet, all, proxy, with};
use crate::harness::{arrival, rows};
use serde_json::json;

/// What is a key, and two requests that are one to the cache or two.
const REQUESTS: &str = "
                                | GET /dev/p                                        | GET /dev/p?a=1 + who: me + accept: text/html     | one
    querystring.type            | GET /dev/p?type=admin&d=A                         | GET /dev/p?d=B&type=admin                        | one
    querystring.type            | GET /dev/p?type=admin                             | GET /dev/p?type=regular                          | two
    querystring.type            | GET /dev/p?type=a                                 | GET /dev/p?type=A                                | two
    querystring.type            | GET /dev/p?type=a                                 | GET /dev/p?Type=a                                | two
    querystring.type            | GET /dev/p?type=a+b                               | GET /dev/p?type=a%20b                            | one
    querystring.type            | GET /dev/p                                        | GET /dev/p?type=                                 | two
    querystring.type            | GET /dev/p?type                                   | GET /dev/p?type=                                 | one
    # Whoever repeats a parameter does not choose what others get.
    querystring.type            | GET /dev/p?type=a                                 | GET /dev/p?type=a&type=b                         | two
    querystring.type            | GET /dev/p?type=b                                 | GET /dev/p?type=a&type=b                         | two
    querystring.type            | GET /dev/p?type=a&type=b                          | GET /dev/p?type=b&type=a                         | two
    querystring.type            | GET /dev/p?type=a,b                               | GET /dev/p?type=a&type=b                         | two
    querystring.type            | GET /dev/p?type=a                                 | GET /dev/p?%74ype=a                              | one
    querystring.type            | GET /dev/p?type=a                                 | GET /dev/p?x=1;type=a                            | one
    multivaluequerystring.t     | GET /dev/p?t=a&t=b                                | GET /dev/p?t=a&x=1&t=b                           | one
    multivaluequerystring.t     | GET /dev/p?t=a&t=b                                | GET /dev/p?t=ab                                  | two
    header.Who                  | GET /dev/p + who: me                              | GET /dev/p + WHO: me                             | one
    header.Who                  | GET /dev/p + who: me                              | GET /dev/p + who: you                            | two
    header.Who                  | GET /dev/p                                        | GET /dev/p + who:                                | two
    header.Who                  | GET /dev/p + who: a + who: b                      | GET /dev/p + who: a, b                           | two
    multivalueheader.Who        | GET /dev/p + who: a + who: b                      | GET /dev/p + who: b                              | two
    # No mapping is shown these two.
    header.Authorization        | GET /dev/p + authorization: AWS4-HMAC-SHA256 a=b  | GET /dev/p + authorization: AWS4-HMAC-SHA256 c=d | two
    header.Expect               | GET /dev/p + expect: a                            | GET /dev/p + expect: b                           | two
    # A parameter of one kind does not pass for one of another, nor two values for one that holds both.
    querystring.a header.a      | GET /dev/p?a=1                                    | GET /dev/p + a: 1                                | two
    querystring.a querystring.b | GET /dev/p?a=1&b=2                                | GET /dev/p?a=12&b=                               | two
    querystring.a querystring.b | GET /dev/p?a=1                                    | GET /dev/p?b=1                                   | two
    querystring.a querystring.b | GET /dev/p?a=1%00method.request.querystring.b&b=2 | GET /dev/p?a=1&b=2                               | two
";

#[tokio::test]
async fn only_what_is_a_key_parameter_tells_answers_apart() {
    for [names, one, other, expected] in rows(REQUESTS) {
        let names: Vec<_> = names
            .split_whitespace()
            .map(|name| format!("method.request.{name}"))
            .collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let fleet = Fleet::of(("GET /p", proxy(&names)), all()).await;
        let found = fleet.are_one(one, other).await;
        assert_eq!(found, expected == "one", "{names:?}: {one} and {other}");
    }
}

#[tokio::test]
async fn without_the_path_as_a_key_one_pet_is_given_for_another() {
    for (names, path, same) in [
        (&[][..], "GET /pets/{id}", true),
        (&["method.request.path.id"], "GET /pets/{id}", false),
        (&[], "GET /{proxy+}", true),
        (&["method.request.path.proxy"], "GET /{proxy+}", false),
    ] {
        let fleet = Fleet::of((path, proxy(names)), all()).await;
        let one = fleet.are_one("GET /dev/pets/1", "GET /dev/pets/2").await;
        assert_eq!(one, same, "{path} {names:?}");
    }
}

#[tokio::test]
async fn a_key_may_be_what_is_mapped_to_the_integrations_request() {
    for (source, first, second, same) in [
        (
            "method.request.querystring.q",
            "GET /dev/p?q=1",
            "GET /dev/p?q=2",
            false,
        ),
        (
            "method.request.querystring.q",
            "GET /dev/p?q=1&r=1",
            "GET /dev/p?q=1&r=2",
            true,
        ),
        ("context.path", "GET /dev/p", "GET /dev/p/", false),
        ("context.stage", "GET /dev/p", "GET /dev/p/", true),
    ] {
        let name = "integration.request.header.key";
        let mapped = json!({"requestParameters": {name: source}});
        let fleet = Fleet::of(("GET /p", with(proxy(&[name]), json!({}), mapped)), all()).await;
        assert_eq!(fleet.are_one(first, second).await, same, "{source}");
    }
}

#[tokio::test]
async fn a_body_may_be_a_key() {
    let name = "integration.request.header.key";
    let mapped = json!({"requestParameters": {name: "method.request.body.user"}});
    let method = with(proxy(&[name]), json!({}), mapped);
    let fleet = Fleet::of(("POST /p", method), json!({"p/POST": {}})).await;
    let mut bodies = Vec::new();
    for body in [
        r#"{"user":"a","n":1}"#,
        r#"{"user":"a","n":2}"#,
        r#"{"user":"b"}"#,
        "{}",
        r#"{"user""#,
    ] {
        let answer = fleet.gateways[0]
            .answer(arrival("POST /dev/p", &[], body))
            .await;
        bodies.push((answer.status().as_u16(), fleet.backend.calls()));
    }
    assert_eq!(bodies, [(200, 1), (200, 1), (200, 2), (200, 3), (400, 3)]);
}

#[tokio::test]
async fn verbs_share_no_answer_and_an_overridden_verb_is_the_one_that_counts() {
    let settings = json!({"p/GET": {}, "p/PUT": {}});
    let fleet = Fleet::of(("ANY /p", proxy(&[])), settings).await;
    assert!(fleet.get("GET /dev/p").await.body.contains("1 GET"));
    assert!(fleet.get("PUT /dev/p").await.body.contains("2 PUT"));
    let smuggled = fleet
        .ask(0, "GET /dev/p", &[("x-http-method-override", "PUT")])
        .await;
    assert!(smuggled.body.contains("2 PUT"), "{}", smuggled.body);
    assert!(fleet.get("GET /dev/p").await.body.contains("1 GET"));
}

#[tokio::test]
async fn methods_of_one_namespace_share_answers_where_their_keys_agree() {
    let key = ["method.request.querystring.a", "method.request.header.B"];
    let turned = ["method.request.header.b", "method.request.querystring.a"];
    let shared = json!({"cacheNamespace": "shared"});
    let fleet = Fleet::new(1);
    let methods = [
        ("GET /p", with(proxy(&key), json!({}), shared.clone())),
        ("GET /q", with(proxy(&turned), json!({}), shared)),
        (
            "GET /r",
            with(proxy(&key), json!({}), json!({"cacheNamespace": "own"})),
        ),
    ];
    fleet.deploy("d1", &methods).await;
    fleet.stage(all(), json!({})).await;
    assert!(
        fleet
            .are_one("GET /dev/p?a=1 + b: 1", "GET /dev/q?a=1 + b: 1")
            .await
    );
    assert!(!fleet.are_one("GET /dev/p?a=2", "GET /dev/r?a=2").await);
}
