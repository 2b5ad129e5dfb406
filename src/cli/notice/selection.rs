//! Which notice a command is about: its number, and where that is not enough its region and collection entity.

use std::fmt::Write as _;

use clap::Args;

use super::{PartyArgument, store_failed};
use crate::cli::{Exit, Failure};
use crate::domain::{PartyName, PaymentNoticeNo};
use crate::store::{Book, NoticeRecord};

/// A notice on the command line.
#[derive(Clone, Debug, Args)]
pub(super) struct NoticeArguments {
    /// The payment notice's number.
    #[arg(value_name = "NUMBER")]
    pub(super) number: String,
    #[command(flatten)]
    pub(super) place: PlaceArguments,
}

/// What tells notices of one number apart.
#[derive(Clone, Debug, Args)]
pub(super) struct PlaceArguments {
    /// The notice's region_code.
    #[arg(long, value_name = "CODE")]
    pub(super) region: Option<String>,
    /// The notice's department_code.
    #[arg(long, value_name = "CODE")]
    pub(super) department: Option<String>,
}

impl PlaceArguments {
    fn fits(&self, record: &NoticeRecord) -> bool {
        let key = &record.notice.key;
        self.region.as_ref().is_none_or(|code| code == key.region_code.as_str())
            && self.department.as_ref().is_none_or(|code| code == key.department_code.as_str())
    }
}

/// The notices of a number that fit the place given; at least one.
pub(super) async fn find(
    number: &str,
    place: &PlaceArguments,
    store: &dyn Book,
    party: &PartyName,
) -> Result<Vec<NoticeRecord>, Failure> {
    let number = PaymentNoticeNo::new(number).map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let all = store.find_notices(party.clone(), number.clone()).await.map_err(|error| store_failed(&error))?;
    let (fitting, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|record| place.fits(record));
    if !fitting.is_empty() {
        return Ok(fitting);
    }
    let failure = Failure::new(Exit::Failure, format!("party {party} holds no notice {number} there"));
    Err(if others.is_empty() {
        Failure::new(Exit::Failure, format!("party {party} holds no notice {number}"))
    } else {
        failure.with_help(format!("it holds this number elsewhere:{}", candidates(&others)))
    })
}

/// The one notice of a number; an error that lists them when there are several.
pub(super) async fn find_one(
    number: &str,
    place: &PlaceArguments,
    store: &dyn Book,
    party: &PartyName,
) -> Result<NoticeRecord, Failure> {
    let mut found = find(number, place, store, party).await?;
    match found.pop() {
        Some(record) if found.is_empty() => Ok(record),
        last => {
            found.extend(last);
            Err(Failure::new(Exit::Usage, format!("party {party} holds {} notices {number}", found.len()))
                .with_help(format!("say which one with --region and --department:{}", candidates(&found))))
        }
    }
}

fn candidates(records: &[NoticeRecord]) -> String {
    records.iter().fold(String::new(), |mut text, record| {
        let key = &record.notice.key;
        let (name, state) = (&record.notice.department_name, record.notice.state.name());
        let _ = write!(text, "\n  --region {} --department {}  {name}, {state}", key.region_code, key.department_code);
        text
    })
}

/// The party and the arguments of a notice, together.
#[derive(Clone, Debug, Args)]
pub(super) struct PartyNotice {
    #[command(flatten)]
    pub(super) party: PartyArgument,
    #[command(flatten)]
    pub(super) notice: NoticeArguments,
}
