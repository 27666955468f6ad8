//! What a run costs: a template that turns 2 KB of JSON into other JSON. Run with `--release`; an argument is the number of
//! rounds, few for a profiler that counts instructions.

#![allow(clippy::print_stdout, reason = "it is a program that prints")]

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Instant;

use postern_template::{Found, Inputs, Overrides, Payload, Place, Template};

struct Request;

impl Inputs for Request {
    fn context(&self, path: &[&str]) -> Found<'_> {
        match path {
            ["requestId"] => Found::Text("c6af9ac6-7b61-11e6-9a41-93e8deadbeef".into()),
            ["identity", "sourceIp"] => Found::Text("192.0.2.1".into()),
            _ => Found::Absent,
        }
    }

    fn context_keys(&self, _: &[&str]) -> Vec<Cow<'_, str>> {
        Vec::new()
    }

    fn stage_variable(&self, name: &str) -> Option<Cow<'_, str>> {
        (name == "env").then(|| "prod".into())
    }

    fn stage_variable_names(&self) -> Vec<Cow<'_, str>> {
        vec!["env".into()]
    }

    fn parameter(&self, place: Place, name: &str) -> Option<Cow<'_, str>> {
        (place == Place::Querystring && name == "page").then(|| "2".into())
    }

    fn parameter_names(&self, _: Place) -> Vec<Cow<'_, str>> {
        Vec::new()
    }
}

const TEMPLATE: &str = r#"#set($root = $input.path('$'))
{
  "request": "$context.requestId",
  "from": "$context.identity.sourceIp",
  "env": "$stageVariables.env",
  "page": "$input.params('page')",
  "customer": {"id": "$root.customer.id", "name": "$util.escapeJavaScript($root.customer.name)"},
  "items": [
#foreach($item in $root.items)
    {"sku": "$item.sku", "label": "$item.name.toUpperCase()", "total": #set($total = $item.price * $item.quantity)$total, "tags": $item.tags#if($item.quantity > 3), "bulk": true#end}#if($foreach.hasNext),#end

#end
  ],
  "count": $root.items.size()
}
"#;

fn body() -> String {
    let mut body = r#"{"customer":{"id":"c-1001","name":"Ann \"The Buyer\" O'Hara","email":"ann@example.com"},"items":["#.to_owned();
    for index in 0..16 {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(
            body,
            r#"{comma}{{"sku":"SKU-{index:04}","name":"Article number {index}","price":{}.5,"quantity":{},"tags":["a","b{index}"],"note":"as seen in the shop"}}"#,
            index + 10,
            index % 6 + 1
        );
    }
    body.push_str("]}");
    body
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let body = body();
    let template = Template::parse("bench", TEMPLATE)?;
    let rounds = match std::env::args().nth(1) {
        Some(rounds) => rounds.parse()?,
        None => 20_000_u32,
    };
    let mut bytes = 0;
    for _ in 0..rounds / 10 {
        bytes = template
            .run(&Request, &Payload::new(&body), &mut Overrides::default())?
            .len();
    }
    let mut best = f64::MAX;
    for _ in 0..5 {
        let started = Instant::now();
        for _ in 0..rounds {
            bytes = template
                .run(&Request, &Payload::new(&body), &mut Overrides::default())?
                .len();
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e6 / f64::from(rounds));
    }
    let started = Instant::now();
    let parses = rounds / 100 + 1;
    for _ in 0..parses {
        Template::parse("bench", TEMPLATE)?;
    }
    let parse = started.elapsed().as_secs_f64() * 1e6 / f64::from(parses);
    println!(
        "{} bytes in, {bytes} bytes out: {best:.1} µs a run, {parse:.1} µs to parse the template",
        body.len()
    );
    Ok(())
}
