//! How our types stand in columns: identifiers as sixteen bytes, times as milliseconds, closed lists
//! as small integers. A code is never given a second meaning.

use jiff::Timestamp;
use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};

use crate::{
    message::{AgencyId, Area, CaseRef, Channel, DeliveryId, EventId, MeetingId, MessageId, MessageType},
    store::DeliveryState,
};

macro_rules! sixteen_bytes {
    ($($id:ty),+) => {$(
        impl ToSql for $id {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.as_bytes())))
            }
        }
        impl FromSql for $id {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                <[u8; 16]>::column_result(value).map(Self::from_bytes)
            }
        }
    )+};
}

sixteen_bytes!(MessageId, DeliveryId, EventId, MeetingId);

macro_rules! text {
    ($($id:ty => |$value:ident| $write:expr),+ $(,)?) => {$(
        impl ToSql for $id {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                let $value = self;
                Ok(ToSqlOutput::from($write))
            }
        }
        impl FromSql for $id {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str()?.parse().map_err(FromSqlError::other)
            }
        }
    )+};
}

text!(AgencyId => |id| id.as_str(), CaseRef => |case| case.as_str(), Area => |area| area.to_string());

macro_rules! coded {
    ($enum:ident { $($variant:ident = $code:literal),+ $(,)? }) => {
        impl ToSql for $enum {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(match self { $(Self::$variant => $code),+ }))
            }
        }
        impl FromSql for $enum {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_i64()? {
                    $($code => Ok(Self::$variant),)+
                    other => Err(FromSqlError::OutOfRange(other)),
                }
            }
        }
    };
}

coded!(MessageType {
    Notification = 1,
    Referral = 2,
    MeetingPack = 3,
    Minutes = 4,
    NonDelivery = 5,
    Screening = 6,
    ReferralDecision = 7,
    InfoRequest = 8,
    InfoResponse = 9,
    Invitation = 10,
    AgencyReport = 11,
    Attendance = 12,
    ActionUpdate = 13,
    Rmp = 14,
    ExecSummary = 15,
    MinutesRequest = 16,
    ThirdPartyDisclosure = 17,
    DwpNotice = 18,
    HousingBenefitNotice = 19,
    Transfer = 20,
    LevelChange = 21,
    Exit = 22,
    SfoNotice = 23,
    ScrReport = 24,
    AuditForm = 25,
    StatsReturn = 26,
    Correction = 27,
    Recall = 28,
    Receipt = 29,
    ResendRequest = 30,
});
coded!(Channel { Mailbox = 1, Webhook = 2, Email = 3 });
// The order of `DeliveryState::ALL`.
coded!(DeliveryState {
    Waiting = 0,
    Delivered = 1,
    Collected = 2,
    Failed = 3,
    Acknowledged = 4,
    Expired = 5,
    Withdrawn = 6,
});

/// A time in a column.
pub(super) struct Millis(pub(super) Timestamp);

impl ToSql for Millis {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.as_millisecond()))
    }
}

impl FromSql for Millis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Timestamp::from_millisecond(value.as_i64()?).map(Self).map_err(FromSqlError::other)
    }
}

impl From<Millis> for Timestamp {
    fn from(millis: Millis) -> Self {
        millis.0
    }
}

/// A number in a column. One too large for a column is larger than any that stands there.
pub(super) fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number out of a column. All of ours are positive.
pub(super) fn number(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

/// The limit of a query: what the caller asks for, within [`ROWS_MAX`].
pub(super) fn limit(rows: usize) -> i64 {
    i64::try_from(rows.min(ROWS_MAX)).unwrap_or(0)
}

/// No read gives more rows than this.
const ROWS_MAX: usize = 10_000;

/// A list of numbers as text, `0,2`; none where it is empty.
pub(super) fn numbers(list: &[usize]) -> Option<String> {
    let written = || list.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    (!list.is_empty()).then(written)
}

/// The same read again.
pub(super) fn listed(text: Option<String>) -> Vec<usize> {
    let text = text.unwrap_or_default();
    text.split(',').filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_a_closed_list_is_read_back() {
        fn round<T: ToSql + FromSql + PartialEq + std::fmt::Debug>(value: T) {
            let written = value.to_sql().unwrap();
            let ToSqlOutput::Owned(stored) = &written else { panic!("codes are owned") };
            assert_eq!(T::column_result(ValueRef::from(stored)).unwrap(), value);
        }
        MessageType::ALL.iter().copied().for_each(round);
        Channel::ALL.iter().copied().for_each(round);
        DeliveryState::ALL.iter().copied().for_each(round);
        assert!(Channel::column_result(ValueRef::Integer(99)).is_err());
    }

    #[test]
    fn the_codes_of_states_are_their_places_in_the_list() {
        for (place, state) in DeliveryState::ALL.into_iter().enumerate() {
            assert_eq!(state.to_sql().unwrap(), ToSqlOutput::from(place as i64));
        }
    }
}
