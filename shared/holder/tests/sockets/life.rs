//! Messages both ways, in their order and within their limits.

use crate::support::{
    Bench, Frame, answer, close, echo, eventually, grip, listens, mute, status, text,
};
use bytes::Bytes;
use postern_grip::Event;
use postern_holder::{Arrival, BackendError, Pings, Settings};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

#[tokio::test]
async fn what_queues_up_goes_together_and_in_order_and_one_request_at_a_time() {
    let bench = Bench::start_slow(Settings::default(), Duration::from_millis(20), echo).await;
    let mut client = bench.connect().await;
    for number in 0..200 {
        client.say(number.to_string()).await;
    }
    for number in 0..200 {
        assert_eq!(client.receive_text().await, number.to_string());
    }
    assert_eq!(bench.backend.most_at_once.load(Ordering::SeqCst), 1);
    let requests = bench.heard().len();
    assert!(requests < 100, "{requests} requests for 200 messages");
}

#[tokio::test]
async fn a_request_carries_the_handshake_an_id_a_signature_and_what_was_kept() {
    let mut settings = Settings::default();
    let key = postern_grip::SharedKey::new(b"secret");
    settings.signing = Some(postern_holder::Signing {
        key: key.clone(),
        others: Vec::new(),
        issuer: "test".to_owned(),
    });
    let bench = Bench::start(settings, |request, events| {
        let mut answer = echo(request, events)?;
        if events.contains(&Event::Open) {
            answer
                .headers_mut()
                .insert("set-meta-user", "7".parse().unwrap());
        }
        Ok(answer)
    })
    .await;
    let mut client = bench.connect().await;
    client.say("one").await;
    client.receive_text().await;
    assert_eq!(bench.header("host"), ["example.com", "example.com"]);
    assert_eq!(bench.header("x-forwarded-for"), ["127.0.0.1", "127.0.0.1"]);
    assert_eq!(bench.header("meta-user"), ["-", "7"]);
    let ids = bench.header("connection-id");
    assert!(ids[0].len() == 36 && ids[0] == ids[1], "{ids:?}");
    let now = postern_store::Clock::now(&postern_store::SystemClock);
    for token in bench.header("grip-sig") {
        assert_eq!(key.verify(&token, now), Ok(Some("test".to_owned())));
    }
}

#[tokio::test]
async fn with_grip_only_what_is_marked_reaches_the_client() {
    let bench = Bench::start(Settings::default(), |_, events| {
        Ok(match events {
            [Event::Open] => grip(&[Event::Open]),
            _ => answer(&[
                text("no prefix"),
                text("c:garbage"),
                text(r#"c:{"type":"of the future"}"#),
                Event::Binary(Bytes::from_static(b"bare")),
                Event::Binary(Bytes::from_static(b"m:marked")),
                text("m:done"),
            ]),
        })
    })
    .await;
    let mut client = bench.connect().await;
    client.say("go").await;
    let frame = client.receive().await.unwrap();
    assert_eq!((frame.first, &frame.payload[..]), (0x82, &b"marked"[..]));
    assert_eq!(client.receive_text().await, "done");
    assert_eq!(bench.troubles.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn pings_are_answered_here_or_by_the_backend() {
    for pings in [Pings::Answered, Pings::Forwarded] {
        let mut settings = Settings::default();
        settings.pings = pings;
        let bench = Bench::start(settings, |_, events| {
            let reply = |event: &Event| match event {
                Event::Ping(payload) => Event::Pong([b"backend:", &payload[..]].concat().into()),
                event => event.clone(),
            };
            Ok(answer(&events.iter().map(reply).collect::<Vec<_>>()))
        })
        .await;
        let mut client = bench.connect().await;
        client.send(0x89, "x").await;
        let pong = client.receive().await.unwrap();
        let expected = match pings {
            Pings::Answered => "x",
            Pings::Forwarded => "backend:x",
        };
        assert_eq!(pong.first, 0x8a);
        assert_eq!(String::from_utf8(pong.payload).unwrap(), expected);
    }
}

#[tokio::test]
async fn a_long_message_leaves_in_frames_within_the_limit() {
    let mut settings = Settings::default();
    settings.limits.frame_bytes_max = 10;
    let bench = Bench::start(settings, echo).await;
    let mut client = bench.connect().await;
    client.send(0x01, "0123456789").await;
    client.send(0x80, "abcde").await;
    let frame = |first, payload: &str| {
        Some(Frame {
            first,
            payload: payload.as_bytes().to_vec(),
        })
    };
    assert_eq!(client.receive().await, frame(0x01, "0123456789"));
    assert_eq!(client.receive().await, frame(0x80, "abcde"));
}

#[tokio::test]
async fn an_answer_longer_than_the_queue_reaches_a_client_that_reads_late() {
    let mut settings = Settings::default();
    settings.limits.unsent_bytes_max = 10_000;
    let bench = Bench::start(settings, |request, events| {
        if events.contains(&Event::Open) {
            return echo(request, events);
        }
        let long = "x".repeat(1_000);
        let messages: Vec<_> = (0..3_000)
            .map(|number| text(&format!("{number} {long}")))
            .collect();
        Ok(answer(&messages))
    })
    .await;
    let mut client = bench.connect().await;
    client.say("go").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    for number in 0..3_000 {
        let message = client.receive_text().await;
        assert!(message.starts_with(&format!("{number} ")), "{number}");
    }
}

#[tokio::test]
async fn a_client_is_not_read_faster_than_the_backend_answers() {
    let mut settings = Settings::default();
    settings.limits.unanswered_bytes_max = 10_000;
    let bench = Bench::start_slow(settings, Duration::from_millis(5), mute).await;
    let mut client = bench.connect().await;
    for _ in 0..1_000 {
        client.say([b'x'; 1_000]).await;
    }
    client.send(0x88, "").await;
    let heard = bench.heard_to_the_end().await;
    assert_eq!(heard.len(), 1_001);
    let longest = bench.heard().iter().map(Vec::len).max();
    // What one read brings after the limit was all but reached.
    assert!(longest < Some(30), "{longest:?} messages in one request");
}

#[tokio::test]
async fn a_backend_may_be_asked_when_nothing_happens() {
    // At most every twenty seconds: the clock is turned.
    let bench = Bench::start(Settings::default(), |_, events| {
        let mut answer = mute(&http::Request::default(), events)?;
        answer
            .headers_mut()
            .insert("keep-alive-interval", "1".parse().unwrap());
        Ok(answer)
    })
    .await;
    let client = bench.connect().await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(15)).await;
    assert_eq!(bench.heard().len(), 1);
    tokio::time::advance(Duration::from_secs(6)).await;
    tokio::time::resume();
    eventually(|| bench.heard().len() == 2).await;
    assert_eq!(bench.heard()[1], []);
    drop(client);
}

#[tokio::test]
async fn a_client_is_kept_alive_with_what_the_backend_gave_for_it() {
    let bench = Bench::start(Settings::default(), |_, events| {
        Ok(match events {
            [Event::Open] => grip(&[
                Event::Open,
                text(r#"c:{"type":"keep-alive","content":"still here","timeout":1}"#),
            ]),
            _ => answer(&[]),
        })
    })
    .await;
    let mut client = bench.connect().await;
    assert_eq!(client.receive_text().await, "still here");
    assert_eq!(client.receive_text().await, "still here");
}

#[tokio::test]
async fn a_detached_backend_hears_only_the_end() {
    let bench = Bench::start(Settings::default(), |request, events| {
        let mut answer = listens(request, events)?;
        if let [Event::Text(_)] = events {
            answer = self::answer(&[text(r#"c:{"type":"detach"}"#), text("m:detached")]);
        }
        Ok(answer)
    })
    .await;
    let mut client = bench.connect().await;
    client.say("go").await;
    assert_eq!(client.receive_text().await, "detached");
    client.say("nobody hears this").await;
    client.send(0x88, b"\x03\xe8").await;
    assert_eq!(client.closed().await.0, 1000);
    let heard = bench.heard_to_the_end().await;
    assert_eq!(heard, [text("go"), close(1000, "")]);
}

#[tokio::test]
async fn a_backend_that_has_not_run_is_asked_again() {
    let asked = AtomicUsize::new(0);
    let bench = Bench::start(Settings::default(), move |request, events| match events {
        [Event::Text(_)] => match asked.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(status(429)),
            1 => Err(BackendError::Unreached("refused".to_owned())),
            _ => echo(request, events),
        },
        _ => echo(request, events),
    })
    .await;
    let mut client = bench.connect().await;
    client.say("once").await;
    assert_eq!(client.receive_text().await, "once");
    let once = vec![text("once")];
    assert_eq!(bench.heard()[1..], [once.clone(), once.clone(), once]);
}

#[tokio::test]
async fn a_connection_has_the_id_that_it_was_given() {
    let bench = Bench::start(Settings::default(), echo).await;
    let request = http::Request::get("/")
        .header("host", "example.com")
        .header("upgrade", "websocket")
        .header("connection", "upgrade")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let arrival = Arrival {
        peer: None,
        connection_id: Some("IU3kkeN4IAMCJwA=".to_owned()),
    };
    let answer = bench
        .holder
        .accept(request.body(()).unwrap(), arrival)
        .await;
    assert_eq!(answer.status(), 101);
    // On no connection at all, which the backend is told.
    assert_eq!(bench.heard_to_the_end().await, [Event::Disconnect]);
    assert_eq!(bench.header("connection-id"), ["IU3kkeN4IAMCJwA="; 2]);
    assert_eq!(bench.header("x-forwarded-for"), ["-", "-"]);
}

#[tokio::test]
async fn a_flood_of_pings_that_are_not_read_is_not_kept() {
    let mut settings = Settings::default();
    settings.limits.unsent_bytes_max = 10_000;
    let bench = Bench::start(settings, echo).await;
    let mut client = bench.connect().await;
    let pings = [0x89, 0x80, 0, 0, 0, 0].repeat(10_000);
    let flood = async { while client.stream.write_all(&pings).await.is_ok() {} };
    // What the kernels hold, and then no more: the holder has stopped reading.
    assert!(timeout(Duration::from_secs(2), flood).await.is_err());
    assert_eq!(bench.holder.sockets(), 1);
}
