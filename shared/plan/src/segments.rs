//! The body of a snapshot as it is read: segments, put together from the chunks that they lie in, read when first asked for.

use crate::DeployedError;
use crate::layout::body_key;
use crate::snapshot::CHUNK_BYTES;
use bytes::Bytes;
use postern_definition::{ApiId, DeploymentId};
use postern_store::{Consistency, Table, deflate, inflate};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// An index or a segment inflates to no more than this, whatever its bytes claim.
const INFLATED_BYTES_MAX: usize = 256 << 20;

/// An index as it is stored: its format, then itself, deflated.
pub(crate) fn closed<T: Serialize>(index: &T, format: u8) -> Vec<u8> {
    let index = postcard::to_allocvec(index).expect("an index holds only text and numbers");
    [&[format], deflate(&index).as_slice()].concat()
}

/// Reads an index, or says why it cannot be read.
pub(crate) fn opened<T: DeserializeOwned>(index: &[u8], format: u8) -> Result<T, String> {
    let (found, deflated) = index
        .split_first()
        .ok_or_else(|| "it is empty".to_owned())?;
    if *found != format {
        return Err(format!(
            "its format {found} is not known to this version of Postern"
        ));
    }
    let inflated = inflate(deflated, INFLATED_BYTES_MAX)?;
    postcard::from_bytes(&inflated).map_err(|error| error.to_string())
}

pub(crate) struct Segments {
    table: Arc<dyn Table>,
    api: ApiId,
    deployment: DeploymentId,
    /// Where each begins.
    begins: Vec<u64>,
    bytes: u64,
    chunks: Vec<OnceCell<Bytes>>,
}

impl Segments {
    pub(crate) fn new(
        (table, api, deployment): (Arc<dyn Table>, ApiId, DeploymentId),
        begins: Vec<u64>,
        bytes: u64,
    ) -> Self {
        let chunks = (bytes as usize).div_ceil(CHUNK_BYTES);
        Self {
            table,
            api,
            deployment,
            begins,
            bytes,
            chunks: (0..chunks).map(|_| OnceCell::new()).collect(),
        }
    }

    /// Has the whole body at hand, so that nothing of it is looked for in the table.
    pub(crate) fn hold(&mut self, body: &[u8]) {
        self.chunks = body
            .chunks(CHUNK_BYTES)
            .map(|chunk| OnceCell::new_with(Some(Bytes::copy_from_slice(chunk))))
            .collect();
    }

    /// What a segment holds.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        segment: usize,
    ) -> Result<T, DeployedError> {
        let deflated = self.bytes_of(segment).await?;
        let json =
            inflate(&deflated, INFLATED_BYTES_MAX).map_err(|reason| self.unreadable(reason))?;
        serde_json::from_slice(&json).map_err(|error| self.unreadable(error.to_string()))
    }

    /// The deflated bytes of a segment, put together from the chunks that it lies in.
    async fn bytes_of(&self, segment: usize) -> Result<Vec<u8>, DeployedError> {
        let begins = |segment: usize| self.begins.get(segment).copied();
        let begin = begins(segment).unwrap_or(self.bytes) as usize;
        let end = begins(segment + 1).unwrap_or(self.bytes) as usize;
        let mut bytes = Vec::with_capacity(end.saturating_sub(begin));
        for number in begin / CHUNK_BYTES..end.div_ceil(CHUNK_BYTES) {
            let chunk = self.chunk(number).await?;
            let from = begin.saturating_sub(number * CHUNK_BYTES);
            let to = (end - number * CHUNK_BYTES).min(CHUNK_BYTES);
            bytes.extend_from_slice(
                chunk
                    .get(from..to)
                    .ok_or_else(|| self.unreadable("a chunk is too short"))?,
            );
        }
        Ok(bytes)
    }

    async fn chunk(&self, number: usize) -> Result<Bytes, DeployedError> {
        let cell = self
            .chunks
            .get(number)
            .ok_or_else(|| self.unreadable("a chunk is missing"))?;
        let read = || async {
            let key = body_key(&self.api, &self.deployment, number);
            match self.table.get(&key, Consistency::Strong).await? {
                Some(item) => Ok(item.body),
                None => Err(self.unreadable("a chunk is missing")),
            }
        };
        cell.get_or_try_init(read).await.cloned()
    }

    pub(crate) fn unreadable(&self, reason: impl Into<String>) -> DeployedError {
        DeployedError::Unreadable {
            deployment: self.deployment.clone(),
            reason: reason.into(),
        }
    }
}
