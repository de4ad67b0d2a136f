//! E-mail by SMTP: never clear text unless told so, one thread per alert, the same Message-ID for the same message.

use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{self, AsyncSmtpTransport};
use lettre::{AsyncTransport, Message, Tokio1Executor};

use super::outbox::{Content, Key, Notification};
use super::render::Clerk;
use super::{SendError, Step, render};
use crate::config::{Email, SmtpTls};
use crate::net::{causes, install_crypto, said, tls_hint};

/// How long one command of the server may take.
const COMMAND: Duration = Duration::from_secs(30);
/// How long a whole delivery may take.
const DELIVERY: Duration = Duration::from_secs(120);

/// Sends mail through one server to one list of people.
#[derive(Debug)]
pub struct EmailChannel {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
    server: String,
    tls: SmtpTls,
    clerk: Clerk,
}

impl EmailChannel {
    /// Sets the channel up. The error says what to change.
    pub fn open(email: &Email, clerk: Clerk) -> Result<EmailChannel, String> {
        install_crypto();
        let tls = match email.tls {
            SmtpTls::None => Tls::None,
            SmtpTls::StartTls => Tls::Required(tls_parameters(email)?),
            SmtpTls::Tls => Tls::Wrapper(tls_parameters(email)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&email.host)
            .port(email.port)
            .timeout(Some(COMMAND))
            .tls(tls);
        if let Some((user, password)) = &email.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.reveal().to_owned()));
        }
        Ok(EmailChannel {
            transport: builder.build(),
            from: address(&email.from)?,
            to: email.to.iter().map(|to| address(to)).collect::<Result<_, _>>()?,
            server: format!("{}:{}", email.host, email.port),
            tls: email.tls,
            clerk,
        })
    }

    /// Sends one message.
    pub async fn send(&self, notification: &Notification) -> Result<(), SendError> {
        let message = self.message(notification)?;
        match tokio::time::timeout(DELIVERY, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(self.judge(&error)),
            Err(_) => {
                let said = format!("{} took longer than {} s", self.server, DELIVERY.as_secs());
                Err(SendError::Retry { step: Step::Send, after: None, said })
            }
        }
    }

    fn message(&self, notification: &Notification) -> Result<Message, SendError> {
        let (letter, picture) =
            render::illustrated(notification, &self.clerk.zone, &self.content_id(&notification.key));
        let word = |name: &str| self.clerk.templates.word(name, &letter, notification);
        let mut builder = Message::builder()
            .from(self.from.clone())
            .subject(said(&word("mail-subject.txt")))
            .message_id(Some(self.message_id(&notification.key)))
            .raw_header(raw("Auto-Submitted", "auto-generated"));
        for to in &self.to {
            builder = builder.to(to.clone());
        }
        if let Content::Alert { record, .. } = &notification.content {
            builder = builder.raw_header(raw("X-Forewarn-Alert", &said(&format!("{}/{}", record.id, record.revision))));
        }
        if let Some(first) = notification.thread.as_ref().filter(|first| **first != notification.key) {
            builder = builder.in_reply_to(self.message_id(first)).references(self.message_id(first));
        }
        builder
            .multipart(parts(word("mail.txt"), word("mail.html"), picture))
            .map_err(|error| SendError::Refused { step: Step::Prepare, said: causes(&error) })
    }

    fn message_id(&self, key: &Key) -> String {
        format!("<{key}@{}>", self.from.email.domain())
    }

    /// The id of the picture in the message of this key.
    fn content_id(&self, key: &Key) -> String {
        format!("{key}.chart@{}", self.from.email.domain())
    }

    /// 4xx and the network may pass, 5xx does not; a refused login names the next move.
    fn judge(&self, error: &smtp::Error) -> SendError {
        let words = format!("{}: {}", self.server, causes(error));
        let code = error.status().map(u16::from);
        if let Some(530 | 534 | 535 | 538) = code {
            let said = format!("{words}; check `user` and `password_file` of this receiver");
            return SendError::Refused { step: Step::Login, said };
        }
        if error.is_permanent() {
            return SendError::Refused { step: Step::Send, said: words };
        }
        if words.contains("STARTTLS is not supported") {
            let said = format!("{words}; use `tls = \"tls\"` if it speaks TLS at once, or another port");
            return SendError::Refused { step: Step::Tls, said };
        }
        if words.contains("No compatible authentication mechanism") {
            let said = format!("{words}; the server offers no login that is known: PLAIN, LOGIN");
            return SendError::Refused { step: Step::Login, said };
        }
        if self.tls != SmtpTls::None
            && code.is_none()
            && let Some(hint) = tls_hint(&words)
        {
            return SendError::Retry { step: Step::Tls, after: None, said: format!("{words}; {hint}") };
        }
        let step = if code.is_some() {
            Step::Send
        } else if error.is_tls() {
            Step::Tls
        } else {
            Step::Connect
        };
        SendError::Retry { step, after: None, said: words }
    }
}

/// Text, and HTML with the picture that it shows.
fn parts(text: String, html: String, picture: Option<render::Illustration>) -> MultiPart {
    let Some(render::Illustration { cid, picture }) = picture else {
        return MultiPart::alternative_plain_html(text, html);
    };
    let kind = ContentType::parse("image/png").expect("a kind of content");
    let image = Attachment::new_inline_with_name(cid, "chart.png".to_owned()).body(picture.png, kind);
    let html = MultiPart::related().singlepart(SinglePart::html(html)).singlepart(image);
    MultiPart::alternative().singlepart(SinglePart::plain(text)).multipart(html)
}

#[expect(clippy::disallowed_methods, reason = "the shell reads the authority's file when a channel is set up")]
fn tls_parameters(email: &Email) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(email.host.clone());
    if let Some(path) = &email.ca_file {
        let unreadable = |error: &dyn std::fmt::Display| format!("ca_file {}: {error}", path.display());
        let pem = std::fs::read(path).map_err(|error| unreadable(&error))?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| unreadable(&error))?);
    }
    builder.build_rustls().map_err(|error| format!("TLS for {}: {error}", email.host))
}

fn address(text: &str) -> Result<Mailbox, String> {
    text.parse().map_err(|error| format!("`{text}` is not a mail address ({error}); write name@domain"))
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
