//! How sockets end: what the client is told, and what the backend hears, which is one CLOSE or one DISCONNECT.

use crate::support::{Answer, Bench, answer, close, echo, eventually, listens, mute, status, text};
use bytes::Bytes;
use http::Request;
use postern_grip::{Action, Closing, Event, Item};
use postern_holder::Settings;
use std::time::Duration;

#[tokio::test]
async fn a_clients_close_is_answered_by_the_backend_or_else_by_itself() {
    type Script = fn(&Request<Bytes>, &[Event]) -> Answer;
    fn replies(events: &[Event], reply: &[Event]) -> Answer {
        Ok(match events {
            [Event::Open] => answer(&[Event::Open]),
            _ => answer(reply),
        })
    }
    let cases: [(&str, Script, (u16, &str)); 6] = [
        ("the same", echo, (4001, "mine")),
        ("nothing", mute, (4001, "mine")),
        (
            "another code",
            |_, events| replies(events, &[close(4002, "yours")]),
            (4002, "yours"),
        ),
        (
            "a last word",
            |_, events| replies(events, &[text("bye"), Event::Close(None)]),
            (1005, ""),
        ),
        (
            "an error",
            |_, events| match events {
                [Event::Open] => Ok(answer(&[Event::Open])),
                _ => Ok(status(500)),
            },
            (4001, "mine"),
        ),
        (
            "let go",
            |_, events| replies(events, &[Event::Disconnect]),
            (1006, ""),
        ),
    ];
    for (name, script, expected) in cases {
        let bench = Bench::start(Settings::default(), script).await;
        let mut client = bench.connect().await;
        client.send(0x88, b"\x0f\xa1mine").await;
        let closed = client.closed().await;
        assert_eq!((closed.0, closed.1.as_str()), expected, "{name}");
        assert_eq!(client.receive().await, None, "{name}");
        drop(client);
        let heard = bench.heard_to_the_end().await;
        assert_eq!(heard, [close(4001, "mine")], "{name}");
    }
}

#[tokio::test]
async fn a_slow_backend_does_not_keep_a_closing_client_and_still_hears_of_it() {
    let mut settings = Settings::default();
    settings.limits.close_wait = Duration::from_millis(50);
    let bench = Bench::start_slow(settings, Duration::from_millis(500), mute).await;
    let mut client = bench.connect().await;
    client.say("slow").await;
    eventually(|| bench.heard().len() == 2).await;
    client.send(0x88, b"\x03\xe8").await;
    assert_eq!(client.closed().await, (1000, String::new()));
    assert_eq!(bench.heard().len(), 2, "the backend is still at it");
    assert_eq!(
        bench.heard_to_the_end().await,
        [text("slow"), close(1000, "")]
    );
}

#[tokio::test]
async fn a_client_that_vanishes_is_disconnected() {
    let bench = Bench::start(Settings::default(), echo).await;
    let mut client = bench.connect().await;
    client.say("here").await;
    client.receive_text().await;
    drop(client);
    assert_eq!(
        bench.heard_to_the_end().await,
        [text("here"), Event::Disconnect]
    );
}

// The backend blocks a thread: more than one are needed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_wait_for_the_handshake_is_disconnected() {
    let (let_go, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let bench = Bench::start(Settings::default(), move |request, events| {
        if events.contains(&Event::Open) {
            tokio::task::block_in_place(|| held.lock().unwrap().recv().unwrap());
        }
        echo(request, events)
    })
    .await;
    let client = bench.ask("/").await;
    eventually(|| bench.heard().len() == 1).await;
    drop(client);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let_go.send(()).unwrap();
    assert_eq!(bench.heard_to_the_end().await, [Event::Disconnect]);
}

/// What a test does to a socket that is open.
type Deed = fn(&Bench);

#[tokio::test]
async fn whoever_closes_here_the_backend_hears_the_code() {
    fn publish(bench: &Bench, action: Action) {
        let channel = "ch".to_owned();
        bench.holder.publish_items(&[Item { channel, action }]);
    }
    let cases: [(&str, Deed, (u16, &str)); 3] = [
        (
            "published",
            |bench| {
                let closing = Closing::new(4005, "why").unwrap();
                publish(bench, Action::Close(Some(closing)));
            },
            (4005, "why"),
        ),
        (
            "published with words before",
            |bench| {
                publish(bench, Action::Text("last".to_owned()));
                publish(bench, Action::Close(Some(Closing::new(1000, "").unwrap())));
                publish(bench, Action::Text("too late".to_owned()));
            },
            (1000, ""),
        ),
        (
            "shut down",
            |bench| {
                let holder = bench.holder.clone();
                tokio::spawn(async move { holder.shut_down(Duration::from_secs(10)).await });
            },
            (1001, "Going away"),
        ),
    ];
    for (name, deed, expected) in cases {
        let bench = Bench::start(Settings::default(), listens).await;
        let mut client = bench.connect().await;
        deed(&bench);
        let closed = client.closed().await;
        assert_eq!((closed.0, closed.1.as_str()), expected, "{name}");
        // What comes before the client's own Close is too late to be heard.
        client.say("too late").await;
        client.close_back(expected.0).await;
        let heard = bench.heard_to_the_end().await;
        assert_eq!(heard, [close(expected.0, expected.1)], "{name}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_answer_a_close_is_cut_off() {
    let mut settings = Settings::default();
    settings.limits.close_wait = Duration::from_millis(50);
    let bench = Bench::start(settings, listens).await;
    let mut client = bench.connect().await;
    assert_eq!(bench.holder.shut_down(Duration::from_secs(10)).await, 0);
    assert_eq!(client.closed().await, (1001, "Going away".to_owned()));
    assert_eq!(client.receive().await, None);
    assert_eq!(bench.heard_to_the_end().await, [close(1001, "Going away")]);
}

#[tokio::test]
async fn limits_close_with_the_codes_of_aws() {
    let mut settings = Settings::default();
    settings.limits.frame_bytes_max = 100;
    settings.limits.message_bytes_max = 150;
    for (name, frames, code) in [
        ("a frame too long", vec![(0x81, vec![b'x'; 101])], 1009),
        (
            "a message too long",
            vec![(0x01, vec![b'x'; 100]), (0x80, vec![b'x'; 51])],
            1009,
        ),
        ("bad text", vec![(0x01, b"ab\xff".to_vec())], 1007),
        ("no opcode", vec![(0x83, vec![])], 1002),
        (
            "a code that may not be sent",
            vec![(0x88, vec![0x03, 0xed])],
            1002,
        ),
    ] {
        let bench = Bench::start(settings.clone(), echo).await;
        let mut client = bench.connect().await;
        for (first, payload) in &frames {
            client.send(*first, payload).await;
        }
        // More on the way must not cost the client its Close frame.
        client.send(0x82, vec![0; 200_000]).await;
        let (closed, reason) = client.closed().await;
        assert_eq!(closed, code, "{name}");
        drop(client);
        assert_eq!(
            bench.heard_to_the_end().await,
            [close(code, &reason)],
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_idle_socket_is_closed_though_it_pings() {
    let mut settings = Settings::default();
    settings.limits.idle = Duration::from_millis(400);
    let bench = Bench::start(settings, echo).await;
    let mut client = bench.connect().await;
    let begun = tokio::time::Instant::now();
    // Messages keep it open for longer than the limit.
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        client.say("here").await;
        client.receive_text().await;
    }
    let talked = begun.elapsed();
    for _ in 0..3 {
        client.send(0x89, "").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(client.closed().await, (1001, "Going away".to_owned()));
    assert!(begun.elapsed() < talked + Duration::from_secs(2));
    client.close_back(1001).await;
    let heard = bench.heard_to_the_end().await;
    assert_eq!(heard.last(), Some(&close(1001, "Going away")));
}

#[tokio::test]
async fn no_socket_outlives_its_time_however_busy() {
    let mut settings = Settings::default();
    settings.limits.life = Duration::from_millis(300);
    let bench = Bench::start(settings, echo).await;
    let mut client = bench.connect().await;
    loop {
        client.say("here").await;
        let frame = client.receive().await.unwrap();
        if frame.first == 0x88 {
            assert_eq!(frame.payload, b"\x03\xe9Going away");
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_and_sees_no_gap() {
    let mut settings = Settings::default();
    settings.limits.unsent_bytes_max = 100_000;
    let bench = Bench::start(settings, listens).await;
    let mut client = bench.connect().await;
    let item = |number: usize| Item {
        channel: "ch".to_owned(),
        action: Action::Text(format!("{number} {}", "x".repeat(50_000))),
    };
    let mut sent = 0;
    while bench.troubles.lock().unwrap().is_empty() && sent < 100_000 {
        // The kernel takes megabytes before the queue fills.
        bench.holder.publish_items(&[item(sent)]);
        sent += 1;
        tokio::task::yield_now().await;
        if bench.holder.sockets() == 0 || sent > 2_000 {
            break;
        }
    }
    let mut received = 0;
    loop {
        match client
            .receive()
            .await
            .expect("a Close comes before the end")
        {
            frame if frame.first == 0x88 => {
                assert_eq!(frame.payload[..2], 1008_u16.to_be_bytes());
                break;
            }
            frame if frame.first & 0x0f == 1 => {
                assert!(frame.payload.starts_with(format!("{received} ").as_bytes()));
                received += 1;
            }
            _ => {}
        }
    }
    assert!(received < sent, "{received} of {sent}");
    client.close_back(1008).await;
    let heard = bench.heard_to_the_end().await;
    assert_eq!(heard, [close(1008, "The client reads too slowly")]);
}

#[tokio::test]
async fn stopping_closes_every_socket_and_tells_the_backend() {
    let mut bench = Bench::start(Settings::default(), echo).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(bench.connect().await);
    }
    bench.stop();
    for client in &mut clients {
        assert_eq!(client.closed().await, (1001, "Going away".to_owned()));
        client.close_back(1001).await;
    }
    let heard = bench.heard_to_the_end().await;
    let ends = heard
        .iter()
        .filter(|event| **event == close(1001, "Going away"));
    assert_eq!(ends.count(), 20);
}
