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
        let Ok(mut line) = serde_json::to_vec(&line) else {
            return;
        };
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
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use lambda_runtime::tracing::subscriber::layer::SubscriberExt;
    use lambda_runtime::tracing::subscriber::registry;
    use serde_json::json;
    use sp_api::RegionCode;
    use sp_api::ids::ReportId;

    use super::*;
    use crate::domain::Account;
    use crate::logging::About;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("one test").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What `work` logs within the span of an invocation, without the times.
    fn logged(work: impl FnOnce()) -> Vec<Value> {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = registry().with(Lines::to(move || writer.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info_span!("invoke", requestId = "r").in_scope(work);
        });
        let bytes = log.0.lock().expect("one test").clone();
        let lines = String::from_utf8(bytes).expect("UTF-8");
        let lines = lines.lines().map(|line| {
            let mut line: Value = serde_json::from_str(line).expect("JSON");
            let time = line.as_object_mut().and_then(|fields| fields.remove("timestamp"));
            let time = time.as_ref().and_then(Value::as_str).map(str::parse::<Timestamp>);
            assert!(time.is_some_and(|time| time.is_ok()));
            line
        });
        lines.collect()
    }

    fn account() -> Account {
        Account::parse("A3").expect("valid")
    }

    fn report(id: &str) -> ReportId {
        ReportId::parse(id).expect("valid")
    }

    #[test]
    fn all_that_is_logged_after_it_is_about_the_invocations_report() {
        let lines = logged(|| {
            let (account, id) = (account(), report("54517018502"));
            let about = About::report(&account, &id).in_execution(Some("A3_54517018502"));
            about.is_all_of_the_invocation();
            tracing::warn!(attempt = 2, "the document breaks off");
            about.in_region(RegionCode::Eu).is_all_of_the_invocation();
            tracing::info!("{about} is stored");
        });
        let before = json!({
            "level": "WARN", "message": "Report 54517018502 of A3: the document breaks off", "attempt": 2,
            "requestId": "r", "seller": "A3", "report": "54517018502", "execution": "A3_54517018502",
        });
        let after = json!({
            "level": "INFO", "message": "Report 54517018502 of A3 is stored", "requestId": "r", "seller": "A3",
            "report": "54517018502", "execution": "A3_54517018502", "region": "EU",
        });
        assert_eq!(lines, [before, after]);
    }

    #[test]
    fn of_several_each_line_is_about_its_own() {
        let lines = logged(|| {
            let account = account();
            for id in ["11111111", "22222222"] {
                let id = report(id);
                About::report(&account, &id)
                    .span()
                    .in_scope(|| tracing::info!("is looked after"));
            }
            tracing::info!("2 rows were overdue");
        });
        let messages: Vec<_> = lines.iter().map(|line| &line["message"]).collect();
        let expected = [
            "Report 11111111 of A3: is looked after",
            "Report 22222222 of A3: is looked after",
            "2 rows were overdue",
        ];
        assert_eq!(messages, expected);
        assert_eq!(
            (&lines[1]["report"], lines[2].get("report")),
            (&json!("22222222"), None)
        );
    }

    #[test]
    fn an_order_that_has_become_a_report_is_found_by_both() {
        let lines = logged(|| {
            let (account, id) = (account(), report("54517018502"));
            let order = "order-0123456789abcdef0123456789abcdef";
            let about = About::row(&account, order);
            tracing::info_span!("nothing of ours").in_scope(|| {
                about.span().in_scope(|| tracing::info!("waits"));
                about
                    .placed_as(&id)
                    .span()
                    .in_scope(|| tracing::info!("{about} has become the report {id}"));
            });
        });
        assert_eq!(
            lines[0]["message"],
            "The order order-0123456789abcdef0123456789abcdef of A3: waits"
        );
        let both = ["order", "report"].map(|name| lines[1][name].as_str());
        assert_eq!(
            both,
            [
                Some("order-0123456789abcdef0123456789abcdef"),
                Some("54517018502")
            ]
        );
    }
}
