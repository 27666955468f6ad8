//! Content codings: gzip and deflate, both ways.

use bytes::Bytes;
use flate2::Compression;
use flate2::read::{DeflateDecoder, GzEncoder, MultiGzDecoder, ZlibDecoder, ZlibEncoder};
use std::io::Read;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
}

/// Why packed bytes do not become others.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Undecodable {
    TooLong,
    Malformed(String),
}

impl Coding {
    /// The coding of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("gzip") || is("x-gzip") {
            Some(Self::Gzip)
        } else if is("deflate") {
            Some(Self::Deflate)
        } else {
            None
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// The coding that a client with this `Accept-Encoding` is answered in: the one that it wants most, where that is one of
    /// these. A client that wants another most gets none.
    pub(crate) fn accepted(accept_encoding: &str) -> Option<Self> {
        let offers = accept_encoding.split(',').filter_map(|offer| {
            let mut parts = offer.split(';').map(str::trim);
            let name = parts.next().filter(|name| !name.is_empty())?;
            let quality = parts.find_map(|part| part.strip_prefix("q="));
            let quality: f32 = quality.map_or(Some(1.0), |quality| quality.parse().ok())?;
            // No more than three digits have a meaning.
            let quality = (quality * 1_000.0) as u32;
            (quality > 0).then_some((name, quality))
        });
        let mut best: Option<(Option<Self>, u32)> = None;
        for (name, quality) in offers {
            let coding = Self::named(name);
            let is_better = best.is_none_or(|(known, most)| {
                quality > most || quality == most && known.is_none() && coding.is_some()
            });
            if is_better {
                best = Some((coding, quality));
            }
        }
        best?.0
    }

    pub(crate) fn pack(self, bytes: &[u8]) -> Bytes {
        let mut packed = Vec::new();
        let level = Compression::default();
        let read = match self {
            Self::Gzip => GzEncoder::new(bytes, level).read_to_end(&mut packed),
            Self::Deflate => ZlibEncoder::new(bytes, level).read_to_end(&mut packed),
        };
        read.expect("reading from memory does not fail");
        packed.into()
    }

    /// Bounded by `max`, whatever the bytes claim.
    pub(crate) fn unpack(self, bytes: &[u8], max: usize) -> Result<Bytes, Undecodable> {
        match self {
            Self::Gzip => read(MultiGzDecoder::new(bytes), max),
            // Deflate is zlib's form by the book, and bare in practice.
            Self::Deflate => match read(ZlibDecoder::new(bytes), max) {
                Err(Undecodable::Malformed(_)) => read(DeflateDecoder::new(bytes), max),
                outcome => outcome,
            },
        }
    }
}

fn read(unpacking: impl Read, max: usize) -> Result<Bytes, Undecodable> {
    let mut unpacked = Vec::new();
    let read = unpacking.take(max as u64 + 1).read_to_end(&mut unpacked);
    read.map_err(|error| Undecodable::Malformed(error.to_string()))?;
    if unpacked.len() > max {
        return Err(Undecodable::TooLong);
    }
    Ok(unpacked.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coding_that_is_wanted_most_is_used_where_it_is_known() {
        for (accepted, expected) in [
            ("gzip", Some(Coding::Gzip)),
            ("GZIP", Some(Coding::Gzip)),
            ("deflate", Some(Coding::Deflate)),
            ("deflate, gzip", Some(Coding::Deflate)),
            ("gzip, deflate, br", Some(Coding::Gzip)),
            ("br, gzip", Some(Coding::Gzip)),
            ("br;q=1,gzip;q=0.5", None),
            ("br;q=0.5,gzip;q=1", Some(Coding::Gzip)),
            ("gzip;q=0.2, deflate;q=0.8", Some(Coding::Deflate)),
            ("identity", None),
            ("identity;q=1, gzip;q=0.5", None),
            ("gzip;q=0", None),
            ("gzip;q=nonsense", None),
            ("*", None),
            ("", None),
            (" , ", None),
        ] {
            assert_eq!(Coding::accepted(accepted), expected, "{accepted}");
        }
    }

    #[test]
    fn what_is_packed_is_unpacked_within_a_bound() {
        let text = "ab".repeat(1_000);
        for coding in [Coding::Gzip, Coding::Deflate] {
            let packed = coding.pack(text.as_bytes());
            assert!(packed.len() < 100);
            assert_eq!(coding.unpack(&packed, 2_000).unwrap(), text);
            assert_eq!(coding.unpack(&packed, 1_999), Err(Undecodable::TooLong));
            for broken in [&packed[..packed.len() / 2], b"plain", b""] {
                let outcome = coding.unpack(broken, 2_000);
                assert!(
                    matches!(outcome, Err(Undecodable::Malformed(_))),
                    "{coding:?} {outcome:?}"
                );
            }
        }
    }

    #[test]
    fn bare_deflate_is_deflate_too() {
        let mut bare = Vec::new();
        let mut encoder = flate2::read::DeflateEncoder::new(&b"hi"[..], Compression::default());
        encoder.read_to_end(&mut bare).unwrap();
        assert_eq!(Coding::Deflate.unpack(&bare, 10).unwrap(), "hi");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..100), accepted in "\\PC{0,30}") {
            let _ = Coding::Gzip.unpack(&bytes, 1_000);
            let _ = Coding::Deflate.unpack(&bytes, 1_000);
            Coding::accepted(&accepted);
        }
    }
}
