//! An agency and what the gateway knows about it: one function of one body (design §2).

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AgencyId, Area};

/// A directory entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Its name on the wire.
    pub agency_id: AgencyId,
    /// Its name for people, "Kent Police".
    pub name: String,
    /// The body that it belongs to, which groups its functions.
    pub organisation: String,
    /// What kind of body it is (domain §1.3).
    #[serde(rename = "type")]
    pub agency_type: AgencyType,
    /// How it stands towards section 325 of the Criminal Justice Act 2003.
    pub status: Status,
    /// A suspended agency neither sends nor receives.
    #[serde(default)]
    pub suspended: bool,
    /// The MAPPA areas that it serves.
    pub areas: Vec<Area>,
    /// How it can be reached, most wanted first.
    pub channels: Vec<Channel>,
    /// Keys that messages to it may be sealed to.
    #[serde(default)]
    pub encryption_keys: Vec<EncryptionKey>,
    /// Whether nothing may be sealed to it but under a post-quantum key, and so nothing sent to it by mail.
    #[serde(default)]
    pub require_pq: bool,
    /// Where and how it receives secure e-mail.
    #[serde(default)]
    pub mail: Option<MailBox>,
    /// Where messages are pushed to.
    #[serde(default)]
    pub webhook: Option<Webhook>,
    /// SHA-256 of the subject public key info of each TLS client certificate that speaks for it, in
    /// lower-case hex.
    #[serde(default)]
    pub tls_spki_sha256: Vec<String>,
    /// People whom the other agencies may write to (domain §2.6).
    #[serde(default)]
    pub contacts: Vec<Contact>,
}

impl Agency {
    /// The key that messages are sealed to at a moment: the newest valid one.
    pub fn sealing_key(&self, at: Timestamp) -> Option<&EncryptionKey> {
        self.sealing_key_for(false, at)
    }

    /// The one key that a message is sealed to at a moment: the newest valid one, and where the message or
    /// the agency requires it, the newest post-quantum one. Never two: a classical wrap beside a post-quantum
    /// one would undo it.
    pub fn sealing_key_for(&self, require_pq: bool, at: Timestamp) -> Option<&EncryptionKey> {
        let fits = |key: &&EncryptionKey| {
            key.is_valid(at) && (key.is_post_quantum() || !(require_pq || self.require_pq))
        };
        // Of those that begin at the same time, or have always been there, the last one that is listed.
        self.encryption_keys.iter().filter(fits).max_by_key(|key| key.valid_from)
    }

    /// Whether it serves this area.
    pub fn serves(&self, area: Area) -> bool {
        self.areas.contains(&area)
    }

    /// Whether its mail or its webhook goes to a server named under the country code of another country
    /// (P12). A name such as `nhs.net` or `cjsm.net` tells no country and counts as at home.
    pub fn is_abroad(&self) -> bool {
        let mail = self.mail.as_ref().map(|mail| mail.address.as_str());
        let webhook = self.webhook.as_ref().map(|webhook| host(&webhook.url));
        mail.into_iter().chain(webhook).any(names_another_country)
    }
}

/// The host of an `https` address, without a port.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default()
}

/// Country codes are the top-level names of two letters, and those in other scripts (ISO 3166, RFC 5891).
fn names_another_country(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let top = name.rsplit(['.', '@']).next().unwrap_or_default().to_ascii_lowercase();
    let is_country = top.len() == 2 && top.bytes().all(|letter| letter.is_ascii_lowercase());
    (is_country && top != "uk") || top.starts_with("xn--")
}

macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that stands for it everywhere.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = super::Malformed;
            fn from_str(text: &str) -> Result<Self, super::Malformed> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(super::Malformed(concat!("one of", $(" `", $text, "`"),+))) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(super) use text_enum;

text_enum!(
    /// The kinds of agency: section 325(1) and (6) of the Criminal Justice Act 2003 as domain §1.3
    /// lists them, and those that the arrangements add. The list is closed: an intelligence service (P11,
    /// CJA 2003 s.325(4F)) and an offender, a relative or another private person (P34, CJA 2003 s.325(4),
    /// (4A)) are no agency, so nothing can be addressed to them.
    AgencyType {
        /// Responsible authority: chief officer of police.
        Police = "POLICE",
        /// Responsible authority: provider of probation services.
        Probation = "PROBATION",
        /// Responsible authority: HM Prison Service.
        Prison = "PRISON",
        /// s.325(6)(a) youth offending team.
        Yot = "YOT",
        /// s.325(6)(b) Jobcentre Plus and other functions of the Department for Work and Pensions.
        Dwp = "DWP",
        /// s.325(6)(ba) NHS England.
        Nhse = "NHSE",
        /// s.325(6)(c) local authority, education.
        LaEdu = "LA_EDU",
        /// s.325(6)(c) local authority, children's social care.
        LaCsc = "LA_CSC",
        /// s.325(6)(c) local authority, adult social care.
        LaAsc = "LA_ASC",
        /// s.325(6)(d) local housing authority.
        LaHousing = "LA_HOUSING",
        /// s.325(6)(da) local authority, public health.
        LaPh = "LA_PH",
        /// s.325(6)(e) registered provider of social housing.
        Rsl = "RSL",
        /// s.325(6)(f) health authority.
        HealthAuth = "HEALTH_AUTH",
        /// s.325(6)(g) integrated care board.
        Icb = "ICB",
        /// s.325(6)(g) local health board (Wales).
        Lhb = "LHB",
        /// s.325(6)(h) NHS trust.
        NhsTrust = "NHS_TRUST",
        /// s.325(6)(i) electronic monitoring provider.
        EmProvider = "EM_PROVIDER",
        /// s.325(6)(j) immigration body.
        Immigration = "IMMIGRATION",
        /// The area's co-ordination unit: MAPPA manager, co-ordinator, support unit.
        Coord = "COORD",
        /// The strategic management board.
        Smb = "SMB",
        /// A lay adviser (s.326).
        Lay = "LAY",
        /// A court.
        Court = "COURT",
        /// Another body that may contribute in one case (s.325(4A)(c)).
        Other = "OTHER",
    }
);

text_enum!(
    /// How an agency stands towards section 325 of the Criminal Justice Act 2003.
    Status {
        /// Responsible authority, s.325(1).
        Ra = "ra",
        /// Duty to co-operate body, s.325(6).
        Dtc = "dtc",
        /// May contribute in one case, s.325(4A)(c).
        Associate = "associate",
        /// Co-ordination unit, acting for the responsible authority.
        Coord = "coord",
        /// Strategic management board and lay advisers, s.326.
        Board = "board",
        /// A court.
        Court = "court",
    }
);

text_enum!(
    /// The ways out.
    Channel {
        /// Collected over the API.
        Mailbox = "mailbox",
        /// Pushed to the agency's own server.
        Webhook = "webhook",
        /// S/MIME e-mail.
        Email = "email",
    }
);

text_enum!(
    /// How S/MIME mail is made for an agency (design §5); always signed inside.
    SmimeProfile {
        /// RSA PKCS#1 v1.5 and AES-256-CBC: what Outlook and Thunderbird open.
        Compat = "compat",
        /// RSAES-OAEP with SHA-256 and AES-256-GCM (RFC 5083): few mail programs know it yet.
        OaepGcm = "oaep-gcm",
        /// Ephemeral ECDH on P-256 and AES-256-GCM (RFC 5753, RFC 5083): few mail programs know it yet.
        EcdhGcm = "ecdh-gcm",
    }
);

/// A public key that messages may be sealed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncryptionKey {
    /// Its name in headers.
    pub kid: String,
    /// Its kind: `EC` is the baseline (RFC 7518 §6.2), `OKP` is X25519 (RFC 8037), `AKP` is X-Wing.
    pub kty: String,
    /// Only with `AKP`: the JOSE name of the HPKE suite that the key is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alg: String,
    /// Its curve, `P-256` or `X25519`; empty with `AKP`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub crv: String,
    /// The x coordinate in base64url; empty with `AKP`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub x: String,
    /// The y coordinate in base64url; only with `EC`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub y: String,
    /// Only with `AKP`: the public key in base64url.
    #[serde(default, skip_serializing_if = "String::is_empty", rename = "pub")]
    pub public: String,
    /// The first moment at which it is sealed to; left out, it may be at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// The first moment at which it is no more; left out, it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

impl EncryptionKey {
    /// Whether it may be sealed to at a moment.
    pub fn is_valid(&self, at: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= at) && self.valid_until.is_none_or(|until| at < until)
    }

    /// Whether it is the same public key, whatever its name and times.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let parts = |key: &Self| [&key.kty, &key.crv, &key.x, &key.y, &key.public].map(String::clone);
        parts(self) == parts(other)
    }

    /// Whether it is of the kind that also resists quantum computers.
    pub fn is_post_quantum(&self) -> bool {
        self.kty == "AKP"
    }
}

/// Where an agency receives secure e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailBox {
    /// A group mailbox rather than a person's.
    pub address: String,
    /// How mail is sealed. Left out, the certificate's key decides: `compat` for RSA, `ecdh-gcm` for an
    /// elliptic curve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<SmimeProfile>,
    /// The certificate that it is sealed to, PEM.
    #[serde(default)]
    pub certificate: String,
}

/// Where messages are pushed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// An `https` address.
    pub url: String,
}

/// A named contact of an agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Who.
    pub name: String,
    /// As what: `spoc`, `deputy`, "MAPPA lead".
    pub role: String,
    /// Where.
    pub email: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p12_names_that_tell_no_other_country_are_at_home() {
        for home in
            ["a@kent.police.uk", "a@nhs.net", "a@cjsm.net", "yot.example", "127.0.0.1", "HOUSING.GOV.UK."]
        {
            assert!(!names_another_country(home), "{home}");
        }
        for abroad in ["a@police.ie", "yot.example.FR", "a.je.", "xn--bcher-kva.example.xn--p1ai"] {
            assert!(names_another_country(abroad), "{abroad}");
        }
    }

    #[test]
    fn the_host_of_an_address_is_found_beside_port_path_and_user() {
        for url in ["https://a.fr", "https://a.fr:8443/in?x=b.uk", "https://b.uk@a.fr/", "https://a.fr#b.uk"]
        {
            assert_eq!(host(url), "a.fr", "{url}");
        }
    }
}
