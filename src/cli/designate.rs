//! `portcullis designate`: an associate for one case (section 325(4A)(c), P22).

use jiff::Timestamp;

use super::{
    client::{Client, Identity, Profile},
    terminal::{Terminal, labelled},
};
use crate::{
    clock::Clock,
    crypto::random::Random,
    message::{AgencyId, CaseRef, Designation, DesignationId, InviteReason},
};

/// `portcullis designate`
#[derive(clap::Args)]
pub struct Arguments {
    /// The case
    case_ref: CaseRef,
    /// Who is designated: an agency registered as associate, or a landlord
    #[arg(long, value_name = "AGENCY")]
    associate: AgencyId,
    /// Whose officer considered it: an agency of the responsible authority
    #[arg(long, value_name = "AGENCY")]
    ra_agency: AgencyId,
    /// The officer's name; it goes into the ledger alone, sealed for the area's auditors
    #[arg(long)]
    officer: String,
    /// Why it may contribute: significant_contribution, commit_resources or statutory_involvement
    #[arg(long)]
    reason: InviteReason,
    /// From when on [default: now]
    #[arg(long, value_name = "TIME")]
    start: Option<Timestamp>,
    /// Until when, at most 366 days after the start
    #[arg(long, value_name = "TIME")]
    expiry: Timestamp,
    /// A designation to change or end [default: a new one]
    #[arg(long)]
    id: Option<DesignationId>,
    #[command(flatten)]
    identity: Identity,
}

pub(super) async fn run(
    arguments: &Arguments,
    terminal: &mut Terminal,
    clock: &Clock,
    random: &Random,
) -> anyhow::Result<()> {
    let client = Client::new(&Profile::load(&arguments.identity)?)?;
    let designation_id = match arguments.id {
        Some(id) => id,
        None => DesignationId::new(clock.now(), random.bytes()?),
    };
    let made = Designation {
        designation_id,
        agency_id: arguments.associate.clone(),
        ra_agency: arguments.ra_agency.clone(),
        reason: arguments.reason,
        start: arguments.start.unwrap_or_else(|| clock.now()),
        expiry: arguments.expiry,
    };
    let answer = client.put_designation(&arguments.case_ref, &made, &arguments.officer).await?;
    if terminal.json() {
        terminal.raw(&answer.bytes)?;
    } else {
        terminal.data(&labelled(&[
            ("designation", answer.value.designation_id.to_string()),
            ("case", answer.value.case_ref.to_string()),
            ("until", made.expiry.to_string()),
        ]))?;
    }
    Ok(())
}
