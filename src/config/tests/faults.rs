//! What the operator is told when something is wrong, and what the environment does.

use super::*;

/// `text` with a line put in after the first line that reads `after`, and the number of that line.
fn with_line(text: &str, after: &str, line: &str) -> (String, usize) {
    let at = text.lines().position(|l| l == after).unwrap() + 1;
    let mut lines: Vec<_> = text.lines().collect();
    lines.insert(at, line);
    (lines.join("\n"), at + 1)
}

#[test]
fn an_unknown_key_is_told_with_its_file_its_line_and_the_nearest_key() {
    assert_eq!(
        told(settings(&format!("{LEAST}\n[limits]\npage = 10\nmessge_bytes = 4096\n"))),
        "unknown key `messge_bytes` in config/portcullis.toml line 6; did you mean `message_bytes`?"
    );
}

#[test]
fn unknown_keys_are_told_at_each_level() {
    for (after, key, near) in [
        ("[gateway]", "profil", "profile"),
        ("[listen]", "agency", "agencies"),
        ("[tls]", "certifcate", "certificate"),
        ("[keys]", "smime_kye", "smime_key"),
        ("[store]", "reader", "readers"),
        ("[directory]", "area", "areas"),
        ("[limits]", "recipient", "recipients"),
        ("[delivery]", "jiter_percent", "jitter_percent"),
        ("[webhook]", "alow", "allow"),
        ("[mail]", "sever_name", "server_name"),
        ("[scanner]", "adress", "address"),
        ("[ledger]", "checkpoint_intervall", "checkpoint_interval"),
        ("[log]", "fromat", "format"),
    ] {
        let (text, line) = with_line(SETTINGS, after, &format!("{key} = 1"));
        let fault = settings(&text).unwrap_err();
        assert_eq!((fault.line(), fault.nearest()), (Some(line), Some(near)), "{fault}");
    }
    let fault = settings(&format!("{LEAST}[limit]\n")).unwrap_err();
    assert_eq!((fault.line(), fault.nearest()), (Some(3), Some("limits")));
    let (text, line) = with_line(AREAS, "code = \"46\"", "plice = []");
    let fault = areas(&text).unwrap_err();
    assert_eq!((fault.line(), fault.nearest()), (Some(line), Some("police")));
    let (text, line) = with_line(AREAS, "code = \"46\"", "thresholds = { paper_working_days = 3 }");
    let fault = areas(&text).unwrap_err();
    assert_eq!((fault.line(), fault.nearest()), (Some(line), Some("papers_working_days")));
    let (text, line) = with_line(AREAS, "[defaults]", "late_referal_months = 3");
    let fault = areas(&text).unwrap_err();
    assert_eq!((fault.line(), fault.nearest()), (Some(line), Some("late_referral_months")));
    let (text, line) = with_line(AGENCIES, "agency_id = \"kent-yot\"", "encryption_key = []");
    let fault = agencies(&text).unwrap_err();
    assert_eq!((fault.line(), fault.nearest()), (Some(line), Some("encryption_keys")));
    let (text, line) = with_line(AGENCIES, "agency_id = \"kent-yot\"", "webhook = { ulr = \"\" }");
    let fault = agencies(&text).unwrap_err();
    assert_eq!((fault.line(), fault.nearest()), (Some(line), Some("url")));
}

#[test]
fn a_key_that_is_like_none_gets_the_list_of_those_there_are() {
    assert_eq!(
        told(settings(&format!("{LEAST}[log]\ncolour = true"))),
        "unknown key `colour` in config/portcullis.toml line 4; known there: `format`, `filter`"
    );
}

#[test]
fn a_bad_value_is_told_with_its_line_and_what_is_wanted_and_is_never_repeated() {
    for (section, written, wanted) in [
        ("limits", "page = 0", "`limits.page`|want an integer from 1 to 1000"),
        ("limits", "page = -5", "want an integer from 1 to 1000"),
        ("limits", "page = \"secret\"", "want an integer from 1 to 1000"),
        (
            "limits",
            "long_poll_max = 60",
            "want a number and one of the units ms, s, m, h, d in quotes, from \"1s\" to \"5m\"",
        ),
        ("limits", "long_poll_max = \"1h secret\"", "from \"1s\" to \"5m\""),
        ("listen", "agencies = \"secret\"", "want an IP address and a port"),
        ("tls", "key = \"\"", "want the path of a file"),
        ("log", "format = \"secret\"", "want `text` or `json`"),
        ("log", "filter = \"secret[[=\"", "want log directives"),
        ("mail", "from = \"secret\"", "want a mail address"),
        ("mail", "host = \"se cret\"", "want a host name"),
        ("delivery", "schedule = []", "want a list of 1 to 32 waits"),
        (
            "delivery",
            "schedule = [\"0s\", \"secret\"]",
            "`delivery.schedule.1`|want a number and one of the units",
        ),
        ("webhook", "allow = { \"Kent\" = [] }", "not an agency_id"),
        (
            "webhook",
            "allow = { \"kent-yot\" = [\"10.0.0.1/8\"] }",
            "`webhook.allow.kent-yot.0`|want an IP network",
        ),
        ("scanner", "address = \"192.0.2.1:3310\"", "`scanner.address`|or a loopback address"),
        ("scanner", "address = \"unix:secret\"", "the absolute path of clamd's socket"),
        ("ledger", "checkpoint_interval = \"2s\"", "from \"10ms\" to \"1s\""),
        ("store", "path = \"credential:../secret\"", "`store.path`|want the name of a credential"),
        ("store", "path = \"credential:secret\"", "CREDENTIALS_DIRECTORY is not set"),
    ] {
        let told = told(settings(&format!("{LEAST}\n[{section}]\n{written}\n")));
        assert!(wanted.split('|').all(|part| told.contains(part)), "{written}: {told}");
        assert!(told.contains("config/portcullis.toml line 5"), "{written}: {told}");
        assert!(!told.contains("secret"), "{written}: {told}");
    }
}

#[test]
fn settings_that_do_not_fit_together_are_told() {
    for (section, written, part) in [
        ("limits", "pack_bytes = 1024", "want at least `limits.attachment_bytes`"),
        ("limits", "upload_timeout = \"5s\"", "want at least `limits.request_timeout`"),
        ("delivery", "lease = \"1m\"", "or two workers dial"),
        ("delivery", "uncollected_after = \"35d\"", "want less than `delivery.lifetime`"),
        ("delivery", "mail_confirmed_after = \"40d\"", "want less than `delivery.lifetime`"),
        ("delivery", "schedule = [\"30d\"]", "with their jitter"),
        ("webhook", "client_key = \"a\"", "want `client_certificate` beside it"),
        ("webhook", "client_certificate = \"a\"", "want `client_key` beside it"),
    ] {
        let told = told(settings(&format!("{LEAST}[{section}]\n{written}\n")));
        assert!(told.contains(part) && told.contains("line 4"), "{written}: {told}");
    }
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(
        told(settings("[gateway]\nprofile = \"development\"\n")),
        "`gateway.name` is missing in config/portcullis.toml line 1: add it"
    );
    assert!(told(settings("")).starts_with("`gateway` is missing"));
    let text = "[[agency]]\nagency_id = \"kent-yot\"\n";
    assert!(told(agencies(text)).starts_with("`agency.0.name` is missing in agencies.toml line 1"));
}

#[test]
fn what_is_not_toml_is_told_with_its_line() {
    let fault = settings("[gateway]\nname = \n").unwrap_err();
    assert!(matches!(&fault, ConfigFault::Syntax { .. }), "{fault}");
    assert_eq!(fault.line(), Some(2));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let fault = Config::load(Path::new("/nowhere/portcullis.toml")).unwrap_err();
    assert!(fault.to_string().starts_with("cannot read /nowhere/portcullis.toml"));
}

#[test]
fn areas_stand_once_and_keys_without_their_private_half() {
    let area = "[[area]]\ncode = \"46\"\nname = \"Kent\"\npolice = []\n";
    assert!(
        told(areas(&area.repeat(2))).starts_with("`area.1.code` in areas.toml line 6: want each area once")
    );
    let told_of = |extra: &str| told(areas(&format!("{area}{extra}\n")));
    assert!(told(areas(&area.replace("46", "48"))).contains("line 2: not one of the 42 MAPPA area codes"));
    let key = "audit_key = { kty = \"EC\", crv = \"P-256\", kid = \"a\", x = \"AA\", y = \"AA\" }";
    assert!(told_of(key).contains("`area.0.audit_key` in areas.toml line 5: want `x` and `y` of 32 bytes"));
    assert!(told_of(&key.replace("P-256", "P-384")).contains("want a P-256 key"));
    assert!(told_of(&key.replace("x =", "d = \"AA\", x =")).contains("line 5: this is a private key"));
}

#[test]
fn agencies_that_cannot_stand_are_told() {
    let agency = "[[agency]]\nagency_id = \"kent-yot\"\nname = \"YOT\"\norganisation = \"Council\"\n\
                  type = \"YOT\"\nstatus = \"dtc\"\nareas = [\"46\"]\nchannels = [\"mailbox\"]\n";
    assert_eq!(agencies(agency).unwrap().len(), 1);
    let changed = |from: &str, to: &str| told(agencies(&agency.replace(from, to)));
    assert!(changed("kent-yot", "gateway").contains("line 2: want another id"));
    assert!(changed("kent-yot", "Kent YOT").contains("line 2: not an agency_id"));
    assert!(changed("\"YOT\"\nstatus", "\"YOOT\"\nstatus").contains("line 5: want one of `POLICE`"));
    assert!(changed("dtc", "ra").contains("`agency.0.status` in agencies.toml line 6"));
    assert!(changed("[\"46\"]", "[]").contains("line 7: want at least one area"));
    assert!(changed("[\"46\"]", "[\"46\", \"46\"]").contains("each once"));
    assert!(changed("mailbox", "email").contains("line 8: want a `mail` table"));
    assert!(changed("mailbox", "webhook").contains("line 8: want a `webhook` table"));
    for url in ["http://a.example/", "https://", "https://u:p@a.example/", "https://a.example/#b", "a"] {
        let text = format!("{agency}webhook = {{ url = \"{url}\" }}\n");
        assert!(
            told(agencies(&text)).contains("`agency.0.webhook` in agencies.toml line 9: want an `https`")
        );
    }
    assert!(told(agencies(&agency.repeat(2))).contains("`agency.1.agency_id` in agencies.toml line 10"));
    let keyed = format!("{agency}tls_spki_sha256 = [\"{}\"]\n", "a".repeat(64));
    assert!(agencies(&keyed).is_ok());
    let shared = format!("{keyed}{}", keyed.replace("kent-yot", "kent-csc"));
    assert!(told(agencies(&shared)).contains("line 18: want each certificate once"));
    assert!(told(agencies(&keyed.replace("aaa", "AAA"))).contains("lower-case hex"));
}

/// Nobody who is no agency can be registered, so nothing can be addressed to it.
#[test]
fn p11_p34_the_directory_takes_no_type_that_is_no_agency() {
    let agency = |kind: &str| {
        format!(
            "[[agency]]\nagency_id = \"kent-yot\"\nname = \"A\"\norganisation = \"B\"\ntype = \"{kind}\"\n\
             status = \"dtc\"\nareas = [\"46\"]\nchannels = [\"mailbox\"]\n"
        )
    };
    assert!(agencies(&agency("YOT")).is_ok());
    for kind in ["INTEL", "SUBJECT", "SUBJECT_REP", "THIRD_PARTY", "PUBLIC"] {
        assert!(told(agencies(&agency(kind))).contains("line 5: want one of `POLICE`"), "{kind}");
    }
    // A body that the Act does not name is an associate at most.
    assert!(told(agencies(&agency("OTHER"))).contains("want the status"));
}

#[test]
fn p12_the_directory_takes_no_server_abroad() {
    let agency = |url: &str| {
        format!(
            "[[agency]]\nagency_id = \"kent-yot\"\nname = \"A\"\norganisation = \"B\"\ntype = \"YOT\"\n\
             status = \"dtc\"\nareas = [\"46\"]\nchannels = [\"webhook\"]\nwebhook = {{ url = \"{url}\" }}\n"
        )
    };
    assert!(agencies(&agency("https://yot.kent.gov.uk/in")).is_ok());
    assert!(told(agencies(&agency("https://yot.example.fr/in"))).contains("United Kingdom"));
}

fn under(variables: &[(&str, &str)]) -> Result<Config, ConfigFault> {
    let environment = variables.iter().copied().collect();
    Config::read(SETTINGS, Path::new("portcullis.toml"), &environment)
}

#[test]
fn the_environment_stands_above_the_file() {
    let config = under(&[
        ("PORTCULLIS_GATEWAY__NAME", "sussex.portcullis.example"),
        ("PORTCULLIS_LIMITS__MESSAGE_BYTES", "2_097_152"),
        ("PORTCULLIS_LISTEN__AGENCIES", "127.0.0.1:0"),
        ("PORTCULLIS_DELIVERY__SCHEDULE", "[\"0s\", \"7s\"]"),
        ("PORTCULLIS_WEBHOOK__ALLOW", "{ \"kent-yot\" = [\"127.0.0.1/32\"] }"),
        ("PORTCULLIS_KEYS__STATEMENTS", "credential:statements"),
        ("CREDENTIALS_DIRECTORY", "/run/credentials/portcullis.service"),
        ("PORTCULLIS_CONFIG", "not a setting"),
    ])
    .unwrap();
    assert_eq!(config.mail.from, "portcullis@sussex.portcullis.example");
    assert_eq!(config.limits.message_bytes, 2 << 20);
    assert_eq!(config.listen.agencies.port(), 0);
    assert_eq!(config.delivery.schedule.len(), 2);
    assert_eq!(config.webhook.allow.len(), 1);
    assert_eq!(config.keys.statements, Path::new("/run/credentials/portcullis.service/statements"));
    assert_eq!(config.log, Log::default());
}

#[test]
fn the_environment_supplies_what_the_file_lacks() {
    let environment = Environment::from([("PORTCULLIS_GATEWAY__NAME", "kent.portcullis.example")]);
    let config = Config::read("", Path::new("config/portcullis.toml"), &environment).unwrap();
    assert_eq!(config, settings(LEAST).unwrap());
}

#[test]
fn faults_of_the_environment_name_the_variable() {
    for (name, value, part) in [
        ("PORTCULLIS_LIMITS__MESSGE_BYTES", "1", "unknown key `messge_bytes`|did you mean `message_bytes`?"),
        ("PORTCULLIS_LIMITZ__PAGE", "1", "unknown key `limitz`|did you mean `limits`?"),
        ("PORTCULLIS___", "1", "unknown key ``"),
        ("PORTCULLIS_LIMITS__PAGE", "all", "`limits.page`|want an integer from 1 to 1000"),
        ("PORTCULLIS_LIMITS__PAGE__MAX", "7", "`limits.page`|want an integer"),
        (
            "PORTCULLIS_DELIVERY__SCHEDULE",
            "[\"0s\", 5]",
            "`delivery.schedule.1`|want a number and one of the units",
        ),
        ("PORTCULLIS_DELIVERY__LEASE", "3s", "`delivery.lease`|or two workers dial"),
        ("PORTCULLIS_TLS__KEY", "credential:key", "CREDENTIALS_DIRECTORY is not set"),
    ] {
        let told = told(under(&[("PORTCULLIS_LIMITS__RECIPIENTS", "9"), (name, value)]));
        assert!(part.split('|').all(|part| told.contains(part)), "{name}: {told}");
        assert!(told.contains(&format!("the environment variable `{name}`")), "{name}: {told}");
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text_is_told() {
    use std::os::unix::ffi::OsStringExt as _;
    let value = std::ffi::OsString::from_vec(vec![0xff]);
    let environment = Environment::from([("PORTCULLIS_MAIL__HOST", value)]);
    let fault = Config::read(SETTINGS, Path::new("a"), &environment);
    assert!(told(fault).contains("the environment variable `PORTCULLIS_MAIL__HOST`: want UTF-8 text"));
}

#[test]
fn paths_begin_at_the_folder_of_the_file() {
    let text = format!("{LEAST}[store]\npath = \"/var/lib/portcullis\"\n");
    let config =
        Config::read(&text, Path::new("/etc/portcullis/portcullis.toml"), &Environment::empty()).unwrap();
    assert_eq!(config.store.path, Path::new("/var/lib/portcullis"));
    assert_eq!(config.tls.key, Path::new("/etc/portcullis/tls/gateway.key"));
    assert_eq!(config.webhook.client_key, config.tls.key);
    assert_eq!(config.mail.ca, None);
}
