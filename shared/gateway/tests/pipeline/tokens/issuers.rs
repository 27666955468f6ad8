//! The issuers of tokens: one user pool and one issuer of another kind, which have one key between them.

use crate::harness::merge;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Method, Response};
use postern_gateway::{Backend, Body, Call, CallError, Destination};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(super) const POOL: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool";
pub(crate) const ISSUER: &str = "https://issuer.example/tenant/";

/// What stands behind routes, and is no issuer.
pub(crate) const BEHIND: &str = "http://b.example/x";

/// Plays all issuers, which have one key.
pub(crate) struct Issuers {
    rsa: RsaKeyPair,
    /// The names under which the key is published.
    pub(super) names: Mutex<Vec<&'static str>>,
    asked: Mutex<Vec<String>>,
    pub(crate) is_away: AtomicBool,
    /// What discovery says differently.
    pub(crate) discovery: Mutex<Value>,
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Issuers {
    pub(crate) fn new() -> Self {
        let rsa = include_str!("../../../../identity/tests/identity/rsa_key.txt").replace('\n', "");
        Self {
            rsa: RsaKeyPair::from_der(&STANDARD.decode(rsa).unwrap()).unwrap(),
            names: Mutex::new(vec!["one"]),
            asked: Mutex::default(),
            is_away: AtomicBool::new(false),
            discovery: Mutex::new(json!({})),
        }
    }

    pub(crate) fn token(&self, key: &str, claims: &Value) -> String {
        self.signed(&json!({"alg": "RS256", "kid": key}), claims)
    }

    /// A token of whichever header, signed as RS256 has it.
    pub(crate) fn signed(&self, header: &Value, claims: &Value) -> String {
        let header = header.to_string();
        let message = format!("{}.{}", encoded(header), encoded(claims.to_string()));
        let mut signature = vec![0; self.rsa.public().modulus_len()];
        let random = SystemRandom::new();
        let signed = self.rsa.sign(
            &RSA_PKCS1_SHA256,
            &random,
            message.as_bytes(),
            &mut signature,
        );
        signed.unwrap();
        format!("{message}.{}", encoded(signature))
    }

    pub(crate) fn times_asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[async_trait]
impl Backend for Issuers {
    async fn call(&self, call: Call) -> Result<Response<Body>, CallError> {
        let Destination::Url { url, .. } = call.destination else {
            panic!("an issuer is a URL");
        };
        if url == BEHIND {
            return Ok(Response::new(Body::empty()));
        }
        assert_eq!(
            (call.method, call.timeout),
            (Method::GET, Duration::from_millis(1_500))
        );
        self.asked.lock().unwrap().push(url.clone());
        tokio::task::yield_now().await;
        if self.is_away.load(Ordering::SeqCst) {
            return Err(CallError::Network("connection refused".to_owned()));
        }
        let document = if url == format!("{ISSUER}.well-known/openid-configuration") {
            let mut document = json!({"issuer": ISSUER, "jwks_uri": "https://keys.example/all"});
            merge(&mut document, &self.discovery.lock().unwrap());
            document
        } else if url == "https://keys.example/all"
            || url == format!("{POOL}/.well-known/jwks.json")
        {
            let key: RsaPublicKeyComponents<Vec<u8>> = self.rsa.public().into();
            let (n, e) = (encoded(key.n), encoded(key.e));
            let names = self.names.lock().unwrap().clone();
            let keys = names.iter().map(|kid| json!({"kid": kid, "kty": "RSA", "use": "sig", "alg": "RS256", "n": n, "e": e}));
            json!({"keys": keys.collect::<Vec<_>>()})
        } else {
            let mut missing = Response::new(Body::empty());
            *missing.status_mut() = http::StatusCode::NOT_FOUND;
            return Ok(missing);
        };
        Ok(Response::new(Body::from(document.to_string())))
    }
}
