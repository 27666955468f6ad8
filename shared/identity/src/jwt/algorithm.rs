//! The ways of signing that can be verified.

use ring::signature::{self, EcdsaVerificationAlgorithm, RsaParameters};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

/// What a key must be for an algorithm.
#[derive(Clone, Copy)]
pub(super) enum Family {
    Rsa(&'static RsaParameters),
    P256(&'static EcdsaVerificationAlgorithm),
    P384(&'static EcdsaVerificationAlgorithm),
    Ed25519,
}

impl Algorithm {
    pub const ALL: [Self; 9] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// By its name in a header, letter for letter.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    pub(super) fn family(self) -> Family {
        match self {
            Self::Rs256 => Family::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Family::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Family::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => Family::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => Family::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => Family::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
            Self::Es256 => Family::P256(&signature::ECDSA_P256_SHA256_FIXED),
            Self::Es384 => Family::P384(&signature::ECDSA_P384_SHA384_FIXED),
            Self::EdDsa => Family::Ed25519,
        }
    }
}
