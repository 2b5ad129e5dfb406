//! What is in flight across midnight: a payment of 23:59:58 may stand in the statement of either day, and one whose time nobody told
//! in that of the day before. It is no difference until the next statement has been seen.

use std::time::Duration;

use jiff::Timestamp;

use super::BookedTime;
use crate::domain::ChinaDate;

/// How near to midnight something may stand in the statement of either day. The platform's clocks agree within seconds; the rest is
/// for a payment that is under way while the day turns.
pub const MIDNIGHT_MARGIN: Duration = Duration::from_mins(10);

/// The day of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementDay {
    /// The day in China.
    pub day: ChinaDate,
    /// How near to its ends something may belong to the day beside it.
    pub margin: Duration,
}

/// Where something stands to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// On it.
    Inside,
    /// On it, just after it began: the statement before may list it.
    NearStart,
    /// On it, just before it ends: the next statement may list it.
    NearEnd,
    /// Written down on it, and nobody told when it happened.
    TimeUnknown,
    /// On another day.
    Outside,
}

/// What a statement beside the day says of something in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Neighbour {
    /// There is no such statement yet.
    NotThere,
    /// It lists it.
    Lists,
    /// It does not list it.
    DoesNotList,
}

/// What is known of something in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InFlightVerdict {
    /// The statement beside the day lists it: nothing differs.
    Listed,
    /// The statement that may list it is still to come.
    InFlight,
    /// No statement that could list it does.
    Missing,
}

impl StatementDay {
    /// A day with the margin that there is by default.
    #[must_use]
    pub const fn of(day: ChinaDate) -> Self {
        Self { day, margin: MIDNIGHT_MARGIN }
    }

    /// Where a time stands to the day.
    #[must_use]
    pub fn place_of(&self, time: BookedTime) -> Place {
        let told = match time {
            BookedTime::Told(at) if ChinaDate::at(at) == self.day => at,
            BookedTime::Recorded(at) if ChinaDate::at(at) == self.day => return Place::TimeUnknown,
            BookedTime::Told(_) | BookedTime::Recorded(_) => return Place::Outside,
        };
        // At the ends of time nothing is near another day.
        let other_day = |instant: Option<Timestamp>| instant.is_some_and(|at| ChinaDate::at(at) != self.day);
        if other_day(told.checked_sub(self.margin).ok()) {
            Place::NearStart
        } else if other_day(told.checked_add(self.margin).ok()) {
            Place::NearEnd
        } else {
            Place::Inside
        }
    }
}

impl Place {
    /// Whether another day's statement may list it.
    #[must_use]
    pub const fn is_in_flight(self) -> bool {
        matches!(self, Self::NearStart | Self::NearEnd | Self::TimeUnknown)
    }
}

/// What the statements of the days before and after say of something that the day's own statement does not list.
#[must_use]
pub fn verdict_on_in_flight(place: Place, before: Neighbour, after: Neighbour) -> InFlightVerdict {
    if before == Neighbour::Lists || after == Neighbour::Lists {
        return InFlightVerdict::Listed;
    }
    let is_decided = match place {
        Place::Inside | Place::Outside => true,
        Place::NearStart => before == Neighbour::DoesNotList || after == Neighbour::DoesNotList,
        Place::NearEnd | Place::TimeUnknown => after == Neighbour::DoesNotList,
    };
    if is_decided { InFlightVerdict::Missing } else { InFlightVerdict::InFlight }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2017-10-25 00:00:00 in China.
    const MIDNIGHT: i64 = 1_508_860_800;

    fn place(seconds: i64) -> Place {
        let day = StatementDay::of("20171025".parse().unwrap());
        day.place_of(BookedTime::Told(Timestamp::from_second(MIDNIGHT + seconds).unwrap()))
    }

    #[test]
    fn only_what_is_near_midnight_may_stand_in_another_statement() {
        let (day, margin) = (86_400, 600);
        assert_eq!([place(-1), place(0), place(margin - 1)], [Place::Outside, Place::NearStart, Place::NearStart]);
        assert_eq!([place(margin), place(day / 2), place(day - margin - 1)], [Place::Inside; 3]);
        assert_eq!([place(day - margin), place(day - 1), place(day)], [Place::NearEnd, Place::NearEnd, Place::Outside]);
        let recorded = BookedTime::Recorded(Timestamp::from_second(MIDNIGHT + 9).unwrap());
        assert_eq!(StatementDay::of("20171025".parse().unwrap()).place_of(recorded), Place::TimeUnknown);
        assert_eq!(StatementDay::of("20171024".parse().unwrap()).place_of(recorded), Place::Outside);
    }

    #[test]
    fn something_in_flight_is_missing_once_the_statement_that_could_list_it_does_not() {
        use InFlightVerdict::{InFlight, Listed, Missing};
        use Neighbour::{DoesNotList, Lists, NotThere};
        for place in [Place::NearStart, Place::NearEnd, Place::TimeUnknown] {
            assert_eq!(verdict_on_in_flight(place, Lists, NotThere), Listed);
            assert_eq!(verdict_on_in_flight(place, NotThere, Lists), Listed);
            assert_eq!(verdict_on_in_flight(place, NotThere, NotThere), InFlight);
            assert_eq!(verdict_on_in_flight(place, NotThere, DoesNotList), Missing);
        }
        assert_eq!(verdict_on_in_flight(Place::NearStart, DoesNotList, NotThere), Missing);
        assert_eq!(verdict_on_in_flight(Place::NearEnd, DoesNotList, NotThere), InFlight);
        assert_eq!(verdict_on_in_flight(Place::TimeUnknown, DoesNotList, NotThere), InFlight);
        assert_eq!(verdict_on_in_flight(Place::Inside, NotThere, NotThere), Missing);
    }
}
