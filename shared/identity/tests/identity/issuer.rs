//! Signs tokens as an issuer does, and some as no issuer should.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use postern_identity::jwt::KeySet;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    RsaPublicKeyComponents,
};
use serde_json::{Value, json};

pub(crate) struct Issuer {
    random: SystemRandom,
    pub(crate) rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    p384: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
}

pub(crate) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Issuer {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let rsa = include_str!("rsa_key.txt").replace('\n', "");
        let ecdsa = |algorithm: &'static EcdsaSigningAlgorithm| {
            let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap()
        };
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        Self {
            rsa: RsaKeyPair::from_der(&STANDARD.decode(rsa).unwrap()).unwrap(),
            p256: ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
            p384: ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
            ed25519: Ed25519KeyPair::from_pkcs8(ed25519.as_ref()).unwrap(),
            random,
        }
    }

    /// One key of each kind, by the names `rsa`, `p256`, `p384` and `ed25519`.
    pub(crate) fn published(&self) -> Vec<Value> {
        let RsaPublicKeyComponents { n, e } = self.components();
        let curve = |kid: &str, crv: &str, key: &EcdsaKeyPair| {
            let point = &key.public_key().as_ref()[1..];
            let (x, y) = point.split_at(point.len() / 2);
            json!({"kid": kid, "kty": "EC", "crv": crv, "x": encoded(x), "y": encoded(y)})
        };
        vec![
            json!({"kid": "rsa", "kty": "RSA", "use": "sig", "n": encoded(n), "e": encoded(e)}),
            curve("p256", "P-256", &self.p256),
            curve("p384", "P-384", &self.p384),
            json!({"kid": "ed25519", "kty": "OKP", "crv": "Ed25519", "key_ops": ["verify"],
                "x": encoded(self.ed25519.public_key())}),
        ]
    }

    fn components(&self) -> RsaPublicKeyComponents<Vec<u8>> {
        self.rsa.public().into()
    }

    /// A token of these parts, signed in the way that `signing` names, which may be another than the header says.
    pub(crate) fn token(&self, signing: &str, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.sign(signing, message.as_bytes());
        format!("{message}.{}", encoded(signature))
    }

    pub(crate) fn sign(&self, signing: &str, message: &[u8]) -> Vec<u8> {
        let rsa = |encoding: &'static dyn RsaEncoding| {
            let mut signature = vec![0; self.rsa.public().modulus_len()];
            let signed = self
                .rsa
                .sign(encoding, &self.random, message, &mut signature);
            signed.unwrap();
            signature
        };
        let ecdsa = |key: &EcdsaKeyPair| key.sign(&self.random, message).unwrap().as_ref().to_vec();
        let hmac = |secret: &[u8]| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            hmac::sign(&key, message).as_ref().to_vec()
        };
        match signing {
            "RS256" => rsa(&RSA_PKCS1_SHA256),
            "RS384" => rsa(&RSA_PKCS1_SHA384),
            "RS512" => rsa(&RSA_PKCS1_SHA512),
            "PS256" => rsa(&RSA_PSS_SHA256),
            "PS384" => rsa(&RSA_PSS_SHA384),
            "PS512" => rsa(&RSA_PSS_SHA512),
            "ES256" => ecdsa(&self.p256),
            "ES384" => ecdsa(&self.p384),
            "EdDSA" => self.ed25519.sign(message).as_ref().to_vec(),
            // With the public key as the secret, in two of the forms in which it lies about.
            "HS256 of der" => hmac(self.rsa.public().as_ref()),
            "HS256 of n" => hmac(&self.components().n),
            "" => Vec::new(),
            other => panic!("no way of signing: {other}"),
        }
    }
}

pub(crate) fn key_set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap()
}
