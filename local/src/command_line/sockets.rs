//! How sockets are held, by `postern dev` and by `postern sockets`.

use clap::Args;
use postern_holder::Settings;
use postern_websocket::{Keys, Limits};
use std::net::SocketAddr;
use std::time::Duration;

/// Hold WebSockets for a Postern elsewhere, such as the `sockets` function on AWS.
///
/// What happens on a socket goes to the backend as WebSocket-over-HTTP, signed with the key; what is published at the control
/// address goes to sockets, if it is signed with the key too. Any number of these may stand side by side, each with a name of its own
/// that POSTERN_HOLDERS of the functions lists, or its network.
#[derive(Debug, Args)]
pub(crate) struct Sockets {
    /// The `sockets` function's URL.
    #[arg(long, value_name = "URL", env = "POSTERN_SOCKETS_BACKEND")]
    pub(crate) backend: String,

    /// The key shared with the functions; after a comma, others that are still believed. Rather by the variable: arguments can be
    /// seen.
    #[arg(
        long,
        value_name = "KEY,...",
        env = "POSTERN_SOCKETS_KEY",
        hide_env_values = true
    )]
    pub(crate) key: Keys,

    /// Where clients connect.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4710")]
    pub(crate) listen: SocketAddr,

    /// Where the functions publish. Nobody else should reach it.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4711")]
    pub(crate) control: SocketAddr,

    /// What this holder calls itself [default: this machine's address].
    #[arg(long, env = "POSTERN_SOCKETS_NAME")]
    pub(crate) name: Option<String>,

    /// How long sockets may take to be closed once this is told to stop.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub(crate) stop_within: u64,

    #[command(flatten)]
    pub(crate) limits: SocketLimits,
}

/// What holds for every socket.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "WebSockets")]
pub(crate) struct SocketLimits {
    /// How long a socket may be without a message, as AWS has it unless told otherwise.
    #[arg(
        long,
        value_name = "SECONDS",
        env = "POSTERN_SOCKET_IDLE",
        default_value_t = 600
    )]
    socket_idle: u64,

    /// How long a socket may be open.
    #[arg(
        long,
        value_name = "SECONDS",
        env = "POSTERN_SOCKET_LIFE",
        default_value_t = 7_200
    )]
    socket_life: u64,

    /// How long a client's message may be.
    #[arg(
        long,
        value_name = "BYTES",
        env = "POSTERN_SOCKET_MESSAGE",
        default_value_t = 131_072
    )]
    socket_message: usize,

    /// How long a client's frame may be; longer messages go to clients in frames of this.
    #[arg(
        long,
        value_name = "BYTES",
        env = "POSTERN_SOCKET_FRAME",
        default_value_t = 32_768
    )]
    socket_frame: usize,

    /// How many sockets there may be at once.
    #[arg(
        long,
        value_name = "COUNT",
        env = "POSTERN_SOCKETS_MAX",
        default_value_t = 65_536
    )]
    sockets_max: usize,
}

impl SocketLimits {
    /// For who answers.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            message_bytes_max: self.socket_message,
            idle: Duration::from_secs(self.socket_idle),
            life: Duration::from_secs(self.socket_life),
        }
    }

    /// For who holds.
    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        let limits = &mut settings.limits;
        limits.idle = Duration::from_secs(self.socket_idle);
        limits.life = Duration::from_secs(self.socket_life);
        limits.message_bytes_max = self.socket_message;
        limits.frame_bytes_max = self.socket_frame.max(1);
        limits.sockets_max = self.sockets_max;
        settings
    }
}
