//! What the platform that `nontax simulate` plays is like: its seed, its tokens, its IP lists, its refunds.

use std::net::IpAddr;

use crate::simulator::{Settings, Timing};

/// The flags of the platform's side.
#[derive(Debug, clap::Args)]
pub(super) struct SimulatedPlatform {
    /// Where all random numbers come from: with the same seed, a run repeats exactly.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// For how many seconds an access_token is valid.
    #[arg(long, value_name = "SECONDS", default_value_t = Timing::default().token_lifetime_seconds, value_parser = clap::value_parser!(i64).range(1..))]
    token_lifetime: i64,
    /// End all access_tokens every so many seconds, whatever their expires_in said.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(1..))]
    token_expires_every: Option<i64>,
    /// An address that may ask for access_tokens, the only one unless this is given again; without it, any may.
    #[arg(long, value_name = "ADDRESS")]
    allow_token_ip: Vec<IpAddr>,
    /// An address that may ask for refunds, the only one unless this is given again; without it, any may.
    #[arg(long, value_name = "ADDRESS")]
    allow_refund_ip: Vec<IpAddr>,
    /// After how many seconds a refund is done and told.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    refund_seconds: i64,
}

impl SimulatedPlatform {
    /// Settings with these flags.
    pub(super) fn applied_to(&self, settings: Settings) -> Settings {
        let listed = |ips: &[IpAddr]| (!ips.is_empty()).then(|| ips.to_vec());
        Settings {
            timing: Timing {
                refund_seconds: self.refund_seconds,
                token_lifetime_seconds: self.token_lifetime,
                token_expires_every_seconds: self.token_expires_every,
                ..settings.timing
            },
            seed: self.seed,
            allowed_token_ips: listed(&self.allow_token_ip),
            allowed_refund_ips: listed(&self.allow_refund_ip),
            ..settings
        }
    }
}
