use serde_json::{Value, json};

use super::*;
use crate::{Node, Segment};

fn json_of(text: &str) -> Value {
    match parse(text) {
        Ok(tree) => tree.to_json(),
        Err(error) => Value::String(error.to_string()),
    }
}

fn fault(text: &str) -> String {
    match parse(text) {
        Ok(tree) => format!("no fault: {}", tree.to_json_compact()),
        Err(error) => format!("{error}; {}", error.hint.clone().unwrap_or_default()),
    }
}

fn remarks(text: &str) -> Vec<String> {
    let document = read(text).unwrap();
    document
        .remarks
        .iter()
        .map(|remark| format!("{:?} {} {} {}", remark.oddity, remark.text, remark.path, remark.origin))
        .collect()
}

/// Lists each key and value with its position.
fn positions(text: &str) -> Vec<String> {
    fn walk(tree: &Tree, path: &Path, lines: &mut Vec<String>) {
        match &tree.node {
            Node::Map(map) => map.iter().for_each(|entry| {
                let path = path.key(&entry.key);
                lines.push(format!("{path} {} {}", entry.origin, entry.value.origin));
                walk(&entry.value, &path, lines);
            }),
            Node::List(list) => list.iter().enumerate().for_each(|(index, item)| {
                let path = path.index(index);
                lines.push(format!("{path} {}", item.origin));
                walk(item, &path, lines);
            }),
            _ => {}
        }
    }
    let mut lines = Vec::new();
    walk(&parse(text).unwrap(), &Path::root(), &mut lines);
    lines
}

#[test]
fn json_keeps_what_is_written_and_where() {
    let text = "{\n\t\"é\": [1, -2.5e3, \"\\u00e4\\ud83d\\ude00\\n\"],\n  \"a\": {\"b\": null}, \"a\": true}\n";
    assert_eq!(parse(text).unwrap().to_json_compact(), "{\"é\":[1,-2500.0,\"ä😀\\n\"],\"a\":{\"b\":null},\"a\":true}");
    let expected = ["é 2:2 2:7", "é/0 2:8", "é/1 2:11", "é/2 2:19", "a 3:3 3:8", "a/b 3:9 3:14", "a 3:21 3:26"];
    assert_eq!(positions(text), expected);
}

#[test]
fn faults_of_json_say_where_and_what_was_expected() {
    let expected = [
        ("{\"a\": 1,}", "1:9: expected another value after `,`, found `}`; take away the comma before it"),
        ("{\"a\" 1}", "1:6: expected `:` after the key, found `1`; "),
        ("{a: 1}", "1:2: expected a key in double quotes, found `a`; "),
        ("{'a': 1}", "1:2: expected a key in double quotes, found `'`; JSON quotes text with `\"`"),
        ("{\"a\": 1 // one\n}", "1:9: expected `,` or `}`, found `/`; JSON has no comments"),
        (
            "{\"a\": True}",
            "1:7: expected a value, found `T`; JSON has `true`, `false`, `null`, numbers, and text in double quotes",
        ),
        ("{\"a\": [1", "1:9: the template ends before it is complete; close the bracket that was opened at 1:7"),
        (
            "{\"a\": 012}",
            "1:7: `012` is no number that JSON can hold; JSON has no leading zeros; put an identifier in double quotes",
        ),
        ("{\"a\": 1e999}", "1:7: `1e999` is no number that JSON can hold; put it in double quotes if it is no number"),
        (
            "{\"a\": \"x\n\"}",
            "1:7: the text in double quotes is not closed on its line; end the text with `\"`; write a line break inside it as `\\n`",
        ),
        ("{\"a\": \"\t\"}", "1:8: a tab is not allowed inside a JSON string; write it as `\\t`"),
        ("{\"a\": \"\\d\"}", "1:8: JSON has no escape `\\d`; write a backslash itself as `\\\\`"),
        (
            "{\"a\": \"\\ud800\"}",
            "1:8: `\\u` stands before four hexadecimal digits that are a character or half of one; ",
        ),
        ("{} {}", "1:4: expected the end of the template, found `{`; a template is one JSON object"),
        ("{\"a\": 1 \"b\": 2}", "1:9: expected `,` or `}`, found `\"`; values of one object are separated by commas"),
    ];
    for (text, fault_of_it) in expected {
        assert_eq!(fault(text), fault_of_it, "{text}");
    }
}

#[test]
fn short_forms_become_long_ones() {
    let text = "
a: !Ref Name
b: !GetAtt Queue.Arn
c: !GetAtt Nested.Outputs.Url
d: !Sub ['${X}', {X: !Ref Name}]
e: !If
  - IsProd
  - !Join ['-', [a, !Ref B]]
  - !Ref AWS::NoValue
f: !Condition IsProd
g: !Base64 |
  #!/bin/sh
h: !GetAZs ''
i: !Transform {Name: Macro}
j: !Select [0, !Split [',', 'a,b']]
k: !Ref 0123
l:
  Fn::Base64: !Sub x
m: !ToJsonString {a: 1}
n: !GetAtt [Queue, Arn]
";
    let expected = json!({
        "a": {"Ref": "Name"},
        "b": {"Fn::GetAtt": ["Queue", "Arn"]},
        "c": {"Fn::GetAtt": ["Nested", "Outputs.Url"]},
        "d": {"Fn::Sub": ["${X}", {"X": {"Ref": "Name"}}]},
        "e": {"Fn::If": ["IsProd", {"Fn::Join": ["-", ["a", {"Ref": "B"}]]}, {"Ref": "AWS::NoValue"}]},
        "f": {"Condition": "IsProd"},
        "g": {"Fn::Base64": "#!/bin/sh\n"},
        "h": {"Fn::GetAZs": ""},
        "i": {"Fn::Transform": {"Name": "Macro"}},
        "j": {"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]},
        "k": {"Ref": "0123"},
        "l": {"Fn::Base64": {"Fn::Sub": "x"}},
        "m": {"Fn::ToJsonString": {"a": 1}},
        "n": {"Fn::GetAtt": ["Queue", "Arn"]},
    });
    assert_eq!(json_of(text), expected);
}

#[test]
fn yaml_keeps_where_it_was_written() {
    let text =
        "# comment\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Tags:\n    - !Sub\n      - a\n    Empty:\n";
    let expected = [
        "Resources 2:1 3:3",
        "Resources/Topic 3:3 4:5",
        "Resources/Topic/Type 4:5 4:11",
        "Resources/Topic/Tags 5:5 6:7",
        "Resources/Topic/Tags/0 6:7",
        "Resources/Topic/Tags/0/Fn::Sub 6:7 7:7",
        "Resources/Topic/Tags/0/Fn::Sub/0 7:9",
        "Resources/Topic/Empty 8:5 8:5",
    ];
    assert_eq!(positions(text), expected);
    assert_eq!(positions(&text.replace('\n', "\r\n")), expected, "line ends of Windows");
    assert_eq!(positions(&format!("\u{feff}{text}")), expected, "a byte order mark");
}

#[test]
fn tags_of_yaml_itself_are_followed() {
    let text = "a: !!str 0123\nb: ! 12\nc: !!int 12\nd: \"yes\"\ne: 2010-09-09\nf: !!binary aGk=\n";
    let expected = json!({"a": "0123", "b": "12", "c": 12, "d": "yes", "e": "2010-09-09", "f": "aGk="});
    assert_eq!(json_of(text), expected);
    assert_eq!(remarks(text), ["Tag tag:yaml.org,2002:binary f 6:4"]);
}

#[test]
fn what_is_not_what_it_looks_like_is_remarked_upon() {
    let text =
        "Mappings:\n  123456789012: {a: 012345670123}\n  on: no\nx: &x [1]\ny: *x\nz:\n  <<: {a: 1, b: 2}\n  a: 3\n";
    let expected = json!({
        "Mappings": {"123456789012": {"a": 1_402_433_619}, "on": false}, "x": [1], "y": [1], "z": {"a": 3, "b": 2}
    });
    assert_eq!(json_of(text), expected);
    let expected = [
        "Key(\"a number\") 123456789012 Mappings/123456789012 2:3",
        "Number(\"1402433619\") 012345670123 Mappings/123456789012/a 2:21",
        "Key(\"a boolean\") on Mappings/on 3:3",
        "Boolean(false) no Mappings/on 3:7",
        "Alias *x y 5:4",
        "Merge << z/<< 7:3",
    ];
    assert_eq!(remarks(text), expected);
}

#[test]
fn faults_of_yaml_say_where_and_what_people_mostly_have_done() {
    let expected = [
        ("a:\n\t- b\n", "2:1: YAML does not allow a tab here; indent with spaces"),
        ("a: *\n", "1:4: a text that begins with `*`"),
        ("a: *b\n", "1:4: a text that begins with `*`"),
        ("a: \"b\n", "2:1: a text in quotes is not closed"),
        ("a: b: c\n", "1:5: a key and its value are not allowed here"),
        ("a:\n  b: 1\n c: 2\n", "3:2: the indentation fits nothing above"),
        ("a: %b\n", "1:4: a text without quotes cannot begin with `%`"),
        ("a: @b\n", "1:4: a text without quotes cannot begin with `@`"),
        ("a: [1, 2\n", "1:4: expected `,` or the closing bracket"),
        ("a: !Base64 !Sub x\n", "1:12: two short forms"),
        ("a: {{x}}\n", "1:5: a key must be a string, but this is none"),
        ("!Sub a: b\n", "1:1: a key must be a string, but `Fn::Sub` is none"),
        ("a: 1\n---\nb: 2\n", "2:1: a second document begins here"),
        ("", "1:1: the template is empty"),
        ("# nothing\n", "1:1: the template is empty"),
        ("a: \"\\d\"\n", "1:4: double quotes know no such escape"),
        ("a: 'b' c\n", "1:8: something follows the closing quote"),
        ("a: &a [*a]\n", "1:8: an alias stands inside the value that it stands for"),
        ("a\nb: c\n", "2:2: "),
    ];
    let others = expected.iter().filter(|(text, beginning)| !fault(text).starts_with(beginning));
    let others: Vec<_> = others.map(|(text, _)| (text, fault(text))).collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn bombs_are_refused() {
    let brackets = |count: usize| format!("a: {}", "[".repeat(count));
    let blocks: String = "- ".repeat(100_000);
    let objects = "{\"a\":".repeat(100_000);
    for text in [brackets(100_000), "[".repeat(100_000), blocks, objects, "{\"a\":[".repeat(60)] {
        assert!(fault(&text).contains("nested more than 100 levels"), "{}", fault(&text));
    }
    let laugh = |level| format!("a{level}: &a{level} [{}]", format!("*a{},", level - 1).repeat(9));
    let laughs = (1..20).map(laugh).collect::<Vec<_>>().join("\n");
    assert!(fault(&format!("a0: &a0 x\n{laughs}")).contains("the aliases stand for more than 250000 values"));
    let chain = (1..200).map(|level| format!("a{level}: &a{level} [*a{}]", level - 1)).collect::<Vec<_>>().join("\n");
    assert!(fault(&format!("a0: &a0 x\n{chain}")).contains("nested more than 100 levels"));
    assert!(fault(&" ".repeat(MOST_BYTES + 1)).contains("more than 16777216 are not read"));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let shown = |bytes: &[u8]| decode(bytes).map(str::to_owned).map_err(|error| error.to_string());
    assert_eq!(shown("a: é".as_bytes()), Ok("a: é".to_owned()));
    assert_eq!(shown(b"a: 1\nb\xc3\xa9: \xff"), Err("2:5: the byte 0xff is not UTF-8".to_owned()));
    assert_eq!(shown(b"\xff\xfe{\0"), Err("1:1: the text is UTF-16, not UTF-8".to_owned()));
}

#[test]
fn a_template_of_ours_survives_the_way_through_text() {
    let tree = parse(include_str!("../../../../snapshots/dev/jobs.json")).unwrap();
    let again = parse(&tree.to_json_pretty()).unwrap();
    assert_eq!(tree, again);
    let serde: Value = serde_json::from_str(include_str!("../../../../snapshots/dev/jobs.json")).unwrap();
    assert_eq!(tree.to_json(), serde);
    let deepest = Path::of(["Resources"]);
    assert_eq!(deepest.segments(), [Segment::Key("Resources".to_owned())]);
}
