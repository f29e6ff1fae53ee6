//! Sealed mail, made at acceptance and kept as a file until it is handed over: a note that says what
//! this is, the message byte for byte, the same as readable text, the statement, the attachments.

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{Fault, Gateway, attach::Attachment, route::Way, seal::Sealing, view::View};
use crate::{
    crypto::smime::{self, Boundary, Entity, OuterHeaders, RecipientCertificate},
    message::{Agency, DeliveryId, Envelope},
    policy::Obligation,
    schema::render,
    store::{SealedMail, StoredFile},
};

/// Seals one mail for each recipient that takes mail, in the order of the routes. Attachments kept in
/// memory for it are wiped afterwards.
pub(super) async fn seal_all(
    gateway: &Gateway,
    sealing: &mut Sealing<'_>,
    view_of: &[usize],
    deliveries: &[DeliveryId],
    statements: &[String],
    at: Timestamp,
) -> Result<std::vec::IntoIter<StoredFile>, Fault> {
    let mut files = Vec::new();
    let routes = sealing.routes;
    if routes.iter().any(|route| matches!(route.way, Way::Mail { .. })) {
        // Beside the pack itself, some two copies of it are in memory while it is encrypted (base64 twice),
        // and some four while the mail is put around that.
        let _slot = gateway
            .mail_slots
            .acquire()
            .await
            .map_err(|_| Fault::Impossible("the slots are never closed"))?;
        let schema = format!("{}/{}.json", sealing.envelope.message_type, sealing.schema_version);
        let views = sealing.views;
        let by_mail = |reader: &usize| routes.get(*reader).is_some_and(|r| matches!(r.way, Way::Mail { .. }));
        let readable = |view: &View| {
            let text = |view| Ok(Zeroizing::new(render::text(&*sealing.json_of(view)?, &schema)));
            Some(view).filter(|view| view.readers.iter().any(by_mail)).map(text).transpose()
        };
        let readable: Vec<_> = views.iter().map(readable).collect::<Result<_, Fault>>()?;
        for ((route, delivery_id), number) in routes.iter().zip(deliveries).zip(view_of) {
            let Way::Mail { certificate, address } = &route.way else { continue };
            let of_view = views
                .get(*number)
                .zip(readable.get(*number).and_then(Option::as_ref))
                .zip(statements.get(*number));
            let ((view, readable), statement) =
                of_view.ok_or(Fault::Impossible("each recipient has its view"))?;
            let agency = &route.permit.agency;
            let letter = Letter { gateway, sealing, view, agency, delivery_id: *delivery_id, at };
            let mail = letter.seal(certificate, address, readable, statement)?;
            let mut file = gateway.files.create().await?;
            file.write_mail(&mail).await?;
            files.push(file.finish().await?);
        }
    }
    sealing.attachments.iter_mut().for_each(|attachment| attachment.plaintext = None);
    Ok(files.into_iter())
}

struct Letter<'a> {
    gateway: &'a Gateway,
    sealing: &'a Sealing<'a>,
    view: &'a View,
    agency: &'a Agency,
    delivery_id: DeliveryId,
    at: Timestamp,
}

impl Letter<'_> {
    fn seal(
        &self,
        certificate: &RecipientCertificate,
        address: &str,
        readable: &str,
        statement: &str,
    ) -> Result<SealedMail, Fault> {
        let mut parts = vec![
            Entity::text(&self.note()),
            Entity::text_file("message.txt", readable),
            Entity::json("message.json", self.sealing.bytes_of(self.view)),
            Entity::attachment("statement.jws", "application/jose", statement.as_bytes()),
        ];
        parts.extend(self.sealing.attachments_of(self.view).filter_map(enclosure));
        let entity = Entity::multipart_mixed(parts, Boundary::new(&self.gateway.random)?);
        // P39: marking, type and reference; nothing that tells a person or a case.
        let subject =
            format!("OFFICIAL-SENSITIVE: {} {}", self.envelope().message_type.title(), self.reference());
        let message_id = format!("{}@{}", self.delivery_id, self.gateway.name);
        let headers = OuterHeaders {
            from: &self.gateway.mail_from,
            to: address,
            subject: &subject,
            date: self.at,
            message_id: &message_id,
        };
        // A few milliseconds a megabyte: the other thread of the runtime goes on meanwhile.
        let seal = || {
            smime::seal_mail(
                &entity,
                &self.gateway.keys().smime,
                certificate,
                &headers,
                self.at,
                &self.gateway.random,
            )
        };
        Ok(SealedMail::new(seal()?))
    }

    fn envelope(&self) -> &Envelope {
        self.sealing.envelope
    }

    fn reference(&self) -> String {
        self.delivery_id.reference()
    }

    /// What a person sees first. At most 72 columns, no links, nothing that only a machine reads.
    fn note(&self) -> String {
        let envelope = self.envelope();
        let title = envelope.message_type.title();
        let mut lines = vec![
            format!("{title} for your agency"),
            String::new(),
            row("Marking", "OFFICIAL-SENSITIVE"),
            row("Reference", &self.reference()),
            row("For", &self.agency.name),
            row("Sent by", envelope.sender.agency_id.as_str()),
        ];
        lines.extend(envelope.case_ref.as_ref().map(|case| row("Case", case.as_str())));
        lines.extend([
            row("Sent on", &self.at.strftime("%d %B %Y, %H:%M UTC").to_string()),
            row("Read", "message.txt"),
            row("For systems", "message.json, statement.jws"),
        ]);
        for attachment in self.sealing.attachments_of(self.view) {
            lines.push(row("Attached", &smime::safe_file_name(&attachment.head.name)));
        }
        if self.view.obligations.contains(&Obligation::WithoutVictims) {
            lines.extend(WITHOUT_VICTIMS.lines().map(str::to_owned));
        }
        lines.extend(HANDLING.lines().map(str::to_owned));
        if let Some(handling) = &envelope.marking.handling {
            lines.extend([String::new(), "The sender adds:".into()]);
            lines.extend(render::wrapped(handling));
        }
        lines.push(String::new());
        lines.push(format!("Signed by {} on behalf of the MAPPA area.", self.gateway.mail_from));
        lines.join("\r\n")
    }
}

/// Domain P29.
const WITHOUT_VICTIMS: &str = "
Not in your copy
Who the victims are, where they live and how they are reached was left
out of this copy: your agency does not receive it with this document.
statement.jws lists each place. If you need it to keep somebody safe,
ask the MAPPA co-ordination unit.";

/// Domain L32, P28 (in other words than the statement's obligation, for people); ux.md §5.
const HANDLING: &str = "
How to handle it
Share it inside your agency only with those who need it for their work.
Do not forward or copy it outside your agency; ask the area's MAPPA
co-ordination unit first. Destroy it when the unit asks you to.

Not for you?
Do not open the attachments. Tell the MAPPA co-ordination unit and quote
the reference.";

fn row(label: &str, value: &str) -> String {
    format!("{label:<13}{value}")
}

fn enclosure(attachment: &Attachment) -> Option<Entity<'_>> {
    let content = attachment.plaintext.as_ref()?;
    // Makes the name harmless by itself: it need not trust that a rule has looked at it.
    Some(Entity::attachment(&attachment.head.name, &attachment.head.media_type, content))
}
