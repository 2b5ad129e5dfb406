//! Processor time of running programs, from /proc.
//!
//! `utime` and `stime` of /proc/PID/stat count clock ticks, of which there are 100 a second almost everywhere: a reading is
//! right to 10 ms, which is nothing over a turn of seconds.

use std::fmt;
use std::fs;

use miette::{IntoDiagnostic as _, Result, WrapErr as _, miette};

/// What /proc/PID/stat tells, in clock ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticks {
    parent: u32,
    /// User and system time of its threads.
    own: u64,
    /// Of its children that ended.
    of_the_dead: u64,
}

/// Reads a line of /proc/PID/stat. The program's name stands in parentheses and may hold anything.
fn read_stat(line: &str) -> Option<Ticks> {
    let (_, after_name) = line.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    // The state, which follows the name, is field 3 of proc(5).
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(Ticks {
        parent: u32::try_from(field(4)?).ok()?,
        own: field(14)? + field(15)?,
        of_the_dead: field(16)? + field(17)?,
    })
}

fn ticks_of(pid: u32) -> Result<Ticks> {
    let path = format!("/proc/{pid}/stat");
    let line = fs::read_to_string(&path).into_diagnostic().wrap_err_with(|| format!("{path} cannot be read"))?;
    read_stat(&line).ok_or_else(|| miette!("{path} holds what nobody understands: {line}"))
}

fn microseconds(ticks: u64) -> u64 {
    ticks * 1_000_000 / rustix::param::clock_ticks_per_second()
}

/// Processor time of a program in microseconds.
pub(crate) fn of_program(pid: u32) -> Result<u64> {
    ticks_of(pid).map(|ticks| microseconds(ticks.own))
}

/// Of a program, of its children, and of children that ended: all of a Postgres server.
pub(crate) fn of_family(pid: u32) -> Result<u64> {
    let ancestor = ticks_of(pid)?;
    let mut sum = ancestor.own + ancestor.of_the_dead;
    for entry in fs::read_dir("/proc").into_diagnostic()?.flatten() {
        let Some(other) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // Whoever ended meanwhile is counted as one of the dead the next time.
        if let Some(ticks) = ticks_of(other).ok().filter(|ticks| ticks.parent == pid) {
            sum += ticks.own;
        }
    }
    Ok(microseconds(sum))
}

/// The parent of a program.
pub(crate) fn parent_of(pid: u32) -> Result<u32> {
    ticks_of(pid).map(|ticks| ticks.parent)
}

/// A line of /proc/PID/status in kB, such as `VmRSS`.
pub(crate) fn status_kb(pid: u32, name: &str) -> Result<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).into_diagnostic()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| miette!("/proc/{pid}/status tells no {name}"))
}

/// Time of all processors: of a virtual machine, the host may have taken some of it for others.
#[derive(Clone, Copy)]
pub(crate) struct HostTime {
    stolen: u64,
    all: u64,
}

impl HostTime {
    /// Until now.
    pub(crate) fn read() -> Result<Self> {
        let stat = fs::read_to_string("/proc/stat").into_diagnostic()?;
        let numbers = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
        let numbers: Vec<u64> = numbers.filter_map(|number| number.parse().ok()).collect();
        // user nice system idle iowait irq softirq steal; what follows is counted in user already.
        let stolen = *numbers.get(7).ok_or_else(|| miette!("/proc/stat has an unknown form"))?;
        Ok(Self { stolen, all: numbers[..8].iter().sum() })
    }

    /// What to think of the figures between two readings.
    pub(crate) fn since(self, earlier: Self) -> impl fmt::Display {
        let share = (self.stolen - earlier.stolen) * 1000 / (self.all - earlier.all).max(1);
        format!(
            "Meanwhile the host took {}.{} % of the processors' time for others. Processor time is read from \
             /proc/PID/stat, right to 10 ms a turn.",
            share / 10,
            share % 10
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_read_behind_any_name() {
        let line = "7 (a) b (c) S 3 7 7 0 -1 4194560 100 200 0 0 11 22 33 44 20 0 5 0 100 0 0";
        assert_eq!(read_stat(line), Some(Ticks { parent: 3, own: 33, of_the_dead: 77 }));
        assert_eq!(read_stat("7 (a) S 3 7"), None);
    }

    #[test]
    fn a_busy_program_is_seen_to_be_busy() {
        let pid = std::process::id();
        let before = of_program(pid).unwrap();
        let mut number = 1_u64;
        // Some hundred milliseconds at least; ended by what is measured, not by a clock.
        while of_program(pid).unwrap() < before + 100_000 {
            number = std::hint::black_box(number.wrapping_mul(7919));
        }
        assert!(of_family(pid).unwrap() >= before + 100_000);
        assert!(status_kb(pid, "VmHWM").unwrap() >= status_kb(pid, "VmRSS").unwrap() / 2);
        assert!(parent_of(pid).unwrap() > 0);
    }
}
