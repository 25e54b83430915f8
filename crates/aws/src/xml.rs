//! Reads the XML in which the Query protocols answer.

use std::borrow::Cow;

use xmlparser::{ElementEnd, Token, Tokenizer};

/// How deep elements may be in each other: far deeper than any answer, and shallow enough to walk through by recursion.
const DEEPEST: usize = 64;

/// An element, with its text and what is in it. Attributes, which answers do not use, are left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// Reads a document; `None` if it is not well-formed.
    pub(crate) fn parse(document: &str) -> Option<Self> {
        // What is open, outermost first; the first one stands for the document.
        let mut open = vec![Self::default()];
        for token in Tokenizer::from(document) {
            match token.ok()? {
                Token::ElementStart { .. } if open.len() > DEEPEST => return None,
                Token::ElementStart { local, .. } => open.push(Self { name: local.to_string(), ..Self::default() }),
                Token::ElementEnd { end: ElementEnd::Open, .. } => {}
                Token::ElementEnd { end, .. } => {
                    let ended = open.pop()?;
                    if let ElementEnd::Close(_, local) = end
                        && local.as_str() != ended.name
                    {
                        return None;
                    }
                    open.last_mut()?.children.push(ended);
                }
                Token::Text { text } => open.last_mut()?.text.push_str(&unescape(text.as_str())?),
                Token::Cdata { text, .. } => open.last_mut()?.text.push_str(text.as_str()),
                _ => {}
            }
        }
        let document = open.pop().filter(|_| open.is_empty())?;
        document.children.into_iter().next()
    }

    /// Finds the first element of a name directly in this one.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Returns the text of the first element of a name directly in this one.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim())
    }

    /// Returns what is in the first element of a name directly in this one: the items of a list, whatever they are called.
    pub(crate) fn list(&self, name: &str) -> &[Self] {
        self.child(name).map_or(&[], |child| &child.children)
    }

    /// Finds the text of the first element of a name, at any depth.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        if self.name == name {
            return Some(self.text.trim());
        }
        self.children.iter().find_map(|child| child.find(name))
    }
}

/// Replaces references to characters by what they stand for; `None` if one stands for nothing.
fn unescape(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('&') {
        return Some(Cow::Borrowed(text));
    }
    let mut pieces = text.split('&');
    let mut unescaped = pieces.next()?.to_owned();
    for piece in pieces {
        let (reference, rest) = piece.split_once(';')?;
        unescaped.push(character(reference)?);
        unescaped.push_str(rest);
    }
    Some(Cow::Owned(unescaped))
}

fn character(reference: &str) -> Option<char> {
    match reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "amp" => Some('&'),
        _ => {
            let digits = reference.strip_prefix('#')?;
            let code = match digits.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => digits.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let document = "<?xml version=\"1.0\"?>\n<a:Answer xmlns:a=\"x\">\n  <Empty/><Names><member>a &amp; &#x62;&#33;</member>\
                        <member><![CDATA[<c>]]></member></Names></a:Answer>\n";
        let answer = Element::parse(document).expect("well-formed");
        let names: Vec<_> = answer.list("Names").iter().map(|name| name.text.as_str()).collect();
        assert_eq!(names, ["a & b!", "<c>"]);
        assert_eq!((answer.text("Empty"), answer.text("Absent")), (Some(""), None));
        assert_eq!(answer.find("member"), Some("a & b!"));
        assert!(answer.list("Empty").is_empty() && answer.list("Absent").is_empty());
    }

    #[test]
    fn what_is_not_well_formed_is_not_read() {
        let deep = "<a>".repeat(100_000) + &"</a>".repeat(100_000);
        for document in
            ["", "text", "<a>", "<a><b></a></b>", "<a></a></a>", "<a>&nothing;</a>", "<a>&</a>", deep.as_str()]
        {
            assert_eq!(Element::parse(document), None, "{}", &document[..document.len().min(40)]);
        }
    }
}
