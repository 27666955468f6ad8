//! Calls in the name of a role, as servers on this machine see them.

use crate::backend::{Seen, call, settings};
use http::Method;
use postern_aws::{Aws, AwsBackend};
use postern_egress::{Egress, Options};
use postern_gateway::{Backend, Call, CallError, Caller, Destination};
use postern_store::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const ROLE: &str = "arn:aws:iam::123456789012:role/reader";
/// 2015-08-30 12:36:00 UTC.
const BEGIN: u64 = 1_440_938_160;

/// A clock that is moved by hand.
struct Moved(AtomicU64);

impl Clock for Moved {
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// Gives out keys `AKROLE1`, `AKROLE2`, ... for an hour from the beginning, or refuses, and tells what it got.
async fn sts(refuses: bool) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for nth in 1.. {
            let (socket, _) = listener.accept().await.unwrap();
            let mut socket = BufReader::new(socket);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                socket.read_line(&mut head).await.unwrap();
            }
            let (_, length) = head.split_once("content-length: ").unwrap();
            let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
            let mut body = vec![0; length];
            socket.read_exact(&mut body).await.unwrap();
            sender
                .send(format!("{head}{}", String::from_utf8(body).unwrap()))
                .unwrap();
            let (status, answer) = if refuses {
                (403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not yours</Message></Error></ErrorResponse>".to_owned())
            } else {
                (
                    200,
                    format!(
                        "<AssumeRoleResponse><AssumeRoleResult><Credentials>\n<AccessKeyId>AKROLE{nth}</AccessKeyId>\
                         <SecretAccessKey>s/+=</SecretAccessKey><SessionToken>token{nth}</SessionToken>\
                         <Expiration>2015-08-30T13:36:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
                    ),
                )
            };
            let answer = format!(
                "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{answer}",
                answer.len()
            );
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, receiver)
}

fn backend(clock: &Arc<Moved>, variables: &[(&str, &str)]) -> AwsBackend {
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKOWN"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    let egress = Egress::new(&Options::default());
    let settings = settings(&[&keys[..], variables].concat());
    Aws::new(settings, egress, clock.clone()).backend()
}

fn as_role() -> Call {
    let mut call = call("s3", "/bkt/key", "");
    call.method = Method::GET;
    if let Destination::Service { caller, .. } = &mut call.destination {
        *caller = Caller::Role(ROLE.to_owned());
    }
    call
}

fn signer(seen: &Seen) -> String {
    let authorization = seen.header("authorization").unwrap();
    let (_, credential) = authorization.split_once("Credential=").unwrap();
    credential.split('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_role_is_taken_on_once_and_again_shortly_before_its_keys_end() {
    let clock = Arc::new(Moved(AtomicU64::new(BEGIN)));
    let (sts, mut asked) = sts(false).await;
    let (s3, mut seen) = crate::backend::server().await;
    let backend = backend(
        &clock,
        &[("AWS_ENDPOINT_URL_STS", &sts), ("AWS_ENDPOINT_URL_S3", &s3)],
    );
    for (minutes, expected) in [
        (0, "AKROLE1"),
        (1, "AKROLE1"),
        (54, "AKROLE1"),
        (55, "AKROLE2"),
    ] {
        clock.0.store(BEGIN + minutes * 60, Ordering::SeqCst);
        backend.call(as_role()).await.unwrap();
        let seen = seen.recv().await.unwrap();
        assert_eq!(signer(&seen), expected, "after {minutes} minutes");
        let token = expected.replace("AKROLE", "token");
        assert_eq!(seen.header("x-amz-security-token"), Some(token.as_str()));
    }
    let asked = asked.recv().await.unwrap();
    assert!(asked.starts_with("POST / HTTP/1.1\r\n"), "{asked}");
    assert!(
        asked.contains("Credential=AKOWN/20150830/eu-west-1/sts/aws4_request"),
        "{asked}"
    );
    assert!(
        asked.ends_with(
            "Action=AssumeRole&Version=2011-06-15&RoleSessionName=BackplaneAssumeRoleSession\
             &RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Freader"
        ),
        "{asked}"
    );
}

#[tokio::test]
async fn a_role_that_is_refused_fails_the_call_with_what_sts_says() {
    let clock = Arc::new(Moved(AtomicU64::new(BEGIN)));
    let (sts, _asked) = sts(true).await;
    let (s3, _seen) = crate::backend::server().await;
    let backend = backend(
        &clock,
        &[("AWS_ENDPOINT_URL_STS", &sts), ("AWS_ENDPOINT_URL_S3", &s3)],
    );
    let error = backend.call(as_role()).await.err().unwrap();
    let expected =
        format!("the role `{ROLE}` cannot be taken on: STS answers 403 Forbidden: not yours");
    assert_eq!(error, CallError::Unsigned(expected));
}

#[tokio::test]
async fn an_emulator_without_sts_beside_it_is_called_with_the_gateways_own_keys() {
    let clock = Arc::new(Moved(AtomicU64::new(BEGIN)));
    let (s3, mut seen) = crate::backend::server().await;
    let backend = backend(&clock, &[("AWS_ENDPOINT_URL_S3", &s3)]);
    backend.call(as_role()).await.unwrap();
    assert_eq!(signer(&seen.recv().await.unwrap()), "AKOWN");
}

#[tokio::test]
async fn a_bucket_in_the_host_goes_into_the_path_at_an_emulator() {
    let clock = Arc::new(Moved(AtomicU64::new(BEGIN)));
    let (s3, mut seen) = crate::backend::server().await;
    let backend = backend(&clock, &[("AWS_ENDPOINT_URL_S3", &s3)]);
    backend.call(call("my.bkt.s3", "/key", "hi")).await.unwrap();
    let seen = seen.recv().await.unwrap();
    assert!(
        seen.header("authorization")
            .is_some_and(|header| header.contains("/eu-west-1/s3/"))
    );
    assert_eq!(seen.line(), "POST /my.bkt/key HTTP/1.1");
}
