//! Matrix 3.3 of the domain with the settled readings of §10, by hand.

use super::{Circumstance::*, Relation, Row};
use crate::message::{
    AgencyType::{self, *},
    MessageType::{self, *},
    Status,
};

/// Which status an agency of a type may have.
pub fn fits(agency_type: AgencyType, status: Status) -> bool {
    match agency_type {
        Police | Probation | Prison => status == Status::Ra,
        Coord => status == Status::Coord,
        Smb | Lay => status == Status::Board,
        Court => status == Status::Court,
        Other => status == Status::Associate,
        _ => matches!(status, Status::Dtc | Status::Associate),
    }
}

/// One line of the matrix: who may have it. `dtc` is for associates too, once it is clear that they may
/// have this type at all.
struct Line {
    ra: bool,
    dtc: bool,
    coordinator: bool,
    board: bool,
    adviser: bool,
    court: bool,
}

const NOBODY: Line =
    Line { ra: false, dtc: false, coordinator: false, board: false, adviser: false, court: false };
const UNIT: Line = Line { coordinator: true, ..NOBODY };

pub fn receive(row: Row) -> bool {
    let mends = matches!(row.message_type, Correction | Recall);
    if !fits(row.agency_type, row.status)
        || !row.message_type.made_by_agencies()
        || row.circumstance == Suspended
        || row.circumstance == Unjustified
        || row.circumstance == HealthData
    {
        return false;
    }
    if mends {
        return row.circumstance == GotTheOriginal;
    }
    let counts = row.message_type == StatsReturn;
    if !has_the_case_it_needs(row)
        || not_convicted(row)
        || !receives_in_area(row)
        || !counts && !category4_allows(row)
        || !counts && row.agency_type == Immigration && !foreign_national(row)
        || like_associate(row) && !(designated(row) && associates_receive(row.message_type))
    {
        return false;
    }
    let line = line(row);
    match row.status {
        Status::Ra => line.ra,
        Status::Dtc | Status::Associate => line.dtc,
        Status::Coord => line.coordinator,
        Status::Board if row.agency_type == Smb => line.board,
        Status::Board => line.adviser,
        Status::Court => line.court,
    }
}

/// The matrix, row by row.
fn line(row: Row) -> Line {
    use Relation::*;
    let known = known(row);
    let is = |relations: &[Relation]| known && relations.contains(&row.relation);
    let present = is(&[Attended]);
    let acts = is(&[Attended, ActionOwner]);
    let related = known && !matches!(row.relation, None | NamedAsSharingSupervision);
    let everyone = Line { ra: true, dtc: true, ..UNIT };
    let authority_and = |dtc| Line { ra: true, dtc, ..UNIT };
    let both = |some| Line { ra: some, dtc: some, ..UNIT };
    let associate = like_associate(row) && designated(row);
    match row.message_type {
        Notification | Screening => Line { ra: row.relation == NamedAsSharingSupervision, ..UNIT },
        Referral => both(row.by_coordinator() && is(&[Invited])),
        ReferralDecision => both(is(&[Referrer])),
        InfoRequest | InfoResponse => everyone,
        Invitation => authority_and(is(&[Invited]) || acts),
        AgencyReport => both(row.by_coordinator() && is(&[Confirmed, Attended])),
        MeetingPack => both(is(&[Confirmed, Attended])),
        Attendance | MinutesRequest => UNIT,
        Minutes => both(acts || is(&[Lead]) || row.circumstance == MinutesReleased),
        ActionUpdate => authority_and(acts || is(&[Lead]) || associate),
        Rmp | LevelChange | Exit => {
            authority_and(if associate_status(row) { associate } else { related || associate })
        }
        ExecSummary => Line { court: row.circumstance == SummaryReleased, ..authority_and(present) },
        ThirdPartyDisclosure => authority_and(present),
        DwpNotice => authority_and(
            row.agency_type == Dwp && (row.by_coordinator() || row.circumstance == OutsideMappa),
        ),
        HousingBenefitNotice if row.level.is_none_or(|level| level < 2) => NOBODY,
        HousingBenefitNotice => Line { dtc: row.agency_type == LaHousing, ..UNIT },
        Transfer => both(is(&[Lead])),
        SfoNotice => Line { ra: is(&[Lead]), board: true, ..UNIT },
        ScrReport => {
            let approved = row.circumstance == BoardApproved;
            Line { ra: approved, dtc: approved && acts, board: true, adviser: approved, ..UNIT }
        }
        AuditForm => Line { board: true, adviser: true, ..both(present) },
        StatsReturn => Line { board: row.by_coordinator(), adviser: row.by_coordinator(), ..everyone },
        Correction | Recall | Receipt | NonDelivery | ResendRequest => NOBODY,
    }
}

pub fn send(row: Row) -> bool {
    let mends = matches!(row.message_type, Correction | Recall);
    if !fits(row.agency_type, row.status)
        || !row.message_type.made_by_agencies()
        || row.circumstance == Suspended
    {
        return false;
    }
    let board_writes = row.agency_type == Smb && (mends || matches!(row.message_type, ScrReport | AuditForm));
    if matches!(row.status, Status::Court | Status::Board) && !board_writes {
        return false;
    }
    if mends {
        return row.circumstance == GotTheOriginal;
    }
    let serves = row.circumstance != OtherArea || row.agency_type == Prison;
    let once = matches!(row.message_type, MeetingPack | Minutes);
    if !has_the_case_it_needs(row)
        || not_convicted(row)
        || row.circumstance == Left && manages(row.message_type)
        || row.circumstance == Unjustified && once
        || !serves
        || like_associate(row) && !(designated(row) && associates_send(row.message_type))
    {
        return false;
    }
    may_author(row)
}

fn may_author(row: Row) -> bool {
    use Relation::*;
    let known = known(row);
    let lead = known && row.relation == Lead;
    let coordinator = row.status == Status::Coord;
    let authority = row.status == Status::Ra;
    let agency = authority || row.status == Status::Dtc;
    match row.message_type {
        // In every relation but the first two the message names the agency as the lead.
        Notification | Screening => agency && !matches!(row.relation, None | NamedAsSharingSupervision),
        Referral => agency || coordinator && known,
        ReferralDecision | Invitation | MeetingPack | Attendance | Minutes | ExecSummary => coordinator,
        InfoRequest | InfoResponse | MinutesRequest => true,
        AgencyReport => {
            authority || coordinator || known && matches!(row.relation, Invited | Confirmed | Attended | Lead)
        }
        ActionUpdate => coordinator || known && row.relation == ActionOwner,
        Rmp | ThirdPartyDisclosure | SfoNotice => lead,
        DwpNotice => coordinator || lead || authority && row.circumstance == OutsideMappa,
        HousingBenefitNotice => (coordinator || lead) && row.level.is_some_and(|level| level >= 2),
        Transfer | LevelChange | Exit => coordinator || lead,
        ScrReport | AuditForm => authority || coordinator || row.agency_type == Smb,
        StatsReturn => {
            coordinator || matches!(row.agency_type, Police | Probation) || agency && row.agency_type == Yot
        }
        Correction | Recall | Receipt | NonDelivery | ResendRequest => false,
    }
}

fn known(row: Row) -> bool {
    !matches!(row.circumstance, CaseUnknown | OutsideMappa)
}

fn has_the_case_it_needs(row: Row) -> bool {
    known(row)
        || matches!(row.message_type, Notification | Referral | AuditForm | StatsReturn)
        || row.circumstance == OutsideMappa
}

fn not_convicted(row: Row) -> bool {
    row.circumstance == NotConvicted && !matches!(row.message_type, ReferralDecision | Exit)
}

fn foreign_national(row: Row) -> bool {
    known(row) && row.circumstance != NoForeignNational
}

/// Another area stops everybody but a prison in the circle, and both sides of a transfer to that area.
fn receives_in_area(row: Row) -> bool {
    let named = row.relation == Relation::NamedAsSharingSupervision
        && matches!(row.message_type, Notification | Screening);
    let circle =
        named || known(row) && !matches!(row.relation, Relation::None | Relation::NamedAsSharingSupervision);
    row.circumstance != OtherArea || row.agency_type == Prison && circle || row.message_type == Transfer
}

/// Whether its copy keeps the victim data that the message holds.
pub fn sees_victims(row: Row) -> bool {
    fits(row.agency_type, row.status)
        && row.circumstance != Suspended
        && matches!(row.message_type, Referral | AgencyReport | MeetingPack | Minutes | Rmp)
        && (matches!(row.status, Status::Ra | Status::Coord) || matches!(row.agency_type, LaCsc | LaAsc))
}

fn category4_allows(row: Row) -> bool {
    let outside = !matches!(row.status, Status::Ra | Status::Coord);
    match row.circumstance {
        TerrorismUnnamed => !outside,
        TerrorismUnapproved | TerrorismBeside => !matches!(row.status, Status::Dtc | Status::Associate),
        _ => true,
    }
}

fn associate_status(row: Row) -> bool {
    row.status == Status::Associate
}

fn like_associate(row: Row) -> bool {
    let terrorism_only =
        matches!(row.circumstance, Terrorism | TerrorismDesignated | TerrorismUnapproved | TerrorismUnnamed);
    associate_status(row) || row.agency_type == Rsl && terrorism_only
}

fn designated(row: Row) -> bool {
    matches!(row.circumstance, Designated | TerrorismDesignated)
}

fn associates_receive(message_type: MessageType) -> bool {
    let (exchange, meeting) = ([InfoRequest, InfoResponse], [Invitation, AgencyReport, MeetingPack, Minutes]);
    let after = [ActionUpdate, Rmp, LevelChange, Exit];
    exchange.contains(&message_type) || meeting.contains(&message_type) || after.contains(&message_type)
}

fn associates_send(message_type: MessageType) -> bool {
    matches!(message_type, InfoRequest | InfoResponse | AgencyReport | ActionUpdate | MinutesRequest)
}

/// What manages a case that is in MAPPA; a case that left has none of it.
fn manages(message_type: MessageType) -> bool {
    matches!(
        message_type,
        Screening
            | InfoRequest
            | InfoResponse
            | Invitation
            | AgencyReport
            | MeetingPack
            | Rmp
            | DwpNotice
            | HousingBenefitNotice
            | Transfer
            | LevelChange
    )
}
