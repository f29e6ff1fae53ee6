//! An agency's mail is sealed by the profile that it registered, or by the one that its key allows; a
//! certificate that does not fit is refused before anything is sealed.

use std::time::Duration;

use portcullis::{
    cli::{
        pki::{DevelopmentCa, Issued, SmimeKey},
        serve,
    },
    clock::Clock,
    crypto::random::Random,
    journey::Code,
    message::{Agency, SmimeProfile},
};

use crate::support::{Builder, CO_ORDINATOR, PATIENCE, TestGateway, message_json};

const HOUSING: &str = "kent-council-housing";

/// Gives the housing department a new certificate, and its own folder the key.
async fn issue(gateway: &TestGateway, kind: SmimeKey, profile: Option<SmimeProfile>) {
    let issued = issued(gateway, kind);
    let own = gateway.dir.join("agencies").join(HOUSING);
    std::fs::write(own.join("smime.crt"), &issued.certificate_pem).unwrap();
    std::fs::write(own.join("smime.key"), issued.key_pem.as_bytes()).unwrap();
    gateway.change_agency(HOUSING, |agency| registered(agency, &issued, profile)).await;
}

fn issued(gateway: &TestGateway, kind: SmimeKey) -> Issued {
    let text = |name: &str| String::from_utf8(gateway.read(name)).unwrap();
    let (certificate, key) = (text("ca.crt"), text("ca/ca.key"));
    let ca = DevelopmentCa::load(&certificate, &key, Clock::system(), Random::system()).unwrap();
    ca.issue_smime("mappa.housing@council.kent.example", kind).unwrap()
}

fn registered(agency: &mut Agency, issued: &Issued, profile: Option<SmimeProfile>) {
    let mail = agency.mail.as_mut().unwrap();
    mail.certificate.clone_from(&issued.certificate_pem);
    mail.profile = profile;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_profile_seals_mail_that_its_recipient_opens() {
    let gateway = Builder::default().mail().start().await;
    let profiles = [
        (SmimeKey::EcP256, None, "smime-type=authEnveloped-data"),
        (SmimeKey::Rsa2048, Some(SmimeProfile::OaepGcm), "smime-type=authEnveloped-data"),
        (SmimeKey::Rsa2048, None, "smime-type=enveloped-data"),
    ];
    let case = gateway.case(&[HOUSING]).await;
    for (sent, (kind, profile, form)) in profiles.into_iter().enumerate() {
        issue(&gateway, kind, profile).await;
        let referral = case.passed_on(&gateway, &[HOUSING]);
        gateway.post(CO_ORDINATOR, &referral).await;
        let mails = gateway.mail().wait_for(sent + 1, PATIENCE).await.unwrap();
        let mail = &mails[sent].bytes;
        assert!(String::from_utf8_lossy(mail).contains(form), "{form}");
        assert_eq!(message_json(&gateway, HOUSING, mail).await, referral.bytes());
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_does_not_fit_its_profile_is_refused_with_the_reason() {
    let gateway = Builder::default().mail().start().await;
    let case = gateway.case(&[HOUSING]).await;
    for (kind, profile) in [
        (SmimeKey::Rsa2048, SmimeProfile::EcdhGcm),
        (SmimeKey::EcP256, SmimeProfile::Compat),
        (SmimeKey::EcP256, SmimeProfile::OaepGcm),
    ] {
        issue(&gateway, kind, Some(profile)).await;
        let referral = case.passed_on(&gateway, &[HOUSING]);
        let reply = gateway.door(CO_ORDINATOR).post(referral.bytes()).await;
        let problem = reply.problem(Code::NoChannelFits, 422);
        let reason = problem["errors"][0]["message"].as_str().unwrap();
        assert!(reason.contains("does not fit its mail profile"), "{reason}");
    }
    assert!(gateway.mail().mails().is_empty() && gateway.sealed_files() == 0);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_has_expired_since_is_refused_with_the_reason() {
    let gateway = Builder::default().mail().start().await;
    let case = gateway.case(&[HOUSING]).await;
    // The development authority's certificates live for thirty days; TLS goes by the machine's clock.
    gateway.advance(Duration::from_secs(31 * 24 * 3600));
    let referral = case.passed_on(&gateway, &[HOUSING]);
    let reply = gateway.door(CO_ORDINATOR).post(referral.bytes()).await;
    let problem = reply.problem(Code::NoChannelFits, 422);
    let reason = problem["errors"][0]["message"].as_str().unwrap();
    assert!(reason.contains("has expired or is not valid yet"), "{reason}");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_does_not_fit_is_not_registered() {
    let gateway = TestGateway::start().await;
    let known = gateway.gateway().directory().agency(&HOUSING.parse().unwrap()).unwrap().clone();
    let import = async |change: &dyn Fn(&mut Agency)| {
        let mut agency = known.clone();
        change(&mut agency);
        let (store, random) = (&*gateway.gateway().store, Random::system());
        let done = serve::import(store, vec![agency], "agency import", &Clock::system(), &random).await;
        done.map_err(|fault| format!("{fault:#}"))
    };
    let (rsa, curve) = (issued(&gateway, SmimeKey::Rsa2048), issued(&gateway, SmimeKey::EcP256));
    for (certificate, profile, told) in [
        (&rsa, Some(SmimeProfile::EcdhGcm), "does not fit the mail profile"),
        (&curve, Some(SmimeProfile::Compat), "does not fit the mail profile"),
    ] {
        let fault = import(&|agency| registered(agency, certificate, profile)).await.unwrap_err();
        assert!(fault.contains(HOUSING) && fault.contains(told), "{fault}");
    }
    let elsewhere = |agency: &mut Agency| {
        registered(agency, &rsa, None);
        agency.mail.as_mut().unwrap().address = "another@council.kent.example".into();
    };
    let fault = import(&elsewhere).await.unwrap_err();
    assert!(fault.contains("does not name this mail address"), "{fault}");
    for (certificate, profile) in [(&curve, None), (&rsa, Some(SmimeProfile::OaepGcm)), (&rsa, None)] {
        import(&|agency| registered(agency, certificate, profile)).await.unwrap();
    }
    gateway.stop().await;
}
