//! The schemes, and what people call them.

/// Whose numbering an identifier is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// I1: Police National Computer.
    Pnc,
    /// I2: Criminal Records Office.
    Cro,
    /// I3: prison number, of the former National Offender Management Service.
    Noms,
    /// I4: case reference number of Delius, probation's register.
    Crn,
    /// I5: NHS number.
    Nhs,
    /// I6: National Insurance number.
    Nino,
    /// I7: Unique Property Reference Number.
    Uprn,
    /// I8: code of the NHS Organisation Data Service.
    Ods,
    /// I9: MAPPA area.
    Area,
    /// I9: police force.
    Force,
    /// I10: organisation unit of the criminal justice system.
    OrganisationUnit,
    /// I11: prison establishment.
    Establishment,
    /// I12: court case reference of the PNC.
    CourtCase,
    /// I13: nominal of ViSOR or MAPPS, of no published form.
    Visor,
    /// I14: a youth offending team's own reference.
    Yot,
}

/// What people call a scheme.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The name of the format in the schemas.
    pub format: &'static str,
    /// "the text is no valid …"
    pub name: &'static str,
    /// "give …"
    pub form: &'static str,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Pnc,
        Self::Cro,
        Self::Noms,
        Self::Crn,
        Self::Nhs,
        Self::Nino,
        Self::Uprn,
        Self::Ods,
        Self::Area,
        Self::Force,
        Self::OrganisationUnit,
        Self::Establishment,
        Self::CourtCase,
        Self::Visor,
        Self::Yot,
    ];

    /// The scheme that `identifiers[].scheme` names in a message.
    pub fn of_person(word: &str) -> Option<Self> {
        Some(match word {
            "PNC" => Self::Pnc,
            "CRO" => Self::Cro,
            "NOMS" => Self::Noms,
            "CRN" => Self::Crn,
            "NHS" => Self::Nhs,
            "NINO" => Self::Nino,
            "VISOR" => Self::Visor,
            "YOT" => Self::Yot,
            _ => return None,
        })
    }

    /// The scheme that a `format` of the schemas names.
    pub fn of_format(format: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.about().format == format)
    }

    /// What people call it.
    pub const fn about(self) -> About {
        let (format, name, form) = match self {
            Self::Pnc => ("pnc", "PNC identifier", "the year, a slash, seven digits and the check letter"),
            Self::Cro => (
                "cro",
                "CRO number",
                "up to six digits, a slash, two digits of the year and the check letter; of a search file SF, two \
                 digits of the year, a slash, up to six digits and the check letter",
            ),
            Self::Noms => ("prison-number", "prison number", "a letter, four digits and two letters"),
            Self::Crn => ("crn", "probation case reference number", "a letter and six digits"),
            Self::Nhs => ("nhs-number", "NHS number", "ten digits, the last of which is the check digit"),
            Self::Nino => {
                ("nino", "National Insurance number", "two letters, six digits and a letter from A to D")
            }
            Self::Uprn => ("uprn", "UPRN", "up to twelve digits, as the local address gazetteer has them"),
            Self::Ods => (
                "ods-code",
                "ODS code",
                "two to ten capital letters and digits, as the Organisation Data Service has them",
            ),
            Self::Area => ("mappa-area", "MAPPA area code", "the two digits of one of the 42 areas"),
            Self::Force => ("police-force", "police force code", "the two digits of one of the forces"),
            Self::OrganisationUnit => {
                ("ou-code", "organisation unit code", "a capital letter and four to eight letters and digits")
            }
            Self::Establishment => (
                "establishment-code",
                "establishment code",
                "the three capital letters by which the prison service knows the establishment",
            ),
            Self::CourtCase => (
                "court-case-reference",
                "court case reference",
                "two, four and six digits with slashes between, and the check letter",
            ),
            Self::Visor => {
                ("visor", "ViSOR reference", "up to 32 letters, digits, spaces, hyphens and slashes")
            }
            Self::Yot => {
                ("yot-reference", "youth offending team reference", "up to 32 letters, digits and signs")
            }
        };
        About { format, name, form }
    }
}
