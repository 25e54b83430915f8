//! `DynamoDB`'s expressions: conditions and updates (AWS page "Condition and filter expressions, operators, and functions").

use std::cmp::Ordering;
use std::collections::BTreeSet;

use cloud::tables::{AttributeValue, Expression, Item};

/// A word or sign of an expression.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Sign(&'static str),
}

const SIGNS: [&str; 11] = ["<>", "<=", ">=", "=", "<", ">", "(", ")", ",", "+", "-"];

/// How deeply a condition may be nested; the service allows less.
const DEEPEST: usize = 64;

/// A reader of an expression; errors are what is wrong with it.
pub(super) struct Reader<'e> {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// Expressions that share their placeholders.
    shared: &'e [&'e Expression],
    item: Option<&'e Item>,
}

type Read<T> = Result<T, String>;

impl<'e> Reader<'e> {
    pub fn new(text: &str, shared: &'e [&'e Expression], item: Option<&'e Item>) -> Read<Self> {
        Ok(Self { tokens: tokens(text)?, at: 0, depth: 0, shared, item })
    }

    /// Says whether the whole condition holds.
    pub fn condition(mut self) -> Read<bool> {
        let holds = self.any()?;
        if self.at == self.tokens.len() { Ok(holds) } else { Err("Syntax error in the expression".to_owned()) }
    }

    /// Carries an update out.
    pub fn update(mut self, item: &mut Item) -> Read<()> {
        let mut clause = String::new();
        while let Some(token) = self.tokens.get(self.at).cloned() {
            if let Token::Word(word) = &token
                && matches!(word.to_uppercase().as_str(), "SET" | "REMOVE" | "ADD" | "DELETE")
            {
                clause = word.to_uppercase();
                self.at += 1;
            }
            let name = self.name()?;
            match clause.as_str() {
                "SET" => {
                    self.expect("=")?;
                    let value = self.sum()?.ok_or("An operand in the update expression has no value")?;
                    item.insert(name, value);
                }
                "REMOVE" => {
                    item.remove(&name);
                }
                "ADD" => {
                    let more = self.operand()?.ok_or("An operand in the update expression has no value")?;
                    let sum = add(item.get(&name), &more, 1.0)?;
                    item.insert(name, sum);
                }
                _ => return Err(format!("{clause} is not simulated")),
            }
            self.take(",");
        }
        Ok(())
    }

    fn any(&mut self) -> Read<bool> {
        let mut holds = self.all()?;
        while self.take_word("OR") {
            holds |= self.all()?;
        }
        Ok(holds)
    }

    fn all(&mut self) -> Read<bool> {
        let mut holds = self.not()?;
        while self.take_word("AND") {
            holds &= self.not()?;
        }
        Ok(holds)
    }

    fn not(&mut self) -> Read<bool> {
        let mut turned = false;
        while self.take_word("NOT") {
            turned = !turned;
        }
        Ok(self.single()? != turned)
    }

    fn single(&mut self) -> Read<bool> {
        if self.take("(") {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err("the expression is nested too deeply".to_owned());
            }
            let holds = self.any()?;
            self.depth -= 1;
            self.expect(")")?;
            return Ok(holds);
        }
        if let Some(function) = self.function() {
            return self.holds(&function);
        }
        let left = self.operand()?;
        if self.take_word("BETWEEN") {
            let low = self.operand()?;
            if !self.take_word("AND") {
                return Err("Syntax error in the expression: BETWEEN".to_owned());
            }
            let high = self.operand()?;
            let within = |from: &Option<AttributeValue>, to: &Option<AttributeValue>| order(from.as_ref(), to.as_ref());
            return Ok(
                within(&low, &left).is_some_and(Ordering::is_le) && within(&left, &high).is_some_and(Ordering::is_le)
            );
        }
        if self.take_word("IN") {
            self.expect("(")?;
            let mut found = false;
            loop {
                let one = self.operand()?;
                found |= left.is_some() && one == left;
                if !self.take(",") {
                    break;
                }
            }
            self.expect(")")?;
            return Ok(found);
        }
        let sign = match self.tokens.get(self.at) {
            Some(Token::Sign(sign)) => *sign,
            _ => return Err("Syntax error in the expression: a comparison is missing".to_owned()),
        };
        self.at += 1;
        let right = self.operand()?;
        let order = order(left.as_ref(), right.as_ref());
        Ok(match sign {
            "=" => left.is_some() && left == right,
            "<>" => left != right,
            "<" => order.is_some_and(Ordering::is_lt),
            "<=" => order.is_some_and(Ordering::is_le),
            ">" => order.is_some_and(Ordering::is_gt),
            ">=" => order.is_some_and(Ordering::is_ge),
            _ => return Err(format!("Syntax error in the expression: {sign}")),
        })
    }

    /// Takes the name of a function and its bracket.
    fn function(&mut self) -> Option<String> {
        match (self.tokens.get(self.at), self.tokens.get(self.at + 1)) {
            (Some(Token::Word(name)), Some(Token::Sign("("))) => {
                let name = name.clone();
                self.at += 2;
                Some(name)
            }
            _ => None,
        }
    }

    fn holds(&mut self, function: &str) -> Read<bool> {
        let holds = match function {
            "attribute_exists" => self.attribute()?.is_some(),
            "attribute_not_exists" => self.attribute()?.is_none(),
            "begins_with" | "contains" => {
                let whole = self.operand()?;
                self.expect(",")?;
                let part = self.operand()?;
                let part = part.as_ref().and_then(AttributeValue::as_str).unwrap_or_default();
                match whole {
                    Some(AttributeValue::String(text)) if function == "contains" => text.contains(part),
                    Some(AttributeValue::String(text)) => text.starts_with(part),
                    Some(AttributeValue::StringSet(texts)) => texts.contains(part),
                    _ => false,
                }
            }
            _ => return Err(format!("Invalid function name; function: {function}")),
        };
        self.expect(")")?;
        Ok(holds)
    }

    fn attribute(&mut self) -> Read<Option<AttributeValue>> {
        let name = self.name()?;
        Ok(self.item.and_then(|item| lookup(item, &name)).cloned())
    }

    fn sum(&mut self) -> Read<Option<AttributeValue>> {
        let mut sum = self.operand()?;
        loop {
            let sign = if self.take("+") {
                1.0
            } else if self.take("-") {
                -1.0
            } else {
                return Ok(sum);
            };
            let more = self.operand()?.ok_or("An operand in the update expression has no value")?;
            sum = Some(add(Some(&sum.ok_or("An operand in the update expression has no value")?), &more, sign)?);
        }
    }

    /// Reads a value: a placeholder, an attribute, or `if_not_exists`.
    fn operand(&mut self) -> Read<Option<AttributeValue>> {
        if let Some(function) = self.function() {
            if function != "if_not_exists" {
                return Err(format!("Invalid function name; function: {function}"));
            }
            let own = self.attribute()?;
            self.expect(",")?;
            let other = self.operand()?;
            self.expect(")")?;
            return Ok(own.or(other));
        }
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) if word.starts_with(':') => {
                let found = self.shared.iter().find_map(|expression| expression.values.get(word)).cloned();
                let missing =
                    format!("An expression attribute value used in expression is not defined; attribute value: {word}");
                self.at += 1;
                found.map(Some).ok_or(missing)
            }
            _ => self.attribute(),
        }
    }

    /// Reads the name of an attribute.
    fn name(&mut self) -> Read<String> {
        let Some(Token::Word(word)) = self.tokens.get(self.at) else {
            return Err("Syntax error in the expression: a name is missing".to_owned());
        };
        self.at += 1;
        let mut parts = Vec::new();
        for part in word.split('.') {
            let found = self.shared.iter().find_map(|expression| expression.names.get(part)).cloned();
            parts.push(match (found, part.starts_with('#')) {
                (Some(name), _) => name,
                (None, false) => part.to_owned(),
                (None, true) => {
                    return Err(format!(
                        "An expression attribute name used in the document path is not defined; attribute name: {part}"
                    ));
                }
            });
        }
        Ok(parts.join("."))
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(own)) if *own == sign);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(own)) if own.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Read<()> {
        if self.take(sign) { Ok(()) } else { Err(format!("Syntax error in the expression: {sign} is missing")) }
    }
}

/// Says what is wrong with placeholders: the service refuses those that are not used.
pub(super) fn unused(shared: &[&Expression]) -> Option<String> {
    let mut used = BTreeSet::new();
    for expression in shared {
        for token in tokens(&expression.text).unwrap_or_default() {
            if let Token::Word(word) = token {
                used.extend(word.split('.').map(str::to_owned));
            }
        }
    }
    let given = shared.iter().flat_map(|expression| expression.names.keys().chain(expression.values.keys()));
    let unused: Vec<_> = given.filter(|placeholder| !used.contains(*placeholder)).map(String::as_str).collect();
    (!unused.is_empty()).then(|| {
        format!("Value provided in ExpressionAttributeNames or Values unused in expressions: {{{}}}", unused.join(", "))
    })
}

fn tokens(text: &str) -> Read<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = rest[sign.len()..].trim_start();
            continue;
        }
        let is_word = |letter: char| letter.is_alphanumeric() || "_.#:[]".contains(letter);
        let length = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
        if length == 0 {
            return Err(format!("Syntax error in the expression near: {rest}"));
        }
        tokens.push(Token::Word(rest[..length].to_owned()));
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn lookup<'i>(item: &'i Item, path: &str) -> Option<&'i AttributeValue> {
    if let Some(found) = item.get(path) {
        return Some(found);
    }
    let (first, rest) = path.split_once('.')?;
    lookup(item.get(first)?.as_map()?, rest)
}

fn order(one: Option<&AttributeValue>, other: Option<&AttributeValue>) -> Option<Ordering> {
    match (one?, other?) {
        (AttributeValue::String(one), AttributeValue::String(other)) => Some(one.cmp(other)),
        (AttributeValue::Number(one), AttributeValue::Number(other)) => {
            one.parse::<f64>().ok()?.partial_cmp(&other.parse::<f64>().ok()?)
        }
        _ => None,
    }
}

fn add(one: Option<&AttributeValue>, other: &AttributeValue, sign: f64) -> Read<AttributeValue> {
    let number = |value: &AttributeValue| match value {
        AttributeValue::Number(digits) => digits.parse::<f64>().ok(),
        _ => None,
    };
    let sum = match one {
        None => number(other).map(|other| sign * other),
        Some(one) => number(one).zip(number(other)).map(|(one, other)| one + sign * other),
    };
    let sum = sum.ok_or("An operand in the update expression has an incorrect data type")?;
    Ok(AttributeValue::Number(sum.to_string()))
}
