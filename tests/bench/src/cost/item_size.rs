//! How large DynamoDB's items are.

use serde_json::Value;

/// How large an item is to DynamoDB, from its JSON: the lengths of names and values.
pub fn item_bytes(item: &Value) -> usize {
    let fields = item.as_object().into_iter().flatten();
    fields.map(|(name, value)| name.len() + value_bytes(value)).sum()
}

fn value_bytes(value: &Value) -> usize {
    let Some((kind, content)) = value.as_object().and_then(|fields| fields.iter().next()) else {
        return 0;
    };
    match (kind.as_str(), content) {
        ("S", Value::String(text)) => text.len(),
        // Two digits a byte, and one byte more.
        ("N", Value::String(digits)) => digits.len().div_ceil(2) + 1,
        // Base64.
        ("B", Value::String(text)) => text.len() / 4 * 3,
        ("L", Value::Array(list)) => 3 + list.iter().map(|value| 1 + value_bytes(value)).sum::<usize>(),
        ("M", map) => 3 + item_bytes(map),
        ("SS" | "NS" | "BS", Value::Array(set)) => set.iter().filter_map(Value::as_str).map(str::len).sum(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_is_as_large_as_its_names_and_values() {
        let item =
            json!({"id": {"S": "abc"}, "n": {"N": "1234"}, "l": {"L": [{"S": "xy"}]}, "b": {"BOOL": true}});
        assert_eq!(item_bytes(&item), 5 + 4 + (1 + 3 + 3) + 2);
    }
}
