//! The plaintext of a sealed copy: exactly the members of design §5.

use zeroize::Zeroizing;

use super::super::{Fault, attach::Attachment};

/// Written into memory that was reserved whole, so that growing it leaves nothing behind.
pub(super) fn content<'a>(
    statement: &str,
    message: &[u8],
    attachments: impl Iterator<Item = &'a Attachment>,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let text = std::str::from_utf8(message).map_err(|_| Fault::Impossible("an accepted message is UTF-8"))?;
    let attachments: Vec<&Attachment> = attachments.collect();
    let reserve = statement.len() + message.len() * 6 / 5 + attachments.len() * 160 + 64;
    let mut out = Zeroizing::new(Vec::with_capacity(reserve));
    out.extend_from_slice(br#"{"statement":""#);
    out.extend_from_slice(statement.as_bytes());
    out.extend_from_slice(br#"","message":"#);
    serde_json::to_writer(&mut *out, text).map_err(|_| Fault::Impossible("a string is JSON"))?;
    out.extend_from_slice(br#","attachments":["#);
    for (index, attachment) in attachments.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let key = attachment.key.to_k();
        let start = format!(r#"{comma}{{"sha256":"{}","key":{{"kty":"oct","k":""#, attachment.head.sha256);
        out.extend_from_slice(start.as_bytes());
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(br#""}}"#);
    }
    out.extend_from_slice(b"]}");
    Ok(out)
}
