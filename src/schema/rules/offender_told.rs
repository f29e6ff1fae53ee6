//! What minutes and the record of a disclosure both ask: whether the offender is told, and if not, why.

use super::{Findings, Look as _, Say, Subject};

/// Looks at `offender_informed`: it has a decision, and to withhold has a reason.
pub(super) fn decided(
    message: &Subject<'_>,
    found: &mut Findings<'_>,
    undecided: &'static Say,
    without_reason: &'static Say,
) {
    let told = match message.at("body.offender_informed") {
        None => return found.add(undecided, "/body/offender_informed"),
        Some(told) if told.is_object() => told,
        Some(_) => return,
    };
    match told.text("decision") {
        None => found.add(undecided, "/body/offender_informed/decision"),
        Some("withheld") if told.text("reason").is_none() => {
            found.add(without_reason, "/body/offender_informed/reason");
        }
        Some(_) => {}
    }
}
