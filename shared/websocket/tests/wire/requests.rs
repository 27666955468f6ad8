//! Which requests are believed to be a holder's.

use crate::world::{BEGIN, Bench, KEY, arrival};
use http::Method;
use postern_grip::SharedKey;
use std::time::Duration;

#[tokio::test]
async fn only_a_holder_that_proves_itself_is_answered() {
    let bench = Bench::new();
    let good = bench.holder();
    let key = SharedKey::new(KEY.as_bytes());
    let (now, hour) = (Duration::from_secs(BEGIN), Duration::from_secs(3_600));
    let stranger = key.sign("stranger", now, hour);
    let expired = key.sign("holder", now.saturating_sub(hour), hour);
    let forged = SharedKey::new(b"another key").sign("holder", now, hour);
    let events = "application/websocket-events";
    for (method, kind, token, id, status) in [
        (Method::POST, events, good.as_str(), "s", 200),
        (
            Method::POST,
            "Application/WebSocket-Events; x=y",
            &good,
            "s",
            200,
        ),
        (Method::GET, events, &good, "s", 426),
        (Method::POST, "text/plain", &good, "s", 426),
        (Method::POST, "", &good, "s", 426),
        (Method::POST, events, "", "s", 401),
        (Method::POST, events, "a.b.c", "s", 401),
        (Method::POST, events, &forged, "s", 401),
        (Method::POST, events, &expired, "s", 401),
        (Method::POST, events, &stranger, "s", 403),
        (Method::POST, events, &good, "", 400),
    ] {
        let all = [
            ("content-type", kind),
            ("grip-sig", token),
            ("connection-id", id),
        ];
        let headers: Vec<_> = all
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let arrival = arrival(method.clone(), "/dev", &headers, b"OPEN\r\n");
        let answer = bench.sockets.answer(arrival).await;
        assert_eq!(answer.status(), status, "{method} {headers:?}");
        assert_eq!(bench.told().len(), usize::from(status == 200));
    }
    let faults = bench.faults.0.lock().unwrap();
    assert_eq!(
        *faults,
        [
            "sockets: the holder calls itself `stranger`, and no holder of that name is known: add it to POSTERN_HOLDERS",
            "sockets: the request has no `Connection-Id`",
        ]
    );
}
