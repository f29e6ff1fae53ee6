//! Inspect: whether an attachment is what it is declared to be, and whether the malware scanner knows
//! anything against it, told in step with its bytes. Part of [`super::attach`].
//!
//! A file of another type is the sender's doing, and so is one that the scanner objects to. A scanner
//! that gives no verdict is ours: then nothing is accepted.

use super::{Code, Gateway, Refusal, Stop};
use crate::{
    channel::scanner::{Scan, ScanFault, Verdict},
    message::AttachmentHead,
    schema::{
        self,
        attachment::{CARRIED, MediaType, OtherType, Sniffer},
    },
    telemetry::Word,
};

/// One attachment that passes.
pub(super) struct Inspection<'a> {
    gateway: &'a Gateway,
    index: usize,
    sniffer: Sniffer,
    scan: Option<Scan>,
}

impl<'a> Inspection<'a> {
    /// Before the first byte is read.
    pub async fn begin(gateway: &'a Gateway, index: usize, head: &AttachmentHead) -> Result<Self, Stop> {
        let declared = MediaType::declared(&head.media_type).ok_or_else(|| other_type(index))?;
        let scan = match &gateway.scanner {
            Some(scanner) => Some(counted(gateway, scanner.begin().await)?),
            None => None,
        };
        Ok(Self { gateway, index, sniffer: Sniffer::new(declared), scan })
    }

    /// Looks at the next bytes.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.sniffer.push(bytes).map_err(|OtherType| other_type(self.index))?;
        if let Some(scan) = &mut self.scan {
            counted(self.gateway, scan.push(bytes).await)?;
        }
        Ok(())
    }

    /// After the last byte.
    pub async fn finish(self) -> Result<(), Stop> {
        self.sniffer.finish().map_err(|OtherType| other_type(self.index))?;
        let Some(scan) = self.scan else { return Ok(()) };
        match counted(self.gateway, scan.finish().await)? {
            Verdict::Clean => {
                count(self.gateway, "clean");
                Ok(())
            }
            Verdict::Found(signature) => {
                count(self.gateway, "infected");
                tracing::warn!(signature, "the scanner objects to an attachment");
                Err(infected(self.index, &signature).into())
            }
        }
    }
}

fn counted<T>(gateway: &Gateway, scanned: Result<T, ScanFault>) -> Result<T, ScanFault> {
    scanned.inspect_err(|_| count(gateway, "failed"))
}

fn count(gateway: &Gateway, word: &'static str) {
    gateway.metrics.scans.get_or_create(&Word { word }).inc();
}

fn other_type(index: usize) -> Refusal {
    let detail = format!("send each attachment as the type that it is; carried are {CARRIED}");
    let fault = schema::Fault::new(
        format!("/attachments/{index}/media_type"),
        "attachment_type",
        "the file is of another type than the message says, or of one that is not carried",
        format!("send {CARRIED}, and name its true type in `media_type`"),
    );
    Refusal::with(Code::AttachmentType, detail, vec![fault])
}

/// The signature's name is clamd's and was made harmless: with it the sender's own people find the file.
fn infected(index: usize, signature: &str) -> Refusal {
    let detail = "the malware scanner objects to an attachment; nothing was stored or sent on";
    let fault = schema::Fault::new(
        format!("/attachments/{index}"),
        "attachment_infected",
        format!("the malware scanner objects to this file: `{signature}`"),
        "have the file and the system that it comes from examined, and send a clean copy",
    );
    Refusal::with(Code::AttachmentInfected, detail, vec![fault])
}
