//! What is answered to what happens on a socket.

use crate::world::{Bench, heard};
use http::Method;
use postern_grip::{Action, Closing, Event};

fn text(content: &str) -> Event {
    Event::Text(content.to_owned().into())
}

fn close(code: u16, reason: &str) -> Event {
    Event::Close(Some(Closing::new(code, reason).unwrap()))
}

#[tokio::test]
async fn a_handshake_is_the_clients_and_its_answer_the_lines() {
    let bench = Bench::new();
    let socket = bench.open("/dev?x=y").await;
    let id = socket.id();
    let again = bench.open("/dev").await;
    assert_ne!(id, again.id());

    let mut third = bench.open("/dev").await;
    third.meta.clear();
    let answer = third.send(&[Event::Open, text("early")]).await;
    let headers = answer.headers();
    assert_eq!(headers["content-type"], "application/websocket-events");
    assert_eq!(headers["sec-websocket-extensions"], "grip");
    assert_eq!(headers["sec-websocket-protocol"], "chat1");
    assert_eq!(headers["keep-alive-interval"], "600");
    let subscribe = format!(r#"c:{{"channel":"{}","type":"subscribe"}}"#, third.id());
    assert_eq!(
        heard(&answer),
        [Event::Open, text(&subscribe), text("m:early")]
    );
    assert_eq!(
        bench.told(),
        [
            "connect GET /dev cookie,connection,upgrade",
            "message early"
        ]
    );
}

#[tokio::test]
async fn a_refusal_reaches_the_client_as_it_is_and_leaves_nothing() {
    let bench = Bench::new();
    let answer = bench.socket("/refused").send(&[Event::Open]).await;
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.body(), r#"{"message":"Forbidden"}"#);
    assert_eq!(bench.told().len(), 1);
}

#[tokio::test]
async fn events_are_answered_in_their_order() {
    let bench = Bench::new();
    let bytes = |content: &'static [u8]| bytes::Bytes::from_static(content);
    let long = "x".repeat(131_073);
    for (events, answered, told) in [
        (vec![], vec![], vec![]),
        (
            vec![text("a"), text("quiet"), text("b")],
            vec![text("m:a"), text("m:b")],
            vec!["message a", "message quiet", "message b"],
        ),
        (vec![text("")], vec![text("m:")], vec!["message "]),
        (
            vec![Event::Ping(bytes(b"x")), Event::Pong(bytes(b"")), text("a")],
            vec![Event::Pong(bytes(b"x")), text("m:a")],
            vec!["message a"],
        ),
        (
            vec![text("a"), Event::Binary(bytes(b"\0")), text("b")],
            vec![text("m:a"), close(1003, "Binary is not supported")],
            vec!["message a"],
        ),
        (
            vec![text("a"), text(&long), text("b")],
            vec![text("m:a"), close(1009, "Message or frame too long")],
            vec!["message a"],
        ),
        (
            vec![text("a"), close(4001, "bye")],
            vec![text("m:a"), close(4001, "bye")],
            vec!["message a", "disconnected 4001 bye"],
        ),
        (
            vec![Event::Close(None)],
            vec![Event::Close(None)],
            vec!["disconnected 1005 Client-side close frame status not set"],
        ),
        (
            vec![text("quiet"), Event::Disconnect],
            vec![],
            vec!["message quiet", "disconnected 1006 "],
        ),
    ] {
        let mut socket = bench.open("/dev").await;
        let answer = socket.send(&events).await;
        assert_eq!(heard(&answer), answered);
        assert_eq!(bench.told(), told);
        let is_over = told.iter().any(|told| told.starts_with("disconnected"));
        let status = if is_over { 410 } else { 200 };
        assert_eq!(bench.manage(Method::GET, &socket.id(), "").await.0, status);
    }
}

#[tokio::test]
async fn what_no_holder_should_send_closes_the_socket() {
    let bench = Bench::new();
    for (body, answered) in [
        (
            &b"TEXT 1\r\na\r\nTEXT 1\r\n\xff\r\n"[..],
            vec![text("m:a"), close(1007, "Invalid UTF-8 in a text")],
        ),
        (
            b"TEXT 9\r\na\r\n",
            vec![close(1011, "Internal server error")],
        ),
        (b"TEXT", vec![close(1011, "Internal server error")]),
    ] {
        let mut socket = bench.open("/dev").await;
        let answer = socket.send_body(body.to_vec()).await;
        assert_eq!(heard(&answer), answered);
    }
    let mut socket = bench.open("/dev").await;
    socket.meta.clear();
    let answer = socket.send(&[text("a")]).await;
    assert_eq!(heard(&answer), [close(1011, "Internal server error")]);
}

#[tokio::test]
async fn an_end_is_told_once_however_often_it_is_heard() {
    let bench = Bench::new();
    let mut socket = bench.open("/dev").await;
    for expected in [&["disconnected 1006 "][..], &[]] {
        socket.send(&[Event::Disconnect]).await;
        assert_eq!(bench.told(), expected);
    }
}

#[tokio::test]
async fn long_messages_are_published_all_in_order() {
    let bench = Bench::new();
    let mut socket = bench.open("/dev").await;
    let long = "y".repeat(40_000);
    let answer = socket
        .send(&[text("before"), text(&long), text("after")])
        .await;
    assert_eq!(heard(&answer), []);
    let published = bench.published();
    let texts: Vec<_> = published
        .iter()
        .map(|item| match &item.action {
            Action::Text(text) => (item.channel.as_str(), text.as_str()),
            other => panic!("{other:?}"),
        })
        .collect();
    let id = socket.id();
    let expected = ["before", &long, "after"].map(|text| (id.as_str(), text));
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn a_connection_too_large_for_a_header_is_looked_up() {
    let bench = Bench::new();
    let mut socket = bench.open(&format!("/dev?{}", "a".repeat(5_000))).await;
    assert!(socket.meta["meta-connection"].len() < 100);
    assert_eq!(heard(&socket.send(&[text("a")]).await), [text("m:a")]);
    socket.send(&[Event::Disconnect]).await;
    assert_eq!(bench.told(), ["message a", "disconnected 1006 "]);
}

#[tokio::test]
async fn a_message_writes_once_a_minute_and_never_to_a_connection_that_has_ended() {
    let bench = Bench::new();
    let mut socket = bench.open("/dev").await;
    let mut revision = 0;
    for (seconds, is_written) in [(0, true), (59, false), (1, true), (59, false), (600, true)] {
        bench.later(seconds);
        socket.send(&[text("quiet")]).await;
        let key = postern_store::Key::new(socket.id(), "open");
        let item = bench
            .table
            .get(&key, postern_store::Consistency::Strong)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(item.revision != revision, is_written, "{seconds}");
        revision = item.revision;
    }
    let (status, ..) = bench.manage(Method::DELETE, &socket.id(), "").await;
    assert_eq!(status, 204);
    bench.later(60);
    let answer = socket.send(&[text("late")]).await;
    assert_eq!(heard(&answer), [close(1001, "Going away")]);
    assert_eq!(bench.manage(Method::GET, &socket.id(), "").await.0, 410);
}

#[tokio::test]
async fn a_holder_that_knows_no_limits_is_told_when_they_are_reached() {
    let bench = Bench::new();
    let ping = || Event::Ping(bytes::Bytes::from_static(b"x"));
    // Two hours, whatever is said.
    let mut socket = bench.open("/dev").await;
    for _ in 0..24 {
        assert_eq!(heard(&socket.send(&[text("quiet")]).await), []);
        bench.later(300);
    }
    assert_eq!(
        heard(&socket.send(&[text("late")]).await),
        [close(1001, "Going away")]
    );
    socket.send(&[close(1001, "Going away")]).await;
    assert_eq!(bench.told().last().unwrap(), "disconnected 1001 Going away");

    // Ten minutes without a message; pings do not count.
    let mut socket = bench.open("/dev").await;
    for (seconds, ask_again) in [(20, "580"), (579, "1")] {
        bench.later(seconds);
        let answer = socket.send(&[ping()]).await;
        assert_eq!(heard(&answer).len(), 1);
        assert_eq!(answer.headers()["keep-alive-interval"], ask_again);
    }
    bench.later(1);
    assert_eq!(heard(&socket.send(&[]).await), [close(1001, "Going away")]);

    // What is sent to the client counts, to within a minute.
    let mut socket = bench.open("/dev").await;
    bench.later(300);
    assert_eq!(bench.manage(Method::POST, &socket.id(), "x").await.0, 200);
    bench.later(300);
    let answer = socket.send(&[]).await;
    assert_eq!(heard(&answer), []);
    assert_eq!(answer.headers()["keep-alive-interval"], "360");
    bench.later(359);
    assert_eq!(heard(&socket.send(&[]).await), []);
    bench.later(1);
    assert_eq!(heard(&socket.send(&[]).await), [close(1001, "Going away")]);
}
