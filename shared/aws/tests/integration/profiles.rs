//! Credentials from where the AWS CLI would take them.
//!
//! That is told by the environment, which a test cannot change for itself: so each case runs this test again, as a process
//! with an environment of its own, which calls the server of the first.

use crate::backend::{backend, call, server};
use postern_gateway::Backend;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ENDPOINT: &str = "POSTERN_TEST_PROFILES_ENDPOINT";

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_gives_the_keys_and_an_emulator_is_called_without_any() {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is how a case is told where to call"
    )]
    if let Ok(endpoint) = std::env::var(ENDPOINT) {
        let backend = backend(&[("AWS_ENDPOINT_URL", &endpoint)]);
        for _ in 0..2 {
            backend.call(call("sqs", "/", "")).await.unwrap();
        }
        return;
    }
    for (profile, key) in [
        (
            "aws_access_key_id = AKPROFILE\naws_secret_access_key = secret",
            "AKPROFILE",
        ),
        (
            r#"credential_process = printf '{"Version":1,"AccessKeyId":"AKPROCESS","SecretAccessKey":"secret"}'"#,
            "AKPROCESS",
        ),
        ("region = eu-west-1", "test"),
    ] {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(
            home.path().join("config"),
            format!("[profile pets]\n{profile}\n"),
        )
        .unwrap();
        let (url, mut seen) = server().await;
        let started = Instant::now();
        let mut child = case(home.path(), &url).spawn().unwrap();
        let status = tokio::task::spawn_blocking(move || child.wait())
            .await
            .unwrap();
        assert!(status.unwrap().success(), "{profile}");
        for _ in 0..2 {
            let seen = seen.recv().await.unwrap();
            let authorization = seen.header("authorization").unwrap();
            assert!(
                authorization.starts_with(&format!("AWS4-HMAC-SHA256 Credential={key}/")),
                "{authorization}"
            );
        }
        println!("{key}: {:?}", started.elapsed());
        assert!(started.elapsed() < Duration::from_secs(30), "{profile}");
    }
}

fn case(home: &Path, url: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "profiles::a_profile_gives_the_keys_and_an_emulator_is_called_without_any",
        ])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .env("AWS_CONFIG_FILE", home.join("config"))
        .env("AWS_PROFILE", "pets")
        .env(ENDPOINT, url)
        .stdout(Stdio::null());
    command
}
