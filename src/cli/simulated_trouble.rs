//! How `nontax simulate` sends a notification again, and what goes wrong on purpose.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;

use super::{Exit, Failure};
use crate::simulator::{FaultScript, RetrySchedule, Settings, Timing};

/// The flags for both.
#[derive(Debug, clap::Args)]
pub(super) struct SimulatedTrouble {
    /// How a notification is sent again while the reply is not final.
    #[arg(long, value_enum, default_value_t)]
    retry_schedule: Schedule,
    /// Pauses in seconds before each repetition, in place of a schedule.
    #[arg(long, value_name = "SECONDS,…", value_delimiter = ',', conflicts_with = "retry_schedule")]
    retry_after: Vec<u64>,
    /// File that says what goes wrong, and when (TOML; see docs/simulator.md).
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Schedule {
    /// After 1, 3 and 10 seconds, for somebody who waits.
    #[default]
    Watched,
    /// As WeChat Pay publishes it, over a day: for a clock that is moved.
    WeixinPay,
}

impl SimulatedTrouble {
    /// Settings with these flags.
    ///
    /// # Errors
    /// [`Failure`] for a fault script that cannot be used.
    pub(super) fn applied_to(&self, settings: Settings) -> Result<Settings, Failure> {
        Ok(Settings {
            timing: Timing { retry_pauses: self.retry_pauses(), ..settings.timing },
            faults: self.faults.as_deref().map(fault_script).transpose()?.unwrap_or_default(),
            ..settings
        })
    }

    fn retry_pauses(&self) -> Vec<Duration> {
        if !self.retry_after.is_empty() {
            return self.retry_after.iter().copied().map(Duration::from_secs).collect();
        }
        match self.retry_schedule {
            Schedule::Watched => RetrySchedule::Watched.pauses(),
            Schedule::WeixinPay => RetrySchedule::WeixinPay.pauses(),
        }
    }
}

fn fault_script(path: &Path) -> Result<FaultScript, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::new(Exit::Config, format!("cannot read {}: {e}", path.display())))?;
    FaultScript::parse(&text, &path.display().to_string()).map_err(|e| Failure::from_error(Exit::Config, &e))
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    fn pauses(arguments: &[&str]) -> Vec<u64> {
        let command = SimulatedTrouble::augment_args(clap::Command::new("simulate").no_binary_name(true));
        let trouble = SimulatedTrouble::from_arg_matches(&command.try_get_matches_from(arguments).unwrap()).unwrap();
        trouble.retry_pauses().iter().map(Duration::as_secs).collect()
    }

    #[test]
    fn pauses_are_a_schedule_or_a_list() {
        assert_eq!(pauses(&[]), [1, 3, 10]);
        assert_eq!(pauses(&["--retry-after", "0,2"]), [0, 2]);
        assert_eq!(pauses(&["--retry-schedule", "weixin-pay"]).len(), 15);
    }

    #[test]
    fn a_wrong_fault_script_is_named_with_its_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("faults.toml");
        let missing = fault_script(&path).unwrap_err();
        assert!(format!("{missing:?}").contains("faults.toml"));
        std::fs::write(&path, "[[fault]]\non = \"api\"\nkind = \"nonsense\"\n").unwrap();
        let wrong = fault_script(&path).unwrap_err();
        assert_eq!(wrong.exit(), Exit::Config);
        assert!(format!("{wrong:?}").contains("faults.toml: fault 1: kind: "), "{wrong:?}");
    }
}
