//! Signatures for `execute-api` that an independent signer computed.

use crate::world::{KEY, NOW, SESSION, Sent};
use postern_identity::sigv4::{Form, Proven};

fn signed(line: &str, headers: &str, names: &str, signature: &str, body: &str) -> Sent {
    Sent::new(&format!(
        "{line} HTTP/1.1\nHost: a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com\nX-Amz-Date: 20260115T123000Z\n{headers}\
         Authorization: AWS4-HMAC-SHA256 Credential={KEY}/20260115/eu-west-1/execute-api/aws4_request, SignedHeaders={names}, Signature={signature}\n\n{body}"
    ))
}

pub(crate) fn simple() -> Sent {
    signed(
        "GET /prod/pets?type=dog&page=1",
        "",
        "host;x-amz-date",
        "c839e6a09796357bd775a2e5984966d377925de270224120de173a3d5e6bb1f9",
        "",
    )
}

pub(crate) fn with_body() -> Sent {
    signed(
        "POST /prod/pets",
        &format!("Content-Type: application/json\nX-Amz-Security-Token: {SESSION}\n"),
        "content-type;host;x-amz-date;x-amz-security-token",
        "ddf02ced729b07c52c2df1ad25908ddaa0abe96c1bb07cef3269103efb50ef62",
        r#"{"name":"rex"}"#,
    )
}

pub(crate) fn presigned() -> Sent {
    Sent::new(&format!(
        "GET /prod/pets?type=dog&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={KEY}%2F20260115%2Feu-west-1%2Fexecute-api%2Faws4_request\
         &X-Amz-Date=20260115T123000Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Security-Token=FwoGZXtestToken%2B%2F%3D%3D\
         &X-Amz-Signature=f98cbe43488ac11d70e3b6eb7baa78c09f74a30f426763cae1ea19abf564df9a HTTP/1.1\n\
         Host: a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
    ))
}

#[test]
fn each_vector_is_proven() {
    let encoded = signed(
        "GET /prod/docs/a%20b/caf%C3%A9%2Fx?z=1&empty=&q=a%20b%2Bc&arr=2&arr=1",
        "",
        "host;x-amz-date",
        "2b3bd2ac6a2f3e01d048384b9efcff4bc60ebb3a8f3fe8770d415ff841d0f8bb",
        "",
    );
    for (sent, token, form) in [
        (simple(), None, Form::Header),
        (encoded, None, Form::Header),
        (with_body(), Some(SESSION), Form::Header),
        (presigned(), Some(SESSION), Form::Query),
    ] {
        let expected = Proven {
            access_key_id: KEY.to_owned(),
            form,
            signed_at: NOW,
            is_payload_signed: true,
        };
        assert_eq!(sent.verify(token), Ok(expected), "{}", sent.path);
    }
}
