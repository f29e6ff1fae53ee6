//! What a decision costs where much is known: time, memory and start. `cargo bench --bench policy`
//!
//! Known are 2,600 agencies, 100,000 cases with a meeting each, and 8,000 designations, in a SQLite
//! store on a folder under `target/`; another process loads it, so that the figures here are those of a
//! gateway that starts on it. The policies are those in `config/policies/`.
//!
//! One decision is: the case looked up in the store, its slice built, one question whether the sender
//! may send and, for each of twelve recipients, whether it may receive and whether it may have victim
//! data. Each is about another case. The ceiling is Cedar alone (`bare.rs`).
//!
//! Out: tables on standard output. `PORTCULLIS_BENCH_SECONDS` is the length of each measurement, 4
//! unless told.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench prints, and ends where something fails"
)]

mod bare;
mod known;
#[expect(dead_code, reason = "this bench asks for processor time only")]
mod measure;

use std::{
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use known::{AGENCIES, CASES, DESIGNATIONS, agency_id, area, case_ref, meeting_id, present};
use portcullis::{
    clock::Clock,
    crypto::random::Random,
    directory::Directory,
    message::{AgencyId, CaseFacts, Fact, MessageType, Purpose},
    policy::{Addressed, Ask, Claims, Decision, Policies},
    store::{FactChange, Learned, Store},
};

/// Names the folder to the process that loads it.
const LOAD: &str = "PORTCULLIS_BENCH_LOAD";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let Some(dir) = std::env::var_os(LOAD) {
        return runtime.block_on(known::load(Path::new(&dir), Clock::system().now()));
    }
    let seconds =
        std::env::var("PORTCULLIS_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let begun = Instant::now();
    let loader = Command::new(std::env::current_exe().unwrap()).env(LOAD, folder.path()).status().unwrap();
    assert!(loader.success(), "the store could not be loaded");
    println!(
        "{AGENCIES} agencies, {CASES} cases with a meeting each, {DESIGNATIONS} designations; loaded in {:.1} s, {} MiB on disk",
        begun.elapsed().as_secs_f64(),
        fs::metadata(folder.path().join("portcullis.db")).unwrap().len() >> 20
    );
    runtime.block_on(run(folder.path(), Duration::from_secs(u64::clamp(seconds, 1, 60))));
}

async fn run(dir: &Path, length: Duration) {
    let policies_dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/policies");
    let empty_kib = resident_kib();
    let begun = Instant::now();
    let store = known::open(dir);
    let opened = begun.elapsed();
    let directory = store.directory().await.unwrap();
    let read = begun.elapsed();
    let policies = Policies::load(&policies_dir).unwrap();
    let loaded = begun.elapsed();
    let world = World { store: &*store, directory: &directory, policies: &policies };
    let first = world.decide(MessageType::Minutes, 0).await;
    // It may be sent, the twelve may have it, and five of them with the victim data.
    assert_eq!(first.iter().filter(|decision| decision.is_allowed()).count(), 1 + 12 + 5);
    println!(
        "\nstart: {} ms until the first decision (store {}, directory {}, policies {}, decision {})",
        begun.elapsed().as_millis(),
        opened.as_millis(),
        (read - opened).as_millis(),
        (loaded - read).as_millis(),
        (begun.elapsed() - loaded).as_millis(),
    );
    let started_kib = resident_kib();

    println!("\nto 12 recipients, µs       p50     p99");
    let look_up = timed(length, async |number| drop(world.case(number).await)).await;
    row("look the case up", look_up);
    let mut whole = Duration::ZERO;
    for kind in [MessageType::Minutes, MessageType::MeetingPack, MessageType::Referral] {
        let all = timed(length, async |number| drop(black_box(world.decide(kind, number).await))).await;
        row(&format!("{kind}, with look-up"), all);
        whole = if kind == MessageType::Minutes { all.0 } else { whole };
    }
    let case = world.case(7).await;
    let rules = processor_time(length, || drop(black_box(world.ask(MessageType::Minutes, 7, &case))));
    println!("minutes, rules alone   {:>8.0}         processor time, mean", micros(rules));
    println!(
        "\nresident: {} MiB before, {} MiB once started, {} MiB after the decisions",
        empty_kib >> 10,
        started_kib >> 10,
        resident_kib() >> 10
    );
    println!(
        "  included: program, runtime, store with its page caches, directory, policies; cases stay on disk"
    );

    ceilings(&policies_dir, length, whole, rules);
    visible_at_once(&world).await;
}

fn ceilings(policies: &Path, length: Duration, whole: Duration, rules: Duration) {
    println!("\nceiling: 13 bare calls, µs, processor time   rules ÷ it   all ÷ it");
    for (name, bearing) in [("the policies that bear", true), ("all policies", false)] {
        let bare = bare::Bare::new(policies, bearing);
        let bare = processor_time(length, || bare.ask());
        println!(
            "{name:<22} {:>20.0} {:>12.2} {:>10.2}",
            micros(bare),
            rules.as_secs_f64() / bare.as_secs_f64(),
            whole.as_secs_f64() / bare.as_secs_f64()
        );
    }
}

/// A fact that was just written decides the very next question.
async fn visible_at_once(world: &World<'_>) {
    let number = CASES - 1;
    let late = agency_id(area(number), "yot", 0);
    let before = world.case(number).await;
    let mut attended = before.meetings[0].attended.clone();
    assert!(attended.remove(&late));
    let learn = async |attended: &std::collections::BTreeSet<AgencyId>| {
        let fact = Fact::Present {
            meeting_id: meeting_id(number),
            by_minutes: true,
            attended: attended.clone(),
            action_owners: Default::default(),
        };
        let change = FactChange {
            case_ref: case_ref(number),
            claimant: None,
            expected: world.case(number).await.version,
            facts: vec![fact],
            entries: vec![known::entry(number, Clock::system().now(), &Random::system())],
        };
        assert_eq!(world.store.learn(change).await.unwrap(), Learned::Learned);
    };
    let may = async || {
        let place = present(number).iter().position(|id| *id == late).unwrap();
        world.decide(MessageType::Minutes, number).await[1 + 2 * place].is_allowed()
    };
    assert!(may().await);
    learn(&attended).await;
    assert!(!may().await, "recorded as absent, and the very next decision does not know it");
    attended.insert(late.clone());
    learn(&attended).await;
    assert!(may().await, "recorded as present, and the very next decision does not know it");
    println!("\na change of the facts decided the very next question, both ways");
}

/// What decisions are made on.
struct World<'a> {
    store: &'a dyn Store,
    directory: &'a Directory,
    policies: &'a Policies,
}

impl World<'_> {
    async fn case(&self, number: u64) -> CaseFacts {
        self.store.case(&case_ref(number)).await.unwrap().unwrap()
    }

    async fn decide(&self, kind: MessageType, number: u64) -> Vec<Decision> {
        let case = self.case(number).await;
        self.ask(kind, number, &case)
    }

    /// May the co-ordination unit send it, and for each of those present: may it receive it, with victim
    /// data?
    fn ask(&self, kind: MessageType, number: u64, case: &CaseFacts) -> Vec<Decision> {
        let claims = claims(kind, number);
        let sender = self.directory.agency(&agency_id(claims.area, "mappa", 0)).unwrap();
        let ask = Ask {
            now: Clock::system().now(),
            directory: self.directory,
            sender,
            message: &claims,
            case: Some(case),
        };
        let to = present(number);
        let prepared = self.policies.prepare(&ask);
        let mut decisions = vec![prepared.may_send()];
        let prepared = prepared.announce(&to);
        for id in &to {
            let agency = self.directory.agency(id).unwrap();
            let to = Addressed { agency, justified: true, strict_necessity: true, attention: false };
            decisions.push(prepared.may_receive(&to));
            decisions.push(prepared.may_see_victims(&to));
        }
        decisions
    }
}

fn claims(message_type: MessageType, number: u64) -> Claims {
    Claims {
        message_type,
        area: area(number),
        message_ids: Vec::new(),
        case_ref: Some(case_ref(number)),
        purpose: Some(Purpose::A),
        category: None,
        lead_agency: None,
        shared_supervision: Vec::new(),
        meeting_id: Some(meeting_id(number)),
        justified: true,
        non_mappa: false,
        released: false,
        tells_level: false,
        victim_data: true,
        health_data: false,
        receiving_area: None,
        receiving_lead: None,
        jobcentre: None,
        prior: None,
    }
}

/// Median and 99th percentile of the time on the clock. Each run has another case, in no order.
async fn timed(length: Duration, run: impl AsyncFn(u64)) -> (Duration, Duration) {
    let (begun, mut times) = (Instant::now(), Vec::new());
    let mut number = 1;
    while begun.elapsed() < length || times.len() < 100 {
        number = (number + 61_803) % CASES;
        let start = Instant::now();
        run(number).await;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

/// Mean processor time: what else runs on the machine does not disturb it.
fn processor_time(length: Duration, run: impl Fn()) -> Duration {
    run();
    let (begun, used, mut times) = (Instant::now(), measure::thread_time(), 0u32);
    while begun.elapsed() < length || times < 100 {
        run();
        times += 1;
    }
    (measure::thread_time() - used) / times
}

fn row(name: &str, (p50, p99): (Duration, Duration)) {
    println!("{name:<22} {:>8.0} {:>7.0}", micros(p50), micros(p99));
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// What this process has resident.
fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
