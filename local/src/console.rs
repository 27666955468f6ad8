//! Log lines on the terminal.

use crate::command_line::Log;
use postern_gateway::{Journal, StandardOutput};

pub(crate) struct Console {
    pub(crate) level: Log,
}

impl Journal for Console {
    fn request(&self, access: &str, metrics: &str) {
        if self.level >= Log::Metrics {
            StandardOutput.request(access, metrics);
        } else if self.level >= Log::Requests {
            println!("{access}");
        }
    }

    fn wants_metrics(&self) -> bool {
        self.level >= Log::Metrics
    }

    fn metrics(&self, record: &str) {
        if self.level >= Log::Metrics {
            StandardOutput.metrics(record);
        }
    }

    fn execution(&self, lines: &str) {
        if self.level >= Log::Requests {
            println!("{lines}");
        }
    }

    fn fault(&self, line: &str) {
        if self.level >= Log::Faults {
            eprintln!("{line}");
        }
    }
}
