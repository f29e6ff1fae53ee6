//! Counting time.

use jiff::{Span, civil::Date};

/// Whether `day` comes before so much time has passed since `start`.
pub(super) fn before(day: Date, start: Date, time: Span) -> bool {
    start.checked_add(time).is_ok_and(|end| day < end)
}

/// Completed years of age on a day. Somebody born on 29 February has their birthday on 1 March in
/// other years.
pub(super) fn age_on(birth: Date, day: Date) -> i16 {
    let birthday_to_come = (day.month(), day.day()) < (birth.month(), birth.day());
    day.year() - birth.year() - i16::from(birthday_to_come)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn exactly_six_months_before_the_day_is_in_time() {
        let sent = date(2026, 11, 20);
        assert!(before(date(2027, 5, 19), sent, Span::new().months(6)));
        assert!(!before(date(2027, 5, 20), sent, Span::new().months(6)));
        assert!(!before(Date::MAX, Date::MAX, Span::new().months(6)), "beyond the calendar nothing is late");
    }

    #[test]
    fn a_year_of_age_is_complete_on_the_birthday() {
        let born = date(2008, 11, 20);
        assert_eq!(age_on(born, date(2026, 11, 19)), 17);
        assert_eq!(age_on(born, date(2026, 11, 20)), 18);
        assert_eq!(age_on(date(2008, 2, 29), date(2026, 2, 28)), 17);
        assert_eq!(age_on(date(2008, 2, 29), date(2026, 3, 1)), 18);
        assert_eq!(age_on(Date::MIN, Date::MAX), 19998, "years at the ends of the calendar do not overflow");
    }
}
