//! One call of an API: whose it is, with what, and how its reply or its failure is told.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Args, Console, Exit, Failure, PATIENCE, explain, request};
use crate::app::Party;
use crate::config::PlatformConfig;
use crate::platform::{
    Api, MICROPAY, MOCK_NOTIFICATION, MOCK_QUERY_FEE, PlatformClient, PlatformError, REFUND, Retry, UNIFIED_ORDER,
};
use crate::store::SharedStore;
use crate::wire::{CheckedRequest, Locale, PROTOCOL_VERSION};

/// A call that the command line asks for.
pub(super) struct ApiCall<'a> {
    pub(super) api: &'static Api,
    pub(super) party: &'a Party,
    pub(super) platform: &'a PlatformConfig,
    request: &'a str,
    pub(super) explain: bool,
    /// The caller's key of an order or a payment at the counter.
    pub(super) key: Option<&'a str>,
    pub(super) allow_open_order: bool,
    /// Where orders, refunds and payments are kept; `None` for a call that is only explained.
    pub(super) store: Option<&'a SharedStore>,
}

impl<'a> ApiCall<'a> {
    /// The call of the party that the arguments name, or of the only one.
    pub(super) fn new(
        api: &'static Api,
        args: &'a Args,
        parties: &'a [Party],
        platform: &'a PlatformConfig,
        store: Option<&'a SharedStore>,
    ) -> Result<Self, Failure> {
        let party = match (&args.party, parties) {
            (Some(name), _) => parties.iter().find(|party| party.name.as_str() == name),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        let party = party.ok_or_else(|| {
            let names: Vec<_> = parties.iter().map(|party| party.name.to_string()).collect();
            let problem = args.party.as_ref().map_or_else(
                || "several parties are configured".to_owned(),
                |name| format!("no party is called {name:?}"),
            );
            Failure::new(Exit::Usage, problem).with_help(format!("say which with --party: {}", names.join(", ")))
        })?;
        Ok(Self {
            api,
            party,
            platform,
            request: &args.request,
            explain: args.explain,
            key: args.key.as_deref(),
            allow_open_order: args.allow_open_order,
            store,
        })
    }

    /// The request, read, completed and checked; `None` when it was to be explained only, which is done.
    pub(super) fn prepare<Q>(&self, console: &mut Console<'_>) -> Result<Option<Q>, Failure>
    where
        Q: DeserializeOwned + Serialize + CheckedRequest,
    {
        let document = request::read(self.request, console)?;
        let (request, body) = request::complete::<Q>(document, &self.defaults::<Q>())?;
        let problems = request.problems();
        if self.explain {
            explain::print(self, &body, Q::RULES, console)?;
        }
        if !problems.is_empty() {
            return Err(self.failure(&PlatformError::InvalidRequest { api: self.api.path, problems }));
        }
        Ok((!self.explain).then_some(request))
    }

    /// What goes without saying.
    fn defaults<Q: CheckedRequest>(&self) -> Vec<(&'static str, Value)> {
        let appid = Q::NAMES_ACCOUNT.then(|| ("appid", self.party.appid.as_str().into()));
        let is_mock = matches!(self.api.path, MOCK_NOTIFICATION | MOCK_QUERY_FEE);
        let version = is_mock.then(|| ("version", PROTOCOL_VERSION.into()));
        appid.into_iter().chain(version).collect()
    }

    /// The party's way to the platform, with a person's patience.
    pub(super) fn client(&self) -> Result<PlatformClient, Failure> {
        let client = self.party.platform.as_ref().ok_or_else(|| {
            Failure::new(
                Exit::Config,
                format!("party \"{}\" has no app_secret to call the platform with", self.party.name),
            )
            .with_help("write app_secret_file = \"…\" under its [[party]]")
        })?;
        Ok(client.with_timeout(PATIENCE))
    }

    /// Prints a document.
    pub(super) fn print(document: &Value, console: &mut Console<'_>) -> Result<(), Failure> {
        let printed = writeln!(console.out, "{document:#}");
        printed.map_err(|error| cannot_write(&error))
    }

    /// What went wrong, with cause and cure in the party's language.
    pub(super) fn failure(&self, error: &PlatformError) -> Failure {
        match error {
            PlatformError::InvalidRequest { problems, .. } => {
                let lines: Vec<_> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
                Failure::new(Exit::Usage, format!("the request was not sent:{}", lines.concat()))
                    .with_help(format!("nontax api {} --explain prints the rules", self.api.name))
            }
            PlatformError::Refused { errcode, errmsg, .. } => self.refusal(error, *errcode, errmsg),
            PlatformError::NoToken { .. } => {
                Failure::from_error(Exit::Network, error).with_help(error.cure(self.party.locale))
            }
            PlatformError::Unreachable { .. } | PlatformError::Unreadable { .. } => {
                let failure = Failure::from_error(Exit::Network, error);
                let moves_money = matches!(self.api.path, UNIFIED_ORDER | REFUND | MICROPAY);
                failure.with_help(if moves_money && error.outcome_is_unknown() {
                    "the outcome is not known: ask getorder or getorderlist before anything is repeated"
                } else {
                    error.cure(self.party.locale)
                })
            }
        }
    }

    fn refusal(&self, error: &PlatformError, errcode: i64, errmsg: &str) -> Failure {
        let locale = self.party.locale;
        let Some(advice) = error.errcode_advice(locale) else { return Failure::from_error(Exit::Refused, error) };
        let api = error.api();
        let again = again(advice.retry, locale);
        let seen = error.seen_ip().map(|address| address.to_string());
        match locale {
            Locale::Chinese => {
                let seen = seen.map_or_else(String::new, |address| format!("\n平台看到的 IP：{address}"));
                Failure::new(Exit::Refused, format!("平台拒绝了 {api}：{errcode} {}（{errmsg}）", advice.meaning))
                    .with_help(format!("原因：{}{seen}\n处理：{}\n重试：{again}", advice.cause, advice.cure))
            }
            Locale::English => {
                let seen = seen.map_or_else(String::new, |address| format!("\naddress seen: {address}"));
                Failure::new(
                    Exit::Refused,
                    format!("the platform refused {api}: {errcode} {} ({errmsg})", advice.meaning),
                )
                .with_help(format!("cause: {}{seen}\ncure: {}\nagain: {again}", advice.cause, advice.cure))
            }
        }
    }
}

/// Prints an answer of ours.
pub(super) fn print_json(answer: &impl Serialize, console: &mut Console<'_>) -> Result<(), Failure> {
    let document = serde_json::to_value(answer).map_err(|error| cannot_write(&error))?;
    ApiCall::print(&document, console)
}

fn cannot_write(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Failure, format!("the output cannot be written: {error}"))
}

/// Whether trying again can help, in words.
const fn again(retry: Retry, locale: Locale) -> &'static str {
    match (retry, locale) {
        (Retry::Never, Locale::Chinese) => "无用",
        (Retry::Never, Locale::English) => "does not help",
        (Retry::AfterCorrection, Locale::Chinese) => "更正之后",
        (Retry::AfterCorrection, Locale::English) => "after the correction",
        (Retry::AfterFreshToken, Locale::Chinese) => "换用新的 access_token 之后",
        (Retry::AfterFreshToken, Locale::English) => "with a fresh access_token",
        (Retry::SameCallLater, Locale::Chinese) => "稍后",
        (Retry::SameCallLater, Locale::English) => "a little later",
    }
}
