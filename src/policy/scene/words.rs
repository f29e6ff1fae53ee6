//! The words of a scene, as the command line takes them and the matrix prints them.

/// Words for the values of a closed list.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every one, in the order of the definition.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

words!(
    /// How an agency stands towards the case, its meeting and the message.
    Relation {
        /// Not at all.
        None = "none",
        /// The message names it as sharing supervision (P5).
        SharesSupervision = "shares supervision",
        /// It notified the case.
        Notifier = "notifier",
        /// It referred the case.
        Referrer = "referrer",
        /// Invited to the meeting, with a reason (P8).
        Invited = "invited",
        /// It confirmed that it attends.
        Confirmed = "confirmed",
        /// Recorded as present.
        Attended = "attended",
        /// It holds an action of the meeting.
        ActionOwner = "action owner",
        /// The case's lead agency, which the message names as such.
        Lead = "lead",
        /// The message, a transfer, names it as the lead agency of the receiving area (P24).
        ReceivingLead = "receiving lead",
        /// A written authority releases minutes, summary and review to it (P17, P18, P27).
        Released = "released",
        /// Both present and with that authority.
        AttendedReleased = "attended, released",
        /// It got the message that is corrected or recalled; of a sender: it sent that message (P30).
        GotIt = "had the original",
        /// It is the sender itself, writing to its own manager (P5).
        OwnAgency = "own agency",
    }
);

words!(
    /// What is out of the ordinary. In ordinary circumstances a convicted foreign national is managed,
    /// the agency serves the area and is not suspended, its record is sound, the message is justified
    /// and states the purpose of its case, and holds neither victim nor health data.
    When {
        /// Nothing.
        Ordinary = "ordinary",
        /// The agency is suspended.
        Suspended = "suspended",
        /// The agency serves another area only.
        OtherArea = "other_area",
        /// Its status does not fit its type.
        RecordContradicts = "record_contradicts",
        /// It takes mail only, and the directory names nobody there.
        MailWithoutContact = "mail_without_contact",
        /// The gateway does not know the case.
        CaseUnknown = "case_unknown",
        /// The case belongs to another area than the message.
        CaseOfOtherArea = "case_of_other_area",
        /// The case has no such meeting.
        MeetingUnknown = "meeting_unknown",
        /// Nobody is known to be convicted, cautioned or found to have done an act.
        NotConvicted = "not_convicted",
        /// The case left MAPPA.
        CaseLeft = "case_left",
        /// The case is not about a foreign national.
        NoForeignNational = "no_foreign_national",
        /// A notice about somebody outside MAPPA.
        OutsideMappa = "outside_mappa",
        /// A notice that says so about a case that is in MAPPA.
        NotOutsideMappa = "not_outside_mappa",
        /// The message does not say which purpose it serves.
        PurposeUnstated = "purpose_unstated",
        /// It serves another purpose than its case.
        OtherPurpose = "other_purpose",
        /// It has no justification.
        Unjustified = "unjustified",
        /// It holds health data, and no note on why that is strictly necessary.
        HealthData = "health_data",
        /// An answer tells category or level.
        TellsLevel = "tells_level",
        /// A transfer goes to no other area.
        NoReceivingArea = "no_receiving_area",
        /// A correction or recall leaves out somebody who got the message.
        RecipientsLeftOut = "recipients_left_out",
    }
);
