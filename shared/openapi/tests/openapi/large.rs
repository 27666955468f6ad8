//! The largest documents that are let in.

use crate::world::{exported, import_with, imported};
use postern_openapi::{Dialect, Format};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

const OPERATIONS: usize = 2_000;

/// 2,000 operations in about five megabytes of YAML.
fn document() -> String {
    let mut text = String::from("openapi: 3.0.1\ninfo: {title: Large, version: '1'}\npaths:\n");
    let padding = "It says a lot about little. ".repeat(50);
    for i in 0..OPERATIONS / 2 {
        let _ = writeln!(
            text,
            r"  /group{group}/things{i}/{{id}}:
    parameters:
      - {{name: id, in: path, required: true, schema: {{type: string}}}}
    get: &get{i}
      description: {padding}
      parameters:
        - name: filter
          in: query
          description: What to show
          schema:
            type: string
      responses:
        '200':
          description: 200 response
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/Thing{i}'
        '404':
          $ref: '#/components/responses/Missing'
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: https://backend.example/things/{i}
        responses:
          default:
            statusCode: '200'
            responseTemplates:
              application/json: |
                #set($root = $input.path('$'))
                {padding}
    put:
      description: {padding}
      requestBody:
        content:
          application/json:
            schema:
              $ref: '#/components/schemas/Thing{i}'
      responses:
        '200':
          description: 200 response
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates:
          application/json: '{{}}'",
            group = i % 40,
        );
    }
    text.push_str(
        "components:\n  responses:\n    Missing: {description: There is none}\n  schemas:\n",
    );
    for i in 0..OPERATIONS / 2 {
        let _ = writeln!(
            text,
            r"    Thing{i}:
      type: object
      properties:
        name: {{type: string, description: {padding}}}
        next:
          $ref: '#/components/schemas/Thing{next}'",
            padding = &padding[..400],
            next = (i + 1) % (OPERATIONS / 2)
        );
    }
    text
}

#[test]
fn two_thousand_operations_in_five_megabytes_take_seconds() {
    let text = document();
    assert!(
        (4_500_000..6_000_000).contains(&text.len()),
        "{}",
        text.len()
    );
    let timed = |what: &str, started: Instant| {
        let took = started.elapsed();
        println!("{what}: {took:?}");
        // Generous: a busy machine must not fail it, and what grows with the square of the size must.
        assert!(took < Duration::from_secs(40), "{what} took {took:?}");
    };
    let started = Instant::now();
    let definition = import_with(text.as_bytes(), "").unwrap().definition;
    timed("import of YAML", started);
    assert_eq!(definition.methods.len(), OPERATIONS);
    let started = Instant::now();
    let json = exported(&definition, (Dialect::Oas30, Format::Json), "apigateway");
    timed("export as JSON", started);
    // Exports are laid out for people, with more white space than the limit has room for.
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let json = json.to_string();
    assert!(json.len() > 4_500_000, "{}", json.len());
    let started = Instant::now();
    assert_eq!(imported(&json).definition.methods.len(), OPERATIONS);
    timed("import of JSON", started);
}
