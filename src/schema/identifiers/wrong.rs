//! What can be wrong, or only unusual, about an identifier.

/// What is wrong with a text that should be an identifier. The words go on from "it is wrong:" and
/// never repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Nothing was given. This is no fault of an identifier, there is none.
    #[error("it is blank")]
    Absent,
    /// Not of the scheme's form at all.
    #[error("it is not of the form of these numbers")]
    Shape,
    /// A scheme with a check letter, and digits at the end.
    #[error("its check letter is missing")]
    NoCheckLetter,
    /// I, O or S as a check letter, or a letter that the scheme leaves out.
    #[error("it has a letter that these numbers never use")]
    LetterNeverUsed,
    /// A check letter that the digits do not give: a digit or the letter is mistyped.
    #[error("its check letter does not fit its digits")]
    CheckLetter,
    /// A check digit that the others do not give.
    #[error("its last digit does not fit the others")]
    CheckDigit,
    /// Digits for which there is no check digit.
    #[error("its first digits have no check digit, so no such number is issued")]
    NeverIssued,
    /// A prefix that is not given out.
    #[error("it begins with two letters that are never issued together")]
    BarredPrefix,
    /// A code that is not of the list.
    #[error("it is not a code of the list")]
    UnknownCode,
    /// A police force's code where a MAPPA area's is wanted.
    #[error("it is the code of a police force that has no MAPPA area of its own")]
    ForceOnly,
}

/// What is unusual about a sound identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// A National Insurance number of eight characters.
    NoSuffix,
    /// A National Insurance number of a series kept for administration.
    AdministrativePrefix,
    /// An organisation unit whose second level is no police force's code.
    UnknownArea,
}

impl Doubt {
    pub(super) const ALL: [Self; 3] = [Self::NoSuffix, Self::AdministrativePrefix, Self::UnknownArea];
}
