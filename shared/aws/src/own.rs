//! Requests that this process signs in its own name, for whoever speaks to another Postern.

use crate::Aws;
use crate::sign::Scope;
use bytes::Bytes;
use http::Request;

impl Aws {
    /// Signs a request with the credentials that AWS's tools would take here.
    pub async fn sign(
        &self,
        service: &str,
        region: &str,
        request: &mut Request<Bytes>,
    ) -> Result<(), String> {
        let credentials = self.credentials.get(false).await?;
        let scope = Scope {
            service,
            region,
            at: self.clock.now(),
        };
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let body = request.body().clone();
        let headers = request.headers_mut();
        self.signer
            .sign(&method, &uri, headers, &body, &credentials, &scope)
    }
}
