//! What a person at `portcullis inbox open` is told about a copy that is not what it should be.

use super::*;

/// A referral with an attachment of three segments, collected by the co-ordination unit.
struct Collected {
    place: Place,
    folder: PathBuf,
    delivery: String,
}

impl Collected {
    async fn new() -> Self {
        let place = Place::new().await;
        let (message, report) = place.referral();
        let pdf = [&b"%PDF-1.7\n"[..], &[b' '; 5 << 19]].concat();
        let mut posted: Value = serde_json::from_slice(&fs::read(&message).unwrap()).unwrap();
        posted["attachments"][0]["bytes"] = json!(pdf.len());
        posted["attachments"][0]["sha256"] = json!(hex(&sha256(&pdf)));
        fs::write(&message, posted.to_string()).unwrap();
        fs::write(&report, pdf).unwrap();
        let sent = place.run("kent-police", &["send", &message, "--attach", &report, "--json"]).await.well();
        let delivery = sent.json()["recipients"][0]["delivery_id"].as_str().unwrap().to_owned();
        let folder = place.path("in");
        let out = folder.to_str().unwrap();
        place.run("kent-mappa", &["inbox", "collect", &delivery, "--out", out]).await.well();
        Self { place, folder, delivery }
    }

    fn file(&self, end: &str) -> PathBuf {
        self.folder.join(format!("{}.{end}", self.delivery))
    }

    /// Opens it as this agency, perhaps with another's key. Gives what was told, and whether a message stands
    /// there now.
    async fn open(&self, agency: &str, key_of: &str) -> (Exit, String, bool) {
        let (file, out) = (self.file("jwe"), self.place.path("out"));
        let key = self.place.path(&format!("area/agencies/{key_of}/enc.jwk"));
        let words = [&file, &out, &key].map(|path| path.to_str().unwrap());
        let line = ["inbox", "open", words[0], "--out", words[1], "--enc-key", words[2]];
        let ended = self.place.run(agency, &line).await;
        let written = out.join("message.json").exists();
        let _ = fs::remove_dir_all(out);
        (ended.exit, ended.talk, written)
    }

    /// The same as whom it is for, after a change to a file, which is then taken back.
    async fn changed(&self, end: &str, change: impl FnOnce(&[u8]) -> Vec<u8>) -> (Exit, String, bool) {
        let sound = fs::read(self.file(end)).unwrap();
        fs::write(self.file(end), change(&sound)).unwrap();
        let told = self.open("kent-mappa", "kent-mappa").await;
        fs::write(self.file(end), sound).unwrap();
        told
    }
}

fn flipped(copy: &[u8]) -> Vec<u8> {
    let mut copy: Value = serde_json::from_slice(copy).unwrap();
    let tag = copy["tag"].as_str().unwrap();
    let other = if tag.starts_with('A') { "B" } else { "A" };
    copy["tag"] = json!(format!("{other}{}", &tag[1..]));
    copy.to_string().into_bytes()
}

/// The attachment made of these of its segments.
fn of_segments(sealed: &[u8], numbers: &[usize]) -> Vec<u8> {
    let lines: Vec<&[u8]> = sealed.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), 3);
    numbers.iter().flat_map(|number| lines[*number]).copied().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_forgery_has_a_sentence_of_its_own_and_no_message_is_written() {
    let copy = Collected::new().await;
    let (exit, told, written) = copy.open("kent-mappa", "kent-mappa").await;
    assert_eq!((exit, written), (Exit::Ok, true), "{told}");
    for (what, came, sentence) in [
        (
            "another agency's key",
            copy.open("kent-yot", "kent-yot").await,
            "sealed to another key than this one",
        ),
        ("a flipped bit", copy.changed("jwe", flipped).await, "or changed on the way"),
        (
            "a swapped recipient",
            copy.open("kent-yot", "kent-mappa").await,
            "does not name this agency and this delivery as recipient",
        ),
        (
            "a replayed segment",
            copy.changed("att0", |sealed| of_segments(sealed, &[0, 0, 2])).await,
            "a segment stands where another belongs",
        ),
        (
            "a truncated attachment",
            copy.changed("att0", |sealed| of_segments(sealed, &[0, 1])).await,
            "attachment 0 does not open: its end is missing",
        ),
    ] {
        let (exit, told, written) = came;
        assert_eq!((exit, written), (Exit::Verification, false), "{what}: {told}");
        assert!(told.contains(sentence), "{what}: {told}");
    }
    copy.place.running.stop().await.unwrap();
}
