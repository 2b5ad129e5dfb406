//! The table of roles and modes, in full, and what a payment for a notice that is not held is answered in each.

use nontax_gateway::domain::{
    Duties, Mode, NotificationAnswer, Objection, OnRefusal, Policy, QueryDuty, ReplyVocabulary, Role, UnknownNotice,
};

use crate::book::{Book, FEE, PAID_AT_SECONDS, at, order_id, paid};

const ANSWERS: QueryDuty = QueryDuty::Answers;
const SILENT: QueryDuty = QueryDuty::DoesNotAnswer;
const REFUSE: UnknownNotice = UnknownNotice::Refuse;
const RECORD: UnknownNotice = UnknownNotice::Record;
const ALL: ReplyVocabulary = ReplyVocabulary::All;
const RECORDS_ONLY: ReplyVocabulary = ReplyVocabulary::RecordsOnly;

#[test]
fn every_pair_of_role_and_mode_has_the_duties_of_the_protocol() {
    use Mode::{DirectBank, DirectBusiness, DirectFinance};
    use Role::{Bank, Finance, GovernmentUnit};
    let table = [
        (Finance, DirectFinance, Some((ANSWERS, REFUSE, ALL, true))),
        (Finance, DirectBank, None),
        (Finance, DirectBusiness, Some((ANSWERS, RECORD, ALL, true))),
        (Bank, DirectBank, Some((ANSWERS, REFUSE, ALL, true))),
        (Bank, DirectFinance, Some((SILENT, RECORD, RECORDS_ONLY, true))),
        (Bank, DirectBusiness, Some((ANSWERS, RECORD, ALL, true))),
        (GovernmentUnit, DirectBank, Some((SILENT, RECORD, RECORDS_ONLY, false))),
        (GovernmentUnit, DirectFinance, Some((SILENT, RECORD, RECORDS_ONLY, false))),
        (GovernmentUnit, DirectBusiness, Some((SILENT, RECORD, RECORDS_ONLY, false))),
    ];
    for (role, mode, expected) in table {
        let found = Duties::of(role, mode).ok().map(|duties| {
            (duties.queries, duties.unknown_notice, duties.replies, duties.refunds_may_hide_their_amount)
        });
        assert_eq!(found, expected, "{role} {mode}");
    }
}

#[test]
fn a_payment_for_a_notice_that_is_not_held_is_refused_or_recorded_as_the_duties_say() {
    for role in [Role::Finance, Role::Bank, Role::GovernmentUnit] {
        for mode in [Mode::DirectBank, Mode::DirectFinance, Mode::DirectBusiness] {
            let Ok(duties) = Duties::of(role, mode) else { continue };
            let policy = Policy {
                unknown_notice: duties.unknown_notice,
                replies: duties.replies,
                on_refusal: OnRefusal::Refund,
            };
            let mut book = Book::default();
            let now = at(PAID_AT_SECONDS);
            match (duties.unknown_notice, book.notify(&order_id("A"), &paid(FEE, PAID_AT_SECONDS), policy, now)) {
                (UnknownNotice::Refuse, NotificationAnswer::Refused(refusal)) => {
                    assert_eq!(refusal.objection(), &Objection::NoticeUnknown, "{role} {mode}");
                    assert!(book.notices.is_empty(), "{role} {mode}");
                }
                (UnknownNotice::Record, NotificationAnswer::Recorded) => {
                    assert!(book.order(&order_id("A")).settles(), "{role} {mode}");
                }
                (_, answer) => panic!("{role} {mode}: {answer:?}"),
            }
        }
    }
}
