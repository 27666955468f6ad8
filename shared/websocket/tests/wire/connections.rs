//! @connections.

use crate::world::{Bench, heard};
use http::Method;
use postern_grip::{Action, Closing, Event, Item};
use postern_websocket::{PublishFailure, Reached};

fn gone() -> PublishFailure {
    PublishFailure::Gone {
        url: "http://h".to_owned(),
        reason: "refused".to_owned(),
    }
}

#[tokio::test]
async fn a_post_is_published_and_a_get_shows_the_connection() {
    let bench = Bench::new();
    let socket = bench.open("/dev?ws/8").await;
    let id = socket.id();
    bench.later(61);
    let (status, headers, body) = bench.manage(Method::POST, &id, "hi \u{fc}").await;
    assert_eq!((status, body.as_str()), (200, ""));
    assert_eq!(headers["x-amzn-requestid"].len(), 36);
    let text = Action::Text("hi \u{fc}".to_owned());
    let channel = id.clone();
    assert_eq!(
        bench.published(),
        [Item {
            channel,
            action: text
        }]
    );
    assert_eq!(bench.told(), ["sent"]);
    let (status, headers, body) = bench.manage(Method::GET, &id, "").await;
    assert_eq!(
        (status, headers["content-type"].to_str().unwrap()),
        (200, "application/json")
    );
    let expected = r#"{"connectedAt":"2026-11-21T10:20:46.000Z","identity":{"sourceIp":"203.0.113.9","userAgent":"ws/8"},"lastActiveAt":"2026-11-21T10:21:47.000Z"}"#;
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_delete_closes_and_the_api_hears_of_it_when_the_socket_has_gone() {
    let bench = Bench::new();
    let mut socket = bench.open("/dev").await;
    let id = socket.id();
    let (status, _, body) = bench.manage(Method::DELETE, &id, "").await;
    assert_eq!((status, body.as_str()), (204, ""));
    let close = Closing::new(1000, "Connection Closed Normally").unwrap();
    let action = Action::Close(Some(close));
    let channel = id.clone();
    assert_eq!(bench.published(), [Item { channel, action }]);
    assert_eq!(bench.told(), Vec::<String>::new());
    for method in [Method::DELETE, Method::GET, Method::POST] {
        assert_eq!(bench.manage(method, &id, "").await.0, 410);
    }
    let answer = socket.send(&[Event::Close(None)]).await;
    assert_eq!(heard(&answer), [Event::Close(None)]);
    assert_eq!(
        bench.told(),
        ["disconnected 1000 Connection Closed Normally"]
    );
}

#[tokio::test]
async fn a_connection_whose_holder_is_gone_is_cleaned_up_and_its_api_told_once() {
    for (method, outcome, status, told) in [
        (Method::POST, Err(gone()), 410, "disconnected 1006 "),
        (
            Method::POST,
            Err(PublishFailure::Unknown),
            410,
            "disconnected 1006 ",
        ),
        (Method::POST, Ok(Reached::Nobody), 410, "disconnected 1006 "),
        (
            Method::DELETE,
            Err(gone()),
            204,
            "disconnected 1000 Connection Closed Normally",
        ),
    ] {
        let bench = Bench::new();
        let mut socket = bench.open("/dev").await;
        *bench.holders.outcome.lock().unwrap() = outcome.clone();
        let (answered, headers, body) = bench.manage(method.clone(), &socket.id(), "x").await;
        assert_eq!(
            (answered, body.as_str()),
            (status, ""),
            "{method} {outcome:?}"
        );
        if status == 410 {
            assert_eq!(headers["x-amzn-errortype"], "GoneException");
        }
        assert_eq!(bench.told(), [told], "{method} {outcome:?}");
        *bench.holders.outcome.lock().unwrap() = Ok(Reached::Somebody);
        assert_eq!(bench.manage(Method::POST, &socket.id(), "x").await.0, 410);
        // Should the socket be there after all, it goes.
        bench.later(60);
        let answer = socket.send(&[Event::Text("quiet".into())]).await;
        let closing = Closing::new(1001, "Going away").unwrap();
        assert_eq!(heard(&answer), [Event::Close(Some(closing.clone()))]);
        bench.told();
        socket.send(&[Event::Close(Some(closing))]).await;
        assert_eq!(bench.told(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_holder_that_fails_is_no_proof_that_the_connection_is_gone() {
    let bench = Bench::new();
    let socket = bench.open("/dev").await;
    *bench.holders.outcome.lock().unwrap() = Err(PublishFailure::Failed {
        url: "http://h".to_owned(),
        reason: "no answer within 10s".to_owned(),
    });
    let (status, _, body) = bench.manage(Method::POST, &socket.id(), "x").await;
    assert_eq!(
        (status, body.as_str()),
        (500, r#"{"message":"Internal server error"}"#)
    );
    assert_eq!(bench.manage(Method::GET, &socket.id(), "").await.0, 200);
    assert_eq!(bench.told(), Vec::<String>::new());
}

#[tokio::test]
async fn what_cannot_be_done_says_why() {
    let bench = Bench::new();
    let socket = bench.open("/dev").await;
    let id = socket.id();
    let longest = "x".repeat(131_072);
    let unknown = "8AAAAN4IAMCJwA0=";
    for (method, id, body, status, error, answered) in [
        (Method::POST, id.as_str(), longest.as_str(), 200, "", ""),
        (
            Method::POST,
            &id,
            &format!("{longest}x"),
            413,
            "PayloadTooLargeException",
            r#"{"message":"Message too long"}"#,
        ),
        (
            Method::POST,
            "nonsense",
            "x",
            400,
            "BadRequestException",
            r#"{"message":"Invalid connectionId: nonsense"}"#,
        ),
        (
            Method::PUT,
            &id,
            "",
            403,
            "ForbiddenException",
            r#"{"message":"Forbidden"}"#,
        ),
        (Method::POST, unknown, "x", 410, "GoneException", ""),
        (Method::GET, unknown, "", 410, "GoneException", ""),
        (Method::DELETE, unknown, "", 410, "GoneException", ""),
    ] {
        let (told, headers, said) = bench.manage(method.clone(), id, body).await;
        assert_eq!((told, said.as_str()), (status, answered), "{method} {id}");
        let told = headers
            .get("x-amzn-errortype")
            .map_or("", |error| error.to_str().unwrap());
        assert_eq!(told, error, "{method} {id}");
    }
    // Of another stage it is not known.
    let arrival = crate::world::arrival(Method::GET, &format!("/prod/@connections/{id}"), &[], b"");
    assert_eq!(bench.connections.answer(arrival).await.status(), 410);
}
