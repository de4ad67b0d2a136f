//! The form for programs: structured CloudEvents 1.0, on the alerts topic and in webhook bodies alike.

use serde_json::{Value, json};

use crate::alert::AlertRecord;
use crate::deliver::outbox::Content;
use crate::deliver::{Notification, Wall};

/// The CloudEvent of a notification; none for a digest, which programs get as one event per alert.
pub fn event(notification: &Notification) -> Option<Value> {
    match &notification.content {
        Content::Alert { record, .. } => {
            let mut event = cloudevent(record);
            if !notification.held_back.is_empty() {
                // An extension attribute: what waits because of the receiver's limit.
                event["heldback"] = Value::from(notification.held_back.join("\n"));
            }
            Some(event)
        }
        Content::Test => Some(cloudevent_test(notification.key.as_str(), &notification.receiver, notification.at)),
        Content::Digest(_) | Content::Acknowledged { .. } => None,
    }
}

/// The CloudEvent of a record: `id` is `<id>/<revision>`, `data` the record itself.
pub fn cloudevent(record: &AlertRecord) -> Value {
    json!({
        "specversion": "1.0",
        "type": "dev.forewarn.alert.v1",
        "source": "forewarn",
        "id": format!("{}/{}", record.id, record.revision),
        "time": record.at.to_string(),
        "subject": record.service,
        "datacontenttype": "application/json",
        "data": record,
    })
}

/// The CloudEvent of a marked test message.
pub fn cloudevent_test(key: &str, receiver: &str, at: Wall) -> Value {
    json!({
        "specversion": "1.0",
        "type": "dev.forewarn.test.v1",
        "source": "forewarn",
        "id": key,
        "time": at.to_string(),
        "datacontenttype": "application/json",
        "data": { "test": true, "receiver": receiver, "summary": "this is a test message: nothing is wrong" },
    })
}
