//! `nontax notice cancel`, `suspend` and `restore`.

use clap::Args;
use jiff::Timestamp;

use super::selection::{self, PartyNotice, PlaceArguments};
use super::{PartyArgument, cannot_write, store_failed};
use crate::cli::{Console, Exit, Failure, os_user};
use crate::domain::{DepartmentCode, NoticeStep, PartyName, Suspension, SuspensionScope};
use crate::store::{Book, MoveNoticeError, NoticeChange, NoticeRecord};

/// What `notice cancel` takes.
#[derive(Debug, Args)]
pub struct ChangeArguments {
    #[command(flatten)]
    pub(super) target: PartyNotice,
    /// Why, for the history.
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
}

/// What `notice suspend` takes.
#[derive(Debug, Args)]
pub struct SuspendArguments {
    #[command(flatten)]
    pub(super) what: ScopeArguments,
    /// When it begins, as 2026-12-31T22:00:00+08:00: not for one notice. Without it at once.
    #[arg(long, value_name = "TIME", conflicts_with = "number")]
    pub(super) from: Option<Timestamp>,
    /// When it is over. Without it when it is restored.
    #[arg(long, value_name = "TIME", conflicts_with = "number")]
    pub(super) until: Option<Timestamp>,
}

/// What `notice restore` takes.
#[derive(Debug, Args)]
pub struct RestoreArguments {
    #[command(flatten)]
    pub(super) what: ScopeArguments,
}

/// A notice, or a scope.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("target").required(true).args(["number", "everything", "all_of_department", "all_with_item"]))]
pub(super) struct ScopeArguments {
    #[command(flatten)]
    pub(super) party: PartyArgument,
    /// The payment notice's number.
    #[arg(value_name = "NUMBER")]
    pub(super) number: Option<String>,
    #[command(flatten)]
    pub(super) place: PlaceArguments,
    /// All payment to the party (paying is answered 297, and nothing is refunded).
    #[arg(long, conflicts_with_all = ["region", "department"])]
    pub(super) everything: bool,
    /// All notices of a department_code (211).
    #[arg(long, value_name = "CODE", conflicts_with_all = ["region", "department"])]
    pub(super) all_of_department: Option<String>,
    /// All notices with an item of this item_id (211).
    #[arg(long, value_name = "ITEM_ID", conflicts_with_all = ["region", "department"])]
    pub(super) all_with_item: Option<String>,
    /// Why, for the history.
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
}

impl ScopeArguments {
    /// The scope; `None` when the command is about one notice.
    fn scope(&self) -> Result<Option<SuspensionScope>, Failure> {
        if self.everything {
            return Ok(Some(SuspensionScope::Everything));
        }
        if let Some(code) = &self.all_of_department {
            let code = DepartmentCode::new(code).map_err(|error| Failure::from_error(Exit::Usage, &error))?;
            return Ok(Some(SuspensionScope::Department(code)));
        }
        match self.all_with_item.as_deref().map(str::trim) {
            Some("") => Err(Failure::new(Exit::Usage, "--all-with-item is empty: give an item_id")),
            item => Ok(item.map(|item_id| SuspensionScope::Item(item_id.to_owned()))),
        }
    }

    async fn notice(&self, store: &dyn Book, party: &PartyName) -> Result<NoticeRecord, Failure> {
        // The group of arguments requires a number where there is no scope.
        selection::find_one(self.number.as_deref().unwrap_or_default(), &self.place, store, party).await
    }
}

pub(super) async fn cancel(
    arguments: &ChangeArguments,
    store: &dyn Book,
    parties: &[PartyName],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let PartyNotice { party, notice } = &arguments.target;
    let party = party.among(parties)?;
    let reason = checked_reason(&arguments.reason)?;
    let record = selection::find_one(&notice.number, &notice.place, store, &party).await?;
    move_notice(record, NoticeStep::Cancel, &reason, store, &party, console).await
}

pub(super) async fn suspend(
    SuspendArguments { what: arguments, from, until }: &SuspendArguments,
    store: &dyn Book,
    parties: &[PartyName],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let party = arguments.party.among(parties)?;
    let reason = checked_reason(&arguments.reason)?;
    let Some(scope) = arguments.scope()? else {
        let record = arguments.notice(store, &party).await?;
        return move_notice(record, NoticeStep::Suspend, &reason, store, &party, console).await;
    };
    let suspension = Suspension::new(scope.clone(), reason).between(*from, *until);
    let suspension =
        suspension.map_err(|error| Failure::new(Exit::Usage, format!("--from and --until do not fit: {error}")))?;
    let suspended = store.suspend(party.clone(), suspension, os_user::author(), Timestamp::now()).await;
    suspended.map_err(|error| store_failed(&error))?;
    let from = from.map_or_else(String::new, |from| format!(" from {from}"));
    let until = until.map_or_else(String::new, |until| format!(" until {until}"));
    writeln!(console.out, "suspended {} of party {party}{from}{until}", name_of(&scope))
        .map_err(|error| cannot_write(&error))
}

pub(super) async fn restore(
    RestoreArguments { what: arguments }: &RestoreArguments,
    store: &dyn Book,
    parties: &[PartyName],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let party = arguments.party.among(parties)?;
    let reason = checked_reason(&arguments.reason)?;
    let Some(scope) = arguments.scope()? else {
        let record = arguments.notice(store, &party).await?;
        return move_notice(record, NoticeStep::Restore, &reason, store, &party, console).await;
    };
    let lifted = store.lift_suspension(party.clone(), scope.clone(), reason, os_user::author(), Timestamp::now()).await;
    let scope = name_of(&scope);
    if lifted.map_err(|error| store_failed(&error))? {
        writeln!(console.out, "restored {scope} of party {party}").map_err(|error| cannot_write(&error))
    } else {
        Err(Failure::new(Exit::Failure, format!("{scope} of party {party} is not suspended: nothing was changed")))
    }
}

pub(super) fn name_of(scope: &SuspensionScope) -> String {
    match scope {
        SuspensionScope::Everything => "everything".to_owned(),
        SuspensionScope::Department(code) => format!("department {code}"),
        SuspensionScope::Item(item_id) => format!("item {item_id}"),
    }
}

fn checked_reason(reason: &str) -> Result<String, Failure> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().any(char::is_control) {
        return Err(Failure::new(Exit::Usage, "--reason is empty or holds a control character: say in one line why"));
    }
    Ok(reason.to_owned())
}

async fn move_notice(
    record: NoticeRecord,
    step: NoticeStep,
    reason: &str,
    store: &dyn Book,
    party: &PartyName,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let key = record.notice.key;
    let from = record.notice.state.name();
    // Of the notice as it was found: what somebody changed in between is to be looked at first.
    let change =
        NoticeChange { key: key.clone(), step, expected_version: Some(record.version), reason: reason.to_owned() };
    let moved = store.move_notice(party.clone(), change, os_user::author(), Timestamp::now()).await;
    let to = moved.map_err(|error| match error {
        MoveNoticeError::Store(error) => store_failed(&error),
        refused => Failure::new(Exit::Failure, format!("notice {key}: {refused}; nothing was changed")),
    })?;
    writeln!(console.out, "notice {key}: {from} -> {}", to.notice.state.name()).map_err(|error| cannot_write(&error))
}
