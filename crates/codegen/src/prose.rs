//! The schemas' descriptions as Rust documentation.

/// Columns of a line of documentation, its `///` and indentation included.
const COLUMNS: usize = 120;

/// Names that the documentation's own tools should have spelt out.
const ENTITIES: [(&str, &str); 23] = [
    ("AOlong", "AWS Organizations"),
    ("ASHlong", "AWS Security Hub"),
    ("ASMlong", "AWS Secrets Manager"),
    ("ASlong", "Amazon EC2 Auto Scaling"),
    ("CF", "CloudFront"),
    ("CFN", "CloudFormation"),
    ("CFNlong", "CloudFormation"),
    ("CW", "CloudWatch"),
    ("CWL", "CloudWatch Logs"),
    ("CWLlong", "Amazon CloudWatch Logs"),
    ("DDB", "DynamoDB"),
    ("DDBlong", "Amazon DynamoDB"),
    ("ECSlong", "Amazon ECS"),
    ("EFSlong", "Amazon EFS"),
    ("EMPlong", "AWS Elemental MediaPackage"),
    ("EMSlong", "AWS Elemental MediaStore"),
    ("FARGATElong", "AWS Fargate"),
    ("IAMlong", "AWS IAM"),
    ("KMSlong", "AWS KMS"),
    ("LAM", "Lambda"),
    ("LAMlong", "AWS Lambda"),
    ("R53AWSIntlong", "Amazon Route 53"),
    ("SYSlong", "AWS Systems Manager"),
];

/// Cleans a description: paragraphs and lists in Markdown that rustdoc accepts.
///
/// Descriptions come from AWS's documentation by several routes: as Markdown with double backticks and lists marked by
/// `+`, as HTML, or as plain text with bare links and square brackets.
pub fn clean(description: &str) -> Vec<String> {
    let text = without_html(&description.replace("``", "`").replace('\t', " ").replace("\r\n", "\n"));
    let mut paragraphs: Vec<String> = Vec::new();
    for line in text.lines() {
        let (item, line) = match list_item(line.trim()) {
            Some(rest) => (true, rest),
            None => (false, line.trim()),
        };
        let words: Vec<String> = escape(line);
        if words.is_empty() {
            continue;
        }
        paragraphs.push(format!("{}{}", if item { "- " } else { "" }, words.join(" ")));
    }
    paragraphs
}

/// Wraps paragraphs to lines, a blank line between them except between items of a list.
pub fn wrap(paragraphs: &[String], indentation: usize) -> Vec<String> {
    let columns = COLUMNS - indentation - "/// ".len();
    let mut lines = Vec::new();
    for (index, paragraph) in paragraphs.iter().enumerate() {
        let item = paragraph.starts_with("- ");
        let in_list = item && index.checked_sub(1).is_some_and(|before| paragraphs[before].starts_with("- "));
        if index > 0 && !in_list {
            lines.push(String::new());
        }
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.trim_end().is_empty() && line.chars().count() + 1 + word.chars().count() > columns {
                lines.push(std::mem::replace(&mut line, if item { "  ".to_owned() } else { String::new() }));
            }
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
            line.push_str(&harmless_first(word, line.trim().is_empty() && line != "- "));
        }
        lines.push(line);
    }
    lines
}

/// A word at the beginning of a line must not turn it into a list, a heading or a quotation.
fn harmless_first(word: &str, first: bool) -> String {
    let number = word.trim_end_matches(['.', ')']);
    let numbered = number.len() < word.len() && number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty();
    match word {
        _ if !first => word.to_owned(),
        "-" => "-".to_owned(),
        "+" | "*" | "=" | "==" | "===" | "--" | "---" => format!("\\{word}"),
        _ if word.starts_with(['#', '>', '|', '=', '~']) => format!("\\{word}"),
        _ if numbered => format!("{number}\\{}", &word[number.len()..]),
        _ => word.to_owned(),
    }
}

fn list_item(line: &str) -> Option<&str> {
    ["+ ", "* ", "- ", "• "].iter().find_map(|mark| line.strip_prefix(mark)).map(str::trim)
}

/// Turns the few HTML elements of descriptions into Markdown, and drops the rest.
fn without_html(text: &str) -> String {
    let mut clean = String::new();
    let mut rest = text;
    let mut code = false;
    while let Some(at) = rest.find(['<', '`']) {
        let (before, tag) = rest.split_at(at);
        clean.push_str(before);
        if let Some(after) = tag.strip_prefix('`') {
            code = !code;
            clean.push('`');
            rest = after;
            continue;
        }
        let end = tag.find('>').filter(|_| !code);
        let name = end.map(|end| tag[1..end].trim_matches('/').split(' ').next().unwrap_or_default().to_lowercase());
        match name.as_deref() {
            Some("p" | "br" | "ul" | "ol" | "note" | "dl" | "dt" | "dd" | "important" | "div" | "fullname") => {
                clean.push('\n');
            }
            Some("li") => clean.push_str(if tag.starts_with("</") { "\n" } else { "\n- " }),
            Some("code") => clean.push('`'),
            Some("b" | "i" | "a" | "em" | "strong" | "span" | "sup") => {}
            _ => {
                clean.push('<');
                rest = &tag[1..];
                continue;
            }
        }
        rest = &tag[end.unwrap_or_default() + 1..];
    }
    clean + rest
}

/// Splits a line into words that do not break, with what Markdown would take for something else escaped.
fn escape(line: &str) -> Vec<String> {
    let balanced = line.matches('`').count().is_multiple_of(2);
    let mut words: Vec<String> = Vec::new();
    let mut code = false;
    let mut linked = false;
    for word in line.split_whitespace() {
        let mut escaped = String::new();
        let characters: Vec<char> = word.chars().collect();
        for (index, &character) in characters.iter().enumerate() {
            match character {
                '`' if balanced => code = !code,
                '`' => escaped.push('\\'),
                '[' if !code && is_link(line, word, index) => linked = true,
                ']' if !code && linked => linked = false,
                '[' | ']' | '<' | '>' if !code => escaped.push('\\'),
                _ => {}
            }
            escaped.push(character);
        }
        words.push(if code || linked { escaped } else { spelt_out(&with_links(&escaped)) });
    }
    words
}

/// Spells out a name, whatever punctuation is around it.
fn spelt_out(word: &str) -> String {
    let letter = |character: char| character.is_ascii_alphanumeric();
    let core = word.trim_matches(|character| !letter(character) && character != '`');
    let begins = core.split('-').next().unwrap_or(core);
    match ENTITIES.iter().find(|(entity, _)| *entity == begins) {
        Some((entity, name)) => word.replacen(entity, name, 1),
        None => word.to_owned(),
    }
}

/// Tells whether the bracket opens a Markdown link: `[text](https://…)`, the text perhaps of several words.
fn is_link(line: &str, word: &str, index: usize) -> bool {
    let bracket: usize = word.chars().take(index).map(char::len_utf8).sum();
    // The same word twice in a line may find the wrong one of the two; both are then links or neither is, mostly.
    let Some(start) = line.find(word).map(|start| start + bracket) else { return false };
    let rest = &line[start + 1..];
    rest.find(']').is_some_and(|end| rest[end..].starts_with("](") && !rest[..end].contains('['))
}

/// Makes a bare address a link.
fn with_links(word: &str) -> String {
    let Some(start) = word.find("https://").or_else(|| word.find("http://")) else { return word.to_owned() };
    let before = &word[..start];
    if before.ends_with("](") || before.ends_with(['<', '`', '"', '\'']) {
        return word.to_owned();
    }
    let end = word[start..].find(['\\', '`', '"', '<', '>']).map_or(word.len(), |length| start + length);
    let address = word[start..end].trim_end_matches(['.', ',', ';', ':', ')', '\'', '*']);
    if address.contains(['*', '{', '$']) {
        return word.to_owned();
    }
    format!("{before}<{address}>{}", &word[start + address.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> String {
        wrap(&clean(text), 0).join("\n")
    }

    #[test]
    fn markdown_of_the_documentation() {
        let text = "Use ``PutBucketPolicy``.\n  Operations:\n  +   [Create it](https://a.b/c.html) \n  +  Delete it";
        assert_eq!(
            cleaned(text),
            "Use `PutBucketPolicy`.\n\nOperations:\n\n- [Create it](https://a.b/c.html)\n- Delete it"
        );
    }

    #[test]
    fn html_of_the_documentation() {
        let text = "<p>One <b>and</b> <code>two</code>.</p><ul><li>A</li><li>B</li></ul>";
        assert_eq!(cleaned(text), "One and `two`.\n\n- A\n- B");
    }

    #[test]
    fn what_rustdoc_would_misunderstand_is_escaped() {
        assert_eq!(
            cleaned("From [a-z] to <name>, see https://a.b."),
            "From \\[a-z\\] to \\<name\\>, see <https://a.b>."
        );
        assert_eq!(cleaned("[https://a.b/c] General"), "\\[<https://a.b/c>\\] General");
        assert_eq!(cleaned("Tags(https://a.b/c#d) in"), "Tags(<https://a.b/c#d>) in");
        assert_eq!(cleaned("`[a-z]<b>`"), "`[a-z]<b>`");
        assert_eq!(cleaned("one ` tick"), "one \\` tick");
        assert_eq!(cleaned("# no heading"), "\\# no heading");
        assert_eq!(cleaned("1. no list"), "1\\. no list");
    }

    #[test]
    fn entities_are_spelt_out() {
        assert_eq!(cleaned("A DDB table, in CFNlong."), "A DynamoDB table, in CloudFormation.");
        assert_eq!(cleaned("an LAMlong-managed bucket"), "an AWS Lambda-managed bucket");
        assert_eq!(cleaned("the `DDB`"), "the `DDB`");
    }

    #[test]
    fn long_lines_are_wrapped() {
        let text = "word ".repeat(60);
        let lines = wrap(&clean(&text), 4);
        assert!(lines.len() == 3 && lines.iter().all(|line| line.len() <= 112), "{lines:#?}");
    }
}
