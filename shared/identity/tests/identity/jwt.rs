//! Tokens: what is found good, and everything that has been tried against readers of tokens.

use crate::issuer::{Issuer, encoded, key_set};
use postern_identity::jwt::{Algorithm, KEY_SET_BYTES_MAX, KeySet, Token, Unverified};
use proptest::prelude::*;
use serde_json::{Value, json};

const CLAIMS: &str = r#"{"iss":"https://issuer.example","exp":2000000000}"#;

/// What a gateway makes of a token: the allowed algorithms come first, and then the keys.
fn verified(keys: &KeySet, allowed: &[Algorithm], text: &str) -> Result<(), String> {
    let token = Token::parse(text).map_err(|error| error.to_string())?;
    let algorithm = Algorithm::named(&token.algorithm)
        .filter(|algorithm| allowed.contains(algorithm))
        .ok_or("algorithm")?;
    keys.verify(&token, algorithm)
        .map_err(|error| error.to_string())
}

#[test]
fn each_algorithm_is_verified_with_its_own_kind_of_key_and_no_other() {
    let issuer = Issuer::new();
    let keys = key_set(&issuer.published());
    for (algorithm, kid) in [
        ("RS256", "rsa"),
        ("RS384", "rsa"),
        ("RS512", "rsa"),
        ("PS256", "rsa"),
        ("PS384", "rsa"),
        ("PS512", "rsa"),
        ("ES256", "p256"),
        ("ES384", "p384"),
        ("EdDSA", "ed25519"),
    ] {
        for named in ["rsa", "p256", "p384", "ed25519"] {
            let header = json!({"alg": algorithm, "kid": named, "typ": "JWT"}).to_string();
            let token = issuer.token(algorithm, &header, CLAIMS);
            let expected = if named == kid {
                Ok(())
            } else {
                Err(Unverified::UnknownKey.to_string())
            };
            assert_eq!(
                verified(&keys, &Algorithm::ALL, &token),
                expected,
                "{algorithm} {named}"
            );
        }
    }
}

#[test]
fn what_was_tried_against_readers_of_tokens_fails() {
    let issuer = Issuer::new();
    let keys = key_set(&issuer.published());
    let jwk = issuer.published()[1].to_string();
    let (unknown, wrong) = (
        Unverified::UnknownKey.to_string(),
        Unverified::Signature.to_string(),
    );
    let (unknown, wrong) = (unknown.as_str(), wrong.as_str());
    let header = |alg: &str| format!(r#"{{"alg":"{alg}","kid":"rsa"}}"#);
    for (signing, header, expected) in [
        // No signature, by any spelling.
        ("", header("none"), "algorithm"),
        ("", header("None"), "algorithm"),
        ("", header("NONE"), "algorithm"),
        ("", header(""), "algorithm"),
        ("", header("RS256"), wrong),
        ("", r#"{"kid":"rsa"}"#.to_owned(), "its header names no algorithm"),
        ("", r#"{"alg":null}"#.to_owned(), "its header names no algorithm"),
        ("", r#"{"alg":["RS256"]}"#.to_owned(), "its header names no algorithm"),
        // The public key as a secret.
        ("HS256 of der", header("HS256"), "algorithm"),
        ("HS256 of n", header("HS256"), "algorithm"),
        ("HS256 of n", header("RS256"), wrong),
        // Names are compared letter for letter.
        ("RS256", header("rs256"), "algorithm"),
        ("RS256", header("RS256 "), "algorithm"),
        ("RS256", header("RSA-SHA256"), "algorithm"),
        // What an owner did not allow.
        ("PS512", header("PS512"), "algorithm"),
        // Signed in another way than it says.
        ("RS256", header("RS384"), wrong),
        ("PS256", header("RS256"), wrong),
        ("RS256", header("PS256"), wrong),
        // A key of another kind by the right name.
        ("ES256", header("ES256"), unknown),
        ("ES256", r#"{"alg":"RS256","kid":"p256"}"#.to_owned(), unknown),
        ("ES384", r#"{"alg":"ES256","kid":"p256"}"#.to_owned(), wrong),
        // Names of keys are names, and nothing is looked up by them.
        ("RS256", r#"{"alg":"RS256","kid":"../../rsa"}"#.to_owned(), unknown),
        ("RS256", r#"{"alg":"RS256","kid":"rsa\u0000"}"#.to_owned(), unknown),
        ("RS256", r#"{"alg":"RS256","kid":"' OR 1=1 --"}"#.to_owned(), unknown),
        ("RS256", r#"{"alg":"RS256","kid":""}"#.to_owned(), unknown),
        ("RS256", r#"{"alg":"RS256","kid":1}"#.to_owned(), "the key's id is no text"),
        ("RS256", r#"{"alg":"RS256","kid":null}"#.to_owned(), "the key's id is no text"),
        // Keys that come along.
        ("ES256", format!(r#"{{"alg":"ES256","kid":"mine","jwk":{jwk}}}"#), unknown),
        (
            "ES256",
            r#"{"alg":"ES256","kid":"mine","jku":"https://evil.example/keys","x5u":"https://evil.example","x5c":["MII"]}"#.to_owned(),
            unknown,
        ),
        // What a reader would have to understand.
        ("RS256", r#"{"alg":"RS256","kid":"rsa","crit":["b64"],"b64":false}"#.to_owned(), "its header has `crit`"),
        ("RS256", r#"{"alg":"RS256","kid":"rsa","crit":[]}"#.to_owned(), "its header has `crit`"),
        // Read in two ways.
        ("RS256", r#"{"alg":"none","alg":"RS256","kid":"rsa"}"#.to_owned(), "its header is no JSON object"),
        ("RS256", r#"["RS256"]"#.to_owned(), "its header is no JSON object"),
    ] {
        let token = issuer.token(signing, &header, CLAIMS);
        let allowed = [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Ps256, Algorithm::Es256];
        assert_eq!(verified(&keys, &allowed, &token), Err(expected.to_owned()), "{header}");
    }
}

#[test]
fn a_token_has_one_form() {
    let issuer = Issuer::new();
    let keys = key_set(&issuer.published());
    let header = r#"{"alg":"RS256","kid":"rsa"}"#;
    let good = issuer.token("RS256", header, CLAIMS);
    assert_eq!(verified(&keys, &Algorithm::ALL, &good), Ok(()));
    let [head, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts");
    };
    let other = encoded(CLAIMS.replace("issuer", "evil"));
    let long = issuer.token(
        "RS256",
        header,
        &format!(r#"{{"a":"{}"}}"#, "x".repeat(13_000)),
    );
    let twice = issuer.token("RS256", header, r#"{"exp":1,"exp":2000000000}"#);
    let deep = issuer.token(
        "RS256",
        header,
        &format!(r#"{{"a":{}{}}}"#, "[".repeat(99), "]".repeat(99)),
    );
    // The last character of 256 bytes holds two bits: the others must be zero.
    let last = signature.as_bytes()[signature.len() - 1];
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last as char).unwrap();
    let next = &alphabet[place + 1..=place + 1];
    let bent = format!(
        "{head}.{claims}.{}{next}",
        &signature[..signature.len() - 1]
    );
    for (name, text) in [
        ("other claims", format!("{head}.{other}.{signature}")),
        ("no signature", format!("{head}.{claims}.")),
        ("two parts", format!("{head}.{claims}")),
        ("four parts", format!("{good}.")),
        (
            "five parts, as an encrypted token has",
            format!("{good}.a.b"),
        ),
        ("padding", format!("{good}==")),
        ("bits that mean nothing", bent),
        ("a cut signature", good[..good.len() - 4].to_owned()),
        ("a longer signature", format!("{good}AAAA")),
        ("a blank before", format!(" {good}")),
        ("a line's end behind", format!("{good}\n")),
        (
            "the other alphabet",
            format!("{head}.{claims}.+/{}", &signature[2..]),
        ),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("too long", long),
        ("a claim twice", twice),
        ("too deep", deep),
        ("no ASCII", "é.é.é".to_owned()),
    ] {
        assert!(verified(&keys, &Algorithm::ALL, &text).is_err(), "{name}");
    }
}

#[test]
fn a_key_is_used_for_what_it_is_for() {
    let issuer = Issuer::new();
    let rsa = issuer.published().swap_remove(0);
    let token = issuer.token("RS256", r#"{"alg":"RS256","kid":"rsa"}"#, CLAIMS);
    let nameless = issuer.token("RS256", r#"{"alg":"RS256"}"#, CLAIMS);
    let n = rsa["n"].as_str().unwrap().to_owned();
    for (change, is_good) in [
        (json!({}), true),
        (json!({"alg": "RS256"}), true),
        (json!({"alg": "PS256"}), false),
        (json!({"alg": "RSA-OAEP"}), false),
        (json!({"alg": 1}), false),
        (json!({"use": "enc"}), false),
        (json!({"use": null}), false),
        (json!({"key_ops": ["verify", "wrapKey"]}), true),
        (json!({"key_ops": ["wrapKey"]}), false),
        (json!({"key_ops": "verify"}), false),
        (json!({"kid": "other"}), false),
        (json!({"kid": 1}), false),
        (json!({"kty": "oct", "k": "c2VjcmV0"}), false),
        (json!({"kty": "rsa"}), false),
        (json!({"e": encoded([1])}), false),
        (json!({"e": encoded([0, 1, 0, 1])}), true),
        (json!({"e": encoded([1, 0, 2])}), false),
        (json!({"e": encoded([1, 0, 0, 0, 1])}), false),
        (json!({"e": ""}), false),
        (json!({"n": format!("{n}=")}), false),
        (json!({"n": ""}), false),
        (json!({"n": encoded([0xff; 255])}), false),
        (json!({"n": encoded([0xff; 1_025])}), false),
        (json!({"n": encoded([0xff; 256])}), false),
    ] {
        let mut key = rsa.clone();
        let changes = change.as_object().unwrap().clone();
        key.as_object_mut().unwrap().extend(changes);
        let keys = key_set(&[key]);
        assert_eq!(
            verified(&keys, &Algorithm::ALL, &token).is_ok(),
            is_good,
            "{change}"
        );
    }
    // Which key a nameless token is signed with must be clear.
    let mut other = rsa.clone();
    other["kid"] = "other".into();
    let of_other_kind = issuer.published().swap_remove(1);
    for (keys, is_good) in [
        (vec![rsa.clone()], true),
        (vec![rsa.clone(), of_other_kind], true),
        (vec![rsa.clone(), other.clone()], false),
    ] {
        assert_eq!(
            verified(&key_set(&keys), &Algorithm::ALL, &nameless).is_ok(),
            is_good
        );
    }
    // Two keys of one name are two chances.
    let mut stranger = rsa.clone();
    stranger["n"] = encoded([0xff; 256]).into();
    let keys = key_set(&[stranger, rsa]);
    assert_eq!(verified(&keys, &Algorithm::ALL, &token), Ok(()));
}

#[test]
fn points_that_are_no_keys_verify_nothing() {
    let issuer = Issuer::new();
    let key = issuer.published().swap_remove(1);
    let token = issuer.token("ES256", r#"{"alg":"ES256","kid":"p256"}"#, CLAIMS);
    let other = &issuer.published()[2];
    for (change, is_good) in [
        (json!({}), true),
        (json!({"crv": "P-384"}), false),
        (json!({"crv": "secp256k1"}), false),
        (json!({"x": encoded([0; 32]), "y": encoded([0; 32])}), false),
        (json!({"x": encoded([1; 32])}), false),
        (json!({"x": other["x"], "y": other["y"]}), false),
        (json!({"y": null}), false),
    ] {
        let mut key = key.clone();
        let changes = change.as_object().unwrap().clone();
        key.as_object_mut().unwrap().extend(changes);
        let keys = key_set(&[key]);
        assert_eq!(
            verified(&keys, &Algorithm::ALL, &token).is_ok(),
            is_good,
            "{change}"
        );
    }
    // The signature that every broken reader takes: nothing but zeros.
    let message = token.rsplit_once('.').unwrap().0;
    let zeros = format!("{message}.{}", encoded([0; 64]));
    assert!(verified(&key_set(&[key]), &Algorithm::ALL, &zeros).is_err());
}

#[test]
fn a_set_of_keys_is_bounded_and_has_one_form() {
    let parse = |text: &str| KeySet::parse(text.as_bytes());
    let many = |count: usize| json!({"keys": vec![json!({}); count]}).to_string();
    for (text, is_good) in [
        (json!({"keys": []}).to_string(), true),
        (json!({"keys": [1, null, "x", {}]}).to_string(), true),
        (many(100), true),
        (many(101), false),
        (r#"{"keys":[],"keys":[]}"#.to_owned(), false),
        (json!({"keys": {}}).to_string(), false),
        (json!([]).to_string(), false),
        (json!({}).to_string(), false),
        (String::new(), false),
        (
            json!({"keys": [], "x": "x".repeat(KEY_SET_BYTES_MAX)}).to_string(),
            false,
        ),
    ] {
        assert_eq!(parse(&text).is_ok(), is_good, "{text:.60}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Token::parse(&text);
        let _ = KeySet::parse(&bytes);
        let parts: Vec<_> = bytes.chunks(100).map(encoded).collect();
        let _ = Token::parse(&parts.join("."));
    }

    #[test]
    fn no_token_like_text_makes_it_panic(alg in "[A-Za-z0-9]{0,6}", kid in ".{0,20}", claims in json_value(), signature in prop::collection::vec(any::<u8>(), 0..100)) {
        let header = json!({"alg": alg, "kid": kid}).to_string();
        let text = format!("{}.{}.{}", encoded(header), encoded(json!({"a": claims}).to_string()), encoded(signature));
        let token = Token::parse(&text).unwrap();
        prop_assert_eq!(&token.algorithm, &alg);
        prop_assert_eq!(token.key_id.as_deref(), Some(kid.as_str()));
        let _ = token.claims.check_times(std::time::Duration::from_secs(1), std::time::Duration::MAX);
    }

    #[test]
    fn a_token_with_another_byte_is_another_token(at in any::<prop::sample::Index>(), with in "[A-Za-z0-9_.=-]") {
        let (keys, good) = signed();
        let mut text = good.clone().into_bytes();
        let at = at.index(text.len());
        text[at] = with.as_bytes()[0];
        let text = String::from_utf8(text).unwrap();
        prop_assume!(text != *good);
        prop_assert!(verified(keys, &Algorithm::ALL, &text).is_err());
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{1,3}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn signed() -> &'static (KeySet, String) {
    static SIGNED: std::sync::OnceLock<(KeySet, String)> = std::sync::OnceLock::new();
    SIGNED.get_or_init(|| {
        let issuer = Issuer::new();
        let keys = key_set(&issuer.published());
        let token = issuer.token("ES256", r#"{"alg":"ES256","kid":"p256"}"#, CLAIMS);
        (keys, token)
    })
}
