//! Log lines on the terminal.

use crate::command_line::Log;
use postern_gateway::{Journal, StandardOutput};

pub(crate) struct Console {
    pub(crate) level: Log,
}

impl Journal for Console {
    fn access(&self, line: &str) {
        if self.level >= Log::Requests {
            StandardOutput.access(line);
        }
    }

    fn metrics(&self, line: &str) {
        if self.level >= Log::Metrics {
            StandardOutput.metrics(line);
        }
    }

    fn fault(&self, line: &str) {
        if self.level >= Log::Faults {
            eprintln!("{line}");
        }
    }
}
