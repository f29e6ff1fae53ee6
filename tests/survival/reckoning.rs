//! The reckoning: everything that was accepted is there, arrives whole, and stands in one ledger.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use portcullis::{
    cli::{
        client::{Client, InboxPage, Profile, Upload},
        inbox::{OpenedCopy, open_copy},
        ledger,
    },
    clock::Clock,
    crypto::random::Random,
    journey::statement::StatedView,
    message::DeliveryId,
    store::{
        Files, Store as _,
        sqlite::{SqliteOptions, SqliteStore},
    },
};
use serde_json::Value;

use crate::{
    agencies::Posted,
    driver,
    place::{INVITED, MAILED_TO, PUSHED_TO, Place},
};

/// How long a delivery may take once nobody is killed any more: a lease, and then some.
const PATIENCE: Duration = Duration::from_secs(30);

/// Checks everything; takes the place down.
pub async fn settle(mut place: Place, posted: Vec<Posted>, mut seen: BTreeSet<String>) {
    assert_eq!(posted.iter().map(|p| p.message_id).collect::<BTreeSet<_>>().len(), posted.len());
    everything_is_tracked(&place, &posted).await;
    let pushed = pushes(&place, &posted).await;
    let mailed = mails(&place, &posted).await;
    println!(
        "{} pushes with {} duplicates, {} mails with {} duplicates",
        pushed.0, pushed.1, mailed.0, mailed.1
    );
    let orphans = files(&place);
    println!("{orphans} files left behind by kills, not yet swept");
    let mut collected = 0;
    for agency in INVITED.iter().filter(|id| ![PUSHED_TO, MAILED_TO].contains(id)).chain(&["kent-mappa"]) {
        collected += mailbox(&place, agency, &posted).await;
    }
    println!("{collected} copies collected, opened and acknowledged");
    for nobody in ["hmp-thornfield", "kent-tagging"] {
        assert!(place.agency(nobody).0.inbox(InboxPage::default()).await.unwrap().value.items.is_empty());
    }
    seen.extend(driver::checkpoint(&place).await);
    place.kill().await;
    ledger_holds(&place, &seen).await;
    nothing_is_left_behind(&place).await;
}

/// Each id is tracked, and the same bytes again give the first receipt.
async fn everything_is_tracked(place: &Place, posted: &[Posted]) {
    let clients = ["kent-police", "kent-mappa"].map(|id| (id, place.agency(id).0));
    let clients = BTreeMap::from(clients);
    for one in posted {
        let client = &clients[one.sender];
        let tracked = client.track(one.message_id).await.unwrap().value;
        let deliveries: BTreeSet<_> =
            tracked.deliveries.iter().map(|delivery| delivery.delivery_id).collect();
        assert_eq!(deliveries, one.told.recipients.iter().map(|to| to.delivery_id).collect());
        let receipt: serde_json::Value = serde_json::from_slice(&one.receipt).unwrap();
        assert_eq!(tracked.receipt, receipt);
        let uploads = one.attachment.iter().map(|bytes| Upload::Bytes(bytes.clone().into())).collect();
        let again = client.submit(one.message.clone(), uploads).await.unwrap();
        assert!(again.replayed() && again.bytes == one.receipt, "a second receipt differs from the first");
    }
}

/// The deliveries to one agency, by their ids.
fn deliveries_to<'p>(agency: &str, posted: &'p [Posted]) -> BTreeMap<DeliveryId, &'p Posted> {
    let to = |one: &'p Posted| {
        let mine = one.told.recipients.iter().filter(move |to| to.agency_id.as_str() == agency);
        mine.map(move |to| (to.delivery_id, one))
    };
    posted.iter().flat_map(to).collect()
}

/// Everything has one mailbox copy per delivery; it opens to what was posted.
async fn mailbox(place: &Place, agency: &str, posted: &[Posted]) -> usize {
    let mut expected = deliveries_to(agency, posted);
    let (client, profile) = place.agency(agency);
    let mut page = InboxPage::default();
    let mut collected = 0;
    loop {
        let inbox = client.inbox(page).await.unwrap().value;
        for item in &inbox.items {
            let one = expected.remove(&item.delivery_id).expect("a copy of what was not accepted, or twice");
            let sealed = client.collect(item.delivery_id).await.unwrap();
            let opened = open(&profile, &sealed, item.delivery_id, one);
            attachments(&client, &opened, one).await;
            client.acknowledge(item.delivery_id).await.unwrap();
            collected += 1;
        }
        match inbox.next {
            Some(next) if !inbox.items.is_empty() => page.after = next,
            _ => break,
        }
    }
    assert!(expected.is_empty(), "{} copies to {agency} are lost", expected.len());
    collected
}

fn open(profile: &Profile, sealed: &[u8], delivery: DeliveryId, one: &Posted) -> OpenedCopy {
    let (key, keys) = (profile.private_jwk.as_ref().unwrap(), profile.jwks.as_ref().unwrap());
    let opened = open_copy(sealed, key, keys, &profile.agency_id, delivery).unwrap();
    assert_eq!(opened.statement.message_id, one.message_id);
    let copy = opened.content.message.as_bytes();
    match &opened.statement.view {
        None => assert!(copy == one.message, "a copy holds other bytes than were posted"),
        Some(view) => assert!(
            serde_json::from_slice::<Value>(copy).unwrap() == without(&one.message, view),
            "a view is another than what was posted without what it leaves out"
        ),
    }
    opened
}

/// What was posted without the places that a view leaves out; the last of a list first.
fn without(message: &[u8], view: &StatedView) -> Value {
    let mut left: Value = serde_json::from_slice(message).unwrap();
    for gap in view.removed.iter().rev() {
        let (parent, step) = gap.pointer.rsplit_once('/').unwrap();
        match left.pointer_mut(parent).unwrap() {
            Value::Object(members) => drop(members.shift_remove(step).unwrap()),
            Value::Array(entries) => drop(entries.remove(step.parse().unwrap())),
            _ => panic!("a gap in what has no parts"),
        }
    }
    left
}

async fn attachments(client: &Client, opened: &OpenedCopy, one: &Posted) {
    assert_eq!(opened.attachments(), usize::from(one.attachment.is_some()));
    if let Some(bytes) = &one.attachment {
        let sealed = client.collect_attachment(opened.delivery_id, 0).await.unwrap();
        assert!(*opened.open_attachment(0, &sealed).unwrap() == *bytes, "an attachment holds other bytes");
    }
}

/// Every push came, under its delivery's id and no other. Gives how many, and how many more than once.
async fn pushes(place: &Place, posted: &[Posted]) -> (usize, usize) {
    let expected = deliveries_to(PUSHED_TO, posted);
    let (_, profile) = place.agency(PUSHED_TO);
    let mut pushes = place.webhook.pushes();
    loop {
        let arrived: BTreeSet<_> = pushes.iter().map(|push| push.id.clone().unwrap()).collect();
        if arrived.len() >= expected.len() {
            break;
        }
        pushes = place.webhook.wait_for(pushes.len() + 1, PATIENCE).await.expect("a push is lost");
    }
    let mut ids = BTreeSet::new();
    for push in &pushes {
        assert!(push.signature_ok, "a push was not signed by the gateway");
        let delivery: DeliveryId = push.id.as_deref().unwrap().parse().unwrap();
        let one = expected.get(&delivery).expect("a push of what was not accepted");
        open(&profile, &push.body, delivery, one);
        ids.insert(delivery);
    }
    assert_eq!(ids.len(), expected.len());
    (ids.len(), pushes.len() - ids.len())
}

/// The same for mail, which is known by its Message-ID.
async fn mails(place: &Place, posted: &[Posted]) -> (usize, usize) {
    let expected = deliveries_to(MAILED_TO, posted);
    let expected: BTreeSet<String> = expected.keys().map(ToString::to_string).collect();
    let id = |bytes: &[u8]| {
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]).into_owned();
        let line = head.lines().find_map(|line| line.strip_prefix("Message-ID: <")).unwrap();
        line.split('@').next().unwrap().to_owned()
    };
    let mut mails = place.mail.mails();
    loop {
        let ids: BTreeSet<_> = mails.iter().map(|mail| id(&mail.bytes)).collect();
        assert!(ids.is_subset(&expected), "a mail of what was not accepted");
        if ids == expected {
            assert!(mails.iter().all(|mail| mail.over_tls));
            return (ids.len(), mails.len() - ids.len());
        }
        mails = place.mail.wait_for(mails.len() + 1, PATIENCE).await.expect("a mail is lost");
    }
}

/// Every file that a record names is there. Gives how many are there that none names.
fn files(place: &Place) -> usize {
    let data = place.made.dir.join("data");
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = rusqlite::Connection::open_with_flags(data.join("portcullis.db"), flags).unwrap();
    let names = "SELECT file FROM attachment UNION SELECT mail FROM delivery WHERE mail IS NOT NULL";
    let mut names = database.prepare(names).unwrap();
    let named: BTreeSet<String> =
        names.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let there: BTreeSet<String> = fs::read_dir(data.join("sealed"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let missing: Vec<_> = named.difference(&there).collect();
    assert!(missing.is_empty(), "files that records name are not there: {missing:?}");
    there.difference(&named).count()
}

/// The ledger holds, and contains every checkpoint that was ever seen: no fork, no way back.
async fn ledger_holds(place: &Place, seen: &BTreeSet<String>) {
    let mut since = Vec::new();
    for (number, note) in seen.iter().enumerate() {
        let path = place.path(&format!("checkpoint-{number}"));
        fs::write(&path, note).unwrap();
        since.push(path);
    }
    let report = ledger::verify(&place.made.settings(), None, &since).await.unwrap();
    println!("ledger: {} leaves, {} earlier checkpoints compared", report.size, report.earlier);
    assert!(report.is_sound(), "{:?}", report.faults);
    assert_eq!(report.earlier, since.len());
}

/// The sweep removes what the kills left behind, and nothing else.
async fn nothing_is_left_behind(place: &Place) {
    let data = place.made.dir.join("data");
    let sealed = Files::open(data.join("sealed"), Random::system()).unwrap();
    let store = SqliteStore::open(&data, sealed, &SqliteOptions::default()).unwrap();
    let soon = Clock::system().now().saturating_add(Duration::from_secs(60)).unwrap();
    let orphans = files(place);
    assert_eq!(store.tidy(soon, 10_000).await.unwrap(), orphans);
    assert_eq!(files(place), 0);
}
