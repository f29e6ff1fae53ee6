//! Corrections and recalls: P30.

use super::super::support::*;
use crate::{
    message::{
        MessageType::{Correction, Recall},
        Purpose,
    },
    policy::Prior,
};

#[test]
fn p30_who_sent_it_corrects_it_towards_everyone_who_got_it() {
    for message_type in [Correction, Recall] {
        let mut world = World::of(message_type);
        world.claims.purpose = None;
        assert!(!world.send().is_allowed(), "it sent no such message");
        let got_it =
            ["kent-mappa", "kent-yot", "sussex-police", "kent-refuge", "kent-immigration", "kent-smb"];
        let recipients: Vec<_> = got_it.map(id).into();
        world.claims.prior = Some(Prior { recipients: recipients.clone(), left_out: 0 });
        allowed(&world.send(), "P30-sender");
        // An ended relation or designation, another area, a missing conviction, category 4: none stops it.
        world.case_mut().convicted = Some(false);
        world.case_mut().category = Some(4);
        world.case_mut().purposes = [Purpose::Aa].into();
        world.case_mut().foreign_national = Some(false);
        for recipient in got_it {
            allowed(&world.receive(recipient), "P30-recipient");
        }
        assert!(!world.receive("kent-police").is_allowed(), "it did not get the message");
        world.agency_mut("kent-yot").suspended = true;
        barred(&world.receive("kent-yot"), "P2-suspended");
        assert!(world.receive("kent-yot").is_barred());
        world.claims.prior = Some(Prior { recipients, left_out: 2 });
        barred(&world.send(), "P30-complete");
    }
}
