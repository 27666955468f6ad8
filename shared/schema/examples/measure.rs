//! How long a body of two kilobytes takes: `cargo run --release -p postern-schema --example measure`. An argument is the number of
//! rounds, few for a profiler that counts instructions.

use postern_schema::{Documents, Schema};
use serde_json::json;
use std::time::Instant;

fn main() {
    let rounds = std::env::args().nth(1);
    let rounds = rounds.map_or(100_000, |rounds| rounds.parse().unwrap_or(1));
    let pet = json!({"type": "object", "required": ["id", "name"], "additionalProperties": false, "properties": {
        "id": {"type": "integer", "minimum": 1}, "name": {"type": "string", "minLength": 1, "maxLength": 80},
        "kind": {"enum": ["dog", "cat", "fish"]}, "tag": {"type": "string", "pattern": "^[a-z]+-[0-9]+$"},
        "price": {"type": "number", "minimum": 0, "maximum": 500}}});
    let mut documents = Documents::default();
    documents.add("", json!({"type": "array", "items": pet, "maxItems": 100}));
    let Ok(schema) = Schema::compile("", &documents) else {
        unreachable!("the schema is well formed")
    };
    // In the order in which a client would write them, which is not that of their names.
    let pets: Vec<_> = (1..25)
        .map(|id| format!(r#"{{"id":{id},"name":"a name of some length","kind":"dog","tag":"abc-12","price":26.5}}"#))
        .collect();
    let body = format!("[{}]", pets.join(","));
    let begun = Instant::now();
    for _ in 0..rounds {
        assert!(schema.check(std::hint::black_box(body.as_bytes())).is_ok());
    }
    let each = begun.elapsed() / rounds;
    println!("{} bytes: {each:?} each, of which reading is", body.len());
    let begun = Instant::now();
    for _ in 0..rounds {
        std::hint::black_box(postern_schema::Instance::parse(body.as_bytes()));
    }
    println!("{:?}", begun.elapsed() / rounds);
}
