//! `nontax demo`: a gateway and the Weixin side on loopback, and the story of a notice told call by call. Needs no configuration,
//! no network beyond loopback, and leaves nothing behind.

mod story;
mod telling;
mod world;

use std::io::Write as _;

use super::stop::asked_to_stop;
use super::{Exit, Failure};
use telling::Telling;
use world::World;

/// `nontax demo …`
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Args {
    /// End after the story. The exit code is 0 only when every answer was the expected one.
    #[arg(long)]
    exit: bool,
}

/// Tells the story, then stays up for trying out.
///
/// # Errors
/// [`Failure`] when the demo cannot start, or an answer was not the expected one.
pub async fn run(args: &Args) -> Result<(), Failure> {
    let world = World::start().await?;
    let mut telling = Telling::new();
    telling::introduce(&world);
    story::tell(&world, &mut telling).await?;
    let unexpected = telling.conclude();
    if !args.exit && unexpected == 0 {
        // Nobody reading is no reason to stop.
        let _ = std::io::stdout().write_all(world.what_to_try().as_bytes());
        asked_to_stop().await;
    }
    world.end().await;
    if unexpected > 0 {
        return Err(Failure::new(Exit::Failure, format!("{unexpected} answers were not the expected ones (marked ✗)")));
    }
    Ok(())
}
