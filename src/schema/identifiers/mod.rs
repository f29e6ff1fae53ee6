//! The numbers by which agencies know people, places and bodies: what makes one sound, and the one
//! form in which two of them can be compared (domain §5, I1 to I14).
//!
//! In: a text as a sender wrote it. Out: an [`Identifier`] that keeps it both as received and in its
//! canonical form, or what is [`Wrong`] with it, in words that never repeat it. Any text is answered
//! in linear time: what is longer than every identifier is refused before it is looked at.
//!
//! Whether such a number was ever issued is not known here; nobody is asked.

mod about;
mod codes;
mod cro;
mod mod23;
mod nhs;
mod nino;
mod pnc;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod text;
mod wrong;

pub use about::{About, Scheme};
pub use text::Text;
pub use wrong::{Doubt, Wrong};

/// A sound identifier, in both forms: the accuracy of what was received is the sender's to answer
/// for (DPA 2018 s.38), so its own writing is never lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    /// Whose numbering.
    pub scheme: Scheme,
    /// The form in which two of a scheme are the same number or not.
    pub canonical: String,
    /// As the sender wrote it.
    pub as_received: String,
}

impl Identifier {
    /// What is unusual about it, though not wrong.
    pub fn doubts(&self) -> impl Iterator<Item = Doubt> {
        doubts(self.scheme, &self.canonical)
    }
}

/// Reads an identifier. `this_year` decides the century of a PNC identifier in the short form.
///
/// # Errors
/// What is wrong with it.
pub fn parse(scheme: Scheme, received: &str, this_year: i16) -> Result<Identifier, Wrong> {
    let canonical = canonical(scheme, received, this_year)?.as_str().to_owned();
    Ok(Identifier { scheme, canonical, as_received: received.to_owned() })
}

/// The canonical form alone, without touching the heap.
///
/// # Errors
/// As [`parse`].
pub fn canonical(scheme: Scheme, received: &str, this_year: i16) -> Result<Text, Wrong> {
    let trimmed = received.trim();
    if trimmed.is_empty() {
        return Err(Wrong::Absent);
    }
    let given = Text::of(trimmed.as_bytes()).ok_or(Wrong::Shape)?;
    let folded = given.to_upper_case();
    match scheme {
        Scheme::Pnc => pnc::read(&folded, this_year),
        Scheme::Cro => cro::read(&folded),
        Scheme::CourtCase => codes::court_case(&folded),
        Scheme::Noms => codes::noms(&folded),
        Scheme::Crn => codes::crn(&folded),
        Scheme::Nhs => nhs::read(&folded),
        Scheme::Nino => nino::read(&folded),
        Scheme::Uprn => codes::uprn(&given),
        // Codes of lists, written in one way only: nothing is folded.
        Scheme::Ods => codes::ods(&given),
        Scheme::Area => codes::area(&given),
        Scheme::Force => codes::force(&given),
        Scheme::OrganisationUnit => codes::organisation_unit(&given),
        Scheme::Establishment => codes::establishment(&given),
        Scheme::Visor | Scheme::Yot => codes::opaque(&given),
    }
}

/// Whether a text is a sound identifier of a scheme. No year can change that.
pub fn is_sound(scheme: Scheme, received: &str) -> bool {
    canonical(scheme, received, 2000).is_ok()
}

/// What is unusual about a canonical form, though not wrong.
pub fn doubts(scheme: Scheme, canonical: &str) -> impl Iterator<Item = Doubt> {
    let holds = move |doubt: &Doubt| match (scheme, doubt) {
        (Scheme::Nino, Doubt::NoSuffix) => nino::is_without_suffix(canonical),
        (Scheme::Nino, Doubt::AdministrativePrefix) => nino::is_administrative(canonical),
        (Scheme::OrganisationUnit, Doubt::UnknownArea) => codes::is_of_unknown_area(canonical),
        _ => false,
    };
    Doubt::ALL.into_iter().filter(holds)
}
