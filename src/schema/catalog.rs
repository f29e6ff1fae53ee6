//! The schema files, embedded: the same bytes validate, are served and are documented.

/// Every JSON file under `schemas/`, by its path there.
pub const FILES: &[(&str, &str)] = &[
    ("action_update/1.0.json", include_str!("../../schemas/action_update/1.0.json")),
    ("agency_report/1.0.json", include_str!("../../schemas/agency_report/1.0.json")),
    ("attendance/1.0.json", include_str!("../../schemas/attendance/1.0.json")),
    ("catalog.json", include_str!("../../schemas/catalog.json")),
    ("audit_form/1.0.json", include_str!("../../schemas/audit_form/1.0.json")),
    ("common/agencies.json", include_str!("../../schemas/common/agencies.json")),
    ("common/attachment.json", include_str!("../../schemas/common/attachment.json")),
    ("common/conviction.json", include_str!("../../schemas/common/conviction.json")),
    ("common/envelope.json", include_str!("../../schemas/common/envelope.json")),
    ("common/hospital.json", include_str!("../../schemas/common/hospital.json")),
    ("common/identifiers.json", include_str!("../../schemas/common/identifiers.json")),
    ("common/mappa.json", include_str!("../../schemas/common/mappa.json")),
    ("common/mappa_status.json", include_str!("../../schemas/common/mappa_status.json")),
    ("common/meeting.json", include_str!("../../schemas/common/meeting.json")),
    ("common/offender.json", include_str!("../../schemas/common/offender.json")),
    ("common/offender_identity.json", include_str!("../../schemas/common/offender_identity.json")),
    ("common/offender_informed.json", include_str!("../../schemas/common/offender_informed.json")),
    ("common/person.json", include_str!("../../schemas/common/person.json")),
    ("common/referral_reason.json", include_str!("../../schemas/common/referral_reason.json")),
    ("common/risk.json", include_str!("../../schemas/common/risk.json")),
    ("common/rmp.json", include_str!("../../schemas/common/rmp.json")),
    ("common/victims.json", include_str!("../../schemas/common/victims.json")),
    ("exit/1.0.json", include_str!("../../schemas/exit/1.0.json")),
    ("info_request/1.0.json", include_str!("../../schemas/info_request/1.0.json")),
    ("info_response/1.0.json", include_str!("../../schemas/info_response/1.0.json")),
    ("level_change/1.0.json", include_str!("../../schemas/level_change/1.0.json")),
    ("invitation/1.0.json", include_str!("../../schemas/invitation/1.0.json")),
    ("correction/1.0.json", include_str!("../../schemas/correction/1.0.json")),
    ("dwp_notice/1.0.json", include_str!("../../schemas/dwp_notice/1.0.json")),
    ("exec_summary/1.0.json", include_str!("../../schemas/exec_summary/1.0.json")),
    ("housing_benefit_notice/1.0.json", include_str!("../../schemas/housing_benefit_notice/1.0.json")),
    ("meeting_pack/1.0.json", include_str!("../../schemas/meeting_pack/1.0.json")),
    ("minutes/1.0.json", include_str!("../../schemas/minutes/1.0.json")),
    ("minutes_request/1.0.json", include_str!("../../schemas/minutes_request/1.0.json")),
    ("non_delivery/1.0.json", include_str!("../../schemas/non_delivery/1.0.json")),
    ("notification/1.0.json", include_str!("../../schemas/notification/1.0.json")),
    ("recall/1.0.json", include_str!("../../schemas/recall/1.0.json")),
    ("receipt/1.0.json", include_str!("../../schemas/receipt/1.0.json")),
    ("referral/1.0.json", include_str!("../../schemas/referral/1.0.json")),
    ("referral_decision/1.0.json", include_str!("../../schemas/referral_decision/1.0.json")),
    ("sfo_notice/1.0.json", include_str!("../../schemas/sfo_notice/1.0.json")),
    ("third_party_disclosure/1.0.json", include_str!("../../schemas/third_party_disclosure/1.0.json")),
    ("transfer/1.0.json", include_str!("../../schemas/transfer/1.0.json")),
    ("screening/1.0.json", include_str!("../../schemas/screening/1.0.json")),
    ("rmp/1.0.json", include_str!("../../schemas/rmp/1.0.json")),
    ("resend_request/1.0.json", include_str!("../../schemas/resend_request/1.0.json")),
    ("scr_report/1.0.json", include_str!("../../schemas/scr_report/1.0.json")),
    ("stats_return/1.0.json", include_str!("../../schemas/stats_return/1.0.json")),
];

/// One file by its path.
pub fn file(path: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == path).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        let mut found = 0;
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "json") {
                    let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                    assert!(file(name).is_some(), "{name} is not in FILES");
                    found += 1;
                }
            }
        }
        assert_eq!(found, FILES.len());
    }
}
