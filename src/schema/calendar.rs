//! Working days in England and Wales.
//!
//! Bank holidays follow the Banking and Financial Dealings Act 1971, schedule 1, and the usual royal
//! proclamations; those that were moved or added once are listed by hand from
//! <https://www.gov.uk/bank-holidays> and need an entry when another is proclaimed.

use jiff::civil::{Date, Weekday, date};

/// Holidays proclaimed for one year only.
const EXTRA: &[Date] = &[
    date(2011, 4, 29), // royal wedding
    date(2012, 6, 5),  // diamond jubilee
    date(2022, 6, 3),  // platinum jubilee
    date(2022, 9, 19), // state funeral of Queen Elizabeth II
    date(2023, 5, 8),  // coronation of King Charles III
];

/// A holiday that was held on another day in one year: the usual day, and the day instead.
const MOVED: &[(Date, Date)] = &[
    (date(2012, 5, 28), date(2012, 6, 4)), // diamond jubilee
    (date(2020, 5, 4), date(2020, 5, 8)),  // 75 years after VE day
    (date(2022, 5, 30), date(2022, 6, 2)), // platinum jubilee
];

/// Whether offices work on this day.
pub fn is_working_day(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_bank_holiday(day)
}

/// The working days after `from`, up to and including `to`. None if `to` is not later.
pub fn working_days_between(from: Date, to: Date) -> u32 {
    let mut days = 0;
    let mut day = from;
    // Longer than any rule asks about; a submitted date cannot make this long.
    for _ in 0..DAYS_COUNTED_MAX {
        if day >= to {
            break;
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
        days += u32::from(is_working_day(day));
    }
    days
}

/// Two years: no rule counts working days beyond.
const DAYS_COUNTED_MAX: u32 = 731;

/// Whether the day is a bank holiday in England and Wales, on its usual or its substitute day.
pub fn is_bank_holiday(day: Date) -> bool {
    let moved_away = MOVED.iter().any(|(usual, _)| *usual == day);
    let moved_here = MOVED.iter().any(|(_, instead)| *instead == day);
    moved_here || EXTRA.contains(&day) || (usual(day) && !moved_away)
}

fn usual(day: Date) -> bool {
    use Weekday::{Friday, Monday, Tuesday};
    let (month, of_month, weekday) = (day.month(), day.day(), day.weekday());
    match (month, weekday) {
        // On a weekend the next working day stands for it.
        (1, _) if of_month == 1 => true,
        (1, Monday) => of_month <= 3 || easter_offset(day) == Some(1),
        (12, _) if of_month == 25 || of_month == 26 => true,
        (12, Monday | Tuesday) => of_month == 27 || of_month == 28,
        (5, Monday) => of_month <= 7 || of_month > 24,
        (8, Monday) => of_month > 24,
        (_, Friday) => easter_offset(day) == Some(-2),
        (_, Monday) => easter_offset(day) == Some(1),
        _ => false,
    }
}

/// Days from Easter Sunday of the same year.
fn easter_offset(day: Date) -> Option<i32> {
    easter(day.year()).and_then(|easter| Some(easter.until(day).ok()?.get_days()))
}

/// Easter Sunday in the Gregorian calendar (Meeus, Jones, Butcher).
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let of_month = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(of_month).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As published on GOV.UK for England and Wales.
    const PUBLISHED: &[(i16, &[(i8, i8)])] = &[
        (2020, &[(1, 1), (4, 10), (4, 13), (5, 8), (5, 25), (8, 31), (12, 25), (12, 28)]),
        (2021, &[(1, 1), (4, 2), (4, 5), (5, 3), (5, 31), (8, 30), (12, 27), (12, 28)]),
        (2022, &[(1, 3), (4, 15), (4, 18), (5, 2), (6, 2), (6, 3), (8, 29), (9, 19), (12, 26), (12, 27)]),
        (2023, &[(1, 2), (4, 7), (4, 10), (5, 1), (5, 8), (5, 29), (8, 28), (12, 25), (12, 26)]),
        (2024, &[(1, 1), (3, 29), (4, 1), (5, 6), (5, 27), (8, 26), (12, 25), (12, 26)]),
        (2025, &[(1, 1), (4, 18), (4, 21), (5, 5), (5, 26), (8, 25), (12, 25), (12, 26)]),
        (2026, &[(1, 1), (4, 3), (4, 6), (5, 4), (5, 25), (8, 31), (12, 25), (12, 28)]),
        (2027, &[(1, 1), (3, 26), (3, 29), (5, 3), (5, 31), (8, 30), (12, 27), (12, 28)]),
    ];

    #[test]
    fn the_working_days_lost_are_those_that_gov_uk_publishes() {
        for (year, published) in PUBLISHED {
            let first = date(*year, 1, 1);
            let lost: Vec<(i8, i8)> = first
                .series(jiff::Span::new().days(1))
                .take_while(|day| day.year() == *year)
                .filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday))
                .filter(|day| is_bank_holiday(*day))
                .map(|day| (day.month(), day.day()))
                .collect();
            assert_eq!(lost, *published, "{year}");
        }
    }

    #[test]
    fn working_days_are_counted_over_a_long_weekend() {
        // Christmas 2026: the 25th is a Friday, Boxing Day a Saturday with Monday for it.
        assert_eq!(working_days_between(date(2026, 12, 24), date(2026, 12, 29)), 1);
        assert_eq!(working_days_between(date(2026, 12, 29), date(2026, 12, 24)), 0);
        assert_eq!(working_days_between(date(2026, 11, 20), date(2026, 11, 27)), 5);
        assert!(working_days_between(date(1, 1, 1), date(9999, 12, 31)) < 731);
    }
}
