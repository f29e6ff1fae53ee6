//! Two versions of one type: the older is answered with the news that it ends, and then it does.

use std::time::Duration;

use jiff::{Timestamp, ToSpan as _, civil::Date, fmt::rfc2822, tz::TimeZone};
use portcullis::{
    clock::Clock,
    journey::Code,
    schema::{Schemas, catalog},
};
use serde_json::{Value, json};

use crate::support::{Builder, CO_ORDINATOR, Message, NOTIFICATION, Reply, TestGateway};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Our schemas, with `notification` 1.1 beside 1.0, whose last day is `sunset`.
fn schemas(deprecated: Date, sunset: Date) -> Schemas {
    // Schemas are part of the program, so what a story makes up has to live as long.
    let kept = |text: String| -> &'static str { text.leak() };
    let old = catalog::file("notification/1.0.json").unwrap();
    let new = old.replace("notification/1.0.json", "notification/1.1.json").replace("\"1.0\"", "\"1.1\"");
    let mut catalogue: Value = serde_json::from_str(catalog::file("catalog.json").unwrap()).unwrap();
    let entries = catalogue["schemas"].as_array_mut().unwrap();
    let place = entries.iter().position(|entry| entry["type"] == "notification").unwrap();
    let mut newer = entries[place].clone();
    newer["version"] = json!("1.1");
    newer["file"] = json!("notification/1.1.json");
    entries[place]["deprecated"] = json!(deprecated);
    entries[place]["sunset"] = json!(sunset);
    entries.push(newer);
    let mut files = catalog::FILES.to_vec();
    files.retain(|(path, _)| *path != "catalog.json");
    files.extend([("catalog.json", kept(catalogue.to_string())), ("notification/1.1.json", kept(new))]);
    Schemas::of(&files).unwrap()
}

fn notification(gateway: &TestGateway, version: &str) -> Vec<u8> {
    let case = gateway.unknown_case().case_ref;
    Message::new(gateway, NOTIFICATION, &case).with("/schema_version", json!(version)).bytes()
}

/// What the answer says about the version's life: since when, until when, what instead.
fn told(reply: &Reply) -> [Option<&str>; 3] {
    ["deprecation", "sunset", "link"].map(|name| Some(reply.headers.get(name)?.to_str().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_on_its_way_out_is_accepted_with_the_news_until_its_last_day_is_over() {
    let now = Clock::system().now();
    let today = now.to_zoned(TimeZone::UTC).date();
    let (deprecated, sunset) = (today - 30.days(), today + 10.days());
    let midnight = |day: Date| -> Timestamp { day.to_zoned(TimeZone::UTC).unwrap().timestamp() };
    let gateway = Builder::default().schemas(schemas(deprecated, sunset)).start().await;
    let police = gateway.door("kent-police");

    let old = notification(&gateway, "1.0");
    let accepted = police.post(old.clone()).await;
    assert_eq!(accepted.status.as_u16(), 202, "{}", String::from_utf8_lossy(&accepted.body));
    let since = format!("@{}", midnight(deprecated).as_second());
    let ends = midnight(sunset + 1.day());
    let until = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&ends).unwrap();
    let instead = "</v1/schemas/notification/1.1.json>; rel=\"successor-version\"";
    let news = [Some(since.as_str()), Some(until.as_str()), Some(instead)];
    assert_eq!(told(&accepted), news);
    assert_eq!(told(&police.check(notification(&gateway, "1.0")).await), news);
    assert_eq!(told(&police.post(notification(&gateway, "1.1")).await), [None; 3]);

    // Its last moment, and the first one after it.
    let left = Duration::try_from(ends.duration_since(gateway.gateway().clock.now())).unwrap();
    gateway.advance(left - Duration::from_secs(1));
    assert_eq!(police.post(notification(&gateway, "1.0")).await.status.as_u16(), 202);
    gateway.advance(Duration::from_secs(1));
    for refused in
        [police.post(notification(&gateway, "1.0")).await, police.check(notification(&gateway, "1.0")).await]
    {
        let problem = refused.problem(Code::UnknownVersion, 422);
        assert_eq!(refused.faults(), [("/schema_version".to_owned(), "unknown_version".to_owned())]);
        assert_eq!(problem["errors"][0]["fix"], "use one of: 1.1");
    }
    assert_eq!(police.post(notification(&gateway, "1.1")).await.status.as_u16(), 202);

    // What was accepted while it lived keeps its answer.
    gateway.advance(DAY);
    let again = police.post(old).await;
    assert_eq!((again.status.as_u16(), &again.body), (202, &accepted.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(told(&again), news);
    assert_eq!(gateway.inbox(CO_ORDINATOR).await.len(), 4);
    gateway.stop().await;
}
