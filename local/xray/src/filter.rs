//! The one filter expression that is supported: an annotation equals a text.
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html>

use serde_json::Value;

use crate::store::Trace;

/// What is supported, for the answer to any other expression.
pub(crate) const SUPPORTED: &str = r#"the local X-Ray supports annotation[key] = "value", annotation.key = "value", and no filter"#;

/// Matches a trace if one of its segments has this annotation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Filter {
    key: String,
    value: String,
}

impl Filter {
    /// Reads `annotation[key] = "value"` or `annotation.key = "value"`; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, value) = text.split_once('=')?;
        let name = name.trim().strip_prefix("annotation")?;
        let key = match name.strip_prefix('.') {
            Some(key) => key,
            None => name.strip_prefix('[')?.strip_suffix(']')?.trim(),
        };
        let value = value.trim().strip_prefix('"')?.strip_suffix('"')?;
        let is_key = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_plain = !key.is_empty() && key.chars().all(is_key) && !value.contains(['"', '\\']);
        is_plain.then(|| Self {
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }

    pub(crate) fn matches(&self, trace: &Trace) -> bool {
        let mut annotations = trace.values().flat_map(|segment| &segment.annotations);
        annotations.any(|(key, value)| {
            *key == self.key && matches!(value, Value::String(text) if *text == self.value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_is_named_in_two_ways() {
        let expected = Filter {
            key: "order_id".to_owned(),
            value: "ord_A-_= 9".to_owned(),
        };
        for text in [
            r#"annotation[order_id] = "ord_A-_= 9""#,
            r#"annotation.order_id = "ord_A-_= 9""#,
            r#" annotation[ order_id ]="ord_A-_= 9" "#,
        ] {
            assert_eq!(Filter::parse(text), Some(expected.clone()), "{text}");
        }
    }

    #[test]
    fn anything_else_is_not_supported() {
        for text in [
            "",
            "fault",
            "responsetime > 5",
            r#"annotation[order_id] != "x""#,
            "annotation[order_id] = x",
            r#"annotation[order_id] = "a" AND annotation[lane] = "hot""#,
            r#"annotation[order_id = "x""#,
            r#"annotation[] = "x""#,
            r#"annotation. = "x""#,
            r#"annotation.a.b = "x""#,
            r#"annotationorder_id = "x""#,
            r#"http.url = "x""#,
        ] {
            assert_eq!(Filter::parse(text), None, "{text}");
        }
    }
}
