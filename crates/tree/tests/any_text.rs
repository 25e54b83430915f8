//! No text makes the parsers panic or run away, and what is JSON is read as such by both.

use proptest::prelude::*;
use serde_json::Value;

/// What templates are made of, in any order.
fn scraps() -> impl Strategy<Value = String> {
    let scrap = prop::sample::select(vec![
        "Resources:",
        "a: ",
        "b:",
        "- ",
        "? ",
        "\n",
        "\n  ",
        "\n    ",
        "\r\n",
        "\t",
        " ",
        "!Sub ",
        "!GetAtt ",
        "!If",
        "!!int ",
        "!<x> ",
        "&a ",
        "*a",
        "<<: ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\"",
        "'",
        "\\",
        "|\n",
        ">-\n",
        "#",
        "---\n",
        "...",
        "%YAML 1.1\n",
        "0123",
        "1:30",
        "1e999",
        "~",
        "yes",
        "2012-10-17",
        "${A.b}",
        "é",
        "😀",
        "\u{feff}",
        "\u{85}",
        "\0",
        "null",
        "true",
        "-1.5",
    ]);
    prop::collection::vec(scrap, 0..60).prop_map(|scraps| scraps.concat())
}

/// JSON of any shape, of characters that need no escapes in YAML that JSON does not have.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1.0e9..1.0e9_f64).prop_map(Value::from),
        "[ -~é😀\n\t]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec(("[ -~é\n]{0,6}", inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_scraps_are_read_or_refused(text in scraps()) {
        for text in [text.clone(), format!("{{{text}"), format!("a:\n  {text}")] {
            if let Err(error) = tree::read(&text) {
                let lines = text.lines().count() + 1;
                prop_assert!((1..=lines).contains(&(error.line as usize)), "{error}: {text:?}");
                prop_assert!(!error.message.is_empty());
            }
        }
    }

    #[test]
    fn any_characters_are_read_or_refused(text in "\\PC{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = tree::read(&text);
        let _ = tree::decode(&bytes).and_then(tree::read);
    }

    #[test]
    fn json_is_read_as_serde_reads_it(value in json()) {
        let text = serde_json::to_string_pretty(&value).unwrap_or_default();
        let object = format!("{{\"it\": {text}}}");
        prop_assert_eq!(tree::parse(&object).map(|tree| tree.to_json()["it"].clone()), Ok(value));
    }

    #[test]
    fn json_is_yaml(value in json()) {
        let text = format!("it: {value}\n");
        prop_assert_eq!(tree::parse(&text).map(|tree| tree.to_json()["it"].clone()), Ok(value));
    }
}
