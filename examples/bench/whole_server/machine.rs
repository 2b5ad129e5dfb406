//! What the figures are of.

use std::fs;

use miette::Result;

use super::sitting::Sitting;

/// Prints machine, versions and settings.
pub(crate) fn print(sitting: &Sitting) -> Result<()> {
    let cpu_info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models = cpu_info.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let models: Vec<&str> = models.map(|(_, model)| model).collect();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let of_postgres = |name| sitting.books.setting(name);
    println!("| | |\n| --- | --- |");
    println!("| processors | {} × {} |", models.len(), models.first().unwrap_or(&"unknown"));
    println!("| system | Linux {} |", kernel.trim());
    println!("| gateway | nontax-gateway {} |", env!("CARGO_PKG_VERSION"));
    println!(
        "| Postgres | {}, shared_buffers {}, fsync {}, synchronous_commit {} |",
        of_postgres("server_version")?,
        of_postgres("shared_buffers")?,
        of_postgres("fsync")?,
        of_postgres("synchronous_commit")?
    );
    let pinning = sitting.options.server_cpu.as_ref().map_or_else(
        || "nothing is pinned".to_owned(),
        |cpu| format!("servers under test on processor {cpu}, Postgres and the load on another"),
    );
    println!("| pinning | {pinning} |");
    let scale = sitting.scale;
    println!("| turns | {} of {} s, medians |", scale.turns, scale.seconds);
    println!("| book | {} unpaid notices with 4 items |", scale.notices);
    if cfg!(debug_assertions) {
        println!("| **build** | **debug: the figures mean nothing** |");
    }
    Ok(())
}
