//! No template and no path, however written, panics, hangs or goes past its bounds.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::{Duration, Instant};

use postern_template::jsonpath::Path;
use postern_template::{Limits, Overrides, Payload, Template, json};
use proptest::prelude::*;
use support::Request;

const BODY: &str =
    r#"{"a":{"b":[1,2.5,"x",null,{"c":true}]},"s":"Hello World","n":7,"e":[],"o":{}}"#;

/// Long enough for a busy machine, short enough to tell a hang.
const LONG: Duration = Duration::from_secs(20);

fn limits() -> Limits {
    Limits {
        steps: 20_000,
        memory_bytes: 1 << 20,
        output_bytes: 1 << 18,
        regex_steps: 20_000,
        ..Limits::default()
    }
}

fn run(text: &str) {
    let started = Instant::now();
    let settings = serde_json::json!({"context": {"identity": {"sourceIp": "x"}}, "params": {"path": {"p": "v"}}});
    let request = Request::new(settings.as_object().unwrap());
    if let Ok(template) = Template::parse("any", text) {
        let payload = Payload::new(BODY);
        if let Ok(output) =
            template.run_within(&limits(), &request, &payload, &mut Overrides::default())
        {
            assert!(output.len() <= 2 << 20);
        }
    }
    assert!(started.elapsed() < LONG, "{text:?}");
}

fn request() -> Request {
    Request::new(&serde_json::Map::new())
}

/// Documents with few names, some of them twice.
fn document() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "null",
        "true",
        "1",
        "-2.5",
        "3000000000",
        "99999999999999999999",
        "\"\"",
        "\"x\"",
        "\"\\n\\u00e9\"",
        "[]",
        "{}",
    ]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(4, 40, 5, |inner| {
            let name = prop::sample::select(vec!["a", "b", "c", "\\u0061", "key"]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5)
                    .prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec((name, inner.clone()), 0..5).prop_map(|members| {
                    let members: Vec<_> = members
                        .iter()
                        .map(|(name, value)| format!("\"{name}\":{value}"))
                        .collect();
                    format!("{{{}}}", members.join(" , "))
                }),
                prop::collection::vec(inner, 40..50).prop_map(|values| {
                    let members: Vec<_> = values
                        .iter()
                        .enumerate()
                        .map(|(at, value)| format!("\"{at}\":{value}"))
                        .collect();
                    format!("{{{},\"a\":1}}", members.join(","))
                }),
            ]
        })
}

fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "$",
        "$!",
        "${",
        "}",
        "$x",
        "$!{x}",
        "$x.y",
        "[0]",
        "['k']",
        ".m(",
        ")",
        "(",
        "#",
        "##",
        "#*",
        "*#",
        "#[[",
        "]]#",
        "#set(",
        "#set($x = ",
        "#if(",
        "#if($x)",
        "#elseif(true)",
        "#else",
        "#end",
        "#foreach($i in ",
        "#foreach($i in $x)",
        "#macro(m $p)",
        "#m($x)",
        "#@m(1)",
        "#define($d)",
        "$d",
        "#break",
        "#stop",
        "$foreach.count",
        "$input.path('$')",
        "$input.path('$.a.b')",
        "$input.json('$..*')",
        "$input.params()",
        "$context.identity",
        "$context.requestOverride.header.put('a','b')",
        "$util.parseJson(",
        "$util.xml.toMap(",
        "'<a>1</a>'",
        "'{\"a\":[1]}'",
        "'",
        "\"",
        "\"$x\"",
        "1",
        "-1",
        "2147483647",
        "1.5",
        "..",
        "[1..3]",
        "[",
        "]",
        "{",
        "{'a':1}",
        ",",
        ":",
        " ",
        "\n",
        "\r\n",
        "\\",
        "\\\\",
        "+",
        "-",
        "*",
        "/",
        "%",
        "==",
        "<",
        "&&",
        "!",
        "true",
        "and",
        "not",
        ".replaceAll('(a|b)*','$1')",
        ".split('')",
        ".add($x)",
        ".format('%s')",
        ".substring(1)",
        ".size()",
        ".keySet()",
        ".put($x,$x)",
        ".iterator()",
        "é",
        "😀",
    ])
    .prop_map(str::to_owned);
    prop_oneof![9 => fixed, 1 => any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn any_pieces_of_a_template_end(pieces in prop::collection::vec(piece(), 0..40)) {
        run(&pieces.concat());
    }

    #[test]
    fn any_text_as_a_template_ends(text in any::<String>()) {
        run(&text);
    }

    #[test]
    fn any_text_as_a_path_ends(
        pieces in prop::collection::vec(prop_oneof![
            prop::sample::select(vec!["$", ".", "..", "a", "*", "[", "]", "[*]", "[?(", ")", "]", "@", "@.a", "==", "'x'", "/a*/", "=~",
                "1", "-1", ":", ",", "&&", "||", "!", "(", ".length()", "['a','b']", "in", "[1]", " "]).prop_map(str::to_owned),
            any::<String>(),
        ], 0..20)
    ) {
        let text = pieces.concat();
        let started = Instant::now();
        if let Ok(path) = Path::compile(&text) {
            let document = json::parse(BODY).unwrap();
            let _ = path.select(&document);
        }
        prop_assert!(started.elapsed() < LONG);
    }

    #[test]
    fn any_pattern_ends(pattern in "[ab()\\[\\]*+?|.^$\\\\{}0-9,=!<:dws-]{0,20}", text in "[ab \n]{0,30}") {
        run(&format!("#set($p = '{pattern}')#set($s = '{text}')$s.replaceAll($p, '<$0>')$s.split($p).size()$s.matches($p)"));
    }

    #[test]
    fn a_document_that_is_held_looks_as_one_that_is_only_read(
        document in document(),
        path in prop::sample::select(vec!["$", "$.a", "$.a.b", "$.b[0]", "$.a[-1]", "$..a", "$.*", "$[*].b", "$[1:]", r#"$["a","b"]"#, "$[?(@.a)]",
            "$..[?(@.b == 1)].a", "$.length()", "$.b.first()"]),
    ) {
        let body = document.clone();
        let both = ["", "#set($held = [$input.path('$')])"].map(|held| {
            let text = format!(
                "{held}#set($x = $input.path('{path}'))$input.json('{path}')|$x|$x.a|$x.get('b')|#if($x.size() > 1)$x.get(1)$x[0]#end|$x.a.b|$x.size()|$x.isEmpty()|\
                 $x.keySet()|$x.containsKey('a')|#if($x == $x.a)same#end|#if($x.equals($x.b))same#end|#foreach($y in $x)$y.a,$y #end|$x.hashCode()"
            );
            Template::parse("any", &text).unwrap()
                .run(&request(), &Payload::new(&body), &mut Overrides::default())
                .map_err(|error| error.fault.to_string())
        });
        prop_assert_eq!(&both[0], &both[1], "{}", body);
    }

    #[test]
    fn json_reads_as_serde_does(text in "[\\[\\]{}\",:0-9a-z.eE+\\- \\\\u]{0,30}") {
        prop_assert_eq!(json::parse(&text).is_ok(), serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
    }
}

#[test]
fn long_rows_of_anything_are_read_in_good_time() {
    let started = Instant::now();
    for piece in [
        "\\",
        "$",
        "#",
        "(",
        "$a[",
        "#if(true)",
        "\"",
        "'",
        "#a ",
        "$x.y(",
        "#set($x=1+",
        " ",
        "{",
        "#*",
        "$!",
        "\\#if",
        "#@a()",
        "$a",
        "-",
        "[[",
        "#[[",
        "é",
    ] {
        let text = piece.repeat(300 * 1024 / piece.len());
        run(&text);
        run(&format!(
            "#set($x = {}",
            &text[..200_000 / piece.len() * piece.len()]
        ));
    }
    assert!(started.elapsed() < 3 * LONG);
}
