use std::fmt;
use std::io::Write;

use jiff::Timestamp;
use lambda_runtime::tracing::subscriber::Layer;
use lambda_runtime::tracing::subscriber::fmt::MakeWriter;
use lambda_runtime::tracing::subscriber::layer::Context;
use lambda_runtime::tracing::subscriber::registry::LookupSpan;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};

use super::about::INVOCATION;

/// Writes a line of JSON for each event, with the fields of the spans around it.
#[derive(Debug)]
pub struct Lines<Writer> {
    writer: Writer,
}

impl<Writer> Lines<Writer> {
    /// Writes to `writer`.
    #[must_use]
    pub fn to(writer: Writer) -> Self {
        Self { writer }
    }
}

impl<S, Writer> Layer<S> for Lines<Writer>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    Writer: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if attributes.metadata().name() == INVOCATION
            && let Some(around) = span.parent()
            && let Some(its) = around.extensions_mut().get_mut::<Fields>()
        {
            for (name, value) in &fields.0 {
                its.set(name, value.clone());
            }
        }
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = fields.take("message");
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(around) = span.extensions().get::<Fields>() {
                fields.complete_with(around);
            }
        }
        let line = Line {
            level: event.metadata().level().as_str(),
            message: fields.named_in(message.as_ref().and_then(Value::as_str).unwrap_or_default()),
            fields: &fields,
        };
        let Ok(mut line) = serde_json::to_vec(&line) else { return };
        line.push(b'\n');
        // There is nowhere to say that it could not be written.
        let _ = self.writer.make_writer().write_all(&line);
    }
}

struct Line<'a> {
    level: &'a str,
    message: String,
    fields: &'a Fields,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("timestamp", &format!("{:.3}", Timestamp::now()))?;
        line.serialize_entry("level", self.level)?;
        line.serialize_entry("message", &self.message)?;
        for (name, value) in &self.fields.0 {
            line.serialize_entry(name, value)?;
        }
        line.end()
    }
}

/// Names and values, in the order in which they came.
#[derive(Debug, Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn set(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let index = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.remove(index).1)
    }

    /// What is nearer to the event prevails.
    fn complete_with(&mut self, around: &Self) {
        for (name, value) in &around.0 {
            if self.get(name).is_none() {
                self.0.push((name, value.clone()));
            }
        }
    }

    /// The message, which names what it is about. What is logged deep within, or by a library, does not know that.
    fn named_in(&self, message: &str) -> String {
        let text = |name| self.get(name).and_then(Value::as_str);
        let subject = match (text("report"), text("order")) {
            (Some(report), _) => Some(("Report", report)),
            (None, Some(order)) => Some(("The order", order)),
            (None, None) => None,
        };
        match (subject, text("seller")) {
            (Some((kind, id)), Some(seller)) if !message.contains(id) => {
                format!("{kind} {id} of {seller}: {message}")
            }
            _ => message.to_owned(),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field.name(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value.into());
    }
}
