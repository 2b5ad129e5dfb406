//! What a receivables query is answered (protocol §2.1, §4).

use super::{BankId, ChinaDate, Notice, Objection, QueryDuty, Suspensions, objection_to};

/// What the book holds for the notice that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    None,
    /// This notice.
    One(Box<Notice>),
    /// The query named no collection entity, and several hold a notice of this number.
    Several,
}

/// All that a query is answered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivablesFacts {
    /// The notice.
    pub found: Found,
    /// What is suspended now.
    pub suspensions: Suspensions,
}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryAnswer {
    /// 0: the notice is due and may be paid.
    Payable(Box<Notice>),
    /// 297: all payment to the party is suspended for now.
    EverythingSuspended,
    /// The notice may not be paid.
    NotPayable(Objection),
}

/// Answers a query from the facts; the first match of protocol §4 wins: 297, 231, 233, 232, 211, 236, 235, 296, 0.
#[must_use]
pub fn answer_query(facts: ReceivablesFacts, duty: QueryDuty, bank: Option<&BankId>, today: ChinaDate) -> QueryAnswer {
    if facts.suspensions.everything() {
        return QueryAnswer::EverythingSuspended;
    }
    match (duty, facts.found) {
        (QueryDuty::DoesNotAnswer, _) | (_, Found::None) => QueryAnswer::NotPayable(Objection::NoticeUnknown),
        (_, Found::Several) => QueryAnswer::NotPayable(Objection::NoticeInconsistent),
        (_, Found::One(notice)) => match objection_to(&notice, &facts.suspensions, bank, today, None) {
            Some(objection) => QueryAnswer::NotPayable(objection),
            None => QueryAnswer::Payable(notice),
        },
    }
}
