//! The keys that an issuer publishes.

use super::algorithm::Family;
use super::token::bytes;
use super::{Algorithm, KEY_SET_BYTES_MAX, Token, json};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Map, Value};

/// An issuer has two or three at a time.
const KEYS_MAX: usize = 100;
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;
/// Of the public exponent: as many as can be computed with.
const RSA_EXPONENT_BYTES_MAX: usize = 4;

/// The keys of a set that can verify something. Others, such as those for encryption, are left out of it.
#[derive(Debug)]
pub struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// The only one that the key may be used for, where its issuer says so.
    algorithm: Option<Algorithm>,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// What keeps a text from being a set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadKeySet(&'static str);

/// Why a signature counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    #[error("the issuer has no such key")]
    UnknownKey,
    #[error("the signature is not the issuer's")]
    Signature,
}

impl KeySet {
    pub fn parse(text: &[u8]) -> Result<Self, BadKeySet> {
        if text.len() > KEY_SET_BYTES_MAX {
            return Err(BadKeySet("the set of keys is too long"));
        }
        let mut set =
            json::object(text).map_err(|_| BadKeySet("the set of keys is no JSON object"))?;
        let Some(Value::Array(keys)) = set.remove("keys") else {
            return Err(BadKeySet("the set of keys has no `keys`"));
        };
        if keys.len() > KEYS_MAX {
            return Err(BadKeySet("the set has too many keys"));
        }
        let objects = keys.iter().filter_map(Value::as_object);
        Ok(Self(objects.filter_map(Key::parse).collect()))
    }

    /// Whether there is a key that the token may be signed with.
    pub fn has_key_of(&self, token: &Token<'_>, algorithm: Algorithm) -> bool {
        self.candidates(token, algorithm).next().is_some()
    }

    /// Whether the token is signed in this way with one of these keys. That the way is an allowed one is for whoever asks to
    /// see to first.
    pub fn verify(&self, token: &Token<'_>, algorithm: Algorithm) -> Result<(), Unverified> {
        let mut candidates = self.candidates(token, algorithm).peekable();
        candidates.peek().ok_or(Unverified::UnknownKey)?;
        if token.algorithm == algorithm.name()
            && candidates.any(|key| key.verifies(algorithm, token))
        {
            Ok(())
        } else {
            Err(Unverified::Signature)
        }
    }

    /// The key that the token names; where it names none, the only one that it can be.
    fn candidates(&self, token: &Token<'_>, algorithm: Algorithm) -> impl Iterator<Item = &Key> {
        let fitting = move |key: &&Key| key.fits(algorithm);
        let id = token.key_id.clone();
        let is_clear = id.is_some() || self.0.iter().filter(fitting).count() == 1;
        self.0
            .iter()
            .filter(fitting)
            .filter(move |key| is_clear && (id.is_none() || key.id == id))
    }
}

impl Key {
    /// `None` of a key that nothing can be verified with.
    fn parse(members: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        if members.contains_key("use") && text("use") != Some("sig") {
            return None;
        }
        if let Some(operations) = members.get("key_ops") {
            let mut operations = operations.as_array()?.iter();
            operations.find(|operation| operation.as_str() == Some("verify"))?;
        }
        let algorithm = match members.get("alg") {
            None => None,
            Some(name) => Some(Algorithm::named(name.as_str()?)?),
        };
        let id = match members.get("kid") {
            None => None,
            Some(id) => Some(id.as_str()?.to_owned()),
        };
        let number = |name: &str| bytes(text(name)?);
        let point = |size: usize| {
            let (x, y) = (number("x")?, number("y")?);
            // Uncompressed, as the sums want it; whether it lies on the curve they see for themselves.
            (x.len() == size && y.len() == size).then(|| [&[4], &x[..], &y[..]].concat())
        };
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => rsa(&number("n")?, &number("e")?)?,
            ("EC", Some("P-256")) => Material::P256(point(32)?),
            ("EC", Some("P-384")) => Material::P384(point(48)?),
            ("OKP", Some("Ed25519")) => {
                Material::Ed25519(number("x").filter(|key| key.len() == 32)?)
            }
            _ => return None,
        };
        let key = Self {
            id,
            algorithm,
            material,
        };
        let is_any_use = Algorithm::ALL.into_iter().any(|any| key.fits(any));
        is_any_use.then_some(key)
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        let is_allowed = self.algorithm.is_none_or(|only| only == algorithm);
        is_allowed
            && matches!(
                (&self.material, algorithm.family()),
                (Material::Rsa { .. }, Family::Rsa(_))
                    | (Material::P256(_), Family::P256(_))
                    | (Material::P384(_), Family::P384(_))
                    | (Material::Ed25519(_), Family::Ed25519)
            )
    }

    fn verifies(&self, algorithm: Algorithm, token: &Token<'_>) -> bool {
        let (message, signature) = (token.signed.as_bytes(), &token.signature);
        let by_point = |algorithm, point: &[u8]| {
            UnparsedPublicKey::new(algorithm, point).verify(message, signature)
        };
        match (&self.material, algorithm.family()) {
            (Material::Rsa { modulus, exponent }, Family::Rsa(parameters)) => {
                let key = RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                };
                key.verify(parameters, message, signature)
            }
            (Material::P256(point), Family::P256(algorithm))
            | (Material::P384(point), Family::P384(algorithm)) => by_point(algorithm, point),
            (Material::Ed25519(key), Family::Ed25519) => {
                UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signature)
            }
            _ => return false,
        }
        .is_ok()
    }
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<Material> {
    let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
    let top = modulus.first()?;
    let bits = modulus.len() * 8 - top.leading_zeros() as usize;
    let is_odd = exponent.last()? & 1 == 1;
    (RSA_BITS.contains(&bits)
        && is_odd
        && exponent != [1]
        && exponent.len() <= RSA_EXPONENT_BYTES_MAX)
        .then(|| Material::Rsa {
            modulus: modulus.to_vec(),
            exponent: exponent.to_vec(),
        })
}

/// Issuers are told to leave leading zeros out, and some do not.
fn without_zeros(number: &[u8]) -> &[u8] {
    let first = number.iter().position(|byte| *byte != 0);
    &number[first.unwrap_or(number.len())..]
}
