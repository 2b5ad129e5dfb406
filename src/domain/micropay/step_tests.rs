//! The table of transitions, whole: every state with every event, and what an earlier doubt changes.

use super::*;
use crate::domain::OrderId;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn order() -> OrderId {
    OrderId::new("A").unwrap()
}

fn refusal(about: RefusalAbout) -> MicropayRefusal {
    MicropayRefusal { errcode: 9_207_003, errmsg: "payment failed".to_owned(), about }
}

/// A payment in a state, one call made a second ago.
fn standing(state: MicropayState, doubt: Doubt) -> Micropay {
    Micropay {
        state,
        attempts: 1,
        first_call_at: Some(at(-1)),
        last_call_at: Some(at(-1)),
        doubt,
        order_id: Some(order()),
        order_was_named: true,
        ..Micropay::new(at(-1))
    }
}

fn states() -> [MicropayState; 11] {
    let (why, order_id) = (GaveUp::TimeUp, order());
    [
        MicropayState::Waiting { next_call_at: at(0) },
        MicropayState::Submitting { attempt: 1 },
        MicropayState::Asking { next_look_at: at(0) },
        MicropayState::GivingUp { why, next_look_at: at(0), failed_looks: 0 },
        MicropayState::Abandoned { why, watch_until: at(900), next_look_at: at(0) },
        MicropayState::Refunding { order_id: order_id.clone(), next_look_at: at(0) },
        MicropayState::Paid { order_id: order_id.clone() },
        MicropayState::Failed { refusal: refusal(RefusalAbout::Code) },
        MicropayState::Closed { why },
        MicropayState::Refunded { order_id },
        MicropayState::NeedsPerson { reason: "no".to_owned() },
    ]
}

fn events() -> Vec<(&'static str, MicropayEvent)> {
    let refused = |about| MicropayEvent::Answered(MicropayAnswer::Refused(refusal(about), None));
    vec![
        ("call", MicropayEvent::CallBegins),
        ("paid", MicropayEvent::Answered(MicropayAnswer::Paid(order()))),
        ("system error", MicropayEvent::Answered(MicropayAnswer::SystemError(None))),
        ("password", MicropayEvent::Answered(MicropayAnswer::PasswordRequired(Some(order())))),
        ("refused: request", refused(RefusalAbout::Request)),
        ("refused: code", refused(RefusalAbout::Code)),
        ("refused: code used", refused(RefusalAbout::CodeUsed)),
        ("refused: payment", refused(RefusalAbout::Payment)),
        ("refused: unlisted", refused(RefusalAbout::Unlisted)),
        ("unanswered", MicropayEvent::Unanswered("cut".to_owned())),
        ("not sent", MicropayEvent::NotSent("no token".to_owned())),
        ("interrupted", MicropayEvent::Interrupted),
        ("time up", MicropayEvent::TimeUp),
        ("cancel", MicropayEvent::Canceled),
        ("nothing open", MicropayEvent::NothingOpen),
        ("see paid", MicropayEvent::Looked(Sight::Paid(order()))),
        ("see returning", MicropayEvent::Looked(Sight::Returning(order()))),
        ("see returned", MicropayEvent::Looked(Sight::Returned(order()))),
        ("see open", MicropayEvent::Looked(Sight::Open(order()))),
        ("see canceled", MicropayEvent::Looked(Sight::Canceled(order()))),
        ("see another", MicropayEvent::Looked(Sight::PaidByAnother(order()))),
        ("see nothing", MicropayEvent::Looked(Sight::Nothing)),
        ("look failed", MicropayEvent::LookFailed("down".to_owned())),
        ("refund under way", MicropayEvent::Refund(RefundProgress::UnderWay)),
        ("refund done", MicropayEvent::Refund(RefundProgress::Done)),
        ("refund impossible", MicropayEvent::Refund(RefundProgress::Impossible("role".to_owned()))),
    ]
}

/// From, event, to with no doubt, to when the password is pending, to in doubt. A pair that is not in here is refused.
const TABLE: [(&str, &str, [&str; 3]); 36] = [
    ("waiting", "call", ["submitting"; 3]),
    ("waiting", "time up", ["giving_up"; 3]),
    ("waiting", "cancel", ["giving_up"; 3]),
    ("submitting", "paid", ["paid"; 3]),
    ("submitting", "system error", ["waiting"; 3]),
    ("submitting", "password", ["waiting"; 3]),
    ("submitting", "refused: request", ["failed", "asking", "asking"]),
    ("submitting", "refused: code", ["failed", "asking", "asking"]),
    ("submitting", "refused: code used", ["asking"; 3]),
    ("submitting", "refused: unlisted", ["asking"; 3]),
    ("submitting", "refused: payment", ["failed", "failed", "asking"]),
    ("submitting", "unanswered", ["asking"; 3]),
    ("submitting", "not sent", ["waiting"; 3]),
    ("submitting", "interrupted", ["asking"; 3]),
    ("asking", "time up", ["giving_up"; 3]),
    ("asking", "cancel", ["giving_up"; 3]),
    ("asking", "see paid", ["paid"; 3]),
    ("asking", "see returning", ["refunding"; 3]),
    ("asking", "see returned", ["refunded"; 3]),
    ("asking", "see open", ["waiting"; 3]),
    ("asking", "see canceled", ["waiting"; 3]),
    ("asking", "see another", ["abandoned"; 3]),
    ("asking", "see nothing", ["waiting"; 3]),
    ("asking", "look failed", ["asking"; 3]),
    ("giving_up", "nothing open", ["closed", "", ""]),
    ("giving_up", "see paid", ["paid"; 3]),
    ("giving_up", "see returning", ["refunding"; 3]),
    ("giving_up", "see returned", ["refunded"; 3]),
    ("giving_up", "see open", ["abandoned"; 3]),
    ("giving_up", "see canceled", ["abandoned", "closed", "abandoned"]),
    ("giving_up", "see another", ["abandoned"; 3]),
    ("giving_up", "see nothing", ["abandoned"; 3]),
    ("giving_up", "look failed", ["giving_up"; 3]),
    ("refunding", "refund under way", ["refunding"; 3]),
    ("refunding", "refund done", ["refunded"; 3]),
    ("refunding", "refund impossible", ["needs_person"; 3]),
];

/// The watch, before and after its end.
const WATCH: [(&str, [&str; 3], [&str; 3]); 8] = [
    ("see paid", ["refunding"; 3], ["refunding"; 3]),
    ("see returning", ["refunding"; 3], ["refunding"; 3]),
    ("see returned", ["refunded"; 3], ["refunded"; 3]),
    ("see open", ["abandoned"; 3], ["needs_person"; 3]),
    ("see canceled", ["abandoned", "closed", "abandoned"], ["closed"; 3]),
    ("see another", ["abandoned"; 3], ["closed"; 3]),
    ("see nothing", ["abandoned"; 3], ["closed"; 3]),
    ("look failed", ["abandoned"; 3], ["abandoned"; 3]),
];

const DOUBTS: [Doubt; 3] = [Doubt::None, Doubt::PasswordPending, Doubt::Unknown];

#[test]
fn every_state_with_every_event_does_what_the_table_says() {
    for state in states() {
        for (name, event) in events() {
            for (column, doubt) in DOUBTS.into_iter().enumerate() {
                let row = TABLE.iter().find(|(from, on, _)| *from == state.name() && *on == name).map(|row| row.2);
                let watch = WATCH.iter().find(|(on, ..)| state.name() == "abandoned" && *on == name).map(|row| row.1);
                let expected = row.or(watch).map(|to| to[column]).filter(|to| !to.is_empty());
                let after = standing(state.clone(), doubt).after(&event, at(0), &MicropayPace::default());
                let found = after.ok().map(|after| after.state.name());
                assert_eq!(found, expected, "{} on {name} with {doubt:?}", state.name());
            }
        }
    }
}

#[test]
fn the_watch_ends_with_a_look_after_its_time() {
    let abandoned = MicropayState::Abandoned { why: GaveUp::Canceled, watch_until: at(0), next_look_at: at(0) };
    for (name, event) in events() {
        for (column, doubt) in DOUBTS.into_iter().enumerate() {
            let expected = WATCH.iter().find(|(on, ..)| *on == name).map(|row| row.2[column]);
            let after = standing(abandoned.clone(), doubt).after(&event, at(1), &MicropayPace::default());
            assert_eq!(after.ok().map(|after| after.state.name()), expected, "{name} with {doubt:?}");
        }
    }
}

#[test]
fn a_refusal_in_doubt_proves_something_only_with_what_is_seen() {
    let sights = [Sight::Nothing, Sight::Canceled(order()), Sight::PaidByAnother(order()), Sight::Open(order())];
    let rows = [
        (RefusalAbout::Request, ["waiting", "waiting", "abandoned", "waiting"]),
        (RefusalAbout::Code, ["failed", "failed", "failed", "asking"]),
        // An earlier call of this run may be what used it, and its order not be listed yet.
        (RefusalAbout::CodeUsed, ["asking", "asking", "abandoned", "asking"]),
        (RefusalAbout::Unlisted, ["asking", "asking", "abandoned", "asking"]),
        (RefusalAbout::Payment, ["failed", "failed", "failed", "asking"]),
    ];
    for (about, expected) in rows {
        for (sight, expected) in sights.iter().zip(expected) {
            let asking = MicropayState::Asking { next_look_at: at(0) };
            let payment = Micropay { refusal: Some(refusal(about)), ..standing(asking, Doubt::Unknown) };
            let after = payment.after(&MicropayEvent::Looked(sight.clone()), at(0), &MicropayPace::default()).unwrap();
            assert_eq!(after.state.name(), expected, "{about:?} {sight:?}");
        }
    }
}

#[test]
fn a_code_that_was_used_at_the_first_call_is_looked_for_before_it_fails() {
    let pace = MicropayPace::default();
    let called = Micropay::new(at(0)).after(&MicropayEvent::CallBegins, at(0), &pace).unwrap();
    let used = MicropayEvent::Answered(MicropayAnswer::Refused(refusal(RefusalAbout::CodeUsed), None));
    let asking = called.clone().after(&used, at(1), &pace).unwrap();
    for (sight, state) in [(Sight::Paid(order()), "paid"), (Sight::Nothing, "failed"), (Sight::Open(order()), "asking")]
    {
        let after = asking.clone().after(&MicropayEvent::Looked(sight), at(1), &pace).unwrap();
        assert_eq!(after.state.name(), state);
    }
    // Nor is it closed unseen.
    let given_up = asking.after(&MicropayEvent::TimeUp, at(30), &pace).unwrap();
    assert_eq!(given_up.deed(false, at(30), &pace), MicropayDeed::Look);
    let unlisted = MicropayEvent::Answered(MicropayAnswer::Refused(refusal(RefusalAbout::Unlisted), None));
    assert_eq!(called.after(&unlisted, at(1), &pace).unwrap().doubt, Doubt::Unknown);
}

#[test]
fn an_order_that_no_reply_named_is_never_refunded() {
    let pace = MicropayPace::default();
    let abandoned = MicropayState::Abandoned { why: GaveUp::Canceled, watch_until: at(900), next_look_at: at(0) };
    let asking = MicropayState::Asking { next_look_at: at(0) };
    let rows = [
        (Sight::Paid(order()), ["paid", "needs_person", "needs_person"]),
        (Sight::Returning(order()), ["waiting", "abandoned", "needs_person"]),
        (Sight::Returned(order()), ["waiting", "abandoned", "refunded"]),
    ];
    for (sight, expected) in rows {
        for found in [None, Some(order())] {
            for ((state, now), expected) in [(&asking, 0), (&abandoned, 0), (&abandoned, 900)].into_iter().zip(expected)
            {
                let payment = Micropay {
                    order_id: found.clone(),
                    order_was_named: false,
                    ..standing(state.clone(), Doubt::Unknown)
                };
                let after = payment.after(&MicropayEvent::Looked(sight.clone()), at(now), &pace).unwrap();
                assert_eq!(after.state.name(), expected, "{sight:?}");
            }
        }
    }
}

#[test]
fn a_watch_that_sees_nothing_for_long_is_a_persons() {
    let pace = MicropayPace::default();
    let abandoned = MicropayState::Abandoned { why: GaveUp::TimeUp, watch_until: at(0), next_look_at: at(0) };
    for (second, state) in [(899, "abandoned"), (900, "needs_person")] {
        let failed = MicropayEvent::LookFailed("down".to_owned());
        let after = standing(abandoned.clone(), Doubt::Unknown).after(&failed, at(second), &pace).unwrap();
        assert_eq!(after.state.name(), state);
    }
}

#[test]
fn the_last_look_is_tried_a_few_times() {
    let pace = MicropayPace::default();
    let giving_up = MicropayState::GivingUp { why: GaveUp::TimeUp, next_look_at: at(0), failed_looks: 0 };
    let mut payment = standing(giving_up, Doubt::Unknown);
    for _ in 0..pace.final_looks {
        assert_eq!(payment.state.name(), "giving_up");
        payment = payment.after(&MicropayEvent::LookFailed("down".to_owned()), at(0), &pace).unwrap();
    }
    assert_eq!(payment.state.name(), "abandoned");
}

#[test]
fn the_first_order_named_stays_and_paid_names_the_one_that_was_paid() {
    let pace = MicropayPace::default();
    let named = |id: &str| Some(OrderId::new(id).unwrap());
    let password = |id| MicropayEvent::Answered(MicropayAnswer::PasswordRequired(named(id)));
    let mut payment = Micropay::new(at(0));
    for event in [MicropayEvent::CallBegins, password("A"), MicropayEvent::CallBegins, password("B")] {
        payment = payment.after(&event, at(0), &pace).unwrap();
    }
    assert_eq!((payment.order_id.clone(), payment.attempts), (named("A"), 2));
    payment = payment.after(&MicropayEvent::CallBegins, at(1), &pace).unwrap();
    let paid = MicropayEvent::Answered(MicropayAnswer::Paid(OrderId::new("B").unwrap()));
    assert_eq!(payment.after(&paid, at(1), &pace).unwrap().order_id, named("B"));
}

#[test]
fn calls_come_at_the_pace_of_the_source_and_end_after_thirty_seconds() {
    let pace = MicropayPace::default();
    let call = |payment: Micropay, answer: MicropayAnswer, now| {
        assert_eq!(payment.deed(false, now, &pace), MicropayDeed::Call);
        let called = payment.after(&MicropayEvent::CallBegins, now, &pace).unwrap();
        assert_eq!(called.deed(true, now, &pace), MicropayDeed::Keep(MicropayEvent::Interrupted));
        called.after(&MicropayEvent::Answered(answer), now, &pace).unwrap()
    };
    let payment = call(Micropay::new(at(0)), MicropayAnswer::SystemError(None), at(0));
    assert_eq!(payment.deed(false, at(4), &pace), MicropayDeed::WaitUntil(at(5)));
    let payment = call(payment, MicropayAnswer::PasswordRequired(Some(order())), at(5));
    assert_eq!(payment.deed(false, at(6), &pace), MicropayDeed::WaitUntil(at(15)));
    let payment = call(payment, MicropayAnswer::PasswordRequired(Some(order())), at(15));
    let payment = call(payment, MicropayAnswer::PasswordRequired(Some(order())), at(25));
    assert_eq!(payment.deed(false, at(26), &pace), MicropayDeed::WaitUntil(at(30)));
    assert_eq!(payment.deed(false, at(30), &pace), MicropayDeed::Keep(MicropayEvent::TimeUp));
    assert_eq!(payment.deed(true, at(26), &pace), MicropayDeed::Keep(MicropayEvent::Canceled));
    let given_up = payment.after(&MicropayEvent::TimeUp, at(30), &pace).unwrap();
    assert_eq!(given_up.deed(false, at(30), &pace), MicropayDeed::Look);
    let abandoned = given_up.after(&MicropayEvent::Looked(Sight::Open(order())), at(31), &pace).unwrap();
    let watch = MicropayState::Abandoned { why: GaveUp::TimeUp, watch_until: at(925), next_look_at: at(46) };
    assert_eq!(abandoned.state, watch);
}

#[test]
fn what_was_never_sent_is_closed_without_a_look() {
    let pace = MicropayPace::default();
    let payment = Micropay::new(at(0)).after(&MicropayEvent::CallBegins, at(0), &pace).unwrap();
    let payment = payment.after(&MicropayEvent::NotSent("no token".to_owned()), at(0), &pace).unwrap();
    let payment = payment.after(&MicropayEvent::TimeUp, at(30), &pace).unwrap();
    assert_eq!(payment.deed(false, at(30), &pace), MicropayDeed::Keep(MicropayEvent::NothingOpen));
}
