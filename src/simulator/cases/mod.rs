//! The magic values: what makes the simulator play a case. One table, which decides what is played and is what people read.

mod printing;
mod table;

use super::api_error::ApiError;
use super::faults::{ApiFault, Problem};
use super::stories::Story;
use crate::wire::{ApiErrcode, QueryFeeReply, QueryFeeRequest, ReceivablesItem};

pub use printing::{as_markdown, as_text};
pub use table::SECTIONS;

/// The test bank (source §4.2.2): its orders do not depend on what the parties answer.
pub const TEST_BANK_ID: &str = "test_bank_id";

/// The header by which a caller of the platform's APIs asks for a bad reply.
pub const CASE_HEADER: &str = "X-Nontax-Simulate";

/// A fee below this chooses no story: orders of a few fen are what everybody tries out with.
const LEAST_FEE_OF_A_STORY: i64 = 1_000;

/// The fee of the made-up notice, in fen. Its ending chooses no story.
const MADE_UP_FEE: i64 = 20_000;

/// Values of one kind.
#[derive(Debug)]
pub struct Section {
    /// What chooses, in English.
    pub english: &'static str,
    /// What chooses, in Chinese.
    pub chinese: &'static str,
    /// The values.
    pub cases: &'static [Case],
}

/// A value, and what happens with it.
#[derive(Debug)]
pub struct Case {
    /// The value. `…` stands for anything before an ending, capitals for a number.
    pub value: &'static str,
    /// What happens, in English.
    pub english: &'static str,
    /// What happens, in Chinese.
    pub chinese: &'static str,
    plays: Plays,
}

/// What a value chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plays {
    /// The platform refuses the notice without asking anybody.
    Refusal(ApiErrcode),
    /// The platform knows the notice without asking anybody.
    MadeUpNotice,
    /// What follows a payment.
    Story(Story),
    /// The reply is a bad one, as [`ApiFault`] names it.
    Reply,
    /// It stands for itself; the code that knows it is elsewhere.
    Itself,
}

fn cases() -> impl Iterator<Item = &'static Case> {
    SECTIONS.iter().flat_map(|section| section.cases)
}

impl Case {
    /// Whether a number ends as this value does.
    fn is_ending_of(&self, number: &str) -> bool {
        self.value.strip_prefix('…').is_some_and(|ending| number.trim().ends_with(ending))
    }
}

/// What the platform says of a notice by its number alone; `None` for a number that is left to the parties.
pub(super) fn answer_by_number(request: &QueryFeeRequest, now: i64) -> Option<Result<QueryFeeReply, ApiError>> {
    match of_number(&request.payment_notice_no)? {
        Plays::Refusal(code) => Some(Err(refusal(code))),
        _ => Some(Ok(made_up_notice(request, now))),
    }
}

/// Refuses an order for a notice whose number says so.
///
/// # Errors
/// The code of the number.
pub(super) fn check_number(payment_notice_no: Option<&str>) -> Result<(), ApiError> {
    match payment_notice_no.and_then(of_number) {
        Some(Plays::Refusal(code)) => Err(refusal(code)),
        _ => Ok(()),
    }
}

fn of_number(number: &str) -> Option<Plays> {
    let chooses = |case: &&Case| matches!(case.plays, Plays::Refusal(_) | Plays::MadeUpNotice);
    cases().filter(chooses).find(|case| case.is_ending_of(number)).map(|case| case.plays)
}

fn refusal(code: ApiErrcode) -> ApiError {
    ApiError::because(code, "the notice's number asks for it")
}

/// The story of a fee in fen.
pub(super) fn story(fee: i64) -> Option<Story> {
    if fee < LEAST_FEE_OF_A_STORY {
        return None;
    }
    let fee = fee.to_string();
    cases().find_map(|case| match case.plays {
        Plays::Story(story) if case.is_ending_of(&fee) => Some(story),
        _ => None,
    })
}

/// The bad reply that the header asks for.
///
/// # Errors
/// What a value must be, for one that is in no row.
pub(super) fn reply_fault(header: &str) -> Result<ApiFault, Problem> {
    let (name, number) = header.trim().split_once('=').map_or((header.trim(), None), |(n, v)| (n, Some(v)));
    ApiFault::read(&name.replace('-', "_"), number)
}

fn made_up_notice(request: &QueryFeeRequest, now: i64) -> QueryFeeReply {
    let item = ReceivablesItem {
        no: 1,
        item_id: "000001".to_owned(),
        item_name: "模拟收费项目".to_owned(),
        fee: MADE_UP_FEE,
        ..ReceivablesItem::default()
    };
    let department_code = Some(request.department_code.clone()).filter(|code| !code.trim().is_empty());
    QueryFeeReply {
        errcode: 0,
        errmsg: Some("ok".to_owned()),
        user_name: Some("模*户".to_owned()),
        fee: Some(MADE_UP_FEE),
        items: vec![item],
        payment_notice_no: Some(request.payment_notice_no.trim().to_owned()),
        department_code: department_code.or_else(|| Some("000000".to_owned())),
        department_name: Some("模拟执收单位".to_owned()),
        payment_notice_type: Some(request.payment_notice_type.unwrap_or(1)),
        region_code: Some(request.region_code.clone()),
        payment_notice_create_time: Some(now),
        ..QueryFeeReply::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_chooses_by_its_ending() {
        let answer = |number: &str| {
            let request = QueryFeeRequest { payment_notice_no: number.to_owned(), ..QueryFeeRequest::default() };
            answer_by_number(&request, 1).map(|answer| answer.map_err(|error| error.errcode))
        };
        for ending in [211, 231, 232, 233, 235, 236, 297] {
            assert_eq!(answer(&format!("44990{ending}")).unwrap().unwrap_err(), 9_200_000 + ending);
            assert_eq!(check_number(Some(&format!("990{ending} "))).unwrap_err().errcode, 9_200_000 + ending);
        }
        for ending in [296, 299] {
            assert_eq!(answer(&format!("990{ending}")).unwrap().unwrap_err(), 9_210_000);
        }
        let made_up = answer("4400990000").unwrap().unwrap();
        assert_eq!(made_up.items.iter().map(|item| item.fee).sum::<i64>(), made_up.fee.unwrap());
        assert!(check_number(Some("4400990000")).is_ok() && check_number(None).is_ok());
        for number in ["", "990210", "90231", "9902310", "08111639088"] {
            assert!(answer(number).is_none(), "{number}");
        }
    }

    #[test]
    fn a_fee_chooses_by_its_ending_unless_it_is_small() {
        assert_eq!(story(1_003), Some(Story::OutOfOrder));
        assert_eq!(story(20_007), Some(Story::NeverNotified));
        for fee in [3, 7, 999, 1_000, 1_009, MADE_UP_FEE, -1_003, i64::MIN, i64::MAX] {
            assert_eq!(story(fee), None, "{fee}");
        }
    }

    #[test]
    fn every_bad_reply_of_the_table_can_be_asked_for() {
        let rows: Vec<_> = cases().filter(|case| case.plays == Plays::Reply).collect();
        for case in &rows {
            let header = case.value.replace("CODE", "9201001").replace("STATUS", "503").replace("MILLISECONDS", "5");
            reply_fault(&header).unwrap_or_else(|problem| panic!("{header}: {problem}"));
        }
        assert_eq!(rows.len(), ApiFault::names().count());
        assert!(reply_fault("nonsense").unwrap_err().to_string().contains("wrong_type"));
    }

    #[test]
    fn every_value_is_there_once_and_says_what_it_does_twice() {
        let mut values: Vec<_> = cases().map(|case| case.value).collect();
        assert!(cases().all(|case| case.english.is_ascii() && !case.chinese.is_ascii()));
        values.sort_unstable();
        let all = values.len();
        values.dedup();
        assert_eq!(values.len(), all);
    }
}
