//! Random declarations of keys and random requests, against a map.

use super::fleet::{Fleet, all, proxy};
use proptest::prelude::*;
use serde_json::json;
use std::collections::HashMap;

const NAMES: [&str; 3] = ["a", "b", "A"];
const VALUES: [&str; 6] = ["", "1", "2", "12", "1,2", "a"];

#[derive(Clone, Debug)]
struct Asked {
    id: &'static str,
    query: Vec<(&'static str, &'static str)>,
    headers: Vec<(&'static str, &'static str)>,
}

fn pairs() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let pair = (
        prop::sample::select(&NAMES[..]),
        prop::sample::select(&VALUES[..]),
    );
    prop::collection::vec(pair, 0..4)
}

fn asked() -> impl Strategy<Value = Asked> {
    let id = prop::sample::select(&["1", "2", "12", "a"][..]);
    (id, pairs(), pairs()).prop_map(|(id, query, headers)| Asked { id, query, headers })
}

fn declared() -> impl Strategy<Value = Vec<&'static str>> {
    let all = [
        "method.request.path.id",
        "method.request.querystring.a",
        "method.request.querystring.b",
        "method.request.querystring.A",
        "method.request.multivaluequerystring.b",
        "method.request.header.a",
        "method.request.header.b",
        "method.request.multivalueheader.A",
    ];
    prop::sample::subsequence(all.to_vec(), 0..=all.len())
}

impl Asked {
    /// What the declaration says of it, in plain words.
    fn told_apart_by(&self, declared: &[&str]) -> Vec<Vec<&'static str>> {
        let one = |name: &&str| {
            let (kind, name) = name["method.request.".len()..].split_once('.').unwrap();
            let of = |pairs: &[(&'static str, &'static str)], same: fn(&str, &str) -> bool| {
                let pairs = pairs.iter().filter(|(n, _)| same(n, name));
                pairs.map(|(_, value)| *value).collect()
            };
            match kind {
                "path" => vec![self.id],
                "querystring" | "multivaluequerystring" => of(&self.query, |a, b| a == b),
                _ => of(&self.headers, str::eq_ignore_ascii_case),
            }
        };
        declared.iter().map(one).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nobody_gets_the_answer_of_somebody_whom_the_key_tells_apart(declared in declared(), requests in prop::collection::vec((asked(), 0..2_usize), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let fleet = Fleet::new(2);
            fleet.deploy("d1", &[("GET /p/{id}", proxy(&declared))]).await;
            fleet.stage(all(), json!({})).await;
            let mut known: HashMap<_, String> = HashMap::new();
            for (asked, environment) in requests {
                let query: Vec<_> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
                let request = format!("GET /dev/p/{}?{}", asked.id, query.join("&"));
                let told = fleet.ask(environment, &request, &asked.headers).await;
                assert_eq!(told.status, 200);
                let expected = known.entry(asked.told_apart_by(&declared)).or_insert_with(|| told.body.clone());
                assert_eq!(*expected, told.body, "{declared:?} {asked:?}");
            }
            // And nobody was asked twice for the same.
            assert_eq!(fleet.backend.calls(), known.len());
        });
    }
}
